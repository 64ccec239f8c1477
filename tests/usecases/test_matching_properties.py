"""Over generated académies, nobody becomes somebody else: whatever files say, in any order.

The truth is known here: which child and which adult each record is about. Records
lie about national identifiers as real ones do (mistyped, swapped, a twin's,
missing, late), names change, bases are made anew and give their keys to others.
Names and birth dates come from a handful, so that twins and homonyms abound.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve, frozen
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from teleservices_core.app import Teleservices
from teleservices_core.domain.establishments import Establishment, EstablishmentKind
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.matches import MatchState
from teleservices_core.domain.roster import Kinship, Level, Sex
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.errors import RefusedError
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.importing import ImportReport, import_siecle
from teleservices_core.storage import tables as t
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.databases import Databases
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.testing.synth import (
    SynthAdult,
    SynthHousehold,
    SynthLink,
    SynthSchool,
    SynthStudent,
    write_siecle,
)
from teleservices_core.testing.synth.memory import export_time
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.matching import answer
from teleservices_core.usecases.signing_in import resume, sign_in

YEAR: Final = SchoolYear(2026)
SCHOOLS: Final = tuple(
    Establishment(Uai.from_digits(f"021900{n}"), f"Collège {n}", EstablishmentKind.COLLEGE)
    for n in (1, 2)
)
EXAMPLES: Final = int(os.environ.get("MATCHING_EXAMPLES", "25"))
"""``MATCHING_EXAMPLES=2000`` is for changes to who is who."""


@frozen
class Child:
    """A true child, and the true adults responsible for him by position."""

    last_name: str
    first_name: str
    born_on: date
    sex: Sex
    birth_insee: str
    adults: tuple[int, ...]


@frozen
class Record:
    """What a school's file says of a child: under which key, with which number and name."""

    child: int
    key: int
    ine: int | None
    """Whose number it gives; 100 and more for nobody's."""
    last_name: str = ""
    """A changed one."""


@frozen
class File:
    """A school's export."""

    school: int
    records: tuple[Record, ...]
    adult_keys: tuple[int, ...]
    """The key of each adult in it."""


@frozen
class Academie:
    """Children, adults, and files in the order in which they come."""

    children: tuple[Child, ...]
    adults: tuple[SynthAdult, ...]
    files: tuple[File, ...]


_NAMES: Final = st.sampled_from(("MARTIN", "PETIT"))


@st.composite
def children(draw: st.DrawFn) -> Child:
    """From a handful of names and dates."""
    return Child(
        draw(_NAMES),
        draw(st.sampled_from(("Zoé", "Léo", "Marie", "Marie-Lou"))),
        draw(st.sampled_from((date(2013, 2, 1), date(2011, 7, 19)))),
        draw(st.sampled_from((Sex.FEMALE, Sex.MALE))),
        draw(st.sampled_from(("21231", "71076"))),
        tuple(draw(st.sets(st.integers(0, 3), min_size=1, max_size=2))),
    )


def _title(adult: SynthAdult) -> tuple[str, str, str]:
    return adult.last_name, adult.first_name, adult.title


@st.composite
def academies(draw: st.DrawFn) -> Academie:
    """Two to four children, who may attend both schools, and up to four files."""
    found = draw(
        st.lists(
            children(),
            min_size=2,
            max_size=4,
            unique_by=lambda c: (c.last_name, c.first_name, c.born_on, c.birth_insee),
        )
    )
    adults = tuple(
        SynthAdult(
            0,
            draw(_NAMES),
            draw(st.sampled_from(("Ève", "Luc"))),
            draw(st.sampled_from(("MME", "M."))),
            email=f"adulte{n}@example.org",
        )
        for n in range(4)
    )
    # Two of one first name and title beside one child are told apart by nothing but the key:
    # another surname is what a marriage gives.
    for child in found:
        assume(len({_title(adults[n])[1:] for n in child.adults}) == len(child.adults))
    numbers: dict[int, list[int]] = {0: [], 1: []}
    files = []
    for _round in range(draw(st.integers(2, 4))):
        school = draw(st.integers(0, 1))
        anew = draw(st.booleans())
        if anew or not numbers[school]:
            numbers[school] = draw(st.permutations(range(1, 9)))
        keys = numbers[school]
        present = sorted(draw(st.sets(st.integers(0, len(found) - 1), min_size=1)))
        said: dict[int, int | None] = {}
        for child in present:
            # A base made anew is exported by its program, with the numbers that it has.
            wrong = st.sampled_from((*range(len(found)), 100 + child, None))
            said[child] = draw(st.sampled_from((child, None)) if anew else st.just(child) | wrong)
        renamed = draw(st.sets(st.sampled_from(present), max_size=1)) if not anew else set()
        files.append(
            File(
                school,
                tuple(
                    Record(
                        child,
                        keys[child],
                        said[child],
                        "DURAND" if child in renamed else "",
                    )
                    for child in present
                ),
                tuple(keys[4:]),
            )
        )
    return Academie(tuple(found), adults, tuple(files))


