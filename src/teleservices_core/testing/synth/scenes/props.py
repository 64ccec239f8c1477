"""What scenes are made of: places, homes and parents with numbers of their own."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve

from teleservices_core.domain.establishments import EstablishmentKind, PostalAddress
from teleservices_core.domain.roster import Kinship
from teleservices_core.testing.synth.family import Enrolled, Figure, Home

COLLEGE: Final = (EstablishmentKind.COLLEGE, 0)
OTHER_COLLEGE: Final = (EstablishmentKind.COLLEGE, 1)
LYCEE: Final = (EstablishmentKind.LYCEE, 0)
LYCEE_PRO: Final = (EstablishmentKind.LYCEE_PRO, 0)

SIXIEME: Final = "10010012110"
CINQUIEME: Final = "10110001110"
QUATRIEME: Final = "10210001110"
TROISIEME: Final = "10310019110"
SECONDE: Final = "20010019110"
PREMIERE: Final = "20110019110"
TERMINALE: Final = "20210019110"
CAP: Final = "24122129210"
TERMINALE_PRO: Final = "24722004330"


def home(line: str, rank: int = 0, town: str = "Chantevigne") -> Home:
    """A home in an invented commune of Côte-d'Or."""
    return Home(PostalAddress((line,), f"2199{rank}", town), f"2199{rank}")


def mother(last_name: str, first_name: str, at: Home, number: int) -> Figure:
    """A mother who lodges the children and is called first; ``number`` is her mobile's."""
    return Figure(
        last_name,
        first_name,
        "MME",
        kinship=Kinship.MOTHER,
        home=at,
        lodges=True,
        mobile=f"063998{number:04d}",
        contact_first=True,
        pays_fees=True,
        accepts_sms=True,
    )


def father(last_name: str, first_name: str, at: Home, number: int) -> Figure:
    """A father; his number is written the international way."""
    return Figure(
        last_name,
        first_name,
        "M.",
        kinship=Kinship.FATHER,
        home=at,
        mobile=f"+3363998{number:04d}",
    )


def but(enrolled: Enrolled, **changes: Any) -> Enrolled:
    """The same enrolled student with some fields changed."""
    establishment, student = enrolled
    return establishment, evolve(student, **changes)
