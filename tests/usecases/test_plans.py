"""Previews of the rectorat's choices, made all or none, and copied from year to year."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from attrs import evolve

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.changes import Change
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, NotAllowedError, NotFoundError
from teleservices_core.testing.builders import COLLEGE, LYCEE, YEAR, an_establishment
from teleservices_core.testing.races import only_winner, race
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.opening import set_opening, set_openings
from teleservices_core.usecases.participation import plan_participation, set_participation
from teleservices_core.usecases.plans import (
    copy_choices,
    make_changes,
    plan_changes,
    plan_copy,
)
from teleservices_core.usecases.signing_in import resume, sign_in

ACADEMIE = Scope.academie()
GUARDIAN = Audience.GUARDIAN


@pytest.fixture
def world(services):
    """Two establishments of two départements."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    world.establishment(an_establishment(Uai.from_digits("0580001"), name="Collège de la Loire"))
    return world


def entered(services, account):
    """A viewer signed in."""
    done = sign_in(services.site, account.login_name, PASSWORD, source="x")
    return resume(services.site, done.secret)


def notes(stance, scope=ACADEMIE, audience=GUARDIAN):
    """A choice about « Notes »."""
    return Change(scope, "notes", audience, stance)


def recorded(services, year=YEAR):
    """(scope, audience) → stance of what is recorded about « Notes »."""
    with services.site.database.reading() as tx:
        found = tx.policy.whole(year).openings
    return {(o.scope, o.audience): o.stance for o in found}


def test_a_plan_writes_nothing_and_is_then_made(services, world):
    """The preview announces three openings; they are there after, and audited one by one."""
    rectorat = entered(services, world.staff(Role.ACADEMY_ADMIN))
    changes = [notes(Stance.IMPOSED)]
    plan = plan_changes(services.site, changes, YEAR)
    assert len(plan.consequence.opened) == 3
    assert recorded(services) == {}
    make_changes(services.site, rectorat, changes, YEAR, seen=plan.seen)
    assert recorded(services) == {(ACADEMIE, GUARDIAN): Stance.IMPOSED}
    again = plan_changes(services.site, changes, YEAR)
    assert again.changes == ()
    with services.site.database.reading() as tx:
        (entry,) = [e for e in tx.audit.latest(5) if e.action == "module.imposed"]
    assert (entry.actor, entry.role) == (rectorat.name, Role.ACADEMY_ADMIN)
    assert entry.detail["rank"] == "academie"


def test_what_changed_meanwhile_is_not_overwritten(services, world):
    """A plan made upon another state is refused whole."""
    changes = [notes(Stance.IMPOSED, Scope.named(uai)) for uai in (COLLEGE, LYCEE)]
    plan = plan_changes(services.site, changes, YEAR)
    set_opening(services.site, None, Scope.named(LYCEE), "notes", GUARDIAN, Stance.FORBIDDEN)
    with pytest.raises(ConflictError):
        make_changes(services.site, None, changes, YEAR, seen=plan.seen)
    assert recorded(services) == {(Scope.named(LYCEE), GUARDIAN): Stance.FORBIDDEN}
    # The same choice, made by somebody else: what is left is no longer what was planned.
    set_opening(services.site, None, Scope.named(LYCEE), "notes", GUARDIAN, Stance.IMPOSED)
    with pytest.raises(ConflictError):
        make_changes(services.site, None, changes, YEAR, seen=plan.seen)


def test_elsewhere_does_not_disturb(services, world):
    """A head who decides meanwhile does not make the rectorat start again."""
    plan = plan_changes(services.site, [notes(Stance.OPEN)], YEAR)
    set_opening(services.site, None, Scope.establishment(COLLEGE), "notes", GUARDIAN, Stance.CLOSED)
    make_changes(services.site, None, [notes(Stance.OPEN)], YEAR, seen=plan.seen)
    assert recorded(services) == {
        (Scope.academie(), GUARDIAN): Stance.OPEN,
        (Scope.establishment(COLLEGE), GUARDIAN): Stance.CLOSED,
    }


def test_all_or_none(services, world):
    """An unknown place or a right that is missing undoes what came before it."""
    head = entered(services, world.staff(Role.HEAD, COLLEGE))
    good = notes(Stance.CLOSED, Scope.establishment(COLLEGE))
    for bad, error in (
        (notes(Stance.OPEN), NotAllowedError),
        (notes(Stance.OPEN, Scope.establishment(LYCEE)), NotAllowedError),
        (notes(Stance.OPEN, Scope.departement("999")), NotFoundError),
        (notes(Stance.OPEN, Scope.named(Uai.from_digits("0990001"))), NotFoundError),
        (evolve(good, module_id="nothing"), NotFoundError),
    ):
        with pytest.raises(error):
            set_openings(services.site, head, [good, bad])
    assert recorded(services) == {}


def test_two_of_the_rectorat_at_once(services, world, backend):
    """Of two plans upon the same state one is made whole; the other leaves no trace."""
    if backend == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    scopes = (Scope.named(COLLEGE), Scope.named(LYCEE))

    def trials():
        for _trial in range(200):
            undone = [notes(None, scope) for scope in scopes]
            set_openings(services.site, None, undone)
            acts = []
            for stance, order in ((Stance.IMPOSED, scopes), (Stance.FORBIDDEN, scopes[::-1])):
                changes = [notes(stance, scope) for scope in order]
                plan = plan_changes(services.site, changes, YEAR)
                acts.append(
                    partial(make_changes, services.site, None, changes, YEAR, seen=plan.seen)
                )
            yield acts

    for outcome in race(services.engine, trials(), before=["INSERT INTO core_openings"]):
        winner = only_winner(outcome, ConflictError)
        kept = {(Stance.IMPOSED, Stance.FORBIDDEN)[winner]}
        assert set(recorded(services).values()) == kept


