"""What commands, the worker and forms do fails at one statement after the other: nobody is named.

Neither in the log, at the level that says most, nor on a screen, a page, a mail, in the figures
of a monitor, in what is kept of a failure. One statement of each step, drawn; the first
thirty and every fifteenth after them with ``MARKERS=all``, which takes many minutes.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import re
import sqlite3
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import Factory, define, evolve, field
from click.testing import CliRunner
from psycopg.errors import UniqueViolation
from sqlalchemy import create_engine, event, select, text

from teleservices_core import cli
from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.second_factor import period_of
from teleservices_core.domain.staff import Role
from teleservices_core.logs import tell_by_type, write_logs
from teleservices_core.one_time_codes import code_of
from teleservices_core.settings import MonitoringSettings
from teleservices_core.storage import tables as t
from teleservices_core.storage.engine import discreet, make_engine
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.synth import write_siecle
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.working import tend, work_once

from .marked import (
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

MOST: Final = 400
"""Statements of a step."""
TOKEN: Final = "zqjeton-de-la-supervision-4172-zqjeton"
SET_UP: Final = "/compte/double-authentification/installer"
NAME: Final = "Zqprenommere"
KEY: Final = re.compile(r'<code class="key">([A-Z2-7 ]+)</code>')


@define
class Fault:
    """One statement fails, with an error that repeats its parameters."""

    at: int = 0
    seen: int = 0

    @property
    def has_struck(self) -> bool:
        return 0 < self.at <= self.seen

    def arm(self, at: int) -> None:
        self.at, self.seen = at, 0

    def strike(self, _cursor: Any, statement: str, parameters: Any, context: Any) -> None:
        self.seen += 1
        if self.seen == self.at:
            told = f"Key (all) = ({parameters}) already exists, in {statement}"
            is_sqlite = context.dialect.name == "sqlite"
            raise sqlite3.IntegrityError(told) if is_sqlite else UniqueViolation(told)

    @contextmanager
    def planted(self, engine: Any) -> Iterator[None]:
        for name in ("do_execute", "do_executemany"):
            event.listen(engine, name, self.strike)
        yield
        for name in ("do_execute", "do_executemany"):
            event.remove(engine, name, self.strike)


def tries(draw: random.Random) -> list[int]:
    """At which statements a step fails, one run after the other; 0 for none."""
    if os.environ.get("MARKERS") == "all":
        return [*range(1, 30), *range(30, MOST, 15), 0]
    return [draw.choice([draw.randint(1, 8), draw.randint(9, 40)]), 0]


@define
class Work:
    """Steps that fail until they do not, and what others read of that."""

    services: Teleservices
    folder: Path
    fault: Fault = field(factory=Fault)
    draw: random.Random = field(
        default=Factory(
            lambda self: random.Random(self.services.engine.dialect.name), takes_self=True
        )
    )
    told: list[tuple[str, str]] = field(factory=list)
    """Where, and what."""
    pages: list[tuple[str, str]] = field(factory=list)
    """Of failure: who is named there reads them."""
    struck: dict[str, int] = field(factory=dict)

    def step(self, name: str, act: Callable[[], Any]) -> Any:
        answer = None
        for at in tries(self.draw):
            self.fault.arm(at)
            try:
                answer = act()
            except Exception:  # noqa: BLE001 - all are looked at
                self.told.append((name, traceback.format_exc()))
            if getattr(answer, "status_code", 200) >= 500:
                self.pages.append((name, answer.text))
                answer.close()
            self.struck[name] = self.struck.get(name, 0) + self.fault.has_struck
            if not self.fault.has_struck:
                break
        self.fault.arm(0)
        return answer

    def form(self, browser: Browser, path: str, action: str, **typed: Any) -> Any:
        """Send a form; what was there before the fault is asked for again."""

        def act() -> Any:
            browser.get(path)
            if not any(action in (target or path) for target, _fields in browser.forms()):
                return browser.page
            again = {
                name: (BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value
                for name, value in typed.items()
            }
            return browser.submit(action, **again)

        return self.step(f"{path} {action}", act)

    def run(self, *words: str, shows: bool = False) -> None:
        """A command. ``shows``: on its way it shows persons to who has called it."""

        def act() -> Any:
            # A backup is whole before the act is noted; no other takes its place.
            if words[0] == "backup":
                Path(words[1]).unlink(missing_ok=True)
            settings = str(self.folder / "site.toml")
            said = CliRunner().invoke(cli.main, ["--settings", settings, *words])
            self.told.append((f"{words} (log)", said.stderr))
            if said.exit_code and said.exception and not isinstance(said.exception, SystemExit):
                self.told.append((f"{words}", "".join(traceback.format_exception(said.exception))))
            if not shows or said.exit_code:
                after = said.stdout.partition("Erreur")[2] if shows else said.stdout
                self.told.append((f"{words}", after))
            return said

        done = self.step(" ".join(words[:3]), act)
        assert words == ("doctor",) or done.exit_code == 0, done.output[-1500:]


@pytest.fixture
def work(services, tmp_path, monkeypatch) -> Work:
    """A site with commands, over the same engine."""
    (tmp_path / "site.toml").write_text(f"""
