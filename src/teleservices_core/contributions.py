"""The small frozen declarations that plugins return from their hooks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from attrs import Factory, field, frozen

from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.domain.activation import ActivationRule
from teleservices_core.domain.families import Child
from teleservices_core.domain.jobs import Job
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.ports import Transaction
from teleservices_core.settings import Settings

Message = Callable[[], str]
"""Text that is translated when it is shown: ``lambda: _("…")``."""
Figured = Callable[[Mapping[str, str]], str]
"""Text that takes the live figures (dates, durations, telephone) by name."""


@frozen
class Words:
    """How the reason of a vote is told to each reader.

    ``{…}`` fields are filled from the vote's detail, its date and its author.
    """

    family: Message
    """What it means, in a sentence."""
    next_step: Message
    """What the family can do, or when to come back."""
    staff: Message
    """Which switch, for the head and the hotline."""


@frozen
class ContributedRule:
    """An activation rule with the words of every reason it may give."""

    rule: ActivationRule
    words: Mapping[str, Words]


class Access(StrEnum):
    """Who may reach a route. Every route says so; the core checks before the handler runs."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    FIRST_LOGIN = "first_login"
    """A session that has yet to choose a password or give an address."""
    RENEWAL = "renewal"
    """A session that may only choose a password."""
    FAMILY = "family"
    """A guardian or student account in full use."""
    GUARDIAN = "guardian"
    """FAMILY, and the account is a guardian's."""
    CHILD = "child"
    """FAMILY, and the ``student_id`` of the address is one of the account's."""
    SCHOOL = "school"
    """Who works in the console of the establishment whose ``uai`` is in the address."""
    HEAD = "head"
    """The head or a deputy of that establishment."""
    TEACHER = "teacher"
    """A teacher of that establishment, its head or a deputy."""
    ACADEMY = "academy"
    """Staff of the académie."""
    HOTLINE = "hotline"
    """Staff of the help line, or of the académie."""


MAX_BODY: Final = 1_000_000
"""Bytes of a form without a file."""
FORM: Final = ("GET", "POST")
"""Methods of a page with a form that answers to itself."""


@frozen
class Route:
    """An address under the mount point and what answers it.

    ``handler`` takes the request's context, then the address's own variables,
    and returns a page, a redirection or a response.
    """

    name: str
    """As links name it, ``notes.child``; the part before the dot is the module's."""
    rule: str
    """Werkzeug's syntax: ``/eleves/<uuid:student_id>/notes/``."""
    handler: Callable[..., Any]
    access: Access
    methods: tuple[str, ...] = ("GET",)
    module_id: str | None = None
    """The module that must be open for the student of the address."""
    max_body: int = MAX_BODY
    """Bytes of a form; more where a file is sent."""
    stands_alone: bool = False
    """Asks nothing of the database, and so answers while that is away: to anybody, as to a
    visitor. For public pages only."""
    is_for_monitors: bool = False
    """Asked by programs that watch the site: nobody is looked for and nothing is cut off, so
    that it answers whatever the state of the database. For public pages only."""
    waits: bool = False
    """May wait for another system, such as an identity provider: its page is made where it
    keeps nobody else waiting."""
    is_grave: bool = False
    """Asks of staff a password or a second factor given not long ago (``proof_minutes``): a session
    left open must not be enough. The text of a form that comes too late is given back."""
    consults: str = ""
    """What it is, as an act of the journal, that a member of staff sees this page: it shows what
    is kept about families. Written before the page leaves, about the persons that the handler
    names with ``context.shows``, or whose ``account_id`` or ``student_id`` the address has; a
    family reads who consulted it. About nobody in particular for a list."""
    keep: Callable[..., None] | None = None
    """Keeps what a form brings too late: time alone has ended the session, or a choice has
    closed the module. Takes the context, the account that it was, then the address's
    variables. Writes for that account only what was typed, checks rights itself, and shows
    nothing: the person finds it after signing in, or when the module opens again."""


@frozen
class NavItem:
    """An entry of the main navigation, for the readers that may follow it."""

    label: Message
    route: str
    shown_to: Callable[[Viewer], bool]
    values: Callable[[Viewer], Mapping[str, Any]] = lambda _viewer: {}
    """The variables of the route's address."""
    position: int = 100


