"""The shapes of families: who lives with whom, who answers for which child.

Weights are set for variety, not from statistics. Every shape is valid: one or
two legal guardians for each child, whatever the number of children.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import evolve, frozen

from teleservices_core.domain.roster import Kinship, Level
from teleservices_core.testing.synth.family import Figure
from teleservices_core.testing.synth.people import PeopleMaker
from teleservices_core.testing.synth.words import SURNAMES


@frozen
class Adults:
    """The adults of a family and the surnames its children bear, eldest first."""

    figures: tuple[Figure, ...]
    surnames: tuple[str, ...]

    def surname(self, rank: int) -> str:
        """Surname of a child; the last one holds for those that follow."""
        return self.surnames[min(rank, len(self.surnames) - 1)]


@frozen
class Shape:
    """A shape of family."""

    weight: int
    adults: Callable[[PeopleMaker, int], Adults]
    """Makes the adults for a number of children."""
    only_child: bool = False
    adult_child: bool = False
    """The child is of age and his own guardian."""


def together(people: PeopleMaker, _children: int) -> Adults:
    """Two parents under one roof; some share an e-mail address, some are two mothers."""
    home = people.home()
    kinship = Kinship.MOTHER if people.rng.random() < 0.03 else Kinship.FATHER
    father = people.person(kinship, home, lodges=True, pays=True)
    mother = people.person(Kinship.MOTHER, home, lodges=True, first=True)
    if people.rng.random() < 0.35:
        mother = evolve(mother, usage_name=father.last_name)
    if people.rng.random() < 0.07:
        mother = evolve(mother, email=father.email)
    return Adults((father, mother, *people.contacts()), (_of_both(people, father, mother),))


def apart(people: PeopleMaker, _children: int) -> Adults:
    """Two parents, two homes; neither is to see the other's."""
    far = people.rng.random() < 0.04
    father = people.person(Kinship.FATHER, people.home(abroad=far))
    mother = people.person(Kinship.MOTHER, people.home(), lodges=True, first=True, pays=True)
    return Adults((father, mother, *people.contacts()), (_of_both(people, father, mother),))


def alone(people: PeopleMaker, _children: int) -> Adults:
    """One parent."""
    mother = people.person(Kinship.MOTHER, people.home(), lodges=True, first=True, pays=True)
    return Adults((mother, *people.contacts()), (mother.last_name,))


def blended(people: PeopleMaker, children: int) -> Adults:
    """A mother, the father of the eldest, and her partner, father of the others.

    Neither father may see the other's child. With one child the partner is
    only in charge of it.
    """
    home = people.home()
    mother = people.person(Kinship.MOTHER, home, lodges=True, first=True, pays=True)
    first = evolve(people.person(Kinship.FATHER, people.home()), of=(0,))
    partner = people.person(Kinship.FATHER, home, lodges=True)
    if children > 1:
        partner = evolve(partner, of=tuple(range(1, children)))
    else:
        partner = evolve(partner, level=Level.IN_CHARGE, kinship=Kinship.OTHER)
    return Adults((mother, first, partner), (first.last_name, partner.last_name))


def in_care(people: PeopleMaker, _children: int) -> Adults:
    """A service as guardian, a foster carer in charge."""
    carer = people.person(Kinship.FOSTER_CARER, people.home(), lodges=True, first=True)
    return Adults((people.service(), evolve(carer, level=Level.IN_CHARGE)), (_any_name(people),))


def with_tutor(people: PeopleMaker, _children: int) -> Adults:
    """A tutor, of another name."""
    tutor = people.person(Kinship.TUTOR, people.home(), lodges=True, first=True, pays=True)
    return Adults((tutor,), (_any_name(people),))


def by_himself(people: PeopleMaker, _children: int) -> Adults:
    """A student of age, his own guardian (kinship 70); the child's name comes later."""
    himself = people.person(Kinship.SELF, people.home(), lodges=True, first=True, pays=True)
    return Adults((himself,), (himself.last_name,))


SHAPES: Final = (
    Shape(56, together),
    Shape(23, apart),
    Shape(9, alone),
    Shape(8, blended),
    Shape(1, in_care, only_child=True),
    Shape(1, with_tutor),
    Shape(2, by_himself, only_child=True, adult_child=True),
)


def _of_both(people: PeopleMaker, father: Figure, mother: Figure) -> str:
    draw = people.rng.random()
    if draw < 0.1:
        return f"{father.last_name}-{mother.last_name}"
    return mother.last_name if draw < 0.2 else father.last_name


def _any_name(people: PeopleMaker) -> str:
    return people.rng.choice(SURNAMES).upper()
