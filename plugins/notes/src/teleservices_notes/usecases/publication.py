"""How an establishment publishes its marks: read it, try a change, make it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from attrs import evolve, frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear, midnight
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.ports.academy import AuditEntry, AuditSearch
from teleservices_core.usecases.site import Site, audited
from teleservices_notes.model import Assessment, PublicationPlan, PublicationRule
from teleservices_notes.publication_words import plan_lines, rule_lines
from teleservices_notes.rules import Flip, Tally, flips
from teleservices_notes.usecases.opened import require_establishment, shut_by_class
from teleservices_notes.usecases.past import OWN_RULES_SET, PLAN_SET
from teleservices_notes.usecases.plans import plan_to_json, rules_to_json
from teleservices_notes.usecases.ports import Opens, RecordedPlan, Store
from teleservices_notes.usecases.rights import require_decider

Change = Callable[[PublicationPlan], PublicationPlan]
"""A choice, made upon whatever plan is recorded."""


@frozen
class PlanChange:
    """A plan as it is recorded and as it would be, and what turns at this instant."""

    before: RecordedPlan
    after: PublicationPlan
    flips: tuple[Flip, ...]
    shut: frozenset[Audience] = frozenset()
    """To whom the module is closed, so that nothing turns for them."""

    @property
    def changes_nothing(self) -> bool:
        """Whether it is so already."""
        return self.before.plan == self.after


@frozen
class OwnRulesChange:
    """The same for the rules of one assessment."""

    assessment: Assessment
    after: tuple[PublicationRule, ...]
    flips: tuple[Flip, ...]
    shut: frozenset[Audience] = frozenset()
    """To whom the module is closed for the class."""

    @property
    def changes_nothing(self) -> bool:
        """Whether it is so already."""
        return self.assessment.own_rules == self.after


@frozen
class ClassAssessments:
    """Assessments of a class with their counts, the latest first; and all classes."""

    plan: PublicationPlan
    class_group: str
    class_groups: tuple[str, ...]
    tallies: tuple[Tally, ...]


def publication_plan(site: Site, uai: Uai, opens: Opens) -> RecordedPlan:
    """An establishment's plan for the year under way. Raises :exc:`NotFoundError`."""
    with site.database.reading() as tx:
        require_establishment(tx, uai)
        return opens(tx.connection).plan(uai, site.school_year())


def class_groups(site: Site, uai: Uai, opens: Opens) -> list[str]:
    """The classes for which an exception may be made: two statements."""
    year = site.school_year()
    with site.database.reading() as tx:
        known = {code for code, _number in tx.roster.class_groups(uai, year) if code}
        return sorted(known.union(opens(tx.connection).class_groups(uai, year)))


def last_changes(site: Site, uai: Uai, limit: int) -> list[AuditEntry]:
    """The latest changes of an establishment's publication, newest first: one statement."""
    wanted = AuditSearch(uai=uai, actions=(PLAN_SET, OWN_RULES_SET))
    with site.database.reading() as tx:
        return tx.audit.search(wanted, limit)


def class_assessments(site: Site, uai: Uai, class_group: str, opens: Opens) -> ClassAssessments:
    """The assessments of a class, the first one by default: three statements."""
    year = site.school_year()
    with site.database.reading() as tx:
        store = opens(tx.connection)
        groups = store.class_groups(uai, year)
        group = class_group if class_group in groups or not groups else groups[0]
        tallies = _tallies(site, store, uai, year, class_group=group)
        plan = store.plan(uai, year).plan
    tallies.sort(key=lambda each: (each.assessment.given_on, each.assessment.title), reverse=True)
    return ClassAssessments(plan, group, tuple(groups), tuple(tallies))


def assessment_of(
    site: Site, uai: Uai, assessment_id: UUID, opens: Opens
) -> tuple[Tally, PublicationPlan]:
    """An assessment of an establishment this year, and the plan: two statements.

    Raises :exc:`NotFoundError`.
    """
    with site.database.reading() as tx:
        store = opens(tx.connection)
        tally = _one(site, store, uai, assessment_id)
        return tally, store.plan(uai, site.school_year()).plan


def try_plan(
    site: Site, viewer: Viewer | None, uai: Uai, change: Change, opens: Opens
) -> PlanChange:
    """What a choice would change, for whom and where; writes nothing.

    A fixed number of statements, whatever the establishment holds. Raises
    :exc:`NotFoundError`, :exc:`NotAllowedError`, and :exc:`RefusedError` for
    periods outside the school year.
    """
    with site.database.reading() as tx:
        return _plan_change(site, tx, viewer, uai, change, opens(tx.connection))


def change_plan(
    site: Site, viewer: Viewer | None, uai: Uai, change: Change, seen_version: int, opens: Opens
) -> PlanChange:
    """Choose how an establishment publishes, for the year under way (F50, F51).

    Holds at once, for marks already entered too. ``viewer`` None is the command
    line. Raises as :func:`try_plan`, and :exc:`ConflictError` if the recorded
    plan is no longer the version that was seen.
    """
    year = site.school_year()
    with site.database.writing() as tx:
        store = opens(tx.connection)
        done = _plan_change(site, tx, viewer, uai, change, store)
        if done.before.version != seen_version:
            raise ConflictError(f"the publication plan of {uai} has changed")
        if not done.changes_nothing:
            store.set_plan(uai, year, done.after, seen_version)
            said = {
                "before": plan_lines(done.before.plan),
                "after": plan_lines(done.after),
                "was": plan_to_json(done.before.plan),
            }
            _audit(site, tx, viewer, uai, PLAN_SET, said)
    return done


