"""What an establishment says to its families: a welcome, and how to reach its office."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import field, frozen, validators

from teleservices_core.domain.localtime import optional_instant
from teleservices_core.domain.values import Uai

WELCOME_MAX: Final = 2_000
"""Characters of a welcome: a notice, not a newspaper."""


@frozen
class SchoolPage:
    """An establishment's own words. Where a contact is empty, the académie's list holds."""

    uai: Uai
    welcome: str = field(default="", validator=validators.max_len(WELCOME_MAX))
    office_phone: str = field(default="", validator=validators.max_len(30))
    office_email: str = field(default="", validator=validators.max_len(254))
    office_hours: str = field(default="", validator=validators.max_len(200))
    set_by: str = ""
    set_at: datetime | None = field(default=None, converter=optional_instant)
    version: int = 0
    """Counts the writes; 0 for a page that was never written."""
