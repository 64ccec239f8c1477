"""Lost identifier, lost password, and changes made in « Mon compte »."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import pytest
from attrs import evolve
from sqlalchemy import func, select

from teleservices_core.domain import throttling
from teleservices_core.domain.accounts import AccountEvent, AccountState, Audience
from teleservices_core.errors import ConflictError, NotAllowedError, RefusedError
from teleservices_core.storage import tables as t
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.claiming import confirm_email
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.my_account import (
    change_email,
    change_password,
    undo_email,
)
from teleservices_core.usecases.my_sessions import close_other_sessions, close_session, my_access
from teleservices_core.usecases.recovery import (
    ask_login_names,
    ask_reset,
    look_at_reset,
    open_renewal,
    renew_password,
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
    """A viewer signed in, on the family's device."""
    done = sign_in(
        services.site, account.login_name, password, source="home", device_secret="tablet"
    )
    return resume(services.site, done.secret)


def renewing(services, secret):
    """The viewer whom a reset link lets choose a password."""
    viewer = resume(services.site, open_renewal(services.site, secret).secret)
    assert viewer.in_renewal
    return viewer


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
    """The old password holds until one is chosen; then sessions, devices and waits end."""
    before = entered(services, mother)
    for _n in range(5):
        with pytest.raises(RefusedError, match="wrong_credentials"):
            sign_in(services.site, mother.login_name, "faux", source="home")
    ask_reset(services.site, mother.login_name.upper(), source="x")
    ((to, text),) = mails(services)
    assert to == "anne@example.org"
    secret = link(text)
    look_at_reset(services.site, secret)
    viewer = renewing(services, secret)
    assert sign_in(services.site, mother.login_name, PASSWORD, source="elsewhere")
    with pytest.raises(RefusedError, match="too_short"):
        renew_password(services.site, viewer, "court")
    with services.site.database.reading() as tx:
        viewer = evolve(viewer, account=tx.accounts.get(mother.id))
    done = renew_password(services.site, viewer, CHOSEN)
    assert resume(services.site, done.secret).in_full
    with services.site.database.reading() as tx:
        assert tx.sessions.of_account(before.account.id, clock.now()) == [done.session]
        (device,) = tx.devices.of_account(mother.id)
        assert device.digest == done.session.device_hash
        assert tx.accounts.get(mother.id).password_at == clock.now()
    with pytest.raises(RefusedError, match="wrong_credentials"):
        sign_in(services.site, mother.login_name, PASSWORD, source="y")
    assert entered(services, mother, CHOSEN).in_full, "the wait is lifted by the renewal"
    with pytest.raises(RefusedError, match="link_used"):
        open_renewal(services.site, secret)
    assert "vient de changer" in "".join(text for _to, text in mails(services)[:2])


def test_an_abandoned_renewal_changes_nothing(services, mother, clock):
    """Who opened the link and went away keeps password, sessions and address; the link is used."""
    before = entered(services, mother)
    ask_reset(services.site, mother.login_name, source="x")
    secret = link(mails(services)[0][1])
    renewal = open_renewal(services.site, secret)
    clock.advance(minutes=29)
    assert resume(services.site, renewal.secret).in_renewal
    clock.advance(hours=1)
    assert resume(services.site, renewal.secret) is None
    with services.site.database.reading() as tx:
        after = tx.accounts.get(mother.id)
    assert evolve(after, version=0) == evolve(before.account, version=0)
    assert entered(services, mother).in_full
    with pytest.raises(RefusedError, match="link_used"):
        open_renewal(services.site, secret)


@pytest.mark.parametrize(
    "act",
    [
        lambda site, owner: change_password(site, owner, PASSWORD, "trois poules dans la cour"),
        lambda site, owner: close_other_sessions(site, owner),
    ],
)
def test_a_renewal_ends_with_what_its_owner_does(services, mother, act):
    """The owner who changes the password or closes all sessions shuts out who holds the link."""
    ask_reset(services.site, mother.login_name, source="x")
    renewal = renewing(services, link(mails(services)[0][1]))
    act(services.site, entered(services, mother))
    with pytest.raises(ConflictError):
        renew_password(services.site, renewal, CHOSEN)


def test_a_renewal_ends_with_the_address(services, mother):
    """The mailbox that no longer counts opens nothing, even once its link is followed."""
    ask_reset(services.site, mother.login_name, source="x")
    secret = link(mails(services)[0][1])
    change_email(services.site, entered(services, mother), PASSWORD, "neuve@example.org")
    confirmation = link(mails(services)[0][1])
    with pytest.raises(RefusedError, match="link_expired"):
        open_renewal(services.site, secret)
    ask_reset(services.site, mother.login_name, source="x")
    renewal = renewing(services, link(mails(services)[0][1]))
    assert confirm_email(services.site, confirmation, renewal) is None
    with pytest.raises(ConflictError):
        renew_password(services.site, renewal, CHOSEN)


