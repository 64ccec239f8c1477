"""« Vu par la famille »: which responsible persons of a class have said to have seen its marks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotAllowedError, NotFoundError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.home import children_with
from teleservices_core.usecases.rights import is_head, require_teacher
from teleservices_core.usecases.site import Site
from teleservices_notes.rules import novelty
from teleservices_notes.usecases.following import Followed, followed
from teleservices_notes.usecases.opened import MODULE_ID, require_establishment
from teleservices_notes.usecases.reader_ports import (
    ClassReaders,
    OpensReaders,
    ReaderStore,
    ReadPupil,
    Responsible,
)


@frozen
class Reading:
    """What a responsible person has seen of a pupil's marks."""

    name: str
    has_account: bool
    """Whether he has one in use."""
    seen_at: datetime | None = None
    """When he last said to have seen them; None: never."""
    unseen: int | None = None
    """Marks that he may see and has not said to have seen; None where he may see none at all:
    without an account in use, or with the module closed to him."""

    @property
    def is_current(self) -> bool:
        """Whether he has seen all that he may see."""
        return self.seen_at is not None and self.unseen == 0


@frozen
class PupilReading:
    """A pupil with what each responsible person has seen."""

    name: str
    responsibles: tuple[Reading, ...]


@frozen
class ClassReading:
    """A class at an instant."""

    class_group: str
    pupils: tuple[PupilReading, ...]

    @property
    def current(self) -> int:
        """Pupils of whom a responsible person has seen all."""
        return self._count(lambda each: each.is_current)

    @property
    def begun(self) -> int:
        """Pupils of whom a responsible person has seen something this year."""
        return self._count(lambda each: each.seen_at is not None)

    def _count(self, holds: Callable[[Reading], bool]) -> int:
        return sum(any(map(holds, pupil.responsibles)) for pupil in self.pupils)


def classes_read(site: Site, viewer: Viewer, uai: Uai, opens: OpensReaders) -> list[ClassReaders]:
    """The classes that somebody may look into: his own as a teacher, else all.

    All for the head, deputies and who the module is entrusted to. Raises
    :exc:`NotAllowedError` for others.
    """
    with site.database.reading() as tx:
        require_establishment(tx, uai)
        store = opens(tx.connection)
        mine = _classes_of(site, tx, store, viewer, uai)
        found = store.classes_read(uai, site.school_year(), site.academie.today(site.now()))
    return [each for each in found if mine is None or each.class_group in mine]


def class_reading(
    site: Site, viewer: Viewer, uai: Uai, class_group: str, opens: OpensReaders
) -> ClassReading:
    """Who has seen the marks of a class: a fixed number of statements.

    Counts only what each person may see now. Raises as :func:`classes_read`, and
    :exc:`NotFoundError` for a class without pupils.
    """
    now, year = site.now(), site.school_year()
    with site.database.reading() as tx:
        require_establishment(tx, uai)
        store = opens(tx.connection)
        mine = _classes_of(site, tx, store, viewer, uai)
        if mine is not None and class_group not in mine:
            raise NotAllowedError(f"does not teach {class_group} in {uai}")
        pupils = store.class_readers(uai, year, class_group, site.academie.today(now))
        if not pupils:
            raise NotFoundError(f"no class {class_group!r} in {uai}")
        students = {pupil.student_id for pupil in pupils}
        accounts = {r.account_id for p in pupils for r in p.responsibles if r.account_id}
        usable = [each for each in tx.accounts.several(accounts) if each.is_usable]
        families = {
            account_id: [c for c in children if c.student.id in students]
            for account_id, children in children_with(site, tx, usable, MODULE_ID).items()
        }
        found = followed(site, store, families, now)
    seen: dict[tuple[UUID | None, UUID], Followed] = {
        (a, each.child.student.id): each for a, every in found.items() for each in every
    }
    return ClassReading(
        class_group,
        tuple(
            PupilReading(
                pupil.name,
                tuple(
                    _reading(each, seen.get(_key(pupil, each)), each.account_id in families)
                    for each in pupil.responsibles
                ),
            )
            for pupil in pupils
        ),
    )


def _key(pupil: ReadPupil, responsible: Responsible) -> tuple[UUID | None, UUID]:
    return responsible.account_id, pupil.student_id


def _reading(responsible: Responsible, found: Followed | None, has_account: bool) -> Reading:
    reader = responsible.reader
    return Reading(
        responsible.name,
        has_account,
        reader.seen_at if reader else None,
        None if found is None else sum(bool(novelty(s, found.reader.seen)) for s in found.shown),
    )


def _classes_of(
    site: Site, tx: Transaction, store: ReaderStore, viewer: Viewer, uai: Uai
) -> frozenset[str] | None:
    """The classes that somebody may look into; None for all."""
    today = site.academie.today(site.now())
    if is_head(site, tx, viewer.account, uai) or MODULE_ID in tx.delegations.held(
        viewer.account.holder_ids, uai, today
    ):
        return None
    require_teacher(site, tx, viewer.account, uai)
    services = store.services(uai, site.school_year(), viewer.account.holder_ids)
    return frozenset(service.course.class_group for service in services)
