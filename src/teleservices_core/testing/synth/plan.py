"""Which establishments an academy of a given size has, and how many students each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from teleservices_core.domain.establishments import (
    Establishment,
    EstablishmentKind,
    PostalAddress,
)
from teleservices_core.domain.values import Uai
from teleservices_core.errors import InvalidValueError
from teleservices_core.testing.synth.words import SCHOOL_NAMES, STREETS, TOWNS, TRADE_NAMES

_PATTERN: Final = (
    EstablishmentKind.COLLEGE,
    EstablishmentKind.LYCEE,
    EstablishmentKind.COLLEGE,
    EstablishmentKind.LYCEE_PRO,
    EstablishmentKind.COLLEGE,
    EstablishmentKind.COLLEGE,
)
"""A sector: families have their children in its establishments only."""
_USUAL_SIZE: Final = {
    EstablishmentKind.COLLEGE: 450,
    EstablishmentKind.LYCEE: 800,
    EstablishmentKind.LYCEE_PRO: 350,
}
_SECTOR_SIZE: Final = sum(_USUAL_SIZE[kind] for kind in _PATTERN)
_FEWEST: Final = 4
_MOST: Final = 996 * len(TOWNS)
"""UAI numbers at hand: whole sectors in each département's 9xxx range."""


@frozen
class Plot:
    """An establishment to fill, and how many students it takes."""

    establishment: Establishment
    places: int


def plan(pupils: int, establishments: int | None = None) -> list[list[Plot]]:
    """Sectors of at most six establishments, holding exactly so many students.

    Four establishments (two collèges, a lycée, a lycée professionnel) up to
    about 2,000 students, then enough for their usual sizes. Raises
    :exc:`InvalidValueError` for numbers that cannot be.
    """
    if pupils < 1:
        raise InvalidValueError("number of pupils", pupils, "expected at least one")
    if establishments is None:
        establishments = max(_FEWEST, round(pupils * len(_PATTERN) / _SECTOR_SIZE))
    if not 1 <= establishments <= _MOST:
        raise InvalidValueError("number of establishments", establishments, f"1 to {_MOST}")
    kinds = [_PATTERN[rank % len(_PATTERN)] for rank in range(establishments)]
    places = shares(pupils, [_USUAL_SIZE[kind] for kind in kinds])
    plots = [
        Plot(_establishment(rank, kind), size)
        for rank, (kind, size) in enumerate(zip(kinds, places, strict=True))
    ]
    return [plots[at : at + len(_PATTERN)] for at in range(0, len(plots), len(_PATTERN))]


def shares(total: int, weights: Sequence[float]) -> list[int]:
    """Split a total in proportion, by largest remainders; the sum is exact."""
    exact = [total * weight / sum(weights) for weight in weights]
    whole = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda at: (whole[at] - exact[at], at))
    for at in by_remainder[: total - sum(whole)]:
        whole[at] += 1
    return whole


def _establishment(rank: int, kind: EstablishmentKind) -> Establishment:
    departements = tuple(TOWNS)
    sector, place = divmod(rank, len(_PATTERN))
    round_, departement = divmod(sector, len(departements))
    code = departements[departement]
    uai = Uai.from_digits(f"{code}9{round_ * len(_PATTERN) + place + 1:03d}")
    town = TOWNS[code][(round_ + place) % len(TOWNS[code])]
    return Establishment(
        uai=uai,
        name=_name(rank, kind),
        kind=kind,
        town=town,
        address=PostalAddress(
            (f"{1 + rank % 40} {STREETS[rank % len(STREETS)]}",), f"{code[1:]}990", town
        ),
        phone=f"035301{rank % 10_000:04d}",
        email=f"ce.{uai.code.lower()}@example.org",
        # One collège in six has not joined; the small academy has none such.
        takes_part=place != len(_PATTERN) - 1,
    )


def _name(rank: int, kind: EstablishmentKind) -> str:
    if kind is EstablishmentKind.LYCEE_PRO:
        return f"Lycée professionnel {TRADE_NAMES[rank // len(_PATTERN) % len(TRADE_NAMES)]}"
    noun = "Collège" if kind is EstablishmentKind.COLLEGE else "Lycée"
    return f"{noun} {SCHOOL_NAMES[rank % len(SCHOOL_NAMES)]}"
