"""Accounts: letters, first login, sign-in, throttling."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from teleservices_core.domain.accounts import (
    AccountState,
    Audience,
)
from teleservices_core.domain.credentials import (
    LETTER_ALPHABET,
    fold,
    letter_expires_at,
    login_stem,
    new_letter_code,
    password_problem,
    read_letter_code,
    show_letter_code,
)
from teleservices_core.domain.localtime import midnight
from teleservices_core.domain.standing import LetterChoice
from teleservices_core.domain.throttling import FORGET_AFTER, wait_after
from teleservices_core.errors import RefusedError
from teleservices_core.password_strength import weakness
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.claiming import (
    choose_password,
    confirm_email,
    give_email,
    look_at_link,
    resend,
    skip_email,
)
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.mailing import compose, deliver
from teleservices_core.usecases.signing_in import resume, sign_in

PARIS = ZoneInfo("Europe/Paris")
CHOSEN = "quatre chats sur le toit"


@pytest.fixture
def family(services):
    """A child and a mother, known and without letter."""
    world = World(services)
    world.establishment()
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    fresh = {"state": AccountState.NEW, "password_hash": None, "email": None}
    world.account(mother, Audience.GUARDIAN, **fresh)
    world.account(child, Audience.STUDENT, **fresh)
    return child, mother


def hand_out(services, again=False):
    """Issue every letter; by audience."""
    which = LetterChoice.UNUSED if again else LetterChoice.NEVER
    plan = plan_letters(services.site, COLLEGE, which=which)
    return {each.candidate.account.audience: each for each in issue_letters(services.site, plan)}


def enter(services, letter, **changes):
    """Sign in with a letter; the viewer."""
    signed_in = sign_in(
        services.site, letter.candidate.account.login_name, letter.code, source="1.2.3.4", **changes
    )
    return resume(services.site, signed_in.secret)


def claim(services, letter):
    """First login up to the password; the viewer."""
    viewer = enter(services, letter)
    return resume(services.site, choose_password(services.site, viewer, CHOSEN).secret)


@given(st.randoms(use_true_random=False))
def test_letter_codes_read_back(random):
    """What is printed can be typed in any case, with or without dashes."""
    code = new_letter_code(random.choice)
    assert set(code) <= set(LETTER_ALPHABET)
    shown = show_letter_code(code)
    assert len(shown) == 14
    for typed in (shown, shown.lower(), shown.replace("-", " "), f" {code} "):
        assert read_letter_code(typed) == code


@pytest.mark.faq("F15")
@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))
def test_three_calendar_months(issued_at):
    """A letter is good until the end of the same local day, three months later."""
    issued_on = issued_at.astimezone(PARIS).date()
    expires_at = letter_expires_at(issued_at, 3, PARIS)
    last_day = (expires_at - timedelta(seconds=1)).astimezone(PARIS).date()
    assert expires_at == midnight(last_day + timedelta(days=1), PARIS)
    months = (last_day.year - issued_on.year) * 12 + last_day.month - issued_on.month
    assert months == 3
    assert last_day.day == issued_on.day or (last_day + timedelta(days=1)).day == 1


@given(st.text(max_size=30), st.text(max_size=30))
def test_login_names_are_plain(first, last):
    """Any name makes a login name of ASCII letters, digits and one dot."""
    stem = login_stem(first, last)
    assert stem.isascii()
    assert stem == stem.lower()
    assert stem.count(".") == 1
    assert 3 <= len(stem) <= 40


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("court", "too_short"),
        ("x" * 129, "too_long"),
        ("aaaaaaaaaaaaaaa", "too_simple"),
        ("............", "too_simple"),
        ("éééééééééééé", "too_simple"),
        (" " * 12, "too_simple"),
        ("qsdfghjklmwxcvbn", "too_simple"),
        ("chat-chat-chat-chat", "too_simple"),
        ("motdepasse2026", "too_common"),
        ("Azertyuiop123456", "too_common"),
        ("azertyuiopqsdfgh", "too_common"),
        ("Dijon21000!!!!", "too_common"),
        ("soleil 2026 soleil", "too_common"),
        ("camillemartin1", "too_personal"),
        ("Camille.Martin.2011", "too_personal"),
        ("MartinCamille 2011!", "too_personal"),
        ("nitramellimac11", "too_personal"),
        ("c4m1ll3m4rt1n", "too_personal"),
        ("quatre chats sur le toit", None),
        ("xK9#mP2$vL7q", None),
        ("ÉÈÀ çédille ñandú", None),
        ("日本語のパスワードです長い", None),
    ],
)
def test_passwords(password, problem):
    """Length, well-known ones and one's own name; nothing about kinds of characters."""
    personal = ("camille.martin", "Camille", "Martin")
    assert password_problem(password, weakness=weakness, personal=personal) == problem


