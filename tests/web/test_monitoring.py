"""Programs that watch a site: alive, ready, and the number that ties an answer to the log."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event
from werkzeug.test import Client

from teleservices_core.app import Teleservices
from teleservices_core.errors import SettingsError, UnavailableError
from teleservices_core.logs import JsonLines, TextLines, numbered, write_logs
from teleservices_core.metrics import SHARED
from teleservices_core.ports.watching import Stored
from teleservices_core.settings import MonitoringSettings, structure
from teleservices_core.storage.engine import make_engine
from teleservices_core.testing.browsing import Browser
from teleservices_core.usecases.watching import Watch, details, is_ready
from teleservices_core.web.application import Application

TOKEN = "jeton-de-supervision-0123456789abcdef"
OURS = re.compile(r"[0-9a-f]{12}")


def site(services, engine=None, **changes):
    """The same site with other settings."""
    monitoring = changes.pop("monitoring", MonitoringSettings(TOKEN))
    settings = evolve(services.settings, monitoring=monitoring, **changes)
    return Client(Teleservices(settings, engine=engine or services.engine))


def bearing(token):
    """What a monitor sends."""
    return {"Authorization": f"Bearer {token}"}


def test_alive_asks_nothing(services):
    """No statement, whatever cookies are brought; nothing is said but that it answers."""
    asked = []
    event.listen(services.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    client = site(services)
    client.set_cookie("ts_session", "x" * 43)
    answer = client.get("/sante")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert not asked
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_ready_tells_details_to_the_token_alone(services):
    """Anybody learns yes or no."""
    client = site(services)
    for headers in ({}, bearing("x" * 40), bearing(""), {"Authorization": "Bearer é"}):
        answer = client.get("/sante/pret", headers=headers)
        assert (answer.status_code, answer.text) == (200, "ok\n")
    told = client.get("/sante/pret", headers=bearing(TOKEN)).json
    assert told["database"]
    assert (told["worker"], told["worker_silent_seconds"]) == (False, None)
    assert told["jobs"] == {"open": 0, "oldest_seconds": 0}
    assert told["pending_migrations"] == 0
    assert told["outbox"] == {"mails": 0, "oldest_due_seconds": 0}
    nobody = site(services, monitoring=MonitoringSettings())
    assert nobody.get("/sante/pret", headers=bearing("")).text == "ok\n"


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "sqlite://"])
def test_not_ready(services, url):
    """No database, or one without the tables of this version; it is alive all the same."""
    client = site(services, make_engine(url))
    answer = client.get("/sante/pret")
    assert (answer.status_code, answer.text) == (503, "ko\n")
    assert client.get("/sante/pret", headers=bearing(TOKEN)).status_code == 503
    assert client.get("/sante").status_code == 200


def test_who_asks_often_costs_nothing():
    """The database is looked at once in a while, be it there or away."""

    class Probe:
        asked = 0

        def look(self):
            self.asked += 1
            if self.asked == 1:
                raise UnavailableError("away")
            return Stored(0)

    probe = Probe()
    watch = Watch(probe)
    assert [watch.look() for _n in range(100)] == [None] * 100
    assert probe.asked == 1
    watch._seen_at = float("-inf")
    assert is_ready(watch.look())
    assert probe.asked == 2


@pytest.mark.parametrize(
    ("due", "beat", "every", "is_there"),
    [
        (11, 0, 1, False),
        (10, 0, 1, True),
        (29, 0, 15, True),
        (31, 0, 15, False),
        (None, 2, 1, True),
        (None, 3, 1, False),
        (None, 30, 15, True),
        (None, 31, 15, False),
        (None, None, 15, False),
    ],
)
def test_a_worker_is_there(due, beat, every, is_there):
    """Heard of lately, and no mail waits: by how often it comes. Pages can be made all the same."""
    now = datetime(2027, 1, 5, 8, 0, tzinfo=UTC)

    def ago(minutes):
        return None if minutes is None else now - timedelta(minutes=minutes)

    stored = Stored(0, 1, ago(due), ago(beat))
    assert details(stored, now, timedelta(minutes=every))["worker"] is is_there
    assert is_ready(stored)


def test_a_token_is_long_or_absent():
    """One that could be guessed is refused when the settings are read."""
    with pytest.raises(SettingsError, match="at least 32"):
        structure({"token": "court"}, MonitoringSettings, "x.toml")
    assert "jeton" not in repr(MonitoringSettings(TOKEN))


def test_every_answer_has_a_number(services):
    """Drawn by us; a proxy's is taken where one is trusted and it looks like a number."""
    client = site(services)
    given = {"X-Request-ID": "0af7651916cd43dd8448eb211c80319c"}
    numbers = [client.get(path, headers=given).headers["X-Request-ID"] for path in ("/aide", "/x")]
    assert all(OURS.fullmatch(each) for each in numbers)
    assert len(set(numbers)) == 2
    behind = site(services, trusted_proxies=1)
    assert behind.get("/aide", headers=given).headers["X-Request-ID"] == given["X-Request-ID"]
    odd = {"X-Request-ID": "x<script> alert(1)"}
    assert OURS.fullmatch(behind.get("/aide", headers=odd).headers["X-Request-ID"])


