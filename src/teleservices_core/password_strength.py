"""How many tries a password would withstand, as somebody who knows its owner would guess.

The estimator is zxcvbn, taught what French people choose and how their
keyboard lies. It counts guesses; no rule on kinds of characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any, Final

from attrs import frozen

from teleservices_core.common_passwords import FRENCH_WORDS, KEYBOARD
from teleservices_core.queues import ShortQueue

ENOUGH: Final = 10.0
"""Decimal logarithm of the guesses a password must withstand: zxcvbn's best mark."""
LOOKED_AT: Final = 32
"""Characters that are looked at: time grows with their cube, and a good beginning is enough."""
_ONE_AT_A_TIME: Final = ShortQueue(cores=1, waiting=20)
"""The estimator keeps the personal words in a table of its module."""
_SEPARATORS: Final = re.compile(
    r"(?<=[^\W_])[ .,;:\-–_/'’]{1,3}(?=[^\W_])|(?<=[^\W\d_]{3})[\W_]{1,3}(?=[^\W\d_]{3})"
)
"""What stands between words: spaces and the like, or any signs where both are surely words."""
_DATES: Final = re.compile(r"(\d{6,8}|(?:19|20)\d\d(?!\d))")
"""Digits that are surely no letters."""
_REPEATED: Final = frozenset({"repeat", "sequence", "spatial"})


def weakness(password: str, personal: Sequence[str] = ()) -> str | None:
    """Why a password would be guessed, as a code, or None.

    ``personal`` are the words that a stranger may know of its owner. The codes
    are ``too_simple`` for repetitions and rows of keys, ``too_personal`` and
    ``too_common``, whichever makes up most of it. Raises :exc:`BusyError` when
    as many people as can wait have one weighed.
    """
    own = [_without_accents(word.lower()) for word in personal]
    with _ONE_AT_A_TIME.turn():
        estimator = _estimator()
        for text in _readings(password, estimator.letters):
            estimated = estimator.estimate(text, own)
            if estimated["guesses_log10"] < ENOUGH:
                return _reason(estimated["sequence"], own)
    return None


def _readings(password: str, letters: Sequence[Mapping[int, str]]) -> list[str]:
    """The few texts that somebody guessing may take it for, none longer than is looked at.

    Accents, what stands between words, and signs put for letters cost next to
    nothing. A sign is read as a letter without reckoning how else it might be.
    """
    typed = unicodedata.normalize("NFKC", password).lower()
    joined = _SEPARATORS.sub("", _without_accents(typed))
    parts = _DATES.split(joined)
    spelled = [
        "".join(part if at % 2 else part.translate(table) for at, part in enumerate(parts))
        for table in letters
    ]
    return list(dict.fromkeys(text[:LOOKED_AT] for text in (joined, *spelled, typed) if text))


def _reason(parts: Sequence[Mapping[str, Any]], own: Collection[str]) -> str:
    lengths = dict.fromkeys(("too_simple", "too_personal", "too_common"), 0)
    for part in parts:
        if part["pattern"] in _REPEATED:
            code = "too_simple"
        else:
            code = "too_personal" if part.get("matched_word") in own else "too_common"
        lengths[code] += len(part["token"])
    return max(lengths, key=lambda code: lengths[code])


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@frozen
class _Estimator:
    estimate: Callable[[str, Sequence[str]], Mapping[str, Any]]
    letters: Sequence[Mapping[int, str]]
    """For what letters signs stand, by their code points: once for each that may be two."""


@cache
def _estimator() -> _Estimator:
    # Imported late: it reads its lists of words, which no page but this needs.
    from zxcvbn import matching, zxcvbn

    # One table rather than one for each list: a text is cut up once.
    words: dict[str, int] = {}
    for ranks in (*matching.RANKED_DICTIONARIES.values(), matching.build_ranked_dict(FRENCH_WORDS)):
        for word, rank in ranks.items():
            words[word] = min(rank, words.get(word, rank))
    matching.RANKED_DICTIONARIES.clear()
    matching.RANKED_DICTIONARIES["words"] = words
    matching.GRAPHS["azerty"] = neighbors(KEYBOARD)
    # It would look at a text once for each way to put letters for signs: thousands.
    signs = list(matching.L33T_TABLE.items())
    matching.L33T_TABLE.clear()
    letters = [
        {ord(sign): letter for letter, stand_for in order for sign in stand_for}
        for order in (signs, signs[::-1])
    ]
    return _Estimator(zxcvbn, letters)


def neighbors(rows: Sequence[str]) -> dict[str, list[str | None]]:
    """The keys around each key, clockwise from the left, as zxcvbn wants them."""
    at = {(line, place): key for line, row in enumerate(rows) for place, key in enumerate(row)}
    around = ((0, -1), (-1, 0), (-1, 1), (0, 1), (1, 0), (1, -1))
    return {
        key: [at.get((line + down, place + right)) for down, right in around]
        for (line, place), key in at.items()
        if key != " "
    }
