"""Answers: statuses, bodies and headers are those the site gave, and the host's stay the host's."""

from __future__ import annotations

import logging

import pytest

from .applications import HOST_404, HOST_COOKIE, HOST_PAGE
from .base import Answer, Client

PROTECTION = {
    "Content-Security-Policy",
    "Permissions-Policy",
    "Cross-Origin-Resource-Policy",
}
"""Headers that no host of the suite sets by itself."""
EVERYWHERE = {
    *PROTECTION,
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
}


def test_unknown_page_is_ours_inside(client: Client, prefix: str) -> None:
    """Inside the mount an unknown page is our error page, with its way home."""
    answer = client.get(f"{prefix}/inconnue")
    assert answer.status == 404
    assert "Page introuvable" in answer.text
    assert f'href="{prefix}/"' in answer.text


def test_unknown_page_is_the_hosts_outside(client: Client, prefix: str) -> None:
    """Outside the mount the host answers, in its own words."""
    if not prefix:
        pytest.skip("at the root nothing is outside")
    answer = client.get("/host/inconnue")
    assert (answer.status, answer.text) == (404, HOST_404)


def test_wrong_method(client: Client, prefix: str) -> None:
    """A method that a page does not take is 405 and names those it takes."""
    answer = client.post(f"{prefix}/probe/plain", {"said": "x"})
    assert answer.status == 405
    assert set((answer.header("Allow") or "").split(", ")) == {"GET", "HEAD"}
    assert "Action impossible" in answer.text
    assert client.request("PROPFIND", f"{prefix}/probe/plain").status == 405


def test_failure_shows_our_page_and_the_host_goes_on(
    client: Client, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception in a page becomes our error page with an incident number, nothing more."""
    with caplog.at_level(logging.CRITICAL):
        answer = client.get(f"{prefix}/probe/fail")
    assert answer.status == 503
    assert "momentanément indisponible" in answer.text
    assert "secret" not in answer.text
    assert client.get("/host/page").text == HOST_PAGE
    assert client.get(f"{prefix}/probe/plain").text == "probe"


@pytest.mark.parametrize(
    "target", ["/probe/plain", "/", "/aide", "/inconnue", "/probe/fail", "/probe/links"]
)
def test_security_headers_on_all_of_ours(client: Client, prefix: str, target: str) -> None:
    """Every answer of ours is protected and kept out of caches."""
    answer = client.get(prefix + target)
    _is_protected(answer)
    assert answer.header("Cache-Control") == "no-store"
    assert "Cookie" in (answer.header("Vary") or "")


def test_security_headers_on_refusals(client: Client, prefix: str) -> None:
    """Refused methods, forms and bodies are protected like pages."""
    for answer in (
        client.post(f"{prefix}/probe/plain", {"said": "x"}),
        client.post(f"{prefix}/probe/form", {"said": "x"}),
        client.post(f"{prefix}/probe/form", {"said": "x" * 1_100_000}),
    ):
        assert answer.status in {403, 405, 413}
        _is_protected(answer)


def _is_protected(answer: Answer) -> None:
    for name in EVERYWHERE:
        assert answer.header(name), name
    assert "script-src" not in (answer.header("Content-Security-Policy") or "")
    assert "default-src 'none'" in (answer.header("Content-Security-Policy") or "")


def test_host_pages_are_left_alone(client: Client) -> None:
    """The host's pages keep their own headers, cookies and form fields."""
    answer = client.get("/host/page")
    assert (answer.status, answer.text) == (200, HOST_PAGE)
    assert not PROTECTION & {name for name, _ in answer.headers}
    assert set(answer.cookies) == {HOST_COOKIE[0]}
    assert client.post("/host/form", {"said": "bonjour"}).text == "bonjour"


@pytest.mark.parametrize("target", ["/probe/plain", "/aide", "/inconnue", "/", "/probe/download"])
def test_head_is_get_without_its_body(client: Client, prefix: str, target: str) -> None:
    """HEAD gives the status and headers of GET."""
    got, head = client.get(prefix + target), client.request("HEAD", prefix + target)
    assert head.status == got.status
    assert head.body == b""
    assert head.header("Content-Type") == got.header("Content-Type")
    assert head.header("Location") == got.header("Location")


def test_long_download_arrives_whole(client: Client, prefix: str) -> None:
    """640 kB go out byte for byte, with their length and name."""
    answer = client.get(f"{prefix}/probe/download")
    assert answer.body == b"0123456789abcdef" * 40_000
    assert answer.header("Content-Length") == "640000"
    assert answer.header("Content-Disposition") == (
        "attachment; filename*=UTF-8''%C3%A9l%C3%A8ves.csv"
    )
