"""Nothing of a person stands in a log, on a page of failure, in a diagnosis or in the journal.

A family's life is gone through while statements fail, each with an error that repeats all its
parameters, as drivers and servers do. What was typed, sent and drawn is then looked for in
every place that others read. Every ninth statement fails, from three beginnings; from all
nine with ``MARKERS=all``.
"""

from __future__ import annotations

import logging
import os
import re
import smtplib
import sqlite3
import traceback
import types
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import define, field
from click.testing import CliRunner
from psycopg.errors import UniqueViolation
from sqlalchemy import create_engine, event, select
from sqlalchemy.exc import IntegrityError

from teleservices_core.app import Teleservices
from teleservices_core.cli import main
from teleservices_core.commands.doctor import doctor
from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.staff import Role
from teleservices_core.failures import brief, trace
from teleservices_core.storage import tables as t
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.mailing import deliver

STEP: Final = 9
FIRSTS: Final = range(0, STEP, 1 if os.environ.get("MARKERS") == "all" else 3)
NAME, PHONE = "Zyxmarqueur", "0612345987"
PASSWORDS = (
    "zqm hibou cuivre violet 41",
    "zqm canal bleuet tamis 52",
    "zqm grelot sable fusain 63",
)
EMAILS = ("zqmarqueur.un@example.org", "zqmarqueur.deux@example.org")
REASON = "zq motif du marqueur"


@define
class Faults:
    """Every ``step``-th statement fails, from the ``first`` on."""

    first: int
    seen: int = 0
    fired: int = 0
    is_armed: bool = True

    def strike(self, _cursor: Any, statement: str, parameters: Any, context: Any) -> None:
        self.seen += 1
        if not self.is_armed or self.seen % STEP != self.first:
            return
        self.fired += 1
        told = f"Key (all) = ({parameters}) already exists, in {statement}"
        if context.dialect.name == "sqlite":
            raise sqlite3.IntegrityError(told)
        raise UniqueViolation(told)

    def strike_many(self, cursor: Any, statement: str, parameters: Any, context: Any) -> None:
        self.strike(cursor, statement, parameters, context)

    @contextmanager
    def planted(self, engine: Any) -> Any:
        listeners = (("do_execute", self.strike), ("do_executemany", self.strike_many))
        for name, listener in listeners:
            event.listen(engine, name, listener)
        yield
        for name, listener in listeners:
            event.remove(engine, name, listener)


