"""A campaign that opens at 14:30 and ends while pages are open, on a phone."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from academy_demo.build import PASSWORD
from uuid6 import uuid7

from academy_demo import plugin
from teleservices_core.app import Teleservices
from teleservices_core.domain.localtime import Window
from teleservices_core.domain.policy import Campaign
from teleservices_core.testing.clock import FixedClock

from .conftest import a_server
from .steps import look, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def moment(demo):
    """The demonstration a day later, at 14:29:30: (address, site, clock)."""
    made, services = demo
    zone = services.settings.academie.zone
    day = services.site.academie.today(services.site.now()) + timedelta(days=1)
    opens = datetime.combine(day, time(14, 30), tzinfo=zone)
    clock = FixedClock(opens - timedelta(seconds=30))
    timed = Teleservices.from_file(made.settings, plugins={"demo": plugin}, clock=clock)
    with a_server() as server:
        server.app = timed
        yield f"http://127.0.0.1:{server.port}", timed, clock
    timed.engine.dispose()


@pytest.fixture
def window(moment):
    """A round of « Notes », from 14:30 to the last second of 14:39."""
    _address, timed, clock = moment
    opens = clock.now() + timedelta(seconds=30)
    window = Window(opens, opens + timedelta(minutes=10))
    campaign = Campaign("notes", timed.site.school_year(), window, id=uuid7())
    with timed.site.database.writing() as tx:
        tx.policy.add_campaign(campaign)
    yield window
    with timed.site.database.writing() as tx:
        tx.policy.remove_campaign(campaign)


@pytest.fixture
def tab(chromium, moment):
    """A page at phone width."""
    context = chromium.new_context(
        viewport={"width": 360, "height": 740}, base_url=moment[0], bypass_csp=True, locale="fr-FR"
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def text(page):
    """What the page says, with plain spaces."""
    return page.locator("main").inner_text().replace("\u00a0", " ")


@pytest.mark.faq("F03")
@pytest.mark.faq("F71")
def test_a_campaign_opens_and_ends_while_pages_are_open(demo, moment, window, tab):
    """Told when to come back, in to the second, told that it is over: never an error."""
    made, _services = demo
    _address, _timed, clock = moment
    # The mother of two separated parents, whose school has opened « Notes ».
    mother = next(each for each in made.personas() if each.key == "separes_mere")
    sign_in(tab, mother.login_name, PASSWORD)
    assert "Bientôt" in text(tab)
    assert "à 14 h 30" in text(tab)
    child, *_others = tab.request.get("/api/v1/moi").json()["children"]
    marks = f"/eleves/{child['id']}/notes/"
    tab.goto(marks)
    assert "La campagne ouvre" in text(tab)
    assert "à 14 h 30" in text(tab)
    assert "Revenez à partir de cette date" in text(tab)
    look(tab)
    public = tab.context.new_page()
    public.goto(child["establishment"]["href"])
    assert "Ouvre le" in text(public)
    look(public)

    clock.advance(seconds=29)
    tab.reload()
    assert "La campagne ouvre" in text(tab)
    clock.advance(seconds=1)
    tab.reload()
    assert "La campagne" not in text(tab)
    assert tab.get_by_role("heading", level=1).is_visible()
    public.reload()
    assert "à 14 h 39" in text(public), "open until the last minute, included"
    assert "Bientôt" not in text(public)

    clock.set(window.until_at - timedelta(seconds=1))
    tab.reload()
    assert "La campagne" not in text(tab)
    clock.advance(seconds=1)
    tab.locator(f"main a[href^='{marks}']").first.click()
    assert "La campagne s’est terminée" in text(tab)
    assert "Que faire maintenant ?" in text(tab)
    look(tab)


@pytest.mark.faq("F03")
def test_what_is_offered_on_a_phone(moment, tab):
    """From the sign-in page to a school's offer, without an account."""
    tab.goto("/connexion")
    tab.get_by_role("link", name="Les téléservices de chaque établissement").click()
    look(tab)
    tab.get_by_label("Nom, commune ou numéro").fill("COLLEGE trois riv")
    tab.get_by_role("button", name="Chercher").click()
    assert "1 établissement" in text(tab)
    tab.get_by_role("link", name="Collège des Trois-Rivières").click()
    assert "Ouvert en ce moment" in text(tab)
    assert "Secrétariat" in text(tab)
    assert tab.locator("main a[href^='tel:']").is_visible()
    look(tab)
    tab.get_by_role("link", name="Tous les établissements").click()
    tab.get_by_label("Nom, commune ou numéro").fill("rien de tel")
    tab.get_by_role("button", name="Chercher").click()
    assert "Aucun établissement trouvé" in text(tab)
    look(tab)
