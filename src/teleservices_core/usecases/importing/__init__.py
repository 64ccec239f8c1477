"""Bring what the school base says into the site: compared first, then written at once.

The same comparison makes the dry run and the import, so that what is shown is
what is done. Nobody waits while it compares. Everything is written in one
transaction, with the audit entry and the journal of the import; a second import
of the same files finds nothing to change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from attrs import frozen

from teleservices_core.domain.matches import MatchKind
from teleservices_core.domain.records import Alert, Enrolled
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.i18n import _, show_short_date
from teleservices_core.ports import Transaction
from teleservices_core.ports.drafts import Draft
from teleservices_core.usecases.importing.accounts import open_accounts
from teleservices_core.usecases.importing.adults import identify_adults, save_adults
from teleservices_core.usecases.importing.alike import ask_about_alike
from teleservices_core.usecases.importing.codes import compare_codes
from teleservices_core.usecases.importing.context import (
    Blocked,
    Counted,
    Findings,
    Import,
    ImportReport,
    Progress,
    Stage,
)
from teleservices_core.usecases.importing.links import compare_links, identify_linked_students
from teleservices_core.usecases.importing.stores import (
    ImportEntry,
    ImportStore,
    NoWrites,
    RosterWrites,
    StagedRoster,
)
from teleservices_core.usecases.importing.students import (
    close_missing,
    compare_students,
    identify_students,
)
from teleservices_core.usecases.rights import require_school
from teleservices_core.usecases.site import Site, audited
from teleservices_core.usecases.two_steps import in_two_steps

__all__ = [
    "Blocked",
    "ImportReport",
    "ImportStore",
    "Progress",
    "Stage",
    "StagedRoster",
    "import_roster",
]

SHOWN_ISSUES: Final = 1_000
"""Rejected records and alerts that a report holds; the journal has all of the former."""
LOSS_ALLOWED: Final = 0.10
LOSS_NOTICED: Final = 10
"""More than a tenth of the students gone, and at least ten: rather the wrong file (T68)."""


def import_roster(
    site: Site,
    staged: StagedRoster,
    *,
    stores: Callable[[Transaction], ImportStore],
    dry_run: bool = False,
    allow_departures: bool = False,
    viewer: Viewer | None = None,
    keep: int | None = 20,
    progress: Progress = lambda _stage, _done, _total: None,
) -> ImportReport:
    """Compare staged records with the site, and write what differs; all or nothing.

    ``stores`` gives the store of a transaction. ``viewer`` None is the command
    line. ``keep`` bounds the differences that the report holds of each sort;
    None holds them all. ``progress`` is told how much is compared, then, just before,
    that it is written; that may be followed by another comparison. Raises
    :exc:`NotFoundError` for an unknown establishment, :exc:`NotAllowedError` for
    who has no role in it, :exc:`RefusedError` ``too_many_departures`` or ``too_many_ended_links``
    when the files would take away more than a tenth of what is known, unless
    ``allow_departures``. A dry run reports the latter instead.
    """
    importing = _Importing(site, staged, stores, allow_departures, viewer, keep, progress)
    if dry_run:
        with site.database.snapshot() as seen:
            return importing.compare(seen, stores(seen), NoWrites(), stop=False)
    return in_two_steps(
        site.database,
        importing.work_out,
        importing.finish,
        before_writing=lambda: progress(Stage.WRITING, 0, 1),
    )


@frozen
class _Importing:
    """An import as it was asked for."""

    site: Site
    staged: StagedRoster
    stores: Callable[[Transaction], ImportStore]
    allow_departures: bool
    viewer: Viewer | None
    keep: int | None
    progress: Progress

    def work_out(self, seen: Transaction, rows: Draft) -> tuple[ImportEntry, ImportReport]:
        """Compare, and say what to write; who may is asked again when it is written."""
        staged, store = self.staged, self.stores(seen)
        import_id = self.site.new_id()
        draft = store.draft(import_id, rows)
        report = self.compare(seen, store, draft, stop=not self.allow_departures)
        entry = ImportEntry(
            id=import_id,
            uai=staged.uai,
            school_year=staged.school_year,
            digest=staged.digest,
            at=self.site.now(),
            actor=self.viewer.name if self.viewer else "",
            files=staged.files,
            counts=report.counts,
        )
        draft.record(entry, staged.rejected())
        return entry, report

    def compare(
        self, seen: Transaction, store: ImportStore, writes: RosterWrites, *, stop: bool
    ) -> ImportReport:
        """What differs; ``writes`` gets it."""
        site, staged = self.site, self.staged
        if seen.roster.establishment(staged.uai) is None:
            raise NotFoundError(f"no establishment {staged.uai}")
        if self.viewer is not None:
            require_school(site, seen, self.viewer.account, staged.uai)
        now = site.now()
        staged.start_over()
        run = Import(
            staged=staged,
            state=store,
            writes=writes,
            matches=seen.matches,
            findings=Findings(self.keep),
            new_id=site.new_id,
            now=now,
            today=site.academie.today(now),
            current_year=site.school_year(),
            counted=Counted(self.progress, _number(staged)),
        )
        _compare(run, stop=stop)
        return _report(run, dry_run=isinstance(writes, NoWrites))

    def finish(self, tx: Transaction, done: tuple[ImportEntry, ImportReport]) -> ImportReport:
        """Tell the journal."""
        entry, report = done
        tx.audit.add(
            audited(
                "roster.imported",
                entry.at,
                self.viewer,
                uai=entry.uai,
                import_id=str(entry.id),
                school_year=str(entry.school_year),
                digest=entry.digest,
                counts=dict(entry.counts),
            )
        )
        return report


def _number(staged: StagedRoster) -> int:
    """How many records are looked at: each person twice, a student's links once."""
    students, adults = staged.count("students"), staged.count("adults")
    return 2 * students + (2 * adults + students if staged.has_adults else 0)


