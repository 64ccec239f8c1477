"""Families and schools in memory, for tests and experiments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from attrs import evolve

from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.testing.synth.families import FamilyMaker
from teleservices_core.testing.synth.family import settle
from teleservices_core.testing.synth.model import SynthHousehold, SynthSchool
from teleservices_core.testing.synth.numbering import Serials, rng
from teleservices_core.testing.synth.people import PeopleMaker
from teleservices_core.testing.synth.plan import Plot, plan
from teleservices_core.testing.synth.seats import Room
from teleservices_core.testing.synth.students import StudentMaker

_USUAL_YEAR: Final = SchoolYear(2026)


def export_time(year: SchoolYear) -> datetime:
    """When a school year's files are said to be exported: an evening of November."""
    return datetime(year.start, 11, 10, 18, 2, 46, tzinfo=ZoneInfo("Europe/Paris"))


def households(
    seed: int,
    *,
    kind: EstablishmentKind = EstablishmentKind.COLLEGE,
    year: SchoolYear = _USUAL_YEAR,
) -> Iterator[SynthHousehold]:
    """Households of one establishment without end, the same for a seed."""
    serials = Serials(seed)
    draw = rng(seed, "households", kind.value)
    maker = FamilyMaker(
        PeopleMaker(draw, serials, "021"), StudentMaker(draw, serials, year, export_time(year))
    )
    while True:
        room = Room(_plot(450, kind))
        while room.left:
            yield from settle(maker.family([room]), serials).values()


def synth_school(
    seed: int,
    *,
    pupils: int = 30,
    kind: EstablishmentKind = EstablishmentKind.COLLEGE,
    year: SchoolYear = _USUAL_YEAR,
) -> SynthSchool:
    """A school of a given size, valid, without the personas."""
    serials = Serials(seed)
    draw = rng(seed, "school", kind.value)
    maker = FamilyMaker(
        PeopleMaker(draw, serials, "021"), StudentMaker(draw, serials, year, export_time(year))
    )
    room = Room(_plot(pupils, kind))
    settled: list[SynthHousehold] = []
    while room.left:
        settled += settle(maker.family([room]), serials).values()
    return SynthSchool(room.plot.establishment, year, export_time(year), tuple(settled))


def _plot(places: int, kind: EstablishmentKind) -> Plot:
    plot = plan(places, 1)[0][0]
    return evolve(plot, establishment=evolve(plot.establishment, kind=kind))