class Bench:
    """A site that imports files, and the truth beside it."""

    def __init__(self, services: Teleservices, academie: Academie) -> None:
        self.services, self.academie = services, academie
        self.owners: dict[Any, set[int]] = defaultdict(set)
        self.linked: set[tuple[int, int]] = set()
        with services.site.database.writing() as tx:
            tx.roster.save_establishments(SCHOOLS)

    def load(self, file: File, **options: Any) -> ImportReport:
        """Import a file, and note whom its records were given to."""
        at, households = SCHOOLS[file.school], []
        for record in file.records:
            child = self.academie.children[record.child]
            students = (
                SynthStudent(
                    record.key,
                    record.last_name or child.last_name,
                    child.first_name,
                    child.born_on,
                    sex=child.sex,
                    ine=None if record.ine is None else Ine.rnie(record.ine + 1),
                    birth_insee=child.birth_insee,
                ),
            )
            links = tuple(
                SynthLink(record.key, file.adult_keys[n], Level.LEGAL, Kinship.OTHER)
                for n in child.adults
            )
            households.append(SynthHousehold(students, (), links))
        described = {n for r in file.records for n in self.academie.children[r.child].adults}
        adults = tuple(evolve(self.academie.adults[n], id=file.adult_keys[n]) for n in described)
        households.append(SynthHousehold((), adults, ()))
        with tempfile.TemporaryDirectory() as folder:
            school = SynthSchool(at, YEAR, export_time(YEAR), tuple(households))
            write_siecle(Path(folder), school)
            report = import_siecle(
                self.services.site, at.uai, [Path(folder)], allow_departures=True, **options
            )
        self._note(file, {each.key for each in report.rejected})
        return report

    def _note(self, file: File, withheld: set[str]) -> None:
        uai = SCHOOLS[file.school].uai.code
        keys = {
            (row.kind, row.siecle_id): row.entity_id
            for row in self.rows(t.siecle_keys)
            if row.uai == uai
        }
        for record in file.records:
            if str(record.key) not in withheld:
                self.owners[keys["student", str(record.key)]].add(record.child)
                for adult in self.academie.children[record.child].adults:
                    self.linked.add((record.child, adult))
                    if ("adult", str(file.adult_keys[adult])) in keys:
                        self.owners[keys["adult", str(file.adult_keys[adult])]].add(adult)

    def rows(self, table: Any) -> list[Any]:
        with self.services.engine.connect() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key)))

    def state(self) -> dict[str, list[Any]]:
        tables = (
            *(t.students, t.adults, t.responsibilities, t.schoolings, t.siecle_keys),
            t.account_holders,
        )
        return {table.name: [tuple(row) for row in self.rows(table)] for table in tables}

    def check(self) -> None:
        """Everybody is one person, and every link is one that some record gives."""
        for entity, owners in self.owners.items():
            assert len(owners) == 1, (entity, owners)
        for link in self.rows(t.responsibilities):
            (child,), (adult,) = self.owners[link.student_id], self.owners[link.adult_id]
            assert (child, adult) in self.linked
        numbers = [row.ine for row in self.rows(t.students) if row.ine]
        assert len(numbers) == len(set(numbers))


@pytest.fixture
def bench(databases: Databases) -> Any:
    """Make a bench on a new database."""

    @contextmanager
    def make(academie: Academie, backend: str = "sqlite") -> Iterator[Bench]:
        with databases.lent(backend) as engine:
            services = Teleservices(
                make_settings("sqlite://"),
                engine=engine,
                clock=FixedClock(export_time(YEAR)),
                hasher=Argon2Hasher.cheapest(),
            )
            yield Bench(services, academie)

    return make


