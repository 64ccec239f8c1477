"""How many tries a password would withstand, as somebody who knows its owner would guess.

The estimator is zxcvbn, taught what French people choose and how their
keyboard lies. It counts guesses; no rule on kinds of characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from threading import Lock
from typing import Any, Final

from teleservices_core.common_passwords import FRENCH_WORDS, KEYBOARD

ENOUGH: Final = 10.0
"""Decimal logarithm of the guesses a password must withstand: zxcvbn's best mark."""
_LOOKED_AT: Final = 40
"""Characters that are looked at: more cost time, and a good beginning is enough."""
_ONE_AT_A_TIME: Final = Lock()
"""The estimator keeps the personal words in a table of its module."""
_SEPARATORS: Final = str.maketrans("", "", " .,;:-–_/'’")
_REPEATED: Final = frozenset({"repeat", "sequence", "spatial"})


def weakness(password: str, personal: Sequence[str] = ()) -> str | None:
    """Why a password would be guessed, as a code, or None.

    ``personal`` are the words that a stranger may know of its owner. The codes
    are ``too_simple`` for repetitions and rows of keys, ``too_personal`` and
    ``too_common``, whichever makes up most of it.
    """
    start = unicodedata.normalize("NFKC", password)[:_LOOKED_AT].lower()
    plain = _without_accents(start)
    own = [_without_accents(word.lower()) for word in personal]
    with _ONE_AT_A_TIME:
        # Accents and what stands between words cost who guesses next to nothing.
        estimates = [
            _estimator()(text, own) for text in {start, plain, plain.translate(_SEPARATORS)} if text
        ]
    weakest = min(estimates, key=lambda estimate: estimate["guesses_log10"], default=None)
    if weakest is None:
        return "too_simple"
    return None if weakest["guesses_log10"] >= ENOUGH else _reason(weakest["sequence"], own)


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


@cache
def _estimator() -> Any:
    # Imported late: it reads its lists of words, which no page but this needs.
    from zxcvbn import matching, zxcvbn

    matching.add_frequency_lists({"french": list(FRENCH_WORDS)})
    matching.GRAPHS["azerty"] = neighbors(KEYBOARD)
    return zxcvbn


def neighbors(rows: Sequence[str]) -> dict[str, list[str | None]]:
    """The keys around each key, clockwise from the left, as zxcvbn wants them."""
    at = {(line, place): key for line, row in enumerate(rows) for place, key in enumerate(row)}
    around = ((0, -1), (-1, 0), (-1, 1), (0, 1), (1, 0), (1, -1))
    return {
        key: [at.get((line + down, place + right)) for down, right in around]
        for (line, place), key in at.items()
        if key != " "
    }
