"""Campaigns from the rectorat's console: previewed, added, extended, cancelled."""

from __future__ import annotations

import re

import pytest

from teleservices_core.domain.staff import Role
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, LYCEE, YEAR, an_establishment
from teleservices_core.testing.world import PASSWORD, World

ADD = (
    "/academie/campagnes?acte=ajouter&module=notes&titre=Premier+tour"
    "&ouvre=2026-11-27T14:30&ferme={}&uai={}"
)


@pytest.fixture
def rectorat(services):
    """The académie's staff, signed in; two establishments."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    browser = Browser(services)
    browser.sign_in(world.staff(Role.ACADEMY_ADMIN).login_name, PASSWORD)
    return browser


def text(page):
    """The words of a page, with plain spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text.replace("\u00a0", " ")))


def rounds(services):
    """What is recorded."""
    with services.site.database.reading() as tx:
        return tx.policy.whole(YEAR).rounds("notes", YEAR)


def added(rectorat):
    """A round of three days, and the address of its page."""
    rectorat.get(ADD.format("2026-11-30T23:59", ""))
    page = rectorat.submit("/academie/campagnes", acte="ajouter")
    return re.search(r'href="(/academie/campagnes/[0-9a-f-]{36})"', page.text).group(1)


def test_a_round_is_previewed_then_added(services, rectorat):
    """What families will read before, during and after; nothing is written before confirming."""
    page = text(rectorat.get(ADD.format("2026-11-30T23:59", "")))
    assert "du vendredi 27 novembre 2026 à 14 h 30 au lundi 30 novembre 2026 à 23 h 59" in page
    assert "Ouvre le vendredi 27 novembre 2026 à 14 h 30" in page
    assert "Ouvert jusqu’au lundi 30 novembre 2026 à 23 h 59" in page
    assert "il ne sera plus ouvert que pendant ses tours" in page
    assert rounds(services) == ()
    page = text(rectorat.submit("/academie/campagnes", acte="ajouter"))
    assert "Le tour est ajouté." in page
    assert "À venir" in page
    assert len(rounds(services)) == 1
    page = text(rectorat.get("/academie/journal?module=notes"))
    assert "Tour « Premier tour » de « Notes » ajouté, du vendredi 27 novembre 2026" in page


@pytest.mark.parametrize(
    ("closes", "uai", "said"),
    [
        ("2026-11-27T14:29", "", "se termine avant de commencer"),
        ("2027-03-28T02:30", "", "Cette heure n’existe pas"),
        ("", "", "Indiquez un jour et une heure"),
        ("demain", "", "Indiquez un jour et une heure"),
        ("2026-11-30T23:59", "introuvable", "Aucun établissement"),
    ],
)
def test_nonsense_is_refused_by_field(services, rectorat, closes, uai, said):
    """Each mistake is named, and what was typed stays."""
    page = rectorat.get(ADD.format(closes, uai))
    assert page.status_code == 422
    assert said in text(page)
    assert "2026-11-27T14:30" in page.text
    assert rounds(services) == ()


def test_an_hour_that_comes_back(rectorat):
    """On the night of the change, which of the two is meant is said."""
    page = text(rectorat.get(ADD.format("2027-10-31T02:30", "")))
    assert "l’heure choisie existe deux fois" in page
    assert "plus de 200 jours" in page


def test_extended_for_one_establishment(services, rectorat):
    """Named by its words; the others are not concerned."""
    path = added(rectorat)
    page = text(rectorat.get(f"{path}?acte=prolonger&ferme=2026-12-04T12:00&uai=quatre-vents"))
    assert "jusqu’au vendredi 4 décembre 2026 à 12 h 00" in page
    page = text(rectorat.submit(path, acte="prolonger"))
    assert "Le tour est prolongé." in page
    assert [each.uai for each in rounds(services)] == [None, LYCEE]
    assert rectorat.get(f"{path}?acte=prolonger&ferme=2026-11-29T12:00").status_code == 422


def test_changed_by_somebody_else(services, rectorat):
    """The second to confirm is told; nothing is overwritten."""
    path = added(rectorat)
    rectorat.get(f"{path}?acte=prolonger&ferme=2026-12-04T12:00")
    form = rectorat.page
    rectorat.get(f"{path}?acte=prolonger&ferme=2026-12-05T12:00")
    rectorat.submit(path, acte="prolonger")
    kept = rounds(services)
    rectorat.page = form
    page = text(rectorat.submit(path, acte="prolonger"))
    assert "Choisissez une fin plus tardive" in page
    assert rounds(services) == kept


def test_cancelled(services, rectorat):
    """Asked to confirm, then gone; its page is no longer there."""
    path = added(rectorat)
    page = rectorat.get(f"{path}?acte=annuler")
    assert "Confirmer l’annulation" in text(page)
    assert "Les prolongations accordées" in text(page)
    page = text(rectorat.submit(path, acte="annuler"))
    assert "Le tour est annulé." in page
    assert "Aucun tour pour 2026-2027" in page
    assert rounds(services) == ()
    assert rectorat.get(path).status_code == 404
    assert rectorat.get(f"/academie/etablissements/{COLLEGE}").status_code == 200
