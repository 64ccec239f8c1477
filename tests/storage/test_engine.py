"""Engines: what a connection is asked before it is used."""

from __future__ import annotations

import os
import signal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from teleservices_core.settings import DatabaseSettings
from teleservices_core.storage import engine as engines
from teleservices_core.storage.availability import unavailable
from teleservices_core.storage.engine import make_engine

PID = text("SELECT pg_backend_pid()")


def test_a_connection_whose_server_is_gone(make_database, monkeypatch):
    """After a restart of the server, nobody gets a connection of before."""
    url = make_database("postgresql")
    engine, other = make_engine(url, pool_size=2), make_engine(url)
    clock = [100.0]
    monkeypatch.setattr(engines, "monotonic", lambda: clock[0])
    with engine.connect() as first, engine.connect() as second:
        before = {first.scalar(PID), second.scalar(PID)}
    with other.connect() as connection:
        for pid in before:
            assert connection.scalar(text("SELECT pg_terminate_backend(:pid, 2000)"), {"pid": pid})
    clock[0] += 1
    with engine.connect() as first, engine.connect() as second:
        after = {first.scalar(PID), second.scalar(PID)}
    assert len(after) == 2
    assert not after & before
    engine.dispose()
    other.dispose()


def test_a_connection_that_has_just_answered(make_database, monkeypatch):
    """It is asked again once idle for a second, not at each statement of a page."""
    engine = make_engine(make_database("postgresql"))
    clock, asked = [100.0], []
    monkeypatch.setattr(engines, "monotonic", lambda: clock[0])
    honest = engine.dialect.do_ping
    monkeypatch.setattr(engine.dialect, "do_ping", lambda c: asked.append(clock[0]) or honest(c))
    for wait in (0, 0.4, 0.9, 1.0, 0.0, 3600):
        clock[0] += wait
        with engine.connect() as connection:
            connection.scalar(PID)
    assert asked == [pytest.approx(102.3), pytest.approx(3702.3)]
    engine.dispose()


def test_a_server_that_says_nothing_more(make_database):
    """Its connection is given up, and the next one is another."""
    engine = make_engine(make_database("postgresql"), DatabaseSettings(statement_seconds=1))
    with engine.connect() as connection:
        frozen = connection.scalar(PID)
        os.kill(frozen, signal.SIGSTOP)
        try:
            with pytest.raises(OperationalError) as told:
                connection.scalar(PID)
        finally:
            os.kill(frozen, signal.SIGCONT)
    assert told.value.connection_invalidated
    assert unavailable(told.value) is not None
    with engine.connect() as connection:
        assert connection.scalar(PID) != frozen
    engine.dispose()


def test_a_slow_statement_is_ended_by_its_server(make_database):
    """Which says so; its connection goes on."""
    engine = make_engine(make_database("postgresql"), DatabaseSettings(statement_seconds=1))
    with engine.connect() as connection:
        before = connection.scalar(PID)
        with pytest.raises(OperationalError) as told:
            connection.execute(text("SELECT pg_sleep(30)"))
        connection.rollback()
        assert not told.value.connection_invalidated
        assert connection.scalar(PID) == before
    engine.dispose()
