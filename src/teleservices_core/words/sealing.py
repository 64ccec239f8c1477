"""What a check of the journal finds, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from teleservices_core.contributions import Message
from teleservices_core.domain.seals import Fault, Wrong
from teleservices_core.i18n import _, show_timestamp

_SAID: Final[Mapping[Wrong, Message]] = {
    Wrong.SEAL_MISSING: lambda: _("Journal : le sceau {number} manque."),
    Wrong.SEAL_ALTERED: lambda: _(
        "Journal : le sceau {number} a été modifié, ou fait avec une autre clé que secret_key."
    ),
    Wrong.ROWS_ADDED: lambda: _(
        "Journal : des lignes ont été ajoutées après coup, ou l’horloge de la machine a reculé, "
        "{when}."
    ),
    Wrong.ROWS_REMOVED: lambda: _("Journal : des lignes ont été retirées, {when}."),
    Wrong.ROWS_CHANGED: lambda: _("Journal : des lignes ont été modifiées, {when}."),
}


def show_fault(fault: Fault, zone: ZoneInfo) -> str:
    """What was altered, and between which seals."""
    until = show_timestamp(fault.until_at, zone) if fault.until_at else ""
    when = _("avant le {until} (sceau {number})")
    if fault.since_at is not None:
        when = _("entre le {since} et le {until} (sceau {number})")
    since = show_timestamp(fault.since_at, zone) if fault.since_at else ""
    said = when.format(since=since, until=until, number=fault.number)
    return _SAID[fault.wrong]().format(number=fault.number, when=said)
