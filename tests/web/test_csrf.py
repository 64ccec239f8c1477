"""Where a form came from, as its browser says, and which token it must carry: line by line."""

from __future__ import annotations

import pytest
from werkzeug import Request
from werkzeug.test import EnvironBuilder

from teleservices_core.testing.fixtures import make_settings
from teleservices_core.web import csrf

SETTINGS = make_settings("sqlite://", base_url="https://services.example/familles")
MINE = csrf.token(SETTINGS, "my browser")
OURS, BEHIND = "https://services.example", "inside.example:8080"
"""The origin that the settings name, and the host that a proxy addresses."""
ELSEWHERE = [
    "https://evil.example",
    "https://services.example.evil.example",
    "https://evil-services.example",
    "http://services.example",
    "https://services.example:8443",
    "https://evil.example://inside.example:8080",
    "https://evil.example/inside.example:8080",
    "inside.example:8080",
    "http://inside.example",
    "http://",
    "http://[",
    "null",
    "",
    "None",
]


def a_request(said, token=MINE, host=BEHIND):
    """A form sent to a host, with what the browser says of where it was."""
    builder = EnvironBuilder(
        method="POST",
        headers={name: value for name, value in said.items() if value is not None},
        data={} if token is None else {csrf.FIELD: token},
        base_url=f"http://{host}",
    )
    return Request(builder.get_environ())


@pytest.mark.parametrize("origin", [None, OURS, f"http://{BEHIND}", f"https://{BEHIND}"])
def test_from_here(origin):
    """The origin that is configured, the one that is addressed, or a browser that says none."""
    assert csrf.is_from_here(SETTINGS, a_request({"Origin": origin}))


@pytest.mark.parametrize("origin", ELSEWHERE)
def test_from_elsewhere(origin):
    """Whatever resembles one of them is refused, its token notwithstanding."""
    request = a_request({"Origin": origin})
    assert not csrf.is_from_here(SETTINGS, request)
    assert not csrf.is_ours(SETTINGS, request, "my browser")


@pytest.mark.parametrize("origin", [None, OURS, "null", "https://evil.example"])
@pytest.mark.parametrize(
    ("site", "here"),
    [
        ("same-origin", True),
        ("none", True),
        ("same-site", False),
        ("cross-site", False),
        ("", False),
        ("Same-Origin", False),
        ("same-origin, none", False),
    ],
)
def test_the_newer_word_counts(origin, site, here):
    """What a browser says of the site decides, whatever the origin: behind proxies it is surer."""
    request = a_request({"Sec-Fetch-Site": site, "Origin": origin})
    assert csrf.is_from_here(SETTINGS, request) is here
    assert csrf.is_ours(SETTINGS, request, "my browser") is here


@pytest.mark.parametrize("site", ["same-origin", "none", None])
@pytest.mark.parametrize(
    "token",
    [None, "", MINE[:-1], MINE + "x", MINE.swapcase(), "é", csrf.token(SETTINGS, "another")],
    # The key is drawn anew in each process.
    ids=["none", "empty", "shorter", "longer", "other case", "no token", "another's"],
)
def test_the_token_is_that_browsers(site, token):
    """From our own page, and still not without what that page was given."""
    said = {"Sec-Fetch-Site": site}
    assert csrf.is_ours(SETTINGS, a_request(said), "my browser")
    assert not csrf.is_ours(SETTINGS, a_request(said, token), "my browser")
    assert not csrf.is_ours(SETTINGS, a_request(said), "another")
    assert not csrf.is_ours(SETTINGS, a_request(said), None)


def test_the_token_is_that_sites():
    """Another site's key makes another one."""
    other = make_settings("sqlite://", secret_key="k" * 40)
    assert csrf.token(other, "my browser") != MINE
    assert not csrf.is_ours(other, a_request({}), "my browser")