@pytest.mark.parametrize("whole", [True, False])
def test_a_failure_is_found_by_its_number(services, monkeypatch, caplog, whole):
    """The same in the answer, on the page and in the log, whichever page says so."""

    def fail(*_args):
        raise RuntimeError("words")

    monkeypatch.setattr(Application, "_handle" if whole else "_page", fail)
    lines = []
    logger = logging.getLogger("teleservices_core.web.application")
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(JsonLines().format(record))
    logger.addHandler(handler)
    try:
        answer = Browser(services).get("/aide")
    finally:
        logger.removeHandler(handler)
    number = answer.headers["X-Request-ID"]
    assert answer.status_code == 500
    assert f"<code>{number}</code>" in answer.text
    assert lines
    assert all(json.loads(line)["request"] == number for line in lines)


def test_a_line_for_each_request_names_no_address(services, caplog):
    """Its route, its status and its time: addresses hold identifiers and links."""
    with caplog.at_level(logging.INFO, logger="teleservices_core.requests"):
        Browser(services).get("/confirmer/zqsecret?x=zqvaleur")
        Browser(services).get("/zqinconnue")
    said = [each.getMessage() for each in caplog.records if each.name.endswith("requests")]
    assert re.match(r"GET core\.confirm \d+ in \d+ ms", said[0])
    assert re.match(r"- - 404 in \d+ ms", said[1])
    assert "zq" not in caplog.text


def test_lines_are_dated_and_cannot_be_forged():
    """UTC to the millisecond; what a message holds begins no line; no words of an exception."""
    error = ValueError("zqmot")
    broken = (ValueError, error, None)
    told = "a\r\n2026-01-01T00:00:00.000Z forged"
    record = logging.LogRecord("n", logging.ERROR, "", 1, told, (), broken)
    record.exc_text = "zqmot, kept by another handler"
    with numbered("12345678"):
        text, line = TextLines().format(record), JsonLines().format(record)
    assert re.match(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ERROR n \[12345678\] a\\r\n  2026", text
    )
    assert all(each.startswith("  ") for each in text.splitlines()[1:])
    assert json.loads(line)["request"] == "12345678"
    assert "\n" not in line
    assert "ValueError" in text
    assert "zqmot" not in text + line


@pytest.fixture
def root_logger():
    """The root logger, put back as it was."""
    root = logging.getLogger()
    before, level = [*root.handlers], root.level
    yield root
    root.handlers[:] = before
    root.setLevel(level)


def test_each_line_is_written_once(root_logger, capsys):
    """However often a process says how it logs; migrations that were looked at are no news."""
    write_logs()
    write_logs(level="INFO", as_json=True)
    logging.getLogger("teleservices_core.requests").info("zqligne")
    logging.getLogger("alembic.runtime.migration").info("zqbruit")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["text"] == "zqligne"


def samples(text):
    """The figures by name and labels, as the library itself reads them back."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_figures_for_prometheus(services):
    """Answers by route and status, failures of plugins, how the database stands."""
    watched = Teleservices(
        evolve(services.settings, monitoring=MonitoringSettings(TOKEN)), engine=services.engine
    )
    client = Client(watched)
    for path in ("/aide", "/aide", "/nulle-part", "/confirmer/un-secret-que-personne-ne-lit"):
        client.get(path)
    with watched.site.database.writing() as tx:
        tx.jobs.beat(watched.site.now() - timedelta(minutes=3))
    watched.plugins.record_failure("notes", "somewhere", ValueError("x"), services.site.now())
    answer = client.get("/sante/mesures", headers=bearing(TOKEN))
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    found = samples(answer.text)
    counted = "teleservices_answer_seconds_count"
    assert found[counted, ("route", "core.help"), ("status", "200")] == 2
    assert found[counted, ("route", "none"), ("status", "404")] == 1
    assert found["teleservices_plugin_failures_total", ("plugin", "notes")] == 1
    assert found["teleservices_database_up",] == 1
    assert found["teleservices_pending_migrations",] == 0
    assert found["teleservices_outbox_mails",] == 0
    assert found["teleservices_jobs_open",] == found["teleservices_jobs_oldest_seconds",] == 0
    assert 180 <= found["teleservices_worker_silent_seconds",] < 200
    assert "secret-que-personne" not in answer.text


def test_figures_are_for_the_token_alone(services):
    """There is no such page for others, nor for anybody where no token is set."""
    client = site(services)
    for headers in ({}, bearing("x" * 40), bearing(""), {"Authorization": TOKEN}):
        assert client.get("/sante/mesures", headers=headers).status_code == 404
    closed = site(services, monitoring=MonitoringSettings())
    assert closed.get("/sante/mesures", headers=bearing("")).status_code == 404


def test_figures_while_the_database_is_away(services, monkeypatch):
    """What the process counted is told, and that the database does not answer."""
    monkeypatch.setattr(Watch, "look", lambda _self: None)
    answer = site(services).get("/sante/mesures", headers=bearing(TOKEN))
    assert answer.status_code == 200
    assert samples(answer.text)["teleservices_database_up",] == 0


def test_processes_add_up(tmp_path):
    """Whichever is asked: two count, a third tells."""
    count = "from teleservices_core.metrics import Metrics; m = Metrics(); m.answered('a', 200, 1)"
    tell = f"{count}; print(m.text({{'database': False}}).decode())"
    environ = {**os.environ, SHARED: str(tmp_path)}
    for code in (count, count, tell):
        done = subprocess.run(
            [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
        )
    found = samples(done.stdout)
    assert found["teleservices_answer_seconds_count", ("route", "a"), ("status", "200")] == 3
