"""What a school's office finds, and does for one account."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from attrs import evolve
from sqlalchemy import insert, update
from uuid6 import uuid7

from teleservices_core.domain.accounts import AccountState, Audience, TokenPurpose
from teleservices_core.domain.staff import Role
from teleservices_core.domain.standing import EmailState, LetterChoice, Standing
from teleservices_core.errors import NotAllowedError, NotFoundError, RefusedError
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.school_accounts import (
    Asked,
    look_at_account,
    resend,
    search_accounts,
    unlock,
)
from teleservices_core.usecases.signing_in import resume, sign_in


@pytest.fixture
def world(services):
    """A school, and another one of the académie."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    return world


@pytest.fixture
def office(services, world):
    """The secretary, signed in."""
    account = world.staff(Role.SCHOOL_OFFICE, COLLEGE)
    signed_in = sign_in(services.site, account.login_name, PASSWORD, source="school")
    return resume(services.site, signed_in.secret)


def mother_of(world, first_name, last_name="MARTIN", class_group="6 B", uai=COLLEGE, **account):
    """A mother with one child; her account, and the child."""
    child = a_student(first_name=first_name, last_name=last_name)
    world.student(child, a_schooling(child.id, uai, class_group=class_group))
    mother = an_adult(first_name="Anne", last_name="DURAND", usage_name="D'ŒUVREY")
    world.adult(mother, a_link(child.id, mother.id))
    return world.account(mother, Audience.GUARDIAN, **account), child


def names(found):
    """Whom a search found."""
    return [line.account.recipient for line in found.lines]


def mail(services, account, address, **dates):
    """Note what became of a mail to an address of an account."""
    now = services.site.now()
    with services.site.database.writing() as tx:
        tx.connection.execute(
            insert(t.outbox).values(
                id=uuid7(),
                kind="core.confirm_email",
                to_address=address,
                account_id=account.id,
                context={},
                created_at=now,
                due_at=now,
                **dates,
            )
        )


def test_search(services, world):
    """By parts of names, of a child too; by class, audience, standing and address; with counts."""
    waiting, _child = mother_of(
        world, "Zoé", state=AccountState.CLAIMED, email=None, pending_email="a@example.org"
    )
    _active, child = mother_of(world, "Jean-François", "PETIT", "3 A")
    world.account(child, Audience.STUDENT, state=AccountState.NEW, email=None)
    mother_of(world, "Ailleurs", uai=LYCEE)

    def search(**asked):
        return search_accounts(services.site, COLLEGE, Asked(**asked))

    everybody = search()
    assert names(everybody) == ["MME Anne D'ŒUVREY", "Jean-François PETIT", "MME Anne D'ŒUVREY"]
    assert everybody.counts == {Standing.ACTIVE: 1, Standing.AWAITING: 1, Standing.TO_ISSUE: 1}
    assert everybody.classes == ("3 A", "6 B")
    assert len(search(words="oeuvrey ANNE").lines) == 2
    assert len(search(words="francois pet").lines) == 2, "the child and the mother"
    assert [line.account.id for line in search(words="zoe").lines] == [waiting.id]
    assert search(words="ailleurs").lines == ()
    assert len(search(class_group="3 A").lines) == 2
    assert names(search(audience=Audience.STUDENT)) == ["Jean-François PETIT"]
    found = search(standing=Standing.AWAITING, words="anne")
    assert [line.account.id for line in found.lines] == [waiting.id]
    assert sum(found.counts.values()) == 2, "counts tell what the other tabs hold"
    assert [line.account.id for line in search(email=EmailState.PENDING).lines] == [waiting.id]
    assert names(search(email=EmailState.NONE)) == ["Jean-François PETIT"]


def test_a_link_that_has_ended_shows_nothing(services, world):
    """Neither the adult, nor the child who has left."""
    account, child = mother_of(world, "Zoé")
    with services.site.database.writing() as tx:
        tx.connection.execute(update(t.responsibilities).values(until_on=date(2026, 11, 24)))
    assert search_accounts(services.site, COLLEGE, Asked()).lines == ()
    with pytest.raises(NotFoundError):
        look_at_account(services.site, COLLEGE, account.id)
    assert child


def test_bounced(services, world, clock):
    """The last mail to the present address failed for good; a later one that left clears it."""
    now = clock.now()
    account, _child = mother_of(world, "Zoé", email="anne@example.org")

    def state():
        (line,) = search_accounts(services.site, COLLEGE, Asked()).lines
        return line.account.email_state

    mail(services, account, "ancienne@example.org", failed_at=now)
    mail(services, account, "anne@example.org", sent_at=now)
    assert state() is EmailState.CONFIRMED
    mail(services, account, "anne@example.org", failed_at=now + timedelta(minutes=1))
    assert state() is EmailState.BOUNCED
    later = now + timedelta(minutes=2)
    mail(services, account, "anne@example.org", sent_at=later, failed_at=later)
    assert state() is EmailState.BOUNCED, "it left, and came back"
    mail(services, account, "anne@example.org", sent_at=now + timedelta(minutes=3))
    assert state() is EmailState.CONFIRMED


