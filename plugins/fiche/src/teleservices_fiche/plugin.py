"""What the plugin declares. Imports are late, so that starting costs little."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from teleservices_core.contributions import Message, MigrationSource
from teleservices_core.hookspecs import hookimpl

HOOK_API: Final = 1
_HERE: Final = Path(__file__).parent


@hookimpl
def teleservices_migrations() -> Iterable[MigrationSource]:
    """``fiche_…`` tables."""
    yield MigrationSource("fiche_", _HERE / "migrations" / "versions")


@hookimpl
def teleservices_audit_words() -> Mapping[str, Message]:
    """What families do with the sheet, in the journal."""
    from teleservices_fiche.words import AUDIT_WORDS

    return AUDIT_WORDS
