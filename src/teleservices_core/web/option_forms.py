"""Forms drawn from an attrs class that a plugin declares: one control for each field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum
from typing import Any, TypeVar

import attrs
from attrs import frozen
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from teleservices_core.contributions import Message
from teleservices_core.i18n import _
from teleservices_core.web.csrf import FIELD
from teleservices_core.web.reading import read_day, whole_number

T = TypeVar("T")


@frozen
class OptionField:
    """A control, with what it shows."""

    name: str
    kind: str
    """``checkbox``, ``choice``, ``number``, ``date`` or ``text``."""
    label: str
    hint: str
    value: Any
    choices: tuple[tuple[str, str], ...] = ()
    """(value, label) of each choice."""
    error: str = ""


def _kind(type_: Any) -> str:
    if isinstance(type_, type) and issubclass(type_, Enum):
        return "choice"
    return {bool: "checkbox", int: "number", date: "date"}.get(type_, "text")


def option_fields(
    options: Any,
    say: Callable[[Message | None, str], str],
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> list[OptionField]:
    """The controls for an instance; ``typed`` replaces its values after an error.

    ``say`` gives a text of the plugin's, or what is said in its place.
    """
    attrs.resolve_types(type(options))
    found = []
    for attribute in attrs.fields(type(options)):
        kind, words = _kind(attribute.type), attribute.metadata
        value = getattr(options, attribute.name)
        if typed is not None:
            value = typed.get(attribute.name, "")
        elif isinstance(value, Enum):
            value = value.value
        labels = words.get("choices", {})
        choices = tuple(
            (str(member.value), say(labels.get(member), str(member.value)))
            for member in (attribute.type if kind == "choice" else ())
        )
        found.append(
            OptionField(
                name=attribute.name,
                kind=kind,
                label=say(words["label"], attribute.name),
                hint=say(words.get("hint"), ""),
                value=value,
                choices=choices,
                error=(errors or {}).get(attribute.name, ""),
            )
        )
    return found


def read_options(
    type_: type[Any], form: MultiDict[str, str], *, besides: frozenset[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values that were sent, and the errors by field.

    A field that the class does not declare, nor ``besides``, is no honest form.
    """
    attrs.resolve_types(type_)
    declared = {attribute.name: attribute.type for attribute in attrs.fields(type_)}
    if unexpected := set(form) - set(declared) - besides - {FIELD}:
        raise BadRequest(f"unexpected fields {sorted(unexpected)}")
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, kind in declared.items():
        try:
            values[name] = _read(kind, form.get(name))
        except ValueError:
            errors[name] = {
                "number": _("Écrivez un nombre entier."),
                "date": _("Écrivez une date, par exemple 24/11/2026."),
            }.get(_kind(kind), _("Choisissez une des réponses proposées."))
            continue
        if _kind(kind) == "number" and not _accepts(type_, name, values[name]):
            errors[name] = _("Ce nombre n’est pas dans les limites indiquées.")
    return values, errors


def _accepts(type_: type[Any], name: str, value: int) -> bool:
    """Whether the class takes a number where the others are as by default."""
    try:
        type_(**{name: value})
    except ValueError:
        return False
    return True


def _read(type_: Any, sent: str | None) -> Any:
    match _kind(type_):
        case "checkbox":
            return sent is not None
        case "number":
            return _found(whole_number(sent or ""))
        case "date":
            return _found(read_day(sent or "")).isoformat()
        case "choice":
            return type_(sent).value
    return sent or ""


def _found(value: T | None) -> T:
    if value is None:
        raise ValueError("nothing of this kind")
    return value
