"""« Qu’est-ce qui est proposé ? »: what establishments offer, to whom, now and soon (F03)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import Question, decide
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.offers import OfferState, Reach, levels_concerned, survey
from teleservices_core.domain.policy import Policy
from teleservices_core.domain.searching import search_terms
from teleservices_core.domain.values import Uai
from teleservices_core.errors import NotFoundError
from teleservices_core.usecases.answers import ModuleAnswer, told
from teleservices_core.usecases.site import Site

AUDIENCES: Final = (Audience.GUARDIAN, Audience.STUDENT)
PER_PAGE: Final = 20
"""Establishments on a page of the list."""


@frozen
class Offer:
    """One module of an establishment, for the audiences that get the same answer."""

    audiences: tuple[Audience, ...]
    answer: ModuleAnswer
    reach: Reach

    @property
    def state(self) -> OfferState:
        """Open, closed, or about to open."""
        if self.answer.is_open:
            return OfferState.OPEN
        return OfferState.COMING if self.answer.flips_at else OfferState.CLOSED


@frozen
class ModuleOffer:
    """One module of an establishment, for every audience that it has."""

    module: ModuleDefinition
    offers: tuple[Offer, ...]

    @property
    def state(self) -> OfferState:
        """That of the audience best served."""
        return min((offer.state for offer in self.offers), key=list(OfferState).index)


@frozen
class Offering:
    """Everything that concerns an establishment, in page order."""

    establishment: Establishment
    school_year: SchoolYear
    at: datetime
    modules: tuple[ModuleOffer, ...]

    def of(self, state: OfferState) -> tuple[ModuleOffer, ...]:
        """The modules in a state."""
        return tuple(each for each in self.modules if each.state is state)


@frozen
class Listing:
    """A page of the list of establishments."""

    found: int
    """How many answer the search."""
    page: int
    pages: int
    offerings: tuple[Offering, ...]


def offering(site: Site, uai: Uai, *, at: datetime | None = None) -> Offering:
    """What an establishment offers at an instant, now by default: two statements.

    Raises :exc:`NotFoundError` for an unknown establishment.
    """
    at = at or site.now()
    year = site.academie.school_year(at)
    with site.database.reading() as tx:
        establishment = tx.roster.establishment(uai)
        if establishment is None:
            raise NotFoundError(f"no establishment {uai}")
        policy = tx.policy.policy([uai], year)
    return _offering(site, establishment, policy, at)


def listing(site: Site, search: str = "", page: int = 1, *, per_page: int = PER_PAGE) -> Listing:
    """A page of establishments with what each offers: two statements, however many there are.

    ``search`` holds words of the name, of the town or of the UAI, whatever
    their accents and case. Raises :exc:`NotFoundError` past the last page.
    """
    at = site.now()
    year = site.academie.school_year(at)
    with site.database.reading() as tx:
        schools, found = tx.roster.search(
            search_terms(search), offset=(page - 1) * per_page, limit=per_page
        )
        policy = tx.policy.policy((school.uai for school in schools), year)
    if not schools and page > 1:
        raise NotFoundError(f"no page {page}")
    return Listing(
        found=found,
        page=page,
        pages=max(1, -(-found // per_page)),
        offerings=tuple(_offering(site, school, policy, at) for school in schools),
    )


def _offering(site: Site, school: Establishment, policy: Policy, at: datetime) -> Offering:
    year = site.academie.school_year(at)
    question = Question(
        establishment=school,
        school_year=year,
        audience=Audience.GUARDIAN,
        at=at,
        zone=site.academie.zone,
        policy=policy,
    )
    modules = (
        ModuleOffer(module, tuple(_merged(_offers(site, module, question))))
        for module in site.catalogue.modules
        if _may_offer(module, school)
    )
    return Offering(school, year, at, tuple(modules))


def _may_offer(module: ModuleDefinition, school: Establishment) -> bool:
    audiences = module.audiences.intersection(AUDIENCES)
    taught = levels_concerned(module, school.kind)
    return bool(audiences) and school.kind in module.kinds and taught != ()


def _offers(site: Site, module: ModuleDefinition, question: Question) -> Iterable[Offer]:
    rules, modules = site.catalogue.rules, site.catalogue.by_id
    for audience in AUDIENCES:
        if audience in module.audiences:
            found = survey(
                module,
                evolve(question, audience=audience),
                lambda one: decide(module, one, rules, modules),
            )
            answer = told(site, found.decision, found.question)
            yield Offer((audience,), answer, found.reach)


def _merged(offers: Iterable[Offer]) -> Iterable[Offer]:
    """Audiences that get the same answer, together."""
    together: dict[object, Offer] = {}
    for offer in offers:
        decision = offer.answer.decision
        key = (decision.is_open, decision.reason.reason, offer.answer.flips_at, offer.reach)
        known = together.get(key)
        together[key] = (
            evolve(known, audiences=known.audiences + offer.audiences) if known else offer
        )
    return together.values()
