"""What a sign-in through a provider refuses: one mutation at a time, and nobody is signed in."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from attrs import evolve
from joserfc.jwk import RSAKey
from werkzeug.test import Client

from teleservices_core.oidc import pages
from teleservices_core.oidc.state import LIFE, new_request, take_request
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.fixtures import BACKENDS
from teleservices_core.testing.oidc_provider import honest, running_provider

from .conftest import BACK, PERSONAS, Traveller, with_provider

DROP = object()
TOLD = "EduConnect n’a pas confirmé votre identité"
LATE = "La connexion n’a pas abouti"


def refused(page, said=TOLD):
    """Whether somebody was sent away, signed in as nobody."""
    assert page.status_code == 400
    assert said in page.text
    assert "Se déconnecter" not in page.text
    return True


def changed(**changes):
    """Sign other claims than those that are right."""

    def forge(header, claims, key):
        for name, change in changes.items():
            value = change(claims) if callable(change) else change
            claims.pop(name, None) if value is DROP else claims.update({name: value})
        return honest(header, claims, key)

    return forge


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://another.example"},
        {"iss": lambda claims: claims["iss"] + "/"},
        {"iss": DROP},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": DROP},
        {"aud": ["teleservices", "another"]},
        {"aud": ["teleservices", "another"], "azp": "another"},
        {"azp": "another"},
        {"sub": DROP},
        {"sub": ""},
        {"sub": 12},
        {"sub": "x" * 256},
        {"exp": DROP},
        {"exp": lambda claims: claims["iat"] - 61},
        {"exp": "tomorrow"},
        {"iat": DROP},
        {"iat": lambda claims: claims["iat"] + 120},
        {"iat": lambda claims: claims["iat"] - 900},
        {"iat": "now"},
        {"nbf": lambda claims: claims["iat"] + 120},
        {"nonce": DROP},
        {"nonce": "of another sign-in"},
        {"at_hash": "of another token"},
    ],
    ids="-".join,
)
def test_a_claim_that_is_wrong(provider, traveller, mother, changes):
    """Issuer, audience, authorized party, subject, dates, nonce, access token."""
    provider.forge = changed(**changes)
    assert refused(traveller.sign_in())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": ["teleservices"]},
        {"aud": ["teleservices", "another"], "azp": "teleservices"},
        {"iat": lambda claims: claims["iat"] + 59},
        {"exp": lambda claims: claims["iat"] - 59},
    ],
    ids="-".join,
)
def test_what_is_right_passes(provider, traveller, mother, changes):
    """The same road, so that the refusals above are about the mutation; clocks differ a little."""
    provider.forge = changed(**changes)
    assert traveller.sign_in().request.path == "/"


def _b64(data):
    return urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def unsigned(header, claims, _key):
    """Of the algorithm ``none``."""
    return f"{_b64({**header, 'alg': 'none'})}.{_b64(claims)}."


def by_another_key(header, claims, _key):
    """Under the right key's name."""
    return honest({**header, "alg": "RS256"}, claims, RSAKey.generate_key(2048))


def _by_shared(secret, header, claims):
    signed = f"{_b64({**header, 'alg': 'HS256'})}.{_b64(claims)}"
    mac = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def by_our_secret(header, claims, _key):
    """By what the client shares with the provider: whoever knows it could sign."""
    return _by_shared(b"a secret of nobody's", header, claims)


def by_the_public_key(header, claims, key):
    """As if the public key were a shared secret."""
    return _by_shared(key.as_pem(private=False), header, claims)


def other_claims(header, claims, key):
    """The signature of something else."""
    head, _body, signature = honest(header, claims, key).split(".")
    return f"{head}.{_b64({**claims, 'sub': 'p-zoe'})}.{signature}"


def cut(header, claims, key):
    """A signature cut short."""
    return honest(header, claims, key)[:-8]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
@pytest.mark.parametrize(
    "forge",
    [
        unsigned,
        by_another_key,
        by_our_secret,
        by_the_public_key,
        other_claims,
        cut,
        lambda *_all: "",
        lambda *_all: "a.b.c",
    ],
)
def test_a_signature_that_is_wrong(provider, traveller, mother, forge):
    """None, another's, of something else, by a secret that others know."""
    provider.forge = forge
    assert refused(traveller.sign_in())


def with_parameters(address, **changes):
    """The way back, with other parameters."""
    there = urlsplit(address)
    asked = {name: values[0] for name, values in parse_qs(there.query).items()}
    asked = {name: value for name, value in {**asked, **changes}.items() if value is not DROP}
    return there._replace(query=urlencode(asked)).geturl()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": DROP}, LATE),
        ({"state": ""}, LATE),
        ({"state": "a.b.c"}, LATE),
        ({"state": "é"}, LATE),
        ({"code": DROP}, TOLD),
        ({"code": "made-up"}, TOLD),
        ({"iss": "https://another.example"}, TOLD),
    ],
)
def test_a_parameter_that_is_wrong(traveller, mother, changes, said):
    """State, code, and the issuer that the answer names (RFC 9207)."""
    address = with_parameters(traveller.choose("p-anne"), **changes)
    assert refused(traveller.come_back(address), said)


