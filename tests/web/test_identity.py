"""Pages under a host that signs people in itself: who is there, what is shown, what ends."""

from __future__ import annotations

import pytest
from attrs import evolve

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.settings import IdentitySettings
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    a_link,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.identities import SigningHost, an_identity
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.identities import link_by_secret
from teleservices_core.usecases.signing_in import resume

from .test_statements import counted

ANNE = an_identity("anne", name="Anne Martin", adult_keys=f"{COLLEGE}|200")
PAUL = an_identity("paul", name="Paul Martin")
NOBODY = an_identity("somebody", name="Zoé Ailleurs")


@pytest.fixture
def host():
    """The host; nobody is signed in yet."""
    return SigningHost()


@pytest.fixture
def services(services, host):
    """A site in an ENT."""
    named = IdentitySettings("Mon ENT", "/ent/connexion", "https://ent.example/deconnexion")
    return Teleservices(
        evolve(services.settings, identity=named),
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
        mailer=services.mailer,
        identify=host,
    )


@pytest.fixture
def mother(services):
    """Anne, known by the key of the school's base, with a child."""
    world = World(services)
    world.establishment()
    child, adult = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(adult, a_link(child.id, adult.id))
    world.siecle_key(adult, "200")
    return world.account(adult, Audience.GUARDIAN)


@pytest.fixture
def father(services, mother):
    """Paul, whose identity is linked already."""
    account = World(services).account(an_adult(first_name="Paul"), Audience.GUARDIAN)
    link_by_secret(services.site, PAUL, account.login_name, PASSWORD, source="x")
    return account


@pytest.fixture
def browser(services):
    """A browser in the ENT."""
    return Browser(services)


def session(browser):
    """The session cookie."""
    return next((c.value for c in browser.client._cookies.values() if "session" in c.key), None)


def test_who_is_signed_in_to_the_host_is_signed_in_here(browser, host, mother):
    """At once, on the page asked for, whose forms work."""
    host.identity = ANNE
    page = browser.get("/compte")
    assert page.request.path == "/compte"
    assert "Anne MARTIN" in page.text
    assert browser.submit("deconnexion").request.path == "/deconnecte"


def test_an_open_session_costs_nothing_more(services, browser, host, mother):
    """Session, children, policy: digests are compared, the database is not asked."""
    host.identity = ANNE
    browser.get("/")
    with counted(services.engine) as seen:
        browser.get("/")
    assert len(seen) == 3, seen


def test_a_password_beside_the_host_costs_once(services, browser, host, mother):
    """Asked once whether the identity is another account's; then the browser remembers."""
    browser.sign_in(mother.login_name, PASSWORD)
    host.identity = NOBODY
    browser.get("/")
    for _n in range(2):
        with counted(services.engine) as seen:
            assert "Anne MARTIN" in browser.get("/").text
        assert len(seen) == 3, seen


def test_the_session_ends_with_the_identity(services, browser, host, mother):
    """Signed out of the host: signed out here, in the database too."""
    host.identity = ANNE
    browser.get("/")
    secret = session(browser)
    host.identity = None
    assert browser.get("/").request.path == "/connexion"
    assert session(browser) is None
    assert resume(services.site, secret) is None
    assert "Se connecter avec Mon ENT" in browser.page.text
    browser.sign_in(mother.login_name, PASSWORD)
    assert browser.page.request.path == "/", "the form of the page that ended a session works"


def test_another_identity_takes_over(browser, host, mother, father):
    """On a shared computer, who signed in to the host last is who is there."""
    host.identity = ANNE
    assert "Anne MARTIN" in browser.get("/compte").text
    host.identity = PAUL
    assert "Paul MARTIN" in browser.get("/compte").text
    host.identity = NOBODY
    assert browser.get("/compte").request.path == "/relier"
    assert session(browser) is None


def test_a_password_session_gives_way_to_another_account(browser, host, mother, father):
    """But not to nobody, nor to an identity of no account."""
    browser.sign_in(mother.login_name, PASSWORD)
    for identity in (None, NOBODY, None, ANNE):
        host.identity = identity
        assert "Anne MARTIN" in browser.get("/compte").text
    host.identity = PAUL
    assert "Paul MARTIN" in browser.get("/compte").text


def test_a_step_begun_here_goes_on(services, browser, host, mother, father):
    """A first login or a reset, though the host has somebody else signed in."""
    with services.site.database.writing() as tx:
        now = tx.accounts.get(mother.id)
        tx.accounts.replace(now, evolve(now, state=AccountState.CLAIMED, email=None))
    browser.sign_in(mother.login_name, PASSWORD)
    host.identity = PAUL
    assert browser.get("/").request.path == "/activation/courriel"


def test_a_form_never_changes_hands(services, browser, host, mother, father):
    """What one person typed is not sent in the name of the next, nor of who comes back."""
    host.identity = ANNE
    browser.get("/compte/courriel")
    host.identity = PAUL
    answer = browser.submit("courriel", email="pirate@example.org")
    assert answer.status_code == 403
    assert "pirate@example.org" in answer.text, "what was typed is given back"
    for account in (mother, father):
        with services.site.database.reading() as tx:
            assert tx.accounts.get(account.id).pending_email is None