@define
class Life:
    """A family's way through the site, each step tried again once after it failed."""

    services: Teleservices
    faults: Faults
    told: list[str] = field(factory=list)
    """What others than the family read; a host would log an exception."""
    pages: list[str] = field(factory=list)
    """Pages of failure: who typed an address may find it there again, never a secret."""
    secrets: set[str] = field(factory=lambda: {*PASSWORDS, PASSWORD})
    persons: set[str] = field(factory=lambda: {NAME, NAME.upper(), PHONE, *EMAILS})

    def step(self, act: Callable[[], Any]) -> Any:
        for self.faults.is_armed in (True, False):
            try:
                answer = act()
            except Exception:  # noqa: BLE001 - all are looked at
                self.told.append(traceback.format_exc())
                continue
            if getattr(answer, "status_code", 200) < 500:
                return answer
            self.pages.append(answer.text)
        return None

    def mailed(self, found: str) -> str:
        """The path of the last link that was mailed."""
        links: list[str] = []
        while not links:
            self.step(lambda: deliver(self.services.site, self.services.mailer))
            links = [
                match
                for mail in self.services.mailer.messages()
                for match in re.findall(rf"http://localhost({found}\S+)", mail.get_content())
            ]
            # What could not be noted is sent again, a little later.
            self.services.site.clock.advance(minutes=2)
        self.secrets.add(links[-1].rpartition("/")[2])
        return links[-1]

    def live(self) -> None:
        """First login, a password, an address and a lost password; who helps on the way."""
        site, world = self.services.site, World(self.services)
        self.faults.is_armed = False
        world.establishment()
        child, mother = a_student(), an_adult(last_name=NAME, mobile=PHONE)
        world.student(child, a_schooling(child.id))
        world.adult(mother, a_link(child.id, mother.id))
        account = world.account(
            mother, Audience.GUARDIAN, state=AccountState.NEW, password_hash=None, email=None
        )
        head, hotline = world.staff(Role.HEAD, COLLEGE), world.staff(Role.HOTLINE)
        letters = self.step(lambda: [*issue_letters(site, plan_letters(site, COLLEGE))])
        code = letters[-1].code if letters else ""
        self.secrets |= {code, code.replace("-", "")} - {""}
        login, browser = account.login_name, Browser(self.services)
        self.step(lambda: browser.sign_in(login, code))
        self.again(browser, "/", "mot-de-passe", password=PASSWORDS[0], again=PASSWORDS[0])
        self.again(browser, "/", "courriel", email=EMAILS[0])
        link = self.mailed("/confirmer/")
        self.again(browser, link, "/confirmer/")
        wrong = Browser(self.services)
        self.again(wrong, "/connexion", "/connexion", login_name=login, password=PASSWORDS[2])
        self.again(browser, "/connexion", "/connexion", login_name=login, password=PASSWORDS[0])
        self.again(
            browser,
            "/compte/mot-de-passe",
            "mot-de-passe",
            current=PASSWORDS[0],
            password=PASSWORDS[1],
            again=PASSWORDS[1],
        )
        self.again(browser, "/compte/courriel", "courriel", current=PASSWORDS[1], email=EMAILS[1])
        self.again(browser, "/compte/donnees", "donnees", current=PASSWORDS[1])
        lost = Browser(self.services)
        self.again(lost, "/mot-de-passe-oublie", "oublie", login_name=login)
        link = self.mailed("/nouveau-mot-de-passe/")
        self.again(lost, link, "", password=PASSWORDS[2], again=PASSWORDS[2])
        for helper, path in (
            (head, f"/ecole/{COLLEGE}/comptes/{account.id}"),
            (hotline, f"/assistance/comptes/{account.id}"),
        ):
            desk = Browser(self.services)
            self.step(lambda desk=desk, who=helper: desk.sign_in(who.login_name, PASSWORD))
            self.step(lambda desk=desk, path=path: desk.get(path))

    def again(self, browser: Browser, path: str, action: str, **typed: str) -> None:
        """Open a page and send its form."""

        def act() -> Any:
            browser.get(path)
            if not any(action in (target or path) for target, _fields in browser.forms()):
                return browser.page
            return browser.submit(action, **typed)

        self.step(act)


@pytest.mark.parametrize("first", FIRSTS)
def test_nothing_of_a_person_is_told(services, caplog, first):
    """Whatever statement fails."""
    caplog.set_level(logging.INFO)
    life = Life(services, Faults(first))
    with life.faults.planted(services.engine):
        life.live()
    assert life.faults.fired > 2
    assert life.pages
    admin = World(services).staff(Role.ACADEMY_ADMIN)
    console = Browser(services)
    console.sign_in(admin.login_name, PASSWORD)
    # The journal names who acted.
    life.told.append(console.get("/academie/").text.replace(NAME, ""))
    life.told.append(CliRunner().invoke(doctor, obj=lambda: services).output)
    life.told.append(caplog.text)
    with services.engine.connect() as connection:
        life.told += map(str, connection.execute(select(t.outbox.c.last_error)).scalars())
        journal = str(connection.execute(select(t.audit)).all())
    for said in life.told:
        for marker in life.persons | life.secrets | {"argon2", "Key (all)"}:
            assert marker not in said, (marker, said)
    for secret in life.secrets | {"argon2", "Key (all)"}:
        assert secret not in journal
        assert not any(secret in page for page in life.pages)


