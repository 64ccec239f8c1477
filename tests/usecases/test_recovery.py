"""Lost identifier, lost password, and changes made in « Mon compte »."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.errors import RefusedError
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.claiming import confirm_email
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.my_account import (
    change_email,
    change_password,
    close_other_sessions,
    my_sessions,
    undo_email,
)
from teleservices_core.usecases.recovery import (
    ask_login_names,
    ask_reset,
    look_at_reset,
    reset_password,
)
from teleservices_core.usecases.signing_in import resume, sign_in

CHOSEN = "quatre chats sur le toit"


@pytest.fixture
def mother(services):
    """An active account with a confirmed address."""
    return World(services).account(an_adult(), Audience.GUARDIAN, email="anne@example.org")


def mails(services):
    """Deliver; every mail so far, the newest first, as (to, text)."""
    deliver(services.site, services.mailer)
    return [(str(each["To"]), each.get_content()) for each in services.mailer.messages()]


def link(text):
    """The secret of a mail's link."""
    return re.search(r"/(?:nouveau-mot-de-passe|confirmer|retablir)/(\S+)", text).group(1)


def entered(services, account, password=PASSWORD):
    """A viewer signed in."""
    done = sign_in(services.site, account.login_name, password, source="home")
    return resume(services.site, done.secret)


@pytest.mark.faq("F33")
def test_lost_identifier_lists_every_account_of_the_address(services, mother):
    """Parents may share an address: both identifiers come, in one mail, to it alone."""
    World(services).account(
        an_adult(first_name="Paul"), Audience.GUARDIAN, email="anne@example.org"
    )
    ask_login_names(services.site, " Anne@Example.org ", source="x")
    ((to, text),) = mails(services)
    assert to == "anne@example.org"
    assert "anne.martin" in text
    assert "paul.martin" in text


def test_unknown_addresses_and_identifiers_send_nothing(services, mother):
    """Nothing leaves for who has no account, no address, or has not finished activating."""
    world = World(services)
    world.account(an_adult(first_name="Zoé"), Audience.GUARDIAN, email=None)
    world.account(an_adult(first_name="Luc"), Audience.GUARDIAN, state=AccountState.CLOSED)
    ask_login_names(services.site, "personne@example.org", source="x")
    for login in ("personne", "zoe.martin", "luc.martin"):
        ask_reset(services.site, login, source="x")
    assert mails(services) == []


@pytest.mark.faq("F34")
@pytest.mark.faq("F35")
def test_reset_by_mail(services, mother, clock):
    """The old password holds until the link is used; then sessions and waits end."""
    before = entered(services, mother)
    for _n in range(5):
        with pytest.raises(RefusedError, match="wrong_credentials"):
            sign_in(services.site, mother.login_name, "faux", source="home")
    ask_reset(services.site, mother.login_name.upper(), source="x")
    ((to, text),) = mails(services)
    assert to == "anne@example.org"
    secret = link(text)
    look_at_reset(services.site, secret)
    assert sign_in(services.site, mother.login_name, PASSWORD, source="elsewhere")
    with pytest.raises(RefusedError, match="too_short"):
        reset_password(services.site, secret, "court")
    reset_password(services.site, secret, CHOSEN)
    with services.site.database.reading() as tx:
        assert tx.sessions.of_account(before.account.id, clock.now()) == []
    with pytest.raises(RefusedError, match="wrong_credentials"):
        sign_in(services.site, mother.login_name, PASSWORD, source="y")
    assert entered(services, mother, CHOSEN).in_full, "the wait is lifted by the reset"
    with pytest.raises(RefusedError, match="link_used"):
        reset_password(services.site, secret, "un autre mot bien long")
    assert "vient de changer" in mails(services)[0][1]


@pytest.mark.faq("F34")
@pytest.mark.parametrize(("seconds", "works"), [(-1, True), (0, False)])
def test_the_link_lives_a_week(services, mother, clock, seconds, works):
    """To the second."""
    ask_reset(services.site, mother.login_name, source="x")
    secret = link(mails(services)[0][1])
    clock.advance(timedelta(days=7, seconds=seconds))
    if works:
        look_at_reset(services.site, secret)
    else:
        with pytest.raises(RefusedError, match="link_expired"):
            reset_password(services.site, secret, CHOSEN)


def test_only_the_newest_link_works(services, mother, clock):
    """A newer request kills the link before."""
    secrets = []
    for _n in range(2):
        ask_reset(services.site, mother.login_name, source="x")
        secrets.append(link(mails(services)[0][1]))
        clock.advance(minutes=1)
    with pytest.raises(RefusedError, match="link_expired"):
        look_at_reset(services.site, secrets[0])
    look_at_reset(services.site, secrets[1])


def test_a_parent_is_not_flooded(services, mother, clock):
    """Three requests an hour for one account are heeded; the answer never changes."""
    for _n in range(10):
        ask_reset(services.site, mother.login_name, source="x")
        ask_login_names(services.site, "anne@example.org", source="x")
        sent = mails(services)
    assert len(sent) == 6


