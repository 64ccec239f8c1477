"""What modules had shown to somebody before they were switched off: his to read, as it stood.

A switch closes a module; it takes back nothing that was shown. A right that is
missing does: a link that has ended, the student's majority, another school.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from attrs import evolve, frozen

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.activation import Decision, decide
from teleservices_core.domain.families import Child
from teleservices_core.domain.localtime import SchoolYear, Window
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.past import Past
from teleservices_core.domain.policy import Policy
from teleservices_core.errors import NotFoundError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.exporting import Section, exported, scope_of
from teleservices_core.usecases.home import may_know, question_about
from teleservices_core.usecases.past import past_of
from teleservices_core.usecases.site import Site


@frozen
class Kept:
    """A student in one school year, and the last instant at which a module was open about him."""

    child: Child
    at: datetime


def kept_data(
    site: Site,
    tx: Transaction,
    account: Account,
    *,
    module_id: str | None = None,
    student_id: UUID | None = None,
) -> Mapping[str, tuple[Kept, ...]]:
    """By module, what an account may still read of the students it has a right to now.

    Of one module and one student, or of all; the latest school year first.
    Three statements, whatever the number of years.
    """
    now, year = site.now(), site.school_year()
    found = tx.roster.schoolings(account, year, student_id)
    seen = [child for child in found if may_know(site, child, now)]
    if not seen:
        return {}
    schools = {child.establishment.uai: child.establishment for child in seen}
    years = {year, *(child.schooling.school_year for child in seen)}
    policy = tx.policy.policies(schools, years)
    past = past_of(site, tx, policy, schools.values(), min(years))
    modules = [m for m in site.catalogue.modules if module_id in {None, m.id}]
    asked = _Asked(site, account, policy, past, year)
    return {module.id: tuple(asked.of(module, seen)) for module in modules}


@frozen
class _Asked:
    site: Site
    account: Account
    policy: Policy
    past: Past
    year: SchoolYear

    def of(self, module: ModuleDefinition, children: Iterable[Child]) -> Iterable[Kept]:
        latest = set[UUID]()
        for child in children:
            is_past = child.student.id in latest
            latest.add(child.student.id)
            if self._may_read(module, child, is_past=is_past):
                at = self._last_open(module, child)
                if at is not None:
                    yield Kept(child, at)

    def _may_read(self, module: ModuleDefinition, child: Child, *, is_past: bool) -> bool:
        """Whether no right is missing today, and no page of the module's own shows it."""
        if not is_past:
            return self._decision(module, child, self.year).is_switched_off
        # That the student left at the end of it does not take back a past year.
        stayed = evolve(child, schooling=evolve(child.schooling, left_on=None))
        decision = self._decision(module, stayed, child.schooling.school_year)
        return decision.is_open or decision.is_switched_off

    def _decision(self, module: ModuleDefinition, child: Child, year: SchoolYear) -> Decision:
        site = self.site
        question = question_about(site, self.account, child, self.policy, year, site.now())
        return decide(module, question, site.catalogue.rules, site.catalogue.by_id)

    def _last_open(self, module: ModuleDefinition, child: Child) -> datetime | None:
        site, year, now = self.site, child.schooling.school_year, self.site.now()
        span = site.academie.span(year)
        if now not in span:
            ended = span
        elif span.from_at == now:
            return None
        else:
            ended = Window(span.from_at, now)
        question = question_about(site, self.account, child, self.policy, year, now)
        catalogue = site.catalogue
        return self.past.last_open(module, question, ended, catalogue.rules, catalogue.by_id)


@frozen
class KeptYear:
    """What is kept of one school year, as it stood."""

    kept: Kept
    sections: tuple[Section, ...]


def may_keep(site: Site, module_id: str) -> bool:
    """Whether a module keeps anything about people."""
    return any(data.module_id == module_id for data in site.catalogue.personal_data)


def kept_about(site: Site, account: Account, student_id: UUID, module_id: str) -> tuple[Kept, ...]:
    """What one account may still read about one student: three statements, or none."""
    if not may_keep(site, module_id):
        return ()
    with site.database.reading() as tx:
        found = kept_data(site, tx, account, module_id=module_id, student_id=student_id)
    return found.get(module_id, ())


def read_kept(
    site: Site, account: Account, student_id: UUID, module_id: str
) -> tuple[ModuleDefinition, tuple[KeptYear, ...]]:
    """A module's data about a student as they stood when it was switched off, year by year.

    Raises :exc:`NotFoundError` where nothing was shown, or a right is missing.
    """
    with site.database.reading() as tx:
        found = kept_data(site, tx, account, module_id=module_id, student_id=student_id)
        years = tuple(
            _year(site, tx, account, module_id, each) for each in found.get(module_id, ())
        )
    module = site.catalogue.module(module_id)
    if module is None or not any(year.sections for year in years):
        raise NotFoundError(f"nothing kept of {module_id}")
    return module, years


def _year(site: Site, tx: Transaction, account: Account, module_id: str, kept: Kept) -> KeptYear:
    scope = scope_of(site, account, [kept.child], kept.at)
    data = (each for each in site.catalogue.personal_data if each.module_id == module_id)
    return KeptYear(kept, tuple(exported(site, tx, each, scope) for each in data))
