"""Signing in by the host's identity: what links it, what it opens, what undoes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.roster import Level
from teleservices_core.domain.staff import Role
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.identities import an_identity
from teleservices_core.testing.races import race
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.claiming import choose_password
from teleservices_core.usecases.grouping import group
from teleservices_core.usecases.identities import (
    link_by_secret,
    my_identities,
    sign_in_by_identity,
    unlink,
)
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.my_account import change_email
from teleservices_core.usecases.personal_data import my_data
from teleservices_core.usecases.recovery import ask_reset
from teleservices_core.usecases.signing_in import resume, sign_in

CHOSEN = "quatre chats sur le toit"
VECTOR = f"2|Martin|Anne|100|{COLLEGE}"


@pytest.fixture
def world(services):
    """A collège."""
    world = World(services)
    world.establishment()
    return world


@pytest.fixture
def family(world):
    """A child with a mother and a father, each with the key of the school's base."""
    child, mother = a_student(), an_adult()
    father = an_adult(title="M.", first_name="Paul")
    world.student(child, a_schooling(child.id))
    for adult in (mother, father):
        world.adult(adult, a_link(child.id, adult.id))
    for person, key in ((child, "100"), (mother, "200"), (father, "201")):
        world.siecle_key(person, key)
    return child, mother, father


def state(services, account):
    """The account as stored."""
    with services.site.database.reading() as tx:
        return tx.accounts.get(account.id)


def arrive(services, identity):
    """Come with an identity; returns the viewer."""
    return resume(services.site, sign_in_by_identity(services.site, identity).secret)


def letter_for(services, account):
    """Issue a letter; returns its code."""
    site = services.site
    today = site.academie.today(site.now())
    with site.database.reading() as tx:
        found = tx.letters.candidates(COLLEGE, site.school_year(), today)
    only = tuple(each for each in found if each.account.id == account.id)
    plan = evolve(plan_letters(site, COLLEGE), candidates=only)
    (letter,) = issue_letters(site, plan)
    return letter.code


NOT_CLAIMED = {"state": AccountState.NEW, "password_hash": None, "email": None}


@pytest.mark.parametrize(
    "claims",
    [
        {"FrEduVecteur": VECTOR},
        {"FrEduVecteur": [VECTOR, f"2|Martin|Anne|999|{COLLEGE}", "odd"]},
        {"adult_keys": f"{COLLEGE}|200"},
        {"adult_keys": [f"{COLLEGE}|200"], "email": "paul@example.org", "name": "Paul Martin"},
    ],
)
@pytest.mark.parametrize("before", ["new", "issued", "claimed", "active", "closed"])
def test_a_key_of_the_school_base_links(services, world, family, clock, claims, before):
    """Whatever the state of the account, it is active from then on, without a password."""
    _child, mother, _father = family
    changes = NOT_CLAIMED | {"state": AccountState(before)}
    account = world.account(mother, Audience.GUARDIAN, **changes)
    viewer = arrive(services, an_identity(**claims))
    assert viewer.in_full
    assert viewer.account.id == account.id
    assert viewer.account.state is AccountState.ACTIVE
    assert viewer.account.last_used_at == clock.now()
    assert viewer.account.password_hash is None
    assert [each.subject for each in my_identities(services.site, viewer)] == ["anne"]
    assert arrive(services, an_identity()).account.id == account.id, "claims are needed once"