@frozen
class StaffPage:
    """A plugin's page for the staff of an establishment, listed where their work begins.

    Whom it is for follows from the access of its route, whose address has no
    variable but ``uai``: TEACHER, on the first page of teachers and beside the
    module in the console; SCHOOL or HEAD, in the console only.
    """

    title: Message
    summary: Message
    """In a sentence, what is done there."""
    route: str
    module_id: str
    """The plugin's module that it belongs to."""
    is_for_deciders: bool = False
    """Of the console, only for who decides about the module: heads and their delegates."""
    position: int = 100


@frozen
class StepQuestion:
    """What the rule of a step decides about: one request of a session in full."""

    viewer: Viewer
    at: datetime
    today: date
    """The local day."""
    settings: Settings
    facts: Any = None
    """As the step's own ``facts`` has just read them."""


@frozen
class Step:
    """Something to do between signing in and going on: terms to accept, a code to give.

    While its rule says that it is open, a session reaches its pages and help, and can sign
    out: nothing else, whatever the plugin. The page that was asked for is kept; a handler
    leads back to it with ``context.leave_step()``. The first open step comes first.
    """

    name: str
    """``charter.accept``; the part before the dot is the plugin's."""
    label: Message
    """What is to be done, for who sent a form that was not taken: « Accepter la charte »."""
    route: str
    """Its first page: SIGNED_IN, with no variable in the address."""
    concerns: Callable[[Viewer], bool]
    """Whom it may concern; nothing is read for the others."""
    is_open: Callable[[StepQuestion], bool]
    """Pure. A plugin whose rule fails holds nobody up; the failure is recorded."""
    facts: Callable[[Transaction, Viewer], Any] | None = None
    """What the rule must know of the database: in one statement, run at each request of whom
    the step concerns. Left out where the session and the account say enough."""
    also: tuple[str, ...] = ()
    """Its other routes, SIGNED_IN too."""
    position: int = 100

    @property
    def routes(self) -> frozenset[str]:
        """The routes that a session may reach while the step is open."""
        return frozenset({self.route, *self.also})


@frozen
class BannerLink:
    """A link of the bar, to a route."""

    label: str
    route: str


@frozen
class Banner:
    """A thin bar above every page, for a test site."""

    text: str
    links: tuple[BannerLink, ...] = ()


@frozen
class HelpLink:
    """A page that an answer leads to."""

    label: Message
    route: str


@frozen
class HelpEntry:
    """A question and its answer. Figures come from settings, never typed twice."""

    id: str
    question: Message
    answer: Figured
    audiences: frozenset[Audience] = frozenset(Audience)
    module_id: str | None = None
    promises: tuple[str, ...] = ()
    """Promises of the FAQ that the entry answers, such as ``F15``."""
    link: HelpLink | None = None
    """Where to go from there; a page open to all."""


@frozen
class MailTemplate:
    """A mail in plain text. ``{…}`` is of the parcel's context, ``{link}`` or ``{stop}``."""

    kind: str
    subject: Message
    body: Message
    link_path: str = ""
    """Where ``{link}`` leads, under the site's address: ``/confirmer/{secret}``. The secret
    is that of the parcel's token, where it has one."""
    stop_path: str = ""
    """Where who wants no more such mails goes without signing in: ``/stop/{account}/{secret}``,
    whose secret :func:`teleservices_core.hashing.stop_secret` gives back."""


@frozen
class MigrationSource:
    """A folder of Alembic revisions; they touch only tables with the prefix."""

    prefix: str
    """``notes_``: of the tables, and of the version table."""
    folder: Path = field(converter=Path)


@frozen
class TemplateSource:
    """A folder of Jinja templates, whose names start with the plugin's own."""

    folder: Path = field(converter=Path)


@frozen
class Command:
    """A command added to ``teleservices``, under the plugin's name."""

    command: click.Command


@frozen
class DataScope:
    """Whose data are asked for, and about whom he may know at that instant."""

    account: Account
    children: tuple[Child, ...]
    """Students the account has a right to; for a module, those for whom it is open to it."""
    at: datetime
    zone: ZoneInfo
    audit_words: Mapping[str, Message] = Factory(dict)
    """What the actions of the audit trail are called, those of every plugin."""
    job_words: Mapping[str, Message] = Factory(dict)
    """Likewise the kinds of long works."""


@frozen
class Erasure:
    """Which data are to be erased, and how many rows of them at once."""

    student_ids: frozenset[UUID] | None = None
    """Data about these students; None for everybody's."""
    up_to: SchoolYear | None = None
    """Data of the school years up to this one; None for all."""
    limit: int = 5_000
    """Most rows in one transaction, so that nobody waits."""


