"""Login names, letter codes and the password rule: pure, so that they can be proved."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from teleservices_core.domain.localtime import add_months, end_of_day, local_date

LETTER_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 characters without look-alikes: no 0, 1, I, L, O."""
LETTER_LENGTH: Final = 12
"""31^12: 59 bits, out of reach of guessing within a letter's life."""
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})
"""Letters that Unicode does not decompose."""
PASSWORD_MIN: Final = 12
PASSWORD_MIN_STAFF: Final = 15
PASSWORD_MAX: Final = 128
OWN_WORD: Final = 3
"""Letters of the shortest word that is looked for in its owner's password."""
BESIDE_OWN_WORDS: Final = 6
"""Letters and digits that a password must have beside its owner's words: more than a year."""


def new_letter_code(choice: Callable[[Sequence[str]], str]) -> str:
    """Draw a provisional password, given a random chooser."""
    return "".join(choice(LETTER_ALPHABET) for _ in range(LETTER_LENGTH))


def show_letter_code(code: str) -> str:
    """The code as printed: three groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def read_letter_code(text: str) -> str:
    """The code a person typed: case, spaces and dashes do not matter."""
    return re.sub(r"[\s\-–—]", "", text).upper()


def letter_expires_at(issued_at: datetime, months: int, zone: ZoneInfo) -> datetime:
    """End of a letter's validity: calendar months from edition, local end of day (F15)."""
    return end_of_day(add_months(local_date(issued_at, zone), months), zone)


def fold(text: str) -> str:
    """Text for comparing: lower case, no accents, only letters and digits."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_LIGATURES)
    return "".join(char for char in decomposed if char.isascii() and char.isalnum())


def login_stem(first_name: str, last_name: str) -> str:
    """The start of a login name: "camille.martin", at most 40 characters."""
    return f"{fold(first_name)[:15] or 'x'}.{fold(last_name)[:24] or 'x'}"


def normalize_password(text: str) -> str:
    """NFKC, so that a password typed on another keyboard stays the same."""
    return unicodedata.normalize("NFKC", text)


def password_problem(
    password: str,
    *,
    minimum: int = PASSWORD_MIN,
    weakness: Callable[[str, Sequence[str]], str | None],
    personal: Iterable[str] = (),
) -> str | None:
    """Why a password is refused, as a code, or None.

    No rule on kinds of characters and no renewal: length, an estimate of the
    guesses it withstands (``weakness``) and the person's own words, with
    throttled attempts beside (CNIL 2022-100, second case; NIST SP 800-63B).
    Lengths count characters.
    """
    if len(password) < minimum:
        return "too_short"
    if len(password) > PASSWORD_MAX:
        return "too_long"
    own = sorted({word for word in map(fold, personal) if len(word) >= OWN_WORD}, key=len)
    rest = folded = fold(password)
    for word in reversed(own):
        rest = rest.replace(word, "")
    if rest != folded and len(rest) < BESIDE_OWN_WORDS:
        return "too_personal"
    return weakness(password, own)