def test_a_locked_account_is_opened_by_its_mailbox(services, mother, clock):
    """Locked until a password is chosen with the link."""
    with services.site.database.writing() as tx:
        tx.accounts.replace(mother, mother.after(AccountEvent.LOCK))
    ask_reset(services.site, mother.login_name, source="x")
    viewer = renewing(services, link(mails(services)[0][1]))
    with pytest.raises(RefusedError, match="wrong_credentials"):
        entered(services, mother)
    renew_password(services.site, viewer, CHOSEN)
    assert entered(services, mother, CHOSEN).in_full


def test_renewal_by_order(services, mother):
    """An account to renew opens nothing but the choice of another password, at each sign-in."""
    with services.site.database.writing() as tx:
        mother = tx.accounts.replace(mother, evolve(mother, must_renew=True))
    for _n in range(2):
        viewer = entered(services, mother)
        assert viewer.in_renewal
        assert not viewer.is_family
    with pytest.raises(RefusedError, match="same_as_before"):
        renew_password(services.site, viewer, PASSWORD)
    renew_password(services.site, viewer, CHOSEN)
    after = entered(services, mother, CHOSEN)
    assert after.in_full
    assert not after.account.must_renew
    with pytest.raises(NotAllowedError):
        renew_password(services.site, after, "trois poules dans la cour")


def test_renewal_by_order_is_not_spared_by_links(services, mother):
    """A link to confirm an address or to reset opens no more than the renewal."""
    viewer = entered(services, mother)
    change_email(services.site, viewer, PASSWORD, "neuve@example.org")
    confirmation = link(mails(services)[0][1])
    with services.site.database.writing() as tx:
        account = tx.accounts.get(mother.id)
        tx.accounts.replace(account, evolve(account, must_renew=True))
    viewer = entered(services, mother)
    assert confirm_email(services.site, confirmation, viewer) is None
    ask_reset(services.site, mother.login_name, source="x")
    viewer = renewing(services, link(mails(services)[0][1]))
    with pytest.raises(RefusedError, match="same_as_before"):
        renew_password(services.site, viewer, PASSWORD)


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
            open_renewal(services.site, secret)


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
    """Three requests an hour for one account are heeded; who insists waits no longer for that."""
    told = Counter()
    for _minutes in range(6):
        for _n in range(4):
            for ask, typed in (
                (ask_reset, mother.login_name),
                (ask_login_names, "anne@example.org"),
            ):
                try:
                    ask(services.site, typed, source="x")
                    told["asked"] += 1
                except RefusedError as refused:
                    told[refused.code] += refused.detail["until"].minute == 0
            sent = mails(services)
        clock.advance(minutes=5)
    assert len(sent) == told["asked"] == 6, "what is not sent is told not to be"
    assert told["too_many"] == 42
    clock.advance(minutes=30)
    ask_reset(services.site, mother.login_name, source="x")
    assert len(mails(services)) == 7


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
        open_renewal(services.site, old)


def test_change_of_password(services, mother, clock):
    """The current one proves who asks; other sessions end, this one goes on under a new name."""
    elsewhere, here = entered(services, mother), entered(services, mother)
    with pytest.raises(RefusedError, match="wrong_password"):
        change_password(services.site, here, "faux", CHOSEN)
    kept = change_password(services.site, here, PASSWORD, CHOSEN)
    viewer = resume(services.site, kept.secret)
    assert viewer is not None
    assert [x.id_hash for x in my_access(services.site, viewer).sessions] == [kept.session.id_hash]
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


def test_close_sessions(services, mother, clock):
    """One by its handle, or everywhere but here; nobody closes another's."""
    for number in range(3):
        source = {"source": "x", "device": f"Firefox {number}", "device_secret": str(number)}
        sign_in(services.site, mother.login_name, PASSWORD, **source)
        clock.advance(minutes=1)
    viewer = entered(services, mother)
    father = World(services).account(an_adult(first_name="Paul"), Audience.GUARDIAN)
    here, latest, *_others = my_access(services.site, viewer).sessions
    assert (here.device, latest.device) == (viewer.session.device, "Firefox 2")
    assert not close_session(services.site, entered(services, father), latest.handle)
    assert close_session(services.site, viewer, latest.handle)
    assert not close_session(services.site, viewer, latest.handle)
    assert len(my_access(services.site, viewer).sessions) == 3
    assert close_other_sessions(services.site, viewer) == 2
    left = my_access(services.site, viewer)
    assert left.sessions == (viewer.session,)
    assert [each.digest for each in left.devices] == [viewer.session.device_hash]


