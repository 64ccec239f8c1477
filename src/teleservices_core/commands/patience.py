"""A command that goes on for days outlives a database that is away for a while."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from teleservices_core.commands.stopping import Stopping
from teleservices_core.errors import UnavailableError
from teleservices_core.i18n import _

log = logging.getLogger(__name__)

LONGEST: Final = 60.0
"""Seconds between two tries."""


def keep_at_it(work: Callable[[], None], is_stopping: Stopping, *, every: float) -> None:
    """Do the work every so many seconds until asked to stop.

    While the database is away, the wait doubles up to :data:`LONGEST`; that it has gone,
    and that it is back, is said once each.
    """
    wait, was_away = every, False
    while not is_stopping():
        try:
            work()
        except UnavailableError as away:
            if not was_away:
                said = _("La base de données ne répond pas ({reason}) ; nouveaux essais.")
                log.warning(said.format(reason=away.reason))
            wait, was_away = min(max(2 * wait, 1.0), max(LONGEST, every)), True
        else:
            if was_away:
                log.warning(_("La base de données répond à nouveau."))
            wait, was_away = every, False
        is_stopping.wait(wait)
