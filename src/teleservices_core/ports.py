"""What the outside implements for the core: time, secrets, mail and storage.

Use cases depend on these protocols only. ``storage`` implements the database
side; a host may bring its own clock or mailer; the test kit has a fake of each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from email.message import EmailMessage
from typing import Any, Protocol
from uuid import UUID

from attrs import Factory, field, frozen

from teleservices_core.academy_ports import AdoptionStore, AuditStore
from teleservices_core.domain.accounts import (
    Account,
    Device,
    Session,
    SessionPurpose,
    Token,
)
from teleservices_core.domain.delegations import Delegation
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.families import Child
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Campaign, Opening, Policy, Stance
from teleservices_core.domain.roster import Adult, SchoolClass, Student
from teleservices_core.domain.school_pages import SchoolPage
from teleservices_core.domain.staff import Assignment, Role, StaffMember
from teleservices_core.domain.values import Uai
from teleservices_core.family_ports import AttachmentStore, GroupingStore
from teleservices_core.identity_ports import IdentityStore
from teleservices_core.incident_ports import CutOffStore, IncidentStore
from teleservices_core.office_ports import LetterStore, OfficeStore
from teleservices_core.upkeep_ports import LifecycleStore, OutboxStore


class Clock(Protocol):
    """Tells the time; the only source of "now"."""

    def now(self) -> datetime:
        """The present instant, aware."""
        ...


class Mailer(Protocol):
    """Sends one message, or raises; called by the worker, never by a page."""

    def send(self, message: EmailMessage) -> None:
        """Hand the message over. Raises :exc:`OSError` or SMTP errors on failure."""
        ...


class PasswordHasher(Protocol):
    """Slow, salted hashes of secrets that people type."""

    def hash_password(self, password: str) -> str:
        """Hash a chosen password."""
        ...

    def hash_letter(self, code: str) -> str:
        """Hash a letter's random code: cheaper, since 59 random bits are not guessed."""
        ...

    def check(
        self, secret: str, *, password_hash: str | None, letter_hashes: Sequence[str] = ()
    ) -> Check:
        """Compare with a password's hash and two letters' at most.

        The work is the same when some are missing. Called by
        :mod:`teleservices_core.usecases.throttling` only, which counts first.
        """
        ...


@frozen
class Check:
    """Which of an account's secrets a typed one matched."""

    password: bool
    letter: str | None
    """The letter's hash that the secret matched."""
    rehash: bool = False
    """The password matched, with parameters older than today's."""


@frozen
class Throttle:
    """Recent failures against one key, such as an account from one source."""

    failures: int = 0
    blocked_until: datetime | None = field(default=None)


