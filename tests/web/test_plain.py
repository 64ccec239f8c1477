"""The page of last resort: the settings are enough to make it."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from teleservices_core.settings import Hotline
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.web.application import Application
from teleservices_core.web.pages.plain import broken, too_slow, unavailable

HOTLINE = Hotline(phone="03 80 44 84 00", hours="du lundi au vendredi <8 h-18 h>")


@pytest.mark.parametrize(("page", "status"), [(unavailable, 503), (broken, 500), (too_slow, 408)])
def test_it_says_what_to_do_and_whom_to_call(page, status):
    """What happened, what to do next, the help line; nothing loaded from elsewhere."""
    settings = make_settings("sqlite://", hotline=HOTLINE, site_name="Téléservices & co")
    response = page(settings)
    text = response.get_data(as_text=True)
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert ("Retry-After" in response.headers) == (status == 503)
    assert 'href="tel:0380448400"' in text
    assert "&lt;8 h-18 h&gt;" in text
    assert "Téléservices &amp; co" in text
    assert not re.search(r"\b(src|action)=|<link|<script|\{|\}", text.split("</style>")[1])
    style = re.search(r"<style>(.*)</style>", text)
    assert style
    said = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{said}'" in response.headers["Content-Security-Policy"]


def test_without_a_help_line():
    """No empty line where the académie gives no number."""
    page = unavailable(make_settings("sqlite://", hotline=Hotline()))
    assert "tel:" not in page.get_data(as_text=True)


def test_it_stands_in_for_an_error_page_that_fails(services, monkeypatch):
    """Nothing can be rendered: the visitor reads words all the same."""

    def fail(*_args):
        raise RuntimeError("no template")

    monkeypatch.setattr(Application, "_page", fail)
    answer = Browser(services).get("/aide")
    assert answer.status_code == 500
    assert "Le service a rencontré un problème" in answer.text
    assert "no template" not in answer.text