def test_a_student_is_linked(services, world, family):
    """By his own key or vector; not by his parents'."""
    child, _mother, _father = family
    account = world.account(child, Audience.STUDENT, **NOT_CLAIMED)
    vector = f"4|MARTIN|Camille|100|{COLLEGE}"
    assert arrive(services, an_identity("c", FrEduVecteur=vector)).account.id == account.id
    keys = {"student_keys": f"{COLLEGE}|100"}
    assert arrive(services, an_identity("d", **keys)).account.id == account.id


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email": "famille@example.org", "name": "Anne MARTIN"},
        {"FrEduVecteur": f"2|Martin|Zoé|100|{COLLEGE}"},
        {"FrEduVecteur": f"2|Martin|Anne|100|{LYCEE}"},
        {"FrEduVecteur": f"1|Martin|Anne|100|{COLLEGE}"},
        {"FrEduVecteur": f"4|DUPONT|Zoé|100|{COLLEGE}"},
        {"student_keys": f"{COLLEGE}|200"},
        {"adult_keys": f"{COLLEGE}|100"},
        {"adult_keys": [f"{COLLEGE}|200"], "student_keys": f"{COLLEGE}|100"},
        {"student_keys": [f"{COLLEGE}|100", f"{COLLEGE}|101"]},
    ],
)
def test_nothing_less_links(services, world, family, claims):
    """No address, no name, no key of another person or school, no two persons at once."""
    child, mother, father = family
    brother = a_student(first_name="Léo")
    world.student(brother, a_schooling(brother.id))
    world.siecle_key(brother, "101")
    for person, audience in (
        (mother, Audience.GUARDIAN),
        (father, Audience.GUARDIAN),
        (child, Audience.STUDENT),
        (brother, Audience.STUDENT),
    ):
        world.account(person, audience)
    with pytest.raises(RefusedError, match="identity_unknown"):
        sign_in_by_identity(services.site, an_identity(**claims))


def test_staff_are_never_linked_by_their_address(services, world):
    """A member of staff types a letter or a password, once."""
    head = world.staff(Role.HEAD, COLLEGE, email="head@example.org")
    with pytest.raises(RefusedError, match="identity_unknown"):
        sign_in_by_identity(services.site, an_identity(email="head@example.org"))
    link_by_secret(services.site, an_identity(), head.login_name, PASSWORD, source="x")
    assert arrive(services, an_identity()).heads(COLLEGE)


@pytest.mark.parametrize("changes", [{"level": Level.CONTACT}, {"until_on": "today"}])
def test_only_a_guardian_in_force_is_named_by_a_vector(services, world, clock, changes):
    """A contact, or who is no guardian any more, is not whom a guardian's vector names."""
    child, mother = a_student(), an_adult()
    today = services.site.academie.today(clock.now())
    changes = {name: today if value == "today" else value for name, value in changes.items()}
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id, **changes))
    world.siecle_key(child, "100")
    world.account(mother, Audience.GUARDIAN)
    with pytest.raises(RefusedError, match="identity_unknown"):
        sign_in_by_identity(services.site, an_identity(FrEduVecteur=VECTOR))


def test_several_accounts_of_one_person(services, world, family):
    """Two school bases know her apart: the account in use is linked, else the oldest."""
    _child, mother, _father = family
    world.establishment(an_establishment(LYCEE))
    same = an_adult()
    world.adult(same)
    world.siecle_key(same, "7", LYCEE)
    world.account(mother, Audience.GUARDIAN, **NOT_CLAIMED)
    in_use = world.account(same, Audience.GUARDIAN)
    keys = {"adult_keys": [f"{COLLEGE}|200", f"{LYCEE}|7"]}
    assert arrive(services, an_identity(**keys)).account.id == in_use.id


@pytest.mark.faq("F32")
def test_arriving_counts_as_use(services, world, family, clock):
    """The warning is void; the day is noted, not each visit."""
    _child, mother, _father = family
    account = world.account(mother, Audience.GUARDIAN)
    identity = an_identity(adult_keys=f"{COLLEGE}|200")
    arrive(services, identity)
    clock.advance(timedelta(days=340))
    with services.site.database.writing() as tx:
        now = state(services, account)
        tx.accounts.replace(now, evolve(now, warned_at=clock.now()))
    arrive(services, identity)
    noted = clock.now()
    assert state(services, account).last_used_at == noted
    assert state(services, account).warned_at is None
    clock.advance(timedelta(hours=23))
    arrive(services, identity)
    assert state(services, account).last_used_at == noted
    clock.advance(timedelta(hours=1))
    arrive(services, identity)
    assert state(services, account).last_used_at == clock.now()


