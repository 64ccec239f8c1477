"""Fields of SIECLE: text, dates, flags and codes, in the old style and the new.

Each function takes the names a field has had, newest first, and reads the
first that is filled in. A value that cannot be understood raises
:exc:`FieldError`, and its record is set aside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, TypeVar

from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.records import Record
from teleservices_core.errors import InvalidValueError
from teleservices_core.exchange.xmlstream import Element
from teleservices_core.i18n import _

T = TypeVar("T")

Remark = Callable[[str], None]
"""Says something about a record that is taken all the same."""
Reader = Callable[[Element, str, Remark], Record]
"""Makes a record of an element, the name of its file and where to remark."""

_YES: Final = frozenset({"1", "true", "o", "oui"})
_NO: Final = frozenset({"", "0", "false", "n", "non"})
_DATE: Final = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
_FRANCE: Final = "100"
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class FieldError(ValueError):
    """A field that cannot be used, and why."""


def text(element: Element, *names: str, limit: int = 100) -> str:
    """Optional text of at most ``limit`` characters."""
    for name in names:
        if value := element.get(name):
            if len(value) > limit:
                reason = _("{field} : plus de {limit} caractères")
                raise FieldError(reason.format(field=name, limit=limit))
            return value
    return ""


def required(element: Element, *names: str, limit: int = 100) -> str:
    """Text that must be there."""
    if value := text(element, *names, limit=limit):
        return value
    raise _absent(names[0])


def _absent(name: str) -> FieldError:
    return FieldError(_("{field} : absent ou vide").format(field=name))


def identifier(element: Element, name: str) -> str:
    """A key of the school base: an attribute in real exports, a child in some others."""
    return required(element, name, limit=20)


def day(element: Element, name: str) -> date | None:
    """An optional date, written dd/mm/yyyy."""
    value = element.get(name)
    if not value:
        return None
    if found := _DATE.fullmatch(value[:10]):
        try:
            return date(int(found[3]), int(found[2]), int(found[1]))
        except ValueError:
            pass
    reason = _("{field} : « {value} » n’est pas une date jj/mm/aaaa")
    raise FieldError(reason.format(field=name, value=value[:30]))


def required_day(element: Element, name: str) -> date:
    """A date that must be there."""
    found = day(element, name)
    if found is None:
        raise _absent(name)
    return found


def flag(element: Element, *names: str) -> bool:
    """Whether a box is ticked: 0/1 and true/false are mixed, even in one record."""
    value = text(element, *names).lower()
    if value in _YES:
        return True
    if value in _NO:
        return False
    reason = _("{field} : « {value} » n’est ni oui ni non")
    raise FieldError(reason.format(field=names[0], value=value[:30]))


def code(element: Element, make: Callable[[str], T], *names: str) -> T | None:
    """An optional official code, checked by the value that holds it."""
    value = text(element, *names)
    if not value:
        return None
    try:
        return make(value)
    except InvalidValueError:
        reason = _("{field} : « {value} » n’a pas la forme attendue")
        raise FieldError(reason.format(field=names[0], value=value[:30])) from None


def mapped(element: Element, codes: Mapping[str, T], name: str) -> T | None:
    """The meaning of a code, or None when it is empty."""
    value = text(element, name)
    if not value:
        return None
    try:
        return codes[value]
    except KeyError:
        reason = _("{field} : code « {value} » inconnu")
        raise FieldError(reason.format(field=name, value=value[:30])) from None


def phone(element: Element, *names: str) -> str:
    """A telephone number without its separators; ``+33…`` stays so."""
    return re.sub(r"[\s.\-/()]", "", text(element, *names))[:30]


def postal_address(element: Element) -> PostalAddress:
    """The children of an ADRESSE, the same in both files.

    Abroad, the town is in COMMUNE_ETRANGERE and the country is named.
    """
    lines = (text(element, f"LIGNE{number}_ADRESSE", limit=70) for number in range(1, 5))
    country = text(element, "CODE_PAYS", limit=5)
    abroad = country not in {"", _FRANCE}
    return PostalAddress(
        lines=tuple(filter(None, lines)),
        postal_code=text(element, "CODE_POSTAL", limit=10),
        town=text(element, "LIBELLE_POSTAL", "COMMUNE_ETRANGERE"),
        country=text(element, "LL_PAYS", limit=60) if abroad else "",
        country_code=country if abroad else "",
    )


def email(element: Element, name: str, remark: Remark) -> str:
    """An address that looks like one; anything else is left out with a remark."""
    value = text(element, name, limit=1_000)
    if not value or (len(value) <= 254 and _EMAIL.fullmatch(value)):
        return value
    remark(_("adresse de courriel ignorée : « {value} »").format(value=value[:60]))
    return ""
