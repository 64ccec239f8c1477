"""Data go when their time is over, or on written request; the journal tells it."""

from __future__ import annotations

import types
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Uuid, delete, func, insert, select

from teleservices_core.app import Teleservices
from teleservices_core.contributions import PersonalData
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear, midnight
from teleservices_core.domain.values import Ine
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.hookspecs import HOOK_API, hookimpl
from teleservices_core.testing.builders import (
    DIJON,
    YEAR,
    a_module,
    a_schooling,
    a_student,
)
from teleservices_core.testing.strategies import instants
from teleservices_core.testing.world import World
from teleservices_core.usecases.cut_offs import cut_off
from teleservices_core.usecases.erasing import (
    FAILED,
    count_about,
    erase_about,
    erasure_request,
    last_year_over,
)
from teleservices_core.usecases.lifecycle import last_runs, plan_erasing, run_lifecycle

INE = Ine.rnie(123456789)
lines = Table(
    "diary_lines",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("student_id", Uuid),
    Column("school_year", Integer),
)


@given(instants(), st.integers(0, 1500))
def test_the_last_year_that_is_over(at, days):
    """Its days are over to the local midnight, and those of the next year are not."""
    year = last_year_over(DIJON, days, at)

    def over(each):
        ends_on = date(each.start + 1, *DIJON.year_starts)
        return at >= midnight(ends_on + timedelta(days=days), DIJON.zone)

    assert over(year)
    assert not over(year.next)


class Diary:
    """A plugin with a table of lines, one row for each."""

    def __init__(self, services, **data):
        self.batches, self.fails = [], False

        def erase(tx, erasure):
            if self.fails:
                raise RuntimeError("boom")
            wanted = [lines.c.school_year <= erasure.up_to.start] if erasure.up_to else []
            if erasure.student_ids is not None:
                wanted.append(lines.c.student_id.in_(erasure.student_ids))
            some = select(lines.c.id).where(*wanted).limit(min(erasure.limit, 3))
            gone = tx.connection.execute(delete(lines).where(lines.c.id.in_(some))).rowcount
            self.batches.append(gone)
            return gone

        plugin = types.ModuleType("diary")
        plugin.HOOK_API = HOOK_API
        says = lambda _figures: "Tant que la loi le veut."  # noqa: E731

        @hookimpl
        def teleservices_modules():
            return [a_module("diary")]

        @hookimpl
        def teleservices_personal_data():
            copy = lambda _tx, _scope: {}  # noqa: E731
            return [
                PersonalData(
                    "diary.lines", lambda: "Carnet", says, says, copy, "diary", erase, **data
                ),
                PersonalData("diary.law", lambda: "Registre", says, says, copy, "diary"),
            ]

        plugin.teleservices_modules = teleservices_modules
        plugin.teleservices_personal_data = teleservices_personal_data
        self.services = Teleservices(
            services.settings,
            engine=services.engine,
            clock=services.site.clock,
            hasher=services.site.hasher,
            plugins={"diary": plugin},
            discover=False,
        )
        self.site = self.services.site
        with services.engine.begin() as connection:
            lines.drop(connection, checkfirst=True)
            lines.create(connection)

    def write(self, number, year, student_id=None):
        """Add lines of a school year."""
        rows = [{"student_id": student_id, "school_year": year.start} for _n in range(number)]
        with self.services.engine.begin() as connection:
            connection.execute(insert(lines), rows)

    def left(self, year):
        """How many lines of a school year there are."""
        counted = select(func.count()).where(lines.c.school_year == year.start)
        with self.services.engine.connect() as connection:
            return connection.scalar(counted)

    def acts(self, action):
        """The details of what the journal has."""
        with self.site.database.reading() as tx:
            return [e.detail for e in tx.audit.latest(100) if e.action == action]


@pytest.fixture
def diary(services):
    """Seven lines two years old, four of last year, one of this; a year is kept for 300 days."""
    made = Diary(services, keep_days=300)
    for number, year in ((7, SchoolYear(2024)), (4, SchoolYear(2025)), (1, YEAR)):
        made.write(number, year)
    return made


