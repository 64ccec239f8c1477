"""What people do in several stories."""

from __future__ import annotations


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
