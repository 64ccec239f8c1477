"""What an import changes, said field by field before anything is written."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any
from uuid import UUID

import attrs
from attrs import frozen


class Subject(StrEnum):
    """What a difference is about."""

    STUDENT = "student"
    ADULT = "adult"
    LINK = "link"


class Change(StrEnum):
    """What happens to it."""

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    """Another class, another school year or another establishment."""
    LEFT = "left"
    """A student whose schooling is closed; nothing is deleted."""
    ENDED = "ended"
    """A link that no longer holds."""


@frozen
class FieldChange:
    """One field, before and after."""

    field: str
    before: Any
    after: Any


@frozen
class Difference:
    """One person or link that an import touches."""

    subject: Subject
    change: Change
    entity_id: UUID
    label: str
    """Whom it is about, in words."""
    changes: tuple[FieldChange, ...] = ()


def field_changes(
    before: Any, after: Any, *, ignored: Collection[str] = ()
) -> tuple[FieldChange, ...]:
    """Compare two values of one attrs class, field by field."""
    names = (field.name for field in attrs.fields(type(after)))
    return tuple(
        FieldChange(name, old, new)
        for name in names
        if name not in ignored and (old := getattr(before, name)) != (new := getattr(after, name))
    )
