"""What holds of any school: imports are functions of the files (T69, T71)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Account, AccountState, Audience
from teleservices_core.domain.credentials import login_stem
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.importing import ImportReport, import_siecle
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import COLLEGE, an_establishment
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.databases import Databases
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.testing.meanwhile import meanwhile
from teleservices_core.testing.strategies import corrected, schools
from teleservices_core.testing.synth import SynthSchool, write_siecle
from teleservices_core.usecases.importing.accounts import login_names
from teleservices_core.usecases.undoing import import_runs, preview_undo, undo_import

EXAMPLES: Final = int(environ.get("MEANWHILE_EXAMPLES", "2"))
OTHER: Final = an_establishment(COLLEGE)


class Bench:
    """A site of its own, with a school's establishment."""

    def __init__(self, services: Teleservices, school: SynthSchool) -> None:
        self.services = services
        with services.site.database.writing() as tx:
            tx.roster.save_establishments([school.establishment])

    def run(self, school: SynthSchool, shuffle: int | None = None, **options: Any) -> ImportReport:
        with tempfile.TemporaryDirectory() as folder:
            random = None if shuffle is None else Random(shuffle)
            write_siecle(Path(folder), school, shuffle=random)
            return import_siecle(
                self.services.site,
                school.establishment.uai,
                [Path(folder)],
                allow_departures=True,
                **options,
            )

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with self.services.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(select(table))]

    def names(self) -> dict[Any, str]:
        """The files' identifiers instead of ours."""
        keys = {
            row["entity_id"]: f"{row['kind']} {row['siecle_id']}"
            for row in self.rows(t.siecle_keys)
        }
        # Whose key was given to somebody else, told by what is known of them.
        for person in (*self.rows(t.students), *self.rows(t.adults)):
            facts = {name: value for name, value in person.items() if name != "id"}
            keys.setdefault(person["id"], f"former {facts}")
        return keys | {row["id"]: f"account {row['login_name']}" for row in self.rows(t.accounts)}

    def state(self) -> dict[str, list[str]]:
        """Everything but the journal."""
        names = self.names()
        tables = (
            t.students,
            t.adults,
            t.responsibilities,
            t.schoolings,
            t.siecle_keys,
            t.accounts,
            t.account_holders,
            t.class_groups,
            t.nomenclature,
            t.matches,
        )
        return {
            table.name: sorted(
                repr({name: named(names, value) for name, value in row.items()})
                for row in self.rows(table)
            )
            for table in tables
        }


def named(names: dict[Any, str], value: Any) -> Any:
    """A value, or whose identifier it is; nobody's tells nothing."""
    return names.get(value, "somebody") if isinstance(value, UUID) else value


Make = Callable[..., Any]


@pytest.fixture
def bench(databases: Databases) -> Make:
    """Make a bench on a new database."""

    @contextmanager
    def make(school: SynthSchool, backend: str = "sqlite") -> Iterator[Bench]:
        clock, hasher = FixedClock(school.exported_at), Argon2Hasher.cheapest()
        with databases.lent(backend) as engine:
            settings = make_settings("sqlite://")
            services = Teleservices(settings, engine=engine, clock=clock, hasher=hasher)
            yield Bench(services, school)

    return make


@settings(max_examples=20)
@given(school=schools())
def test_a_second_import_changes_nothing(bench: Make, school: SynthSchool) -> None:
    with bench(school) as site:
        dry = site.run(school, dry_run=True)
        first = site.run(school)
        assert dry.counts == first.counts
        state = site.state()
        second = site.run(school)
        assert second.changes_nothing
        assert second.differences == ()
        assert site.state() == state


@settings(max_examples=20)
@given(school=schools(), shuffle=st.integers(0, 1_000))
def test_the_order_of_records_changes_nothing(
    bench: Make, school: SynthSchool, shuffle: int
) -> None:
    with bench(school) as one, bench(school) as other:
        first = one.run(school)
        second = other.run(school, shuffle)
        assert first.counts == second.counts
        assert one.state() == other.state()
        assert one.run(school, shuffle).changes_nothing


# Shrinking would make hundreds of databases.
@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])
@given(before=schools(), after=schools())
def test_both_databases_agree(bench: Make, before: SynthSchool, after: SynthSchool) -> None:
    after = evolve(
        after,
        establishment=before.establishment,
        school_year=before.school_year,
        exported_at=before.exported_at,
    )
    with bench(before, "sqlite") as one, bench(before, "postgresql") as other:
        for school in (before, after, after):
            assert one.run(school).counts == other.run(school).counts
            assert one.state() == other.state()


@settings(max_examples=20)
@given(school=schools())
def test_nobody_is_merged(bench: Make, school: SynthSchool) -> None:
    """Twins and homonyms: as many persons as records, even under one name and birth date."""
    alike = evolve(
        school,
        households=tuple(
            evolve(
                household,
                students=tuple(
                    evolve(
                        s, last_name="MARTIN", first_name="Zoé", born_on=school.exported_at.date()
                    )
                    for s in household.students
                ),
                adults=tuple(
                    evolve(a, last_name="MARTIN", first_name="Ève") for a in household.adults
                ),
            )
            for household in school.households
        ),
    )
    with bench(school) as site:
        site.run(alike)
        site.run(alike)
        assert len(site.rows(t.students)) == len(list(school.students))
        assert len(site.rows(t.adults)) == len(list(school.adults))
        names = [row["login_name"] for row in site.rows(t.accounts)]
        assert len(names) == len(set(names))


