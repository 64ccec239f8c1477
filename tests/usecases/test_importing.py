"""Imports on both databases: what they write, keep, refuse, and how they fail."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner
from sqlalchemy import event, func, insert, select, update

from teleservices_core.app import Teleservices
from teleservices_core.commands.importing import import_group
from teleservices_core.domain.differences import Change, FieldChange, Subject
from teleservices_core.domain.establishments import (
    Establishment,
    EstablishmentKind,
    PostalAddress,
)
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Kinship, Level
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.importing import ImportReport, import_siecle
from teleservices_core.storage import tables as t
from teleservices_core.storage.drafts import Draft
from teleservices_core.storage.import_lock import KEY
from teleservices_core.storage.snapshots import Snapshot
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.meanwhile import meanwhile
from teleservices_core.testing.synth import (
    SynthAddress,
    SynthAdult,
    SynthHousehold,
    SynthLink,
    SynthSchool,
    SynthStudent,
    synth_school,
    write_siecle,
)
from teleservices_core.testing.synth.memory import export_time
from teleservices_core.usecases.two_steps import ATTEMPTS

YEAR = SchoolYear(2026)
TODAY = date(2026, 11, 24)
COLLEGE = Establishment(Uai.from_digits("0219001"), "Collège Un", EstablishmentKind.COLLEGE)
OTHER = Establishment(Uai.from_digits("0219002"), "Collège Deux", EstablishmentKind.COLLEGE)
HOME = SynthAddress(500, PostalAddress(("1 rue Haute",), "21990", "VILLE"))

MOTHER = SynthAdult(10, "MARTIN", "Ève", "MME", email="eve@example.org", address=HOME)
FATHER = SynthAdult(11, "DURAND", "Luc", "M.", address=HOME)
NEIGHBOR = SynthAdult(12, "VOISIN", "Rémi", "M.")
ZOE = SynthStudent(1, "MARTIN", "Zoé", date(2013, 2, 1), ine=Ine.rnie(1), class_group="6 A")
LEO = SynthStudent(2, "MARTIN", "Léo", date(2013, 2, 1), ine=Ine.rnie(2), class_group="6 B")
LINKS = (
    SynthLink(1, 10, Level.LEGAL, Kinship.MOTHER, pays_fees=True),
    SynthLink(1, 11, Level.LEGAL, Kinship.FATHER),
    SynthLink(1, 12, Level.CONTACT),
    SynthLink(2, 10, Level.LEGAL, Kinship.MOTHER),
)
FAMILY = SynthHousehold((ZOE, LEO), (MOTHER, FATHER, NEIGHBOR), LINKS)

Run = Callable[..., ImportReport]


def a_school(*households: SynthHousehold, at: Establishment = COLLEGE) -> SynthSchool:
    return SynthSchool(at, YEAR, export_time(YEAR), households or (FAMILY,))


def only(student: SynthStudent, family: SynthHousehold = FAMILY) -> SynthHousehold:
    """The family with one child only."""
    links = tuple(link for link in family.links if link.student_id == student.id)
    held = {link.adult_id for link in links}
    return SynthHousehold((student,), tuple(a for a in family.adults if a.id in held), links)


@pytest.fixture
def site(services: Teleservices) -> Teleservices:
    """A site with two establishments."""
    with services.site.database.writing() as tx:
        tx.roster.save_establishments([COLLEGE, OTHER])
    return services


@pytest.fixture
def run(site: Teleservices, tmp_path: Path) -> Run:
    """Write a school's files and import them."""

    def run(school: SynthSchool, *, files: str = "*.xml", **options: Any) -> ImportReport:
        folder = tmp_path / f"exports{len(list(tmp_path.iterdir()))}"
        write_siecle(folder, school)
        return import_siecle(
            site.site, school.establishment.uai, sorted(folder.glob(files)), **options
        )

    return run


def rows(site: Teleservices, table: Any) -> list[dict[str, Any]]:
    with site.engine.connect() as connection:
        found = connection.execute(select(table).order_by(*table.primary_key))
        return [dict(row._mapping) for row in found]


def everything(site: Teleservices) -> dict[str, list[dict[str, Any]]]:
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
        t.imports,
        t.quarantine,
        t.audit,
    )
    return {table.name: rows(site, table) for table in tables}


