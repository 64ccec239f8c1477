"""A whole synthetic académie on disk, the same bytes for the same arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Final

from attrs import define, field, frozen

from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.staff import Role
from teleservices_core.errors import InvalidValueError
from teleservices_core.testing.synth.dialects import Dialect
from teleservices_core.testing.synth.families import FamilyMaker
from teleservices_core.testing.synth.family import settle
from teleservices_core.testing.synth.faults import write_faults
from teleservices_core.testing.synth.marks import MarkBook
from teleservices_core.testing.synth.memory import export_time
from teleservices_core.testing.synth.model import SynthHousehold
from teleservices_core.testing.synth.numbering import Serials, rng
from teleservices_core.testing.synth.offices import (
    ESTABLISHMENTS_FILE,
    STAFF_FILE,
    SynthStaff,
    staff,
    write_establishments,
    write_staff,
)
from teleservices_core.testing.synth.people import PeopleMaker
from teleservices_core.testing.synth.personas import (
    PERSONAS_FILE,
    Persona,
    Stage,
    cast,
    staff_personas,
    write_personas,
)
from teleservices_core.testing.synth.plan import Plot, plan
from teleservices_core.testing.synth.scenes import SCENES
from teleservices_core.testing.synth.seats import Room
from teleservices_core.testing.synth.siecle import Header, SiecleWriter
from teleservices_core.testing.synth.students import StudentMaker

MARKS_FILE: Final = "notes.csv"
SERVICES_FILE: Final = "services.csv"
FAULTS_FOLDER: Final = "anomalies"
_PROGRESS_EVERY: Final = 500


@frozen
class AcademySummary:
    """What was written."""

    folder: Path
    establishments: tuple[Establishment, ...]
    students: int
    """ELEVE records; one who changed school has two."""
    adults: int
    """PERSONNE records; a guardian is one in each establishment."""
    links: int
    marks: int
    personas: tuple[Persona, ...]


def write_academy(
    out: Path,
    *,
    pupils: int,
    seed: int,
    year: SchoolYear,
    establishments: int | None = None,
    exported_at: datetime | None = None,
    dialect: Dialect = "2019",
    marks: bool = True,
    faults: bool = False,
    progress: Callable[[int], None] | None = None,
) -> AcademySummary:
    """Write an académie of ``pupils`` students under ``out``.

    Memory does not grow with the number of establishments: families are
    written as they are drawn, sector by sector. ``exported_at`` must be aware;
    the files show it in its own zone (by default an evening of November, in
    Paris). ``progress`` receives the number of students written so far.
    ``faults`` adds a folder of faulty exports, see :func:`write_faults`.

    Raises :exc:`InvalidValueError` for impossible numbers or a naive instant.
    """
    exported_at = exported_at or export_time(year)
    if exported_at.tzinfo is None:
        raise InvalidValueError("instant of export", exported_at, "it has no time zone")
    sectors = plan(pupils, establishments)
    known = tuple(plot.establishment for plots in sectors for plot in plots)
    out.mkdir(parents=True, exist_ok=True)
    members = tuple(staff(known, rng(seed, "staff")))
    write_establishments(out / ESTABLISHMENTS_FILE, known)
    write_staff(out / STAFF_FILE, members)

    tally = _Tally(progress)
    serials = Serials(seed)
    personas: list[Persona] = []
    for rank, plots in enumerate(sectors):
        sector = _Sector(
            out, plots, seed, rank, serials, year, exported_at, dialect, tally, members
        )
        personas += sector.write(scenes=rank == 0, marks=marks)
    if progress is not None and tally.students % _PROGRESS_EVERY:
        progress(tally.students)
    personas += staff_personas(members)
    write_personas(out / PERSONAS_FILE, personas)
    if faults:
        write_faults(out / FAULTS_FOLDER, seed=seed, year=year)
    return AcademySummary(
        out, known, tally.students, tally.adults, tally.links, tally.marks, tuple(personas)
    )


@define
class _Tally:
    progress: Callable[[int], None] | None
    students: int = 0
    adults: int = 0
    links: int = 0
    marks: int = 0

    def add(self, household: SynthHousehold) -> None:
        before = self.students // _PROGRESS_EVERY
        self.students += len(household.students)
        self.adults += len(household.adults)
        self.links += len(household.links)
        if self.progress is not None and self.students // _PROGRESS_EVERY != before:
            self.progress(self.students)


@define
class _Sector:
    """A few establishments that share their families, written together."""

    out: Path
    plots: list[Plot]
    seed: int
    rank: int
    serials: Serials
    year: SchoolYear
    exported_at: datetime
    dialect: Dialect
    tally: _Tally
    members: tuple[SynthStaff, ...]
    _writers: dict[str, SiecleWriter] = field(init=False, factory=dict)
    _books: dict[str, MarkBook] = field(init=False, factory=dict)

    def write(self, *, scenes: bool, marks: bool) -> list[Persona]:
        """Fill the establishments; gives the personas of the scenes played."""
        draw = rng(self.seed, "sector", self.rank)
        rooms = [Room(plot) for plot in self.plots]
        students = StudentMaker(draw, self.serials, self.year, self.exported_at)
        departement = self.plots[0].establishment.uai.departement
        people = PeopleMaker(draw, self.serials, departement)
        families = FamilyMaker(people, students)
        with ExitStack() as stack:
            self._open(stack, students, marks=marks)
            personas = self._play(Stage(rooms, students)) if scenes else []
            while any(room.left for room in rooms):
                family = families.family(rooms)
                self._add(settle(family, self.serials, people.misspell))
        for uai, book in self._books.items():
            self.tally.marks += book.write(self.out / uai / MARKS_FILE)
            book.write_services(self.out / uai / SERVICES_FILE)
        return personas

    def _open(self, stack: ExitStack, students: StudentMaker, *, marks: bool) -> None:
        for plot in self.plots:
            uai = plot.establishment.uai
            header = Header(uai, self.year, self.exported_at)
            writer = SiecleWriter(self.out / uai.code, header, self.dialect)
            self._writers[uai.code] = stack.enter_context(writer)
            if marks:
                draw = rng(self.seed, "marks", uai)
                teachers = tuple(
                    one for one in self.members if (one.uai, one.role) == (uai, Role.TEACHER)
                )
                self._books[uai.code] = MarkBook(
                    draw, self.exported_at, students.starts_on, teachers
                )

    def _play(self, stage: Stage) -> list[Persona]:
        personas: list[Persona] = []
        played = (stage.try_scene(scene) for scene in SCENES)
        for scene in filter(None, played):
            households, parts = cast(scene, self.serials)
            self._add(households)
            personas += parts
        return personas

    def _add(self, households: Mapping[str, SynthHousehold]) -> None:
        for uai, household in households.items():
            self._writers[uai].add(household)
            if self._books:
                self._books[uai].add(household)
            self.tally.add(household)
