"""Two académies in one process: each site has its own people, sessions and cookies."""

from __future__ import annotations

import pytest
from attrs import frozen

from teleservices_core.domain.staff import Role
from teleservices_core.testing.world import PASSWORD, World

from .applications import HOSTS
from .base import Client
from .conftest import MakeSite
from .test_pages import sign_in

PREFIXES = {"Dijon": "/dijon", "Besançon": "/besancon"}


@frozen
class Neighbours:
    """Two sites, and a member of staff of the first."""

    client: Client
    login_name: str


@pytest.fixture
def neighbours(host_name: str, make_site: MakeSite) -> Neighbours:
    sites = {
        prefix: make_site(name, f"http://localhost{prefix}") for name, prefix in PREFIXES.items()
    }
    account = World(sites["/dijon"]).staff(Role.ACADEMY_ADMIN)
    return Neighbours(HOSTS[host_name](sites), account.login_name)


def test_each_site_has_its_own_pages(neighbours: Neighbours) -> None:
    """Each mount point leads to its own site."""
    for name, prefix in PREFIXES.items():
        text = neighbours.client.get(f"{prefix}/connexion").text
        assert f"Téléservices de {name}" in text
        assert not any(f'"{other}/' in text for other in PREFIXES.values() if other != prefix)


def test_signed_in_at_one_is_nobody_at_the_other(neighbours: Neighbours) -> None:
    """A session of one site opens nothing at the other, even sent there by hand."""
    client = neighbours.client
    answer = sign_in(client, "/dijon", neighbours.login_name, PASSWORD)
    assert client.follow("/dijon/connexion", answer).header("Location") == "/dijon/academie/"
    assert client.get("/dijon/academie/").status == 200
    assert client.get("/besancon/academie/").header("Location") == "/besancon/connexion"
    ours = {name: value for (path, name), value in client.jar.items() if path == "/dijon"}
    stolen = next(value for name, value in ours.items() if "session" in name)
    client.get("/besancon/connexion")
    for path, name in list(client.jar):
        if path == "/besancon":
            client.jar[path, name.replace("visit", "session")] = stolen
    assert client.get("/besancon/academie/").header("Location") == "/besancon/connexion"
    assert client.get("/dijon/academie/").status == 200


def test_forms_are_not_exchanged(neighbours: Neighbours) -> None:
    """A token of one site is refused by the other."""
    client = neighbours.client
    tokens = {prefix: client.get(f"{prefix}/probe/form").text for prefix in PREFIXES.values()}
    for prefix, token in tokens.items():
        (other,) = tokens.keys() - {prefix}
        fields = {"csrf_token": token, "said": "x"}
        assert client.post(f"{other}/probe/form", fields).status == 403
        assert client.post(f"{prefix}/probe/form", fields).status == 303


def test_cookie_names_differ(neighbours: Neighbours) -> None:
    """Their cookies could not be taken for each other's even without paths."""
    for prefix in PREFIXES.values():
        neighbours.client.get(f"{prefix}/probe/both")
    names = [name for _path, name in neighbours.client.jar]
    assert len(names) == len(set(names)) == 4