JOURNAL = {"core_imports", "core_quarantine", "core_audit"}


def roster(site: Teleservices) -> dict[str, list[dict[str, Any]]]:
    return {name: found for name, found in everything(site).items() if name not in JOURNAL}


def logins(site: Teleservices) -> list[str]:
    return sorted(row["login_name"] for row in rows(site, t.accounts))


class TestFirstImport:
    """An empty site."""

    def test_brings_everyone_in(self, site: Teleservices, run: Run) -> None:
        report = run(a_school())
        assert report.number(Subject.STUDENT, Change.ADDED) == 2
        assert report.number(Subject.ADULT, Change.ADDED) == 3
        assert report.number(Subject.LINK, Change.ADDED) == 4
        by_name = {row["first_name"]: row for row in rows(site, t.students)}
        assert by_name["Zoé"]["ine"] == Ine.rnie(1).code
        assert {row["class_group"] for row in rows(site, t.schoolings)} == {"6 A", "6 B"}
        assert {row["address_lines"] for row in rows(site, t.adults)} == {"1 rue Haute", ""}

    def test_opens_accounts_but_none_for_contacts(self, site: Teleservices, run: Run) -> None:
        run(a_school())
        assert logins(site) == ["eve.martin", "leo.martin", "luc.durand", "zoe.martin"]
        assert {row["state"] for row in rows(site, t.accounts)} == {"new"}

    def test_leaves_a_trace(self, site: Teleservices, run: Run) -> None:
        report = run(a_school())
        (entry,) = rows(site, t.imports)
        assert entry["digest"] == report.digest
        assert entry["counts"]["student.added"] == 2
        assert {file["kind"] for file in entry["files"]} >= {"BEE_ELEVES", "BEE_RESPONSABLES"}
        (audit,) = rows(site, t.audit)
        assert (audit["action"], audit["uai"]) == ("roster.imported", COLLEGE.uai.code)

    def test_dry_run_tells_the_same_and_writes_nothing(self, site: Teleservices, run: Run) -> None:
        before = everything(site)
        dry = run(a_school(), dry_run=True)
        assert everything(site) == before
        wet = run(a_school())
        assert dry.counts == wet.counts
        assert [(d.subject, d.change, d.label) for d in dry.differences] == [
            (d.subject, d.change, d.label) for d in wet.differences
        ]

    def test_needs_the_establishment(self, run: Run) -> None:
        with pytest.raises(NotFoundError):
            run(a_school(at=evolve(COLLEGE, uai=Uai.from_digits("0219003"))))

    def test_quarantine_is_kept_and_the_rest_goes_in(self, site: Teleservices, run: Run) -> None:
        odd = evolve(FAMILY, links=(*LINKS, SynthLink(1, 99, Level.LEGAL)))
        report = run(a_school(odd))
        (rejected,) = report.rejected
        assert rejected.key == "1/99"
        (kept,) = rows(site, t.quarantine)
        assert (kept["line"], kept["reason"]) == (rejected.line, rejected.reason)
        assert len(rows(site, t.responsibilities)) == 4

    def test_homonyms_get_names_of_their_own(self, site: Teleservices, run: Run) -> None:
        twins = tuple(evolve(ZOE, id=n, ine=Ine.rnie(n)) for n in range(1, 13))
        run(a_school(SynthHousehold(twins, (), ())))
        assert len(rows(site, t.students)) == 12
        assert logins(site) == sorted(["zoe.martin", *(f"zoe.martin{n}" for n in range(2, 13))])


