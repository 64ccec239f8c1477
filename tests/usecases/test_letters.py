"""Who is given a letter, and what a new letter undoes."""

from __future__ import annotations

from datetime import date

import pytest
from attrs import evolve
from sqlalchemy import update

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.credentials import read_letter_code
from teleservices_core.domain.staff import Role
from teleservices_core.domain.standing import LetterChoice
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
from teleservices_core.usecases.claiming import choose_password
from teleservices_core.usecases.letters import issue_letters, plan_letters, reissue
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.signing_in import resume, sign_in

CHOSEN = "quatre chats sur le toit"
NEVER = {"state": AccountState.NEW, "password_hash": None, "email": None}


@pytest.fixture
def world(services):
    """A school."""
    world = World(services)
    world.establishment()
    return world


def family(world, name="MARTIN", class_group="6 B", **state):
    """A child and a mother, never given a letter unless said otherwise; the two accounts."""
    child, mother = a_student(last_name=name), an_adult(last_name=name)
    world.student(child, a_schooling(child.id, class_group=class_group))
    world.adult(mother, a_link(child.id, mother.id))
    state = state or NEVER
    return (
        world.account(child, Audience.STUDENT, **state),
        world.account(mother, Audience.GUARDIAN, **state),
    )


def claim(services, letter):
    """First login up to the password; the viewer."""
    login_name = letter.candidate.account.login_name
    signed_in = sign_in(services.site, login_name, letter.code, source="home")
    viewer = resume(services.site, signed_in.secret)
    return resume(services.site, choose_password(services.site, viewer, CHOSEN).secret)


def test_an_account_claimed_since_the_plan_keeps_its_password(services, world):
    """It is left out and named; the others are issued."""
    student, mother = family(world)
    first = {
        each.candidate.account.id: each
        for each in issue_letters(services.site, plan_letters(services.site, COLLEGE))
    }
    plan = plan_letters(services.site, COLLEGE, which=LetterChoice.UNUSED)
    claim(services, first[mother.id])
    left_out, numbers = [], []
    issued = issue_letters(services.site, plan, left_out=left_out.append, progress=numbers.append)
    assert [each.candidate.account.id for each in issued] == [student.id]
    assert [each.account.id for each in left_out] == [mother.id]
    assert numbers == [2]
    assert sign_in(services.site, mother.login_name, CHOSEN, source="home")
    with services.site.database.reading() as tx:
        assert tx.audit.latest(2)[1].detail["number"] == 1, "the audit counts what was done"


def chosen(services, which, **asked):
    """Names of those whom a choice of letters would be printed for."""
    plan = plan_letters(services.site, COLLEGE, which=which, **asked)
    return {each.recipient for each in plan.candidates}


def test_choices_of_letters(services, world, clock):
    """Never issued, expired, not handed over, or all that never served: by what became of each."""
    for name in ("EXPIRE", "REMISE", "PERDUE", "ACTIVE"):
        family(world, name)
    issued = {
        each.candidate.recipient: each
        for each in issue_letters(services.site, plan_letters(services.site, COLLEGE))
        if each.candidate.account.audience is Audience.GUARDIAN
    }
    clock.advance(days=100)
    plan = plan_letters(services.site, COLLEGE, which=LetterChoice.EXPIRED)
    assert len(plan.candidates) == 8
    renewed = [each for each in plan.candidates if "EXPIRE" not in each.recipient]
    issued = {
        each.candidate.recipient: each
        for each in issue_letters(services.site, evolve(plan, candidates=tuple(renewed)))
    }
    claim(services, issued["MME Anne ACTIVE"])
    with services.site.database.writing() as tx:
        handed = plan_letters(services.site, COLLEGE, which=LetterChoice.UNUSED).candidates
        ids = [each.letter.id for each in handed if "REMISE" in each.recipient]
        tx.office.hand_over(COLLEGE, ids, clock.now(), "Claude DURAND")
    family(world, "NOUVEAU")
    assert chosen(services, LetterChoice.NEVER) == {"MME Anne NOUVEAU", "Camille NOUVEAU"}
    assert chosen(services, LetterChoice.EXPIRED) == {"MME Anne EXPIRE", "Camille EXPIRE"}
    assert chosen(services, LetterChoice.NOT_HANDED) == {
        "MME Anne PERDUE",
        "Camille PERDUE",
        "Camille ACTIVE",
    }
    everybody = plan_letters(services.site, COLLEGE, which=LetterChoice.UNUSED)
    assert len(everybody.candidates) == 9
    assert everybody.in_hand(clock.now()) == 2
    assert chosen(services, LetterChoice.UNUSED, audiences=(Audience.STUDENT,)) == {
        f"Camille {name}" for name in ("EXPIRE", "REMISE", "PERDUE", "ACTIVE", "NOUVEAU")
    }


