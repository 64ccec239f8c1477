"""A site with a ledger, on each database."""

from __future__ import annotations

import pytest
from attrs import evolve

from teleservices_core.app import Teleservices
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.testing.fixtures import make_settings


@pytest.fixture
def make_site(make_database, clock, tmp_path):
    """Sites of a test, each with a database and a folder of its own."""
    made = []

    def make(backend, name="site", **changes):
        settings = make_settings(
            changes.pop("database_url", None) or make_database(backend),
            ledger=tmp_path / name / "site.ledger",
            **changes,
        )
        settings = evolve(settings, mail=evolve(settings.mail, folder=tmp_path / name / "mail"))
        made.append(Teleservices(settings, clock=clock, hasher=Argon2Hasher.cheapest()))
        return made[-1]

    yield make
    for services in made:
        services.engine.dispose()


@pytest.fixture
def site(make_site, backend):
    """The site of most tests."""
    return make_site(backend)
