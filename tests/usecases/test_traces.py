"""What acts leave behind for the help line and the family: function, account of a mail, waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from sqlalchemy import select

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.errors import RefusedError
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import COLLEGE, LYCEE, a_module, an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.my_account import change_password
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.signing_in import resume, sign_in


def entered(services, account):
    """A viewer signed in."""
    return resume(
        services.site, sign_in(services.site, account.login_name, PASSWORD, source="x").secret
    )


def test_the_journal_keeps_the_function(services):
    """A head's act says that a head did it; a family's act has no function."""
    world = World(services)
    world.establishment()
    head = entered(services, world.staff(Role.HEAD, COLLEGE))
    assert head.role_for(COLLEGE) is Role.HEAD
    assert head.role_for(LYCEE) is Role.HEAD, "the only one held"
    module = next(iter(services.site.catalogue.modules), a_module())
    set_opening(
        services.site, head, Scope.establishment(COLLEGE), module.id, Audience.GUARDIAN, Stance.OPEN
    )
    mother = entered(services, world.account(an_adult(), Audience.GUARDIAN))
    change_password(services.site, mother, PASSWORD, "quatre chats sur le toit")
    with services.site.database.reading() as tx:
        by_action = {entry.action: entry.role for entry in tx.audit.latest(10)}
    assert by_action["module.open"] == "head"
    assert by_action["account.password_changed"] == ""


def test_mails_know_their_account(services):
    """The outbox says whom a mail concerns, so that the help line sees what became of it."""
    account = World(services).account(an_adult(), Audience.GUARDIAN)
    change_password(services.site, entered(services, account), PASSWORD, "un mot bien plus long")
    with services.site.database.reading() as tx:
        found = tx.connection.execute(select(t.outbox.c.kind, t.outbox.c.account_id)).all()
    assert ("core.password_changed", account.id) in found


def test_waits_can_be_found_by_account(services, clock):
    """The longest of all sources, while it lasts."""
    account = World(services).account(an_adult(), Audience.GUARDIAN)
    for source, tries in (("home", 5), ("phone", 7)):
        for _n in range(tries):
            with pytest.raises(RefusedError):
                sign_in(services.site, account.login_name, "faux", source=source)
            clock.advance(minutes=5)
    clock.advance(timedelta(minutes=-5))
    with services.site.database.reading() as tx:
        until = tx.throttles.longest_wait(account, clock.now())
        assert until == clock.now() + timedelta(minutes=4)
        assert tx.throttles.longest_wait(account, until) is None
        reset = evolve(account, epoch=account.epoch + 1)
        assert tx.throttles.longest_wait(reset, clock.now()) is None, "a reset lifts them"