def test_an_expired_session_opens_again_but_loses_no_form(browser, host, mother, clock):
    """The host is still there: the next page works; a form sent late is given back."""
    host.identity = ANNE
    browser.get("/compte/courriel")
    clock.advance(hours=1)
    answer = browser.submit("courriel", email="anne@example.org")
    assert answer.status_code == 403
    assert "anne@example.org" in answer.text
    assert browser.get("/compte").status_code == 200


def test_an_unknown_identity_is_linked_by_a_secret(services, browser, host, mother):
    """Identifier and password, once; then the host is enough."""
    host.identity = NOBODY
    page = browser.get("/")
    assert page.request.path == "/relier"
    assert "Mon ENT vous connaît sous le nom de Zoé Ailleurs" in page.text
    page = browser.submit("/relier", login_name=mother.login_name, password="faux")
    assert page.status_code == 422
    assert "Identifiant ou mot de passe incorrect" in page.text
    assert f'value="{mother.login_name}"' in page.text
    page = browser.submit("/relier", login_name=mother.login_name, password=PASSWORD)
    assert page.request.path == "/"
    assert "Mon ENT vous connectera directement" in page.text.replace("\u00a0", " ")
    assert "Connexion par Mon ENT" in browser.get("/compte").text
    assert "Anne MARTIN" in Browser(services).get("/compte").text


def test_linking_is_offered_not_imposed(browser, host, mother):
    """The plain sign-in page stays within reach, and says what is missing."""
    host.identity = NOBODY
    browser.get("/connexion")
    assert "/relier" in browser.page.text
    browser.sign_in(mother.login_name, PASSWORD)
    assert "Anne MARTIN" in browser.get("/compte").text


@pytest.mark.parametrize(
    ("state", "said"),
    [(AccountState.LOCKED, "Votre compte est bloqué"), (AccountState.CLOSED, "a été fermé")],
)
def test_an_account_out_of_use_is_explained(services, browser, host, father, state, said):
    """What happened, and what to do."""
    with services.site.database.writing() as tx:
        now = tx.accounts.get(father.id)
        tx.accounts.replace(now, evolve(now, state=state))
    host.identity = PAUL
    page = browser.get("/")
    assert page.request.path == "/relier"
    assert said in page.text
    assert "secrétariat" in page.text
    assert ("/relier" in dict(browser.forms())) is (state is AccountState.CLOSED)


def test_signing_out_says_that_the_host_stays(browser, host, mother):
    """With the host's own address to sign out; coming back signs in again."""
    host.identity = ANNE
    browser.get("/compte")
    page = browser.submit("deconnexion")
    assert page.request.path == "/deconnecte"
    assert "https://ent.example/deconnexion" in page.text
    assert session(browser) is None
    assert browser.get("/").request.path == "/"


def test_unlinking(services, browser, host, father):
    """A page says what it leaves; the session that the identity opened ends."""
    host.identity = PAUL
    browser.get("/compte")
    page = browser.get(f"/compte/liaisons/{PAUL.digest}")
    assert "continueront de fonctionner" in page.text
    page = browser.submit("liaisons")
    assert page.request.path == "/deconnecte"
    assert browser.get("/").request.path == "/relier"


def test_unlinking_without_a_password_warns(browser, host, services, mother):
    """A new letter would be needed."""
    with services.site.database.writing() as tx:
        tx.accounts.replace(mother, evolve(mother, password_hash=None))
    host.identity = ANNE
    browser.get("/compte")
    assert "n’a pas de mot de passe ici" in browser.page.text
    assert "Changer de mot de passe" not in browser.page.text
    page = browser.get(f"/compte/liaisons/{ANNE.digest}")
    assert "nouvelle notification" in page.text


def test_a_host_that_fails_lets_nobody_in(services, mother, caplog):
    """Its error is logged, passwords still work."""

    def broken(_environ):
        raise RuntimeError("the host's session store is down")

    services.identify = broken
    browser = Browser(services)
    browser.sign_in(mother.login_name, PASSWORD)
    assert "Anne MARTIN" in browser.get("/compte").text
    assert "identify function failed" in caplog.text


def test_without_a_host_nothing_is_shown(services, mother):
    """No button, no page to link, for a site that stands alone."""
    plain = Teleservices(
        evolve(services.settings, identity=IdentitySettings()),
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
    )
    browser = Browser(plain)
    assert "Se connecter avec" not in browser.get("/connexion").text
    assert browser.get("/relier").request.path == "/connexion"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//evil.example", "ftp://x", "ent"])
def test_addresses_of_the_host_are_checked(address):
    """An address of the web, or a path from the root."""
    with pytest.raises(ValueError, match="sign_in_url"):
        IdentitySettings(sign_in_url=address)
