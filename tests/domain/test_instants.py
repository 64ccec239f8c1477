"""Every date with an hour that is stored or given is an instant: one without a zone is refused."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from types import ModuleType

import attrs
import pytest

import teleservices_core.domain
import teleservices_fiche.model
import teleservices_notes.model
from teleservices_core.errors import InvalidValueError

PACKAGES = (teleservices_core.domain, teleservices_fiche.model, teleservices_notes.model)
COMPUTED = {
    "Cut",
    "Decided",
    "Due",
    "Fault",
    "Joined",
    "Landscape",
    "LetterTrace",
    "Rescheduled",
    "Situation",
    "Span",
}
"""Made by rules alone, from instants."""


def modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def instants() -> Iterator[object]:
    for module in modules():
        for name, each in vars(module).items():
            if not attrs.has(each) or each.__module__ != module.__name__ or name in COMPUTED:
                continue
            for field in attrs.fields(each):
                if field.type in ("datetime", "datetime | None"):
                    yield pytest.param(field, id=f"{module.__name__}.{name}.{field.name}")


@pytest.mark.parametrize("field", [*instants()])
def test_without_a_zone_it_is_refused(field: attrs.Attribute[datetime]) -> None:
    at = datetime(2026, 9, 1, 8, tzinfo=timezone(timedelta(hours=2)))
    assert field.converter is not None
    told = field.converter(at)
    assert told == at
    assert told.tzinfo is UTC
    with pytest.raises(InvalidValueError):
        field.converter(at.replace(tzinfo=None))