class TestNextImports:
    """A site that knows the family."""

    @pytest.fixture(autouse=True)
    def known(self, run: Run) -> None:
        run(a_school())

    def test_the_same_files_change_nothing(self, site: Teleservices, run: Run) -> None:
        before = roster(site)
        report = run(a_school())
        assert report.changes_nothing
        assert report.differences == ()
        assert roster(site) == before

    def test_a_change_of_class(self, site: Teleservices, run: Run) -> None:
        report = run(a_school(evolve(FAMILY, students=(evolve(ZOE, class_group="6 C"), LEO))))
        (difference,) = report.differences
        assert (difference.change, difference.label) == (Change.MOVED, "Zoé MARTIN")
        (change,) = difference.changes
        assert (change.field, change.before, change.after) == ("class_group", "6 A", "6 C")

    def test_changed_fields_are_told_one_by_one(self, site: Teleservices, run: Run) -> None:
        father = evolve(FATHER, mobile="0600000000", last_name="DURANT")
        report = run(a_school(evolve(FAMILY, adults=(MOTHER, father, NEIGHBOR))))
        (difference,) = report.differences
        assert {c.field: c.after for c in difference.changes} == {
            "mobile": "0600000000",
            "last_name": "DURANT",
        }
        assert len(rows(site, t.adults)) == 3

    def test_contacts_of_a_student_are_kept_and_told(self, site: Teleservices, run: Run) -> None:
        zoe = evolve(ZOE, email="zoe@example.org", mobile="0600000001", address=HOME)
        household = evolve(FAMILY, students=(zoe, LEO))
        (difference,) = run(a_school(household)).differences
        assert {c.field for c in difference.changes} == {
            "email",
            "mobile",
            "accepts_sms",
            "address",
        }
        assert run(a_school(household)).changes_nothing
        with site.site.database.reading() as tx:
            id_ = tx.roster.by_siecle_id(COLLEGE.uai, "student", "1")
            assert id_ is not None
            details = tx.roster.student_details([id_])[id_]
            assert tx.roster.labels(COLLEGE.uai, "REGIMES") == {"2": "DEMI-PENSIONNAIRE"}
        assert (details.email, details.accepts_sms) == ("zoe@example.org", True)
        assert details.address == PostalAddress(("1 rue Haute",), "21990", "VILLE")

    def test_who_is_no_longer_listed_has_left_but_is_not_deleted(
        self, site: Teleservices, run: Run
    ) -> None:
        report = run(a_school(only(ZOE)))
        assert report.number(Subject.STUDENT, Change.LEFT) == 1
        left = [row["left_on"] for row in rows(site, t.schoolings)]
        assert sorted(left, key=str) == [TODAY, None]
        assert len(rows(site, t.students)) == 2
        assert all(row["until_on"] is None for row in rows(site, t.responsibilities))

    def test_who_comes_back_is_there_again(self, site: Teleservices, run: Run) -> None:
        run(a_school(only(ZOE)))
        report = run(a_school())
        (difference,) = report.differences
        assert [c.field for c in difference.changes] == ["left_on"]
        assert all(row["left_on"] is None for row in rows(site, t.schoolings))

    def test_a_date_of_departure_closes_the_schooling(self, site: Teleservices, run: Run) -> None:
        gone = evolve(LEO, left_on=date(2026, 11, 2))
        report = run(a_school(evolve(FAMILY, students=(ZOE, gone))))
        (difference,) = report.differences
        assert difference.change is Change.LEFT
        assert date(2026, 11, 2) in [row["left_on"] for row in rows(site, t.schoolings)]

    def test_links_are_ended_changed_and_added(self, site: Teleservices, run: Run) -> None:
        changed = (
            evolve(LINKS[0], level=Level.IN_CHARGE),
            LINKS[2],
            LINKS[3],
            SynthLink(2, 12, Level.CONTACT),
        )
        report = run(a_school(evolve(FAMILY, links=changed)))
        assert {(d.change, d.label) for d in report.differences if d.subject is Subject.LINK} == {
            (Change.CHANGED, "Ève MARTIN → Zoé MARTIN"),
            (Change.ENDED, "Luc DURAND → Zoé MARTIN"),
            (Change.ADDED, "Rémi VOISIN → Léo MARTIN"),
        }
        links = rows(site, t.responsibilities)
        assert [row["until_on"] for row in links if row["until_on"]] == [TODAY]
        assert [row["from_on"] for row in links if row["from_on"]] == [TODAY]

    def test_an_ended_link_listed_again_holds_again(self, site: Teleservices, run: Run) -> None:
        run(a_school(evolve(FAMILY, links=(LINKS[0], LINKS[2], LINKS[3]))))
        run(a_school())
        assert all(row["until_on"] is None for row in rows(site, t.responsibilities))

    def test_a_record_set_aside_proves_nothing(self, site: Teleservices, run: Run) -> None:
        before = roster(site)
        twice = evolve(FAMILY, students=(ZOE, LEO, evolve(LEO, first_name="Léon", ine=None)))
        report = run(a_school(twice))
        assert report.counts["rejected"] >= 2
        assert roster(site) == before

    def test_a_link_set_aside_is_not_ended(self, site: Teleservices, run: Run) -> None:
        before = roster(site)
        run(a_school(evolve(FAMILY, links=(*LINKS, LINKS[1]))))
        assert roster(site) == before

    def test_students_alone_leave_adults_and_links(self, site: Teleservices, run: Run) -> None:
        before = roster(site)
        report = run(a_school(SynthHousehold((ZOE, LEO), (), ())), files="Eleves*")
        assert report.changes_nothing
        assert roster(site) == before

    def test_guardians_alone_leave_students(self, site: Teleservices, run: Run) -> None:
        alone = evolve(FAMILY, links=LINKS[:3])
        report = run(a_school(alone), files="Responsables*")
        assert report.number(Subject.STUDENT, Change.LEFT) == 0
        assert report.number(Subject.LINK, Change.ENDED) == 0
        assert (
            run(a_school(evolve(FAMILY, links=LINKS[1:])), files="Responsables*").number(
                Subject.LINK, Change.ENDED
            )
            == 1
        )

    def test_guardians_alone_of_an_unknown_student(self, site: Teleservices, run: Run) -> None:
        odd = evolve(FAMILY, links=(*LINKS, SynthLink(77, 10, Level.LEGAL)))
        report = run(a_school(odd), files="Responsables*")
        (rejected,) = report.rejected
        assert rejected.key == "77/10"

    def test_a_file_without_addresses_leaves_them(self, site: Teleservices, run: Run) -> None:
        homeless = tuple(evolve(adult, address=None) for adult in FAMILY.adults)
        assert run(a_school(evolve(FAMILY, adults=homeless))).changes_nothing
        assert {row["address_lines"] for row in rows(site, t.adults)} == {"1 rue Haute", ""}

    def test_a_file_without_classes_leaves_them(self, site: Teleservices, run: Run) -> None:
        bare = (evolve(ZOE, class_group=""), evolve(LEO, class_group=""))
        assert run(a_school(evolve(FAMILY, students=bare)), files="[ER]*").changes_nothing

    def test_a_base_made_anew_gives_other_keys(self, site: Teleservices, run: Run) -> None:
        students, accounts = rows(site, t.students), rows(site, t.accounts)
        swapped = evolve(
            FAMILY,
            students=(evolve(ZOE, id=2), evolve(LEO, id=1)),
            links=tuple(evolve(link, student_id=3 - link.student_id) for link in LINKS),
        )
        assert run(a_school(swapped)).changes_nothing
        assert rows(site, t.students) == students
        assert rows(site, t.accounts) == accounts
        assert run(a_school(swapped)).changes_nothing

    def test_a_key_given_to_somebody_else_is_not_believed(
        self, site: Teleservices, run: Run
    ) -> None:
        newcomer = SynthStudent(2, "PETIT", "Ana", date(2014, 5, 5), ine=Ine.rnie(3))
        run(a_school(evolve(FAMILY, students=(ZOE, newcomer))))
        assert len(rows(site, t.students)) == 3

    def test_an_ine_of_somebody_else_is_asked_about(self, site: Teleservices, run: Run) -> None:
        impostor = SynthStudent(9, "PETIT", "Ana", date(2014, 5, 5), ine=Ine.rnie(1))
        report = run(a_school(evolve(FAMILY, students=(impostor, LEO))))
        assert [each.key for each in report.alerts if "Rapprochements" in each.reason] == ["9"]
        assert (report.counts["matches"], report.waiting) == (1, 1)
        assert sorted(row["ine"] or "" for row in rows(site, t.students)) == [
            "",
            Ine.rnie(1).code,
            Ine.rnie(2).code,
        ]
        assert all(row["left_on"] is None for row in rows(site, t.schoolings))

    def test_an_older_file_is_remarked(self, run: Run) -> None:
        older = evolve(a_school(), exported_at=export_time(YEAR).replace(day=2))
        report = run(older)
        assert "02/11/2026" in report.alerts[0].reason
        assert report.changes_nothing
        assert not any("ancien" in alert.reason for alert in run(a_school()).alerts)

    def test_next_year_beside_this_one(self, site: Teleservices, run: Run) -> None:
        after = (evolve(ZOE, class_group="5 A"), evolve(LEO, class_group="5 B"))
        coming = evolve(a_school(evolve(FAMILY, students=after)), school_year=YEAR.next)
        report = run(coming)
        assert report.number(Subject.STUDENT, Change.MOVED) == 2
        assert len(rows(site, t.schoolings)) == 4
        assert all(row["left_on"] is None for row in rows(site, t.schoolings))