def test_the_daily_run(diary):
    """In batches, counted beforehand, journalled, recorded in the run; then nothing is left."""
    assert dict(plan_erasing(diary.site)) == {"diary.lines": 7}
    assert diary.left(SchoolYear(2024)) == 7, "counting keeps everything"
    diary.batches.clear()
    told = []
    run = run_lifecycle(diary.site, erasing=lambda data, rows: told.append((data.id, rows)))
    assert run.counts == {"diary.lines": 7}
    assert told == [("diary.lines", 3), ("diary.lines", 6), ("diary.lines", 7)]
    assert run.finished_at is not None
    assert diary.batches == [3, 3, 1, 0]
    assert [diary.left(SchoolYear(y)) for y in (2024, 2025, 2026)] == [0, 4, 1]
    assert sum(act["rows"] for act in diary.acts("data.expired")) == 7
    assert diary.acts("data.expired")[0]["up_to"] == "2024-2025"
    assert run_lifecycle(diary.site).counts == {}
    assert last_runs(diary.site)[1].counts == {"diary.lines": 7}


def test_to_the_local_day(diary, clock):
    """Last year's data are there until midnight, 300 days after its last day."""
    run_lifecycle(diary.site)
    over = midnight(date(2026, 9, 1) + timedelta(days=300), DIJON.zone)
    clock.set(over - timedelta(seconds=1))
    run_lifecycle(diary.site, force=True)
    assert diary.left(SchoolYear(2025)) == 4
    clock.advance(seconds=1)
    run_lifecycle(diary.site)
    assert diary.left(SchoolYear(2025)) == 0
    assert diary.left(YEAR) == 1


def test_stopped_then_run_again(diary):
    """A run that is stopped keeps what it has done, and the next one goes on."""
    run = run_lifecycle(diary.site, is_stopping=lambda: len(diary.batches) == 2)
    assert run.finished_at is None
    assert diary.left(SchoolYear(2024)) == 1
    run_lifecycle(diary.site)
    assert diary.left(SchoolYear(2024)) == 0
    assert sum(act["rows"] for act in diary.acts("data.expired")) == 7


def test_a_plugin_that_fails_or_is_cut_off(diary):
    """The run goes to its end and says so; a plugin cut off is left alone."""
    diary.fails = True
    assert dict(plan_erasing(diary.site)) == {FAILED: 1}
    run = run_lifecycle(diary.site)
    assert run.finished_at is not None
    assert run.counts == {FAILED: 1}
    assert {failure.where for failure in diary.services.plugins.failures} == {"diary.lines"}
    diary.fails = False
    cut_off(diary.site, None, "diary", "Essai")
    assert run_lifecycle(diary.site).counts == {}
    assert diary.left(SchoolYear(2024)) == 7


def test_about_one_student(services):
    """What was asked for, about nobody else, with the reason in the journal."""
    diary = Diary(services)
    world = World(diary.services)
    world.establishment()
    child, other = a_student(ine=INE), a_student(first_name="Zoé")
    for student in (child, other):
        world.student(student, a_schooling(student.id))
        diary.write(4, YEAR, student.id)
    diary.write(2, SchoolYear(2025), child.id)
    account = world.account(child, Audience.STUDENT)
    for key in (INE.code, str(child.id), account.login_name):
        request = erasure_request(diary.site, key)
        assert request.student.id == child.id
    assert [each.id for each in request.erasable] == ["diary.lines"]
    assert "diary.law" in {each.id for each in request.kept}
    asked = ["diary.lines"]
    assert count_about(diary.site, request, asked, SchoolYear(2025)) == {"diary.lines": 2}
    assert count_about(diary.site, request, asked) == {"diary.lines": 6}
    stops = iter([False, True])
    partly = erase_about(
        diary.site, request, asked, reason="Mme Martin", is_stopping=lambda: next(stops)
    )
    assert partly == {"diary.lines": 3}
    assert erase_about(diary.site, request, asked, reason="Mme Martin") == {"diary.lines": 3}
    assert diary.left(YEAR) == 4, "the other student's"
    with diary.site.database.reading() as tx:
        acts = tx.audit.about(child.id)
    assert {(e.action, e.detail["reason"]) for e in acts} == {("data.erased", "Mme Martin")}
    with pytest.raises(RefusedError, match="not_erasable"):
        erase_about(diary.site, request, ["diary.law"], reason="x")
    head = world.account(a_student(first_name="Luc"), Audience.GUARDIAN)
    for key in ("personne", head.login_name, str(account.id)):
        with pytest.raises(NotFoundError):
            erasure_request(diary.site, key)
