"""Wrong attachments: an adult is not, or is after all, the guardian of a student."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from attrs import evolve, field, frozen

from teleservices_core.domain.localtime import instant, optional_instant
from teleservices_core.domain.roster import Responsibility
from teleservices_core.domain.values import Uai


class ReportState(StrEnum):
    """What became of « Je ne suis pas le responsable de cet élève »."""

    OPEN = "open"
    """The school is asked; meanwhile the link gives no right."""
    WRONG = "wrong"
    """The school confirms: the link stays barred."""
    RIGHT = "right"
    """The school restored the link."""


@frozen
class LinkReport:
    """A guardian says that he is not one, for a student."""

    id: UUID
    account_id: UUID
    adult_id: UUID
    student_id: UUID
    uai: Uai
    """The establishment asked."""
    at: datetime = field(converter=instant)
    state: ReportState = ReportState.OPEN
    handled_at: datetime | None = field(default=None, converter=optional_instant)
    handled_by: str = ""


@frozen
class Pupil:
    """A student in an establishment, as its office's lists name one."""

    id: UUID
    name: str
    class_group: str


@frozen
class Attachment:
    """A link of one of an establishment's students, as its office sees it."""

    pupil: Pupil
    adult_name: str
    link: Responsibility
    reported_at: datetime | None = field(default=None, converter=optional_instant)
    """When the adult denied it, while the school has not answered."""


def barred(link: Responsibility, day: date) -> Responsibility:
    """The link, ended by a decision that no later file undoes."""
    until_on = min(day, link.until_on) if link.until_on else day
    return evolve(link, is_barred=True, until_on=until_on)


def restored(link: Responsibility) -> Responsibility:
    """The link in force again, until a file ends it."""
    return evolve(link, is_barred=False, until_on=None)