@pytest.mark.parametrize("name", ["state", "code"])
def test_a_parameter_sent_twice(traveller, mother, name):
    """Which one would count?"""
    address = traveller.choose("p-anne")
    assert refused(traveller.come_back(f"{address}&{name}=x"), LATE if name == "state" else TOLD)


def test_the_state_of_another_sign_in(services, provider, traveller, mother):
    """The code of one sign-in does not finish another: nonce and verifier differ."""
    first = traveller.choose("p-anne")
    traveller.asked = ""
    second = traveller.choose("p-anne")
    (code,) = parse_qs(urlsplit(first).query)["code"]
    assert refused(traveller.come_back(with_parameters(second, code=code)))


def test_the_way_back_of_another_browser(services, provider, traveller, mother):
    """Who follows a thief's link is not signed in to the thief's account."""
    address = traveller.choose("p-anne")
    victim = Traveller(Browser(services), Client(provider))
    assert refused(victim.come_back(address), LATE)
    victim.browser.get("/connexion")
    assert refused(victim.come_back(address), LATE)


def test_the_way_back_twice(services, traveller, mother):
    """Once only, even for who has kept the browser's cookie of before."""
    address = traveller.choose("p-anne")
    (visit,) = (c for c in traveller.browser.client._cookies.values() if "visit" in c.key)
    traveller.come_back()
    again = Browser(services)
    again.client.set_cookie(visit.key, visit.value)
    traveller.browser = again
    assert refused(traveller.come_back(address), LATE)


def test_a_code_twice(traveller, mother):
    """The provider refuses it, and so do we."""
    first = traveller.choose("p-anne")
    (code,) = parse_qs(urlsplit(first).query)["code"]
    traveller.come_back()
    traveller.browser.submit("deconnexion")
    traveller.asked = ""
    second = traveller.choose("p-anne")
    assert refused(traveller.come_back(with_parameters(second, code=code)))


@pytest.mark.parametrize(("minutes", "works"), [(9, True), (11, False)])
def test_ten_minutes(provider, traveller, mother, clock, minutes, works):
    """From our page to the return; the provider itself took its time."""
    traveller.go()
    clock.advance(minutes=minutes)
    traveller.choose("p-anne")
    page = traveller.come_back()
    assert page.request.path == "/" if works else refused(page, LATE)


@pytest.mark.parametrize("verifier", ["", "x" * 43])
def test_the_verifier_that_is_missing_or_wrong(traveller, mother, monkeypatch, verifier):
    """The provider gives no token: a stolen code is worth nothing."""
    monkeypatch.setattr(
        pages,
        "take_request",
        lambda *asked: evolve(take_request(*asked), verifier=verifier),
    )
    traveller.choose("p-anne")
    assert refused(traveller.come_back())


def test_nothing_in_an_address_tells_the_verifier(services, traveller, mother, monkeypatch):
    """It goes from server to server only."""
    taken = []
    monkeypatch.setattr(
        pages, "take_request", lambda *asked: taken.append(take_request(*asked)) or taken[-1]
    )
    address = traveller.choose("p-anne")
    traveller.come_back()
    (request,) = taken
    assert 43 <= len(request.verifier) <= 128
    assert request.verifier not in address + traveller.asked
    assert request.nonce in traveller.asked
    assert request.nonce not in address


def test_a_provider_that_speaks_for_another(services, mother):
    """The description must be of the declared issuer."""
    with running_provider(PERSONAS, [BACK]) as provider:
        provider.issuer, there = "https://another.example", provider.issuer
        site = with_provider(services, type(provider)(there, (), ()))
        assert Browser(site).get("/oidc/connexion").status_code == 503


def test_userinfo_of_somebody_else(services, provider, mother, monkeypatch):
    """The subject of both must be the same."""
    honest_userinfo = type(provider)._userinfo

    def userinfo(self, request):
        answer = honest_userinfo(self, request)
        answer.set_data(answer.get_data(as_text=True).replace("p-anne", "p-zoe"))
        return answer

    monkeypatch.setattr(type(provider), "_userinfo", userinfo)
    site = with_provider(services, provider, userinfo=True)
    assert refused(Traveller(Browser(site), Client(provider)).sign_in())


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_state_serves_once(services, clock):
    """On both databases; in its browser, within ten minutes, counted in whole seconds."""
    site = services.site
    request = new_request(site, "a browser")
    assert take_request(site, "another browser", request.state) is None
    assert take_request(site, "a browser", request.state) == request
    assert take_request(site, "a browser", request.state) is None
    request = new_request(site, "a browser")
    clock.advance(LIFE - timedelta(seconds=1))
    assert take_request(site, "a browser", request.state) == request
    request = new_request(site, "a browser")
    clock.advance(LIFE + timedelta(seconds=1))
    assert take_request(site, "a browser", request.state) is None
