"""Forms as attrs classes: only declared fields, one value each, errors by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import attrs
import cattrs
from attrs import field, frozen
from werkzeug import Request
from werkzeug.exceptions import BadRequest

from teleservices_core.settings import strict_converter
from teleservices_core.web.csrf import FIELD

T = TypeVar("T")
_converter = strict_converter()


@frozen
class Form(Generic[T]):
    """What was sent: a value, or the text typed with an error for each faulty field."""

    value: T | None
    typed: Mapping[str, str]
    errors: Mapping[str, str] = field(factory=dict)


def text(maximum: int, **options: Any) -> Any:
    """A text field of a form class; longer text is refused, none is cut."""
    return field(default="", validator=attrs.validators.max_len(maximum), **options)


def read_form(request: Request, kind: type[T]) -> Form[T]:
    """Read a form into its class.

    A field that the class does not declare, or sent twice, or with a NUL,
    which PostgreSQL refuses, is no honest form: :exc:`BadRequest`.
    """
    declared = {attribute.name for attribute in attrs.fields(kind)}  # type: ignore[arg-type]
    typed: dict[str, str] = {}
    for name, values in request.form.lists():
        if name == FIELD:
            continue
        if name not in declared or len(values) != 1 or "\0" in values[0]:
            raise BadRequest(f"unexpected field {name!r}")
        typed[name] = values[0]
    try:
        return Form(_converter.structure(typed, kind), typed)
    except cattrs.BaseValidationError as error:
        return Form(None, typed, dict(_by_field(error)))


def _by_field(error: cattrs.BaseValidationError) -> list[tuple[str, str]]:
    found = []
    for each in error.exceptions:
        notes = [
            n
            for n in getattr(each, "__notes__", ())
            if isinstance(n, cattrs.AttributeValidationNote)
        ]
        found.append((notes[0].name if notes else "", str(each)))
    return found
