"""What families do with the sheet: propose, confirm, report, begin and not finish."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import attrs
from attrs import Factory, frozen

from teleservices_core.domain.localtime import SchoolYear, instant, optional_instant
from teleservices_core.domain.values import Uai
from teleservices_core.errors import InvalidValueError
from teleservices_fiche.model.fields import Person
from teleservices_fiche.model.values import Value


class ProposalState(StrEnum):
    """Where a proposal is in its life."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    """In force here until the school base says the same."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """By who made it."""
    SUPERSEDED = "superseded"
    """By a later one."""
    RECONCILED = "reconciled"
    """The school base says the same: nothing more to carry."""


@frozen
class Maker:
    """Who proposes: an account, and the person of the roster it acts as."""

    account_id: UUID
    person: Person
    name: str


@frozen
class Proposal:
    """A change of one field that a family asks for."""

    id: UUID
    number: str
    """``7K4M9QXZ-1``: of the receipt it came with, and its rank there."""
    uai: Uai
    school_year: SchoolYear
    student_id: UUID
    """In whose sheet it was made."""
    person: Person
    field: str
    seen: Value
    """What the school base said when it was made."""
    proposed: Value
    catalogue_version: int
    maker: Maker
    made_at: datetime = attrs.field(converter=instant)
    state: ProposalState = ProposalState.WAITING
    decided_by: str = ""
    """A member of staff, by name; empty when nobody had to decide."""
    decided_at: datetime | None = attrs.field(default=None, converter=optional_instant)
    reason: str = ""
    """In words, for the family."""
    shown: Value = attrs.field()
    """What its maker read: ``seen``, or a change in force before it."""
    passed_straight: bool = False
    exported_at: datetime | None = attrs.field(default=None, converter=optional_instant)
    batch: int | None = None
    """Number of the delta that carried it to the school base."""
    version: int = 1

    @shown.default
    def _shown(self) -> Value:
        return self.seen

    @property
    def is_open(self) -> bool:
        """Whether it still says something that the school base does not."""
        return self.state in {ProposalState.WAITING, ProposalState.ACCEPTED}


@frozen
class Confirmation:
    """« Tout est exact », said by one person about one sheet, once a year."""

    student_id: UUID
    holder_id: UUID
    """The adult or the student who said it."""
    uai: Uai
    school_year: SchoolYear
    at: datetime = attrs.field(converter=instant)
    number: str = ""
    """Of the receipt."""
    digest: str = ""
    """Of what was read when it was said."""


MADE_UP: Final = timedelta(days=3)
"""A weekend, and the morning on which somebody notices."""


@frozen
class ConfirmationRound:
    """The days between which an establishment asks its families to confirm."""

    uai: Uai
    school_year: SchoolYear
    opens_on: date
    closes_on: date = attrs.field()
    """The last day."""
    reminders: tuple[int, ...] = ()
    """Days before the last one on which who has not confirmed gets a mail."""
    version: int = 1

    @closes_on.validator
    def _validate(self, _attribute: object, closes_on: date) -> None:
        if closes_on < self.opens_on:
            raise InvalidValueError("confirmation round", closes_on, "it ends before it begins")

    def __contains__(self, day: date) -> bool:
        return self.opens_on <= day <= self.closes_on

    def reminder_due(self, today: date) -> date | None:
        """The day whose reminder leaves today, if it has not: today's, or the last one missed.

        A breakdown of three days is made up for. Older ones are let go: dates that
        are set late, or moved, must not send at once what was planned for before.
        """
        if today not in self:
            return None
        planned = [self.closes_on - timedelta(days=days) for days in self.reminders]
        due = [day for day in planned if day in self and timedelta(0) <= today - day <= MADE_UP]
        return max(due, default=None)


@frozen
class Draft:
    """What somebody has typed and not sent, kept as it was typed, errors included."""

    account_id: UUID
    student_id: UUID
    school_year: SchoolYear
    typed: Mapping[str, str] = Factory(dict)
    """Text by control: ``guardian.phone_mobile``, ``student.address.line1``."""
    version: int = 0
    """0: nothing is kept yet."""
    saved_at: datetime | None = attrs.field(default=None, converter=optional_instant)

    def __bool__(self) -> bool:
        return bool(self.typed)


class ReceiptKind(StrEnum):
    """What a receipt is about."""

    PROPOSALS = "proposals"
    CONFIRMATION = "confirmation"


@frozen
class Receipt:
    """The trace that a family keeps: who holds number and digest can have it checked."""

    number: str
    digest: str
    """SHA-256 of what it says, in hexadecimal."""
    kind: ReceiptKind
    issued_at: datetime = attrs.field(converter=instant)
    account_id: UUID
    holder_id: UUID
    student_id: UUID
    uai: Uai
    school_year: SchoolYear


@frozen
class Report:
    """An error in what families cannot change here, told to the school."""

    id: UUID
    uai: Uai
    school_year: SchoolYear
    student_id: UUID
    person: Person
    field: str
    message: str
    maker: Maker
    made_at: datetime = attrs.field(converter=instant)
    closed_by: str = ""
    closed_at: datetime | None = attrs.field(default=None, converter=optional_instant)
    answer: str = ""
    version: int = 1
