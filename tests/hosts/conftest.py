"""Sites for the hosts to mount, and the hosts."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from teleservices_core.app import Teleservices
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.fixtures import make_settings

from . import probe
from .applications import HOSTS
from .base import Client

MakeSite = Callable[..., Teleservices]
PREFIXES = ("", "/teleservices", "/a/b")


@pytest.fixture(scope="session")
def make_site(make_database: Callable[[str], str]) -> Iterator[MakeSite]:
    """Make a site with the probe plugin, on SQLite: hosts do not see the database."""
    made: list[Teleservices] = []

    def make(
        name: str = "Dijon", base_url: str = "http://localhost", **adapters: Any
    ) -> Teleservices:
        settings = make_settings(
            make_database("sqlite"),
            base_url=base_url,
            site_name=f"Téléservices de {name}",
            secret_key=secrets.token_urlsafe(32),
        )
        services = Teleservices(
            settings,
            clock=FixedClock(),
            hasher=Argon2Hasher.cheapest(),
            plugins={"probe": probe},
            discover=False,
            **adapters,
        )
        made.append(services)
        return services

    yield make
    for services in made:
        services.engine.dispose()


@pytest.fixture(scope="session")
def site(make_site: MakeSite) -> Teleservices:
    """The site that most tests mount; they leave nothing in it."""
    return make_site()


@pytest.fixture(params=HOSTS)
def host_name(request: pytest.FixtureRequest) -> str:
    """Each host in turn."""
    return str(request.param)


@pytest.fixture(params=PREFIXES, ids=lambda prefix: prefix or "root")
def prefix(request: pytest.FixtureRequest) -> str:
    """Each mount point in turn; the root is empty, so that ``prefix + "/aide"`` is an address."""
    return str(request.param)


@pytest.fixture
def client(host_name: str, prefix: str, site: Teleservices) -> Client:
    """A browser before a host that mounts the site."""
    return HOSTS[host_name]({prefix: site})
