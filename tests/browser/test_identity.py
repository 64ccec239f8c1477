"""Signing in through a provider in a real browser: cookies, policies, and axe on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import evolve
from werkzeug.serving import make_server

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.settings import IdentitySettings, OidcSettings
from teleservices_core.testing.builders import a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.testing.oidc_provider import ProviderPersona, running_provider
from teleservices_core.testing.world import PASSWORD, World

from .conftest import _Quiet
from .steps import look

pytestmark = pytest.mark.browser


@pytest.fixture
def site(make_database: Callable[[str], str]) -> Iterator[tuple[str, Account]]:
    """(address, account of Paul) of a site that a provider signs people in to."""
    server = make_server("127.0.0.1", 0, lambda _e, _s: [], threaded=True, request_handler=_Quiet)
    address = f"http://127.0.0.1:{server.port}"
    persona = ProviderPersona("p", "Paul Martin")
    with running_provider([persona], [f"{address}/oidc/retour"]) as provider:
        oidc = OidcSettings(provider.issuer, provider.client_id, provider.client_secret)
        settings = make_settings(make_database("sqlite"), base_url=address)
        services = Teleservices(
            evolve(settings, identity=IdentitySettings("EduConnect", oidc=oidc)),
            hasher=Argon2Hasher.cheapest(),
            discover=False,
        )
        world = World(services)
        world.establishment()
        child, father = a_student(), an_adult(first_name="Paul")
        year = services.site.school_year()
        world.student(child, a_schooling(child.id, school_year=year))
        world.adult(father, a_link(child.id, father.id))
        account = world.account(father, Audience.GUARDIAN)
        server.app = services
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield address, account
        server.shutdown()
        thread.join()
        server.server_close()
        services.engine.dispose()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_linked_once_and_out_of_both(
    chromium: Any, site: tuple[str, Account], width: int, scheme: str
) -> None:
    """The button, the provider, « Relier mon compte », the account, and out of both places."""
    address, account = site
    context = chromium.new_context(
        base_url=address,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
        locale="fr-FR",
    )
    context.set_default_timeout(15_000)
    page = context.new_page()

    def arrive(path: str) -> None:
        page.wait_for_url(f"{address}{path}")
        look(page)

    page.goto("/")
    arrive("/connexion")
    page.click("text=Se connecter avec EduConnect")
    page.click("button:has-text('Paul Martin')")
    arrive("/relier")
    page.fill("#field-login_name", account.login_name)
    page.fill("#field-password", PASSWORD)
    page.click("button:has-text('Relier mon compte')")
    arrive("/")
    page.goto("/compte")
    arrive("/compte")
    page.click("text=Délier")
    arrive("/compte/liaisons/*")
    page.click("text=Se déconnecter")
    arrive("/deconnecte")
    page.click("text=Se déconnecter aussi de EduConnect")
    arrive("/connexion")
    page.click("text=Se connecter avec EduConnect")
    page.click("button:has-text('Paul Martin')")
    arrive("/")
    context.close()
