"""No import makes one person of two by chance: what does not agree waits for somebody.

He says whether they are one, and may take it back: everything is sorted out again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from click.testing import CliRunner
from sqlalchemy import insert, select, update
from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.commands.matches import matches
from teleservices_core.doctor import examine
from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.establishments import Establishment, EstablishmentKind
from teleservices_core.domain.likeness import Trait
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.matches import Match, MatchKind, MatchState
from teleservices_core.domain.roster import Kinship, Level, Sex
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotAllowedError, NotFoundError, RefusedError
from teleservices_core.importing import ImportReport, import_siecle
from teleservices_core.storage import tables as t
from teleservices_core.testing.clock import FixedClock
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
from teleservices_core.usecases.erasing import count_about, erasure_request
from teleservices_core.usecases.matching import answer, postpone
from teleservices_core.usecases.signing_in import resume, sign_in

YEAR = SchoolYear(2026)
COLLEGE = Establishment(Uai.from_digits("0219001"), "Collège Un", EstablishmentKind.COLLEGE)
OTHER = Establishment(Uai.from_digits("0219002"), "Collège Deux", EstablishmentKind.COLLEGE)
INE = Ine.rnie(1)
EVE = SynthAdult(10, "MARTIN", "Ève", "MME", email="eve@example.org")
ZOE = SynthStudent(
    1, "MARTIN", "Zoé", date(2013, 2, 1), sex=Sex.FEMALE, ine=INE, birth_insee="21231"
)
ANA = evolve(ZOE, id=71, last_name="PETIT", first_name="Ana", birth_insee="71076")
"""A girl of another school, with the number and the birth date of the first."""
PAUL = SynthAdult(810, "PETIT", "Paul", "M.")

Load = Callable[..., ImportReport]


def family(student: SynthStudent, *adults: SynthAdult) -> SynthHousehold:
    links = (SynthLink(student.id, each.id, Level.LEGAL, Kinship.OTHER) for each in adults)
    return SynthHousehold((student,), adults, tuple(links))


@pytest.fixture
def load(services: Teleservices, tmp_path: Path) -> Load:
    """Import families into an establishment."""
    with services.site.database.writing() as tx:
        tx.roster.save_establishments([COLLEGE, OTHER])

    def load(*households: SynthHousehold, at: Any = COLLEGE, **options: Any) -> ImportReport:
        folder = tmp_path / f"exports{len(list(tmp_path.iterdir()))}"
        write_siecle(folder, SynthSchool(at, YEAR, export_time(YEAR), households))
        paths = sorted(folder.glob(options.pop("files", "*.xml")))
        return import_siecle(services.site, at.uai, paths, allow_departures=True, **options)

    return load


def rows(services: Teleservices, table: Any) -> list[Any]:
    with services.engine.connect() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)))


def links(services: Teleservices) -> set[tuple[str, str]]:
    """Who is linked to whom today, by first names."""
    found = (
        select(t.adults.c.first_name, t.students.c.first_name)
        .select_from(t.responsibilities.join(t.adults).join(t.students))
        .where(t.responsibilities.c.until_on.is_(None))
    )
    with services.engine.connect() as connection:
        return {(adult, child) for adult, child in connection.execute(found)}


def asked(services: Teleservices, at: Any = OTHER) -> list[Match]:
    with services.site.database.reading() as tx:
        return tx.matches.of_school(at.uai)


class TestTwoSchools:
    """A number that two schools give to two children."""

    def test_two_girls_stay_two(self, services: Teleservices, load: Load) -> None:
        load(family(ZOE, EVE))
        report = load(family(ANA, PAUL), at=OTHER)
        assert (report.counts["matches"], report.waiting) == (1, 1)
        assert {row.first_name: row.ine for row in rows(services, t.students)} == {
            "Zoé": INE.code,
            "Ana": None,
        }
        assert links(services) == {("Ève", "Zoé"), ("Paul", "Ana")}
        (match,) = asked(services)
        assert (match.kind, match.other_uai) == (MatchKind.STUDENT, COLLEGE.uai)
        assert set(match.differing) == {Trait.LAST_NAME, Trait.FIRST_NAME, Trait.BIRTH_PLACE}
        assert set(match.agreeing) == {Trait.INE, Trait.BIRTH_DATE, Trait.SEX}

    def test_in_whatever_order(self, services: Teleservices, load: Load) -> None:
        load(family(ANA, PAUL), at=OTHER)
        load(family(ZOE, EVE))
        assert len(rows(services, t.students)) == 2
        assert links(services) == {("Ève", "Zoé"), ("Paul", "Ana")}
        assert len(asked(services, COLLEGE)) == 1

    def test_both_work_meanwhile_and_nobody_is_asked_again(
        self, services: Teleservices, load: Load
    ) -> None:
        load(family(ZOE, EVE))
        load(family(ANA, PAUL), at=OTHER)
        assert len(rows(services, t.accounts)) == 4
        for report in (load(family(ANA, PAUL), at=OTHER), load(family(ZOE, EVE))):
            assert report.changes_nothing
        assert len(asked(services)) == 1

    def test_a_dry_run_tells_the_same(self, services: Teleservices, load: Load) -> None:
        load(family(ZOE, EVE))
        dry = load(family(ANA, PAUL), at=OTHER, dry_run=True)
        assert not rows(services, t.matches)
        wet = load(family(ANA, PAUL), at=OTHER)
        assert (dry.counts, dry.waiting) == (wet.counts, wet.waiting)

    @pytest.mark.parametrize(
        "changes",
        [{"first_name": "Léa"}, {"sex": Sex.MALE}, {"birth_insee": "71076"}],
    )
    def test_a_twin_is_not_the_other(
        self, services: Teleservices, load: Load, changes: dict[str, Any]
    ) -> None:
        load(family(ZOE, EVE))
        load(family(evolve(ZOE, id=71, **changes), evolve(EVE, id=810)), at=OTHER)
        assert len(rows(services, t.students)) == 2
        assert len(rows(services, t.adults)) == 2

    def test_a_corrected_number_settles_it_without_a_person(
        self, services: Teleservices, load: Load
    ) -> None:
        load(family(ZOE, EVE))
        load(family(ANA, PAUL), at=OTHER)
        load(family(evolve(ANA, ine=Ine.rnie(2)), PAUL), at=OTHER)
        assert {row.first_name: row.ine for row in rows(services, t.students)} == {
            "Zoé": INE.code,
            "Ana": Ine.rnie(2).code,
        }

    def test_a_number_that_comes_late_does_not_move_the_child(
        self, services: Teleservices, load: Load
    ) -> None:
        """Whoever is present stays, with account and marks; the two wait to be brought together."""
        load(family(ZOE, EVE))
        unnumbered = evolve(ZOE, id=71, ine=None)
        load(family(unnumbered, evolve(EVE, id=810)), at=OTHER)
        before = rows(services, t.schoolings), rows(services, t.siecle_keys)
        load(family(evolve(unnumbered, ine=INE), evolve(EVE, id=810)), at=OTHER)
        assert (rows(services, t.schoolings), rows(services, t.siecle_keys)) == before
        assert len(asked(services)) == 1


class TestOneSchool:
    """Keys of one base: names get corrected, bases are made anew."""

    def test_swapped_numbers_move_nobody(self, services: Teleservices, load: Load) -> None:
        """Both are certain by their keys: they have the numbers that the base gives them."""
        lea = evolve(ZOE, id=2, first_name="Léa", ine=Ine.rnie(2))
        load(family(ZOE, EVE), family(lea, PAUL))
        before = links(services), rows(services, t.siecle_keys)
        swapped = family(evolve(ZOE, ine=lea.ine), EVE), family(evolve(lea, ine=INE), PAUL)
        report = load(*swapped)
        assert (links(services), rows(services, t.siecle_keys)) == before
        numbers = {row.first_name: row.ine for row in rows(services, t.students)}
        assert numbers == {"Zoé": Ine.rnie(2).code, "Léa": INE.code}
        assert "matches" not in report.counts
        assert load(*swapped).changes_nothing
        load(family(ZOE, EVE), family(lea, PAUL))
        numbers = {row.first_name: row.ine for row in rows(services, t.students)}
        assert numbers == {"Zoé": INE.code, "Léa": Ine.rnie(2).code}

    def test_one_number_for_two_says_nothing_of_either(
        self, services: Teleservices, load: Load
    ) -> None:
        """Both are there, with accounts; who is known keeps the number that he had."""
        lea = evolve(ZOE, id=2, first_name="Léa")
        report = load(family(ZOE, EVE), family(lea, PAUL))
        told = [each for each in report.alerts if "deux fois" in each.reason]
        assert [each.key for each in told] == ["1", "2"]
        assert [row.ine for row in rows(services, t.students)] == [None, None]
        assert len(rows(services, t.accounts)) == 4
        load(family(ZOE, EVE))
        assert load(family(ZOE, EVE), family(lea, PAUL)).counts["alerts"]
        numbers = {row.first_name: row.ine for row in rows(services, t.students)}
        assert numbers == {"Zoé": INE.code, "Léa": None}

    def test_who_has_left_does_not_take_the_number_of_who_is_there(
        self, services: Teleservices, load: Load
    ) -> None:
        gone = evolve(ZOE, id=2, first_name="Léa", left_on=date(2026, 9, 15))
        load(family(ZOE, EVE), family(gone, PAUL))
        numbers = {row.first_name: row.ine for row in rows(services, t.students)}
        assert numbers == {"Zoé": INE.code, "Léa": None}

    def test_the_twin_s_number_is_not_taken_from_her(
        self, services: Teleservices, load: Load
    ) -> None:
        lea = evolve(ZOE, id=2, first_name="Léa", ine=Ine.rnie(2))
        load(family(ZOE, EVE), family(lea, PAUL))
        before = rows(services, t.students)
        report = load(family(evolve(ZOE, ine=lea.ine), EVE), family(evolve(lea, ine=None), PAUL))
        assert rows(services, t.students) == before
        assert report.counts["matches"] == 1

    def test_a_mistyped_number_is_corrected_on_the_spot(
        self, services: Teleservices, load: Load
    ) -> None:
        load(family(ZOE, EVE))
        report = load(family(evolve(ZOE, ine=Ine.rnie(3)), EVE))
        assert [row.ine for row in rows(services, t.students)] == [Ine.rnie(3).code]
        assert "matches" not in report.counts

    def test_a_key_given_to_the_twin(self, services: Teleservices, load: Load) -> None:
        """The one known stays open with her links; the other is somebody of her own."""
        load(family(ZOE, EVE))
        report = load(family(evolve(ZOE, first_name="Léa", ine=None), EVE))
        assert report.counts["matches"] == 1
        assert links(services) == {("Ève", "Zoé"), ("Ève", "Léa")}
        assert [row.left_on for row in rows(services, t.schoolings)] == [None, None]
        assert load(family(evolve(ZOE, first_name="Léa", ine=None), EVE)).changes_nothing

    def test_guardians_alone_under_keys_given_anew_are_not_believed(
        self, services: Teleservices, load: Load
    ) -> None:
        load(family(ZOE, EVE))
        report = load(family(ZOE, PAUL), files="Responsables*")
        assert links(services) == {("Ève", "Zoé")}
        assert any("fichier des élèves" in alert.reason for alert in report.alerts)


class TestAdults:
    """One parent under two keys, and two parents under one."""

    def test_a_parent_under_two_keys_is_asked_about(
        self, services: Teleservices, load: Load
    ) -> None:
        leo = evolve(ZOE, id=2, first_name="Léo", sex=Sex.MALE, ine=Ine.rnie(2))
        again = evolve(EVE, id=11, first_name="EVE")
        report = load(family(ZOE, EVE), family(leo, again))
        assert report.counts["matches"] == 1
        (match,) = asked(services, COLLEGE)
        assert (match.kind, match.other_uai) == (MatchKind.ADULT, None)
        assert Trait.EMAIL in match.agreeing
        assert load(family(ZOE, EVE), family(leo, again)).changes_nothing

    def test_another_title_or_first_name_is_another_person(self, load: Load) -> None:
        camille = (evolve(EVE, first_name="Camille"), SynthAdult(11, "MARTIN", "Camille", "M."))
        assert "matches" not in load(family(ZOE, *camille)).counts
        services = (SynthAdult(12, "ASE 21", ""), SynthAdult(13, "ASE 21", ""))
        assert "matches" not in load(family(ZOE, *services)).counts

    def test_a_key_given_to_the_other_parent(self, services: Teleservices, load: Load) -> None:
        load(family(ZOE, EVE))
        luc = evolve(EVE, first_name="Luc", title="M.", email="luc@example.org")
        report = load(family(ZOE, luc))
        assert report.counts["matches"] == 1
        assert links(services) == {("Ève", "Zoé"), ("Luc", "Zoé")}

    def test_a_new_surname_keeps_the_account_where_a_child_proves_it(
        self, services: Teleservices, load: Load
    ) -> None:
        load(family(ZOE, EVE))
        report = load(family(ZOE, evolve(EVE, last_name="DURAND", email="")))
        assert "matches" not in report.counts
        assert [row.last_name for row in rows(services, t.adults)] == ["DURAND"]


def viewer(services: Teleservices, role: Role, uai: Uai | None = None) -> Viewer:
    account = World(services).staff(role, uai)
    found = resume(
        services.site, sign_in(services.site, account.login_name, PASSWORD, source="x").secret
    )
    assert found is not None
    return found


PERSONAL = (t.students, t.adults, t.responsibilities, t.schoolings, t.siecle_keys, t.link_reports)
HELD = (t.account_holders,)


def plugin_rows(services: Teleservices) -> list[Any]:
    return [
        table
        for plugin in ("notes", "fiche")
        for table in import_module(f"teleservices_{plugin}.store").metadata.sorted_tables
    ]


def state(services: Teleservices) -> dict[str, list[Any]]:
    """Everything that a student has, whoever it is."""
    tables = (*PERSONAL, *HELD, *plugin_rows(services))
    return {table.name: [tuple(row) for row in rows(services, table)] for table in tables}


class TestAnswers:
    """Said once, kept, used by the next imports, taken back."""

    @pytest.fixture
    def match(self, services: Teleservices, load: Load) -> Match:
        """Zoé Martin of one school, and of another « Zoé Petit », who has her number."""
        load(family(ZOE, EVE))
        load(family(evolve(ZOE, id=71, last_name="PETIT"), evolve(EVE, id=810)), at=OTHER)
        (match,) = asked(services)
        add_marks(services, match)
        return match

    @pytest.fixture
    def academy(self, services: Teleservices) -> Viewer:
        """Who answers between two schools."""
        return viewer(services, Role.ACADEMY_ADMIN)

    def test_the_same_brings_all_together(
        self, services: Teleservices, load: Load, match: Match, academy: Viewer
    ) -> None:
        answer(services.site, academy, match.id, None, MatchState.SAME)
        schools = {row.uai for row in rows(services, t.schoolings)}
        assert schools == {COLLEGE.uai.code, OTHER.uai.code}
        for table in (t.schoolings, t.responsibilities, notes("marks"), fiche("confirmations")):
            assert {row.student_id for row in rows(services, table)} == {match.older_id}
        held = {row.person_id: row.account_id for row in rows(services, t.account_holders)}
        assert held[match.older_id] == held[match.newer_id]
        # Her mother's two records are then asked about, once, and nothing else changes.
        there = family(evolve(ZOE, id=71, last_name="PETIT"), evolve(EVE, id=810))
        report = load(there, at=OTHER)
        assert report.counts["matches"] == 1
        assert len(rows(services, t.students)) == 2
        load(family(ZOE, EVE))
        load(there, at=OTHER)
        load(family(ZOE, EVE))
        assert len(rows(services, t.matches)) == 2

    def test_taken_back_all_is_as_it_was(
        self, services: Teleservices, match: Match, academy: Viewer
    ) -> None:
        before = state(services)
        answer(services.site, academy, match.id, None, MatchState.SAME)
        assert state(services) != before
        answer(services.site, academy, match.id, None, MatchState.OPEN)
        assert state(services) == before
        answer(services.site, academy, match.id, None, MatchState.SAME)
        answer(services.site, academy, match.id, None, MatchState.OPEN)
        assert state(services) == before

    def test_what_a_school_wrote_since_goes_to_whom_it_knows(
        self, services: Teleservices, match: Match, academy: Viewer
    ) -> None:
        answer(services.site, academy, match.id, None, MatchState.SAME)
        add_mark(services, match.older_id, OTHER.uai)
        add_mark(services, match.older_id, COLLEGE.uai)
        answer(services.site, academy, match.id, None, MatchState.OPEN)
        marks = [row.student_id for row in rows(services, notes("marks"))]
        assert sorted(marks) == sorted([match.older_id] * 2 + [match.newer_id] * 2)

    def test_not_the_same_is_not_asked_again(
        self, services: Teleservices, load: Load, match: Match
    ) -> None:
        school = viewer(services, Role.SCHOOL_OFFICE, OTHER.uai)
        answer(services.site, school, match.id, OTHER.uai, MatchState.DIFFERENT)
        before = state(services)
        there = family(evolve(ZOE, id=71, last_name="PETIT"), evolve(EVE, id=810))
        assert load(there, at=OTHER).changes_nothing
        assert state(services) == before
        (kept,) = asked(services)
        assert (kept.state, kept.answered_by) == (MatchState.DIFFERENT, school.name)

    def test_is_journalled_about_both(
        self, services: Teleservices, match: Match, academy: Viewer
    ) -> None:
        for said in (MatchState.DIFFERENT, MatchState.OPEN, MatchState.SAME):
            answer(services.site, academy, match.id, None, said)
        told = [row for row in rows(services, t.audit) if row.action.startswith("match.")]
        assert [row.action for row in told] == [
            *["match.different"] * 2,
            *["match.reopened"] * 2,
            *["match.same"] * 2,
        ]
        assert {row.subject_id for row in told} == {match.older_id, match.newer_id}

    def test_whose_it_is_to_say(self, services: Teleservices, match: Match) -> None:
        """One school alone does not open another one's data to its families."""
        site = services.site
        school = viewer(services, Role.HEAD, OTHER.uai)
        with pytest.raises(RefusedError, match="academy_decides"):
            answer(site, school, match.id, OTHER.uai, MatchState.SAME)
        with pytest.raises(NotAllowedError):
            answer(site, school, match.id, None, MatchState.SAME)
        stranger = viewer(services, Role.HEAD, COLLEGE.uai)
        with pytest.raises(NotFoundError):
            answer(site, stranger, match.id, COLLEGE.uai, MatchState.DIFFERENT)
        with pytest.raises(NotAllowedError):
            postpone(site, stranger, match.id, OTHER.uai)
        academy = viewer(services, Role.ACADEMY_ADMIN)
        answer(site, academy, match.id, None, MatchState.SAME)
        with pytest.raises(RefusedError, match="academy_decides"):
            answer(site, school, match.id, OTHER.uai, MatchState.OPEN)

    def test_nobody_answers_twice(
        self, services: Teleservices, match: Match, academy: Viewer
    ) -> None:
        answer(services.site, academy, match.id, None, MatchState.DIFFERENT)
        for said in (MatchState.DIFFERENT, MatchState.DIFFERENT):
            with pytest.raises(RefusedError, match="already_so"):
                answer(services.site, academy, match.id, None, said)
        with pytest.raises(RefusedError, match="already_so"):
            postpone(services.site, academy, match.id, None)

    def test_later_leaves_it_open(
        self, services: Teleservices, match: Match, academy: Viewer
    ) -> None:
        postpone(services.site, academy, match.id, None)
        (kept,) = asked(services)
        assert kept.is_open
        assert kept.postponed_at == services.site.now()

    def test_the_account_in_use_is_kept(
        self, services: Teleservices, match: Match, academy: Viewer
    ) -> None:
        """Even that of the student who goes; taken back, each has his own again."""
        held = {row.person_id: row.account_id for row in rows(services, t.account_holders)}
        used = held[match.newer_id]
        with services.site.database.writing() as tx:
            change = update(t.accounts).where(t.accounts.c.id == used)
            tx.connection.execute(change.values(state="active", password_hash="x"))
        answer(services.site, academy, match.id, None, MatchState.SAME)
        now = {row.person_id: row.account_id for row in rows(services, t.account_holders)}
        assert now[match.older_id] == now[match.newer_id] == used
        answer(services.site, academy, match.id, None, MatchState.OPEN)
        assert {r.person_id: r.account_id for r in rows(services, t.account_holders)} == held