@pytest.mark.faq("F37")
def test_a_new_address_counts_once_confirmed(services, mother, clock):
    """Until its link is followed the old one stays; then the old one is told, and may undo."""
    viewer = entered(services, mother)
    with pytest.raises(RefusedError, match="wrong_password"):
        change_email(services.site, viewer, "faux", "neuve@example.org")
    change_email(services.site, viewer, PASSWORD, "Neuve@example.org")
    ((to, text),) = mails(services)
    assert to == "neuve@example.org"
    with services.site.database.reading() as tx:
        assert tx.accounts.get(mother.id).email == "anne@example.org"
    confirm_email(services.site, link(text), None)
    with services.site.database.reading() as tx:
        assert tx.accounts.get(mother.id).email == "neuve@example.org"
    to, notice = mails(services)[0]
    assert to == "anne@example.org"
    clock.advance(days=6)
    undo_email(services.site, link(notice))
    with services.site.database.reading() as tx:
        assert tx.accounts.get(mother.id).email == "anne@example.org"
    with pytest.raises(RefusedError, match="link_used"):
        undo_email(services.site, link(notice))


def test_a_reset_link_dies_with_the_address(services, mother):
    """A link sent to the former address opens nothing once another counts."""
    ask_reset(services.site, mother.login_name, source="x")
    old = link(mails(services)[0][1])
    change_email(services.site, entered(services, mother), PASSWORD, "neuve@example.org")
    confirm_email(services.site, link(mails(services)[0][1]), None)
    with pytest.raises(RefusedError, match="link_expired"):
        reset_password(services.site, old, CHOSEN)


def test_change_of_password(services, mother, clock):
    """The current one proves who asks; other sessions end, this one goes on under a new name."""
    elsewhere, here = entered(services, mother), entered(services, mother)
    with pytest.raises(RefusedError, match="wrong_password"):
        change_password(services.site, here, "faux", CHOSEN)
    kept = change_password(services.site, here, PASSWORD, CHOSEN)
    viewer = resume(services.site, kept.secret)
    assert viewer is not None
    assert [each.id_hash for each in my_sessions(services.site, viewer)] == [kept.session.id_hash]
    assert elsewhere.session.id_hash != kept.session.id_hash


def test_guessing_from_an_open_session_is_slowed(services, mother):
    """Who finds a session open has five tries at the password."""
    viewer = entered(services, mother)
    codes = []
    for _n in range(7):
        with pytest.raises(RefusedError) as refused:
            change_password(services.site, viewer, "faux", CHOSEN)
        codes.append(refused.value.code)
    assert codes == ["wrong_password"] * 5 + ["throttled"] * 2


def test_close_other_sessions(services, mother):
    """Everywhere but here."""
    for _n in range(2):
        entered(services, mother)
    viewer = entered(services, mother)
    assert close_other_sessions(services.site, viewer) == 2
    assert len(my_sessions(services.site, viewer)) == 1


def test_pages_of_recovery(services, mother):
    """The same page for a known and an unknown identifier; the mailed link sets a password."""
    answers = []
    for login in (mother.login_name, "anne.inconnu"):
        browser = Browser(services)
        browser.get("/connexion")
        browser.get("/mot-de-passe-oublie")
        page = browser.submit("mot-de-passe-oublie", login_name=login)
        answers.append((page.status_code, page.text.replace(login, "X")))
    assert answers[0] == answers[1]
    _to, text = mails(services)[0]
    browser.get(f"/nouveau-mot-de-passe/{link(text)}")
    page = browser.submit("", password=CHOSEN, again="autre")
    assert "différents" in page.text
    page = browser.submit("", password=CHOSEN, again=CHOSEN)
    assert "Votre mot de passe est changé" in page.text
    assert "Bonjour" in browser.sign_in(mother.login_name, CHOSEN).text
    assert "ne fonctionne plus" in browser.get(f"/nouveau-mot-de-passe/{link(text)}").text
    browser.get("/identifiant-oublie")
    assert "n’est pas valable" in browser.submit("identifiant-oublie", email="x").text
    browser.get("/identifiant-oublie")
    page = browser.submit("identifiant-oublie", email="anne@example.org")
    assert "Relevez votre messagerie" in page.text


def test_pages_of_my_account(services, mother):
    """Change the address and the password from « Mon compte », and see where one is signed in."""
    browser = Browser(services)
    browser.sign_in(mother.login_name, PASSWORD)
    other = Browser(services)
    other.sign_in(mother.login_name, PASSWORD)
    browser.get("/compte/courriel")
    page = browser.submit("courriel", email="faute", current=PASSWORD)
    assert 'value="faute"' in page.text, "typed text survives"
    page = browser.submit("courriel", email="neuve@example.org", current=PASSWORD)
    assert "neuve@example.org" in page.text
    browser.get("/compte/mot-de-passe")
    page = browser.submit("mot-de-passe", current=PASSWORD, password=CHOSEN, again=CHOSEN)
    assert "Votre mot de passe est changé" in page.text
    assert other.get("/compte").request.path == "/connexion"
