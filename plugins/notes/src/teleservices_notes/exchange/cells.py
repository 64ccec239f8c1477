"""Cells of a file to values; what cannot be used is said in words for the school."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from teleservices_core.domain.values import Ine
from teleservices_core.errors import InvalidValueError
from teleservices_core.i18n import _
from teleservices_notes.model import LARGEST, Subject
from teleservices_notes.rules.written import read_number

_YES: Final = frozenset({"oui", "o", "1", "vrai", "true", "x"})
_NO: Final = frozenset({"", "non", "n", "0", "faux", "false"})
_DAY: Final = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_ISO_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME: Final = re.compile(r"([0-9]{1,2})[:h]([0-9]{2})(?::[0-9]{2})?")


class BadCellError(ValueError):
    """A cell that cannot be used, and why, in words for the school."""


def text(name: str, written: str, limit: int, *, required: bool = True) -> str:
    """Composed and with single spaces, since the words identify what they name."""
    found = " ".join(unicodedata.normalize("NFC", written).split())
    if required and not found:
        raise BadCellError(_("{field} : vide").format(field=name))
    if len(found) > limit or not found.isprintable():
        reason = _("{field} : plus de {limit} caractères, ou des caractères de commande")
        raise BadCellError(reason.format(field=name, limit=limit))
    return found


def subject(code: str, label: str) -> Subject:
    """A subject; its code stands for a label that the file has not."""
    code = text("matiere", code, 20)
    try:
        return Subject(code, text("libelle_matiere", label, 100, required=False) or code)
    except InvalidValueError:
        reason = _("matiere : « {code} » n’est pas un code (lettres, chiffres, tirets)")
        raise BadCellError(reason.format(code=code)) from None


@lru_cache(maxsize=10_000)
def number(name: str, written: str) -> Decimal:
    """A number with at most two decimals."""
    found = read_number(written)
    if found is not None:
        return found
    if re.fullmatch(r"[0-9]{4,}([.,][0-9]*)?", "".join(written.split())):
        reason = _("{field} : {text} est trop grand, au plus {most}")
        raise BadCellError(reason.format(field=name, text=written[:20], most=LARGEST - 1))
    reason = _("{field} : « {text} » n’est pas un nombre à deux décimales au plus")
    raise BadCellError(reason.format(field=name, text=written[:20]))


def flag(name: str, written: str) -> bool:
    """Yes or no; nothing is no."""
    folded = written.casefold()
    if folded not in _YES | _NO:
        reason = _("{field} : « {text} » n’est ni oui ni non")
        raise BadCellError(reason.format(field=name, text=written[:20]))
    return folded in _YES


@lru_cache(maxsize=10_000)
def day(name: str, written: str) -> date:
    """A date, 24/11/2026 or 2026-11-24."""
    french, iso = _DAY.fullmatch(written), _ISO_DAY.fullmatch(written)
    try:
        if french is not None:
            return date(int(french[3]), int(french[2]), int(french[1]))
        if iso is not None:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
    except ValueError:
        pass
    reason = _("{field} : « {text} » n’est pas une date jj/mm/aaaa")
    raise BadCellError(reason.format(field=name, text=written[:20]))


@lru_cache(maxsize=10_000)
def instant(name: str, written: str, zone: ZoneInfo) -> datetime:
    """A local date and time, 24/11/2026 18:20."""
    written = written.strip()
    on, _space, clock = written.replace("T", " ").partition(" ")
    found = _TIME.fullmatch(clock.strip())
    try:
        if found is not None:
            when = day(name, on)
            # Twice or never on the nights when clocks change: the first, or the
            # one an hour later. Either way it is the same day.
            local = datetime(
                when.year, when.month, when.day, int(found[1]), int(found[2]), tzinfo=zone
            )
            return local.astimezone(UTC)
    except ValueError:
        pass
    reason = _("{field} : « {text} » n’est pas une date et une heure jj/mm/aaaa hh:mm")
    raise BadCellError(reason.format(field=name, text=written[:20]))


@lru_cache(maxsize=10_000)
def ine(written: str) -> Ine:
    """A national identifier."""
    try:
        return Ine("".join(written.split()))
    except InvalidValueError:
        reason = _("ine : « {text} » n’a pas onze lettres ou chiffres")
        raise BadCellError(reason.format(text=written[:20])) from None