@pytest.mark.faq("F40")
class TestChangeOfSchool:
    """Accounts of pupil and guardians are kept inside the académie."""

    @pytest.fixture(autouse=True)
    def known(self, run: Run) -> None:
        run(a_school(only(ZOE)))

    def there(self, **changes: Any) -> SynthSchool:
        """The same persons under the keys of another base."""
        zoe = evolve(ZOE, id=71, class_group="6 Z")
        adults = tuple(evolve(a, id=a.id + 800, phone="0380000000") for a in FAMILY.adults)
        links = tuple(
            evolve(link, student_id=71, adult_id=link.adult_id + 800) for link in LINKS[:3]
        )
        family = evolve(SynthHousehold((zoe,), adults, links), **changes)
        return a_school(family, at=OTHER)

    def test_everybody_is_recognized(self, site: Teleservices, run: Run) -> None:
        accounts = rows(site, t.accounts)
        report = run(self.there())
        assert report.number(Subject.STUDENT, Change.MOVED) == 1
        assert report.number(Subject.ADULT, Change.ADDED) == 0
        assert report.number(Subject.LINK, Change.ENDED) == 0
        assert rows(site, t.accounts) == accounts
        assert len(rows(site, t.adults)) == 3
        assert run(self.there()).changes_nothing

    def test_the_former_school_then_closes_its_schooling(
        self, site: Teleservices, run: Run
    ) -> None:
        run(self.there())
        report = run(a_school(only(LEO)))
        assert report.number(Subject.STUDENT, Change.LEFT) == 1
        assert report.number(Subject.LINK, Change.ENDED) == 0
        # The mother is in both files, which differ about her telephone: the last one wins.
        (difference,) = run(self.there()).differences
        assert [change.field for change in difference.changes] == ["phone"]

    def test_guardians_that_the_new_school_omits_keep_rights_until_the_former_closes(
        self, site: Teleservices, run: Run
    ) -> None:
        there = self.there()
        family = there.households[0]
        without_father = evolve(family, adults=(family.adults[0],), links=(family.links[0],))
        assert (
            run(evolve(there, households=(without_father,))).number(Subject.LINK, Change.ENDED) == 0
        )
        run(a_school(only(LEO)))
        report = run(evolve(there, households=(without_father,)))
        assert report.number(Subject.LINK, Change.ENDED) == 2
        assert run(evolve(there, households=(without_father,))).changes_nothing

    def test_without_ine_nobody_is_recognized(self, site: Teleservices, run: Run) -> None:
        there = self.there()
        (zoe,) = there.households[0].students
        run(
            evolve(
                there, households=(evolve(there.households[0], students=(evolve(zoe, ine=None),)),)
            )
        )
        assert len(rows(site, t.students)) == 2
        assert len(rows(site, t.adults)) == 6

    def test_two_persons_of_one_name_are_not_merged(self, site: Teleservices, run: Run) -> None:
        there = self.there()
        family = there.households[0]
        father = family.adults[1]
        twin = evolve(father, id=899)
        doubled = evolve(
            family,
            adults=(*family.adults, twin),
            links=(*family.links, SynthLink(71, 899, Level.CONTACT)),
        )
        report = run(evolve(there, households=(doubled,)))
        assert report.number(Subject.ADULT, Change.ADDED) == 2
        assert len(rows(site, t.adults)) == 5

    def test_another_name_is_another_person(self, site: Teleservices, run: Run) -> None:
        there = self.there()
        family = there.households[0]
        mother = evolve(family.adults[0], first_name="Eva")
        report = run(
            evolve(there, households=(evolve(family, adults=(mother, *family.adults[1:])),))
        )
        assert report.number(Subject.ADULT, Change.ADDED) == 1


