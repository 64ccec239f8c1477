"""An import is taken back as a whole, but for what was built on it since."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from os import environ
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from click.testing import CliRunner
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update
from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.commands.importing import import_group
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Kinship, Level
from teleservices_core.domain.undoing import Held
from teleservices_core.domain.values import Ine
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.importing import ImportReport, import_siecle
from teleservices_core.storage import tables as t
from teleservices_core.storage.import_changes import key_of
from teleservices_core.testing.builders import COLLEGE, an_establishment
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.databases import Databases
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.testing.meanwhile import meanwhile
from teleservices_core.testing.strategies import corrected, schools
from teleservices_core.testing.synth import (
    SynthAdult,
    SynthHousehold,
    SynthLink,
    SynthSchool,
    SynthStudent,
    write_siecle,
)
from teleservices_core.testing.synth.memory import export_time
from teleservices_core.usecases.lifecycle import run_lifecycle
from teleservices_core.usecases.undoing import import_runs, preview_undo, undo_import

EXAMPLES = int(environ.get("UNDO_EXAMPLES", "5"))
JOURNAL = {t.audit, t.seals, t.imports, t.quarantine, t.import_changes, t.site}


class Bench:
    """A site of its own."""

    def __init__(self, services: Teleservices, school: SynthSchool) -> None:
        self.services, self.site = services, services.site
        with self.site.database.writing() as tx:
            tx.roster.save_establishments([school.establishment])

    def run(self, school: SynthSchool) -> ImportReport:
        with tempfile.TemporaryDirectory() as folder:
            write_siecle(Path(folder), school)
            uai = school.establishment.uai
            return import_siecle(self.site, uai, [Path(folder)], allow_departures=True)

    def last(self) -> UUID:
        return import_runs(self.site, None)[0].id

    def undo(self, import_id: UUID) -> Any:
        seen = preview_undo(self.site, import_id).plan.seen
        return undo_import(self.site, import_id, seen=seen)

    def rows(self, table: Any) -> list[Any]:
        with self.services.engine.connect() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key)))

    def state(self) -> dict[str, list[Any]]:
        """The whole database, but the journal."""
        tables = t.metadata.sorted_tables
        return {table.name: self.rows(table) for table in tables if table not in JOURNAL}


Make = Callable[..., Any]


@pytest.fixture
def bench(databases: Databases) -> Make:
    """Make a bench on a new database."""

    @contextmanager
    def make(school: SynthSchool, backend: str = "sqlite") -> Iterator[Bench]:
        clock, hasher = FixedClock(school.exported_at), Argon2Hasher.cheapest()
        with databases.lent(backend) as engine:
            settings = make_settings("sqlite://")
            yield Bench(Teleservices(settings, engine=engine, clock=clock, hasher=hasher), school)

    return make


def at_the_same_place(after: SynthSchool, before: SynthSchool) -> SynthSchool:
    return evolve(
        after,
        establishment=before.establishment,
        school_year=before.school_year,
        exported_at=before.exported_at,
    )


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_what_was_before_is_again(bench: Make, backend: str) -> None:
    """A, B, and B taken back: A, whatever A and B are; and B may be made again."""

    @settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate], deadline=None)
    @given(before=schools(), other=schools(), data=st.data())
    def holds(before: SynthSchool, other: SynthSchool, data: st.DataObject) -> None:
        same = data.draw(st.booleans())
        after = data.draw(corrected(before)) if same else at_the_same_place(other, before)
        with bench(before, backend) as site:
            empty = site.state()
            site.run(before)
            first, state = site.last(), site.state()
            made = site.run(after)
            if site.last() == first or made.changes_nothing:
                return
            told = preview_undo(site.site, site.last())
            assert site.state() != state
            done = site.undo(site.last())
            assert done.plan == told.plan
            assert not done.plan.kept
            assert site.state() == state
            again = site.run(after)
            assert again.counts == made.counts
            site.undo(site.last())
            assert site.state() == state
            site.undo(first)
            assert site.state() == empty

    holds()


def accounts_of(site: Bench, person_id: UUID) -> list[Any]:
    held = [row.account_id for row in site.rows(t.account_holders) if row.person_id == person_id]
    return [row for row in site.rows(t.accounts) if row.id in held]


def set_row(site: Bench, table: Any, row: Any, **values: Any) -> None:
    with site.services.engine.begin() as connection:
        key = [column == row._mapping[column.name] for column in table.primary_key]
        connection.execute(update(table).where(*key).values(**values))


Draw = Callable[..., Any]


def some(draw: Draw, rows: list[Any]) -> list[Any]:
    return [draw(st.sampled_from(rows))] if rows else []


def claim(site: Bench, draw: Draw) -> None:
    for row in some(draw, [row for row in site.rows(t.accounts) if row.state == "new"]):
        set_row(site, t.accounts, row, state="active", claimed_at=row.created_at)


def close(site: Bench, draw: Draw) -> None:
    for row in some(draw, [row for row in site.rows(t.accounts) if row.state == "new"]):
        set_row(site, t.accounts, row, state="closed")


def bar(site: Bench, draw: Draw) -> None:
    for row in some(draw, site.rows(t.responsibilities)):
        set_row(site, t.responsibilities, row, is_barred=True)


def correct(site: Bench, draw: Draw) -> None:
    for row in some(draw, site.rows(t.students)):
        set_row(site, t.students, row, birth_town="Ailleurs")


def move(site: Bench, draw: Draw) -> None:
    for row in some(draw, site.rows(t.schoolings)):
        set_row(site, t.schoolings, row, class_group="9 Z")


def report(site: Bench, draw: Draw) -> None:
    account = site.rows(t.accounts)[0]
    for row in some(draw, site.rows(t.responsibilities)):
        about = {"adult_id": row.adult_id, "student_id": row.student_id, "uai": row.uai}
        made = {"id": uuid7(), "account_id": account.id, "state": "open", "at": account.created_at}
        with site.services.engine.begin() as connection:
            connection.execute(insert(t.link_reports).values(**made, **about))


def answer(site: Bench, draw: Draw) -> None:
    for row in some(draw, site.rows(t.matches)):
        set_row(site, t.matches, row, state="different", version=row.version + 1)


def take_number(site: Bench, draw: Draw) -> None:
    students = site.rows(t.students)
    free = Ine.rnie(900_000_001).code
    if free not in {row.ine for row in students}:
        for row in some(draw, [row for row in students if row.ine is None]):
            set_row(site, t.students, row, ine=free)


ACTS = (claim, close, bar, correct, move, report, answer, take_number)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_what_was_built_on_it_stays(bench: Make, backend: str) -> None:
    """Acts in between, whatever they are: what they touched stays, told before; the rest goes."""

    @settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate], deadline=None)
    @given(before=schools(), acts=st.lists(st.sampled_from(ACTS), max_size=3), data=st.data())
    def holds(before: SynthSchool, acts: list[Draw], data: st.DataObject) -> None:
        after = data.draw(corrected(before))
        with bench(before, backend) as site:
            site.run(before)
            first = keyed(site.state())
            if site.run(after).changes_nothing:
                return
            left = keyed(site.state())
            for act in acts:
                act(site, data.draw)
            built = keyed(site.state())
            done = site.undo(site.last())
            told = {(each.row.table, tuple(each.row.key)) for each in done.plan.kept}
            for key, row in keyed(site.state()).items():
                # As it was before, as somebody left it since, or told to stay.
                assert row == first.get(key) or row != left.get(key) or key in told, key
            now = keyed(site.state())
            for key, row in built.items():
                if row != left.get(key):
                    assert now.get(key) == row, key
            assert not [e for e in done.plan.kept if e.why is Held.DATA]
            site.run(after)

    holds()


Key = tuple[str, tuple[Any, ...]]


def keyed(state: dict[str, list[Any]]) -> dict[Key, Any]:
    return {
        (name, key_of(t.metadata.tables[name], row._mapping)): row
        for name, rows in state.items()
        for row in rows
    }


@pytest.fixture
def one(bench: Make) -> Iterator[Bench]:
    """A school of two families, imported."""
    school = a_school()
    with bench(school) as site:
        site.run(school)
        yield site


def a_school() -> SynthSchool:
    zoe = SynthStudent(1, "MARTIN", "Zoé", date(2013, 2, 1))
    lou = SynthStudent(2, "PETIT", "Lou", date(2013, 3, 1))
    eve, ana = SynthAdult(10, "MARTIN", "Ève", "MME"), SynthAdult(11, "PETIT", "Ana", "MME")
    homes = (
        SynthHousehold((zoe,), (eve,), (SynthLink(1, 10, Level.LEGAL, Kinship.MOTHER),)),
        SynthHousehold((lou,), (ana,), (SynthLink(2, 11, Level.LEGAL, Kinship.MOTHER),)),
    )
    year = SchoolYear(2026)
    return SynthSchool(an_establishment(COLLEGE), year, export_time(year), homes)


def named(site: Bench, table: Any, first_name: str) -> Any:
    return next(row for row in site.rows(table) if row.first_name == first_name)


def test_who_uses_an_account_stays_with_it_and_is_named(one: Bench) -> None:
    eve = named(one, t.adults, "Ève")
    (account,) = accounts_of(one, eve.id)
    set_row(one, t.accounts, account, state="active", claimed_at=account.created_at)
    told = preview_undo(one.site, one.last())
    assert dict(told.names) == {eve.id: "Ève MARTIN"}
    assert told.plan.persons_kept == {eve.id: Held.ACCOUNT}
    one.undo(one.last())
    assert [row.first_name for row in one.rows(t.adults)] == ["Ève"]
    assert [row.state for row in one.rows(t.accounts)] == ["active"]
    # Her daughter was nothing but a line of the file: the next import brings her back, linked.
    assert not one.rows(t.students)
    one.run(a_school())
    assert named(one, t.adults, "Ève").id == eve.id
    assert len(one.rows(t.adults)) == len(one.rows(t.responsibilities)) == 2


def test_an_unused_letter_goes_with_the_account(one: Bench) -> None:
    for account in one.rows(t.accounts):
        at = account.created_at
        set_row(one, t.accounts, account, state="issued", issued_at=at)
        with one.services.engine.begin() as connection:
            letter = {"id": uuid7(), "account_id": account.id, "code_hash": "x"}
            connection.execute(insert(t.letters).values(**letter, issued_at=at, expires_at=at))
    assert not one.undo(one.last()).plan.kept
    assert not one.rows(t.accounts)
    assert not one.rows(t.letters)


def test_nothing_is_done_that_was_not_told(one: Bench) -> None:
    told = preview_undo(one.site, one.last())
    (account,) = accounts_of(one, named(one, t.adults, "Ève").id)
    set_row(one, t.accounts, account, state="active", claimed_at=account.created_at)
    before = one.state()
    with pytest.raises(ConflictError):
        undo_import(one.site, one.last(), seen=told.plan.seen)
    assert one.state() == before


def test_what_happens_before_it_is_done_is_not_lost(one: Bench) -> None:
    """Somebody claims an account while it is being worked out: nothing is done, and told anew."""
    told = preview_undo(one.site, one.last())
    state = one.state()

    def claim_one() -> None:
        row = one.rows(t.accounts)[0]
        set_row(one, t.accounts, row, state="active", claimed_at=row.created_at)

    with meanwhile(claim_one), pytest.raises(ConflictError):
        undo_import(one.site, one.last(), seen=told.plan.seen)
    now = one.state()
    assert now.pop("core_accounts") == one.rows(t.accounts) != state.pop("core_accounts")
    assert now == state
    again = preview_undo(one.site, one.last())
    assert again.plan.persons_kept
    one.undo(one.last())


def test_what_does_not_matter_does_not_stop_it(one: Bench) -> None:
    told = preview_undo(one.site, one.last())
    with one.site.database.reading() as tx:
        at = tx.undoing.run(one.last()).at

    def sign_in_elsewhere() -> None:
        with one.services.engine.begin() as connection:
            connection.execute(insert(t.throttles).values(key="somebody", last_at=at))

    with meanwhile(sign_in_elsewhere) as done:
        undo_import(one.site, one.last(), seen=told.plan.seen)
    assert done
    assert not one.rows(t.students)


def test_once(one: Bench) -> None:
    run = one.last()
    one.undo(run)
    with pytest.raises(RefusedError) as refused:
        one.undo(run)
    assert refused.value.code == "already_undone"
    with pytest.raises(NotFoundError):
        preview_undo(one.site, uuid7())
    (entry, *_older) = import_runs(one.site, None)
    assert entry.undone_at == one.site.now()
    actions = [row.action for row in one.rows(t.audit)]
    assert actions.count("roster.undone") == 1


def test_what_changed_is_kept_for_a_time(one: Bench) -> None:
    one.services.site.clock.advance(timedelta(days=61))  # type: ignore[attr-defined]
    run_lifecycle(one.site)
    assert not one.rows(t.import_changes)
    with pytest.raises(RefusedError) as refused:
        preview_undo(one.site, one.last())
    assert refused.value.code == "not_kept"
    assert one.rows(t.students)


def test_commands(one: Bench) -> None:
    run = str(one.last())
    runner = CliRunner()
    listed = runner.invoke(import_group, ["list"], obj=lambda: one.services)
    assert f"teleservices import undo {run}" in listed.output
    dry = runner.invoke(import_group, ["undo", run, "--dry-run"], obj=lambda: one.services)
    assert "2  élèves ajoutés, à retirer" in dry.output
    assert len(one.rows(t.students)) == 2
    done = runner.invoke(import_group, ["undo", run], obj=lambda: one.services, input="y\n")
    assert (done.exit_code, one.rows(t.students)) == (0, []), done.output
    again = runner.invoke(import_group, ["undo", run, "--yes"], obj=lambda: one.services)
    assert "déjà annulée" in again.output
    (entry,) = json.loads(
        runner.invoke(import_group, ["list", "--json"], obj=lambda: one.services).output
    )
    assert (entry["may_be_undone"], entry["undone_at"] is None) == (False, False)
