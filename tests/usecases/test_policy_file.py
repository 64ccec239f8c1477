"""The rectorat's policy as a file: what is shown is what is recorded, and applying it is exact."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Uai
from teleservices_core.errors import NotAllowedError, SettingsError
from teleservices_core.testing.builders import COLLEGE, LYCEE, YEAR, an_establishment
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.policy_file import (
    DecisionEntry,
    PolicyFile,
    RoundEntry,
    apply_policy,
    plan_policy,
    policy_toml,
    read_policy,
)
from teleservices_core.usecases.signing_in import resume, sign_in

BOTH = (Audience.GUARDIAN, Audience.STUDENT)
places = st.sampled_from(
    [{}, {"departement": "21"}, {"establishment": COLLEGE}, {"establishment": LYCEE}]
)
titles = st.sampled_from(
    ["Tour", "L’« autre » tour", 'à "guillemets" \\ et\ttabulation', "é\u0001"]
)


@st.composite
def files(draw):
    """A policy without contradiction."""
    decisions, seen = [], set()
    for place in draw(st.lists(places, max_size=4)):
        for audience in draw(st.lists(st.sampled_from(BOTH), max_size=2, unique=True)):
            key = (str(place), audience)
            if key not in seen:
                seen.add(key)
                stance = draw(st.sampled_from(Stance))
                decisions.append(DecisionEntry("notes", stance, (audience,), **place))
    rounds = []
    for title in draw(st.lists(titles, max_size=4)):
        opens = datetime(2026, 10, 24) + timedelta(minutes=draw(st.integers(0, 3000)))
        closes = opens + timedelta(minutes=draw(st.integers(0, 3000)))
        uai = draw(st.sampled_from([None, COLLEGE]))
        rounds.append(RoundEntry("notes", title, opens, closes, uai))
    return PolicyFile(YEAR, tuple(decisions), tuple(rounds))


@pytest.fixture
def world(services):
    """Two establishments, whose heads have chosen."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    mine = Scope.establishment(COLLEGE)
    set_opening(services.site, None, mine, "notes", Audience.GUARDIAN, Stance.OPEN)
    return world


def heads(services):
    """What heads have chosen."""
    with services.site.database.reading() as tx:
        return {o for o in tx.policy.whole(YEAR).openings if o.scope.rank.is_heads}


@settings(max_examples=25)
@given(files(), files())
def test_applied_shown_and_read_back(services, world, tmp_path_factory, first, second):
    """From any state to any file: applied once, nothing is left to do, and shown it is the same."""
    mine = heads(services)
    for wanted in (first, second):
        planned = plan_policy(services.site, wanted, "x")
        done = apply_policy(services.site, None, wanted, "x")
        assert done.changes == planned.changes
        assert plan_policy(services.site, wanted, "x").changes_nothing
        path = tmp_path_factory.mktemp("policy") / "shown.toml"
        path.write_text(policy_toml(services.site, YEAR), encoding="utf-8")
        assert plan_policy(services.site, read_policy(path), "x").changes_nothing
        assert len(tomllib.loads(path.read_text())["rounds"] if wanted.rounds else ()) == len(
            wanted.rounds
        )
    assert heads(services) == mine, "a head's choice is never touched"
    apply_policy(services.site, None, PolicyFile(YEAR), "x")
    with services.site.database.reading() as tx:
        left = tx.policy.whole(YEAR)
    assert (set(left.openings), left.campaigns) == (mine, ())


def test_all_or_nothing(services, world):
    """One faulty entry refuses the whole file, and every fault is named."""
    good = DecisionEntry("notes", Stance.IMPOSED)
    elsewhere = Uai.from_digits("0990001")
    wanted = PolicyFile(
        YEAR, (good, evolve(good, module="x"), evolve(good, establishment=elsewhere))
    )
    with pytest.raises(SettingsError) as refused:
        apply_policy(services.site, None, wanted, "policy.toml")
    assert len(refused.value.problems) == 2
    assert refused.value.source == "policy.toml"
    with services.site.database.reading() as tx:
        assert len(tx.policy.whole(YEAR).openings) == 1


def test_moved_rounds_keep_their_identity(services, world):
    """Other dates under the same title: the round is changed, not replaced."""
    opens, closes = datetime(2026, 12, 1, 8), datetime(2026, 12, 5, 18)
    wanted = PolicyFile(YEAR, (), (RoundEntry("notes", "Tour", opens, closes),))
    apply_policy(services.site, None, wanted, "x")
    with services.site.database.reading() as tx:
        (old,) = tx.policy.whole(YEAR).campaigns
    later = PolicyFile(YEAR, (), (RoundEntry("notes", "Tour", opens, closes.replace(day=9)),))
    (moved,) = apply_policy(services.site, None, later, "x").rounds
    assert (moved.before, moved.after.id) == (old, old.id)
    with services.site.database.reading() as tx:
        actions = [e.action for e in tx.audit.latest(9) if e.action.startswith("campaign")]
    assert actions == ["campaign.changed", "campaign.added"]


def test_who_may(services, world):
    """The rectorat only."""
    account = world.staff(Role.HEAD, COLLEGE)
    done = sign_in(services.site, account.login_name, PASSWORD, source="x")
    viewer = resume(services.site, done.secret)
    decision = DecisionEntry("notes", Stance.IMPOSED)
    tour = RoundEntry("notes", "Tour", datetime(2026, 12, 1), datetime(2026, 12, 2))
    for wanted in (PolicyFile(YEAR, (decision,)), PolicyFile(YEAR, (), (tour,)), PolicyFile(YEAR)):
        with pytest.raises(NotAllowedError):
            apply_policy(services.site, viewer, wanted, "x")
