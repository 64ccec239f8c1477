"""What the plugin keeps about a person: copied for him, erased in time."""

from __future__ import annotations

from teleservices_core.contributions import Erasure
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.testing.builders import YEAR
from teleservices_core.usecases.personal_data import data_of
from teleservices_fiche.plugin import KEEP_DAYS, teleservices_personal_data


def copy_of(family, who):
    """The section of a person's copy."""
    found = data_of(family.services.site, family.accounts[who].login_name)
    (section,) = (each for each in found.sections if each.data.id == "fiche.changes")
    return section.values


def test_the_copy_is_ones_own(family):
    """Changes with their answers, receipts, reports and drafts; nobody else's."""
    family.change("mother", phone_mobile="0639980007")
    family.change("father", phone_mobile="0639980008")
    browser = family.browser("mother", "signaler/student/last_name/")
    browser.submit("signaler", message="Il manque un tréma.")
    browser.get(family.path + "modifier/eleve/")
    browser.submit("modifier", email="camille@exa")
    found = copy_of(family, "mother")
    (change,) = found["changements demandés"]
    assert change["demandé"].replace("\u00a0", " ") == "06 39 98 00 07"
    assert change["état"] == "En attente de l’établissement"
    assert len(found["récépissés"]) == 1
    assert found["erreurs signalées"][0]["message"] == "Il manque un tréma."
    assert [each["texte"] for each in found["saisie non envoyée"]] == ["camille@exa"]


def test_erased_a_year_after_the_school_year(family):
    """The rule is declared; the rows go, and only those of years that are over."""
    (declared,) = teleservices_personal_data()
    assert declared.keep_days == KEEP_DAYS == 365
    assert declared.erase is not None
    family.change("mother", phone_mobile="0639980007")
    with family.services.site.database.writing() as tx:
        assert declared.erase(tx, Erasure(up_to=SchoolYear(YEAR.start - 1))) == 0
        assert declared.erase(tx, Erasure(up_to=YEAR)) == 2
    assert not family.sheet().made
