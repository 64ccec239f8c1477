"""A marks file given on the school's page: tried, then confirmed or dropped."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from attrs import evolve

from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.rights import require_module
from teleservices_core.usecases.site import Site, audited
from teleservices_notes.usecases.class_ports import ClassStore, OpensClasses
from teleservices_notes.usecases.importing import KEPT_IMPORTS, MarkLine, import_marks
from teleservices_notes.usecases.opened import MODULE_ID
from teleservices_notes.usecases.rights import require_decider
from teleservices_notes.usecases.runs import (
    ClassesMet,
    Fault,
    ImportReport,
    ImportRun,
    ImportState,
)

UPLOAD_LIFE: Final = timedelta(days=1)
"""How long a file waits for its confirmation."""
TRIED_AT_ONCE: Final = 2_000_000
"""Bytes: as much as is tried in half a second, while a page is waited for."""
_GLANCE: Final = 5_000
"""Lines. What is no marks file shows it before."""
SHOWN_FAULTS: Final = 200
_LEVEL: Final = 6
_SILENCE: Final = timedelta(minutes=2)
"""After which an import that says nothing is taken for interrupted."""

Reads = Callable[[bytes, Uai, datetime], AbstractContextManager[Iterator[MarkLine | Fault]]]
"""Reads the content of a file. Raises :exc:`ImportRefusedError` on entering."""


def imports(site: Site, viewer: Viewer, uai: Uai, opens: OpensClasses) -> list[ImportRun]:
    """The latest imports of an establishment. Raises :exc:`NotAllowedError`."""
    with site.database.reading() as tx:
        require_module(site, tx, viewer.account, uai, MODULE_ID)
        return opens(tx.connection).imports(uai)


def import_run(
    site: Site, viewer: Viewer, uai: Uai, import_id: UUID, opens: OpensClasses
) -> tuple[ImportRun, list[Fault]]:
    """One import and the first lines that it left out.

    Raises :exc:`NotFoundError`, :exc:`NotAllowedError`.
    """
    with site.database.reading() as tx:
        require_module(site, tx, viewer.account, uai, MODULE_ID)
        store = opens(tx.connection)
        return _run(store, uai, import_id), store.faults(import_id, SHOWN_FAULTS)


def try_upload(
    site: Site,
    viewer: Viewer,
    uai: Uai,
    file_name: str,
    content: bytes,
    reads: Reads,
    opens: OpensClasses,
) -> ImportRun:
    """Try a file without writing any mark, and keep it until it is confirmed, or a day.

    Files that nobody confirmed in time are removed meanwhile. Raises
    :exc:`NotAllowedError`, :exc:`ImportRefusedError` for what is no marks file.
    """
    now = site.now()
    met = ClassesMet()
    with reads(content, uai, now) as lines:
        report = import_marks(site, viewer, uai, met.passing(lines), opens, dry_run=True)
    run = ImportRun.begun(site.new_id(), uai, site.school_year(), file_name, now, viewer.name)
    return _keep(site, viewer, tried(run, report), content, opens, report, met)


def keep_untried(
    site: Site,
    viewer: Viewer,
    uai: Uai,
    file_name: str,
    content: bytes,
    reads: Reads,
    opens: OpensClasses,
) -> ImportRun:
    """Keep a large file for the worker to try, as :func:`try_upload` keeps one that is tried.

    Its beginning is read, so that what is no marks file is refused at once. Raises as it does.
    """
    now = site.now()
    with reads(content, uai, now) as lines:
        for _line in islice(lines, _GLANCE):
            pass
    run = ImportRun.begun(site.new_id(), uai, site.school_year(), file_name, now, viewer.name)
    return _keep(site, viewer, evolve(run, state=ImportState.TRYING), content, opens)


def _keep(
    site: Site,
    viewer: Viewer,
    run: ImportRun,
    content: bytes,
    opens: OpensClasses,
    report: ImportReport | None = None,
    met: ClassesMet | None = None,
) -> ImportRun:
    # Before the transaction, which holds others up.
    packed = zlib.compress(content, _LEVEL)
    with site.database.writing() as tx:
        require_decider(site, tx, viewer, run.uai)
        store = opens(tx.connection)
        store.forget_waiting(run.started_at - UPLOAD_LIFE)
        if met is not None:
            run = evolve(run, strange_classes=strange_classes(site, tx, run.uai, met))
        store.record_import(run, report.faults if report else ())
        store.keep_upload(run.id, packed)
        store.forget_imports(run.uai, KEPT_IMPORTS)
    return run


def kept_content(store: ClassStore, import_id: UUID) -> bytes | None:
    """The file of an import, while it is kept."""
    packed = store.upload(import_id)
    return None if packed is None else zlib.decompress(packed)


def tried(run: ImportRun, report: ImportReport) -> ImportRun:
    """An import that waits for its confirmation, with what it would do."""
    return evolve(run, state=ImportState.WAITING, counts=report.counts())


def strange_classes(site: Site, tx: Transaction, uai: Uai, met: ClassesMet) -> tuple[str, ...]:
    """Those among the classes met where the establishment has nobody this year."""
    known = {code for code, _number in tx.roster.class_groups(uai, site.school_year())}
    return tuple(sorted(met.names - known))


def confirm_upload(
    site: Site, viewer: Viewer, uai: Uai, import_id: UUID, reads: Reads, opens: OpensClasses
) -> ImportReport:
    """Record the marks of a file that was tried; go on with one that was interrupted.

    The file is removed once it is done. Raises :exc:`NotFoundError`,
    :exc:`NotAllowedError`, :exc:`ConflictError` if it is no longer to confirm.
    """
    now = site.now()
    with site.database.writing() as tx:
        require_decider(site, tx, viewer, uai)
        store = opens(tx.connection)
        run = _run(store, uai, import_id)
        content = kept_content(store, import_id)
        if content is None or not can_confirm(run, now):
            raise ConflictError(f"import {import_id} is no longer to confirm")
        begun = evolve(run, state=ImportState.RUNNING, last_at=now)
        if not store.change_import(begun, run.state):
            raise ConflictError(f"import {import_id} was confirmed meanwhile")
        store.forget_faults(import_id)
    with reads(content, uai, run.started_at) as lines:
        report = import_marks(
            site, viewer, uai, lines, opens, file_name=run.file_name, import_id=import_id
        )
    with site.database.writing() as tx:
        opens(tx.connection).forget_upload(import_id)
    return report


def can_confirm(run: ImportRun, at: datetime) -> bool:
    """Whether a file waits for its confirmation, or its import was interrupted."""
    match run.state:
        case ImportState.WAITING:
            return at - run.started_at <= UPLOAD_LIFE
        case ImportState.RUNNING:
            return run.last_at is None or at - run.last_at > _SILENCE
    return False


def drop_upload(site: Site, viewer: Viewer, uai: Uai, import_id: UUID, opens: OpensClasses) -> None:
    """Remove a file that waits for its confirmation.

    Raises :exc:`NotFoundError`, :exc:`NotAllowedError`, :exc:`ConflictError`.
    """
    now = site.now()
    with site.database.writing() as tx:
        require_decider(site, tx, viewer, uai)
        store = opens(tx.connection)
        run = _run(store, uai, import_id)
        if run.state is not ImportState.WAITING:
            raise ConflictError(f"import {import_id} does not wait")
        dropped = evolve(run, state=ImportState.STOPPED, last_at=now)
        if not store.change_import(dropped, ImportState.WAITING):
            raise ConflictError(f"import {import_id} was confirmed meanwhile")
        store.forget_import(import_id)
        tx.audit.add(audited("notes.upload_dropped", now, viewer, uai=uai, file=run.file_name))


def _run(store: ClassStore, uai: Uai, import_id: UUID) -> ImportRun:
    found = store.import_run(import_id)
    if found is None or found.uai != uai:
        raise NotFoundError(f"no import {import_id} in {uai}")
    return found
