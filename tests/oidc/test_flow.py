"""Signing in through a provider, the whole way."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import evolve
from werkzeug.test import Client

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import AccountState
from teleservices_core.errors import SettingsError
from teleservices_core.settings import OidcSettings
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.identities import SigningHost
from teleservices_core.testing.oidc_provider import OidcProvider
from teleservices_core.testing.world import PASSWORD
from teleservices_core.usecases.identities import my_identities
from teleservices_core.usecases.signing_in import resume

from .conftest import Traveller, with_provider


def session(browser):
    """The session cookie."""
    return next((c.value for c in browser.client._cookies.values() if "session" in c.key), None)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_the_whole_way(services, provider, traveller, mother):
    """A button, the provider, and back; the key in the claims links the account."""
    assert "Se connecter avec EduConnect" in traveller.browser.get("/connexion").text
    page = traveller.sign_in()
    assert page.request.path == "/"
    assert "Camille MARTIN" in page.text
    viewer = resume(services.site, session(traveller.browser))
    assert viewer.account.id == mother.id
    (linked,) = my_identities(services.site, viewer)
    assert (linked.issuer, linked.subject) == (provider.issuer, "p-anne")


def test_the_request_is_what_it_should_be(provider, traveller, services):
    """Code flow, PKCE S256, state and nonce, and the configured address to come back to."""
    traveller.go()
    asked = {name: only for name, (only,) in parse_qs(urlsplit(traveller.asked).query).items()}
    assert asked["response_type"] == "code"
    assert asked["scope"] == "openid profile"
    assert asked["redirect_uri"] == "http://localhost/oidc/retour"
    assert asked["code_challenge_method"] == "S256"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    first = asked["state"], asked["nonce"], asked["code_challenge"]
    traveller.go()
    again = {name: only for name, (only,) in parse_qs(urlsplit(traveller.asked).query).items()}
    assert not set(first) & {again["state"], again["nonce"], again["code_challenge"]}


def test_a_forged_host_changes_no_address(services, provider):
    """The way back is the configured one, whatever name the request used."""
    sent = Client(services).get("/oidc/connexion", base_url="http://evil.example")
    assert "redirect_uri=http%3A%2F%2Flocalhost%2F" in sent.headers["Location"]


def test_somebody_unknown_links_by_a_secret(services, traveller, mother):
    """« Relier mon compte »; the second time, the provider is enough."""
    page = traveller.sign_in("p-zoe")
    assert page.request.path == "/relier"
    assert "EduConnect vous connaît sous le nom de Zoé Ailleurs" in page.text
    page = traveller.browser.submit("/relier", login_name=mother.login_name, password=PASSWORD)
    assert page.request.path == "/"
    traveller.browser.submit("deconnexion")
    assert traveller.sign_in("p-zoe").request.path == "/"


def test_what_waits_to_be_linked_waits_ten_minutes(traveller, mother, clock):
    """On a shared computer, the next person is not offered the first one's identity."""
    traveller.sign_in("p-zoe")
    clock.advance(minutes=10)
    assert traveller.browser.get("/relier").request.path == "/connexion"


def test_what_waits_to_be_linked_cannot_be_made_up(services, traveller, mother):
    """The browser keeps it sealed."""
    traveller.sign_in("p-zoe")
    (cookie,) = (c for c in traveller.browser.client._cookies.values() if "identity" in c.key)
    body, _, mac = cookie.value.partition(".")
    forged = Browser(services)
    for value in (f"{body[:-4]}AAAA.{mac}", f"{body}.", body, ""):
        forged.client.set_cookie(cookie.key, value)
        assert forged.get("/relier").request.path == "/connexion"


def test_signing_out_of_both(services, provider, traveller, mother):
    """The page that follows leads to the provider's own sign-out, and back."""
    traveller.sign_in()
    page = traveller.browser.submit("deconnexion")
    assert page.request.path == "/deconnecte"
    assert "Se déconnecter aussi de EduConnect" in page.text
    assert session(traveller.browser) is None
    answer = traveller.browser.client.get("/oidc/deconnexion", base_url="http://localhost")
    assert answer.headers["Location"].startswith(f"{provider.issuer}/end_session?")
    back = traveller.there.get(answer.headers["Location"])
    assert back.headers["Location"] == "http://localhost/connexion"
    assert "Qui êtes-vous" in traveller.go().text, "the provider has forgotten, too"


def test_signing_out_there_first_signs_nobody_out_here(traveller, mother):
    """A link in some page must not close a session: only the form does."""
    traveller.sign_in()
    answer = traveller.browser.get("/oidc/deconnexion")
    assert answer.request.path == "/compte"