class TestAnswersInOneSchool:
    """The same pupil twice in one base, and the same parent."""

    def test_a_renamed_pupil_is_one_again_and_two_again(
        self, services: Teleservices, load: Load
    ) -> None:
        load(family(ZOE, EVE))
        lea = family(evolve(ZOE, first_name="Léa", ine=None), EVE)
        load(lea)
        (match,) = asked(services, COLLEGE)
        school, before = viewer(services, Role.SCHOOL_OFFICE, COLLEGE.uai), state(services)
        answer(services.site, school, match.id, COLLEGE.uai, MatchState.SAME)
        assert [row.student_id for row in rows(services, t.schoolings)] == [match.older_id]
        assert len(rows(services, t.responsibilities)) == 1
        load(lea)
        assert load(lea).changes_nothing
        names = {row.first_name for row in rows(services, t.students) if row.id == match.older_id}
        assert names == {"Léa"}
        answer(services.site, school, match.id, COLLEGE.uai, MatchState.OPEN)
        after = state(services)
        for table in ("core_responsibilities", "core_schoolings", "core_account_holders"):
            assert after[table] == before[table]

    def test_a_parent_has_one_account_then_two_again(
        self, services: Teleservices, load: Load
    ) -> None:
        leo = evolve(ZOE, id=2, first_name="Léo", sex=Sex.MALE, ine=Ine.rnie(2))
        files = family(ZOE, EVE), family(leo, evolve(EVE, id=11))
        load(*files)
        (match,) = asked(services, COLLEGE)
        before = state(services)
        school = viewer(services, Role.SCHOOL_OFFICE, COLLEGE.uai)
        answer(services.site, school, match.id, COLLEGE.uai, MatchState.SAME)
        held = {row.person_id: row.account_id for row in rows(services, t.account_holders)}
        assert held[match.older_id] == held[match.newer_id]
        with services.site.database.reading() as tx:
            letters = tx.letters.candidates(COLLEGE.uai, YEAR, date(2026, 11, 24))
        guardians = [each for each in letters if each.account.audience == "guardian"]
        assert len(guardians) == 1
        assert load(*files).changes_nothing
        answer(services.site, school, match.id, COLLEGE.uai, MatchState.OPEN)
        found = {row.login_name: row.state for row in rows(services, t.accounts)}
        assert found["eve.martin2"] in {AccountState.NEW, AccountState.CLOSED}
        assert state(services)["core_responsibilities"] == before["core_responsibilities"]
        held = {row[0]: row[1] for row in before["core_account_holders"]}
        now = {row.person_id: row.account_id for row in rows(services, t.account_holders)}
        assert held.items() <= now.items()

    def test_a_locked_account_waits(self, services: Teleservices, load: Load) -> None:
        leo = evolve(ZOE, id=2, first_name="Léo", ine=Ine.rnie(2))
        load(family(ZOE, EVE), family(leo, evolve(EVE, id=11)))
        (match,) = asked(services, COLLEGE)
        with services.site.database.writing() as tx:
            tx.connection.execute(update(t.accounts).values(state="locked"))
        school = viewer(services, Role.SCHOOL_OFFICE, COLLEGE.uai)
        with pytest.raises(RefusedError, match="account_locked"):
            answer(services.site, school, match.id, COLLEGE.uai, MatchState.SAME)


