"""The plugin of docs/how-to/write-a-plugin.md, written to a folder and run as it is printed."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    YEAR,
    a_link,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.opening import set_opening

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-plugin.md"


@pytest.fixture
def menus(tmp_path, monkeypatch):
    """The module of the guide, beside its template."""
    text = GUIDE.read_text(encoding="utf-8")
    for language in ("python", "jinja"):
        block = re.search(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1]
        file = tmp_path / re.search(r"teleservices_menus/[\w/.]+", block)[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield import_module("teleservices_menus.plugin")
    for name in ("teleservices_menus.plugin", "teleservices_menus"):
        del sys.modules[name]


def test_the_plugin_of_the_guide(services, clock, menus):
    """Closed until the head opens it, then it shows its page."""
    site = Teleservices(
        services.settings,
        engine=services.engine,
        clock=clock,
        hasher=services.site.hasher,
        plugins={"menus": menus},
        discover=False,
    )
    world, student, mother = World(site), a_student(), an_adult()
    world.establishment()
    world.student(student, a_schooling(student.id))
    world.adult(mother, a_link(student.id, mother.id))
    browser = Browser(site)
    browser.sign_in(world.account(mother, Audience.GUARDIAN).login_name, PASSWORD)
    path = f"/eleves/{student.id}/menus/"
    assert browser.get(path).status_code == 403
    school = Scope.establishment(COLLEGE)
    set_opening(site.site, None, school, "menus", Audience.GUARDIAN, Stance.OPEN, YEAR)
    assert path in browser.get("/").text
    page = browser.get(path)
    assert page.status_code == 200
    assert "Poisson, riz, yaourt" in page.text
