"""What nobody has said is not so: a flag that is left out is down."""

from __future__ import annotations

import importlib
import pkgutil

import attrs

import teleservices_core.domain
import teleservices_fiche.model
import teleservices_notes.model

UP = {
    "Attribution.takes_ine",
    "Establishment.takes_part",
    "FicheOptions.asks_associations",
    "FieldDef.in_base",
    "IdentifiedStudent.is_present",
    "IdentifiedStudent.takes_ine",
    "Touched.is_there",
}
"""True unless somebody says otherwise."""


def test_flags_are_down() -> None:
    up = set()
    for package in (teleservices_core.domain, teleservices_fiche.model, teleservices_notes.model):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for name, each in vars(module).items():
                if attrs.has(each) and each.__module__ == module.__name__:
                    flags = (field for field in attrs.fields(each) if field.default is True)
                    up |= {f"{name}.{field.name}" for field in flags}
    assert up == UP