@frozen
class StudentRows:
    """Rows of a table that belong to students, and follow when two of them are found to be one.

    Made by :func:`teleservices_core.storage.student_rows.rows_of`.
    """

    table: str
    bring: Callable[[Transaction, UUID, UUID], Sequence[Any]]
    """Give the rows of the first student to the second; returns what was moved, as JSON has it."""
    named: Callable[[Transaction, Collection[UUID], str], set[UUID]]
    """Which of some persons rows name, about an establishment (UAI) or, if empty, about any."""
    give_back: Callable[[Transaction, Sequence[Any], UUID, UUID, Collection[str]], None]
    """Take back what was moved from the second student to the first, and what establishments
    (UAI) have written since that know the first only."""


@frozen
class PersonalData:
    """Data about people under one heading: what, for how long, and how to give a copy.

    Feeds the public page about personal data and the copy that a person may
    ask for (RGPD, articles 13, 15 and 20).
    """

    id: str
    """As the copy names it, ``notes.marks``; the part before the dot is the plugin's."""
    title: Message
    content: Figured
    """What it is, in a sentence for families."""
    keep_for: Figured
    """How long it is kept, and what ends it."""
    export: Callable[[Transaction, DataScope], Mapping[str, Any]]
    """The data by label: text, numbers, booleans, dates, instants, None, and lists
    and mappings of them. Reads only, and gives what the account may see at that
    instant: never another guardian's data."""
    module_id: str | None = None
    """The module it belongs to; the scope then holds only children for whom it is open."""
    erase: Callable[[Transaction, Erasure], int] | None = None
    """Erase some and return how many rows: called again, each time in a transaction of
    its own, until it returns 0. None where nothing may be erased by itself."""
    keep_days: int | None = None
    """Days after the end of a school year after which its data are erased by the daily
    run; None: kept."""
    student_rows: tuple[StudentRows, ...] = ()
    """The tables whose rows name students, so that they follow when two are found to be one."""


@frozen
class ModuleOptions:
    """What an establishment may set up in a module, for a school year.

    ``type`` is a frozen attrs class, all of whose fields have defaults, of type
    ``bool``, ``int``, ``str``, ``date`` or an enumeration of texts. The metadata
    of a field give its words: ``label``, perhaps ``hint``, and for an
    enumeration ``choices``, each a :data:`Message` (``choices`` maps members to
    messages). The console draws the form; cattrs checks it.
    """

    module_id: str
    type: type[Any]


class Worked(Protocol):
    """What a job's work is given: see :class:`teleservices_core.usecases.working.Working`."""

    @property
    def job(self) -> Job:
        """The job, as it stands."""
        ...

    @property
    def viewer(self) -> Viewer:
        """Who asked for it, with today's roles."""
        ...

    @property
    def site(self) -> Any:
        """The site, for use cases."""
        ...

    def writing(self, *, waits: bool = True) -> AbstractContextManager[Transaction]:
        """A short transaction of one step. It keeps the lease, and checks the right again.

        Raises whatever ends the work: the lease is another's, or the right is lost.
        """
        ...

    def advance(
        self, tx: Transaction, done: int, total: int, memo: Mapping[str, Any] | None = None
    ) -> None:
        """Note, with the step, how far the work is and what the next tries need to know."""
        ...

    def keep(self, tx: Transaction, name: str, content: bytes) -> None:
        """Keep, with the step, a part of the result; parts of one name make one file."""
        ...

    def is_stopping(self) -> bool:
        """Whether to end between two steps."""
        ...


@frozen
class JobKind:
    """A long work that pages ask for and the worker does."""

    name: str
    """``notes.import``: the part before the dot is the plugin's."""
    label: Message
    """What it is, in a few words."""
    run: Callable[[Worked], Mapping[str, Any]]
    """Does it, in short steps, and returns what ``tell`` says. After a stop, by force too, and when
    somebody takes it up again days later, it is called again, with the memo of the last step: it
    goes on from there. Raises :exc:`ImportRefusedError` where that would be in vain."""
    require: Callable[[Any, Transaction, Account, Uai], None]
    """Given the site: refuses who may not, when it is asked and at each step. Raises
    :exc:`NotAllowedError`."""
    tell: Callable[[Mapping[str, Any]], str] = lambda _said: ""
    """What was done, in a sentence."""
    page: Callable[[Job], tuple[str, Mapping[str, Any]] | None] = lambda _job: None
    """The route where what was done is seen, and its values."""


@frozen
class SettingsSection:
    """A plugin's own settings: an attrs class, all of whose fields have defaults."""

    key: str
    type: type[Any]
