"""``teleservices lifecycle``: what it says when there is something to do, or to refuse."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner

from teleservices_core.commands.lifecycle import lifecycle
from teleservices_core.domain.accounts import Audience
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import World


@pytest.fixture
def backend():
    return "sqlite"


@pytest.fixture
def run(services):
    def run(*words, code=0):
        outcome = CliRunner().invoke(lifecycle, words, obj=lambda: services)
        assert outcome.exit_code == code, outcome.output
        return outcome.output

    return run


def test_a_plan_then_the_run(services, clock, run):
    """What the plan announces is what the run does, in words."""
    world = World(services)
    for number in range(3):
        world.account(an_adult(first_name=f"P{number}"), Audience.GUARDIAN, email=None)
    world.account(an_adult(), Audience.GUARDIAN, email="anne@example.org")
    clock.advance(days=366)
    for words in (("run", "--dry-run"), ("run",), ("last",)):
        said = run(*words)
        assert "1  comptes prévenus par message" in said
        assert "3  comptes supprimés, inutilisés" in said


def test_refusals_in_words(services, clock, run):
    """Why, and how to go on if that is meant."""
    world = World(services)
    for number in range(20):
        world.account(an_adult(first_name=f"P{number}"), Audience.GUARDIAN, email=None)
    run("run")
    clock.advance(days=366)
    assert "Le dernier passage est du 24/11/2026" in run("run", code=1)
    assert "--force" in run("run", "--dry-run")
    clock.advance(-timedelta(days=367))
    assert "L’horloge est avant" in run("run", code=1)
    clock.advance(days=367)
    run("run", "--force")
    for number in range(20):
        world.account(an_adult(first_name=f"Q{number}"), Audience.GUARDIAN, email=None)
    for _times in range(7):
        clock.advance(days=59)
        said = CliRunner().invoke(lifecycle, ["run"], obj=lambda: services).output
    assert "20 comptes sur 20 seraient supprimés d’un coup" in said