def test_the_provider_remembers(traveller, mother):
    """Signed in there already: straight through."""
    traveller.sign_in()
    traveller.browser.submit("deconnexion")
    sent = traveller.browser.client.get("/oidc/connexion", base_url="http://localhost")
    assert "code=" in traveller.there.get(sent.headers["Location"]).headers["Location"]


def test_claims_at_the_userinfo_address(services, provider, mother):
    """For providers that put them there only; under names of their own."""
    provider.claims_in_token = False
    provider.personas = tuple(
        evolve(each, claims={"vecteur": each.claims.get("FrEduVecteur", [])})
        for each in provider.personas
    )
    site = with_provider(services, provider, userinfo=True, claims={"FrEduVecteur": "vecteur"})
    assert "Camille MARTIN" in Traveller(Browser(site), Client(provider)).sign_in().text


def test_a_locked_account_is_explained(services, traveller, mother):
    """As under any host."""
    traveller.sign_in()
    traveller.browser.submit("deconnexion")
    with services.site.database.writing() as tx:
        now = tx.accounts.get(mother.id)
        tx.accounts.replace(now, evolve(now, state=AccountState.LOCKED))
    assert "Votre compte est bloqué" in traveller.sign_in().text


def test_cancelling_there(traveller, mother):
    """Said plainly; the sign-in page is one step away."""
    traveller.choose("")
    page = traveller.come_back()
    assert page.status_code == 400
    assert "EduConnect n’a pas confirmé votre identité" in page.text


def test_its_description_and_keys_are_kept(provider, traveller, mother, clock):
    """Asked once an hour, not at each sign-in."""
    for _n in range(2):
        traveller.sign_in()
        traveller.browser.submit("deconnexion")
    asked = [
        path for path in provider.calls if path in {"/.well-known/openid-configuration", "/jwks"}
    ]
    assert len(asked) == 2
    clock.advance(hours=1)
    traveller.sign_in()
    assert provider.calls.count("/.well-known/openid-configuration") == 2


def test_new_keys_are_fetched(provider, traveller, mother, clock):
    """Providers change keys without notice."""
    traveller.sign_in()
    traveller.browser.submit("deconnexion")
    provider.change_key()
    clock.advance(minutes=2)
    assert traveller.sign_in().request.path == "/"


def test_a_provider_that_does_not_answer(services, provider, mother, clock):
    """Said plainly, waited for once in a while only; passwords work."""
    site = with_provider(services, OidcProvider("http://127.0.0.1:9", (), ()))
    browser = Browser(site)
    for _n in range(2):
        page = browser.get("/oidc/connexion")
        assert page.status_code == 503
        assert "La connexion par EduConnect est momentanément impossible" in page.text
    first, second = (failure.error for failure in site.plugins.failures)
    assert "no answer a moment ago" not in first
    assert "no answer a moment ago" in second
    browser.sign_in(mother.login_name, PASSWORD)
    assert "Camille MARTIN" in browser.page.text


def test_only_the_providers_hosts_are_called(services, provider, mother, monkeypatch):
    """A description that names another host is not followed there, unless the settings name it."""
    honest = type(provider)._discovery
    elsewhere = provider.issuer.replace("127.0.0.1", "localhost")

    def describe(self, request):
        answer = honest(self, request)
        told = answer.get_data(as_text=True).replace(f"{self.issuer}/jwks", f"{elsewhere}/jwks")
        answer.set_data(told)
        return answer

    monkeypatch.setattr(type(provider), "_discovery", describe)
    for hosts, status in (((), 503), ((urlsplit(elsewhere).netloc,), 200)):
        site = with_provider(services, provider, hosts=hosts)
        assert Traveller(Browser(site), Client(provider)).sign_in().status_code == status


def test_settings_are_checked(services, provider):
    """An https address; and one source of identities only."""
    for issuer in ("http://fournisseur.example", "ftp://x", "x", "https://x/?a=b", ""):
        with pytest.raises(ValueError, match="issuer"):
            OidcSettings(issuer, "client")
    with pytest.raises(SettingsError, match="identify"):
        Teleservices(services.settings, engine=services.engine, identify=SigningHost())
    assert "secret of nobody" not in repr(services.settings)


def test_nothing_is_imported_without_a_provider():
    """Not the library, not the calls, not even our own package."""
    code = (
        "import sys\n"
        "from teleservices_core.testing.fixtures import make_settings\n"
        "from teleservices_core.app import Teleservices\n"
        "Teleservices(make_settings('sqlite://')).wsgi\n"
        "print([n for n in ('authlib', 'joserfc', 'requests', 'teleservices_core.oidc')"
        " if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