def test_answers_that_build_on_each_other_are_taken_back_the_last_first(
    services: Teleservices, load: Load, clock: FixedClock
) -> None:
    load(family(ZOE, EVE))
    for first_name in ("Léa", "Ana"):
        load(family(evolve(ZOE, first_name=first_name, ine=None), EVE))
    school = viewer(services, Role.SCHOOL_OFFICE, COLLEGE.uai)
    before = state(services)
    pairs = sorted(asked(services, COLLEGE), key=lambda each: each.newer_id)
    first, second = pairs[0], pairs[-1]
    answer(services.site, school, second.id, COLLEGE.uai, MatchState.SAME)
    clock.advance(seconds=1)
    answer(services.site, school, first.id, COLLEGE.uai, MatchState.SAME)
    with pytest.raises(RefusedError, match="later_first"):
        answer(services.site, school, second.id, COLLEGE.uai, MatchState.OPEN)
    answer(services.site, school, first.id, COLLEGE.uai, MatchState.OPEN)
    answer(services.site, school, second.id, COLLEGE.uai, MatchState.OPEN)
    after = state(services)
    for table in PERSONAL:
        assert after[table.name] == before[table.name]


class TestTelling:
    """The command, ``doctor`` and the report of an import say what waits."""

    @pytest.fixture(autouse=True)
    def waiting(self, load: Load) -> None:
        load(family(ZOE, EVE))
        load(family(ANA, PAUL), at=OTHER)

    def call(self, services: Teleservices, *arguments: str) -> str:
        done = CliRunner().invoke(matches, ["list", *arguments], obj=lambda: services)
        assert done.exit_code == 0, done.output
        return done.output

    def test_the_command_counts_and_lists(self, services: Teleservices) -> None:
        assert self.call(services) == f"{OTHER.uai}  Élève\xa0: 1 question\n"
        said = self.call(services, "--establishment", OTHER.uai.code)
        assert "Zoé MARTIN / Ana PETIT" in said
        assert "lieu de naissance" in said
        assert "Aucun" in self.call(services, "--establishment", COLLEGE.uai.code)
        (told,) = json.loads(self.call(services, "--establishment", OTHER.uai.code, "--json"))
        assert told["other_uai"] == COLLEGE.uai.code

    def test_doctor_notes_it(self, services: Teleservices) -> None:
        (found,) = (each for each in examine(services) if each.check == "matches")
        assert found.text.startswith("1 rapprochement")

    def test_the_copy_of_one_s_data_names_it(self, services: Teleservices) -> None:
        (match,) = asked(services)
        with services.site.database.reading() as tx:
            assert [each.id for each in tx.matches.about([match.newer_id])] == [match.id]
            assert tx.matches.about([match.id]) == []

    def test_erasing_reaches_both_once_they_are_one(self, services: Teleservices) -> None:
        (match,) = asked(services)
        academy = viewer(services, Role.ACADEMY_ADMIN)
        answer(services.site, academy, match.id, None, MatchState.SAME)
        add_mark(services, match.newer_id, OTHER.uai)
        add_mark(services, match.older_id, COLLEGE.uai)
        request = erasure_request(services.site, INE.code)
        assert count_about(services.site, request, ["notes.marks"]) == {"notes.marks": 2}


