"""What credential letters say (F10): values that any form of letter starts from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Final

from attrs import field, frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.credentials import (
    LETTER_ALPHABET,
    LETTER_LENGTH,
    read_letter_code,
    show_letter_code,
)
from teleservices_core.errors import InvalidValueError

UNPRINTABLE: Final = "□"
"""Stands for a character that the fonts lack: a box, to be filled in by hand."""
# What Libertinus Serif holds in all its weights; a test prints every character.
# PDF/UA-1 allows no missing glyph: typst would refuse the whole batch for one.
_UNPRINTABLE: Final = re.compile(
    "[^ -~\u00a1-\u02e4\u0300-\u036f"  # Latin, its modifiers and its combining marks
    "\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u045f\u0490-\u04c4"  # Greek, Cyrillic
    "\u1e00-\u1e9b\u1e9e\u1ea0-\u1ef9"  # more Latin: Vietnamese, Celtic
    "\u2010-\u2015\u2018-\u2022\u2026\u2030\u2039\u203a\u20ac\u2116]"
)
_SITE_ADDRESS: Final = re.compile(r"[!-?A-~]+")


def _one_line(text: str) -> str:
    """The text composed (NFC), on one line, without invisible characters."""
    spaced = "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)
    visible = (char for char in spaced if unicodedata.category(char) not in {"Cf", "Cs"})
    return " ".join(unicodedata.normalize("NFC", "".join(visible)).split())


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(line for line in map(_one_line, texts) if line)


def printable(text: str) -> str:
    """The text as a letter prints it.

    Names of the civil register, and more: Latin, Greek and Cyrillic. Any other
    character becomes :data:`UNPRINTABLE`; the office can thus find the letters
    to complete by hand: those where ``printable(name) != name``.
    """
    return _UNPRINTABLE.sub(UNPRINTABLE, _one_line(text))


@frozen
class SheetChild:
    """A pupil to whom an account gives access, with the class as shown ("6e B")."""

    name: str = field(converter=_one_line)
    class_group: str = field(default="", converter=_one_line)


def _children(children: Iterable[SheetChild]) -> tuple[SheetChild, ...]:
    return tuple(children)


@frozen
class LetterSheet:
    """What one letter says. Texts are put on one line and composed (NFC).

    ``children`` are those a guardian's account gives access to, or the student
    himself. ``valid_until`` is the last day included; the caller works it out
    from the académie's setting (F15). Raises :exc:`InvalidValueError` for a
    letter without a name and for credentials that nobody could type from the
    page; the message never holds the code.
    """

    recipient_name: str = field(converter=_one_line)
    """Never empty: it is the letter's bookmark and how it finds its reader."""
    recipient_address: tuple[str, ...] = field(converter=_lines)
    """Lines under the name; empty for a letter handed over at school."""
    audience: Audience = field(converter=Audience)
    login_name: str = field()
    code: str = field(repr=False)
    """The provisional password as printed: XXXX-XXXX-XXXX."""
    children: tuple[SheetChild, ...] = field(converter=_children)
    issued_on: date
    valid_until: date = field()

    @recipient_name.validator
    def _validate_recipient_name(self, _attribute: object, recipient_name: str) -> None:
        if not recipient_name:
            raise InvalidValueError("recipient", recipient_name, "a letter needs a name")

    @login_name.validator
    def _validate_login_name(self, _attribute: object, login_name: str) -> None:
        if not login_name or " " in login_name or printable(login_name) != login_name:
            raise InvalidValueError("login name", login_name, "it cannot be read from a page")
        if len(login_name) > 64:
            raise InvalidValueError("login name", login_name, "longer than 64 characters")

    @code.validator
    def _validate_code(self, _attribute: object, code: str) -> None:
        plain = read_letter_code(code)
        if (
            len(plain) != LETTER_LENGTH
            or not set(plain) <= set(LETTER_ALPHABET)
            or show_letter_code(plain) != code
        ):
            raise InvalidValueError("letter code", "(hidden)", "expected XXXX-XXXX-XXXX")

    @valid_until.validator
    def _validate_dates(self, _attribute: object, valid_until: date) -> None:
        if valid_until < self.issued_on:
            raise InvalidValueError("validity", valid_until, "it ends before the letter is issued")


@frozen
class LetterHead:
    """Who sends the letters, and where families find help (F14, F16, F20).

    Empty texts are left out of the page. ``site_address`` is printed as given,
    to be typed: plain ASCII, without spaces and without "@", behind which
    another host could hide. Raises :exc:`InvalidValueError` otherwise.
    """

    academie_name: str = field(converter=_one_line)
    establishment_name: str = field(converter=_one_line)
    establishment_address: tuple[str, ...] = field(converter=_lines)
    phone: str = field(converter=_one_line)
    email: str = field(converter=_one_line)
    site_address: str = field()
    hotline_phone: str = field(converter=_one_line)
    hotline_hours: str = field(default="", converter=_one_line)
    town: str = field(default="", converter=_one_line)
    """For « Fait à …, le … »; the date stands alone without it."""

    @site_address.validator
    def _validate(self, _attribute: object, site_address: str) -> None:
        if not _SITE_ADDRESS.fullmatch(site_address):
            raise InvalidValueError(
                "site address", site_address, "expected ASCII without spaces or @"
            )


def at_most(count: int, lines: tuple[str, ...]) -> list[str]:
    """The lines, those too many joined to the last."""
    joined = ", ".join(lines[count - 1 :])
    return [*lines[: count - 1], *([joined] if joined else [])]
