"""A family before it is known to any school, and what each school makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve, frozen

from teleservices_core.domain.establishments import Establishment, PostalAddress
from teleservices_core.domain.roster import Kinship, Level
from teleservices_core.testing.synth.model import (
    FRANCE,
    SynthAddress,
    SynthAdult,
    SynthHousehold,
    SynthLink,
    SynthStudent,
)
from teleservices_core.testing.synth.numbering import Serials


@frozen
class Home:
    """A place where somebody lives."""

    postal: PostalAddress
    insee_code: str = ""
    country_code: str = FRANCE

    def address(self, serials: Serials) -> SynthAddress:
        """The home as one school records it."""
        return SynthAddress(serials.address(), self.postal, self.country_code, self.insee_code)


@frozen
class Figure:
    """An adult of a family, with what he or she is to its children."""

    last_name: str
    first_name: str = ""
    title: str = ""
    usage_name: str = ""
    kinship: Kinship = Kinship.OTHER
    level: Level = Level.LEGAL
    home: Home | None = None
    phone: str = ""
    mobile: str = ""
    work_phone: str = ""
    email: str = ""
    accepts_sms: bool = False
    shares_address: bool = False
    pays_fees: bool = False
    lodges: bool = False
    contact_first: bool = False
    occupation: str = "99"
    of: tuple[int, ...] | None = None
    """Ranks of the children concerned; None means all of them."""

    def concerns(self, rank: int) -> bool:
        """Whether the adult is linked to the child of that rank."""
        return self.of is None or rank in self.of


Enrolled = tuple[Establishment, SynthStudent]
"""A student and where he is."""


@frozen
class Family:
    """Children, each already seated in an establishment, and their adults."""

    children: tuple[Enrolled, ...]
    figures: tuple[Figure, ...]


Spelling = Callable[[Figure, int], Figure]
"""How the n-th school of a family (from 0) writes an adult down."""


def settle(
    family: Family, serials: Serials, spelling: Spelling = lambda figure, _school: figure
) -> dict[str, SynthHousehold]:
    """What each establishment records, by UAI, in the order of the children.

    Schools do not share persons: the same mother is one PERSONNE in each
    establishment, hence several credential letters for one guardian (F18).
    """
    ranks: dict[str, list[int]] = {}
    for rank, (establishment, _student) in enumerate(family.children):
        ranks.setdefault(establishment.uai.code, []).append(rank)
    return {
        uai: _household(
            [(rank, family.children[rank][1]) for rank in at_school],
            [spelling(figure, nth) for figure in family.figures] if nth else family.figures,
            serials,
        )
        for nth, (uai, at_school) in enumerate(ranks.items())
    }


def _household(
    students: Sequence[tuple[int, SynthStudent]], figures: Sequence[Figure], serials: Serials
) -> SynthHousehold:
    adults: list[SynthAdult] = []
    links: list[SynthLink] = []
    addresses: dict[Home, SynthAddress] = {}
    lodged: dict[int, SynthAddress] = {}
    for figure in figures:
        concerned = [student for rank, student in students if figure.concerns(rank)]
        if not concerned:
            continue
        if figure.home is not None and figure.home not in addresses:
            addresses[figure.home] = figure.home.address(serials)
        adult = _adult(figure, serials, addresses)
        adults.append(adult)
        links += [_link(figure, student, adult) for student in concerned]
        if figure.lodges and adult.address is not None:
            for student in concerned:
                lodged.setdefault(student.id, adult.address)
    return SynthHousehold(
        tuple(evolve(student, address=lodged.get(student.id)) for _rank, student in students),
        tuple(adults),
        tuple(links),
    )


def _adult(figure: Figure, serials: Serials, addresses: dict[Home, SynthAddress]) -> SynthAdult:
    return SynthAdult(
        id=serials.adult(),
        last_name=figure.last_name,
        first_name=figure.first_name,
        title=figure.title,
        usage_name=figure.usage_name,
        phone=figure.phone,
        mobile=figure.mobile,
        work_phone=figure.work_phone,
        accepts_sms=figure.accepts_sms,
        email=figure.email,
        shares_address=figure.shares_address,
        address=addresses[figure.home] if figure.home is not None else None,
        occupation=figure.occupation,
    )


def _link(figure: Figure, student: SynthStudent, adult: SynthAdult) -> SynthLink:
    return SynthLink(
        student_id=student.id,
        adult_id=adult.id,
        level=figure.level,
        kinship=figure.kinship,
        pays_fees=figure.pays_fees and figure.level is not Level.CONTACT,
        # Only a legal guardian receives the bursary (import schema 3.1, LEGAL).
        receives_aid=figure.pays_fees and figure.level is Level.LEGAL,
        lodges=figure.lodges,
        contact_first=figure.contact_first,
    )


def plainer(figure: Figure) -> Figure:
    """The same person written without hyphens, by another office."""
    return evolve(
        figure,
        last_name=figure.last_name.replace("-", " "),
        first_name=figure.first_name.replace("-", " "),
    )
