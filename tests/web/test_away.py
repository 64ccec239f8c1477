"""A database that is away, or held by somebody: 503 in plain words, and well again by itself."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing, contextmanager

import pytest
from attrs import evolve
from sqlalchemy import create_engine
from werkzeug.test import Client

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.staff import Role
from teleservices_core.errors import UnavailableError
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.settings import DatabaseSettings, Hotline
from teleservices_core.storage.engine import make_engine
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.web import csrf
from teleservices_core.web.pages import public

HURRIED = DatabaseSettings(connect_seconds=1, statement_seconds=2, lock_seconds=1, busy_seconds=1)
HOTLINE = Hotline("03 80 44 88 09", "du lundi au vendredi")
ALONE = {"/aide", "/liens-utiles", "/accessibilite", "/donnees-personnelles"}
WORDS = "Le service est momentanément indisponible"
LONG = 20.0
"""Seconds: what "a few seconds" must not come near, on a machine that does other things."""


@pytest.fixture
def again(services):
    """Make the same site with an engine of its own, as a server would have it."""
    made = []

    def make(**changes):
        url = changes.pop("url", services.engine.url.render_as_string(hide_password=False))
        settings = make_settings(url, database=HURRIED, hotline=HOTLINE)
        engine = make_engine(url, HURRIED, **changes)
        made.append(engine)
        clock, hasher = services.site.clock, Argon2Hasher.cheapest()
        return Teleservices(settings, engine=engine, clock=clock, hasher=hasher)

    yield make
    for each in made:
        each.dispose()


@pytest.fixture
def people(services):
    """One of each: a family, a school's office, the académie, the help line."""
    world = World(services)
    world.establishment()
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    return {
        "guardian": world.account(mother, Audience.GUARDIAN),
        "student": world.account(child, Audience.STUDENT),
        "head": world.staff(Role.HEAD, COLLEGE),
        "academy": world.staff(Role.ACADEMY_ADMIN),
        "hotline": world.staff(Role.HOTLINE),
    }


def signed_in(services, account):
    """A browser that has gone through the sign-in page."""
    browser = Browser(services)
    assert browser.sign_in(account.login_name, PASSWORD).status_code == 200
    return browser


def paths(services, *, with_looks=True):
    """Every address without a variable, or about the college, that answers a GET.

    Or those only that are not written down before they are shown.
    """
    found = []
    for route in services.site.catalogue.routes:
        path = route.rule.replace("<uai>", COLLEGE.code)
        is_asked = not route.is_for_monitors and (with_looks or not route.consults)
        if "GET" in route.methods and "<" not in path and is_asked:
            found.append(path)
    assert len(found) > 30
    return found


def cookies_of(browser):
    """What the browser would send."""
    return {each.key: each.value for each in browser.client._cookies.values()}


def ask(services, path, cookies, **options):
    """One request to another process of the site, as the browser of those cookies."""
    client = Client(services)
    for name, value in cookies.items():
        client.set_cookie(name, value)
    return client.open(path, base_url="http://localhost", **options)


def test_every_page_says_so(services, people, again):
    """With and without a session, family and staff, pages and API; help is read all the same."""
    cookies = [{}, *(cookies_of(signed_in(services, each)) for each in people.values())]
    dead = again(url="postgresql://nobody@127.0.0.1:1/none")
    began = time.monotonic()
    for path in paths(services):
        for each in cookies:
            answer = ask(dead, path, each)
            where = path, answer.status_code
            if path in ALONE:
                assert answer.status_code == 200, where
                assert WORDS in answer.text, where
                continue
            assert answer.status_code == 503, where
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.headers["Cache-Control"] == "no-store"
            if path.startswith("/api/"):
                assert answer.content_type == "application/problem+json"
                assert answer.json["title"] == WORDS
            else:
                assert WORDS in answer.text
                assert 'href="tel:0380448809"' in answer.text
                assert "Set-Cookie" not in answer.headers
    assert time.monotonic() - began < LONG, "not everybody waits to learn it"
    assert not dead.plugins.failures, "no plugin is at fault"


def test_what_stands_alone_asks_nothing(services, again):
    """The routes that say so are those that do so, for who is signed in and who is not."""
    alone = {route.rule for route in services.site.catalogue.routes if route.stands_alone}
    assert alone == ALONE
    stylesheet = Browser(services).get("/aide").text.partition('rel="stylesheet" href="')[2]
    dead = again(url="postgresql://nobody@127.0.0.1:1/none")
    assert ask(dead, stylesheet.partition('"')[0], {}).status_code == 200


