"""« Rapprochements »: two persons who may be one, and what somebody answered."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from teleservices_core.domain.accounts import Account, AccountState
from teleservices_core.domain.likeness import Comparison, Identity, Trait
from teleservices_core.domain.localtime import SchoolYear, instant, optional_instant
from teleservices_core.domain.roster import Adult, Student, StudentDetails
from teleservices_core.domain.values import Uai


class MatchKind(StrEnum):
    """Who the two are."""

    STUDENT = "student"
    ADULT = "adult"


class MatchState(StrEnum):
    """What is known of them."""

    OPEN = "open"
    """Nobody has answered: they are two."""
    SAME = "same"
    DIFFERENT = "different"


@frozen
class Match:
    """Two persons of the site who may be one.

    Keys grow with time, so the older is the one known longest, who stays when
    they are the same. Each pair is asked about once.
    """

    id: UUID
    kind: MatchKind
    uai: Uai
    """The establishment whose import raised the question, and which answers."""
    older_id: UUID
    newer_id: UUID
    agreeing: tuple[Trait, ...]
    differing: tuple[Trait, ...]
    asked_at: datetime = field(converter=instant)
    other_uai: Uai | None = None
    """Where the other one is known, when it is not there: the académie answers then."""
    identities: tuple[Identity, ...] = ()
    """Who each student was when it was asked: later imports know both by these."""
    state: MatchState = MatchState.OPEN
    postponed_at: datetime | None = field(default=None, converter=optional_instant)
    answered_at: datetime | None = field(default=None, converter=optional_instant)
    answered_by: str = ""
    version: int = 0

    def __attrs_post_init__(self) -> None:
        if not self.older_id < self.newer_id:
            raise ValueError("the older of two persons comes first")

    @property
    def is_open(self) -> bool:
        """Whether somebody must still answer."""
        return self.state is MatchState.OPEN


@frozen
class Whereabouts:
    """Where a student is, or was: the latest schooling in an establishment."""

    uai: Uai
    school: str
    school_year: SchoolYear | None = None
    class_group: str = ""


@frozen
class PersonSeen:
    """One of the two, as who answers sees them side by side."""

    person: Student | Adult
    details: StudentDetails | None = None
    places: tuple[Whereabouts, ...] = ()
    """Of a student, the latest first."""
    relatives: tuple[str, ...] = ()
    """The adults of a student, or the students of an adult, by name; links in force only."""
    login_name: str = ""
    account_state: AccountState | None = None
    """None without an account."""


def ask(
    id_: UUID,
    kind: MatchKind,
    uai: Uai,
    persons: tuple[UUID, UUID],
    comparison: Comparison,
    at: datetime,
    *,
    other_uai: Uai | None = None,
    identities: tuple[Identity, ...] = (),
) -> Match:
    """A new question about two persons, in any order."""
    older, newer = sorted(persons)
    return Match(
        id=id_,
        kind=kind,
        uai=uai,
        older_id=older,
        newer_id=newer,
        agreeing=comparison.agreeing,
        differing=comparison.differing,
        asked_at=at,
        other_uai=other_uai,
        identities=identities,
    )


_USE = (
    AccountState.ACTIVE,
    AccountState.LOCKED,
    AccountState.CLAIMED,
    AccountState.ISSUED,
    AccountState.NEW,
    AccountState.CLOSED,
)
"""The more an account is in use, the sooner it is."""


def kept_account(one: Account, other: Account) -> tuple[Account, Account]:
    """Which of two accounts of one person is kept, and which gives its persons to it.

    The one furthest in its life; of two alike the last used, then the older.
    """

    def rank(account: Account) -> tuple[int, float, UUID]:
        used = account.last_used_at.timestamp() if account.last_used_at else 0.0
        return _USE.index(account.state), -used, account.id

    kept, given = sorted((one, other), key=rank)
    return kept, given
