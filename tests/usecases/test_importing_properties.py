"""What holds of any school: imports are functions of the files (T69, T71)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from teleservices_core.app import Teleservices
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.importing import ImportReport, import_siecle
from teleservices_core.storage import tables as t
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.databases import Databases
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.testing.strategies import schools
from teleservices_core.testing.synth import SynthSchool, write_siecle
from teleservices_core.usecases.importing.accounts import login_names


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

    def state(self) -> dict[str, list[str]]:
        """Everything but the journal, with the files' identifiers instead of ours."""
        keys = {
            row["entity_id"]: f"{row['kind']} {row['siecle_id']}"
            for row in self.rows(t.siecle_keys)
        }
        # Whose key was given to somebody else, told by what is known of them.
        for person in (*self.rows(t.students), *self.rows(t.adults)):
            facts = {name: value for name, value in person.items() if name != "id"}
            keys.setdefault(person["id"], f"former {facts}")
        keys |= {row["id"]: f"account {row['login_name']}" for row in self.rows(t.accounts)}
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
        )
        return {
            table.name: sorted(
                repr({name: keys.get(value, value) for name, value in row.items()})
                for row in self.rows(table)
            )
            for table in tables
        }


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