def test_page_of_sessions(services, mother):
    """Each connection by its browser; closed from here, it is over there."""
    browsers = []
    for agent in ("Firefox/132.0 (Android)", "Chrome/130 (Windows)", "Safari/18 (iPhone)"):
        browser = Browser(services, agent=agent)
        browser.sign_in(mother.login_name, PASSWORD)
        browsers.append(browser)
    here, tablet, phone = browsers
    page = here.get("/compte/connexions")
    assert page.text.count("Fermer<") == 2
    for name in ("Firefox, Android", "Chrome, Windows", "Safari, iPhone", "Cet appareil est"):
        assert name in page.text
    page = here.submit("/compte/connexions/fermer")
    assert "Cette connexion est fermée" in page.text
    assert sorted(b.get("/compte").request.path for b in (tablet, phone)) == [
        "/compte",
        "/connexion",
    ]
    page = here.submit("/tout-fermer")
    assert "plus connecté qu’ici" in page.text
    assert {b.get("/compte").request.path for b in (tablet, phone)} == {"/connexion"}
    assert here.get("/compte").request.path == "/compte"


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
    reader = Browser(services)
    for _scan in range(3):
        assert "Choisir un mot de passe" in reader.get(f"/nouveau-mot-de-passe/{link(text)}").text
    page = reader.submit("")
    assert page.request.path == "/nouveau-mot-de-passe", "the secret is gone from the address"
    for path in ("/", "/compte", "/compte/mot-de-passe", "/connexion", "/activation/courriel"):
        assert reader.get(path).request.path == "/nouveau-mot-de-passe"
    page = reader.submit("nouveau-mot-de-passe", password=CHOSEN, again="autre")
    assert "différents" in page.text
    page = reader.submit("nouveau-mot-de-passe", password=CHOSEN, again=CHOSEN)
    assert "Votre mot de passe est changé" in page.text
    assert page.request.path == "/"
    assert "Bonjour" in browser.sign_in(mother.login_name, CHOSEN).text
    assert "ne fonctionne plus" in browser.get(f"/nouveau-mot-de-passe/{link(text)}").text
    browser = Browser(services)
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


ASKED = (
    ("/identifiant-oublie", "email", "{}@example.org"),
    ("/mot-de-passe-oublie", "login_name", "parent.{}"),
)


@pytest.mark.parametrize(("path", "field", "typed"), ASKED)
def test_an_evening_behind_one_address(services, mother, path, field, typed):
    """Twenty-five parents of a school ask at once: twenty-five requests, as their pages say."""
    for n in range(25):
        browser = Browser(services)
        browser.get(path)
        page = browser.submit(path, **{field: typed.format(n)})
        assert page.status_code == 200
        assert "part vers elle" in page.text
    with services.site.database.reading() as tx:
        waiting = tx.connection.execute(select(t.outbox.c.context)).scalars().all()
    assert sorted(each["typed"] for each in waiting) == sorted(typed.format(n) for n in range(25))


@pytest.mark.parametrize(("path", "field", "typed"), ASKED)
def test_what_is_not_sent_is_not_told_to_be(services, mother, monkeypatch, path, field, typed):
    """Past a bound the page says so, in the same words whether the account exists or not."""
    monkeypatch.setattr(throttling, "SOURCE_FAILURES", 7)
    known = {"email": "anne@example.org", "login_name": mother.login_name}[field]

    def ask(what):
        browser = Browser(services)
        browser.get(path)
        return browser.submit(path, **{field: what})

    for what in (known, typed.format(0)):
        for _n in range(3):
            assert ask(what).status_code == 200
    refused = [ask(what) for what in (known, typed.format(0))]
    for page in refused:
        assert page.status_code == 422
        assert "Aucun message ne part" in page.text
        assert "dans l’heure" in page.text
    without = [
        re.sub(r'(name="csrf_token") value="[^"]+"', r"\1", page.text).replace(what, "X")
        for page, what in zip(refused, (known, typed.format(0)), strict=True)
    ]
    assert without[0] == without[1]
    # From the same network, whatever is typed: the seventh is the last one taken.
    assert ask(typed.format(1)).status_code == 200
    page = ask(typed.format(2))
    assert page.status_code == 422
    assert "votre réseau" in page.text
    with services.site.database.reading() as tx:
        assert tx.connection.scalar(select(func.count()).select_from(t.outbox)) == 7
