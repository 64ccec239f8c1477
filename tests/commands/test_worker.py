"""The worker as a process: signals, and a real SMTP server."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest
from sqlalchemy import func, select

from teleservices_core.storage import tables as t
from teleservices_core.testing.smtp import smtp_server
from teleservices_core.usecases.links import send_mail

SETTINGS = """
base_url = "http://localhost"
database_url = "{database}"
secret_key = "a secret key for the tests, long enough"
[academie]
code = "07"
name = "Dijon"
[mail]
host = "127.0.0.1"
port = {port}
bounces_to = "retours@services.example"
reply_to = "assistance@services.example"
"""


class Slow:
    """Takes a message only when it is allowed to, and keeps what it took."""

    def __init__(self):
        self.taken = []
        self.has_come = threading.Semaphore(0)
        self.may_go = threading.Event()

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.taken.append(envelope)
        self.has_come.release()
        self.may_go.wait(30)
        return "250 OK"


@pytest.fixture
def server():
    handler = Slow()
    with smtp_server(handler) as handler.port:
        yield handler
        handler.may_go.set()


@pytest.fixture
def worker(services, server, tmp_path):
    """Start a worker that looks once an hour; its process."""
    settings = tmp_path / "site.toml"
    database = services.engine.url.render_as_string(hide_password=False)
    settings.write_text(SETTINGS.format(database=database, port=server.port))
    started = []

    def start(*words):
        command = [sys.executable, "-m", "teleservices_core", "--settings", str(settings)]
        process = subprocess.Popen(
            [*command, "worker", "--every", "3600", *words], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def queue(services, number):
    with services.site.database.writing() as tx:
        for _n in range(number):
            send_mail(services.site, tx, "core.password_changed", "anne@example.org", name="Anne")


def left(services):
    waiting = select(func.count()).where(
        t.outbox.c.sent_at.is_(None), t.outbox.c.claimed_until.is_(None)
    )
    with services.engine.connect() as connection:
        return connection.scalar(waiting)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_mail_under_way_is_finished(services, server, worker, number):
    """Told to stop in the middle of a mail, it ends that one and gives the others back."""
    queue(services, 3)
    process = worker()
    assert server.has_come.acquire(timeout=60)
    process.send_signal(number)
    server.may_go.set()
    printed, _errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert printed.startswith("1 envoyés")
    assert left(services) == 2
    (envelope,) = server.taken
    assert envelope.mail_from == "retours@services.example"
    assert b"Reply-To: assistance@services.example" in envelope.content


def test_an_idle_worker_stops_at_once(services, server, worker):
    """It does not sleep its hour out."""
    queue(services, 1)
    server.may_go.set()
    process = worker()
    assert process.stdout.readline().startswith("1 envoyés")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0


def test_once_sends_all_that_is_due(services, server, worker):
    """However many, then it ends."""
    queue(services, 120)
    server.may_go.set()
    printed, _errors = worker("--once").communicate(timeout=60)
    assert printed.startswith("120 envoyés")
    assert len(server.taken) == 120