def test_fold():
    """Comparison ignores case, accents and signs."""
    assert fold("Jean-François d’Œuvre") == "jeanfrancoisdoeuvre"
    assert fold("ÉLÉONORE") == fold("eleonore")


@given(st.integers(0, 60))
def test_waits_grow(failures):
    """Waits never shrink, are free for five, and never pass two hours."""
    assert wait_after(failures) <= wait_after(failures + 1) <= timedelta(hours=2)
    assert bool(wait_after(failures)) is (failures >= 5)


def test_tries_in_a_day():
    """Whoever tries as soon as allowed has at most 25 tries in 24 hours (CNIL 2022-100)."""
    at, tries = timedelta(0), 0
    while at < FORGET_AFTER:
        tries += 1
        at += wait_after(tries)
    assert tries <= 25


@pytest.mark.parametrize("password", ["Camille 2011 ♥♥", "collège-camille", "dijon-dijon-2026"])
def test_a_password_of_what_a_neighbor_knows(services, family, password):
    """A child's first name, his school and the town are no secrets, with a year or without."""
    viewer = enter(services, hand_out(services)[Audience.GUARDIAN])
    with pytest.raises(RefusedError) as refused:
        choose_password(services.site, viewer, password)
    assert refused.value.code in {"too_personal", "too_common", "too_simple"}


@given(st.text("abcdefghjkmnpqrstuvwxyz23456789", min_size=14, max_size=40))
def test_whatever_is_drawn_is_strong_enough(password):
    """A password manager's password passes, unless chance repeats itself."""
    assume(len(set(password)) > 9)
    assert password_problem(password, weakness=weakness, personal=("camille", "martin")) is None


@pytest.mark.faq("F10")
@pytest.mark.faq("F17")
def test_a_newer_letter_kills_the_older(services, family):
    """Each letter opens the first login; a newer one replaces it."""
    first = hand_out(services)
    assert hand_out(services) == {}, "nobody is left without letter"
    second = hand_out(services, again=True)
    with pytest.raises(RefusedError, match="letter_replaced") as refused:
        enter(services, first[Audience.GUARDIAN])
    assert refused.value.detail["uai"] == COLLEGE.code
    assert enter(services, second[Audience.GUARDIAN]).account.state is AccountState.ISSUED


@pytest.mark.faq("F15")
@pytest.mark.faq("F16")
@pytest.mark.parametrize(("seconds", "works"), [(-1, True), (0, False)])
def test_letter_boundary(services, family, clock, seconds, works):
    """Good to the last second of its last day, and then the school is named."""
    letter = hand_out(services)[Audience.GUARDIAN]
    assert letter.valid_until == date(2027, 2, 24)
    clock.set(midnight(date(2027, 2, 25), PARIS) + timedelta(seconds=seconds))
    if works:
        assert enter(services, letter)
    else:
        with pytest.raises(RefusedError, match="letter_expired") as refused:
            enter(services, letter)
        assert refused.value.detail["uai"] == COLLEGE.code


