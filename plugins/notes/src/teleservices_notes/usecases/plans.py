"""Publication plans and rules as JSON; what is there by default is left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from cattrs import Converter

from teleservices_core.settings import strict_converter, structure
from teleservices_notes.model import PublicationPlan, PublicationRule

_writing: Final = Converter(omit_if_default=True)
_writing.register_unstructure_hook(date, date.isoformat)
_reading: Final = strict_converter()
_reading.register_structure_hook(date, lambda text, _kind: date.fromisoformat(text))


def plan_to_json(plan: PublicationPlan) -> dict[str, Any]:
    """The plan as plain values."""
    told: dict[str, Any] = _writing.unstructure(plan)
    return told


def plan_from_json(told: dict[str, Any]) -> PublicationPlan:
    """The plan again. Raises :exc:`~teleservices_core.errors.SettingsError` naming the key."""
    return structure(told, PublicationPlan, "notes_settings.plan", _reading)


def rules_to_json(rules: Sequence[PublicationRule]) -> list[dict[str, Any]] | None:
    """An assessment's own rules; None for none, as most have."""
    return _writing.unstructure(list(rules)) or None


def rules_from_json(told: list[dict[str, Any]] | None) -> tuple[PublicationRule, ...]:
    """The rules again."""
    return _reading.structure(told, tuple[PublicationRule, ...]) if told else ()
