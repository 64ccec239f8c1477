"""A family with a child at school, and a site where « Notes » is open to it; a staffroom."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve, frozen

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.roster import Student
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Ine
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    YEAR,
    a_link,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.world import PASSWORD, World, person_id
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.signing_in import resume, sign_in
from teleservices_notes.model import Assessment, Course, Entry, Outcome, TeachingService
from teleservices_notes.store import ClassMarks, MarkStore
from teleservices_notes.testing import FRENCH, MATHS
from teleservices_notes.usecases.assessing import Described, add_assessment
from teleservices_notes.usecases.entering import EnteredRow, enter_marks


@frozen
class School:
    """The site, the child and the mother's browser, signed in."""

    services: Teleservices
    clock: FixedClock
    student: Student
    login_name: str
    browser: Browser

    def at(self, when: datetime) -> None:
        """Travel in time; the session of before is over, so sign in again."""
        self.clock.set(when)
        self.browser.sign_in(self.login_name, PASSWORD)

    @property
    def path(self) -> str:
        """The child's page."""
        return f"/eleves/{self.student.id}/notes/"

    def record(self, *entries: Entry) -> None:
        """Write marks of the child."""
        with self.services.site.database.writing() as tx:
            MarkStore(tx.connection).save(
                {e.assessment.id: e.assessment for e in entries}.values(),
                [e.mark for e in entries],
            )

    def forget(self) -> None:
        """Remove every mark and assessment."""
        with self.services.site.database.writing() as tx:
            for table in ("notes_marks", "notes_assessments", "notes_settings"):
                tx.connection.exec_driver_sql(f"DELETE FROM {table}")


def open_notes(services: Teleservices) -> None:
    """The head opens « Notes » to all."""
    for audience in (Audience.GUARDIAN, Audience.STUDENT):
        set_opening(
            services.site, None, Scope.establishment(COLLEGE), "notes", audience, Stance.OPEN
        )


@pytest.fixture
def closed_school(services: Teleservices, clock: FixedClock) -> School:
    """« Notes » is not open yet."""
    world = World(services)
    world.establishment()
    child = a_student(ine=Ine.rnie(123456789))
    world.student(child, a_schooling(child.id))
    mother = an_adult()
    world.adult(mother, a_link(child.id, mother.id))
    account = world.account(mother, Audience.GUARDIAN)
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    return School(services, clock, child, account.login_name, browser)


@pytest.fixture
def school(closed_school: School) -> School:
    """« Notes » is open."""
    open_notes(closed_school.services)
    return closed_school


@pytest.fixture
def shown() -> Callable[[Any], str]:
    """A page's text, tags left out, spaces made plain."""

    def shown(page: Any) -> str:
        text = re.sub(r"<[^>]+>", " ", page.text)
        return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())

    return shown


@pytest.fixture
def classmates(services: Teleservices) -> Callable[[Iterable[int]], list[Student]]:
    """Add students to the class, by the numbers of their INE."""
    world = World(services)

    def add(numbers: Iterable[int]) -> list[Student]:
        found = [a_student(ine=Ine.rnie(number)) for number in numbers]
        for student in found:
            world.student(student, a_schooling(student.id))
        return found

    return add


@frozen
class Staffroom:
    """A class of two, its teacher of mathematics, a colleague and the head."""

    services: Teleservices
    clock: FixedClock
    pupils: list[Student]
    accounts: dict[str, Account]

    def viewer(self, who: str = "teacher"):
        """Who is signed in."""
        site = self.services.site
        login_name = self.accounts[who].login_name
        return resume(site, sign_in(site, login_name, PASSWORD, source="x").secret)

    def browser(self, who: str = "teacher") -> Browser:
        """The same, in a browser."""
        browser = Browser(self.services)
        browser.sign_in(self.accounts[who].login_name, PASSWORD)
        return browser

    def assessment(self, **changes) -> Assessment:
        """An assessment in mathematics, added by the teacher."""
        described = evolve(Described("Fractions", date(2026, 11, 20)), **changes)
        args = self.services.site, self.viewer(), COLLEGE, "6 B", "MATHS", described
        return add_assessment(*args, ClassMarks)

    def enter(self, assessment: Assessment, *rows: EnteredRow, who: str = "teacher"):
        """Enter some marks."""
        args = self.services.site, self.viewer(who), COLLEGE, assessment.id, rows
        return enter_marks(*args, ClassMarks)

    def outcomes(self, assessment: Assessment) -> dict[UUID, Outcome]:
        """What is recorded."""
        with self.services.site.database.reading() as tx:
            marks = ClassMarks(tx.connection).marks_at(assessment.id)
        return {student_id: mark.outcome for student_id, mark in marks.items()}

    def open(self) -> None:
        """The head opens « Notes » to all."""
        open_notes(self.services)

    def actions(self) -> list[str]:
        """The latest of the journal."""
        with self.services.site.database.reading() as tx:
            return [entry.action for entry in tx.audit.latest(5)]


@pytest.fixture
def room(services, clock) -> Staffroom:
    """Nothing is assessed yet."""
    world = World(services)
    world.establishment()
    pupils = [
        a_student(last_name=name, first_name=first, ine=Ine.rnie(number))
        for number, (name, first) in enumerate([("ALBA", "Zoé"), ("BEAU", "Ali")], 1)
    ]
    for pupil in pupils:
        world.student(pupil, a_schooling(pupil.id))
    accounts = {
        "teacher": world.staff(Role.TEACHER, COLLEGE),
        "colleague": world.staff(Role.TEACHER, COLLEGE),
        "head": world.staff(Role.HEAD, COLLEGE),
        "office": world.staff(Role.SCHOOL_OFFICE, COLLEGE),
    }
    held = [
        TeachingService(
            Course(COLLEGE, YEAR, "6 B", subject), f"M. {who}", person_id(accounts[who])
        )
        for subject, who in ((MATHS, "teacher"), (FRENCH, "colleague"))
    ]
    with services.site.database.writing() as tx:
        ClassMarks(tx.connection).replace_services((), held)
    return Staffroom(services, clock, pupils, accounts)
