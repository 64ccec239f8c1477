"""What a family sees: each child in an establishment, through a link."""

from __future__ import annotations

from attrs import frozen

from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.roster import Responsibility, Schooling, Student


@frozen
class Child:
    """A student in one establishment, as one account may know of him.

    ``link`` is the guardian's link, None when the student himself looks.
    """

    student: Student
    schooling: Schooling
    establishment: Establishment
    link: Responsibility | None = None
