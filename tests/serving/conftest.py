"""A server with short deadlines, and somebody who can sign in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import pytest

pytest.importorskip("httpx", reason="httpx is not installed")
pytest.importorskip("granian", reason="granian is not installed")

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.settings import load_settings
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import World

from .served import Served, serving

LIMITS: Final = "body_seconds = 1, head_seconds = 2, unread_seconds = 1"


@pytest.fixture(scope="session")
def site_database(make_database: Callable[[str], str]) -> str:
    """One database for all the servers of these tests."""
    return make_database("sqlite")


@pytest.fixture(scope="session")
def served(site_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One process with short deadlines."""
    with serving(tmp_path_factory.mktemp("served"), site_database, limits=LIMITS) as found:
        yield found


@pytest.fixture(scope="session")
def login_name(served: Served) -> str:
    """Somebody with the usual password."""
    services = Teleservices(load_settings(served.folder / "teleservices.toml"), discover=False)
    account = World(services).account(an_adult(), Audience.GUARDIAN)
    services.engine.dispose()
    return account.login_name
