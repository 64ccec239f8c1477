"""Open and close modules: the head for his establishment."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import Decision, Question, decide
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.modules import ModuleDefinition, OpeningMode
from teleservices_core.domain.policy import Opening, Policy, Stance
from teleservices_core.domain.scopes import Scope, chain
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.usecases.rights import require_head
from teleservices_core.usecases.site import Site, audited
from teleservices_core.words import Told, tell

AUDIENCES: Sequence[Audience] = (Audience.GUARDIAN, Audience.STUDENT)


@frozen
class ModuleSwitch:
    """One module for one audience, as the head sees it."""

    module: ModuleDefinition
    audience: Audience
    decision: Decision
    told: Told
    can_open: bool
    can_close: bool


def set_opening(
    site: Site,
    viewer: Viewer | None,
    uai: Uai,
    module_id: str,
    audience: Audience,
    stance: Stance,
    school_year: SchoolYear | None = None,
) -> Opening:
    """Record the head's choice for a module, an audience and a school year (F04, F42).

    ``viewer`` None is the command line. Raises :exc:`NotFoundError` for an
    unknown module or establishment, :exc:`NotAllowedError` for who does not
    head it, :exc:`RefusedError` ``not_yours`` where the head has no choice.
    """
    now = site.now()
    school_year = school_year or site.school_year()
    module = site.catalogue.module(module_id)
    if module is None or audience not in module.audiences:
        raise NotFoundError(f"no module {module_id!r} for {audience}")
    opening = Opening(
        module_id=module_id,
        school_year=school_year,
        audience=audience,
        stance=stance,
        scope=Scope.establishment(uai),
        set_by=viewer.name if viewer else "",
        set_at=now,
    )
    with site.database.writing() as tx:
        if tx.roster.establishment(uai) is None:
            raise NotFoundError(f"no establishment {uai}")
        if viewer is not None:
            require_head(site, tx, viewer, uai)
        if not has_choice(module, tx.policy.policy([uai], school_year), opening):
            raise RefusedError("not_yours", module=module.title)
        tx.policy.record([opening])
        tx.audit.add(
            audited(
                f"module.{stance}",
                now,
                viewer,
                uai=uai,
                module=module_id,
                audience=audience,
                school_year=str(school_year),
            )
        )
    hook = "opened" if stance is Stance.OPEN else "closed"
    site.plugins.notify(f"teleservices_module_{hook}", now, opening=opening)
    return opening


def has_choice(module: ModuleDefinition, policy: Policy, opening: Opening) -> bool:
    """Whether a decision at a scope would count: nothing above it is final."""
    if opening.scope.rank.is_heads and module.opening_mode is OpeningMode.AUTOMATIC:
        return False
    uai = opening.scope.uai
    above = chain(uai) if uai else (Scope.academie(),)
    found = (
        policy.opening(scope, module.id, opening.school_year, opening.audience)
        for scope in above
        if scope.rank < opening.scope.rank
    )
    return not any(each.stance.is_final for each in found if each is not None)


def switches(
    site: Site, establishment: Establishment, school_year: SchoolYear
) -> list[ModuleSwitch]:
    """Every module of an establishment for each audience, with its state and its switch."""
    with site.database.reading() as tx:
        policy = tx.policy.policy([establishment.uai], school_year)
    catalogue = {module.id: module for module in site.catalogue.modules}
    found = []
    for module in catalogue.values():
        if establishment.kind not in module.kinds:
            continue
        for audience in AUDIENCES:
            if audience not in module.audiences:
                continue
            question = Question(
                establishment=establishment,
                school_year=school_year,
                audience=audience,
                at=site.now(),
                zone=site.academie.zone,
                policy=policy,
            )
            decision = decide(module, question, site.catalogue.rules, catalogue)
            would = Opening(
                module.id,
                school_year,
                audience,
                Stance.OPEN,
                Scope.establishment(establishment.uai),
            )
            choice = has_choice(module, policy, would)
            opened = any(vote.reason in _OPENED for vote in decision.votes)
            found.append(
                ModuleSwitch(
                    module=module,
                    audience=audience,
                    decision=decision,
                    told=tell(decision, question, site.catalogue.words),
                    can_open=choice and not opened,
                    can_close=choice and opened,
                )
            )
    return found


_OPENED = frozenset({"core.opened", "core.open_by_default"})
