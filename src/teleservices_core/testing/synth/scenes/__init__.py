"""The families written by hand. Each scene is a situation that the product must get right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from teleservices_core.testing.synth.personas import Scene, Stage
from teleservices_core.testing.synth.scenes import guardians, students

SCENES: Final[tuple[Callable[[Stage], Scene], ...]] = (
    guardians.siblings,
    guardians.separated,
    students.of_age,
    students.soon_of_age,
    guardians.in_care,
    guardians.in_charge,
    guardians.shared_email,
    students.own_guardian,
    students.without_class,
    students.gone,
    students.written_with_accents,
    guardians.abroad,
    guardians.out_of_reach,
    guardians.blended,
)
"""In the order in which they take their seats; new ones go last, to leave the others' ids."""
