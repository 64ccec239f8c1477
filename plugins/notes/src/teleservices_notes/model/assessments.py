"""Subjects, and the work that a class is given and marked on."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from attrs import field, frozen, validators

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.errors import InvalidValueError
from teleservices_notes.model.figures import LEAST_SCALE, ZERO, check_hundredths
from teleservices_notes.model.publication import PublicationRule

LONGEST_DESCRIPTION: Final = 500
_ASSESSMENTS: Final = UUID("5c0e3d0e-3a55-5a0c-9d53-7d1b0c1f4a7e")
_SUBJECT_CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z _.-]{0,19}")


class Counting(StrEnum):
    """How a mark counts in its subject's average."""

    COMPULSORY = "compulsory"
    OPTIONAL = "optional"
    """Only where it raises the average (« facultative »)."""
    BONUS = "bonus"
    """The points above 10 out of 20, times the weight, come on top; the weight does not."""


@frozen(order=True)
class Subject:
    """A taught subject; its code stands in addresses."""

    code: str = field()
    label: str

    @code.validator
    def _validate(self, _attribute: object, code: str) -> None:
        if not _SUBJECT_CODE.fullmatch(code):
            raise InvalidValueError("subject code", code, "expected up to 20 letters or digits")


@frozen
class Assessment:
    """Work that a class was given, marked out of a scale."""

    id: UUID
    uai: Uai
    school_year: SchoolYear
    class_group: str
    subject: Subject
    title: str
    given_on: date
    teacher: str = ""
    out_of: Decimal = field(default=Decimal(20))
    """The scale: the mark that a perfect work gets."""
    weight: Decimal = field(default=Decimal(1))
    """Coefficient in the subject's average; 0 counts for nothing."""
    counting: Counting = Counting.COMPULSORY
    publish_on: date | None = None
    """The date of « à échéance »; None: not to be published in that mode."""
    description: str = field(default="", validator=validators.max_len(LONGEST_DESCRIPTION))
    """What the work was about, for families too."""
    competencies: tuple[str, ...] = ()
    """Codes of the competencies it assesses."""
    own_rules: tuple[PublicationRule, ...] = ()
    """Publication of this assessment alone: the school's choice, not the mark software's."""

    @out_of.validator
    def _validate_out_of(self, _attribute: object, out_of: Decimal) -> None:
        check_hundredths("scale", out_of, LEAST_SCALE)

    @weight.validator
    def _validate_weight(self, _attribute: object, weight: Decimal) -> None:
        check_hundredths("weight", weight, ZERO)

    @staticmethod
    def key(
        uai: Uai,
        school_year: SchoolYear,
        class_group: str,
        subject_code: str,
        title: str,
        given_on: date,
    ) -> UUID:
        """The identifier of an assessment known by what it is.

        Mark software exports no identifier: the same words on the same day, for
        the same class and subject, are the same assessment. Files may be imported
        again and again.
        """
        parts = (uai.code, str(school_year), class_group, subject_code, title, given_on.isoformat())
        return uuid5(_ASSESSMENTS, "\x1f".join(parts))
