"""« Annuler cet import »: what it changed goes back, as long as nothing was built on it.

What would be done is told first, and done only if nothing has changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from uuid import UUID

from attrs import evolve, frozen

from teleservices_core.domain.undoing import PERSONS, Held, Touched, UndoPlan, plan_undo
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.ports.drafts import Draft
from teleservices_core.ports.undoing import ImportRun
from teleservices_core.usecases.forgetting import with_data
from teleservices_core.usecases.rights import require_academy, require_school
from teleservices_core.usecases.site import Site, audited
from teleservices_core.usecases.two_steps import in_two_steps

LISTED = 50
"""Imports that a page lists."""


@frozen
class UndoPreview:
    """What taking an import back would do, or did."""

    run: ImportRun
    plan: UndoPlan
    names: Mapping[UUID, str]
    """Of the persons who stay."""


def import_runs(site: Site, uai: Uai | None, limit: int = LISTED) -> list[ImportRun]:
    """The latest imports of an establishment, or of all, the newest first."""
    with site.database.reading() as tx:
        return tx.undoing.runs(uai, limit)


def preview_undo(site: Site, import_id: UUID, uai: Uai | None = None) -> UndoPreview:
    """What :func:`undo_import` would do; nothing is written. Raises as it does."""
    with site.database.snapshot() as tx:
        run = _run(tx, import_id, uai)
        plan = _plan(site, tx, run)
        return UndoPreview(run, plan, _names(tx, plan))


def undo_import(
    site: Site,
    import_id: UUID,
    *,
    seen: str,
    viewer: Viewer | None = None,
    uai: Uai | None = None,
    before_writing: Callable[[], None] = lambda: None,
) -> UndoPreview:
    """Take an import back, in one transaction, with the journal of it.

    ``seen`` is the plan's that was shown. ``viewer`` None is the command line,
    ``uai`` None the académie. ``before_writing`` is called once it is worked out.
    Raises :exc:`NotFoundError` for an import that is not of the establishment,
    :exc:`NotAllowedError`, :exc:`RefusedError` ``already_undone`` or ``not_kept`` (too
    long ago), :exc:`ConflictError` when it would do something else than was shown.
    """

    def work_out(tx: Transaction, rows: Draft) -> UndoPreview:
        run = _run(tx, import_id, uai)
        if viewer is not None and uai is None:
            require_academy(site, tx, viewer.account)
        elif viewer is not None:
            require_school(site, tx, viewer.account, run.uai)
        plan = _plan(site, tx, run)
        if plan.seen != seen:
            raise ConflictError("something has changed since the preview")
        tx.undoing.reverse(run.id, plan, site.now(), viewer.name if viewer else "", rows)
        return UndoPreview(run, plan, _names(tx, plan))

    def finish(tx: Transaction, done: UndoPreview) -> UndoPreview:
        tx.audit.add(
            audited(
                "roster.undone",
                site.now(),
                viewer,
                uai=done.run.uai,
                import_id=str(done.run.id),
                school_year=str(done.run.school_year),
                counts=dict(done.plan.counts),
                kept=len(done.plan.kept),
            )
        )
        return done

    done = in_two_steps(site.database, work_out, finish, before_writing=before_writing)
    site.database.scrub()
    return done


def _run(tx: Transaction, import_id: UUID, uai: Uai | None) -> ImportRun:
    run = tx.undoing.run(import_id)
    if run is None or (uai is not None and run.uai != uai):
        raise NotFoundError(f"no import {import_id}")
    if run.undone_at is not None:
        raise RefusedError("already_undone")
    if not run.is_kept:
        raise RefusedError("not_kept")
    return run


def _plan(site: Site, tx: Transaction, run: ImportRun) -> UndoPlan:
    touched = tx.undoing.touched(run.id)
    added = {each.person_ids[0] for each in touched if each.sort in PERSONS and each.is_added}
    held = with_data(site, tx, added)
    newcomers = tx.undoing.newcomers(touched, run.uai)
    plan = plan_undo(
        touched,
        dict.fromkeys(held, Held.DATA) | dict(tx.undoing.built(touched)),
        tx.undoing.numbers(touched),
        with_data(site, tx, newcomers, run.uai.code),
    )
    return evolve(plan, seen=_digest(plan))


def _digest(plan: UndoPlan) -> str:
    said = [_row(each) for each in plan.reversed]
    said += [f"{_row(each.row)} {each.why}" for each in plan.kept]
    return blake2b("\n".join(sorted(said)).encode(), digest_size=8).hexdigest()


def _row(each: Touched) -> str:
    return f"{each.table} {each.key}"


def _names(tx: Transaction, plan: UndoPlan) -> Mapping[UUID, str]:
    persons = list(plan.persons_kept)
    found: dict[UUID, str] = {}
    for start in range(0, len(persons), 1_000):
        found |= tx.audit.names(persons[start : start + 1_000])
    return found
