"""The core's real pages, through every host."""

from __future__ import annotations

import re

import pytest

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Account
from teleservices_core.domain.staff import Role
from teleservices_core.testing.world import PASSWORD, World

from .base import Answer, Client


def field(page: Answer, name: str) -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None
    return found[1]


def sign_in(client: Client, prefix: str, login_name: str, password: str) -> Answer:
    """Fill in the sign-in form."""
    page = client.get(f"{prefix}/connexion")
    fields = {"csrf_token": field(page, "csrf_token")}
    typed = {"login_name": login_name, "password": password}
    return client.post(f"{prefix}/connexion", fields | typed)


@pytest.fixture(scope="session")
def account(site: Teleservices) -> Account:
    """A member of staff who may sign in."""
    return World(site).staff(Role.ACADEMY_ADMIN)


def test_sign_in_page(client: Client, prefix: str) -> None:
    """The first page leads to the sign-in page, whose links and stylesheet work."""
    page = client.follow(f"{prefix}/", client.get(f"{prefix}/"))
    assert page.status == 200
    assert "Se connecter" in page.text
    links = set(re.findall(r'(?:href|src|action)="([^"#]+)"', page.text))
    links = {link for link in links if not link.startswith("tel:")}
    assert any(link.endswith("style.css") for link in links)
    for link in links:
        assert link.startswith(f"{prefix}/")
        assert client.get(link).status in {200, 303}, link


def test_wrong_credentials(client: Client, prefix: str, host_name: str) -> None:
    """A wrong password shows the same page again, with what was typed and why."""
    login_name = f"élodie.{host_name}{len(prefix)}"  # Or it would be throttled by and by.
    answer = sign_in(client, prefix, login_name, "un mot faux")
    assert answer.status == 422
    assert "Identifiant ou mot de passe incorrect" in answer.text
    assert f'value="{login_name}"' in answer.text
    assert "faux" not in answer.text


def test_sign_in_and_out(client: Client, prefix: str, account: Account) -> None:
    """The right password opens a session, for this mount point only, and signing out ends it."""
    answer = sign_in(client, prefix, account.login_name, PASSWORD)
    assert answer.header("Location") == f"{prefix}/"
    (session,) = (cookie for name, cookie in answer.cookies.items() if "session" in name)
    assert session["path"] == (prefix or "/")
    console = client.get(f"{prefix}/academie/")
    assert account.display_name in console.text
    answer = client.post(f"{prefix}/deconnexion", {"csrf_token": field(console, "csrf_token")})
    assert answer.header("Location") == f"{prefix}/connexion"
    assert answer.header("Clear-Site-Data") == '"cache", "storage"'
    assert "Vous êtes déconnecté" in client.follow(f"{prefix}/deconnexion", answer).text
    assert client.get(f"{prefix}/academie/").header("Location") == f"{prefix}/connexion"
