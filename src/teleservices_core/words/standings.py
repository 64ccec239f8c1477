"""Where accounts stand, in the words of a school's office."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from teleservices_core.contributions import Message
from teleservices_core.domain.standing import EmailState, Standing
from teleservices_core.i18n import _

STANDING_WORDS: Final[Mapping[Standing, Message]] = {
    Standing.TO_ISSUE: lambda: _("À éditer"),
    Standing.ISSUED: lambda: _("Notification éditée"),
    Standing.EXPIRED: lambda: _("Notification expirée"),
    Standing.AWAITING: lambda: _("Adresse à confirmer"),
    Standing.ACTIVE: lambda: _("Actif"),
    Standing.LOCKED: lambda: _("Bloqué"),
    Standing.CLOSED: lambda: _("Fermé"),
}

EMAIL_WORDS: Final[Mapping[EmailState, Message]] = {
    EmailState.NONE: lambda: _("Aucune"),
    EmailState.PENDING: lambda: _("À confirmer"),
    EmailState.CONFIRMED: lambda: _("Confirmée"),
    EmailState.BOUNCED: lambda: _("Messages refusés"),
}
