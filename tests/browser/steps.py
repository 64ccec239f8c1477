"""What people do in several stories."""

from __future__ import annotations

_AXE = """async rules => {
  const asked = rules.length ? {runOnly: rules} : {};
  const found = await axe.run(document, {resultTypes: ["violations"], preload: false, ...asked});
  return found.violations.map(({id, help, nodes}) => [id, help, nodes.map(node => node.html)]);
}"""


def sign_in(page, login_name, secret):
    """Fill in the sign-in form."""
    page.goto("/connexion")
    page.get_by_label("Identifiant").fill(login_name)
    page.get_by_label("Mot de passe").fill(secret)
    page.get_by_role("button", name="Se connecter").click()


def fits(page):
    """Whether the page has no sideways scrolling, and no table runs over what stands beside it."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth
          && [...document.querySelectorAll("table")].every(
            each => each.offsetWidth <= each.parentElement.clientWidth + 1)"""
    )


def look(page, *rules):
    """Axe finds nothing, and nothing is wider than the screen, as the page is shown now.

    ``rules`` are all of axe's where none is named.
    Axe, half a megabyte of script, is handed to a page once, however often it is looked at.
    """
    from axe_playwright_python.base import AXE_SCRIPT

    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    flaws = page.evaluate(_AXE, rules)
    assert not flaws, (page.url, page.viewport_size, flaws)
    assert fits(page), (page.url, page.viewport_size)