@pytest.mark.parametrize(
    ("then", "refusal"),
    [
        (AccountState.LOCKED, "account_locked"),
        (AccountState.CLOSED, "account_closed"),
        (AccountState.ISSUED, "identity_unknown"),
    ],
)
def test_an_account_no_longer_in_use(services, world, family, then, refusal):
    """It says so; and, unless it is locked, a key of the school base opens it again."""
    _child, mother, _father = family
    account = world.account(mother, Audience.GUARDIAN)
    link_by_secret(services.site, an_identity(), account.login_name, PASSWORD, source="x")
    with services.site.database.writing() as tx:
        now = tx.accounts.get(account.id)
        tx.accounts.replace(now, evolve(now, state=then))
    with pytest.raises(RefusedError, match=refusal):
        sign_in_by_identity(services.site, an_identity())
    proof = an_identity(adult_keys=f"{COLLEGE}|200")
    if then is AccountState.LOCKED:
        with pytest.raises(RefusedError, match=refusal):
            sign_in_by_identity(services.site, proof)
    else:
        assert arrive(services, proof).account.state is AccountState.ACTIVE


def test_a_letter_links_once(services, world, family, clock):
    """It is used up; the account is active, without a password and without an address (F17)."""
    _child, mother, _father = family
    account = world.account(mother, Audience.GUARDIAN, **NOT_CLAIMED)
    code = letter_for(services, account)
    begun = sign_in(services.site, account.login_name, code, source="x")
    done = link_by_secret(services.site, an_identity(), account.login_name, code, source="x")
    viewer = resume(services.site, done.secret)
    assert viewer.in_full
    assert viewer.account.state is AccountState.ACTIVE
    assert viewer.account.password_hash is None
    assert resume(services.site, begun.secret) is None, "the first login under way is over"
    with pytest.raises(RefusedError, match="letter_used"):
        link_by_secret(services.site, an_identity("b"), account.login_name, code, source="x")
    with pytest.raises(RefusedError):
        sign_in(services.site, account.login_name, code, source="x")


@pytest.mark.parametrize("by", ["letter", "key"])
def test_a_letter_gives_a_password_to_an_account_that_has_none(services, world, family, by):
    """Opened by the host so far: the letter handed out since adds a password, and serves once."""
    _child, mother, _father = family
    account = world.account(mother, Audience.GUARDIAN, **NOT_CLAIMED)
    identity = an_identity(adult_keys=f"{COLLEGE}|200")
    if by == "letter":
        code = letter_for(services, account)
        link_by_secret(services.site, an_identity(), account.login_name, code, source="x")
    code = letter_for(services, account)
    arrive(services, identity)
    assert state(services, account).state is AccountState.ACTIVE
    begun = sign_in(services.site, account.login_name, code, source="x")
    viewer = resume(services.site, begun.secret)
    assert not viewer.in_full
    done = choose_password(services.site, viewer, CHOSEN)
    assert resume(services.site, done.secret).in_full
    assert sign_in(services.site, account.login_name, CHOSEN, source="x")
    assert arrive(services, identity).account.id == account.id, "the host still opens it"
    with pytest.raises(RefusedError, match="letter_used"):
        sign_in(services.site, account.login_name, code, source="x")


def test_a_letter_never_replaces_a_password(services, world, family):
    """An account that has one takes no letter but through a reset by its school."""
    _child, mother, _father = family
    account = world.account(mother, Audience.GUARDIAN, **NOT_CLAIMED)
    code = letter_for(services, account)
    with services.site.database.writing() as tx:
        now = tx.accounts.get(account.id)
        password_hash = services.site.hasher.hash_password(CHOSEN)
        tx.accounts.replace(
            now, evolve(now, state=AccountState.ACTIVE, password_hash=password_hash)
        )
    with pytest.raises(RefusedError, match="wrong_credentials"):
        sign_in(services.site, account.login_name, code, source="x")


def test_a_password_to_be_renewed_links_nothing(services, world, family):
    """It may be known to others: it must be changed before it can give another way in."""
    _child, mother, _father = family
    account = world.account(mother, Audience.GUARDIAN, must_renew=True)
    with pytest.raises(RefusedError, match="renew_first"):
        link_by_secret(services.site, an_identity(), account.login_name, PASSWORD, source="x")
    with pytest.raises(RefusedError, match="identity_unknown"):
        sign_in_by_identity(services.site, an_identity())


