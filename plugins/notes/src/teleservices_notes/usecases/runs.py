"""What an import did, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from attrs import Factory, define, evolve, field, frozen

from teleservices_core.domain.localtime import SchoolYear, instant, optional_instant
from teleservices_core.domain.values import Uai

if TYPE_CHECKING:
    from teleservices_notes.model import Assessment
    from teleservices_notes.usecases.importing import MarkLine

MOST_FAULTS: Final = 1_000
"""Kept of an import: a file that is about other students has one a line."""


@frozen
class Fault:
    """A line left out, and why, in words for the school."""

    line: int
    reason: str


@define
class ImportReport:
    """What an import did, or would do."""

    lines: int = 0
    assessments_added: int = 0
    assessments_changed: int = 0
    marks_added: int = 0
    marks_changed: int = 0
    marks_unchanged: int = 0
    marks_outdated: int = 0
    """Left as they are: the database holds an entry later than the file's."""
    faults: list[Fault] = Factory(list)
    """The first lines left out, at most :data:`MOST_FAULTS`."""
    left_out: int = 0
    """How many were."""
    is_stopped: bool = False
    """Whether it ended before the file; what was recorded stays."""

    @property
    def changes(self) -> int:
        """How many rows were written; 0 when the same file comes again."""
        return (
            self.assessments_added
            + self.assessments_changed
            + self.marks_added
            + self.marks_changed
        )

    def leave_out(self, faults: list[Fault]) -> list[Fault]:
        """Count lines left out; returns those that are kept."""
        self.left_out += len(faults)
        kept = faults[: MOST_FAULTS - len(self.faults)]
        self.faults += kept
        return kept

    def counts(self) -> dict[str, int]:
        """Figures for the audit trail."""
        return {
            "lines": self.lines,
            "assessments_added": self.assessments_added,
            "assessments_changed": self.assessments_changed,
            "marks_added": self.marks_added,
            "marks_changed": self.marks_changed,
            "marks_unchanged": self.marks_unchanged,
            "marks_outdated": self.marks_outdated,
            "faults": self.left_out,
        }


class ImportState(StrEnum):
    """How far an import is."""

    TRYING = "trying"
    """Given, and for the worker to try."""
    WAITING = "waiting"
    """Tried without writing, and not confirmed yet."""
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


@frozen
class ImportRun:
    """What an establishment keeps of an import, besides the lines left out."""

    id: UUID
    uai: Uai
    school_year: SchoolYear
    file_name: str
    state: ImportState
    started_at: datetime = field(converter=instant)
    done_by: str
    counts: Mapping[str, int]
    last_at: datetime | None = field(default=None, converter=optional_instant)
    """Its end, or its last sign of life."""
    strange_classes: tuple[str, ...] = ()
    """Classes that its file names and where nobody is, while it waits: groups, or slips."""

    @property
    def changes_nothing(self) -> bool:
        """Whether all that a file says is recorded already."""
        return not any(
            n for name, n in self.counts.items() if name.endswith(("_added", "_changed"))
        )

    @classmethod
    def begun(
        cls, id_: UUID, uai: Uai, year: SchoolYear, file_name: str, at: datetime, by: str
    ) -> ImportRun:
        """An import that has just begun."""
        return cls(id_, uai, year, file_name[-200:], ImportState.RUNNING, at, by, {})

    def so_far(self, report: ImportReport, at: datetime, *, is_over: bool) -> ImportRun:
        """The same, with what was done until an instant."""
        state = self.state
        if is_over:
            state = ImportState.STOPPED if report.is_stopped else ImportState.DONE
        return evolve(self, state=state, counts=report.counts(), last_at=at)


@define
class ClassesMet:
    """Notes which classes some lines name, as they pass."""

    names: set[str] = Factory(set)

    def passing(self, lines: Iterable[MarkLine | Fault]) -> Iterator[MarkLine | Fault]:
        """The same lines."""
        last: Assessment | None = None
        for line in lines:
            if not isinstance(line, Fault) and line.assessment is not last:
                last = line.assessment
                self.names.add(last.class_group)
            yield line
