"""Who is erased is nowhere any more: not in a table, a file of the database, its log or free pages.

A family whose every text is unlike any other lives through all that the site does with it,
and is erased by each way that there is. What is left then is in a table of the documentation.
"""

from __future__ import annotations

import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from attrs import define, evolve, field
from click.testing import CliRunner
from sqlalchemy import insert, select
from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.backups.making import make_backup
from teleservices_core.backups.restoring import restore
from teleservices_core.commands.data import data
from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.domain.likeness import Comparison, Sameness, Trait
from teleservices_core.domain.matches import MatchKind, MatchState, ask
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.importing import import_siecle
from teleservices_core.leftovers import drop_left
from teleservices_core.storage import tables as t
from teleservices_core.storage.matches import match_row
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.markers import traces
from teleservices_core.testing.synth import SynthHousehold, write_siecle
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.lifecycle import run_lifecycle
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.undoing import import_runs, preview_undo, undo_import
from teleservices_core.usecases.working import tend

from .marked import (
    CHILD,
    CHILD_SAYS,
    CHOSEN,
    COLUMNS,
    FAMILY,
    INE,
    MARKERS,
    MARKS,
    MOTHER,
    NEIGHBOURS,
    ROW,
    a_school,
)


@define
class Site:
    """A site on which the family lives."""

    services: Teleservices
    clock: FixedClock
    world: World = field(init=False)
    head: Account = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.world = World(self.services)
        self.world.establishment()
        self.head = self.world.staff(Role.HEAD, COLLEGE)

    def bring(self, *households: SynthHousehold) -> None:
        with tempfile.TemporaryDirectory() as folder:
            write_siecle(Path(folder), a_school(*households))
            import_siecle(self.services.site, COLLEGE, [Path(folder)], allow_departures=True)

    def person(self, table, last_name: str) -> UUID:
        with self.services.engine.connect() as connection:
            found = select(table.c.id).where(table.c.last_name == last_name)
            return connection.execute(found.order_by(table.c.id)).scalars().first()

    @property
    def child_id(self) -> UUID:
        return self.person(t.students, "ZQNOMENF")

    def letter(self):
        issued = issue_letters(self.services.site, plan_letters(self.services.site, COLLEGE))
        return next(e for e in issued if "zq" in e.candidate.account.login_name
                    and e.candidate.account.audience is Audience.GUARDIAN)  # fmt: skip

    def link(self, found: str) -> str:
        deliver(self.services.site, self.services.mailer)
        texts = [mail.get_content() for mail in self.services.mailer.messages()]
        links = [
            w for text in texts for w in text.split() if w.startswith(f"http://localhost{found}")
        ]
        return links[-1].removeprefix("http://localhost")

    def staff(self) -> Browser:
        browser = Browser(self.services)
        browser.sign_in(self.head.login_name, PASSWORD)
        return browser

    def live(self) -> None:
        """All that a family does, and that is done about it."""
        self.bring(FAMILY, NEIGHBOURS)
        site = self.services.site
        everybody = Scope.establishment(COLLEGE)
        for audience in (Audience.GUARDIAN, Audience.STUDENT):
            set_opening(site, None, everybody, "notes", audience, Stance.OPEN)
        letter = self.letter()
        login = letter.candidate.account.login_name
        browser = Browser(self.services)
        browser.sign_in(login, letter.code)
        browser.submit("mot-de-passe", password=CHOSEN, again=CHOSEN)
        browser.submit("courriel", email="zqchoisie@example.org")
        browser.get(self.link("/confirmer/"))
        browser.submit("/confirmer/")
        assert "Zqprenomenf" in browser.get("/").text
        browser.get("/compte/courriel")
        browser.submit("courriel", current=CHOSEN, email="zqattente@example.org")
        self.use_the_sheet(browser)
        self.give_marks()
        browser.sign_in(login, CHOSEN)
        assert "14,5" in browser.get(f"/eleves/{self.child_id}/notes/").text
        browser.get("/compte/donnees")
        browser.submit("donnees", current=CHOSEN)
        lost = Browser(self.services)
        lost.get("/mot-de-passe-oublie")
        lost.submit("oublie", login_name=login)
        self.link("/nouveau-mot-de-passe/")
        self.look_alike()
        moved = evolve(FAMILY, adults=(evolve(MOTHER, work_phone="0611223396"),))
        self.bring(moved, NEIGHBOURS)

    def use_the_sheet(self, browser: Browser) -> None:
        sheet = f"/eleves/{self.child_id}/fiche/"
        browser.get(f"{sheet}modifier/vos-coordonnees/")
        browser.submit("modifier", phone_mobile="0611223395")
        browser.get(f"{sheet}envoyer/")
        browser.submit("envoyer")
        assert "/recepisses/" in browser.page.request.path, browser.page.text
        browser.get(f"{sheet}signaler/student/last_name/")
        browser.submit("signaler", message="Il manque un tréma : zqsignalement.")
        browser.get(f"{sheet}modifier/eleve/")
        browser.submit("modifier", email="zqsaisieenf@exa")
        browser.get(f"{sheet}modifier/vos-coordonnees/")
        browser.submit("modifier", email="zqbrouillon@exa")

    def give_marks(self) -> None:
        lines = [COLUMNS, ROW.format(INE, "14,5", "zqappreciation"), ROW.format(INE, "14,5", "")]
        content = "\n".join(lines).encode()
        for choice in ("confirm", ""):
            browser = self.staff()
            browser.get(MARKS)
            page = browser.submit("imports/", file=(BytesIO(content), "notes.csv"))
            if choice:
                browser.submit(page.request.path.rsplit("/", 1)[1], choice=choice)
        self.clock.advance(days=2)

    def look_alike(self) -> None:
        """Somebody may be the child: the question tells who both are."""
        site = self.services.site
        other = self.person(t.students, "LEROY")
        with site.database.writing() as tx:
            found = tx.matches.identities([self.child_id])
            comparison = Comparison(Sameness.UNCERTAIN, (Trait.BIRTH_PLACE,), (Trait.SEX,))
            persons = (self.child_id, other)
            told = tuple(found[self.child_id])
            asked = ask(uuid7(), MatchKind.STUDENT, COLLEGE, persons, comparison, site.now(),
                        identities=told)  # fmt: skip
            row = match_row(evolve(asked, state=MatchState.DIFFERENT))
            tx.connection.execute(insert(t.matches).values(row))

    def age(self, days: int) -> None:
        """Time passes, with all that runs by itself."""
        site = self.services.site
        for _month in range(days // 45):
            self.clock.advance(days=45)
            run_lifecycle(site, force=True)
            deliver(site, self.services.mailer)
            tend(site)


@pytest.fixture
def site(services, clock) -> Site:
    return Site(services, clock)


def left(site: Site, markers: set[str], but: set[str] = frozenset()) -> dict[str, set[str]]:
    """Where markers are, but in some columns and, because of these, in the files."""
    found = dict(traces(site.services.engine, markers))
    kept = set().union(*(found.pop(place, set()) for place in but))
    cells = {place: which - kept if place.startswith("file") else which
             for place, which in found.items()}  # fmt: skip
    return {place: which for place, which in cells.items() if which}


def test_nothing_is_left_once_time_has_passed(site):
    """The daily run forgets what is over, accounts that nobody uses, then the persons."""
    site.live()
    before = traces(site.services.engine, MARKERS)
    assert set().union(*before.values()) == MARKERS
    assert not any(place.startswith("core_audit") for place in before)
    site.age(360)
    names = {"ZQNOMENF", "ZQNOMMERE"}
    assert set(left(site, names)) >= {"core_students.last_name", "core_adults.last_name"}
    site.age(720)
    assert left(site, MARKERS) == {}
    with site.services.engine.connect() as connection:
        assert connection.execute(select(t.students.c.last_name)).scalars().all() == []


def erase(site: Site, *more: str) -> str:
    said = CliRunner().invoke(
        data, ["erase", INE.code, *more, "--yes", "--reason", "Écrit du 3 mars"],
        obj=lambda: site.services,
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    return said.output


SECTIONS: Final = [
    word for id_ in ("fiche.changes", "notes.marks", "notes.reading") for word in ("--section", id_)
]
WAITING: Final = {"core_outbox.context", "core_outbox.to_address", "notes_uploads.content"}
"""Mails for a month, a file that is not confirmed for a day: see the reference."""


def test_a_student_who_has_left_goes_on_request(site):
    """With all that names him; while the school has him, its next import would bring him back."""
    site.live()
    assert "Votre identité" in erase(site, *SECTIONS, "--dry-run").partition("pas ainsi")[2]
    site.bring()
    erase(site, *SECTIONS, "--section", "core.persons")
    assert left(site, CHILD_SAYS, WAITING) == {}
    assert "core_adults.last_name" in left(site, {"ZQNOMMERE"}), "whose account is in use"
    for run in import_runs(site.services.site, None):
        assert preview_undo(site.services.site, run.id).plan, "what is left can be taken back"
    site.age(45)
    assert left(site, CHILD_SAYS, {"notes_uploads.content"}) == {}


def test_who_was_erased_stays_so_after_a_restore(site, tmp_path):
    """The backup still has the student at school; the act of the journal is done again."""
    site.live()
    make_backup(site.services, tmp_path / "site.zip")
    site.bring()
    erase(site, *SECTIONS, "--section", "core.persons")
    restore(site.services, tmp_path / "site.zip")
    assert left(site, CHILD_SAYS, WAITING) == {}
    assert left(site, {"ZQNOMMERE"})


def test_nobody_goes_about_whom_something_is_kept(site):
    """Persons are erased the last, whatever the order in which headings are named."""
    site.live()
    site.bring()
    erase(site, "--section", "core.persons")
    assert "core_students.last_name" in left(site, {"ZQNOMENF"})
    erase(site, "--section", "core.persons", *SECTIONS)
    assert left(site, {"ZQNOMENF"}) == {}


def set_aside(site: Site) -> list[Any]:
    with site.services.engine.connect() as connection:
        return list(connection.execute(select(t.quarantine)))


def test_a_wrong_import_leaves_nobody_behind(site):
    """Taken back, with letters, kept differences, and lines that were put aside."""
    site.bring()
    nameless = evolve(CHILD, id=4, last_name="", ine=None)
    site.bring(evolve(FAMILY, students=(CHILD, nameless)))
    site.letter()
    assert set_aside(site)
    run = import_runs(site.services.site, None)[0]
    seen = preview_undo(site.services.site, run.id).plan.seen
    undo_import(site.services.site, run.id, seen=seen)
    assert left(site, MARKERS) == {}
    assert not set_aside(site)


def test_a_removed_plugin_s_tables_leave_nothing(site):
    """In the log or the free pages."""
    site.live()
    typed = {"zqsaisieenf", "zqsignalement", "611223395", "zqbrouillon"}
    without = Teleservices(
        site.services.settings, engine=site.services.engine, clock=site.clock, discover=False
    )
    assert left(site, typed)
    drop_left(without, "fiche_", without_export=True)
    assert left(site, typed) == {}
