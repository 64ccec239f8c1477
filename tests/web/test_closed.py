"""A module that is closed to a family: its page explains, and says when it opens."""

from __future__ import annotations

import types
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.contributions import Access, Route
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import Window
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.policy import Campaign, Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.hookspecs import HOOK_API, hookimpl
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    YEAR,
    a_link,
    a_module,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.opening import set_opening
from teleservices_core.web.responses import Page

PARIS = ZoneInfo("Europe/Paris")
OPENS, CLOSES = datetime(2026, 11, 27, 14, 30), datetime(2026, 11, 30, 23, 59)


def enrolment():
    """A plugin whose module is open to all, during campaigns."""
    plugin = types.ModuleType("enrolment")
    plugin.HOOK_API = HOOK_API

    @hookimpl
    def teleservices_modules():
        return [
            a_module(
                "enrolment",
                title="Inscription",
                opening_mode=OpeningMode.AUTOMATIC,
                has_campaign=True,
            )
        ]

    @hookimpl
    def teleservices_routes():
        def show(_context, student_id):
            return Page("accessibility.html")

        rule = "/eleves/<uuid:student_id>/inscription"
        return [Route("enrolment.child", rule, show, Access.CHILD, module_id="enrolment")]

    plugin.teleservices_modules = teleservices_modules
    plugin.teleservices_routes = teleservices_routes
    return plugin


@pytest.fixture
def visit(services: Teleservices):
    """A signed-in guardian, and the address of the child's enrolment."""
    services = Teleservices(
        services.settings,
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
        plugins={"enrolment": enrolment()},
    )
    world = World(services)
    world.establishment()
    child = a_student()
    world.student(child, a_schooling(child.id))
    mother = an_adult()
    world.adult(mother, a_link(child.id, mother.id))
    account = world.account(mother, Audience.GUARDIAN)
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    return services, browser, f"/eleves/{child.id}/inscription"


def a_round(services):
    """The campaign of the tests."""
    campaign = Campaign("enrolment", YEAR, Window.local(OPENS, CLOSES, PARIS), id=uuid7())
    with services.site.database.writing() as tx:
        tx.policy.add_campaign(campaign)


@pytest.mark.faq("F71")
def test_a_campaign_before_during_and_after(visit, clock):
    """The page and the tile say when it opens, until when it is open, then that it is over."""
    services, browser, path = visit
    page = browser.get(path)
    assert page.status_code == 403
    assert "ne sont pas encore connues" in page.text
    a_round(services)
    clock.set(OPENS.replace(tzinfo=PARIS) - timedelta(seconds=1))
    browser.sign_in("anne.martin", PASSWORD)
    assert "Bientôt" in browser.get("/").text
    page = browser.get(path)
    assert page.status_code == 403
    assert "ouvre le vendredi 27 novembre 2026 à 14\u00a0h\u00a030" in page.text
    assert "Revenez à partir de cette date" in page.text
    assert 'href="tel:0353010001"' in page.text
    clock.advance(seconds=1)
    assert browser.get(path).status_code == 200
    assert "Ouvert jusqu’au lundi 30 novembre 2026 à 23\u00a0h\u00a059" in browser.get("/").text
    clock.set(CLOSES.replace(tzinfo=PARIS) + timedelta(seconds=59))
    browser.sign_in("anne.martin", PASSWORD)
    assert browser.get(path).status_code == 200
    clock.advance(seconds=1)
    page = browser.get(path)
    assert page.status_code == 403
    assert "est terminée" in page.text
    assert "L’établissement vous dira comment faire" in page.text


def test_a_plugin_that_is_gone(services, clock):
    """What a school had opened is said to be suspended, and its data kept; other pages stand."""
    world = World(services)
    world.establishment()
    child = a_student()
    world.student(child, a_schooling(child.id))
    mother = an_adult()
    world.adult(mother, a_link(child.id, mother.id))
    account = world.account(mother, Audience.GUARDIAN)
    school = Scope.establishment(COLLEGE)
    set_opening(services.site, None, school, "notes", Audience.GUARDIAN, Stance.OPEN)
    without = Teleservices(
        evolve(services.settings, disabled_plugins=("notes",)),
        engine=services.engine,
        clock=clock,
        hasher=services.site.hasher,
    )
    browser = Browser(without)
    page = browser.sign_in(account.login_name, PASSWORD).text
    assert "Téléservice suspendu" in page
    assert "Les données sont conservées" in page
    assert browser.client.get(f"/eleves/{child.id}/notes/").status_code == 404
    with services.site.database.writing() as tx:
        (opening,) = tx.policy.policy([COLLEGE], YEAR).openings
        tx.policy.record(evolve(opening, stance=Stance.CLOSED), before=Stance.OPEN)
    assert "suspendu" not in browser.get("/").text
