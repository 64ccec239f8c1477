"""A worker outlives its database, on both."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing

import pytest
from attrs import evolve
from click.testing import CliRunner

from teleservices_core.cli import main
from teleservices_core.commands.patience import LONGEST, keep_at_it
from teleservices_core.errors import UnavailableError
from teleservices_core.settings import DatabaseSettings


class Clock:
    """Notes how long it is told to wait, and says when it has been asked to stop."""

    def __init__(self, passes):
        self.passes, self.waits = passes, []

    def __call__(self):
        return len(self.waits) >= self.passes

    def wait(self, seconds):
        self.waits.append(seconds)


def test_it_waits_longer_and_longer(caplog):
    """Twice as long each time up to a minute, then at its usual pace; said once each."""
    left = [UnavailableError("OperationalError")] * 6

    def work():
        if left:
            raise left.pop()

    stopping = Clock(8)
    with caplog.at_level(logging.WARNING):
        keep_at_it(work, stopping, every=5)
    assert stopping.waits == [10, 20, 40, LONGEST, LONGEST, LONGEST, 5, 5]
    assert [each.getMessage() for each in caplog.records] == [
        "La base de données ne répond pas (OperationalError)\N{NO-BREAK SPACE}; nouveaux essais.",
        "La base de données répond à nouveau.",
    ]


def test_a_fault_of_ours_is_none_of_this():
    """It ends the command, as before."""

    def work():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        keep_at_it(work, Clock(3), every=5)


def _settings(folder, services):
    settings = folder / "site.toml"
    settings.write_text(
        f'base_url = "http://localhost"\nsecret_key = "{"k" * 32}"\n'
        f'database_url = "sqlite:///{services.engine.url.database}"\n'
        '[academie]\ncode = "07"\nname = "Dijon"\n'
    )
    return settings


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("half", ["deliver", "tend"])
def test_a_fault_of_either_half_ends_both(tmp_path, services, monkeypatch, half):
    """Mails without works, or works without mails, would go unnoticed; an end does not."""

    def broken(*_args, **_named):
        raise ZeroDivisionError

    monkeypatch.setattr(f"teleservices_core.commands.worker.{half}", broken)
    settings = str(_settings(tmp_path, services))
    said = CliRunner().invoke(main, ["--settings", settings, "worker", "--every", "3600"])
    assert said.exit_code == 1
    assert "ZeroDivisionError" in said.output


@pytest.mark.parametrize("backend", ["sqlite"])
def test_commands_wait_for_a_writer(tmp_path, services, monkeypatch):
    """A command says that the file is held, in a sentence, once it has waited long enough."""
    path, settings = services.engine.url.database, _settings(tmp_path, services)
    hurried = property(lambda self: evolve(self, busy_seconds=1))
    monkeypatch.setattr(DatabaseSettings, "patient", hurried)

    def run():
        return CliRunner().invoke(main, ["--settings", str(settings), "worker", "--once"])

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = run()
        other.execute("ROLLBACK")
    assert said.exit_code == 1
    assert "La base de données ne répond pas (SQLite: busy)" in said.output
    assert run().exit_code == 0
