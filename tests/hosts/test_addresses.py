"""Addresses: links stay inside the mount, and reach the page they name."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote

import pytest

from teleservices_core.app import Teleservices

from .applications import HOST_404, HOST_PAGE, HOSTS
from .base import Client, WsgiClient
from .probe import ODD_NAME

OURS = "Content-Security-Policy"
"""A header that all our answers have and no host's has."""


def test_links_start_with_the_mount(client: Client, prefix: str) -> None:
    """Every address that the core makes starts with the mount point, and leads to its page."""
    links = client.get(f"{prefix}/probe/links").text.split("\n")
    assert links[0] == f"{prefix}/"
    for link in links:
        assert link.startswith(f"{prefix}/")
        assert client.get(link).status in {200, 303}
    assert client.get(links[4]).text == ODD_NAME
    assert client.get(links[5]).text == "é&=+ /"


def test_redirects_are_relative(client: Client, prefix: str) -> None:
    """A redirection names no host, so that no proxy or forged header can bend it."""
    answer = client.get(f"{prefix}/")
    assert answer.status == 303
    assert answer.header("Location") == f"{prefix}/connexion"


def test_mount_point_without_its_slash(client: Client, prefix: str) -> None:
    """The mount point itself leads to the first page, by the host's redirection or by ours."""
    if not prefix:
        pytest.skip("at the root there is no address without a slash")
    answer = client.get(prefix)
    if answer.header("Location") in {f"{prefix}/", f"http://localhost{prefix}/"}:
        answer = client.follow(prefix, answer)
    assert answer.header("Location") == f"{prefix}/connexion"
    assert client.follow(f"{prefix}/", answer).status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost:99999", "evil.example/x", "é", ""])
def test_forged_host_changes_nothing(client: Client, prefix: str, host: str) -> None:
    """What the Host header says never reaches a page, a link or a cookie."""
    honest = client.get(f"{prefix}/probe/links").text
    client.host = host.encode().decode("latin-1")
    for target in ("/probe/links", "/", "/connexion", "/unknown"):
        answer = client.get(f"{prefix}{target}", X_Forwarded_Host="evil.example")
        if answer.status == 400 and answer.header(OURS) is None:
            continue  # The host itself refuses such a header.
        assert "evil" not in f"{answer.headers}{answer.text}"
        assert answer.text == honest or target != "/probe/links"


@pytest.mark.parametrize("name", ["Été", "a b", "100 %", "a+b", "x?y", "naïve;v=1", "œuf", "日本"])
def test_odd_segments_arrive_whole(client: Client, prefix: str, name: str) -> None:
    """A segment of the path arrives as it was before percent-encoding."""
    assert client.get(f"{prefix}/probe/segment/{quote(name, safe='')}").text == name


@pytest.mark.parametrize("query", ["q=%C3%A9t%C3%A9", "q=a%26b%3Dc", "q=a+b&q=%20", "q=", "q=%2B"])
def test_queries_arrive_whole(client: Client, prefix: str, query: str) -> None:
    """Accents, spaces and escaped separators of a query survive every host."""
    expected = "|".join(unquote(part[2:].replace("+", " ")) for part in query.split("&"))
    assert client.get(f"{prefix}/probe/query?{query}").text == expected


@pytest.mark.parametrize(
    "path",
    [
        "/../host/page",
        "/%2e%2e/host/page",
        "/..%2fhost%2fpage",
        "//host/page",
        "//evil.example/",
        "/%2f%2fevil.example",
        "/\\evil.example",
        "/probe/segment/a%2Fb",
        "/probe/segment/..",
        "/static/../../settings.py",
        "/static/x/..%2f..%2fapp.py",
        "/%00",
        "/%0a",
        "/%ff%fe",
        "/./connexion/..",
    ],
)
def test_odd_paths_stay_inside(client: Client, prefix: str, path: str) -> None:
    """No spelling of a path leaves the mount: the answer is ours, and so are all its links."""
    answer = client.get(prefix + path)
    assert HOST_PAGE not in answer.text
    assert answer.header(OURS) is not None
    assert answer.status in {200, 303, 404}
    location = answer.header("Location")
    links = re.findall(r'(?:href|src|action)="([^"]*)"', answer.text)
    for link in [*links, location]:
        assert link is None or re.match(rf"{prefix}/(?![/\\])|#|tel:", link), link


@pytest.mark.parametrize("path", ["{}er", "{}x/connexion", "/x{}/connexion"])
def test_lookalikes_are_the_hosts(client: Client, prefix: str, path: str) -> None:
    """An address that merely resembles the mount point belongs to the host."""
    if not prefix:
        pytest.skip("at the root everything is inside")
    answer = client.get(path.format(prefix))
    assert (answer.status, answer.text) == (404, HOST_404)


@pytest.mark.parametrize("path", ["//aide", "//", "///probe/plain"])
def test_a_page_has_one_address(client: Client, prefix: str, path: str) -> None:
    """A path with doubled slashes is not another name of a page."""
    assert client.get(prefix + path).status == 404


def test_mount_point_with_odd_letters(host_name: str, site: Teleservices) -> None:
    """A mount point with accents or spaces is escaped in links and cookies."""
    client = HOSTS[host_name]({"/étab 1": site})
    prefix = "/%C3%A9tab%201"
    for link in client.get(f"{prefix}/probe/links").text.split("\n"):
        assert link.startswith(f"{prefix}/")
        assert client.get(link).status in {200, 303}
    fields = {"csrf_token": client.get(f"{prefix}/probe/form").text, "said": "x"}
    assert (
        client.post(f"{prefix}/probe/form", fields).header("Location") == f"{prefix}/probe/notice"
    )


@pytest.mark.parametrize("script_name", ["//evil.example", "///evil.example/", "/\r\nX-Evil: 1"])
def test_forged_mount_point(site: Teleservices, script_name: str) -> None:
    """A mount point that a careless proxy took from a header cannot lead to another host."""

    def proxied(environ: Any, start_response: Any) -> Any:
        return site({**environ, "SCRIPT_NAME": script_name}, start_response)

    answer = WsgiClient(proxied).get("/")
    assert re.match(
        r"/(evil\.example/|%0D%0AX-Evil:%201/)?connexion", answer.header("Location") or ""
    )


def test_static_files_are_cached_for_ever(client: Client, prefix: str) -> None:
    """The stylesheet has an address of its own version, kept a year by browsers."""
    link = client.get(f"{prefix}/probe/links").text.split("\n")[3]
    assert re.fullmatch(rf"{prefix}/static/[0-9a-f]{{12}}/style\.css", link)
    answer = client.get(link)
    assert answer.header("Cache-Control") == "public, max-age=31536000, immutable"
    assert (answer.header("Content-Type") or "").startswith("text/css")
    assert not answer.cookies
    assert int(answer.header("Content-Length") or 0) == len(answer.body)
    assert client.get(re.sub("/[0-9a-f]{12}/", "/000000000000/", link)).status == 404
