"""Every page that a person can reach by following links, looked at by axe."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from academy_demo.build import PASSWORD

from .steps import look, sign_in

pytestmark = pytest.mark.browser
PEOPLE = (
    None,
    "separes_mere",
    "fratrie_eleve",
    "chef_college",
    "secretariat_college",
    "enseignant_college",
    "admin_academie",
    "assistance",
)
FAMILIES = ("separes_mere", "fratrie_eleve")
SEEDS = ("/introuvable", "/demo/")
NOT_PAGES = re.compile(r"\.(pdf|zip|csv|json)$|/telecharger|/api/|^/demo")
PUBLIC = re.compile(r"^/(aide|etablissements|donnees-personnelles|liens-utiles|accessibilite)")
"""Looked at without an account."""
ACCOUNT = re.compile(r"^/compte/")
"""The same for all the staff: the office's is looked at."""
LOOKS = ((360, "light", ()), (1280, "dark", ("color-contrast", "target-size")))
"""Width, scheme, and what they may change of what axe looked at before."""
MOST = 30
"""Pages of one person; siblings of one page count once."""


def kind(path: str) -> str:
    """The page that an address is one of: ids, codes and years left out."""
    path = re.sub(r"/signaler/.*", "/signaler/*", path)
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|\d{7}[A-Z]", "*", path)
    return re.sub(r"/\d[^/]*(?=/|$)", "/*", path)


def is_anothers(key: str | None, path: str) -> bool:
    """Whether a page is left to somebody else who comes by it."""
    if key is None:
        return False
    has_account = key in (*FAMILIES, "secretariat_college")
    return bool(PUBLIC.search(path) or (not has_account and ACCOUNT.search(path)))


def links(page) -> list[str]:
    """Addresses of our own that the page leads to, without their query."""
    found = page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
    here = urlsplit(page.url)
    ours = [urlsplit(each) for each in found]
    return [each.path for each in ours if (each.scheme, each.netloc) == (here.scheme, here.netloc)]


@pytest.mark.parametrize("key", PEOPLE)
def test_every_page(chromium, demo, key):
    """Axe finds nothing, and nothing is wider than the screen, on a phone and on a desktop."""
    made, _services = demo
    context = chromium.new_context(base_url=made.base_url, bypass_csp=True)
    page = context.new_page()
    if key:
        person = next(each for each in made.personas() if each.key == key)
        sign_in(page, person.login_name, PASSWORD)
    seen: set[str] = set()
    waiting = ["/", *SEEDS] if key is None else ["/"]
    while waiting and len(seen) < MOST:
        path = waiting.pop(0)
        if kind(path) in seen or is_anothers(key, path):
            continue
        seen.add(kind(path))
        page.goto(path)
        for width, scheme, rules in LOOKS:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            look(page, *rules)
        waiting += [each for each in links(page) if not NOT_PAGES.search(each)]
    context.close()
    assert len(seen) > 2, seen
