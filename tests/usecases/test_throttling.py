"""Failed attempts: counted in one place, before the hash, by device and by source."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

import teleservices_core
from teleservices_core.domain.accounts import Audience
from teleservices_core.errors import RefusedError
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.signing_in import sign_in

SOURCES = Path(teleservices_core.__file__).parent


@pytest.fixture
def mother(services):
    """An active account with a confirmed address."""
    return World(services).account(an_adult(), Audience.GUARDIAN, email="anne@example.org")


@pytest.fixture
def hashes(monkeypatch):
    """Every comparison of a secret with a hash, as it is made."""
    seen = []
    honest = Argon2Hasher._matches

    def counting(self, hasher, digest, secret):
        seen.append(digest)
        return honest(self, hasher, digest, secret)

    monkeypatch.setattr(Argon2Hasher, "_matches", counting)
    return seen


def attempt(services, login_name, secret="faux", source="1.2.3.4", **more):
    """The code of the refusal, or None when it opens a session."""
    try:
        sign_in(services.site, login_name, secret, source=source, **more)
    except RefusedError as refused:
        return refused.code
    return None


def test_secrets_are_compared_in_one_place():
    """No other module calls the hasher's comparison, whatever the way in."""
    users = set()
    for file in [*SOURCES.rglob("*.py"), *(SOURCES.parents[1] / "plugins").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "check":
                users |= {file.name for x in ast.walk(node.value) if _is_hasher(x)}
    assert users == {"throttling.py"}


def _is_hasher(node):
    return "hasher" in {getattr(node, "attr", ""), getattr(node, "id", "")}


@pytest.mark.parametrize("backend", ["postgresql"])
def test_parallel_guesses_do_not_slip_through(services, mother, hashes):
    """Of a hundred at once, five reach the hash, and the counter says five."""
    barrier = Barrier(100)

    def guess(number):
        barrier.wait()
        return attempt(services, mother.login_name, f"essai numéro {number}")

    with ThreadPoolExecutor(100) as pool:
        codes = list(pool.map(guess, range(100)))
    assert codes.count("wrong_credentials") == 5
    assert codes.count("throttled") == 95
    assert len(hashes) == 5 * 3
    with services.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT failures FROM core_throttles").scalars()
        assert list(found) == [5, 5, 5]
    assert attempt(services, mother.login_name, PASSWORD) == "throttled"
    services.site.clock.advance(minutes=1)
    assert attempt(services, mother.login_name, PASSWORD) is None
