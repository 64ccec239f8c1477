"""« Regrouper des comptes » and its undoing: what moves, what comes back, what is refused."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from uuid6 import uuid7

from teleservices_core.domain.accounts import (
    AccountState,
    Audience,
    CredentialLetter,
    TokenPurpose,
)
from teleservices_core.domain.credentials import letter_expires_at
from teleservices_core.domain.staff import Role
from teleservices_core.errors import NotAllowedError, NotFoundError, RefusedError
from teleservices_core.hashing import link_secret
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
from teleservices_core.usecases.claiming import choose_password, confirm_email
from teleservices_core.usecases.grouping import (
    attached_children,
    group,
    look_at_undo,
    undo,
    undo_by_link,
)
from teleservices_core.usecases.home import family_home
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.my_account import change_email, undo_email
from teleservices_core.usecases.recovery import ask_login_names
from teleservices_core.usecases.signing_in import resume, sign_in

CODE = "ABCDEFGHJKMN"


def guardian(services, first_name, *, uai=COLLEGE, adult=None, **changes):
    """An account of Anne Martin with one child of its own."""
    world = World(services)
    child = a_student(first_name=first_name)
    world.student(child, a_schooling(child.id, uai))
    adult = adult or an_adult()
    world.adult(adult, a_link(child.id, adult.id))
    return world.account(adult, Audience.GUARDIAN, **changes)


@pytest.fixture
def schools(services):
    """A collège and a lycée."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))


@pytest.fixture
def mine(services, schools):
    """The account to keep, of the mother of Camille."""
    return guardian(services, "Camille", email="anne@example.org")


@pytest.fixture
def other(services, schools):
    """Another account of hers, for Léo at the lycée."""
    adult = an_adult(first_name="ANNE", last_name="DUPONT", usage_name="Martin")
    return guardian(services, "Léo", uai=LYCEE, adult=adult, email="autre@example.org")


@pytest.fixture
def issued(services, schools, clock):
    """Hers too, with a letter that still waits to be used."""
    account = guardian(
        services, "Zoé", uai=LYCEE, state=AccountState.NEW, password_hash=None, email=None
    )
    hand_out(services, account)
    return account


def hand_out(services, account, code=CODE):
    """Issue a letter with a known code."""
    site = services.site
    expires_at = letter_expires_at(site.now(), 3, site.academie.zone)
    letter = CredentialLetter(
        uuid7(), account.id, LYCEE.code, site.hasher.hash_letter(code), site.now(), expires_at
    )
    version = stored(services, account).version
    with site.database.writing() as tx:
        assert tx.letters.issue([letter], {account.id: version})


def entered(services, account, password=PASSWORD):
    """A viewer signed in."""
    done = sign_in(services.site, account.login_name, password, source="home")
    return resume(services.site, done.secret)


def gather(services, viewer, account, secret=PASSWORD, *, current=PASSWORD, source="home"):
    """Group an account into the viewer's, a second later."""
    services.site.clock.advance(seconds=1)
    return group(services.site, viewer, account.login_name, secret, current, source=source)


def stored(services, account):
    """The account as it is now."""
    with services.site.database.reading() as tx:
        return tx.accounts.get(account.id)


def shown(services, account, password=PASSWORD):
    """First names of the children on the home page."""
    home = family_home(services.site, entered(services, account, password))
    return sorted(answer.child.student.first_name for answer in home)


def mails(services):
    """Deliver; every mail so far as {address: text}, the newest of each."""
    deliver(services.site, services.mailer)
    found = {}
    for each in services.mailer.messages():
        found.setdefault(str(each["To"]), each.get_content())
    return found


def link(text):
    """The secret of a mail's link."""
    return re.search(r"/(?:degrouper|confirmer|retablir)/(\S+)", text).group(1)


def refusal(act, *arguments, **named):
    """The refusal of an act."""
    with pytest.raises(RefusedError) as refused:
        act(*arguments, **named)
    return refused.value


@pytest.mark.faq("F18")
@pytest.mark.faq("F19")
def test_the_children_of_another_account_join_mine(services, mine, other, clock):
    """With the identifier and password of both; the list says where each child comes from."""
    there = entered(services, other)
    viewer = entered(services, mine)
    grouping = gather(services, viewer, other)
    assert shown(services, mine) == ["Camille", "Léo"]
    own, gained = attached_children(services.site, entered(services, mine))
    assert [child.student.first_name for child in own.children] == ["Camille"]
    assert own.grouping is None
    assert [child.student.first_name for child in gained.children] == ["Léo"]
    assert gained.children[0].establishment.uai == LYCEE
    assert (gained.grouping, gained.from_login) == (grouping, other.login_name)
    assert gained.may_be_undone
    assert grouping.until_at == clock.now() + timedelta(days=7)
    gone = stored(services, other)
    assert (gone.state, gone.holder_ids) == (AccountState.GROUPED, ())
    assert gone.password_hash, "kept, for an undoing"
    with services.site.database.reading() as tx:
        assert tx.sessions.find(there.session.id_hash, clock.now()) is None
    assert refusal(sign_in, services.site, other.login_name, PASSWORD, source="x").code == "grouped"
    wrong = refusal(sign_in, services.site, other.login_name, "faux", source="x")
    assert wrong.code == "wrong_credentials", "only the owner is told"