@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate])
@given(academie=academies())
def test_no_import_makes_one_of_two(bench: Any, academie: Academie) -> None:
    with bench(academie) as site:
        for file in academie.files:
            site.load(file)
            site.check()
        again = site.load(academie.files[-1])
        assert again.changes_nothing, again.counts
        site.check()


def test_who_is_asked_about_stays_apart(bench: Any) -> None:
    """Renamed like the one who was given her number by mistake: nobody is moved to her record."""
    born = (date(2011, 7, 19), Sex.FEMALE, "71076", (0,))
    children = (Child("PETIT", "Marie-Lou", *born), Child("MARTIN", "Marie", *born))
    adults = (SynthAdult(0, "MARTIN", "Ève", "MME", email="adulte@example.org"),)
    files = (
        File(1, (Record(1, 8, 0, "DURAND"),), (5,)),
        File(0, (Record(0, 6, 0), Record(1, 3, 1)), (1,)),
        File(0, (Record(0, 6, 0, "DURAND"), Record(1, 3, 1)), (1,)),
    )
    with bench(Academie(children, adults, files)) as site:
        for file in files:
            site.load(file)
            site.check()
        assert site.load(files[-1]).changes_nothing


def test_a_number_given_back_is_taken_at_once(bench: Any) -> None:
    """Swapped numbers put right beside a changed name: the same file again changes nothing."""
    children = (
        Child("MARTIN", "Marie", date(2013, 2, 1), Sex.FEMALE, "71076", (0,)),
        Child("MARTIN", "Léo", date(2011, 7, 19), Sex.FEMALE, "71076", (0,)),
    )
    adults = (SynthAdult(0, "MARTIN", "Ève", "MME", email="adulte@example.org"),)
    files = (
        File(0, (Record(0, 4, 1), Record(1, 6, 0)), (1,)),
        File(0, (Record(0, 4, 0, "DURAND"), Record(1, 6, 1)), (1,)),
    )
    with bench(Academie(children, adults, files)) as site:
        for file in files:
            site.load(file)
        assert site.load(files[-1]).changes_nothing
        site.check()


@settings(max_examples=max(2, EXAMPLES // 12), phases=[Phase.explicit, Phase.generate])
@given(academie=academies())
def test_both_databases_agree(bench: Any, academie: Academie) -> None:
    with bench(academie, "sqlite") as one, bench(academie, "postgresql") as other:
        for file in academie.files:
            assert one.load(file).counts == other.load(file).counts
            other.check()


@settings(max_examples=max(5, EXAMPLES // 2), phases=[Phase.explicit, Phase.generate])
@given(academie=academies(), data=st.data())
def test_answers_taken_back_leave_nothing(
    bench: Any, academie: Academie, data: st.DataObject
) -> None:
    """Right or wrong: before and after are the same, and imports go on from there."""
    with bench(academie) as site:
        for file in academie.files:
            site.load(file)
        services: Teleservices = site.services
        account = World(services).staff(Role.ACADEMY_ADMIN)
        secret = sign_in(services.site, account.login_name, PASSWORD, source="x").secret
        academy = resume(services.site, secret)
        assert academy is not None
        heads = {}
        for school in SCHOOLS:
            head = World(services).staff(Role.HEAD, school.uai)
            secret = sign_in(services.site, head.login_name, PASSWORD, source="x").secret
            heads[school.uai] = resume(services.site, secret)
        with services.site.database.reading() as tx:
            questions = [m for school in SCHOOLS for m in tx.matches.of_school(school.uai)]
        before, answered = site.state(), []
        for match in data.draw(st.permutations(questions)):
            place = (academy, None) if match.other_uai else (heads[match.uai], match.uai)
            try:
                answer(services.site, place[0], match.id, place[1], MatchState.SAME)
            except RefusedError:
                # Another answer has made one of them one with a third.
                continue
            services.site.clock.advance(seconds=1)
            answered.append((match, place))
        for match, (viewer, uai) in reversed(answered):
            answer(services.site, viewer, match.id, uai, MatchState.OPEN)
        assert site.state() == before
        assert site.load(academie.files[-1]).changes_nothing
        site.check()
