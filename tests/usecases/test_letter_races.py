"""Races for one letter, on PostgreSQL: one winner, and no orphan."""

from __future__ import annotations

from collections import Counter

import pytest
from attrs import evolve
from sqlalchemy import update

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.standing import LetterChoice
from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.races import TRIALS, only_winner, race
from teleservices_core.testing.world import World
from teleservices_core.usecases.claiming import choose_password
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.signing_in import resume, sign_in

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])
BEFORE = ["UPDATE core_accounts"]
CHOSEN = "quatre chats sur le toit"


@pytest.fixture
def mother(services):
    """A guardian who never had a letter."""
    world = World(services)
    world.establishment()
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    return world.account(
        mother, Audience.GUARDIAN, state=AccountState.NEW, password_hash=None, email=None
    )


def issue(services):
    """A new letter for the one account, or none if it was used meanwhile."""
    return list(
        issue_letters(
            services.site, plan_letters(services.site, COLLEGE, which=LetterChoice.UNUSED)
        )
    )


def enter(services, letter):
    """Who holds the letter, at the page that asks for a password."""
    login_name = letter.candidate.account.login_name
    signed_in = sign_in(services.site, login_name, letter.code, source="home")
    return resume(services.site, signed_in.secret)


def account_of(services, mother):
    """The account as stored."""
    with services.site.database.reading() as tx:
        return tx.accounts.get(mother.id)


def put_back(services, mother, *viewers):
    """Make the newest letter good again, and open its sessions; the account that it opens."""
    with services.site.database.writing() as tx:
        tx.sessions.remove_all(mother.id)
        for viewer in viewers:
            tx.sessions.add(viewer.session)
        tx.connection.execute(update(t.letters).values(used_at=None))
        known = tx.accounts.get(mother.id)
        return tx.accounts.replace(known, evolve(known, state=AccountState.ISSUED))


def test_two_claims_of_one_letter(services, mother):
    """Two browsers choose a password at once: one of them has the account."""
    (letter,) = issue(services)
    viewers = [enter(services, letter) for _browser in range(2)]

    def trials():
        for _n in range(TRIALS):
            account = put_back(services, mother, *viewers)
            now = [evolve(viewer, account=account) for viewer in viewers]
            yield [lambda viewer=viewer: choose_password(site, viewer, CHOSEN) for viewer in now]

    site = services.site
    for outcome in race(services.engine, trials(), before=BEFORE):
        assert outcome.met
        winner = outcome.results[only_winner(outcome, RefusedError, ConflictError)]
        assert resume(site, winner.secret).account.state is AccountState.CLAIMED


def test_claim_against_reissue(services, mother):
    """A password chosen in the same instant is never lost, nor left beside a newer letter."""
    viewer = enter(services, *issue(services))

    def trials():
        for _n in range(TRIALS):
            now = evolve(viewer, account=put_back(services, mother, viewer))
            yield [
                lambda now=now: choose_password(services.site, now, CHOSEN),
                lambda: issue(services),
            ]

    seen: Counter[str] = Counter()
    for outcome in race(services.engine, trials(), before=BEFORE):
        assert outcome.met
        claimed, issued = outcome.results
        assert not isinstance(issued, Exception), issued
        account = account_of(services, mother)
        if issued:
            assert isinstance(claimed, (RefusedError, ConflictError))
            assert account.state is AccountState.ISSUED
            assert account.password_hash is None
        else:
            assert account.state is AccountState.CLAIMED
            assert resume(services.site, claimed.secret) is not None
        seen["issued" if issued else "claimed"] += 1
    assert set(seen) == {"issued", "claimed"}, seen
    put_back(services, mother)
    assert enter(services, *issue(services)), "the last letter opens the account"


def test_two_offices_at_once(services, mother):
    """The same class printed twice in the same instant: one set of letters opens accounts."""

    def trials():
        for _n in range(TRIALS // 5):
            plan = plan_letters(services.site, COLLEGE, which=LetterChoice.UNUSED)
            yield [lambda plan=plan: list(issue_letters(services.site, plan)) for _n in range(2)]

    for outcome in race(services.engine, trials(), before=BEFORE):
        assert outcome.met
        (letter,) = [each for result in outcome.results for each in result]
        assert enter(services, letter).account.id == mother.id
