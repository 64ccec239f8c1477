"""What the steps of an import share, and the report they write together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from attrs import Factory, define, frozen

from teleservices_core.domain.differences import Change, Difference, Subject
from teleservices_core.domain.likeness import Comparison, Identity
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.matches import Match, MatchKind, ask
from teleservices_core.domain.records import Alert, Identified, ImportedFile, Rejected
from teleservices_core.domain.values import Uai
from teleservices_core.ports import MatchStore
from teleservices_core.usecases.importing.stores import RosterState, RosterWrites, StagedRoster

PAGE: Final = 1_000
"""Records compared and written at once; bounds memory."""


class Stage(StrEnum):
    """What an import is at."""

    READING = "reading"
    COMPARING = "comparing"
    WRITING = "writing"


Progress = Callable[[Stage, int, int], None]
"""Receives what is done of how much in all: bytes read, records compared."""


@define
class Counted:
    """How far a comparison is."""

    progress: Progress
    total: int
    done: int = 0

    def add(self, number: int) -> None:
        """So many records more."""
        self.done = min(self.done + number, self.total)
        self.progress(Stage.COMPARING, self.done, self.total)


@frozen
class Blocked:
    """Why an import would not be applied as it is."""

    code: str
    """``too_many_departures`` or ``too_many_ended_links``."""
    number: int
    of: int


@frozen
class ImportReport:
    """What an import did, or would do."""

    uai: Uai
    school_year: SchoolYear
    files: tuple[ImportedFile, ...]
    digest: str
    counts: Mapping[str, int]
    """By name: ``student.added``, ``link.ended``, ``accounts``, ``rejected``, ``read.students``…"""
    differences: tuple[Difference, ...]
    """The first of each sort, or all of them."""
    rejected: tuple[Rejected, ...]
    alerts: tuple[Alert, ...]
    blocked: tuple[Blocked, ...] = ()
    is_dry_run: bool = False
    waiting: int = 0
    """Persons who may be one, asked about by this import or before, and not answered yet."""

    def number(self, subject: Subject, change: Change) -> int:
        """How many differences of a sort there are."""
        return self.counts.get(f"{subject}.{change}", 0)

    @property
    def changes_nothing(self) -> bool:
        """Whether what is known already says the same."""
        unimportant = ("read.", "rejected", "alerts")
        return not any(n for name, n in self.counts.items() if not name.startswith(unimportant))


@define
class Findings:
    """Counts everything, keeps the first differences of each sort."""

    keep: int | None
    counts: Counter[str] = Factory(Counter)
    differences: list[Difference] = Factory(list)
    blocked: list[Blocked] = Factory(list)
    links_in_force: int = 0
    """How many links of the students in the files held before."""

    def add(self, difference: Difference) -> None:
        """Note a difference."""
        name = f"{difference.subject}.{difference.change}"
        self.counts[name] += 1
        if self.keep is None or self.counts[name] <= self.keep:
            self.differences.append(difference)


@frozen
class Question:
    """Whether whom a record is about, and somebody else, are one person."""

    person_id: UUID
    other_id: UUID
    comparison: Comparison
    alert: Alert
    """Tells where the record is."""
    other_uai: Uai | None = None
    identities: tuple[Identity, ...] = ()


@frozen
class Import:
    """One import under way."""

    staged: StagedRoster
    state: RosterState
    writes: RosterWrites
    matches: MatchStore
    findings: Findings
    new_id: Callable[[], UUID]
    now: datetime
    today: date
    current_year: SchoolYear
    """The year under way, whichever year the files prepare."""
    counted: Counted
    asked: dict[MatchKind, list[Match]] = Factory(lambda: defaultdict(list))
    """Questions of this import."""
    released: set[UUID] = Factory(set)
    """Students whose national identifier is somebody else's now."""
    renamed: dict[UUID, str] = Factory(dict)
    """Adults of another name than before."""
    named: set[str] = Factory(set)
    """Login names of the accounts that this import opens."""

    @property
    def uai(self) -> Uai:
        """The establishment."""
        return self.staged.uai

    @property
    def school_year(self) -> SchoolYear:
        """The year of the files."""
        return self.staged.school_year

    def save_keys(self, kind: str, found: Sequence[Identified]) -> None:
        """Say whom the files' identifiers mean, where that is new."""
        known = self.state.keys(self.uai, kind, [who.siecle_id for who in found])
        new = [who for who in found if known.get(who.siecle_id) != who.entity_id]
        if rekeyed := [who.entity_id for who in new if who.is_known]:
            self.writes.forget_keys(self.uai, kind, rekeyed)
        self.writes.save_keys(self.uai, kind, [(who.siecle_id, who.entity_id) for who in new])

    def ask(self, kind: MatchKind, questions: Iterable[Question]) -> None:
        """Ask whether persons are one, about each pair once and for all."""
        listed = list(questions)
        pairs = {id_ for each in listed for id_ in (each.person_id, each.other_id)}
        known = self.matches.known_pairs(pairs) if pairs else set()
        known |= {(each.older_id, each.newer_id) for each in self.asked[kind]}
        new = []
        for each in listed:
            match = ask(
                self.new_id(),
                kind,
                self.uai,
                (each.person_id, each.other_id),
                each.comparison,
                self.now,
                other_uai=each.other_uai,
                identities=each.identities,
            )
            if (match.older_id, match.newer_id) in known:
                continue
            known.add((match.older_id, match.newer_id))
            new.append(match)
            self.findings.counts["matches"] += 1
            self.staged.remark(each.alert)
        self.asked[kind] += new
        self.writes.add_matches(new)

    def waiting(self, kind: MatchKind) -> list[tuple[UUID, UUID]]:
        """(older, newer) of those whom the establishment knows both, asked about before or now."""
        now = [(e.older_id, e.newer_id) for e in self.asked[kind] if e.other_uai is None]
        return [*self.matches.open_pairs(self.uai, kind), *now]

    def is_past(self, day: date | None) -> bool:
        """Whether a first day of absence has come."""
        return day is not None and day <= self.today