@pytest.mark.faq("F18")
def test_with_a_letter_still_good(services, mine, issued):
    """The provisional password will do; the letter is used up."""
    gather(services, entered(services, mine), issued, "abcd efgh-jkmn")
    assert shown(services, mine) == ["Camille", "Zoé"]
    with services.site.database.reading() as tx:
        assert tx.letters.latest(issued.id).refusal(services.site.now()) == "letter_used"


def test_both_addresses_are_told(services, mine, other):
    """The kept account learns what to do if it was a mistake, the other one gets a link."""
    gather(services, entered(services, mine), other)
    told = mails(services)
    assert set(told) == {"anne@example.org", "autre@example.org"}
    assert other.login_name in told["anne@example.org"]
    assert "Enfants" in told["anne@example.org"]
    assert "/degrouper/" in told["autre@example.org"]
    for text in told.values():
        assert "Léo" not in text, "a mailbox need not know the children"


def test_the_audit_trail_has_both(services, mine, other):
    """Each account's history says what happened, and who did it."""
    viewer = entered(services, mine)
    grouping = gather(services, viewer, other)
    undo(services.site, viewer, grouping.id)
    with services.site.database.reading() as tx:
        latest = [(e.action, e.subject_id, e.actor_id) for e in tx.audit.latest(4)]
    assert sorted(latest) == sorted(
        [
            ("account.gathered", mine.id, mine.id),
            ("account.grouped", other.id, mine.id),
            ("account.gathering_undone", mine.id, mine.id),
            ("account.ungrouped", other.id, mine.id),
        ]
    )


@pytest.mark.faq("F18")
def test_undone_from_my_account(services, mine, other, clock):
    """Everybody is back where he was, with the same password."""
    viewer = entered(services, mine)
    grouping = gather(services, viewer, other)
    clock.advance(timedelta(days=7, microseconds=-1))
    undo(services.site, entered(services, mine), grouping.id)
    assert shown(services, mine) == ["Camille"]
    assert shown(services, other) == ["Léo"]
    assert stored(services, other).state is AccountState.ACTIVE
    told = [str(m["Subject"]) for m in all_mails(services)]
    assert "est rétabli" in "".join(told)
    undo(services.site, viewer, grouping.id)
    assert len(all_mails(services)) == len(told), "twice is once"


def all_mails(services):
    """Every message delivered."""
    deliver(services.site, services.mailer)
    return services.mailer.messages()


def test_not_after_the_date(services, mine, other, clock):
    """On the last day the button is there, then neither it nor the link works."""
    grouping = gather(services, entered(services, mine), other)
    secret = link(mails(services)["autre@example.org"])
    clock.advance(days=7)
    viewer = entered(services, mine)
    assert not attached_children(services.site, viewer)[1].may_be_undone
    assert refusal(undo, services.site, viewer, grouping.id).code == "too_late"
    assert refusal(undo_by_link, services.site, secret).code == "link_expired"
    assert shown(services, mine) == ["Camille", "Léo"]


def test_undone_by_the_mailed_link(services, mine, other):
    """Whoever reads the other account's mail takes it back; looking changes nothing."""
    gather(services, entered(services, mine), other)
    secret = link(mails(services)["autre@example.org"])
    for _n in range(2):
        _token, _grouping, account = look_at_undo(services.site, secret)
        assert account.id == other.id
    assert undo_by_link(services.site, secret) is True
    assert shown(services, other) == ["Léo"]
    assert refusal(undo_by_link, services.site, secret).code == "link_used"
    gather(services, entered(services, mine), other)
    assert refusal(undo_by_link, services.site, secret).code == "link_used"


def test_the_button_kills_the_link(services, mine, other):
    """Undone and done again: the link of the first time undoes nothing."""
    viewer = entered(services, mine)
    grouping = gather(services, viewer, other)
    first = secret_of(services, other)
    undo(services.site, viewer, grouping.id)
    assert refusal(undo_by_link, services.site, first).code == "link_expired"
    gather(services, viewer, other)
    assert refusal(undo_by_link, services.site, first).code == "link_expired"
    assert shown(services, mine) == ["Camille", "Léo"]