class TestGuards:
    """Rather the wrong file than an empty school (T68)."""

    @pytest.fixture
    def school(self) -> SynthSchool:
        found = synth_school(4, pupils=120)
        return evolve(found, establishment=evolve(found.establishment, uai=COLLEGE.uai))

    def test_too_many_departures_are_refused(
        self, site: Teleservices, run: Run, school: SynthSchool
    ) -> None:
        run(school)
        before = everything(site)
        half = evolve(school, households=school.households[::2])
        with pytest.raises(RefusedError) as caught:
            run(half)
        assert caught.value.code == "too_many_departures"
        assert everything(site) == before
        dry = run(half, dry_run=True)
        assert [blocked.code for blocked in dry.blocked] == ["too_many_departures"]
        assert run(half, allow_departures=True).number(Subject.STUDENT, Change.LEFT) > 10

    def test_too_many_ended_links_are_refused(
        self, site: Teleservices, run: Run, school: SynthSchool
    ) -> None:
        run(school)
        before = everything(site)
        bare = evolve(
            school,
            households=tuple(
                evolve(h, links=h.links[:1], adults=h.adults) for h in school.households
            ),
        )
        with pytest.raises(RefusedError) as caught:
            run(bare)
        assert caught.value.code == "too_many_ended_links"
        assert everything(site) == before

    def test_a_few_departures_are_not(self, run: Run, school: SynthSchool) -> None:
        run(school)
        fewer = evolve(school, households=school.households[3:])
        assert run(fewer).number(Subject.STUDENT, Change.LEFT) >= 3


