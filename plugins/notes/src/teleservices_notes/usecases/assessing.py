"""A course's assessments: list them, add, change or remove one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from attrs import evolve, frozen

from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.site import Site, audited
from teleservices_notes.model import Assessment, Counting, PublicationPlan
from teleservices_notes.usecases.class_ports import ClassStore, OpensClasses
from teleservices_notes.usecases.opened import shut_to
from teleservices_notes.usecases.teaching import Taught, require_course


@frozen
class Described:
    """What a teacher says of an assessment."""

    title: str
    given_on: date
    out_of: Decimal = Decimal(20)
    weight: Decimal = Decimal(1)
    counting: Counting = Counting.COMPULSORY
    publish_on: date | None = None
    description: str = ""
    competencies: tuple[str, ...] = ()

    @classmethod
    def of(cls, assessment: Assessment) -> Described:
        """What is recorded of one."""
        return cls(
            assessment.title,
            assessment.given_on,
            assessment.out_of,
            assessment.weight,
            assessment.counting,
            assessment.publish_on,
            assessment.description,
            assessment.competencies,
        )

    @property
    def stamp(self) -> str:
        """What a page keeps of it, to know later whether it is still what is recorded."""
        said = (
            self.title,
            self.given_on.isoformat(),
            int(self.out_of * 100),
            int(self.weight * 100),
            self.counting.value,
            str(self.publish_on),
            self.description,
            self.competencies,
        )
        return sha256(repr(said).encode()).hexdigest()[:16]


@frozen
class CoursePage:
    """A course, its assessments, the latest first, and how the school publishes."""

    taught: Taught
    plan: PublicationPlan
    assessments: tuple[tuple[Assessment, int], ...]
    """Each with how many marks it has."""
    pupils: int
    """How many students are in the class today."""
    shut: frozenset[Audience]
    """To whom the module is closed."""


def course_page(
    site: Site,
    viewer: Viewer,
    uai: Uai,
    class_group: str,
    subject_code: str,
    opens: OpensClasses,
) -> CoursePage:
    """What a teacher sees of a course. Raises what :func:`.require_course` raises."""
    year = site.school_year()
    with site.database.reading() as tx:
        store = opens(tx.connection)
        taught = require_course(site, tx, store, viewer.account, uai, class_group, subject_code)
        pupils = store.pupils(taught.course, site.academie.today(site.now()))
        given = store.of_class(uai, year, class_group, subject_code)
        plan = store.plan(uai, year).plan
        shut = shut_to(site, tx, taught.course)
    return CoursePage(
        taught,
        plan,
        tuple((each.assessment, len(each.marks)) for each in reversed(given)),
        sum(each.is_there for each in pupils),
        shut,
    )


def add_assessment(
    site: Site,
    viewer: Viewer,
    uai: Uai,
    class_group: str,
    subject_code: str,
    described: Described,
    opens: OpensClasses,
) -> Assessment:
    """Add an assessment to a course.

    Raises what :func:`.require_course` raises; :exc:`RefusedError` ``exists``
    if the course has one of the same title and date, ``other_year`` for a date
    outside the school year, ``no_competency`` for a code that the school has not.
    """
    with site.database.writing() as tx:
        store = opens(tx.connection)
        taught = require_course(site, tx, store, viewer.account, uai, class_group, subject_code)
        year, subject = taught.course.school_year, taught.course.subject
        _check(site, store, uai, year, described)
        assessment = Assessment(
            id=Assessment.key(
                uai, year, class_group, subject.code, described.title, described.given_on
            ),
            uai=uai,
            school_year=year,
            class_group=class_group,
            subject=subject,
            title=described.title,
            given_on=described.given_on,
            teacher=_teacher(store, taught, viewer),
        )
        assessment = _with(assessment, described)
        if not store.add_assessment(assessment):
            raise RefusedError("exists")
        _note(site, tx, viewer, "notes.assessment_added", assessment, after=described)
    return assessment


def _teacher(store: ClassStore, taught: Taught, viewer: Viewer) -> str:
    course = taught.course
    services = store.teachers(
        course.uai, course.school_year, course.class_group, course.subject.code
    )
    mine = [each.teacher for each in services if each.staff_id in viewer.account.holder_ids]
    return ", ".join(mine or taught.teachers)[:100]


def change_assessment(
    site: Site,
    viewer: Viewer,
    uai: Uai,
    assessment_id: UUID,
    seen: str,
    described: Described,
    opens: OpensClasses,
) -> Assessment:
    """Change what is said of an assessment, over what was read.

    Raises what :func:`.require_course` and :func:`add_assessment` raise;
    :exc:`ConflictError` if it is no longer described as when its stamp was ``seen``;
    :exc:`RefusedError` ``above_scale`` if a mark would exceed the scale.
    """
    with site.database.writing() as tx:
        store = opens(tx.connection)
        before, _taught = the_assessment(
            site, tx, store, viewer.account, uai, assessment_id, locking=True
        )
        if Described.of(before).stamp != seen:
            raise ConflictError(f"assessment {assessment_id} has changed")
        _check(site, store, uai, before.school_year, described)
        marks = store.marks_at(assessment_id).values()
        if any((mark.outcome.value or 0) > described.out_of for mark in marks):
            raise RefusedError("above_scale")
        after = _with(before, described)
        if after != before:
            store.save([after], ())
            _note(
                site,
                tx,
                viewer,
                "notes.assessment_changed",
                after,
                before=Described.of(before),
                after=described,
            )
    return after


def remove_assessment(
    site: Site, viewer: Viewer, uai: Uai, assessment_id: UUID, opens: OpensClasses
) -> Assessment:
    """Remove an assessment that has no mark.

    Raises what :func:`.require_course` raises; :exc:`RefusedError` ``has_marks``.
    """
    with site.database.writing() as tx:
        store = opens(tx.connection)
        found, _taught = the_assessment(site, tx, store, viewer.account, uai, assessment_id)
        if not store.remove_assessment(assessment_id):
            raise RefusedError("has_marks")
        before = Described.of(found)
        _note(site, tx, viewer, "notes.assessment_removed", found, before=before)
    return found


def the_assessment(
    site: Site,
    tx: Transaction,
    store: ClassStore,
    account: Account,
    uai: Uai,
    assessment_id: UUID,
    *,
    locking: bool = False,
) -> tuple[Assessment, Taught]:
    """An assessment of the year and its course, for who may enter its marks.

    Raises what :func:`.require_course` raises.
    """
    found = store.assessment(assessment_id, locking=locking)
    if found is None or (found.uai, found.school_year) != (uai, site.school_year()):
        raise NotFoundError(f"no assessment {assessment_id} in {uai}")
    return found, require_course(
        site, tx, store, account, uai, found.class_group, found.subject.code
    )


def _check(site: Site, store: ClassStore, uai: Uai, year: SchoolYear, described: Described) -> None:
    given = SchoolYear.on(described.given_on, starts=site.academie.year_starts)
    if given != year:
        raise RefusedError("other_year")
    if described.competencies:
        known = {each.code for each in store.plan(uai, year).plan.competencies}
        if not known.issuperset(described.competencies):
            raise RefusedError("no_competency")


def _with(assessment: Assessment, described: Described) -> Assessment:
    return evolve(
        assessment,
        title=described.title,
        given_on=described.given_on,
        out_of=described.out_of,
        weight=described.weight,
        counting=described.counting,
        publish_on=described.publish_on,
        description=described.description,
        competencies=described.competencies,
    )


def _told(described: Described) -> dict[str, str]:
    return {
        "title": described.title,
        "given_on": described.given_on.isoformat(),
        "out_of": str(described.out_of),
        "weight": str(described.weight),
        "counting": described.counting.value,
        "publish_on": described.publish_on.isoformat() if described.publish_on else "",
    }


@frozen
class AssessmentPage:
    """An assessment to change, and how the school publishes."""

    assessment: Assessment
    taught: Taught
    plan: PublicationPlan
    shut: frozenset[Audience]
    """To whom the module is closed."""


def assessment_page(
    site: Site, viewer: Viewer, uai: Uai, assessment_id: UUID, opens: OpensClasses
) -> AssessmentPage:
    """An assessment, to change it. Raises what :func:`.require_course` raises."""
    with site.database.reading() as tx:
        store = opens(tx.connection)
        found, taught = the_assessment(site, tx, store, viewer.account, uai, assessment_id)
        plan = store.plan(uai, found.school_year).plan
        return AssessmentPage(found, taught, plan, shut_to(site, tx, taught.course))


def _note(
    site: Site,
    tx: Transaction,
    viewer: Viewer,
    action: str,
    about: Assessment,
    *,
    before: Described | None = None,
    after: Described | None = None,
) -> None:
    tx.audit.add(
        audited(
            action,
            site.now(),
            viewer,
            uai=about.uai,
            assessment=str(about.id),
            class_group=about.class_group,
            subject=about.subject.label,
            before=_told(before) if before else {},
            after=_told(after) if after else {},
        )
    )