def try_own_rules(
    site: Site,
    viewer: Viewer | None,
    uai: Uai,
    assessment_id: UUID,
    rules: tuple[PublicationRule, ...],
    opens: Opens,
) -> OwnRulesChange:
    """What an assessment's own rules would change; writes nothing. Raises as :func:`try_plan`."""
    with site.database.reading() as tx:
        store = opens(tx.connection)
        return _own_rules_change(site, tx, viewer, uai, assessment_id, rules, store)


def change_own_rules(
    site: Site,
    viewer: Viewer | None,
    uai: Uai,
    assessment_id: UUID,
    rules: tuple[PublicationRule, ...],
    seen: str,
    opens: Opens,
) -> OwnRulesChange:
    """Give an assessment rules of its own, or none, upon those that were seen.

    ``seen`` is their :func:`stamp_of`. Raises as :func:`change_plan`.
    """
    with site.database.writing() as tx:
        store = opens(tx.connection)
        done = _own_rules_change(site, tx, viewer, uai, assessment_id, rules, store)
        before = done.assessment.own_rules
        if stamp_of(before) != seen:
            raise ConflictError(f"the rules of assessment {assessment_id} have changed")
        if not done.changes_nothing:
            store.set_own_rules(done.assessment, rules)
            said = {
                "before": rule_lines(before),
                "after": rule_lines(rules),
                "was": rules_to_json(before),
                "assessment": done.assessment.title,
                "assessment_id": str(assessment_id),
                "class_group": done.assessment.class_group,
            }
            _audit(site, tx, viewer, uai, OWN_RULES_SET, said)
    return done


def stamp_of(rules: Sequence[PublicationRule]) -> str:
    """What a page keeps of an assessment's rules, to know later whether they are the same."""
    told = [(each.publication, each.audience, each.class_group) for each in rules]
    return sha256(repr(told).encode()).hexdigest()[:16]


def _plan_change(
    site: Site,
    tx: Transaction,
    viewer: Viewer | None,
    uai: Uai,
    change: Change,
    store: Store,
) -> PlanChange:
    require_decider(site, tx, viewer, uai)
    year = site.school_year()
    before = store.plan(uai, year)
    after = change(before.plan)
    _check_periods(site, after, year)
    tallies = _tallies(site, store, uai, year) if after != before.plan else []
    turned = flips(tallies, before.plan, tallies, after, site.now(), site.academie.zone)
    shut = shut_by_class(site, tx, uai, year)
    return PlanChange(before, after, _seen(turned, shut), shut(""))


def _own_rules_change(
    site: Site,
    tx: Transaction,
    viewer: Viewer | None,
    uai: Uai,
    assessment_id: UUID,
    rules: tuple[PublicationRule, ...],
    store: Store,
) -> OwnRulesChange:
    require_decider(site, tx, viewer, uai)
    tally = _one(site, store, uai, assessment_id)
    changed = evolve(tally, assessment=evolve(tally.assessment, own_rules=rules))
    plan = store.plan(uai, site.school_year()).plan
    turned = flips([tally], plan, [changed], plan, site.now(), site.academie.zone)
    shut = shut_by_class(site, tx, uai, site.school_year())
    here = shut(tally.assessment.class_group)
    return OwnRulesChange(tally.assessment, rules, _seen(turned, shut), here)


def _seen(turned: list[Flip], shut: Callable[[str], frozenset[Audience]]) -> tuple[Flip, ...]:
    """Those that somebody can see: the module is open to him."""
    closed = {group: shut(group) for group in {each.assessment.class_group for each in turned}}
    return tuple(
        each for each in turned if each.audience not in closed[each.assessment.class_group]
    )


def _check_periods(site: Site, plan: PublicationPlan, year: SchoolYear) -> None:
    starts = site.academie.year_starts
    for period in plan.periods:
        for day in (period.starts_on, period.ends_on):
            if SchoolYear.on(day, starts=starts) != year:
                raise RefusedError("outside_year", period=period, day=day)


def _one(site: Site, store: Store, uai: Uai, assessment_id: UUID) -> Tally:
    found = _tallies(site, store, uai, site.school_year(), assessment_id=assessment_id)
    if not found:
        raise NotFoundError(f"no assessment {assessment_id} in {uai}")
    return found[0]


def _tallies(
    site: Site,
    store: Store,
    uai: Uai,
    year: SchoolYear,
    *,
    class_group: str | None = None,
    assessment_id: UUID | None = None,
) -> list[Tally]:
    at, academie = site.now(), site.academie
    begun = midnight(academie.today(at), academie.zone)
    return store.tallies(uai, year, at, begun, class_group=class_group, assessment_id=assessment_id)


def _audit(
    site: Site, tx: Transaction, viewer: Viewer | None, uai: Uai, action: str, said: dict[str, Any]
) -> None:
    told = {"school_year": str(site.school_year()), **said}
    tx.audit.add(audited(action, site.now(), viewer, uai=uai, **told))