def test_an_address_without_a_password(services, world, family, clock):
    """A session opened just now stands for the password that there is none to ask."""
    _child, mother, _father = family
    world.account(mother, Audience.GUARDIAN, **NOT_CLAIMED)
    viewer = arrive(services, an_identity(adult_keys=f"{COLLEGE}|200"))
    clock.advance(timedelta(minutes=10, seconds=1))
    with pytest.raises(RefusedError, match="sign_in_again"):
        change_email(services.site, viewer, "", "anne@example.org")
    viewer = arrive(services, an_identity())
    assert change_email(services.site, viewer, "", "anne@example.org") == "anne@example.org"


@pytest.mark.faq("F34")
def test_a_lost_password_that_never_was(services, world, family):
    """The mail says where the account opens; it holds no link to choose a password."""
    _child, mother, _father = family
    changes = NOT_CLAIMED | {"email": "anne@example.org"}
    account = world.account(mother, Audience.GUARDIAN, **changes)
    arrive(services, an_identity(adult_keys=f"{COLLEGE}|200"))
    deliver(services.site, services.mailer)
    ask_reset(services.site, account.login_name, source="x")
    deliver(services.site, services.mailer)
    message = services.mailer.messages()[0]
    assert message["Subject"] == "Votre compte n’a pas de mot de passe ici"
    assert message["To"] == "anne@example.org"
    assert "/nouveau-mot-de-passe/" not in message.get_content()


def test_an_account_grouped_into_another(services, world, family):
    """Its identities open the account that holds its persons now, until it is undone (F18)."""
    _child, mother, _father = family
    world.establishment(an_establishment(LYCEE))
    same = an_adult()
    world.adult(same)
    mine = world.account(mother, Audience.GUARDIAN)
    other = world.account(same, Audience.GUARDIAN)
    link_by_secret(services.site, an_identity(), other.login_name, PASSWORD, source="x")
    signed = sign_in(services.site, mine.login_name, PASSWORD, source="x")
    viewer = resume(services.site, signed.secret)
    group(services.site, viewer, other.login_name, PASSWORD, PASSWORD, source="x")
    viewer = arrive(services, an_identity())
    assert viewer.account.id == mine.id
    (linked,) = my_identities(services.site, viewer)
    unlink(services.site, viewer, linked.digest)
    with pytest.raises(RefusedError, match="identity_unknown"):
        sign_in_by_identity(services.site, an_identity())


def test_an_expired_letter_links_nothing(services, world, family, clock):
    """As for a first login (F15)."""
    _child, mother, _father = family
    account = world.account(mother, Audience.GUARDIAN, **NOT_CLAIMED)
    code = letter_for(services, account)
    clock.advance(timedelta(days=100))
    with pytest.raises(RefusedError, match="letter_expired"):
        link_by_secret(services.site, an_identity(), account.login_name, code, source="x")


def test_guesses_are_counted_with_those_of_the_sign_in_page(services, world, family):
    """One wait for both forms, and one answer for unknown and wrong."""
    _child, mother, _father = family
    account = world.account(mother, Audience.GUARDIAN)

    def by_password(secret, login_name=account.login_name):
        sign_in(services.site, login_name, secret, source="x")

    def by_link(secret, login_name=account.login_name):
        link_by_secret(services.site, an_identity(), login_name, secret, source="x")

    for guess in (by_password, by_link, by_link, by_password, by_link):
        with pytest.raises(RefusedError, match="wrong_credentials"):
            guess("faux")
        with pytest.raises(RefusedError, match="wrong_credentials"):
            by_link("faux", "nobody.here")
    for guess in (by_password, by_link):
        with pytest.raises(RefusedError, match="throttled"):
            guess(PASSWORD)


