"""Personas: people worth becoming in the demo, each with what he or she shows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from attrs import asdict, define, evolve, field, frozen

from teleservices_core.domain.credentials import fold
from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.roster import Sex
from teleservices_core.domain.staff import Role
from teleservices_core.testing.synth.family import Enrolled, Family, Figure, Spelling, settle
from teleservices_core.testing.synth.model import SynthHousehold
from teleservices_core.testing.synth.numbering import Serials
from teleservices_core.testing.synth.offices import SynthStaff
from teleservices_core.testing.synth.seats import Room, Seat
from teleservices_core.testing.synth.students import StudentMaker

PERSONAS_FILE: Final = "personas.json"

PersonaKind = Literal[
    "guardian", "student", "head", "school_office", "teacher", "academy_admin", "hotline"
]


@frozen
class Record:
    """Where an establishment's files have a person."""

    uai: str
    source_id: str
    """ELEVE_ID of a student, PERSONNE_ID of an adult, e-mail of staff."""


@frozen
class Persona:
    """Somebody of the demo."""

    key: str
    kind: PersonaKind
    uai: str
    """Empty for those of the académie."""
    source_id: str
    name: str
    shows: str
    """One French sentence."""
    also: tuple[Record, ...] = ()
    """The same person in other establishments."""


@frozen
class Part:
    """A persona to cast: a figure of the family, or a child by rank."""

    key: str
    who: Figure | int
    shows: str
    also: tuple[int, ...] = ()
    """Ranks of other ELEVE records of the same child."""


@frozen
class Scene:
    """A family written by hand and the personas in it."""

    family: Family
    parts: tuple[Part, ...]
    spelling: Spelling = lambda figure, _school: figure


class NoRoomError(Exception):
    """The academy lacks the establishment or the place that a scene needs."""


@define
class Stage:
    """Seats the children of scenes in the first sector's establishments."""

    rooms: Sequence[Room]
    students: StudentMaker
    _seated: list[tuple[Room, Seat]] = field(init=False, factory=list)

    def child(
        self,
        place: tuple[EstablishmentKind, int],
        mef: str,
        last_name: str,
        first_name: str,
        sex: Sex,
    ) -> Enrolled:
        """A child in the n-th establishment (from 0) of a kind."""
        kind, nth = place
        rooms = [room for room in self.rooms if room.plot.establishment.kind is kind]
        if nth >= len(rooms):
            raise NoRoomError(kind)
        seat = rooms[nth].seat(self.students.rng, mef=mef)
        if seat is None:
            raise NoRoomError(mef)
        self._seated.append((rooms[nth], seat))
        student = self.students.make(
            seat,
            last_name,
            odd=False,
            first_name=first_name,
            sex=sex,
            born_on=self.students.birth_date(seat.grade.age),
        )
        # Reachable only where the scene says so.
        return seat.establishment, evolve(student, other_first_names=(), email="", mobile="")

    def try_scene(self, scene: Callable[[Stage], Scene]) -> Scene | None:
        """Play a scene, or leave everything as it was when it lacks room."""
        self._seated.clear()
        try:
            return scene(self)
        except NoRoomError:
            for room, seat in self._seated:
                room.give_back(seat)
            return None


def cast(scene: Scene, serials: Serials) -> tuple[dict[str, SynthHousehold], list[Persona]]:
    """What the establishments record of a scene, and its personas."""
    households = settle(scene.family, serials, scene.spelling)
    return households, [_persona(part, scene.family, households) for part in scene.parts]


def staff_personas(members: Iterable[SynthStaff]) -> Iterator[Persona]:
    """The members of staff worth becoming; the second establishment is a lycée."""
    met: Counter[Role] = Counter()
    for one in members:
        shows = _STAFF_SHOWS.get((one.role, met[one.role]))
        met[one.role] += 1
        if shows is None:
            continue
        key, kind, sentence = shows
        uai = one.uai.code if one.uai else ""
        yield Persona(key, kind, uai, one.email, f"{one.first_name} {one.last_name}", sentence)


def write_personas(path: Path, personas: Iterable[Persona]) -> None:
    """Write the personas as a JSON list."""
    listed = [asdict(persona) for persona in personas]
    path.write_text(json.dumps(listed, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _persona(part: Part, family: Family, households: dict[str, SynthHousehold]) -> Persona:
    kind: PersonaKind
    if isinstance(part.who, int):
        records = [
            Record(establishment.uai.code, str(student.id))
            for establishment, student in (family.children[at] for at in (part.who, *part.also))
        ]
        student = family.children[part.who][1]
        name, kind = f"{student.first_name} {student.last_name}", "student"
    else:
        wanted = fold(part.who.first_name + part.who.last_name)
        records = [
            Record(uai, str(adult.id))
            for uai, household in households.items()
            for adult in household.adults
            if fold(adult.first_name + adult.last_name) == wanted
        ]
        name, kind = f"{part.who.first_name} {part.who.last_name}".strip(), "guardian"
    first, *others = records
    return Persona(part.key, kind, first.uai, first.source_id, name, part.shows, tuple(others))


_STAFF_SHOWS: Final[dict[tuple[Role, int], tuple[str, PersonaKind, str]]] = {
    (Role.HEAD, 0): (
        "chef_college",
        "head",
        "Direction du premier collège : ouvre et ferme les modules.",
    ),
    (Role.HEAD, 1): (
        "chef_lycee",
        "head",
        "Direction du lycée : « Notes » y est encore fermé.",
    ),
    (Role.SCHOOL_OFFICE, 0): (
        "secretariat_college",
        "school_office",
        "Secrétariat du premier collège : édite les notifications, sans ouvrir de module.",
    ),
    (Role.TEACHER, 0): (
        "enseignant_college",
        "teacher",
        "Enseignement au premier collège : ses classes, ses évaluations, la saisie des notes.",
    ),
    (Role.ACADEMY_ADMIN, 0): (
        "admin_academie",
        "academy_admin",
        "Administration de l’académie : état des modules, établissements, journal.",
    ),
    (Role.HOTLINE, 0): (
        "assistance",
        "hotline",
        "Assistance téléphonique : trouve un compte, dit quoi répondre, voit comme la famille.",
    ),
}
"""By role and rank among its holders."""