@settings(max_examples=20)
@given(before=schools(), after=schools())
def test_any_state_leads_to_the_files(bench: Make, before: SynthSchool, after: SynthSchool) -> None:
    """Whatever was there, what the files say holds afterwards, and nobody is deleted."""
    after = evolve(
        after,
        establishment=before.establishment,
        school_year=before.school_year,
        exported_at=before.exported_at,
    )
    with bench(before) as site:
        site.run(before)
        known = {row["id"] for row in site.rows(t.students)}
        accounts = {row["id"]: row["login_name"] for row in site.rows(t.accounts)}
        report = site.run(after)
        assert site.run(after).changes_nothing
        assert known <= {row["id"] for row in site.rows(t.students)}
        assert accounts.items() <= {r["id"]: r["login_name"] for r in site.rows(t.accounts)}.items()
        present = [row for row in site.rows(t.schoolings) if row["left_on"] is None]
        withheld = {rejected.key for rejected in report.rejected}
        listed = [s for s in after.students if str(s.id) not in withheld]
        assert len(present) >= len(listed)


@given(
    st.lists(st.sampled_from(["a.b", "a.b2", "a.b22", "c.d"]), max_size=30),
    st.sets(st.sampled_from(["a.b", "a.b2", "a.b3", "a.b22", "c.d", "c.d5", "c.d40"])),
)
def test_login_names_are_free_and_distinct(stems: list[str], taken: set[str]) -> None:
    names = login_names(stems, lambda asked: taken & set(asked))
    assert len(names) == len(stems)
    assert len(set(names)) == len(names)
    assert not taken & set(names)
    for stem, name in zip(stems, names, strict=True):
        assert name == stem or (name.startswith(stem) and int(name[len(stem) :]) >= 2)


def test_login_names_of_a_crowd_ask_little() -> None:
    taken = {"a.b", *(f"a.b{n}" for n in range(2, 3_000))}
    questions: list[int] = []

    def ask(names: Any) -> set[str]:
        questions.append(len(names))
        return taken & set(names)

    assert login_names(["a.b"], ask) == ["a.b3000"]
    assert len(questions) < 8


# --- Meanwhile -------------------------------------------------------------------------

Act = Callable[[Bench, SynthSchool, int], Any]


def one_of(site: Bench, pick: int, table: Any, *, where: str = "") -> Any:
    """A row, chosen by what the files say of it; our identifiers differ each time."""
    rows = [row for row in site.rows(table) if not where or row[where]]
    names = site.names()
    rows.sort(key=lambda row: repr({name: named(names, row[name]) for name in row}))
    return rows[pick % len(rows)] if rows else None


def change(site: Bench, table: Any, row: Any, **values: Any) -> None:
    if row is not None:
        key = [column == row[column.name] for column in table.primary_key]
        with site.services.site.database.writing() as tx:
            tx.connection.execute(update(table).where(*key).values(**values))


def somebody_uses_an_account(site: Bench, _after: SynthSchool, pick: int) -> None:
    account = one_of(site, pick, t.accounts)
    change(site, t.accounts, account, state="active", version=1, login_name="mine.now")


def a_link_is_barred(site: Bench, _after: SynthSchool, pick: int) -> None:
    change(site, t.responsibilities, one_of(site, pick, t.responsibilities), is_barred=True)


def a_number_is_given_up(site: Bench, _after: SynthSchool, pick: int) -> None:
    change(site, t.students, one_of(site, pick, t.students, where="ine"), ine=None)


def an_answer_is_given(site: Bench, _after: SynthSchool, pick: int) -> None:
    change(site, t.matches, one_of(site, pick, t.matches), state="different", version=1)


def a_name_is_taken(site: Bench, after: SynthSchool, pick: int) -> None:
    persons = [*after.students, *after.adults]
    stems = {login_stem(each.first_name, each.last_name) for each in persons}
    free = sorted(stems - {row["login_name"] for row in site.rows(t.accounts)})
    if free:
        name, at = free[pick % len(free)], site.services.site.now()
        account = Account(
            uuid7(), Audience.STAFF, name, AccountState.NEW, (uuid7(),), created_at=at
        )
        with site.services.site.database.writing() as tx:
            tx.accounts.add(account)


def the_same_files_come_first(site: Bench, after: SynthSchool, _pick: int) -> None:
    site.run(after)


def another_school_brings_them(site: Bench, after: SynthSchool, _pick: int) -> None:
    site.run(evolve(after, establishment=OTHER))


def an_import_is_taken_back(site: Bench, _after: SynthSchool, _pick: int) -> None:
    run = import_runs(site.services.site, None)[0].id
    told = preview_undo(site.services.site, run)
    undo_import(site.services.site, run, seen=told.plan.seen)


ACTS: tuple[Act, ...] = (
    somebody_uses_an_account,
    a_link_is_barred,
    a_number_is_given_up,
    an_answer_is_given,
    a_name_is_taken,
    the_same_files_come_first,
    another_school_brings_them,
    an_import_is_taken_back,
)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_what_happens_meanwhile_has_happened_before(bench: Make, backend: str, act: Act) -> None:
    """Between the comparison and the writing: as if the import had begun after it."""

    @settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate])
    @given(before=schools(), data=st.data(), pick=st.integers(0, 1_000))
    def holds(before: SynthSchool, data: st.DataObject, pick: int) -> None:
        after = data.draw(corrected(before))
        with bench(before, backend) as late, bench(before, backend) as first:
            for site in (late, first):
                with site.services.site.database.writing() as tx:
                    tx.roster.save_establishments([OTHER])
                site.run(before)
            with meanwhile(lambda: act(late, after, pick)) as done:
                report = late.run(after)
            assert done == [1]
            act(first, after, pick)
            assert report.counts == first.run(after).counts
            assert late.state() == first.state()

    holds()
