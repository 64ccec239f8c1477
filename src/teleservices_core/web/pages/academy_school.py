"""One establishment for the rectorat: its figures, and every decision with its full trace."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.adoption import Adoption
from teleservices_core.domain.consequences import Landscape
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.policy import Policy
from teleservices_core.domain.values import Uai
from teleservices_core.errors import InvalidValueError, NotFoundError
from teleservices_core.i18n import _
from teleservices_core.usecases.answers import ModuleAnswer, answer
from teleservices_core.web.context import Context
from teleservices_core.web.pages.school import asked_year, audience_names, years
from teleservices_core.web.responses import Page
from teleservices_core.words.academy import (
    KIND_WORDS,
    show_scope,
    show_stance,
)


@frozen
class Recorded:
    """What somebody decided, at a scope that concerns the establishment."""

    where: str
    stance: str
    by: str


@frozen
class AudienceAnswer:
    """A module for one audience: the decision, and what was decided along the way."""

    audience: str
    answer: ModuleAnswer
    recorded: tuple[Recorded, ...]


def school(context: Context, uai: str) -> Page:
    """Every module and audience, open or closed, why, and who could change it."""
    site, year = context.site, asked_year(context)
    today = site.academie.today(site.now())
    known = _uai(uai)
    with site.database.reading() as tx:
        establishment = tx.roster.establishment(known)
        if establishment is None:
            raise NotFoundError(f"no establishment {uai}")
        policy = tx.policy.policy([known], year)
        figures = tx.adoption.of_establishments([known], year, today)[known]
    place = Landscape((establishment,), policy, year, site.now(), site.academie.zone)
    return Page(
        "academy/school.html",
        {
            "establishment": establishment,
            "kind": KIND_WORDS[establishment.kind](),
            "year": year,
            "years": years(context),
            "figures": [
                _figures(audience_names()[Audience.GUARDIAN], figures.guardians),
                _figures(audience_names()[Audience.STUDENT], figures.students),
            ],
            "modules": [
                {"module": module, "answers": _answers(context, module, place)}
                for module in site.catalogue.modules
                if establishment.kind in module.kinds
            ],
            "others": [
                module.title
                for module in site.catalogue.modules
                if establishment.kind not in module.kinds
            ],
        },
    )


def _uai(text: str) -> Uai:
    try:
        return Uai(text)
    except InvalidValueError as error:
        raise NotFoundError(str(error)) from None


def _figures(audience: str, adoption: Adoption) -> dict[str, Any]:
    steps = (
        (_("Notification éditée"), adoption.issued),
        (_("Mot de passe choisi"), adoption.claimed),
        (_("Compte utilisable"), adoption.active),
    )
    return {
        "audience": audience,
        "accounts": adoption.accounts,
        "steps": [
            {"label": label, "value": number, "max": adoption.accounts} for label, number in steps
        ],
    }


def _answers(context: Context, module: ModuleDefinition, place: Landscape) -> list[AudienceAnswer]:
    (establishment,) = place.establishments
    return [
        AudienceAnswer(
            audience=audience_names()[audience],
            answer=answer(context.site, module, place.question(establishment, audience)),
            recorded=_recorded(place.policy, module, audience, establishment.name),
        )
        for audience in sorted(module.audiences)
    ]


def _recorded(
    policy: Policy, module: ModuleDefinition, audience: Audience, name: str
) -> tuple[Recorded, ...]:
    """Every decision recorded about a module, the widest first, whether it counts or not."""
    found = sorted(
        (o for o in policy.openings if (o.module_id, o.audience) == (module.id, audience)),
        key=lambda o: o.scope,
    )
    return tuple(
        Recorded(
            where=show_scope(each.scope, {each.scope.place: name}),
            stance=show_stance(each.stance, each.scope.rank),
            by=each.set_by or _("ligne de commande"),
        )
        for each in found
    )


ROUTES: Final = (
    Route("core.academy_school", "/academie/etablissements/<uai>", school, Access.ACADEMY),
)