def test_one_account(services, world, clock):
    """Children of this school only, letters of all, acts without the sign-ins."""
    account, child = mother_of(world, "Zoé", state=AccountState.NEW, password_hash=None, email=None)
    other = a_student(first_name="Tom")
    world.student(other, a_schooling(other.id, LYCEE, class_group="2 C"))
    with services.site.database.writing() as tx:
        tx.connection.execute(
            insert(t.responsibilities).values(
                student_id=other.id,
                adult_id=account.holder_ids[0],
                level=1,
                pays_fees=False,
                receives_aid=False,
                lodges=False,
                contact_first=False,
            )
        )
    list(issue_letters(services.site, plan_letters(services.site, COLLEGE)))
    clock.advance(days=100)
    theirs = plan_letters(services.site, LYCEE, which=LetterChoice.EXPIRED)
    (letter,) = issue_letters(services.site, theirs)
    sign_in(services.site, account.login_name, letter.code, source="home")
    found = look_at_account(services.site, COLLEGE, account.id)
    assert found.listed.children == ((child.full_name, "6 B"),)
    assert found.situation.standing is Standing.ISSUED
    assert [each.uai for each in found.letters] == [LYCEE.code, COLLEGE.code]
    assert found.letters[1].replaced_at == clock.now()
    assert "account.signed_in" not in {act.action for act in found.acts}
    assert found.closes_at >= found.letters[0].expires_at
    with pytest.raises(NotFoundError):
        look_at_account(services.site, COLLEGE, uuid7())


@pytest.mark.faq("F20")
def test_resend(services, world, office, clock):
    """The office sends the confirmation again, not too often, and only while one is awaited."""
    account, _child = mother_of(
        world, "Zoé", state=AccountState.CLAIMED, email=None, pending_email="anne@example.org"
    )
    assert resend(services.site, office, COLLEGE, account.id) == "anne@example.org"
    with pytest.raises(RefusedError, match="too_soon"):
        resend(services.site, office, COLLEGE, account.id)
    clock.advance(minutes=2)
    resend(services.site, office, COLLEGE, account.id)
    delivered = deliver(services.site, services.mailer)
    assert (delivered.sent, delivered.dropped) == (1, 1), "the earlier link is dead"
    with services.site.database.reading() as tx:
        assert tx.tokens.latest(account.id, TokenPurpose.CONFIRM_EMAIL).address == (
            "anne@example.org"
        )
        acts = tx.audit.about(account.id)
    assert [act.action for act in acts] == ["account.link_resent"] * 2
    confirmed, _child = mother_of(world, "Tom")
    with pytest.raises(RefusedError, match="nothing_to_confirm"):
        resend(services.site, office, COLLEGE, confirmed.id)


def test_the_wait_after_failed_tries_is_lifted(services, world, office):
    """A parent who has tried too often need not wait for the next day."""
    account, _child = mother_of(world, "Zoé")
    for _try in range(6):
        with pytest.raises(RefusedError):
            sign_in(services.site, account.login_name, "faux", source="home")
    assert look_at_account(services.site, COLLEGE, account.id).blocked_until is not None
    unlock(services.site, office, COLLEGE, account.id)
    assert sign_in(services.site, account.login_name, PASSWORD, source="home")
    assert look_at_account(services.site, COLLEGE, account.id).blocked_until is None


def test_unlock(services, world, office):
    """A locked account opens again with its password; only once, and only here."""
    account, _child = mother_of(world, "Zoé", state=AccountState.LOCKED)
    elsewhere, _child = mother_of(world, "Tom", uai=LYCEE, state=AccountState.LOCKED)
    unlock(services.site, office, COLLEGE, account.id)
    assert sign_in(services.site, account.login_name, PASSWORD, source="home")
    with pytest.raises(RefusedError, match="not_locked"):
        unlock(services.site, office, COLLEGE, account.id)
    with pytest.raises(NotFoundError):
        unlock(services.site, office, COLLEGE, elsewhere.id)
    with pytest.raises(NotAllowedError):
        unlock(services.site, office, LYCEE, elsewhere.id)
    stranger = evolve(office, roles=frozenset({(Role.HEAD, LYCEE)}))
    with pytest.raises(NotAllowedError):
        unlock(services.site, stranger, LYCEE, elsewhere.id)
