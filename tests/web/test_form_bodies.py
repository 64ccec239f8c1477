"""A form too long is refused before anything is made of it, however it is written."""

from __future__ import annotations

import tracemalloc

import pytest

from teleservices_core.testing.browsing import Browser
from teleservices_core.web.form_bodies import MOST_FIELDS

KIND = "application/x-www-form-urlencoded"


@pytest.fixture
def browser(services):
    return Browser(services)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"a=" + b"x" * 499_998, 403),
        (b"a=" + b"x" * 499_999, 413),
        (b"&".join([b"a=x"] * MOST_FIELDS), 403),
        (b"&".join([b"a=x"] * MOST_FIELDS) + b"&a=x", 413),
        (b"&" * 400_000, 413),
        (b"%" * 400_000, 400),
        (b"a=" + b"%41" * 166_000, 403),
    ],
)
def test_bounds(browser, body, status):
    """As much text as in a form with files, and so many fields; nobody needs to be signed in."""
    browser.get("/connexion")
    tracemalloc.start()
    try:
        answer = browser.client.post("/connexion", data=body, content_type=KIND)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.status_code == status
    assert peak < 40_000_000
