"""Forms as attrs classes: only declared fields, one value each, errors by field."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import attrs
import cattrs
from attrs import field, frozen
from werkzeug import Request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from teleservices_core.settings import strict_converter
from teleservices_core.web.csrf import FIELD

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
_converter = strict_converter()
_converter.register_structure_hook(UUID, lambda value, _kind: UUID(value))
_SEVERAL: Final = "several"


@frozen
class Form(Generic[T]):
    """What was sent: a value, or the text typed with an error for each faulty field."""

    value: T | None
    typed: Mapping[str, str]
    errors: Mapping[str, str] = field(factory=dict)


def text(maximum: int, **options: Any) -> Any:
    """A text field of a form class; longer text is refused, none is cut."""
    return field(default="", validator=attrs.validators.max_len(maximum), **options)


def several(maximum: int) -> Any:
    """A field sent any number of times up to a maximum, such as ticked boxes: a tuple."""
    limit: Any = attrs.validators.max_len(maximum)
    return field(default=(), validator=limit, metadata={_SEVERAL: True})


def read_form(request: Request, kind: type[T]) -> Form[T]:
    """Read a form into its class.

    A field that the class does not declare, or sent twice unless it is one of
    :func:`several`, is no honest form: :exc:`BadRequest`.
    """
    declared = _declared(kind)
    for name, values in request.form.lists():
        if name != FIELD and (name not in declared or not (declared[name] or len(values) == 1)):
            raise BadRequest(f"unexpected field {name!r}")
    return _read(request.form, kind)


def read_query(request: Request, kind: type[T]) -> Form[T]:
    """Read the address's query into a class; what it does not declare is not looked at."""
    return _read(request.args, kind)


def _declared(kind: type[T]) -> dict[str, bool]:
    """The fields of a class, and whether each may be sent several times."""
    return {each.name: _SEVERAL in each.metadata for each in attrs.fields(kind)}  # type: ignore[arg-type]


def _read(sent: MultiDict[str, str], kind: type[T]) -> Form[T]:
    typed: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    for name, many in _declared(kind).items():
        values = sent.getlist(name)
        if many:
            lists[name] = values
        elif values:
            typed[name] = values[-1]
    try:
        return Form(_converter.structure({**typed, **lists}, kind), typed)
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


def chosen(kind: type[E], value: str) -> E | None:
    """The member of an enumeration that an address names; None for anything else."""
    return next((each for each in kind if each == value), None)
