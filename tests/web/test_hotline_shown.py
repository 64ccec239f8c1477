"""The help line is named wherever the FAQ sends people to it, with its hours, from the settings."""

from __future__ import annotations

import pytest
from attrs import evolve

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.settings import Hotline
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.recovery import ask_reset

PHONE, DIAL, HOURS = "01\u00a002\u00a003\u00a004\u00a005", "0102030405", "le matin seulement"


def with_hotline(services, phone):
    """The same site with another help line."""
    settings = evolve(services.settings, hotline=Hotline(phone, HOURS if phone else ""))
    return Teleservices(
        settings,
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
        mailer=services.mailer,
    )


def inside(page):
    """The page without its footer, which names the help line everywhere."""
    return page.text.partition("<footer")[0]


@pytest.mark.faq("F20")
def test_waiting_for_the_confirmation(services):
    """Look in the spam folder, send it again, then call."""
    services = with_hotline(services, "01 02 03 04 05")
    account = World(services).account(
        an_adult(),
        Audience.GUARDIAN,
        state=AccountState.CLAIMED,
        email=None,
        pending_email="anne@example.org",
    )
    browser = Browser(services)
    page = inside(browser.sign_in(account.login_name, PASSWORD))
    for shown in ("spam", "Renvoyer le message", PHONE, f"tel:{DIAL}", HOURS):
        assert shown in page


@pytest.mark.faq("F30")
@pytest.mark.parametrize("failed", [False, True])
def test_signing_in(services, failed):
    """What to check, then whom to call: before and after a failure."""
    services = with_hotline(services, "01 02 03 04 05")
    browser = Browser(services)
    browser.get("/connexion")
    if failed:
        browser.submit("/connexion", login_name="nobody", password="faux")
    page = inside(browser.page)
    for shown in ("que votre compte est activé", "votre identifiant", PHONE, f"tel:{DIAL}", HOURS):
        assert shown in page


@pytest.mark.faq("F20")
@pytest.mark.faq("F30")
@pytest.mark.parametrize("phone", ["01 02 03 04 05", ""])
def test_help_recovery_and_mails(services, phone):
    """Help, lost password and every mail; without a help line, the school's office instead."""
    services = with_hotline(services, phone)
    account = World(services).account(an_adult(), Audience.GUARDIAN)
    browser = Browser(services)
    answers = inside(browser.get("/aide"))
    wanted = f"appelez l’assistance au {PHONE} ({HOURS})" if phone else "appelez le secrétariat"
    assert answers.count(wanted) == 4
    browser.get("/mot-de-passe-oublie")
    page = inside(browser.submit("mot-de-passe-oublie", login_name=account.login_name))
    assert ("Toujours rien" in page) is bool(phone)
    assert (PHONE in page) is bool(phone)
    ask_reset(services.site, account.login_name, source="x")
    deliver(services.site, services.mailer)
    text = services.mailer.messages()[0].get_content()
    if phone:
        assert f"Besoin d’aide ? Appelez l’assistance au {PHONE} ({HOURS})." in text.replace(
            "\u00a0?", " ?"
        )
    else:
        assert "Appelez le secrétariat de l’établissement." in text