def test_an_account_never_claimed_starts_again(services, mine, issued):
    """Undone, it has neither password nor address: the school hands out a new letter."""
    viewer = entered(services, mine)
    grouping = gather(services, viewer, issued, CODE)
    undo(services.site, viewer, grouping.id)
    assert shown(services, mine) == ["Camille"]
    back = stored(services, issued)
    assert (back.state, back.password_hash) == (AccountState.CLOSED, None)
    assert refusal(sign_in, services.site, issued.login_name, CODE, source="x").code == (
        "letter_used"
    )
    hand_out(services, issued, "NMKJHGFEDCBA")
    viewer = entered(services, issued, "NMKJHGFEDCBA")
    assert viewer.account.holder_ids == issued.holder_ids


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"current": "faux"}, "wrong_password"),
        ({"secret": "faux"}, "wrong_credentials"),
        ({"secret": CODE}, "wrong_credentials"),
    ],
)
def test_both_secrets_first(services, mine, other, change, code):
    """Nothing is said of the other account before both are proved."""
    viewer = entered(services, mine)
    assert refusal(gather, services, viewer, other, **change).code == code
    unknown = refusal(group, services.site, viewer, "personne", PASSWORD, PASSWORD, source="x")
    assert unknown.code == "wrong_credentials"
    assert shown(services, mine) == ["Camille"]


def test_guessing_is_slowed_as_at_sign_in(services, mine, other):
    """Tries here and at the sign-in page count together."""
    viewer = entered(services, mine)
    codes = [refusal(gather, services, viewer, other, "faux").code for _n in range(7)]
    assert codes[0] == "wrong_credentials"
    assert codes[-1] == "throttled"
    slowed = refusal(sign_in, services.site, other.login_name, PASSWORD, source="home")
    assert slowed.code == "throttled"
    assert "until" in slowed.detail


def test_another_persons_account(services, mine, schools):
    """With both secrets, but another name: the school of that account decides."""
    father = guardian(services, "Tom", uai=LYCEE, adult=an_adult(first_name="Paul"))
    refused = refusal(gather, services, entered(services, mine), father)
    assert refused.code == "names_differ"
    assert refused.detail["name"] == "Paul MARTIN"
    assert refused.detail["school"].uai == LYCEE
    assert shown(services, father) == ["Tom"]


def test_other_refusals(services, mine, issued, clock):
    """A pupil's account, one's own, and letters that no longer work."""
    world = World(services)
    pupil = a_student(first_name="Anne")
    world.student(pupil, a_schooling(pupil.id))
    viewer = entered(services, mine)
    student = world.account(pupil, Audience.STUDENT)
    assert refusal(gather, services, viewer, student).code == "not_guardian"
    staff = world.staff(Role.HEAD, COLLEGE)
    assert refusal(gather, services, viewer, staff).code == "not_guardian"
    assert refusal(gather, services, viewer, mine).code == "same_account"
    clock.advance(days=100)
    refused = refusal(gather, services, entered(services, mine), issued, CODE)
    assert (refused.code, refused.detail["uai"]) == ("letter_expired", LYCEE.code)
    with pytest.raises(NotAllowedError):
        gather(services, entered(services, student), mine)


def test_a_locked_account_gives_nothing(services, mine, other):
    """As at sign-in."""
    with services.site.database.writing() as tx:
        tx.connection.execute(
            t.accounts.update().where(t.accounts.c.id == other.id).values(state="locked")
        )
    refused = refusal(gather, services, entered(services, mine), other)
    assert refused.code == "wrong_credentials"


def test_what_was_mailed_before_is_dead(services, mine, other, clock):
    """A grouped account answers to the link that undoes, and to nothing else."""
    change_email(services.site, entered(services, other), PASSWORD, "neuve@example.org")
    pending = link(mails(services)["neuve@example.org"])
    gather(services, entered(services, mine), other)
    assert refusal(confirm_email, services.site, pending, None).code == "link_expired"
    ask_login_names(services.site, "autre@example.org", source="x")
    assert "/degrouper/" in mails(services)["autre@example.org"], "no identifier that is no use"


def test_a_thief_of_an_address_cannot_keep_the_children(services, mine, other, clock):
    """Bringing the former address back also brings the link that undoes a grouping."""
    change_email(services.site, entered(services, other), PASSWORD, "voleur@example.org")
    confirm_email(services.site, link(mails(services)["voleur@example.org"]), None)
    notice = link(mails(services)["autre@example.org"])
    gather(services, entered(services, mine), other)
    stolen = link(mails(services)["voleur@example.org"])
    clock.advance(hours=1)
    undo_email(services.site, notice)
    assert refusal(undo_by_link, services.site, stolen).code == "link_expired"
    undo_by_link(services.site, link(mails(services)["autre@example.org"]))
    assert shown(services, other) == ["Léo"]


