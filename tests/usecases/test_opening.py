"""Choices about modules: who may make them, at which scope, and none is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from uuid6 import uuid7

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.delegations import Delegation
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.localtime import Window
from teleservices_core.domain.policy import Campaign, Opening, Policy, Stance
from teleservices_core.domain.scopes import Rank, Scope
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Mef
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotAllowedError, NotFoundError, RefusedError
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    YEAR,
    a_schooling,
    a_student,
    an_establishment,
)
from teleservices_core.testing.world import PASSWORD, World, person_id
from teleservices_core.usecases.opening import class_switches, set_opening, switches
from teleservices_core.usecases.signing_in import resume, sign_in

SIXTH = Mef("10010012110")
SCHOOL = Scope.establishment(COLLEGE)
SCOPES = (
    Scope.academie(),
    Scope.departement("021"),
    Scope.named(COLLEGE),
    SCHOOL,
    Scope.level(COLLEGE, ClassLevel.SIXIEME),
    Scope.division(COLLEGE, "6 B"),
)


@pytest.fixture
def world(services):
    """Two establishments."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    return world


def entered(services, account) -> Viewer:
    """A viewer signed in."""
    done = sign_in(services.site, account.login_name, PASSWORD, source="x")
    viewer = resume(services.site, done.secret)
    assert viewer is not None
    return viewer


def choose(services, viewer, scope, stance, **options):
    """A choice about « Notes » for guardians."""
    return set_opening(services.site, viewer, scope, "notes", Audience.GUARDIAN, stance, **options)


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: scope.rank.name)
def test_every_scope_is_kept(services, world, scope):
    """What is recorded is read back, with its rank, and can be undone."""
    choose(services, None, scope, Stance.CLOSED)
    with services.site.database.reading() as tx:
        found = tx.policy.policy([COLLEGE], YEAR)
        assert found == tx.policy.whole(YEAR)
        assert (
            tx.policy.policy([LYCEE], YEAR).opening(scope, "notes", YEAR, Audience.GUARDIAN)
            is not None
            or scope.rank > Rank.DEPARTEMENT
        )
    (opening,) = found.openings
    assert (opening.scope, opening.stance) == (scope, Stance.CLOSED)
    choose(services, None, scope, None)
    with services.site.database.reading() as tx:
        assert tx.policy.whole(YEAR) == Policy.of()
        actions = [entry.action for entry in tx.audit.latest(2)]
    assert actions == ["module.inherited", "module.closed"]


def test_who_decides_where(services, world):
    """Heads decide in their establishment, the rectorat above; nobody elsewhere."""
    deciders = {
        "head": world.staff(Role.HEAD, COLLEGE),
        "office": world.staff(Role.SCHOOL_OFFICE, COLLEGE),
        "other": world.staff(Role.HEAD, LYCEE),
        "academy": world.staff(Role.ACADEMY_ADMIN),
    }
    for name, account in deciders.items():
        viewer = entered(services, account)
        for scope in SCOPES:
            may = name == ("head" if scope.rank.is_heads else "academy")
            if may:
                assert choose(services, viewer, scope, Stance.OPEN)
            else:
                with pytest.raises(NotAllowedError):
                    choose(services, viewer, scope, Stance.CLOSED)


@pytest.mark.parametrize("stance", [Stance.IMPOSED, Stance.FORBIDDEN, Stance.ALLOWED])
def test_a_head_opens_or_closes_only(services, world, stance):
    """The rectorat's stances are not a head's."""
    head = entered(services, world.staff(Role.HEAD, COLLEGE))
    with pytest.raises(RefusedError, match="not_yours"):
        choose(services, head, SCHOOL, stance)


@pytest.mark.parametrize("above", SCOPES[:3], ids=lambda scope: scope.rank.name)
def test_what_is_final_above_leaves_no_choice(services, world, above):
    """Neither opened nor closed below, and the switch says so."""
    head = entered(services, world.staff(Role.HEAD, COLLEGE))
    choose(services, None, above, Stance.FORBIDDEN)
    with pytest.raises(RefusedError, match="not_yours"):
        choose(services, head, SCHOOL, Stance.OPEN)
    found = [s for s in switches(services.site, an_establishment(), YEAR) if s.module.id == "notes"]
    guardian = next(each for each in found if each.audience is Audience.GUARDIAN)
    assert not guardian.can_open
    assert not guardian.can_close
    assert not guardian.decision.is_open


