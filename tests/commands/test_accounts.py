"""``teleservices accounts``: one account at a time."""

from __future__ import annotations

import pytest
from attrs import evolve
from click.testing import CliRunner

from teleservices_core.commands.accounts import accounts
from teleservices_core.domain.staff import Role
from teleservices_core.testing.world import World


@pytest.fixture
def person(services):
    """Somebody of the académie with a second factor."""
    return World(services).staff(Role.ACADEMY_ADMIN, factor_since=services.site.now())


def run(services, *words, **options):
    """The command, and what it says."""
    done = CliRunner().invoke(accounts, words, obj=lambda: services, **options)
    return done.exit_code, done.output.replace("\u00a0", " ")


def test_a_lost_telephone(services, person):
    """Asked first, then done, and said; a second time there is nothing to take away."""
    words = ("reset-factor", person.login_name, "--reason", "rappelé au bureau")
    assert run(services, *words, input="n\n")[0] == 1
    with services.site.database.reading() as tx:
        assert tx.accounts.get(person.id) == evolve(person, version=person.version)
    code, said = run(services, *words, "--yes")
    assert (code, "Retirée" in said) == (0, True)
    code, said = run(services, *words, "--yes")
    assert (code, "n’a pas de double authentification" in said) == (1, True)


@pytest.mark.parametrize(
    ("login", "reason", "said"),
    [("personne", "rappelé", "Aucun personnel"), ("", "x", "vérifiée")],
)
def test_refused_in_words(services, person, login, reason, said):
    """An unknown identifier, or no reason."""
    code, told = run(
        services, "reset-factor", login or person.login_name, "--reason", reason, "--yes"
    )
    assert code == 1
    assert said in told
