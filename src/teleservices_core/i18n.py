"""Translation and formatting of what people read.

French is the source language: message ids are the French sentences, so that a
catalogue is needed for other languages only.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from functools import lru_cache
from gettext import NullTranslations
from typing import Final
from unicodedata import normalize
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time

LOCALE: Final = "fr_FR"
_translations: ContextVar[NullTranslations] = ContextVar("translations", default=NullTranslations())  # noqa: B039 - never mutated


@lru_cache(maxsize=4096)
def typeset(text: str) -> str:
    """French spacing: the spaces before ``? ! : ; »`` and after ``«`` do not break.

    Sentences are written with plain spaces, which every keyboard has.
    """
    return re.sub(r" (?=[?!:;»€]|%(?!\())|(?<=«) ", "\u00a0", text)


def _(message: str) -> str:
    """Translate a sentence into the reader's language."""
    return typeset(_translations.get().gettext(message))


def ngettext(singular: str, plural: str, number: int) -> str:
    """Translate a sentence that counts."""
    # Catalogue-free French: zero and one are singular, which C's rule is not.
    translations = _translations.get()
    if type(translations) is NullTranslations:
        return typeset(singular if number < 2 else plural)
    return typeset(translations.ngettext(singular, plural, number))


def of_name(name: str) -> str:
    """« de Zoé », « d’Anne », « d’Yves »: a person's name after its preposition."""
    plain = normalize("NFD", name[:2]).casefold().encode("ascii", "ignore").decode()
    is_vowel = name[:1].casefold() in ("œ", "æ") or plain[:1] in tuple("aeiou")
    is_elided = is_vowel or (plain[:1] == "y" and plain[1:2] not in tuple("aeiou"))
    return f"d’{name}" if is_elided else f"de {name}"


@lru_cache(maxsize=4096)
def show_date(day: date) -> str:
    """A date in words: "24 novembre 2026", "1er septembre 2026"."""
    text = str(format_date(day, "d MMMM y", locale=LOCALE))
    return f"1er{text[1:]}" if day.day == 1 else text


def show_day(day: date) -> str:
    """A date with its weekday: "mardi 24 novembre 2026"."""
    return f"{format_date(day, 'EEEE', locale=LOCALE)} {show_date(day)}"


def show_short_date(day: date) -> str:
    """A date in figures: "24/11/2026"."""
    return str(format_date(day, "dd/MM/y", locale=LOCALE))


def show_instant(at: datetime, zone: ZoneInfo) -> str:
    """An instant in local time: "mardi 24 novembre 2026 à 14 h 30"."""
    local = at.astimezone(zone)
    # An hour is not cut over two lines.
    time = str(format_time(local, "H'\u00a0h\u00a0'mm", locale=LOCALE))
    return f"{show_day(local.date())} à {time}"


def show_local_date(at: datetime, zone: ZoneInfo) -> str:
    """The local date of an instant: "24 novembre 2026"."""
    return show_date(at.astimezone(zone).date())


def show_timestamp(at: datetime, zone: ZoneInfo) -> str:
    """An instant in figures, for lists: "24/11/2026 14:30"."""
    return str(format_datetime(at.astimezone(zone), "dd/MM/y HH:mm", locale=LOCALE))


def show_wait(time: timedelta) -> str:
    """How long to wait, rounded up: "12 minutes", "1 h 30"."""
    minutes = max(1, -(-time // timedelta(minutes=1)))
    if minutes < 60:
        return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
    hours, rest = divmod(minutes, 60)
    return f"{hours}\u00a0h\u00a0{rest:02}" if rest else f"{hours}\u00a0h"


def show_age(age: timedelta) -> str:
    """How long ago: "à l’instant", "il y a 4 minutes", "il y a 2 heures", "il y a 3 jours"."""
    minutes, hours = age // timedelta(minutes=1), age // timedelta(hours=1)
    if minutes < 1:
        return _("à l’instant")
    if hours < 1:
        return ngettext("il y a {n} minute", "il y a {n} minutes", minutes).format(n=minutes)
    if age.days < 1:
        return ngettext("il y a {n} heure", "il y a {n} heures", hours).format(n=hours)
    return ngettext("il y a {n} jour", "il y a {n} jours", age.days).format(n=age.days)


def show_host(name: str) -> str:
    """What sentences call the host that signs people in, whatever its name, or without one."""
    return name or _("votre ENT")


def show_phone(text: str) -> str:
    """A French number by pairs of digits that do not part; another as it is written."""
    digits = re.sub(r"[\s.\-]", "", text)
    if not re.fullmatch(r"0\d{9}", digits):
        return text
    return "\u00a0".join(digits[place : place + 2] for place in range(0, 10, 2))


def dial(text: str) -> str:
    """The number as a ``tel:`` link wants it."""
    return re.sub(r"[^\d+]", "", text)