class AccountStore(Protocol):
    """Accounts and the persons they hold."""

    def get(self, account_id: UUID) -> Account | None:
        """The account, or None."""
        ...

    def by_login(self, login_name: str) -> Account | None:
        """The account of a login name, compared without case."""
        ...

    def by_email(self, address: str) -> list[Account]:
        """Accounts with this confirmed address: parents may share one."""
        ...

    def add(self, account: Account) -> None:
        """Create an account and attach its holders."""
        ...

    def replace(self, before: Account, after: Account) -> Account:
        """Compare-and-set. Raises ConflictError if ``before`` is not the stored version."""
        ...

    def move_holders(self, person_ids: Collection[UUID], before: UUID, after: UUID) -> None:
        """Compare-and-set. Raises ConflictError unless account ``before`` holds all of them."""
        ...

    def taken_logins(self, stems: Iterable[str]) -> set[str]:
        """Login names in use that start with one of the stems."""
        ...

    def login_names(self, account_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """The identifiers of accounts."""
        ...

    def holders_of(self, person_ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        """Account of each person that has one."""
        ...


class SessionStore(Protocol):
    """Signed-in browsers."""

    def find(self, id_hash: str, at: datetime) -> tuple[Session, Account] | None:
        """The session not yet expired, with its account, in one statement."""
        ...

    def of_account(self, account_id: UUID, at: datetime) -> list[Session]:
        """The sessions of an account not yet expired, the latest used first."""
        ...

    def add(self, session: Session) -> None:
        """Store a new session."""
        ...

    def touch(self, id_hash: str, seen_at: datetime, expires_at: datetime) -> None:
        """Note that the session is in use."""
        ...

    def remove(self, id_hash: str) -> bool:
        """Close one session; False when it was closed already."""
        ...

    def remove_opened_by(self, identity_hash: str, *, account_id: UUID) -> int:
        """Close the sessions that an identity opened; returns how many."""
        ...

    def remove_all(
        self, account_id: UUID, *, but: str | None = None, purpose: SessionPurpose | None = None
    ) -> int:
        """Close an account's sessions, or those of a purpose; returns how many."""
        ...


class TokenStore(Protocol):
    """Mailed links."""

    def add(self, token: Token) -> None:
        """Store a token; earlier ones for the same account and purpose die."""
        ...

    def find(self, digest: str) -> Token | None:
        """The token of a digest."""
        ...

    def get(self, token_id: UUID) -> tuple[Token, int] | None:
        """A token, with the present epoch of its account."""
        ...

    def use(self, token_id: UUID, at: datetime) -> bool:
        """Compare-and-set: True for the one caller that uses it."""
        ...

    def latest(self, account_id: UUID, purpose: str) -> Token | None:
        """The newest token of a purpose, used or not."""
        ...


class ThrottleStore(Protocol):
    """Counters of failed attempts, shared by all processes."""

    def get(self, key: str) -> Throttle:
        """The counter of a key, zero when unknown."""
        ...

    def count(
        self, key: str, at: datetime, forget_before: datetime, account: Account | None = None
    ) -> int | None:
        """Count one attempt as a failure and return the new number, or None while the key waits.

        Atomic, and held until the end of the transaction: nobody slips between
        the count and the :meth:`block` that it leads to. What was last counted
        up to ``forget_before`` is forgotten.

        ``account`` lets the help line find the waits of an account, whose keys
        name no one.
        """
        ...

    def block(self, key: str, until: datetime) -> None:
        """Refuse the key until an instant."""
        ...

    def take_back(self, key: str) -> None:
        """Count one attempt less, which was no failure, and lift the wait it caused."""
        ...

    def clear(self, key: str) -> None:
        """Forget a key."""
        ...

    def longest_wait(self, account: Account, at: datetime) -> datetime | None:
        """Until when some source must wait before it tries an account again.

        Waits that a raised epoch has lifted do not count.
        """
        ...


class DeviceStore(Protocol):
    """Browsers that have signed in to an account."""

    def of_account(self, account_id: UUID) -> list[Device]:
        """Those that an account knows, the latest used first."""
        ...

    def remember(self, device: Device) -> None:
        """Note the use of a device, new or known."""
        ...

    def forget(self, account_id: UUID, *, but: str | None = None) -> None:
        """Forget the devices of an account, except the one of a digest."""
        ...

    def forget_old(self, account_id: UUID, before: datetime, keep: int) -> None:
        """Forget those last used before an instant, and all but the latest ``keep``."""
        ...


class RosterStore(Protocol):
    """Establishments, students and families."""

    def establishment(self, uai: Uai) -> Establishment | None:
        """The establishment, or None."""
        ...

    def establishments(self) -> list[Establishment]:
        """All of them, by name."""
        ...

    def places(self) -> frozenset[str]:
        """The codes (UAI) of all of them."""
        ...

    def search(
        self, terms: Sequence[str], *, offset: int, limit: int
    ) -> tuple[list[Establishment], int]:
        """Those that have all the terms (see :mod:`.domain.searching`), by town and name.

        With the number found in all. One statement.
        """
        ...

    def save_establishments(self, establishments: Iterable[Establishment]) -> None:
        """Create or update."""
        ...

    def set_participation(self, uais: Collection[Uai], takes_part: bool) -> int:
        """Compare-and-set: make those that are not so join or leave; returns how many."""
        ...

    def children(self, account: Account, school_year: SchoolYear) -> list[Child]:
        """Every student an account may know of, with each one's latest schooling.

        One statement. The schooling of ``school_year`` if there is one, else the
        latest before it. Dates of links and schoolings are left to the rules.
        """
        ...

    def child(self, account: Account, student_id: UUID, year: SchoolYear) -> Child | None:
        """One of those, in one statement."""
        ...

    def adults(self, ids: Collection[UUID]) -> list[Adult]:
        """Adults by id, in no order."""
        ...

    def student(self, student_id: UUID) -> Student | None:
        """A student, whatever the schooling."""
        ...

    def guardians(self, student_id: UUID, day: date) -> list[Adult]:
        """The adults who may have an account for a student: legal or in charge, on a day."""
        ...

    def by_siecle_id(self, uai: Uai, kind: str, siecle_id: str) -> UUID | None:
        """The ``student`` of an ELEVE_ID, or the ``adult`` of a PERSONNE_ID, in a school's base."""
        ...

    def classes(self, uai: Uai, school_year: SchoolYear, day: date) -> list[SchoolClass]:
        """The classes with students present on a local day, by level then code."""
        ...

    def class_groups(self, uai: Uai, school_year: SchoolYear) -> list[tuple[str, int]]:
        """Codes of the classes with their numbers of students present."""
        ...


class PolicyStore(Protocol):
    """Recorded decisions about modules, and campaigns."""

    def policy(self, uais: Iterable[Uai], school_year: SchoolYear) -> Policy:
        """Everything that establishments need for a year, the académie's included."""
        ...

    def whole(self, school_year: SchoolYear) -> Policy:
        """Everything decided for a year, in the whole académie."""
        ...

    def record(self, opening: Opening, *, before: Stance | None) -> None:
        """Record a decision in place of another, or of none.

        Compare-and-set: raises ConflictError when the stance recorded there is
        no longer ``before``.
        """
        ...

    def forget(self, opening: Opening) -> None:
        """Undo a decision: what is inherited holds again. Raises as :meth:`record`."""
        ...

    def campaign(self, campaign_id: UUID) -> Campaign | None:
        """One round."""
        ...

    def add_campaign(self, campaign: Campaign) -> None:
        """Add a round, which has an id."""
        ...

    def replace_campaign(self, before: Campaign, after: Campaign) -> None:
        """Compare-and-set of a round. Raises ConflictError if it is no longer ``before``."""
        ...

    def remove_campaign(self, campaign: Campaign) -> None:
        """Cancel a round, if it is still as given. Raises ConflictError otherwise."""
        ...


@frozen
class StoredOptions:
    """An establishment's options of a module, as they rest in the database."""

    options: Mapping[str, Any] = Factory(dict)
    version: int = 0
    """0 when none were ever chosen."""


class SchoolPageStore(Protocol):
    """What establishments say to families, and how they set up modules."""

    def page(self, uai: Uai) -> SchoolPage:
        """The page of an establishment; an empty one when none was written."""
        ...

    def replace_page(self, before: SchoolPage, after: SchoolPage) -> None:
        """Compare-and-set on the version. Raises ConflictError when it has moved."""
        ...

    def options(self, uai: Uai, module_id: str, year: SchoolYear) -> StoredOptions:
        """What was chosen for a module and a school year."""
        ...

    def replace_options(
        self,
        uai: Uai,
        module_id: str,
        year: SchoolYear,
        options: Mapping[str, Any],
        *,
        version: int,
        set_by: str,
        set_at: datetime,
    ) -> None:
        """Compare-and-set on the version. Raises ConflictError when it has moved."""
        ...


class DelegationStore(Protocol):
    """What heads entrusted to members of staff."""

    def of_establishment(self, uai: Uai) -> list[Delegation]:
        """Every delegation given there, the latest to begin first."""
        ...

    def held(self, staff_ids: Sequence[UUID], uai: Uai, day: date) -> frozenset[str]:
        """The modules entrusted to one of the staff there, on a local day."""
        ...

    def add(self, delegation: Delegation) -> None:
        """Record a delegation."""
        ...

    def end(self, delegation_id: UUID, uai: Uai, at: datetime) -> None:
        """Take one back. Raises ConflictError if it has ended already."""
        ...


class StaffStore(Protocol):
    """Members of staff and their roles."""

    def save(self, member: StaffMember, assignments: Sequence[Assignment]) -> UUID:
        """Create or update by e-mail; returns the id kept."""
        ...

    def assignments(self, staff_ids: Sequence[UUID]) -> list[Assignment]:
        """Roles of members of staff, whatever their dates."""
        ...

    def by_email(self, email: str) -> UUID | None:
        """The member of staff with an address."""
        ...

    def of_establishment(self, uai: Uai, day: date) -> list[tuple[StaffMember, Role]]:
        """Who holds a role there on a local day, by name."""
        ...

    def names(self, staff_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """The full names of members of staff."""
        ...

    def without_account(self) -> list[StaffMember]:
        """Members of staff who have no account yet."""
        ...


class Transaction(Protocol):
    """The stores, over one connection."""

    accounts: AccountStore
    groupings: GroupingStore
    attachments: AttachmentStore
    letters: LetterStore
    office: OfficeStore
    identities: IdentityStore
    sessions: SessionStore
    tokens: TokenStore
    throttles: ThrottleStore
    devices: DeviceStore
    roster: RosterStore
    policy: PolicyStore
    cut_offs: CutOffStore
    incidents: IncidentStore
    delegations: DelegationStore
    school_pages: SchoolPageStore
    staff: StaffStore
    outbox: OutboxStore
    lifecycle: LifecycleStore
    audit: AuditStore
    adoption: AdoptionStore
    connection: Any
    """The SQLAlchemy connection, for a plugin's own ``store.py``."""


class Database(Protocol):
    """Where transactions come from."""

    def reading(self) -> AbstractContextManager[Transaction]:
        """Statements that write nothing; each sees what is committed when it runs."""
        ...

    def writing(self) -> AbstractContextManager[Transaction]:
        """One unit of work: everything commits at the end of the block, or nothing."""
        ...
