"""The end of accounts, as the académie sees it: what was done, and what comes next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.lifecycle import REASONS, LifecycleRun
from teleservices_core.i18n import _
from teleservices_core.usecases.erasing import FAILED
from teleservices_core.usecases.lifecycle import expected, last_runs
from teleservices_core.usecases.site import Site
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Page

_DAYS: Final = 30
"""How far the page looks ahead."""
_LATE: Final = timedelta(days=2)
"""A daily run that has not come for that long has stopped."""
_ERASED: Final = ("links", "mails", "sessions", "waits", "imports")


def lifecycle(context: Context) -> Page:
    """The accounts that will be warned and closed, and the latest runs (F31, F32)."""
    site = context.site
    runs = last_runs(site)
    coming = expected(site, _DAYS)
    durations = site.settings.durations
    return Page(
        "academy/lifecycle.html",
        {
            "days": _DAYS,
            "unclaimed_days": durations.unclaimed_days,
            "unused_days": durations.unused_days,
            "coming": [
                {"who": _kinds()[each.reason], "warned": each.warned, "closed": each.closed}
                for each in coming
            ],
            "total": {
                "warned": sum(each.warned for each in coming),
                "closed": sum(each.closed for each in coming),
            },
            "runs": [_line(site, run) for run in runs],
            "is_late": not runs or site.now() - runs[0].at > _LATE,
        },
    )


def _kinds() -> dict[str, str]:
    return {
        "unclaimed": _("Jamais activés"),
        "unconfirmed": _("Adresse jamais confirmée"),
        "unused": _("Inutilisés"),
        "grouped": _("Regroupés avec un autre"),
    }


def _line(site: Site, run: LifecycleRun) -> dict[str, Any]:
    headings = {data.id for data in site.catalogue.personal_data}
    closed = set(REASONS.values())
    return {
        "at": run.at,
        "is_finished": run.finished_at is not None,
        "warned": run.counts.get("warned", 0),
        "closed": sum(number for name, number in run.counts.items() if name in closed),
        "erased": sum(run.counts.get(name, 0) for name in _ERASED),
        "data": sum(number for name, number in run.counts.items() if name in headings),
        "has_failed": bool(run.counts.get(FAILED)),
    }


ROUTES: Final = (Route("core.lifecycle", "/academie/comptes", lifecycle, Access.ACADEMY),)