class TestFailure:
    """Before or after, never between."""

    def test_at_every_statement(self, site: Teleservices, run: Run) -> None:
        run(a_school(only(ZOE)))
        before = everything(site)
        steps = 0
        while True:
            countdown = steps

            def fail(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
                nonlocal countdown
                if statement.startswith(("SELECT", "DROP")):
                    return  # they write nothing
                if countdown == 0:
                    raise RuntimeError("pulled the plug")
                countdown -= 1

            event.listen(site.engine, "before_cursor_execute", fail)
            try:
                run(a_school())
            except RuntimeError:
                assert_same(site, fail, before)
                steps += 1
                continue
            finally:
                if event.contains(site.engine, "before_cursor_execute", fail):
                    event.remove(site.engine, "before_cursor_execute", fail)
            break
        assert steps > 15
        assert len(rows(site, t.students)) == 2

    def test_at_the_end(self, site: Teleservices, run: Run, monkeypatch: Any) -> None:
        before = everything(site)
        with monkeypatch.context() as patch:
            patch.setattr("teleservices_core.usecases.importing._report", lambda *_a, **_k: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                run(a_school())
        assert everything(site) == before


def assert_same(site: Teleservices, listener: Any, before: Any) -> None:
    event.remove(site.engine, "before_cursor_execute", listener)
    assert everything(site) == before


class TestOthers:
    """Nobody waits while an import compares, nor is anything of theirs lost."""

    def test_they_write_at_every_question(
        self, site: Teleservices, run: Run, monkeypatch: Any
    ) -> None:
        run(a_school(only(ZOE)))
        written: list[str] = []
        noted = Snapshot._note

        def note(seen: Snapshot, *question: Any) -> None:
            noted(seen, *question)
            key, now = f"k{len(written)}", site.site.now()
            with site.site.database.writing(waits=False) as tx:
                tx.connection.execute(insert(t.throttles).values(key=key, last_at=now))
            written.append(key)

        monkeypatch.setattr(Snapshot, "_note", note)
        report = run(a_school())
        assert report.number(Subject.STUDENT, Change.ADDED) == 1
        assert len(written) > 20
        assert len(rows(site, t.throttles)) == len(written)

    @pytest.mark.parametrize("times", [1, ATTEMPTS])
    def test_it_compares_anew_then_has_them_wait(
        self, site: Teleservices, run: Run, times: int
    ) -> None:
        """Somebody changes the same each time: it ends all the same, and with what they said."""
        run(a_school())
        towns = iter("ABCDEF")

        def correct() -> None:
            with site.site.database.writing() as tx:
                tx.connection.execute(update(t.students).values(birth_town=next(towns)))

        with meanwhile(correct, times) as done:
            report = run(a_school())
        assert len(done) == times
        (change,) = {each for found in report.differences for each in found.changes}
        assert change == FieldChange("birth_town", "ABCDEF"[times - 1], "")
        assert {row["birth_town"] for row in rows(site, t.students)} == {""}
        assert len(rows(site, t.imports)) == 2

    def test_nothing_is_left_on_the_connection(self, site: Teleservices, run: Run) -> None:
        run(a_school())
        with site.engine.connect() as connection:
            if site.engine.dialect.name == "sqlite":
                left = "SELECT count(*) FROM temp.sqlite_master"
            else:
                left = "SELECT count(*) FROM pg_class WHERE relpersistence = 't'"
            assert connection.exec_driver_sql(left).scalar() == 0


class TestCommand:
    """``teleservices import siecle``."""

    def call(self, site: Teleservices, *arguments: str) -> Any:
        return CliRunner().invoke(import_group, ["siecle", *arguments], obj=lambda: site)

    def test_shows_then_does(self, site: Teleservices, tmp_path: Path) -> None:
        write_siecle(tmp_path / "x", a_school())
        where = (str(tmp_path / "x"), "--establishment", COLLEGE.uai.code)
        dry = self.call(site, *where, "--dry-run")
        assert dry.exit_code == 0, dry.output
        assert "rien n’a été écrit" in dry.output
        assert "Zoé MARTIN" in dry.output
        assert rows(site, t.students) == []
        wet = self.call(site, *where)
        assert wet.exit_code == 0, wet.output
        again = self.call(site, *where)
        assert "Rien à changer" in again.output

    def test_lists_what_was_set_aside(self, site: Teleservices, tmp_path: Path) -> None:
        odd = evolve(FAMILY, links=(*LINKS, SynthLink(1, 99, Level.LEGAL)))
        write_siecle(tmp_path / "x", a_school(odd))
        done = self.call(site, str(tmp_path / "x"), "--establishment", COLLEGE.uai.code)
        assert "RESPONSABLE_ELEVE 1/99" in done.output
        assert "personne absente du fichier" in done.output

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_it_before_it_writes_or_after(
        self, site: Teleservices, tmp_path: Path, monkeypatch: Any, number: int
    ) -> None:
        write_siecle(tmp_path / "x", a_school())
        where = (str(tmp_path / "x"), "--establishment", COLLEGE.uai.code)
        usual = signal.getsignal(number)

        def signalled(act: Any) -> Any:
            def acting(*arguments: Any) -> Any:
                os.kill(os.getpid(), number)
                return act(*arguments)

            return acting

        for owner, name in ((Snapshot, "_note"), (Draft, "laid_out")):
            with monkeypatch.context() as patch:
                patch.setattr(owner, name, signalled(getattr(owner, name)))
                stopped = self.call(site, *where)
            assert stopped.exit_code == 1
            assert "Arrêté : rien n’a été écrit" in stopped.output.replace("\u00a0", " ")
            assert rows(site, t.students) == rows(site, t.imports) == []
        with monkeypatch.context() as patch:
            patch.setattr(Draft, "write", signalled(Draft.write))
            done = self.call(site, *where)
        assert done.exit_code == 0
        assert "allée à son terme" in done.output
        assert "Comparaison" in done.output
        assert len(rows(site, t.students)) == 2
        assert signal.getsignal(number) == usual

    def test_says_why_a_file_is_refused(self, site: Teleservices, tmp_path: Path) -> None:
        write_siecle(tmp_path / "x", a_school(at=OTHER))
        done = self.call(site, str(tmp_path / "x"), "--establishment", COLLEGE.uai.code)
        assert done.exit_code == 1
        assert OTHER.uai.code in done.output


def test_an_import_waits_for_another(site: Teleservices, clock: FixedClock) -> None:
    if site.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer")
    with site.site.database.writing() as tx:
        tx.matches.lock()
        with site.engine.connect() as other:
            taken = other.scalar(select(func.pg_try_advisory_xact_lock(KEY)))
    assert taken is False