@contextmanager
def held(services, tables="core_sessions, core_accounts, core_throttles, core_audit", mode="SHARE"):
    """Another program holds what is written: the whole file, or the tables. Reading is free."""
    url = services.engine.url
    if services.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(url.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    engine = create_engine(url.set(drivername="postgresql+psycopg"))
    with engine.connect() as other:
        other.exec_driver_sql(f"LOCK TABLE {tables} IN {mode} MODE")
        yield
        other.rollback()
    engine.dispose()


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_locked_table(services, people, again):
    """Who needs it is told within seconds; who does not is served."""
    cookies = cookies_of(signed_in(services, people["guardian"]))
    hurried = again()
    assert ask(hurried, "/", cookies).status_code == 200
    with held(services, "core_accounts", "ACCESS EXCLUSIVE"):
        began = time.monotonic()
        for path in ("/", "/compte", "/api/v1/modules"):
            assert ask(hurried, path, cookies).status_code in {503, 404}
        assert ask(hurried, "/", cookies).status_code == 503
        assert ask(hurried, "/aide", cookies).status_code == 200
        assert ask(hurried, "/connexion", {}).status_code == 200
        assert time.monotonic() - began < LONG
    assert ask(hurried, "/", cookies).status_code == 200


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_statement_without_end(services, again):
    """It is ended by the server, as is a transaction in which nothing more is asked."""
    database = again().site.database
    with pytest.raises(UnavailableError, match="57014"), database.reading() as tx:
        tx.connection.exec_driver_sql("SELECT pg_sleep(30)")
    with database.reading() as tx:
        shown = [
            tx.connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        ]
    assert shown == ["2s", "1s", "10s"]
    patient = make_engine(services.engine.url, HURRIED.patient)
    with patient.connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "0"
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "30s"
    patient.dispose()


def test_no_connection_comes_free(again):
    """A pool that is exhausted is told like a database that is away."""
    small = again(pool_size=1, max_overflow=0, pool_timeout=0.2)
    with small.site.database.reading():
        answer = ask(small, "/connexion", {})
        assert answer.status_code == 503
        assert WORDS in answer.text
    assert ask(small, "/connexion", {}).status_code == 200


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_connection_lost_a_moment_ago(services, people, again):
    """The page is made again on another one: nobody sees that the server has started anew."""
    cookies = cookies_of(signed_in(services, people["guardian"]))
    hurried = again()
    assert ask(hurried, "/", cookies).status_code == 200
    with services.engine.connect() as other:
        other.exec_driver_sql(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert ask(hurried, "/", cookies).status_code == 200


@pytest.mark.parametrize("written", [False, True])
def test_what_is_done_again(services, written):
    """A deadlock is met again with the whole request, unless a part of it was written."""
    asked = []

    def unlucky(context):
        asked.append(dict(context.request.form))
        if written:
            with context.site.database.writing():
                pass
        if len(asked) < 3:
            raise UnavailableError("DeadlockDetected 40P01", may_repeat=True)
        return context.redirect("core.help")

    route = next(each for each in public.ROUTES if each.name == "core.confirm")
    application = services.wsgi
    application._routes = {
        **application._routes,
        route.name: evolve(route, handler=lambda c, **_v: unlucky(c)),
    }
    browser = Browser(services)
    browser.get("/connexion")
    token = browser.forms()[0][1][csrf.FIELD]
    answer = browser.client.post(
        "/confirmer/x", base_url="http://localhost", data={csrf.FIELD: token, "said": "bonjour"}
    )
    assert answer.status_code == (503 if written else 303)
    assert len(asked) == (1 if written else 3)
    assert all(each["said"] == "bonjour" for each in asked)


def test_no_page_waits_for_a_writer(services, people, clock, again):
    """Every plain GET, sessions seen long ago included; nothing is written, nothing fails.

    But for pages of the staff that may not be shown without being written down.
    """
    browsers = {who: cookies_of(signed_in(services, each)) for who, each in people.items()}
    clock.advance(minutes=20)
    hurried = again()
    with held(services):
        began = time.monotonic()
        for who, cookies in [("nobody", {}), *browsers.items()]:
            for path in paths(services, with_looks=False):
                assert ask(hurried, path, cookies).status_code < 500, (who, path)
        assert time.monotonic() - began < LONG
    # Once nobody holds it, the session is noted as in use: it outlives its first half hour.
    assert ask(hurried, "/compte", browsers["guardian"]).status_code == 200
    clock.advance(minutes=20)
    assert ask(hurried, "/compte", browsers["guardian"]).status_code == 200


def test_a_form_gives_back_what_was_typed(services, people, again):
    """Busy is waited for, then said; the identifier comes back, the password never."""
    browser = signed_in(services, people["guardian"])
    visitor = Browser(services)
    visitor.get("/connexion")
    hurried = again()
    typed = {"login_name": "Anne.Martin ", "password": PASSWORD}
    token = visitor.forms()[0][1][csrf.FIELD]
    with held(services):
        began = time.monotonic()
        answer = ask(
            hurried,
            "/connexion",
            cookies_of(visitor),
            method="POST",
            data={**typed, csrf.FIELD: token},
        )
        assert time.monotonic() - began < LONG
    assert answer.status_code == 503
    assert "Anne.Martin" in answer.text
    assert "Copiez ce que vous aviez saisi" in answer.text
    assert PASSWORD not in answer.text
    assert token not in answer.text
    assert browser.get("/compte").status_code == 200


def test_a_short_wait_is_no_failure(services, people, again):
    """Who writes for less than the patience of a form only delays it."""
    hurried = again()
    visitor = Browser(services)
    visitor.get("/connexion")
    token = visitor.forms()[0][1][csrf.FIELD]
    ready, free = threading.Event(), threading.Event()

    def hold():
        with held(services):
            ready.set()
            free.wait(0.3)

    holder = threading.Thread(target=hold)
    holder.start()
    ready.wait(10)
    answer = ask(
        hurried,
        "/connexion",
        cookies_of(visitor),
        method="POST",
        data={
            "login_name": people["guardian"].login_name,
            "password": PASSWORD,
            csrf.FIELD: token,
        },
    )
    holder.join()
    assert answer.status_code == 303