def test_two_persons_at_one_switch(services, world):
    """The second decides upon what is no longer so, and is told; nothing is overwritten."""
    head = entered(services, world.staff(Role.HEAD, COLLEGE))
    choose(services, head, SCHOOL, Stance.OPEN, seen=None)
    with pytest.raises(ConflictError):
        choose(services, head, SCHOOL, Stance.CLOSED, seen=None)
    choose(services, head, SCHOOL, Stance.CLOSED, seen=Stance.OPEN)


def test_compare_and_set(services, world):
    """The store refuses what is not built upon the present state."""
    now = services.site.now()
    opening = Opening("notes", YEAR, Audience.GUARDIAN, Stance.OPEN, SCHOOL, "A", now)
    with services.site.database.writing() as tx:
        tx.policy.record(opening, before=None)
    for wrong in (None, Stance.CLOSED):
        with pytest.raises(ConflictError), services.site.database.writing() as tx:
            tx.policy.record(opening, before=wrong)


def test_a_class_apart(services, world):
    """Closed for one class, open for the rest of the establishment."""
    choose(services, None, SCHOOL, Stance.OPEN)
    choose(services, None, Scope.division(COLLEGE, "6 B"), Stance.CLOSED)
    choose(services, None, Scope.level(COLLEGE, ClassLevel.CINQUIEME), Stance.CLOSED)
    for code, mef in (("6 A", SIXTH), ("6 B", SIXTH), ("5 A", Mef("10110001110"))):
        student = a_student()
        world.student(student, a_schooling(student.id, class_group=code, mef=mef))
    module = services.site.catalogue.module("notes")
    found = class_switches(services.site, an_establishment(), module, YEAR)
    states = {
        each.scope.label: each.switch.decision.is_open
        for each in found
        if each.switch.audience is Audience.GUARDIAN
    }
    assert states == {"6e": True, "5e": False, "6 A": True, "6 B": False, "5 A": False}
    assert list(states) == ["6e", "5e", "6 A", "6 B", "5 A"]


def test_a_delegation_is_dated_and_for_one_module(services, world, clock):
    """A member of staff decides in the head's place, between two dates."""
    account = world.staff(Role.SCHOOL_OFFICE, COLLEGE)
    today = services.site.academie.today(clock.now())
    delegation = Delegation(
        uuid7(),
        COLLEGE,
        "notes",
        person_id(account),
        today,
        today + timedelta(days=1),
        "Mme Durand",
        clock.now(),
    )
    with services.site.database.writing() as tx:
        tx.delegations.add(delegation)
        assert tx.delegations.of_establishment(COLLEGE) == [delegation]
    viewer = entered(services, account)
    assert choose(services, viewer, SCHOOL, Stance.OPEN)
    with pytest.raises(NotFoundError):
        set_opening(services.site, viewer, SCHOOL, "other", Audience.GUARDIAN, Stance.OPEN)
    clock.advance(timedelta(days=2))
    with pytest.raises(NotAllowedError):
        choose(services, viewer, SCHOOL, Stance.CLOSED)
    with services.site.database.writing() as tx:
        tx.delegations.end(delegation.id, COLLEGE, clock.now())
    with pytest.raises(ConflictError), services.site.database.writing() as tx:
        tx.delegations.end(delegation.id, COLLEGE, clock.now())


def test_rounds_are_kept_changed_and_cancelled(services, world, clock):
    """Each change of a round is built upon the round as it was seen."""
    now = clock.now()
    first = Campaign("notes", YEAR, Window(now, now + timedelta(days=3)), None, "1er tour", uuid7())
    longer = Campaign(
        "notes", YEAR, Window(now, now + timedelta(days=4)), None, "1er tour", first.id
    )
    with services.site.database.writing() as tx:
        tx.policy.add_campaign(first)
        assert tx.policy.whole(YEAR).campaigns == (first,)
        tx.policy.replace_campaign(first, longer)
        assert tx.policy.policy([COLLEGE], YEAR).campaigns == (longer,)
    for act in ("replace_campaign", "remove_campaign"):
        with pytest.raises(ConflictError), services.site.database.writing() as tx:
            getattr(tx.policy, act)(first, *([longer] if act == "replace_campaign" else []))
    with services.site.database.writing() as tx:
        tx.policy.remove_campaign(longer)
        assert tx.policy.whole(YEAR) == Policy.of()
