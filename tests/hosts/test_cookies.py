"""Cookies: scoped to the mount, several at once, never the host's."""

from __future__ import annotations

import pytest

from teleservices_core.app import Teleservices

from .applications import HOST_COOKIE, HOSTS
from .base import Client
from .conftest import MakeSite


def test_cookies_are_scoped_and_shut(client: Client, prefix: str) -> None:
    """Cookies hold for the mount point only, and scripts cannot read them."""
    cookies = client.get(f"{prefix}/probe/form").cookies
    assert cookies
    for cookie in cookies.values():
        assert cookie["path"] == (prefix or "/")
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert not cookie["domain"]


def test_several_cookies_in_one_answer(client: Client, prefix: str) -> None:
    """Each cookie has its own header, and both come back."""
    answer = client.get(f"{prefix}/probe/both")
    assert len(answer.all("Set-Cookie")) == 2
    assert len(answer.cookies) == 2
    assert client.follow(f"{prefix}/probe/both", answer).text == "deux"


def test_host_cookies_live_beside(client: Client, prefix: str) -> None:
    """Neither side overwrites the other's cookies, nor is disturbed by them."""
    client.get("/host/page")
    client.get(f"{prefix}/probe/both")
    names = [name for _path, name in client.jar]
    assert len(names) == len(set(names)) == 3
    assert HOST_COOKIE[0] in names
    assert client.get(f"{prefix}/probe/notice").text == "deux"
    assert all("teleservices" in name for name in names if name != HOST_COOKIE[0])


@pytest.mark.parametrize("junk", ['a="', "=;;=", "\xe9t\xe9=\xe9", "a=b=c; =; x", "csrftoken=x"])
def test_junk_cookies_are_ignored(client: Client, prefix: str, junk: str) -> None:
    """A cookie that makes no sense, of whoever, breaks no page."""
    assert client.get(f"{prefix}/aide", Cookie=junk).status == 200


@pytest.mark.parametrize("value", ["", ".", "a.b", "é", "a.é", '"', "x" * 3000])
def test_forged_cookies_are_ignored(client: Client, prefix: str, value: str) -> None:
    """Our own cookies with values of somebody else's making count for nothing."""
    client.get(f"{prefix}/probe/both")
    names = {name for _path, name in client.jar}
    names |= {name.replace("visit", "session") for name in names}
    client.jar.clear()
    forged = "; ".join(f"{name}={value}" for name in names)
    answer = client.get(f"{prefix}/aide", Cookie=forged.encode().decode("latin-1"))
    assert answer.status == 200


@pytest.mark.parametrize("prefix", ["", "/teleservices"], ids=["root", "/teleservices"])
def test_secure_cookies(host_name: str, prefix: str, make_site: MakeSite) -> None:
    """Over TLS, cookies are Secure and carry the prefix that browsers enforce."""
    client = HOSTS[host_name]({prefix: make_site(base_url=f"https://ent.example{prefix}")})
    (cookie,) = client.get(f"{prefix}/probe/form").cookies.values()
    assert cookie["secure"]
    assert cookie.key.startswith("__Secure-" if prefix else "__Host-")


def test_one_site_at_two_mounts(host_name: str, site: Teleservices) -> None:
    """A site mounted twice, one inside the other, works at both."""
    client = HOSTS[host_name]({"/a/b": site, "/a": site})
    for prefix in ("/a", "/a/b", "/a"):
        token = client.get(f"{prefix}/probe/form").text
        answer = client.post(f"{prefix}/probe/form", {"csrf_token": token, "said": prefix})
        assert client.follow(f"{prefix}/probe/form", answer).text == f"Reçu : {prefix}"