base_url = "http://localhost"
database_url = "sqlite:///{tmp_path}/unused.db"
secret_key = "a secret key for the tests, long enough"
[academie]
code = "07"
name = "Dijon"
[logs]
level = "DEBUG"
""")
    settings = evolve(
        services.settings,
        ledger=tmp_path / "site.ledger",
        monitoring=MonitoringSettings(token=TOKEN),
    )
    made = Teleservices(
        settings, engine=services.engine, clock=services.site.clock, hasher=services.site.hasher
    )
    monkeypatch.setattr(cli, "Teleservices", lambda _settings: made)
    monkeypatch.setattr(services.engine, "dispose", lambda: None)
    root = logging.getLogger()
    before, handlers = root.level, [*root.handlers]
    yield Work(made, tmp_path)
    root.setLevel(before)
    root.handlers[:] = handlers


def live(work: Work) -> None:
    """What commands, pages and the worker do with a family."""
    site, world = work.services.site, World(work.services)
    world.establishment()
    head, admin = world.staff(Role.HEAD, COLLEGE), world.staff(Role.ACADEMY_ADMIN)
    exports = work.folder / "exports"
    write_siecle(exports, a_school(FAMILY, NEIGHBOURS))
    work.run("import", "siecle", str(exports), "--establishment", str(COLLEGE), shows=True)
    for audience in (Audience.GUARDIAN, Audience.STUDENT):
        set_opening(site, None, Scope.establishment(COLLEGE), "notes", audience, Stance.OPEN)
    letters = [*issue_letters(site, plan_letters(site, COLLEGE))]
    (mine,) = [e for e in letters if e.candidate.account.audience is Audience.GUARDIAN
               and "zq" in e.candidate.account.login_name]  # fmt: skip
    with site.database.reading() as tx:
        (child_id,) = tx.connection.execute(
            select(t.students.c.id).where(t.students.c.last_name == "ZQNOMENF")
        ).scalars()
    mother, login = Browser(work.services), mine.candidate.account.login_name
    mother.sign_in(login, mine.code)
    work.form(mother, "/", "mot-de-passe", password=CHOSEN, again=CHOSEN)
    work.form(mother, "/", "courriel", email="zqchoisie@example.org")
    work.step("deliver", lambda: deliver(site, work.services.mailer))
    site.clock.advance(minutes=10)
    deliver(site, work.services.mailer)
    links = [re.findall(r"http://localhost(/confirmer/\S+)", mail.get_content())
             for mail in work.services.mailer.messages()]  # fmt: skip
    work.form(mother, next(filter(None, links))[0], "/confirmer/")
    sheet = f"/eleves/{child_id}/fiche/"
    work.form(mother, f"{sheet}modifier/vos-coordonnees/", "modifier", phone_mobile="0611223395")
    work.form(mother, f"{sheet}envoyer/", "envoyer")
    work.form(mother, f"{sheet}signaler/student/last_name/", "signaler", message="zqsignalement")
    work.form(mother, f"{sheet}modifier/eleve/", "modifier", email="zqsaisieenf@exa")
    school = Browser(work.services)
    school.sign_in(head.login_name, PASSWORD)
    content = "\n".join([COLUMNS, ROW.format(INE, "14,5", "zqappreciation")]).encode()
    page = work.form(school, MARKS, "imports/", file=(content, "notes.csv"))
    here = page.request.path
    work.form(school, here, here.rsplit("/", 1)[1], choice="confirm")
    (work.folder / "notes.csv").write_bytes(content.replace(b"14,5", b"15"))
    work.run("notes", "import", str(work.folder / "notes.csv"), "--establishment", str(COLLEGE))
    work.step("marks", lambda: mother.get(f"/eleves/{child_id}/notes/"))
    office = Browser(work.services)
    office.sign_in(admin.login_name, PASSWORD)
    found = KEY.findall(work.step("factor", lambda: office.get(SET_UP)).text)
    if found:
        secret = found[0].replace(" ", "")
        code = code_of(secret, period_of(site.now()))
        work.form(office, SET_UP, "installer", code=code, current=PASSWORD)
    work.form(school, f"/ecole/{COLLEGE}/notifications", "notifications", which="unused")
    for name, act in (("worker", lambda: work_once(site)), ("tend", lambda: tend(site))):
        work.step(name, act)
    moved = evolve(FAMILY, adults=(evolve(MOTHER, work_phone="0611223396"),))
    write_siecle(exports, a_school(moved, NEIGHBOURS))
    work.run("import", "siecle", str(exports), "--establishment", str(COLLEGE), shows=True)
    work.run("doctor")
    work.run("backup", str(work.folder / "site.zip"))
    work.run("journal", "seal")
    sections = ("fiche.changes", "notes.marks", "notes.reading")
    asked = [word for each in sections for word in ("--section", each)]
    work.run("data", "erase", INE.code, *asked, "--yes", "--reason", "écrit", shows=True)
    work.run("lifecycle", "run", "--force")
    for path in ("/academie/", "/sante", "/sante/pret"):
        page = office.get(path).text
        # The journal of the académie says who acted, about whom.
        for name in ("Zqprenomenf ZQUSAGEENF", "Zqprenommere ZQUSAGEMERE"):
            page = page.replace(name, "")
        work.told.append((path, page))
    work.run("restore", str(work.folder / "site.zip"), "--yes")
    work.pages += [("mail", mail.get_content()) for mail in work.services.mailer.messages()]


@pytest.mark.timeout(1800)
def test_nobody_is_named_when_work_fails(work, caplog):
    """Whatever statement fails."""
    caplog.set_level(logging.DEBUG)
    with work.fault.planted(work.services.engine):
        live(work)
    assert sum(work.struck.values()) > len(work.struck) / 2
    figures = Browser(work.services)
    answer = figures.client.get(
        "/sante/mesures", base_url="http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert answer.status_code == 200
    work.told += [("figures", answer.text), ("log", caplog.text)]
    with work.services.engine.connect() as connection:
        kept = connection.execute(select(t.outbox.c.last_error)).scalars().all()
        kept += connection.execute(select(t.jobs.c.said)).scalars().all()
    work.told.append(("kept", str(kept)))
    assert work.pages
    assert leaks(work.told, MARKERS | SECRETS) + leaks(work.pages, SECRETS) == []


SECRETS: Final = {CHOSEN, PASSWORD, TOKEN, "argon2", "Key (all)"}


def leaks(told: list[tuple[str, str]], markers: set[str]) -> list[tuple[str, str, str]]:
    """Where which marker is, with the words around it."""
    found = []
    for where, said in told:
        folded = said.casefold()
        for marker in markers:
            at = folded.find(marker.casefold())
            if at >= 0:
                found.append((where, marker, said[max(0, at - 120) : at + 120]))
    return found


@contextmanager
def as_a_command() -> Iterator[None]:
    """With the log and the hooks of a process of ours, in the place of the tests'."""
    root = logging.getLogger()
    before, handlers = root.level, [*root.handlers]
    root.handlers[:] = []
    write_logs(level="DEBUG")
    undo = tell_by_type()
    try:
        yield
    finally:
        undo()
        root.setLevel(before)
        root.handlers[:] = handlers


