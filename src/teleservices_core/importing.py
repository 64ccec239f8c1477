"""Import an establishment's SIECLE exports: the files, the comparison and the database."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.exchange.sources import Limits
from teleservices_core.exchange.staging import stage
from teleservices_core.storage.importing import Imports
from teleservices_core.usecases.cut_offs import notify
from teleservices_core.usecases.importing import ImportReport, Progress, Stage, import_roster
from teleservices_core.usecases.site import Site

__all__ = ["ImportReport", "Stage", "import_siecle"]


def import_siecle(
    site: Site,
    uai: Uai,
    paths: Iterable[Path],
    *,
    dry_run: bool = False,
    allow_departures: bool = False,
    viewer: Viewer | None = None,
    keep: int | None = 20,
    limits: Limits | None = None,
    progress: Progress = lambda _stage, _done, _total: None,
) -> ImportReport:
    """Read files or folders, compare them with the site and write what differs.

    All of it or nothing; a dry run writes nothing and tells the same. Files of
    the school year under way or of the next are taken. ``progress`` receives
    the stage, what is done of it and how much it is in all.
    Raises :exc:`ImportRefusedError` for a file that is not taken, and what
    :func:`~teleservices_core.usecases.importing.import_roster` raises.

    >>> import_siecle(site, Uai("0219999E"), [Path("exports")], dry_run=True)  # doctest: +SKIP
    """
    year = site.school_year()
    reading = partial(progress, Stage.READING)
    with stage(paths, uai, (year, year.next), limits=limits, progress=reading) as staged:
        report = import_roster(
            site,
            staged,
            stores=Imports.of,
            dry_run=dry_run,
            allow_departures=allow_departures,
            viewer=viewer,
            keep=keep,
            progress=progress,
        )
    if not dry_run:
        notify(
            site,
            "teleservices_roster_imported",
            uai=uai,
            counts=report.counts,
            database=site.database,
        )
    return report