def _check_dates(run: Import) -> None:
    newest = run.state.last_exports(run.uai, run.school_year)
    for file in run.staged.files:
        known = newest.get(file.kind)
        if known and file.exported_on and file.exported_on < known:
            reason = _("export du {day}, plus ancien que celui déjà importé, du {known}")
            reason = reason.format(
                day=show_short_date(file.exported_on), known=show_short_date(known)
            )
            run.staged.remark(Alert(file.name, None, "", "", reason))


def _compare(run: Import, *, stop: bool) -> None:
    staged = run.staged
    _check_dates(run)
    if staged.has_students:
        identify_students(run)
        staged.enroll(_answered_for(run))
        _guard(run, "too_many_departures", *staged.count_missing(), stop=stop)
        compare_students(run)
        close_missing(run)
    if staged.has_adults:
        identify_linked_students(run)
        identify_adults(run)
        save_adults(run)
        compare_links(run)
        ask_about_alike(run)
        ended, held = run.findings.counts["link.ended"], run.findings.links_in_force
        _guard(run, "too_many_ended_links", ended, held, stop=stop)
    compare_codes(run)
    open_accounts(run)


def _answered_for(run: Import) -> Iterator[Enrolled]:
    """Those whom the establishment had, who have left it when the file does not list them.

    Who may be in the file under another identity has not, until a person has answered.
    """
    waiting = {older for older, _newer in run.waiting(MatchKind.STUDENT)}
    for each in run.state.enrolled(run.uai, run.school_year, run.today):
        if each.student_id not in waiting:
            yield each


def _guard(run: Import, code: str, number: int, of: int, *, stop: bool) -> None:
    if number >= LOSS_NOTICED and number > of * LOSS_ALLOWED:
        run.findings.blocked.append(Blocked(code, number, of))
        if stop:
            raise RefusedError(code, number=number, of=of)


def _report(run: Import, *, dry_run: bool) -> ImportReport:
    staged, findings = run.staged, run.findings
    for table in ("students", "adults", "links"):
        findings.counts[f"read.{table}"] = staged.count(table)
    for table in ("rejected", "alerts"):
        findings.counts[table] = staged.count(table)
    return ImportReport(
        uai=staged.uai,
        school_year=staged.school_year,
        files=staged.files,
        digest=staged.digest,
        counts={name: number for name, number in sorted(findings.counts.items()) if number},
        differences=tuple(findings.differences),
        rejected=tuple(staged.rejected(SHOWN_ISSUES)),
        alerts=tuple(staged.alerts(SHOWN_ISSUES)),
        blocked=tuple(findings.blocked),
        is_dry_run=dry_run,
        waiting=run.matches.count_open(run.uai) + findings.counts["matches"],
    )