def fails() -> None:
    raise LookupError(NAME)


def in_a_thread() -> None:
    thread = threading.Thread(target=fails)
    thread.start()
    thread.join()


def in_a_finalizer() -> None:
    class Ends:
        def __del__(self) -> None:
            fails()

    Ends()
    gc.collect()


def at_the_end_of_a_process() -> None:
    try:
        fails()
    except LookupError as error:
        sys.excepthook(LookupError, error, error.__traceback__)


def in_a_task() -> None:
    async def task() -> None:
        fails()

    async def main() -> None:
        made = asyncio.ensure_future(task())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del made
        gc.collect()

    asyncio.run(main())


def in_a_line_of_the_log() -> None:
    logging.getLogger("a.library").warning("%d", NAME)


def in_a_library_that_logs() -> None:
    try:
        fails()
    except LookupError as error:
        logging.getLogger("a.library").exception("cannot do it: %s", error)  # noqa: TRY401


def in_a_warning() -> None:
    warnings.warn_explicit(NAME, UserWarning, "somewhere.py", 1)


@pytest.mark.parametrize(
    "how",
    [
        *(in_a_thread, in_a_finalizer, at_the_end_of_a_process, in_a_task),
        *(in_a_line_of_the_log, in_a_library_that_logs, in_a_warning),
    ],
)
@pytest.mark.filterwarnings("default")
def test_what_nobody_handles_is_told_by_its_type(how, capsys):
    """Wherever Python or a library would write its words."""
    with as_a_command():
        how()
    told = capsys.readouterr().err
    assert re.search("LookupError|TypeError|UserWarning", told), told
    assert NAME not in told


@pytest.mark.parametrize("make", [make_engine, lambda url: discreet(create_engine(url))])
def test_rows_are_not_logged(make, caplog):
    """At the level that shows them, of our engines and of a host's that we use; statements are."""
    caplog.set_level(logging.DEBUG, "sqlalchemy.engine")
    with make("sqlite://").connect() as connection:
        connection.execute(text("SELECT :name"), {"name": NAME}).all()
    assert "SELECT ?" in caplog.text
    assert NAME not in caplog.text