# --- copying ---------------------------------------------------------------------------


def test_copy_of_the_rectorats_choices(services, world):
    """The rectorat's own are copied, what is already decided stays, heads' are theirs."""
    choices = (
        notes(Stance.OPEN),
        notes(Stance.FORBIDDEN, Scope.departement("058")),
        notes(Stance.IMPOSED, Scope.named(LYCEE)),
        notes(Stance.OPEN, Scope.establishment(COLLEGE)),
    )
    set_openings(services.site, None, choices, YEAR)
    set_openings(services.site, None, [notes(Stance.CLOSED)], YEAR.next)
    found = plan_copy(services.site, YEAR, YEAR.next)
    assert [c.scope for c in found.plan.changes] == [Scope.departement("058"), Scope.named(LYCEE)]
    assert [(o.scope, o.stance) for o in found.kept] == [(ACADEMIE, Stance.CLOSED)]
    assert found.left_out == ()
    rectorat = entered(services, world.staff(Role.ACADEMY_ADMIN))
    copy_choices(services.site, rectorat, YEAR, YEAR.next, seen=found.plan.seen)
    assert recorded(services, YEAR.next) == {
        (ACADEMIE, GUARDIAN): Stance.CLOSED,
        (Scope.departement("058"), GUARDIAN): Stance.FORBIDDEN,
        (Scope.named(LYCEE), GUARDIAN): Stance.IMPOSED,
    }
    assert plan_copy(services.site, YEAR, YEAR.next).plan.changes == ()


def test_copy_of_a_heads_choices(services, world):
    """Of one establishment only, without its classes; nothing where no choice is left."""
    college = Scope.establishment(COLLEGE)
    level, group = Scope.level(COLLEGE, ClassLevel.SIXIEME), Scope.division(COLLEGE, "6 B")
    choices = (
        notes(Stance.OPEN, college),
        notes(Stance.CLOSED, level),
        notes(Stance.CLOSED, group),
        notes(Stance.OPEN, Scope.establishment(LYCEE)),
        notes(Stance.OPEN, college, Audience.STUDENT),
    )
    set_openings(services.site, None, choices, YEAR)
    set_openings(
        services.site, None, [notes(Stance.FORBIDDEN, ACADEMIE, Audience.STUDENT)], YEAR.next
    )
    found = plan_copy(services.site, YEAR, YEAR.next, COLLEGE)
    assert {(c.scope, c.audience) for c in found.plan.changes} == {
        (college, GUARDIAN),
        (level, GUARDIAN),
    }
    assert {(o.scope, o.audience) for o in found.left_out} == {
        (group, GUARDIAN),
        (college, Audience.STUDENT),
    }
    other = entered(services, world.staff(Role.HEAD, LYCEE))
    with pytest.raises(NotAllowedError):
        copy_choices(services.site, other, YEAR, YEAR.next, COLLEGE, seen=found.plan.seen)
    head = entered(services, world.staff(Role.HEAD, COLLEGE))
    done = copy_choices(services.site, head, YEAR, YEAR.next, COLLEGE, seen=found.plan.seen)
    assert {opening.set_by for opening in done} == {head.name}
    # A second click finds them as it wanted them.
    assert not copy_choices(services.site, head, YEAR, YEAR.next, COLLEGE, seen=found.plan.seen)


# --- adherence -------------------------------------------------------------------------


@pytest.mark.faq("F41")
def test_joining_and_leaving(services, world):
    """What leaving closes is announced; leaving twice is told; each is audited."""
    site = services.site
    set_openings(site, None, [notes(Stance.IMPOSED)], YEAR)
    rectorat = entered(services, world.staff(Role.ACADEMY_ADMIN))
    plan = plan_participation(site, {COLLEGE, LYCEE}, False, YEAR)
    closed = [flip for flip in plan.consequence.closed if flip.module.id == "notes"]
    assert [flip.establishment.uai for flip in closed] == [COLLEGE, LYCEE]
    set_participation(site, rectorat, {COLLEGE, LYCEE}, False)
    assert plan_participation(site, {COLLEGE, LYCEE}, False, YEAR).establishments == ()
    with pytest.raises(ConflictError):
        set_participation(site, rectorat, {LYCEE}, False)
    with site.database.reading() as tx:
        assert [e.takes_part for e in tx.roster.establishments()] == [True, False, False]
        assert {e.uai for e in tx.audit.latest(5) if e.action == "establishment.left"} == {
            COLLEGE,
            LYCEE,
        }
    back = plan_participation(site, {COLLEGE}, True, YEAR)
    assert [flip.opens for flip in back.consequence.flips if flip.module.id == "notes"] == [True]
    with pytest.raises(NotAllowedError):
        set_participation(site, entered(services, world.staff(Role.HEAD, LYCEE)), {LYCEE}, True)
    with pytest.raises(NotFoundError):
        set_participation(site, rectorat, {Uai.from_digits("0990001")}, True)


@pytest.mark.faq("F42")
def test_the_year_to_come(services, world, clock):
    """A choice for next year is announced now, and counts once that year begins."""
    plan = plan_changes(services.site, [notes(Stance.IMPOSED)], YEAR.next)
    assert len(plan.consequence.opened) == 3
    make_changes(services.site, None, [notes(Stance.IMPOSED)], YEAR.next, seen=plan.seen)
    assert recorded(services) == {}
    clock.set(datetime(2027, 9, 1, tzinfo=UTC))
    assert recorded(services, services.site.school_year()) == {(ACADEMIE, GUARDIAN): Stance.IMPOSED}
