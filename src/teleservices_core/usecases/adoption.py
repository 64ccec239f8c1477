"""What the rectorat sees of its establishments: who takes part, what is open, who uses it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from attrs import frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import decide
from teleservices_core.domain.adoption import SchoolAdoption
from teleservices_core.domain.consequences import Landscape
from teleservices_core.domain.credentials import fold
from teleservices_core.domain.establishments import Establishment, EstablishmentKind
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.usecases.plans import landscape
from teleservices_core.usecases.site import Site

PAGE: Final = 25
"""Establishments on one page."""


@frozen
class SchoolSearch:
    """Which establishments to list; what is empty does not count."""

    text: str = ""
    """Words of the name, of the town or the code, without regard to accents."""
    kind: EstablishmentKind | None = None
    departement: str = ""
    takes_part: bool | None = None

    def found(self, establishment: Establishment) -> bool:
        """Whether an establishment is one of those."""
        words = fold(f"{establishment.name} {establishment.town} {establishment.uai}")
        return (
            all(fold(word) in words for word in self.text.split())
            and self.kind in {None, establishment.kind}
            and self.departement in {"", establishment.uai.departement}
            and self.takes_part in {None, establishment.takes_part}
        )


@frozen
class SchoolLine:
    """One establishment in figures."""

    establishment: Establishment
    adoption: SchoolAdoption
    open: int
    """Modules open to one audience at least, classes apart left aside."""
    concerned: int
    """Modules that this kind of establishment may offer."""


@frozen
class SchoolList:
    """One page of a list of establishments, with the figures of the page."""

    lines: tuple[SchoolLine, ...]
    found: tuple[Establishment, ...]
    """Every establishment of the search, all pages together."""
    every: tuple[Establishment, ...]
    """Those of the whole académie."""
    page: int
    pages: int

    @property
    def total(self) -> SchoolAdoption:
        """The figures of the page's establishments together."""
        return sum((line.adoption for line in self.lines), SchoolAdoption())


def list_schools(
    site: Site, search: SchoolSearch, school_year: SchoolYear, page: int = 1
) -> SchoolList:
    """A page of establishments with their figures: three statements, whatever their number."""
    today = site.academie.today(site.now())
    with site.database.reading() as tx:
        every = tx.roster.establishments()
        found = [each for each in every if search.found(each)]
        pages = max(1, -(-len(found) // PAGE))
        page = min(max(page, 1), pages)
        shown = found[(page - 1) * PAGE : page * PAGE]
        uais = [each.uai for each in shown]
        policy = tx.policy.policy(uais, school_year)
        figures = tx.adoption.of_establishments(uais, school_year, today)
    place = Landscape(tuple(shown), policy, school_year, site.now(), site.academie.zone)
    counts = count_open(site, place)
    return SchoolList(
        lines=tuple(
            SchoolLine(each, figures[each.uai], *count)
            for each, count in zip(shown, counts, strict=True)
        ),
        found=tuple(found),
        every=tuple(every),
        page=page,
        pages=pages,
    )


def departements_of(establishments: Iterable[Establishment]) -> tuple[str, ...]:
    """Their départements, each once, in order."""
    return tuple(sorted({each.uai.departement for each in establishments}))


def count_open(site: Site, place: Landscape) -> list[tuple[int, int]]:
    """For each establishment, the modules open to an audience, and those that concern it."""
    modules, catalogue = site.catalogue.modules, site.catalogue.by_id
    counts = []
    for each in place.establishments:
        concerned = [m for m in modules if each.kind in m.kinds]
        questions = {a: place.question(each, a) for a in (Audience.GUARDIAN, Audience.STUDENT)}
        is_open = [
            any(
                decide(module, questions[audience], site.catalogue.rules, catalogue).is_open
                for audience in module.audiences
            )
            for module in concerned
        ]
        counts.append((sum(is_open), len(concerned)))
    return counts


@frozen
class Spread:
    """In how many establishments a module is open to an audience."""

    module: ModuleDefinition
    audience: Audience
    open: int
    concerned: int


def module_spread(site: Site, place: Landscape) -> Sequence[Spread]:
    """For every module and audience, how many establishments offer it now. No statement."""
    catalogue = site.catalogue.by_id
    found = []
    for module in site.catalogue.modules:
        concerned = [e for e in place.establishments if e.kind in module.kinds]
        for audience in sorted(module.audiences):
            is_open = (
                decide(module, place.question(e, audience), site.catalogue.rules, catalogue).is_open
                for e in concerned
            )
            found.append(Spread(module, audience, sum(is_open), len(concerned)))
    return found


def read_landscape(site: Site, school_year: SchoolYear) -> Landscape:
    """The whole académie now: two statements."""
    with site.database.reading() as tx:
        return landscape(site, tx, school_year)
