"""A site, a provider on loopback, and somebody who goes from one to the other."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from attrs import define, evolve, field
from werkzeug.test import Client, TestResponse

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.settings import IdentitySettings, OidcSettings
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    a_link,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.oidc_provider import (
    OidcProvider,
    ProviderPersona,
    running_provider,
)
from teleservices_core.testing.world import World

BACK = "http://localhost/oidc/retour"
PERSONAS = (
    ProviderPersona("p-anne", "Anne Martin", {"FrEduVecteur": [f"2|MARTIN|Anne|100|{COLLEGE}"]}),
    ProviderPersona("p-zoe", "Zoé Ailleurs"),
)


@pytest.fixture
def backend() -> str:
    """One database is enough, but for what a provider's answer writes by itself."""
    return "sqlite"


@pytest.fixture
def algorithm() -> str:
    """What the provider signs with."""
    return "ES256"


@pytest.fixture
def provider(clock, algorithm) -> Iterator[OidcProvider]:
    """The provider, on the site's own clock."""
    with running_provider(PERSONAS, [BACK], now=clock.now, algorithm=algorithm) as provider:
        yield provider


def with_provider(services: Teleservices, provider: OidcProvider, **changes) -> Teleservices:
    """The same site, that signs people in through a provider."""
    oidc = OidcSettings(provider.issuer, provider.client_id, provider.client_secret, **changes)
    return Teleservices(
        evolve(services.settings, identity=IdentitySettings("EduConnect", oidc=oidc)),
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
        mailer=services.mailer,
    )


@pytest.fixture
def services(services, provider) -> Teleservices:
    """The site."""
    return with_provider(services, provider)


@pytest.fixture
def mother(services) -> Account:
    """Anne, guardian of a child whom the school's base knows as 100."""
    world = World(services)
    world.establishment()
    child, adult = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.siecle_key(child, "100")
    world.adult(adult, a_link(child.id, adult.id))
    return world.account(adult, Audience.GUARDIAN)


@define
class Traveller:
    """One browser, at both places."""

    browser: Browser
    there: Client
    asked: str = field(default="", init=False)
    """Where the site sent the browser."""
    answered: str = field(default="", init=False)
    """Where the provider sent it back."""

    def go(self) -> TestResponse:
        """From the sign-in page to the provider's."""
        self.browser.get("/connexion")
        sent = self.browser.client.get("/oidc/connexion", base_url="http://localhost")
        self.asked = sent.headers["Location"]
        return self.there.get(self.asked)

    def choose(self, subject: str) -> str:
        """Sign in there; returns the address that leads back."""
        if not self.asked:
            self.go()
        self.answered = self.there.post(self.asked, data={"subject": subject}).headers["Location"]
        return self.answered

    def come_back(self, address: str = "") -> TestResponse:
        """Follow the way back, or another one."""
        there = urlsplit(address or self.answered)
        return self.browser.get(f"{there.path}?{there.query}")

    def sign_in(self, subject: str = "p-anne") -> TestResponse:
        """The whole way."""
        self.go()
        self.choose(subject)
        return self.come_back()


@pytest.fixture
def traveller(services, provider) -> Traveller:
    """Somebody."""
    return Traveller(Browser(services), Client(provider))