def test_one_identity_one_account_one_account_many_identities(services, world, family):
    """A second identity is welcome; an identity in use is not taken over."""
    _child, mother, father = family
    hers, his = (world.account(each, Audience.GUARDIAN) for each in (mother, father))
    for subject in ("one", "two"):
        done = link_by_secret(
            services.site, an_identity(subject), hers.login_name, PASSWORD, source="x"
        )
    assert len(my_identities(services.site, resume(services.site, done.secret))) == 2
    with pytest.raises(RefusedError, match="already_linked"):
        link_by_secret(services.site, an_identity("one"), his.login_name, PASSWORD, source="x")


def test_the_owner_is_told(services, world, family):
    """By mail, at the confirmed address."""
    _child, mother, _father = family
    account = world.account(mother, Audience.GUARDIAN, email="anne@example.org")
    link_by_secret(services.site, an_identity(), account.login_name, PASSWORD, source="x")
    deliver(services.site, services.mailer)
    (message,) = services.mailer.messages()
    assert message["To"] == "anne@example.org"
    assert account.login_name in message.get_content()


def test_a_link_undone_stays_undone(services, world, family):
    """Its sessions end, no key makes it again, a secret does; for its owner only."""
    _child, mother, father = family
    account = world.account(mother, Audience.GUARDIAN)
    other = world.account(father, Audience.GUARDIAN)
    identity = an_identity(adult_keys=f"{COLLEGE}|200")
    opened = sign_in_by_identity(services.site, identity)
    theirs = sign_in(services.site, other.login_name, PASSWORD, source="x")
    mine = sign_in(services.site, account.login_name, PASSWORD, source="x")
    with pytest.raises(NotFoundError):
        unlink(services.site, resume(services.site, theirs.secret), identity.digest)
    unlink(services.site, resume(services.site, mine.secret), identity.digest)
    assert resume(services.site, opened.secret) is None
    assert resume(services.site, mine.secret) is not None
    assert my_identities(services.site, resume(services.site, mine.secret)) == []
    with pytest.raises(RefusedError, match="identity_unknown"):
        sign_in_by_identity(services.site, identity)
    with pytest.raises(NotFoundError):
        unlink(services.site, resume(services.site, mine.secret), identity.digest)
    link_by_secret(services.site, identity, other.login_name, PASSWORD, source="x")
    assert arrive(services, identity).account.id == other.id


def test_the_copy_of_ones_data_names_the_identity(services, world, family):
    """Issuer and subject: what the site keeps of it."""
    _child, mother, _father = family
    world.account(mother, Audience.GUARDIAN, **NOT_CLAIMED)
    viewer = arrive(services, an_identity(adult_keys=f"{COLLEGE}|200"))
    told = str(my_data(services.site, viewer, ""))
    assert "https://ent.example" in told
    assert "anne" in told


def test_a_new_letter_undoes_every_link(services, world, family):
    """Whoever linked an identity with a stolen letter is out; a key of the base links again."""
    _child, mother, _father = family
    account = world.account(mother, Audience.GUARDIAN)
    thief = link_by_secret(
        services.site, an_identity("thief"), account.login_name, PASSWORD, source="x"
    )
    letter_for(services, account)
    assert resume(services.site, thief.secret) is None
    with pytest.raises(RefusedError, match="identity_unknown"):
        sign_in_by_identity(services.site, an_identity("thief"))
    arrive(services, an_identity(adult_keys=f"{COLLEGE}|200"))
    with pytest.raises(RefusedError, match="identity_unknown"):
        sign_in_by_identity(services.site, an_identity("thief"))


@pytest.mark.parametrize("backend", ["postgresql"])
def test_two_tabs_at_once(services, world, family):
    """Both are let in: the slower one finds the account linked and goes on."""
    _child, mother, _father = family
    account = world.account(mother, Audience.GUARDIAN, **NOT_CLAIMED)

    def trials():
        for n in range(20):
            identity = an_identity(str(n), adult_keys=f"{COLLEGE}|200")
            yield [lambda identity=identity: arrive(services, identity)] * 2

    for outcome in race(services.engine, trials(), before=["UPDATE core_accounts"]):
        assert outcome.met
        assert [each.account.id for each in outcome.results] == [account.id] * 2
