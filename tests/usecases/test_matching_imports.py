"""No import makes one person of two by chance: what does not agree waits for somebody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import select

from teleservices_core.app import Teleservices
from teleservices_core.domain.establishments import Establishment, EstablishmentKind
from teleservices_core.domain.likeness import Trait
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.matches import Match, MatchKind
from teleservices_core.domain.roster import Kinship, Level, Sex
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.importing import ImportReport, import_siecle
from teleservices_core.storage import tables as t
from teleservices_core.testing.synth import (
    SynthAdult,
    SynthHousehold,
    SynthLink,
    SynthSchool,
    SynthStudent,
    write_siecle,
)
from teleservices_core.testing.synth.memory import export_time

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
        lea = evolve(ZOE, id=2, first_name="Léa", ine=Ine.rnie(2))
        load(family(ZOE, EVE), family(lea, PAUL))
        before = rows(services, t.students), rows(services, t.responsibilities)
        report = load(family(evolve(ZOE, ine=lea.ine), EVE), family(evolve(lea, ine=INE), PAUL))
        assert (rows(services, t.students), rows(services, t.responsibilities)) == before
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