@pytest.mark.faq("F10")
def test_one_sheet_for_siblings(services, world):
    """A mother of two in one school has one letter, in the class of the first; nobody else's."""
    mother = an_adult()
    children = [a_student(first_name="Léa"), a_student(first_name="Tom")]
    for child, class_group in zip(children, ("6 B", "3 A"), strict=True):
        world.student(child, a_schooling(child.id, class_group=class_group))
    elsewhere = a_student(first_name="Zoé")
    world.establishment(an_establishment(LYCEE))
    world.student(elsewhere, a_schooling(elsewhere.id, LYCEE))
    world.adult(mother, *(a_link(child.id, mother.id) for child in (*children, elsewhere)))
    world.account(mother, Audience.GUARDIAN, **NEVER)
    (letter,) = issue_letters(services.site, plan_letters(services.site, COLLEGE))
    assert letter.candidate.children == (("Tom MARTIN", "3 A"), ("Léa MARTIN", "6 B"))
    assert letter.candidate.class_group == "3 A"
    with pytest.raises(NotFoundError, match="3 A"):
        plan_letters(services.site, COLLEGE, class_group="6 B")


STATES = [
    AccountState.NEW,
    AccountState.ISSUED,
    AccountState.CLAIMED,
    AccountState.ACTIVE,
    AccountState.LOCKED,
    AccountState.CLOSED,
]


@pytest.fixture
def office(services, world):
    """The secretary."""
    return viewer_of(services, world.staff(Role.SCHOOL_OFFICE, COLLEGE))


def viewer_of(services, account):
    """Somebody signed in."""
    signed_in = sign_in(services.site, account.login_name, PASSWORD, source="school")
    return resume(services.site, signed_in.secret)


@pytest.mark.faq("F16")
@pytest.mark.faq("F17")
@pytest.mark.parametrize("state", STATES)
def test_a_new_letter_for_one_person(services, world, office, state):
    """Whatever the standing, the old secrets die at once and the new letter opens the account."""
    student, mother = family(world, state=state, email="anne@example.org")
    if state is AccountState.ACTIVE:
        before = viewer_of(services, mother)
    letter = reissue(services.site, office, COLLEGE, mother.id)
    assert letter.candidate.recipient == "MME Anne MARTIN"
    with services.site.database.reading() as tx:
        account = tx.accounts.get(mother.id)
        assert account.state is AccountState.ISSUED
        assert account.password_hash is None
        assert tx.accounts.get(student.id).state is state, "nobody else's account is touched"
        (act,) = tx.audit.about(mother.id, but=("account.signed_in",))
        assert (act.action, act.actor, act.uai) == ("account.reissued", office.name, COLLEGE)
        if state is AccountState.ACTIVE:
            assert tx.sessions.of_account(before.account.id, services.site.now()) == []
    with pytest.raises(RefusedError, match="wrong_credentials"):
        sign_in(services.site, mother.login_name, PASSWORD, source="home")
    assert claim(services, letter).in_full, "the address confirmed before still counts"


@pytest.mark.parametrize(("email", "told"), [("anne@example.org", 1), (None, 0)])
def test_the_confirmed_address_is_told_of_a_new_letter(services, world, office, email, told):
    """So that nobody takes an account over in silence; the mail holds no secret."""
    _student, mother = family(world, state=AccountState.ACTIVE, email=email)
    letter = reissue(services.site, office, COLLEGE, mother.id)
    assert deliver(services.site, services.mailer).sent == told
    for mail in services.mailer.messages():
        text = mail.get_content()
        assert mail["To"] == email
        assert "nouvelle notification" in text
        assert letter.code not in text
        assert read_letter_code(letter.code) not in text


def test_only_the_school_s_own_office_reissues(services, world, office):
    """Another school's account does not exist here, and who has left may do nothing."""
    _student, mother = family(world)
    world.establishment(an_establishment(LYCEE))
    stranger = viewer_of(services, world.staff(Role.HEAD, LYCEE))
    with pytest.raises(NotAllowedError):
        reissue(services.site, stranger, COLLEGE, mother.id)
    with pytest.raises(NotFoundError):
        reissue(services.site, stranger, LYCEE, mother.id)
    with pytest.raises(NotFoundError):
        reissue(services.site, office, COLLEGE, office.account.id)
    with services.site.database.writing() as tx:
        tx.connection.execute(update(t.assignments).values(until_on=date(2026, 11, 24)))
    with pytest.raises(NotAllowedError):
        reissue(services.site, office, COLLEGE, mother.id)
    with services.site.database.reading() as tx:
        assert tx.letters.latest(mother.id) is None
