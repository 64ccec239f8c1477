"""What the rectorat has decided about every module, and how far each is open."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.consequences import Landscape
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Rank, Scope
from teleservices_core.usecases.adoption import Spread, module_spread, read_landscape
from teleservices_core.web.context import Context
from teleservices_core.web.pages.school import asked_year, audience_names, years
from teleservices_core.web.responses import Page
from teleservices_core.words.academy import (
    OPENING_WORDS,
    show_departement,
    show_stance,
)


@frozen
class ModuleLine:
    """One module for one audience: what the rectorat decided, and how far it is open."""

    module: ModuleDefinition
    audience: str
    default: str
    """What holds when nobody decides."""
    stance: Stance | None
    departements: tuple[tuple[str, str], ...]
    named: int
    spread: Spread


def modules(context: Context) -> Page:
    """Every module and audience: the rectorat's decisions, and where it is open."""
    year = asked_year(context)
    place = read_landscape(context.site, year)
    return Page(
        "academy/modules.html",
        {
            "year": year,
            "years": years(context),
            "lines": [_line(spread, place) for spread in module_spread(context.site, place)],
            "show_stance": show_stance,
        },
    )


def _line(spread: Spread, place: Landscape) -> ModuleLine:
    decided = {
        opening.scope: opening.stance
        for opening in place.policy.of_rectorat(spread.module.id)
        if opening.audience is spread.audience
    }
    return ModuleLine(
        module=spread.module,
        audience=audience_names()[spread.audience],
        default=OPENING_WORDS[spread.module.opening_mode](),
        stance=decided.get(Scope.academie()),
        departements=tuple(
            (show_departement(scope.place), show_stance(stance))
            for scope, stance in decided.items()
            if scope.rank is Rank.DEPARTEMENT
        ),
        named=sum(scope.rank is Rank.NAMED for scope in decided),
        spread=spread,
    )


ROUTES: Final = (Route("core.academy_modules", "/academie/modules", modules, Access.ACADEMY),)
