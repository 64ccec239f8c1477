"""The catalogue and the lists of choices, from their configuration."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from teleservices_core.settings import strict_converter
from teleservices_fiche.model import Catalogue, FieldDef, Person, PersonKind

_converter: Final = strict_converter()


@cache
def _configured() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("catalogue.toml").read_text("utf-8"))


@cache
def _fields() -> tuple[FieldDef, ...]:
    return tuple(_converter.structure(each, FieldDef) for each in _configured()["field"])


@cache
def catalogue(version: int | None = None) -> Catalogue:
    """The fields of a version; of the current one by default."""
    version = version or int(_configured()["current"])
    return Catalogue(version, tuple(each for each in _fields() if each.since <= version))


@cache
def choices(name: str) -> Mapping[str, str]:
    """Labels by code of the list that a field names; empty for a list that is only shown."""
    found = tomllib.loads(files(__package__).joinpath("lists.toml").read_text("utf-8"))
    return dict(found.get(name, {}))


def field_of(person: Person | PersonKind, code: str) -> FieldDef:
    """A field of the current catalogue. Raises :exc:`KeyError` for none."""
    kind = person.kind if isinstance(person, Person) else person
    found = catalogue().get(kind, code)
    if found is None:
        raise KeyError(f"no field {kind}.{code}")
    return found
