"""Drawing adults and the places where they live."""

from __future__ import annotations

from random import Random
from typing import Final

from attrs import evolve, frozen

from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.roster import Kinship, Level
from teleservices_core.testing.synth.family import Figure, Home, plainer
from teleservices_core.testing.synth.numbering import Serials, email, landline, mobile, written
from teleservices_core.testing.synth.words import FATHERS, MOTHERS, STREETS, SURNAMES, TOWNS

_OCCUPATIONS: Final = ("10", "21", "31", "34", "37", "42", "45", "46", "52", "54", "62", "67", "99")
_FOREIGN: Final = (
    ("131", "Belgique", "Tournai"),
    ("140", "Suisse", "Nyon"),
    ("350", "Maroc", "Fès"),
    ("139", "Portugal", "Aveiro"),
    ("401", "Canada", "Gatineau"),
)
"""INSEE code of the country, its name and a town."""


@frozen
class PeopleMaker:
    """Makes adults living in one département."""

    rng: Random
    serials: Serials
    departement: str
    """Three digits, as UAI numbers write it."""

    def person(
        self,
        kinship: Kinship,
        home: Home | None,
        *,
        lodges: bool = False,
        pays: bool = False,
        first: bool = False,
    ) -> Figure:
        """An adult of that kinship; some have no mobile, no e-mail or odd writings of them."""
        rng, rank = self.rng, self.serials.contact()
        draw = rng.random
        man = kinship is Kinship.FATHER or (kinship is not Kinship.MOTHER and draw() < 0.4)
        first_name, last_name = rng.choice(FATHERS if man else MOTHERS), rng.choice(SURNAMES)
        return Figure(
            last_name=last_name.upper(),
            first_name=first_name,
            title="M." if man else "MME",
            kinship=kinship,
            home=home,
            phone=written(landline(rank), rank) if draw() < 0.4 else "",
            mobile=written(mobile(rank), rank // 7) if draw() < 0.92 else "",
            work_phone=landline(rank + 5) if draw() < 0.15 else "",
            email=email(first_name, last_name, rank) if draw() < 0.87 else "",
            accepts_sms=draw() < 0.7,
            shares_address=draw() < 0.3,
            pays_fees=pays,
            lodges=lodges,
            contact_first=first,
            occupation=rng.choice(_OCCUPATIONS),
        )

    def home(self, *, abroad: bool = False) -> Home:
        """A home in an invented commune, or in a town abroad."""
        rng = self.rng
        number = int(rng.random() * 120) + 1
        if abroad:
            code, country, town = rng.choice(_FOREIGN)
            return Home(PostalAddress((f"{number} rue de France",), "", town, country), "", code)
        towns = TOWNS[self.departement]
        place = int(rng.random() * len(towns))
        lines: tuple[str, ...] = (f"{number} {rng.choice(STREETS)}",)
        if rng.random() < 0.2:
            lines = (f"Appartement {number % 40 + 1}", *lines)
        code = f"{self.departement[1:]}99{place}"
        return Home(PostalAddress(lines, code, towns[place]), code)

    def contacts(self) -> tuple[Figure, ...]:
        """A grandparent or neighbor to be called, for one family in five."""
        if self.rng.random() > 0.2:
            return ()
        kinship = self.rng.choice((Kinship.ASCENDANT, Kinship.RELATIVE, Kinship.OTHER))
        home = self.home() if self.rng.random() < 0.5 else None
        return (evolve(self.person(kinship, home), level=Level.CONTACT),)

    def service(self) -> Figure:
        """The child welfare service: a guardian with neither title nor first name."""
        rank = self.serials.contact()
        return Figure(
            last_name="AIDE SOCIALE À L'ENFANCE",
            kinship=Kinship.CHILD_WELFARE,
            home=self.home(),
            phone=landline(rank),
            email=f"ase.secteur{rank}@example.org",
            pays_fees=True,
        )

    def misspell(self, figure: Figure, _school: int) -> Figure:
        """What another office writes of the same person, otherwise once in four."""
        draw = self.rng.random() * 16
        if draw < 2:
            return plainer(figure)
        if draw < 3:
            return evolve(figure, email="")
        if draw < 4:
            return evolve(figure, mobile=mobile(self.serials.contact()))
        return figure