def test_a_letter_works_once(services, family):
    """Used by choosing a password, it says so to who holds it."""
    letter = hand_out(services)[Audience.GUARDIAN]
    late = enter(services, letter)
    claim(services, letter)
    with pytest.raises(RefusedError, match="letter_used"):
        enter(services, letter)
    with pytest.raises(RefusedError, match="letter_used"):
        choose_password(services.site, late, "un autre mot bien long")


def test_provisional_password_is_not_kept(services, family):
    """The letter's own code is refused as definitive password."""
    letter = hand_out(services)[Audience.GUARDIAN]
    viewer = enter(services, letter)
    with pytest.raises(RefusedError, match="same_as_letter"):
        choose_password(services.site, viewer, letter.code)


@pytest.mark.faq("F12")
def test_guardian_waits_for_the_link(services, family):
    """Without the link, each sign-in leads back to the confirmation; the link opens all."""
    letter = hand_out(services)[Audience.GUARDIAN]
    viewer = claim(services, letter)
    viewer = resume(services.site, give_email(services.site, viewer, " Anne@Example.ORG ").secret)
    assert not viewer.in_full
    again = sign_in(services.site, viewer.account.login_name, CHOSEN, source="x")
    assert not resume(services.site, again.secret).in_full
    deliver(services.site, services.mailer)
    secret = services.mailer.messages()[0].get_content().split("/confirmer/")[1].split()[0]
    token, _account = look_at_link(services.site, secret)
    assert token.address == "anne@example.org"
    look_at_link(services.site, secret)
    confirm_email(services.site, secret, None)
    with pytest.raises(RefusedError, match="link_used"):
        confirm_email(services.site, secret, None)
    signed_in = sign_in(services.site, viewer.account.login_name, CHOSEN, source="x")
    assert resume(services.site, signed_in.secret).in_full


def test_links_die(services, family, clock):
    """A link dies with its week, with a newer link and with a corrected address."""
    letter = hand_out(services)[Audience.GUARDIAN]
    viewer = claim(services, letter)
    viewer = resume(services.site, give_email(services.site, viewer, "faute@example.org").secret)
    with pytest.raises(RefusedError, match="too_soon"):
        resend(services.site, viewer)
    clock.advance(minutes=2)
    resend(services.site, viewer)
    clock.advance(minutes=2)
    viewer = resume(services.site, give_email(services.site, viewer, "juste@example.org").secret)
    deliver(services.site, services.mailer)
    secrets = [
        mail.get_content().split("/confirmer/")[1].split()[0] for mail in services.mailer.messages()
    ]
    newest, *older = secrets
    for secret in older:
        with pytest.raises(RefusedError, match="link_expired"):
            look_at_link(services.site, secret)
    look_at_link(services.site, newest)
    clock.advance(days=7)
    with pytest.raises(RefusedError, match="link_expired"):
        confirm_email(services.site, newest, None)
    with pytest.raises(RefusedError, match="link_unknown"):
        look_at_link(services.site, "x" * 43)


@pytest.mark.faq("F17")
def test_after_a_reset_by_the_school(services, family):
    """A confirmed address is kept: the new letter's password is enough, and the address is told."""
    letter = hand_out(services)[Audience.GUARDIAN]
    with services.site.database.writing() as tx:
        account = tx.accounts.get(letter.candidate.account.id)
        tx.accounts.replace(account, evolve(account, email="anne@example.org"))
    viewer = claim(services, letter)
    assert viewer.in_full
    assert viewer.account.email == "anne@example.org"
    deliver(services.site, services.mailer)
    message = services.mailer.messages()[0]
    assert message["To"] == "anne@example.org"
    assert "avec une notification remise par l’établissement" in message.get_content()


@pytest.mark.faq("F13")
def test_student_may_go_on_without_address(services, family):
    """A student skips the address, a guardian cannot."""
    letters = hand_out(services)
    student = claim(services, letters[Audience.STUDENT])
    assert resume(services.site, skip_email(services.site, student).secret).in_full
    guardian = claim(services, letters[Audience.GUARDIAN])
    with pytest.raises(RefusedError, match="email_required"):
        skip_email(services.site, guardian)


