"""Erase what plugins keep: when its time is over, or about one student who asked in writing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from attrs import evolve, frozen

from teleservices_core.contributions import Erasure, PersonalData
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import Academie
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Student
from teleservices_core.domain.values import Ine
from teleservices_core.errors import InvalidValueError, NotFoundError, RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.cut_offs import known_cut_offs
from teleservices_core.usecases.forgetting import PEOPLE, forget_people
from teleservices_core.usecases.site import Site, audited

FAILED = "erasures_failed"
"""Counts the headings whose plugin failed to erase."""


def last_year_over(academie: Academie, keep_days: int, at: datetime) -> SchoolYear:
    """The latest school year that ended ``keep_days`` local days ago, or earlier."""
    day = academie.today(at) - timedelta(days=keep_days)
    return SchoolYear(SchoolYear.on(day, starts=academie.year_starts).start - 1)


@frozen
class Expired:
    """One heading whose oldest data are to go."""

    data: PersonalData
    erasure: Erasure


def headings(site: Site) -> list[PersonalData]:
    """What is kept about people, persons themselves the last: all the rest hangs on them."""
    data = site.catalogue.personal_data
    return sorted(map(partial(_with_people, site), data), key=lambda each: each.id == PEOPLE)


def _with_people(site: Site, data: PersonalData) -> PersonalData:
    # They hang together with what all plugins keep, which the core's declaration cannot know.
    if data.id != PEOPLE:
        return data
    days = site.settings.durations.former_people_days
    return evolve(data, erase=partial(forget_people, site), keep_days=days)


def expired(site: Site, at: datetime) -> list[Expired]:
    """The headings that keep data for a time only; those of a plugin cut off are left alone."""
    cut_off = known_cut_offs(site)
    return [
        Expired(data, Erasure(up_to=last_year_over(site.academie, data.keep_days, at)))
        for data in headings(site)
        if data.keep_days is not None and _plugin(data) not in cut_off
    ]


def _plugin(data: PersonalData) -> str:
    return data.id.partition(".")[0]


def erase_some(each: Expired, at: datetime, tx: Transaction) -> Counter[str]:
    """One batch of a heading, journalled with its number."""
    rows = _erase(tx, each.data, each.erasure)
    if rows:
        up_to = str(each.erasure.up_to)
        tx.audit.add(audited("data.expired", at, None, data=each.data.id, up_to=up_to, rows=rows))
    return +Counter({each.data.id: rows})


def _erase(tx: Transaction, data: PersonalData, erasure: Erasure) -> int:
    return data.erase(tx, erasure) if data.erase is not None else 0


def failed(site: Site, data: PersonalData, error: Exception) -> Counter[str]:
    """A plugin that cannot erase: named in the diagnostics; the others go on."""
    site.plugins.record_failure(_plugin(data), data.id, error, site.now())
    return Counter({FAILED: 1})


class _UndoneError(Exception):
    """Ends a transaction without keeping anything of it."""


def count_erased(site: Site, wanted: Iterable[Expired]) -> Counter[str]:
    """How many rows would go, by heading: they are erased, and that is undone at once.

    In one transaction, since persons go once nothing hangs on them.
    """
    counts = Counter[str]()
    with suppress(_UndoneError), site.database.writing() as tx:
        for each in wanted:
            try:
                with tx.connection.begin_nested():
                    counts[each.data.id] += _all(tx, each)
            except Exception as error:  # noqa: BLE001 - one plugin must not hide the others
                counts += failed(site, each.data, error)
        raise _UndoneError
    return +counts


def _all(tx: Transaction, each: Expired) -> int:
    rows = 0
    while batch := _erase(tx, each.data, each.erasure):
        rows += batch
    return rows


# --- About one student, on written request -----------------------------------------------


@frozen
class Request:
    """What may be erased about a student, and what may not."""

    student: Student
    erasable: tuple[PersonalData, ...]
    kept: tuple[PersonalData, ...]
    """Headings that nothing erases by itself; their ``keep_for`` says why."""
    same_ids: tuple[UUID, ...] = ()
    """Students said to be the same one, some of whose rows may have stayed where they were."""


def erasure_request(site: Site, key: str) -> Request:
    """What could be erased about a student, by INE, id, or the login of his own account.

    Raises :exc:`NotFoundError`.
    """
    with site.database.reading() as tx:
        student = _student(tx, key.strip())
        same_ids = tx.matches.absorbed(student.id) if student is not None else []
        is_known = student is not None and _is_known(site, tx, student.id)
    if student is None:
        raise NotFoundError(f"no student {key!r}")

    def may_go(data: PersonalData) -> bool:
        return data.erase is not None and not (is_known and data.id == PEOPLE)

    data = headings(site)
    return Request(
        student,
        tuple(each for each in data if may_go(each)),
        tuple(each for each in data if not may_go(each)),
        tuple(same_ids),
    )


def _is_known(site: Site, tx: Transaction, student_id: UUID) -> bool:
    """Whether the next import of a school would bring the student back."""
    return tx.forgetting.is_at_school(
        student_id, site.school_year(), site.academie.today(site.now())
    )


def _student(tx: Transaction, key: str) -> Student | None:
    try:
        return tx.roster.student(UUID(key))
    except ValueError:
        pass
    try:
        return tx.roster.student_by_ine(Ine(key.upper()))
    except InvalidValueError:
        pass
    account = tx.accounts.by_login(key)
    if account is None or account.audience is not Audience.STUDENT:
        return None
    return next(filter(None, map(tx.roster.student, account.holder_ids)), None)


def _wanted(request: Request, ids: Sequence[str], up_to: SchoolYear | None) -> list[Expired]:
    for unknown in set(ids).difference(each.id for each in request.erasable):
        raise RefusedError("not_erasable", data=unknown)
    erasure = Erasure(frozenset({request.student.id, *request.same_ids}), up_to)
    return [Expired(each, erasure) for each in request.erasable if each.id in ids]


def count_about(
    site: Site, request: Request, ids: Sequence[str], up_to: SchoolYear | None = None
) -> Counter[str]:
    """How many rows :func:`erase_about` would erase, by heading. Raises as it does."""
    return count_erased(site, _wanted(request, ids, up_to))


def erase_about(
    site: Site,
    request: Request,
    ids: Sequence[str],
    *,
    reason: str,
    up_to: SchoolYear | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Counter[str]:
    """Erase headings about one student, batch by batch; returns the rows by heading.

    Every batch is journalled with the reason, which says who asked and when.
    A run that was stopped is simply run again. Raises :exc:`RefusedError`
    ``not_erasable`` for a heading that is none, before anything is erased.
    """
    counts = Counter[str]()
    for each in _wanted(request, ids, up_to):
        while not is_stopping():
            with site.database.writing() as tx:
                rows = _erase(tx, each.data, each.erasure)
                if rows:
                    tx.audit.add(
                        audited(
                            "data.erased",
                            site.now(),
                            None,
                            subject_id=request.student.id,
                            also=[str(same) for same in request.same_ids],
                            data=each.data.id,
                            rows=rows,
                            up_to=str(up_to or ""),
                            reason=reason,
                        )
                    )
            if not rows:
                break
            counts[each.data.id] += rows
    site.database.scrub()
    return counts