def notes(name: str) -> Any:
    return import_module("teleservices_notes.store").metadata.tables[f"notes_{name}"]


def fiche(name: str) -> Any:
    return import_module("teleservices_fiche.store").metadata.tables[f"fiche_{name}"]


def add_mark(services: Teleservices, student_id: UUID, uai: Uai) -> None:
    assessment, now = uuid7(), services.site.now()
    with services.site.database.writing() as tx:
        tx.connection.execute(
            insert(notes("assessments")).values(
                id=assessment,
                uai=uai.code,
                school_year=YEAR.start,
                class_group="6 A",
                subject_code="030201",
                subject_label="Anglais",
                teacher="",
                title="Dictée",
                given_on=date(2026, 10, 1),
                out_of=20,
                weight=1,
            )
        )
        tx.connection.execute(
            insert(notes("marks")).values(
                student_id=student_id,
                assessment_id=assessment,
                status="present",
                value=12,
                entered_at=now,
            )
        )


def add_marks(services: Teleservices, match: Match) -> None:
    """A mark and a confirmed sheet of each."""
    for student_id, uai in ((match.older_id, COLLEGE.uai), (match.newer_id, OTHER.uai)):
        add_mark(services, student_id, uai)
        with services.site.database.writing() as tx:
            tx.connection.execute(
                insert(fiche("confirmations")).values(
                    student_id=student_id,
                    school_year=YEAR.start,
                    holder_id=student_id,
                    uai=uai.code,
                    at=services.site.now(),
                    number="X",
                    digest="",
                )
            )
