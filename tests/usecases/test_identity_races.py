"""Races, on PostgreSQL, around a link with a host's identity: one winner."""

from __future__ import annotations

from collections import Counter

import pytest
from attrs import evolve
from sqlalchemy import delete, update

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.standing import LetterChoice
from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.identities import an_identity
from teleservices_core.testing.races import TRIALS, only_winner, race
from teleservices_core.testing.world import World
from teleservices_core.usecases.claiming import choose_password
from teleservices_core.usecases.identities import link_by_secret, sign_in_by_identity
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.signing_in import resume, sign_in

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])
BEFORE = ["UPDATE core_accounts"]
CHOSEN = "quatre chats sur le toit"
KEYS = {"adult_keys": f"{COLLEGE}|200"}


@pytest.fixture
def account(services):
    """Of a guardian with a key of the school's base, who has no password."""
    world = World(services)
    world.establishment()
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    world.siecle_key(mother, "200")
    return world.account(
        mother, Audience.GUARDIAN, state=AccountState.NEW, password_hash=None, email=None
    )


def issue(services):
    """A new letter for the one account, or none if it was used meanwhile."""
    plan = plan_letters(services.site, COLLEGE, which=LetterChoice.UNUSED)
    return list(issue_letters(services.site, plan))


def stored(services, account):
    """The account, and who is linked to it."""
    with services.site.database.reading() as tx:
        return tx.accounts.get(account.id), tx.identities.of_accounts([account.id])


def put_back(services, account, *sessions):
    """The newest letter good again, its sessions open, nobody linked; the account as it is then."""
    with services.site.database.writing() as tx:
        tx.sessions.remove_all(account.id)
        for session in sessions:
            tx.sessions.add(session)
        tx.connection.execute(update(t.letters).values(used_at=None))
        tx.connection.execute(delete(t.identities))
        known = tx.accounts.get(account.id)
        issued = evolve(known, state=AccountState.ISSUED, password_hash=None)
        return tx.accounts.replace(known, issued)


def test_a_letter_claimed_and_linked_at_once(services, account):
    """Of who chooses a password and who links an identity, one has the letter."""
    (letter,) = issue(services)
    site = services.site
    viewer = resume(site, sign_in(site, account.login_name, letter.code, source="x").secret)

    def link():
        return link_by_secret(site, an_identity(), account.login_name, letter.code, source="x")

    def trials():
        for _n in range(TRIALS):
            now = evolve(viewer, account=put_back(services, account, viewer.session))
            yield [lambda now=now: choose_password(site, now, CHOSEN), link]

    seen: Counter[AccountState] = Counter()
    for outcome in race(services.engine, trials(), before=BEFORE):
        winner = outcome.results[only_winner(outcome, RefusedError, ConflictError)]
        now, linked = stored(services, account)
        assert resume(site, winner.secret) is not None
        assert (now.state is AccountState.ACTIVE) is bool(linked)
        assert (now.password_hash is None) is bool(linked)
        seen[now.state] += 1
    assert set(seen) == {AccountState.ACTIVE, AccountState.CLAIMED}, seen


def test_a_letter_issued_while_a_key_links(services, account):
    """Neither blocks the other; a link made just before a new letter dies with it."""
    issue(services)
    site, identity = services.site, an_identity(**KEYS)

    def trials():
        for _n in range(TRIALS):
            put_back(services, account)
            yield [lambda: sign_in_by_identity(site, identity), lambda: issue(services)]

    for outcome in race(services.engine, trials(), before=BEFORE):
        entered, issued = outcome.results
        assert not isinstance(entered, Exception), entered
        assert not isinstance(issued, Exception), issued
        now, linked = stored(services, account)
        is_open = resume(site, entered.secret) is not None
        assert is_open is bool(linked) is (now.state is AccountState.ACTIVE)


def test_one_identity_linked_to_two_accounts_at_once(services, account):
    """It opens one of them, and no session is left on the other."""
    site, world = services.site, World(services)
    both = [account, world.account(an_adult(first_name="Paul"), Audience.GUARDIAN)]
    with site.database.writing() as tx:
        now = tx.accounts.get(account.id)
        password_hash = site.hasher.hash_password(CHOSEN)
        tx.accounts.replace(
            now, evolve(now, state=AccountState.ACTIVE, password_hash=password_hash)
        )
        now = tx.accounts.get(both[1].id)
        tx.accounts.replace(now, evolve(now, password_hash=password_hash))

    def trials():
        for _n in range(TRIALS // 4):
            with site.database.writing() as tx:
                tx.connection.execute(delete(t.sessions))
                tx.connection.execute(delete(t.identities))
            yield [
                lambda login_name=each.login_name: link_by_secret(
                    site, an_identity(), login_name, CHOSEN, source="x"
                )
                for each in both
            ]

    for outcome in race(services.engine, trials(), before=["INSERT INTO core_identities"]):
        winner = only_winner(outcome, RefusedError, ConflictError)
        linked = [len(stored(services, each)[1]) for each in both]
        assert linked == [winner == 0, winner == 1]
