"""Who teaches what: the courses of a member of staff, and the file of an establishment."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from uuid import UUID

from attrs import Factory, define, frozen

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotAllowedError, NotFoundError
from teleservices_core.i18n import _
from teleservices_core.ports import Transaction
from teleservices_core.usecases.rights import is_head, require_module, require_teacher
from teleservices_core.usecases.site import Site, audited
from teleservices_notes.model import Course, Subject, TeachingService
from teleservices_notes.usecases.class_ports import ClassStore, OpensClasses
from teleservices_notes.usecases.opened import MODULE_ID, require_establishment
from teleservices_notes.usecases.rights import require_decider
from teleservices_notes.usecases.runs import Fault


@frozen
class Taught:
    """A course with the names of its teachers."""

    course: Course
    teachers: tuple[str, ...]


def taught_courses(site: Site, viewer: Viewer, uai: Uai, opens: OpensClasses) -> list[Taught]:
    """The courses in which somebody may enter marks this year, by class and subject.

    A teacher's own; for the head and deputies, all that is taught or has marks.
    Raises :exc:`NotAllowedError`.
    """
    year = site.school_year()
    with site.database.reading() as tx:
        require_establishment(tx, uai)
        require_teacher(site, tx, viewer.account, uai)
        store = opens(tx.connection)
        if is_head(site, tx, viewer.account, uai):
            return _together(store.services(uai, year), store.assessed(uai, year))
        mine = store.services(uai, year, viewer.account.holder_ids)
        return _together(mine, ())


def _together(services: Iterable[TeachingService], others: Iterable[Course]) -> list[Taught]:
    found: dict[tuple[str, str], tuple[Course, list[str]]] = {}
    for service in services:
        course = service.course
        key = course.class_group, course.subject.code
        found.setdefault(key, (course, []))[1].append(service.teacher)
    for course in others:
        found.setdefault((course.class_group, course.subject.code), (course, []))
    taught = [Taught(course, tuple(teachers)) for course, teachers in found.values()]
    return sorted(taught, key=lambda each: (each.course.class_group, each.course.subject.label))


def require_course(
    site: Site,
    tx: Transaction,
    store: ClassStore,
    account: Account,
    uai: Uai,
    class_group: str,
    subject_code: str,
    *,
    year: SchoolYear | None = None,
) -> Taught:
    """The course, for who may enter its marks today.

    Its teachers, the head and deputies. Raises :exc:`NotFoundError` for a course
    that is neither taught nor marked, :exc:`NotAllowedError` for others.
    """
    require_teacher(site, tx, account, uai)
    year = year or site.school_year()
    services = store.teachers(uai, year, class_group, subject_code)
    others = () if services else store.assessed(uai, year)
    found = _together(
        services,
        (c for c in others if (c.class_group, c.subject.code) == (class_group, subject_code)),
    )
    if not found:
        raise NotFoundError(f"nobody teaches {subject_code} to {class_group} in {uai}")
    mine = {service.staff_id for service in services} & set(account.holder_ids)
    if not mine and not is_head(site, tx, account, uai):
        raise NotAllowedError(f"does not teach {subject_code} to {class_group} in {uai}")
    return found[0]


def all_services(
    site: Site, viewer: Viewer, uai: Uai, opens: OpensClasses
) -> list[TeachingService]:
    """Who teaches what in an establishment this year. Raises :exc:`NotAllowedError`."""
    with site.database.reading() as tx:
        require_module(site, tx, viewer.account, uai, MODULE_ID)
        return opens(tx.connection).services(uai, site.school_year())


@frozen
class ServiceLine:
    """A line of a file of services; who teaches is still a name and an e-mail address."""

    line: int
    class_group: str
    subject: Subject
    teacher: str
    email: str


@define
class ServicesReport:
    """What an import of services did, or would do."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    without_account: int = 0
    """Services whose teacher no account of the establishment's teachers matches."""
    faults: list[Fault] = Factory(list)
    new: tuple[TeachingService, ...] = ()
    """Those added or changed."""
    gone: tuple[TeachingService, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        """Whether the list is so already."""
        return not self.new and not self.gone

    @property
    def stamp(self) -> str:
        """What a page keeps of what it has shown, to know later whether it is still so."""
        told = [sorted(map(repr, each)) for each in (self.new, self.gone)]
        return sha256(repr(told).encode()).hexdigest()[:16]

    def counts(self) -> dict[str, int]:
        """Figures for the audit trail."""
        return {
            "added": self.added,
            "changed": self.changed,
            "removed": self.removed,
            "faults": len(self.faults),
        }


def import_services(
    site: Site,
    viewer: Viewer | None,
    uai: Uai,
    lines: Iterable[ServiceLine | Fault],
    opens: OpensClasses,
    *,
    dry_run: bool = False,
    seen: str | None = None,
) -> ServicesReport:
    """Record who teaches what this year, as a whole file says; all in one transaction.

    What the file no longer has is removed, unless a line of it is faulty: that
    line may be the one that is missing. The same file again changes nothing.
    Raises :exc:`NotFoundError` for an unknown establishment,
    :exc:`NotAllowedError`, and :exc:`ConflictError` if it would no longer do what
    it did in the report whose stamp was ``seen``.
    """
    year, today = site.school_year(), site.academie.today(site.now())
    report = ServicesReport()
    with site.database.reading() if dry_run else site.database.writing() as tx:
        require_decider(site, tx, viewer, uai)
        store = opens(tx.connection)
        if not dry_run:
            # Two lists at once: the second is compared with what the first has made.
            store.hold_services(uai)
        staff = {member.email: member.id for member, _r in tx.staff.of_establishment(uai, today)}
        wanted = _wanted(uai, year, lines, staff, report)
        recorded = {_key(service): service for service in store.services(uai, year)}
        gone = [] if report.faults else [recorded[k] for k in recorded.keys() - wanted.keys()]
        new = [each for key, each in wanted.items() if recorded.get(key) != each]
        report.removed = len(gone)
        report.added = len(wanted.keys() - recorded.keys())
        report.changed = len(new) - report.added
        report.unchanged = len(wanted) - len(new)
        report.without_account = sum(each.staff_id is None for each in wanted.values())
        report.new, report.gone = tuple(new), tuple(gone)
        if seen is not None and seen != report.stamp:
            raise ConflictError(f"the services of {uai} have changed")
        if not dry_run:
            store.replace_services(gone, new)
            counts = report.counts()
            tx.audit.add(
                audited("notes.services_imported", site.now(), viewer, uai=uai, counts=counts)
            )
    return report


def _wanted(
    uai: Uai,
    year: SchoolYear,
    lines: Iterable[ServiceLine | Fault],
    staff: dict[str, UUID],
    report: ServicesReport,
) -> dict[Any, TeachingService]:
    wanted: dict[Any, TeachingService] = {}
    for line in lines:
        if isinstance(line, Fault):
            report.faults.append(line)
            continue
        course = Course(uai, year, line.class_group, line.subject)
        service = TeachingService(course, line.teacher, staff.get(line.email))
        if line.email and service.staff_id is None:
            reason = _("courriel : aucun membre du personnel de l’établissement n’a l’adresse {it}")
            report.faults.append(Fault(line.line, reason.format(it=line.email)))
        elif wanted.setdefault(_key(service), service) != service:
            reason = _("cet enseignant a déjà ce service, écrit autrement")
            report.faults.append(Fault(line.line, reason))
    return wanted


def _key(service: TeachingService) -> tuple[str, str, str]:
    return service.course.class_group, service.course.subject.code, service.teacher