def test_an_exception_s_words_name_somebody_and_its_trace_does_not():
    """Nor do the words of those that led to it."""

    def fail() -> None:
        try:
            int(NAME)
        except ValueError as error:
            raise LookupError(PHONE) from error

    with pytest.raises(LookupError) as failure:
        fail()
    whole = "".join(traceback.format_exception(failure.value))
    assert NAME in whole
    assert PHONE in whole
    said = brief(failure.value) + trace(failure.value)
    assert NAME not in said
    assert PHONE not in said
    assert said.startswith("ValueError, web/test_markers.py:")
    assert said.endswith("LookupError")


def test_a_host_s_engine_tells_no_value_to_us(services, backend):
    """Ours does not; the host's own keeps what the host chose."""
    url = services.engine.url
    theirs = create_engine(url.set(drivername="postgresql+psycopg") if backend != "sqlite" else url)
    ours = Teleservices(services.settings, engine=theirs).engine
    insert = t.cut_plugins.insert().values(
        plugin=NAME, at=services.site.now(), reason=PASSWORDS[0], set_by="x"
    )
    said = []
    for engine in (ours, theirs):
        with pytest.raises(IntegrityError) as failure, engine.begin() as connection:
            connection.execute(insert)
            connection.execute(insert)
        said.append(str(failure.value))
    assert NAME not in said[0]
    assert PASSWORDS[0] not in said[0]
    assert "core_cut_plugins" in said[0]
    assert NAME in said[1]
    assert not theirs.hide_parameters
    theirs.dispose()


@pytest.mark.parametrize("error", [smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, OSError])
def test_a_mail_server_s_words_are_not_kept(services, caplog, error):
    """Its codes are."""
    life = Life(services, Faults(-1, is_armed=False))
    world = World(services)
    world.establishment()
    child, mother = a_student(), an_adult(last_name=NAME)
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    account = world.account(mother, Audience.GUARDIAN, email=EMAILS[0])
    life.again(Browser(services), "/mot-de-passe-oublie", "oublie", login_name=account.login_name)
    told = f"5.7.1 <{EMAILS[0]}> refused"
    raised = {
        smtplib.SMTPRecipientsRefused: lambda: error({EMAILS[0]: (550, told.encode())}),
        smtplib.SMTPDataError: lambda: error(554, told.encode()),
        OSError: lambda: error(told),
    }[error]

    def send(_message: Any) -> None:
        raise raised()

    deliver(services.site, types.SimpleNamespace(send=send))
    with services.engine.connect() as connection:
        said = connection.execute(select(t.outbox.c.last_error)).scalars().all()
    assert any(said)
    assert EMAILS[0] not in str(said) + caplog.text


def test_a_command_that_fails_shows_its_trace_without_words(tmp_path, monkeypatch):
    """On a screen that others see, and in the mail of cron."""
    settings = f"""
base_url = "http://localhost"
database_url = "sqlite:///{tmp_path}/site.db"
secret_key = "a secret key for the tests, long enough"
[academie]
code = "07"
name = "Dijon"
"""
    (tmp_path / "site.toml").write_text(settings)

    def fail(_self: Teleservices) -> None:
        raise KeyError(NAME)

    monkeypatch.setattr(Teleservices, "migrate", fail)
    said = CliRunner().invoke(main, ["--settings", str(tmp_path / "site.toml"), "migrate"])
    assert said.exit_code == 1
    assert "KeyError" in said.output
    assert "test_markers.py" in said.output
    assert NAME not in said.output


SOURCES: Final = [
    path
    for root in ("src", "plugins")
    for path in (Path(__file__).parents[2] / root).rglob("*.py")
    if "tests" not in path.parts and "testing" not in path.parts
]


@pytest.mark.parametrize("leak", [r"\.exception\(", r"exc_info=", r"traceback\.(print|format_exc)"])
def test_no_log_takes_an_exception_s_own_words(leak):
    """``failures.trace`` tells what happened and where."""
    assert [str(path) for path in SOURCES if re.search(leak, path.read_text("utf-8"))] == []
