"""Standings and addresses as badges with their dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from attrs import frozen

from teleservices_core.domain.localtime import local_date
from teleservices_core.domain.standing import EmailState, Situation, Standing
from teleservices_core.i18n import _, show_short_date
from teleservices_core.words.standings import EMAIL_WORDS, STANDING_WORDS

_KINDS: Final[Mapping[Standing, str]] = {
    Standing.TO_ISSUE: "neutral",
    Standing.ISSUED: "info",
    Standing.EXPIRED: "warning",
    Standing.AWAITING: "warning",
    Standing.ACTIVE: "success",
    Standing.LOCKED: "error",
    Standing.CLOSED: "neutral",
}
_EMAIL_KINDS: Final[Mapping[EmailState, str]] = {
    EmailState.NONE: "neutral",
    EmailState.PENDING: "warning",
    EmailState.CONFIRMED: "success",
    EmailState.BOUNCED: "error",
}


@frozen
class Shown:
    """A badge, and what stands under it."""

    text: str
    kind: str
    when: str = ""


def show_grouped() -> Shown:
    """An account that gave its persons to another: no situation is its own."""
    return Shown(_("Regroupé"), "neutral")


def show_situation(situation: Situation, zone: ZoneInfo) -> Shown:
    """A standing, with its last day or its first."""
    standing, when = situation.standing, ""
    if situation.until_at is not None:
        last_day = local_date(situation.until_at - timedelta(seconds=1), zone)
        when = _("jusqu’au {day}").format(day=show_short_date(last_day))
    elif situation.since_at is not None:
        day = show_short_date(local_date(situation.since_at, zone))
        when = _("depuis le {day}").format(day=day)
    return Shown(STANDING_WORDS[standing](), _KINDS[standing], when)


def show_email(state: EmailState) -> Shown:
    """The state of an address."""
    return Shown(EMAIL_WORDS[state](), _EMAIL_KINDS[state])
