"""etablissements.csv and personnels.csv: the establishments and who works there."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Final

from attrs import frozen

from teleservices_core.domain.credentials import fold
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Uai
from teleservices_core.testing.synth.words import FATHERS, MOTHERS, SURNAMES

ESTABLISHMENTS_FILE: Final = "etablissements.csv"
STAFF_FILE: Final = "personnels.csv"
ESTABLISHMENTS_HEADER: Final = (
    "uai",
    "nom",
    "type",
    "adresse1",
    "adresse2",
    "code_postal",
    "commune",
    "telephone",
    "courriel",
    "adhere",
)
STAFF_HEADER: Final = ("uai", "role", "civilite", "nom", "prenom", "courriel")
_SCHOOL_ROLES: Final = (Role.HEAD, Role.DEPUTY, Role.SCHOOL_OFFICE)
_TEACHERS: Final = 3
"""With an account, in each establishment."""
_ACADEMY_ROLES: Final = (Role.ACADEMY_ADMIN, Role.ACADEMY_ADMIN, Role.HOTLINE, Role.HOTLINE)


@frozen
class SynthStaff:
    """A row of personnels.csv."""

    uai: Uai | None
    """None for those of the académie."""
    role: Role
    title: str
    last_name: str
    first_name: str
    email: str

    @property
    def short_name(self) -> str:
        """As schools sign: « Mme R. Petit »."""
        return f"{self.title.capitalize()} {self.first_name[0]}. {self.last_name.title()}"


def staff(establishments: Iterable[Establishment], rng: Random) -> Iterator[SynthStaff]:
    """A head, a deputy, an office and teachers in each establishment; administrators, a hotline."""
    places = [one.uai for one in establishments]
    everyone: list[tuple[Uai | None, Role]] = [
        *((uai, role) for uai in places for role in _SCHOOL_ROLES),
        *((None, role) for role in _ACADEMY_ROLES),
        *((uai, Role.TEACHER) for uai in places for _rank in range(_TEACHERS)),
    ]
    for rank, (uai, role) in enumerate(everyone, start=1):
        woman = rng.random() < 0.5
        first_name, last_name = rng.choice(MOTHERS if woman else FATHERS), rng.choice(SURNAMES)
        yield SynthStaff(
            uai=uai,
            role=role,
            title="MME" if woman else "M.",
            last_name=last_name.upper(),
            first_name=first_name,
            email=f"{fold(first_name)}.{fold(last_name)}.{rank}@example.org",
        )


def write_establishments(path: Path, establishments: Iterable[Establishment]) -> None:
    """Write the list of establishments: UTF-8, semicolons, « oui » or « non »."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=";", lineterminator="\n")
        rows.writerow(ESTABLISHMENTS_HEADER)
        for one in establishments:
            first, second = (*one.address.lines, "", "")[:2]
            rows.writerow(
                (
                    one.uai,
                    one.name,
                    one.kind.value,
                    first,
                    second,
                    one.address.postal_code,
                    one.address.town,
                    one.phone,
                    one.email,
                    "oui" if one.takes_part else "non",
                )
            )


def write_staff(path: Path, members: Iterable[SynthStaff]) -> None:
    """Write the staff: UTF-8, semicolons, roles by their code."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=";", lineterminator="\n")
        rows.writerow(STAFF_HEADER)
        for one in members:
            rows.writerow(
                (one.uai or "", one.role.value, one.title, one.last_name, one.first_name, one.email)
            )
