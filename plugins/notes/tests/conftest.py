"""A family with a child at school, and a site where « Notes » is open to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from attrs import frozen
from sqlalchemy import event

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.roster import Student
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.values import Ine
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.opening import set_opening
from teleservices_notes.model import Entry
from teleservices_notes.store import MarkStore


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

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The SQL run meanwhile."""
        run: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
            run.append(statement)

        event.listen(self.services.engine, "before_cursor_execute", note)
        try:
            yield run
        finally:
            event.remove(self.services.engine, "before_cursor_execute", note)


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