def test_the_other_parent_sees_nothing_new(services, mine, other):
    """Grouping is about accounts, never about who is responsible for whom."""
    world = World(services)
    father = an_adult(first_name="Paul")
    with services.site.database.reading() as tx:
        camille = tx.roster.children(mine, services.site.school_year())[0].student
    world.adult(father, a_link(camille.id, father.id))
    account = world.account(father, Audience.GUARDIAN)
    gather(services, entered(services, mine), other)
    assert shown(services, account) == ["Camille"]


def test_another_guardian_cannot_undo(services, mine, other):
    """A grouping of others does not exist for them."""
    stranger = World(services).account(an_adult(first_name="Paul"), Audience.GUARDIAN)
    grouping = gather(services, entered(services, mine), other)
    with pytest.raises(NotFoundError):
        undo(services.site, entered(services, stranger), grouping.id)


def test_first_login_cannot_group(services, mine, issued):
    """An account whose first login is not over takes nobody's children."""
    viewer = entered(services, issued, CODE)
    with pytest.raises(NotAllowedError):
        gather(services, viewer, mine)


def test_claimed_but_not_confirmed(services, mine, issued):
    """It can be grouped with its own new password; undone, it starts again with a letter."""
    choose_password(services.site, entered(services, issued, CODE), "quatre chats sur le toit")
    viewer = entered(services, mine)
    grouping = gather(services, viewer, issued, "quatre chats sur le toit")
    undo(services.site, viewer, grouping.id)
    assert stored(services, issued).state is AccountState.CLOSED


def secret_of(services, account):
    """The link last mailed to undo the grouping of an account."""
    with services.site.database.reading() as tx:
        token = tx.tokens.latest(account.id, TokenPurpose.UNDO_GROUPING)
    return link_secret(services.site.settings.secret_key, token.id)


@pytest.mark.parametrize("first", ["inner", "outer"])
def test_a_chain_comes_apart_in_any_order(services, schools, clock, first):
    """A takes B, which had taken C: nothing is lost, whichever is undone first."""
    a, b, c = (guardian(services, name, email="a@example.org") for name in ("Ana", "Ben", "Cid"))
    gather(services, entered(services, b), c)
    gather(services, entered(services, a), b)
    assert shown(services, a) == ["Ana", "Ben", "Cid"]
    undoings = [lambda: undo_by_link(services.site, secret_of(services, c))]
    undoings.insert(first == "inner", lambda: undo_by_link(services.site, secret_of(services, b)))
    undoings[0]()
    if first == "inner":
        assert (shown(services, a), shown(services, c)) == (["Ana", "Ben"], ["Cid"])
    else:
        assert (shown(services, a), shown(services, b)) == (["Ana"], ["Ben", "Cid"])
    undoings[1]()
    assert [shown(services, each) for each in (a, b, c)] == [["Ana"], ["Ben"], ["Cid"]]


def test_taken_again_by_another_way(services, schools):
    """C leaves the chain and joins A directly: undoing B no longer concerns it."""
    a, b, c = (guardian(services, name, email="a@example.org") for name in ("Ana", "Ben", "Cid"))
    gather(services, entered(services, b), c)
    gather(services, entered(services, a), b)
    undo_by_link(services.site, secret_of(services, c))
    gather(services, entered(services, a), c)
    undo_by_link(services.site, secret_of(services, b))
    assert (shown(services, a), shown(services, b)) == (["Ana", "Cid"], ["Ben"])
    undo_by_link(services.site, secret_of(services, c))
    assert [shown(services, each) for each in (a, b, c)] == [["Ana"], ["Ben"], ["Cid"]]


FOUR = range(4)
acts = st.lists(
    st.tuples(st.sampled_from(["group", "undo"]), st.sampled_from(FOUR), st.sampled_from(FOUR)),
    max_size=12,
)


@settings(max_examples=25)
@given(acts)
def test_any_sequence(services, acts):
    """Against a model: each person is with the account where its own account's way ends."""
    world = World(services)
    accounts = [
        world.account(world.adult(an_adult()), Audience.GUARDIAN, email="a@example.org")
        for _n in FOUR
    ]
    into: dict[int, int] = {}

    def end(number):
        return end(into[number]) if number in into else number

    for act, one, other in acts:
        if act == "group" and one not in into and other not in into and one != other:
            gather(services, entered(services, accounts[one]), accounts[other])
            into[other] = one
        elif act == "undo" and other in into:
            undo_by_link(services.site, secret_of(services, accounts[other]))
            del into[other]
        with services.engine.connect() as connection:
            held = dict(
                connection.execute(
                    select(t.account_holders.c.person_id, t.account_holders.c.account_id)
                ).all()
            )
        for number, account in enumerate(accounts):
            assert held[account.holder_ids[0]] == accounts[end(number)].id
            grouped = stored(services, account).state is AccountState.GROUPED
            assert grouped is (number in into)
