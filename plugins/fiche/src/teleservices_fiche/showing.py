"""Values of the sheet in words, for pages, papers and files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from teleservices_core.i18n import _, show_date
from teleservices_fiche.model import Address, FieldDef, FieldKind, PersonKind, Value
from teleservices_fiche.rules.catalogue import choices, field_of
from teleservices_fiche.rules.typed import Untyped, read, show_number
from teleservices_fiche.words import OWN_LISTS

_INSEE: Final = re.compile(r"\d[\dAB]\d{3}")


def show_value(person: PersonKind, code: str, value: Value) -> str:
    """A value on one line; empty for none."""
    return ", ".join(value_lines(person, code, value))


def value_lines(person: PersonKind, code: str, value: Value) -> tuple[str, ...]:
    """A value as it is shown: one line, or those of an address; none for no value."""
    if value is None or value == "":
        return ()
    if isinstance(value, Address):
        return address_lines(value)
    if isinstance(value, bool):
        return (_("Oui") if value else _("Non"),)
    try:
        return (_text(field_of(person, code), value),)
    except KeyError:
        return (value,)


def show_typed(field: FieldDef, typed: Mapping[str, str]) -> str:
    """What a field's controls hold, on one line, even where it is no value yet."""
    try:
        return show_value(field.person, field.code, read(field, typed))
    except Untyped:
        return ", ".join(filter(None, typed.values()))


def address_lines(address: Address) -> tuple[str, ...]:
    """The lines to print under a name."""
    last = f"{address.postal_code} {address.town}".strip()
    if address.is_french:
        return (*address.lines, last)
    country = choices("countries").get(address.country, address.country)
    return (*address.lines, last, country.upper())


def _text(field: FieldDef, value: str) -> str:
    match field.kind:
        case FieldKind.PHONE:
            return show_number(value)
        case FieldKind.DATE:
            return show_date(date.fromisoformat(value))
        case FieldKind.CHOICE:
            own = OWN_LISTS.get(field.choices, {}).get(value)
            return own() if own else choices(field.choices).get(value, value)
        case FieldKind.TOWN if _INSEE.fullmatch(value):
            return _("commune de code Insee {code}").format(code=value)
    return value