@pytest.mark.faq("F13")
def test_student_with_address_goes_on_at_once(services, family):
    """A student who gives one is in, and confirms later."""
    student = claim(services, hand_out(services)[Audience.STUDENT])
    viewer = resume(services.site, give_email(services.site, student, "c@example.org").secret)
    assert viewer.in_full
    assert viewer.account.email is None
    assert viewer.account.pending_email == "c@example.org"


@pytest.mark.faq("F30")
def test_unknown_and_wrong_are_alike(services, family):
    """The same refusal and the same hashing for no account, no letter, and a wrong password."""
    world = World(services)
    world.account(an_adult(first_name="Zoé"), Audience.GUARDIAN)
    locked = an_adult(first_name="Luc")
    world.account(locked, Audience.GUARDIAN, state=AccountState.LOCKED)
    calls = []
    check = type(services.site.hasher).check

    def counting(self, *args, **kwargs):
        calls.append(1)
        return check(self, *args, **kwargs)

    type(services.site.hasher).check = counting
    try:
        for login in ("personne", "zoe.martin", "camille.martin", "luc.martin"):
            with pytest.raises(RefusedError) as refused:
                sign_in(services.site, login, "faux mot de passe", source="x")
            assert refused.value.code == "wrong_credentials"
            assert not refused.value.detail
        with pytest.raises(RefusedError) as refused:
            sign_in(services.site, "luc.martin", PASSWORD, source="x")
        assert refused.value.code == "wrong_credentials"
    finally:
        type(services.site.hasher).check = check
    assert len(calls) == 5


def test_throttling(services, family, clock):
    """After five mistakes the same source waits; another source and later tries go through."""
    world = World(services)
    account = world.account(an_adult(first_name="Zoé"), Audience.GUARDIAN)

    def attempt(password, source="thief"):
        return sign_in(services.site, account.login_name, password, source=source)

    for _n in range(5):
        with pytest.raises(RefusedError, match="wrong_credentials"):
            attempt("faux")
    with pytest.raises(RefusedError, match="throttled") as refused:
        attempt(PASSWORD)
    assert refused.value.detail["until"] == clock.now() + timedelta(minutes=1)
    assert attempt(PASSWORD, source="home")
    clock.advance(minutes=1)
    assert attempt(PASSWORD)
    with pytest.raises(RefusedError, match="wrong_credentials"):
        attempt("faux")


def test_mails_are_retried_then_given_up(services, family, clock):
    """A server that refuses delays the mail; the link in it never changes nor rests in the base."""
    viewer = claim(services, hand_out(services)[Audience.GUARDIAN])
    give_email(services.site, viewer, "anne@example.org")

    class Refusing:
        def __init__(self):
            self.seen = []

        def send(self, message):
            self.seen.append(message.get_content())
            raise OSError("no route")

    refusing = Refusing()
    results = []
    for _try in range(9):
        done = deliver(services.site, refusing)
        results.append((done.retried, done.failed))
        clock.advance(days=1)
    assert results == [(1, 0)] * 6 + [(0, 1)] + [(0, 0)] * 2
    assert len(set(refusing.seen)) == 1
    link = refusing.seen[0].split("/confirmer/")[1].split()[0]
    with services.engine.connect() as connection:
        for table in ("core_outbox", "core_tokens", "core_audit"):
            assert link not in str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())


def test_mail_headers(services, family):
    """Links start with the configured address; odd names cannot add headers."""
    from teleservices_core.ports.upkeep import Parcel

    parcel = Parcel(
        id=services.site.new_id(),
        kind="core.confirm_email",
        to_address="anne@example.org",
        context={"name": "X\r\nBcc: y@z", "until": services.site.now().isoformat()},
        created_at=services.site.now(),
        due_at=services.site.now(),
        token_id=services.site.new_id(),
    )
    message = compose(services.site, parcel)
    assert message["Bcc"] is None
    assert message["To"] == "anne@example.org"
    assert "http://localhost/confirmer/" in message.get_content()
