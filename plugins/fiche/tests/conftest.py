"""A family with two homes, and the school that both parents write to."""

from __future__ import annotations

from typing import Any, Final

import pytest
from attrs import frozen

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.roster import Adult, Kinship, Level, Student, StudentDetails
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    YEAR,
    a_link,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.module_options import save_options
from teleservices_fiche.store import FicheStore
from teleservices_fiche.usecases.reading import Sheet, read_sheet

MOTHERS_HOME: Final = PostalAddress(("12 RUE DES LILAS",), "21000", "DIJON")
FATHERS_HOME: Final = PostalAddress(("8 CHEMIN DES MARQUEURS-B",), "21200", "BEAUNE")


@frozen
class Family:
    """A child of separated parents; a browser signed in for whoever is asked."""

    services: Teleservices
    clock: FixedClock
    world: World
    child: Student
    mother: Adult
    father: Adult
    carer: Adult
    accounts: dict[str, Account]

    @property
    def path(self) -> str:
        """The child's sheet."""
        return f"/eleves/{self.child.id}/fiche/"

    def browser(self, who: str = "mother", path: str = "") -> Browser:
        """A browser signed in, on a page of the sheet."""
        browser = Browser(self.services)
        browser.sign_in(self.accounts[who].login_name, PASSWORD)
        browser.get(self.path + path)
        return browser

    def sheet(self, who: str = "mother") -> Sheet:
        """What somebody reads."""
        site = self.services.site
        with site.database.reading() as tx:
            store = FicheStore(tx.connection)
            return read_sheet(site, tx, self.accounts[who], self.child.id, store)

    def let(self, **options: Any) -> None:
        """Set the school's options."""
        site = self.services.site
        save_options(site, None, COLLEGE, "fiche", YEAR, options, seen_version=0)

    def change(self, who: str = "mother", step: str = "vos-coordonnees", **typed: str) -> Browser:
        """Type a step and send what was typed; on the receipt."""
        browser = self.browser(who, f"modifier/{step}/")
        browser.submit("modifier", **typed)
        browser.get(self.path + "envoyer/")
        browser.submit("envoyer")
        assert "/recepisses/" in browser.page.request.path, browser.page.text
        return browser


@pytest.fixture
def family(services: Teleservices, clock: FixedClock) -> Family:
    """A mother, a father who lives elsewhere, a person in charge, and the child."""
    return a_family(services, clock)


def a_family(services: Teleservices, clock: FixedClock) -> Family:
    """The same, for tests that make their own site."""
    world = World(services)
    world.establishment()
    child = a_student()
    # As school bases often have it: the child's address and telephone are the father's.
    details = StudentDetails(address=FATHERS_HOME, mobile="0639980099", phone="0353019902")
    world.student(child, a_schooling(child.id), details)
    mother = an_adult(
        email="anne@example.org", mobile="0639980001", occupation="34", address=MOTHERS_HOME
    )
    father = an_adult(
        title="M.",
        first_name="Bruno",
        email="marqueur-b@example.org",
        mobile="0639980002",
        phone="0353019902",
        work_phone="0353019903",
        occupation="21",
        address=FATHERS_HOME,
    )
    carer = an_adult(first_name="Carole", last_name="DUVAL", mobile="0639980003")
    world.adult(mother, a_link(child.id, mother.id))
    world.adult(father, a_link(child.id, father.id, kinship=Kinship.FATHER))
    world.adult(carer, a_link(child.id, carer.id, level=Level.IN_CHARGE, kinship=Kinship.RELATIVE))
    accounts = {
        "mother": world.account(mother, Audience.GUARDIAN, email="anne@example.org"),
        "father": world.account(father, Audience.GUARDIAN, email="bruno@example.org"),
        "carer": world.account(carer, Audience.GUARDIAN, email=None),
        "student": world.account(child, Audience.STUDENT, email=None),
    }
    return Family(services, clock, world, child, mother, father, carer, accounts)
