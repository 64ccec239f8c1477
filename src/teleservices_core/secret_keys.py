"""Whether a site's key was drawn at random, or copied from a page and left so."""

from __future__ import annotations

from typing import Any, Final, cast

MINIMUM: Final = 32
"""Characters."""
_ENOUGH: Final = 25.0
"""Decimal logarithm of the guesses: what 32 random hexadecimal digits always withstand."""
_WORD: Final = 7
"""Letters of a word that chance does not write: it writes one of six in a key of two thousand."""


def is_guessable(key: str) -> bool:
    """Whether a key is a sentence, has words in it, or repeats itself.

    So do the keys of documentations and examples, whichever they are: a list
    of them would always lack one.
    """
    if not key.isascii() or any(character.isspace() for character in key):
        return True
    # Costs a tenth of a second to import.
    from zxcvbn import zxcvbn

    estimate = cast("dict[str, Any]", zxcvbn(key[:72], max_length=72))
    return estimate["guesses_log10"] < _ENOUGH or any(map(_is_word, estimate["sequence"]))


def _is_word(part: dict[str, Any]) -> bool:
    token: str = part["token"]
    return part["pattern"] == "dictionary" and token.isalpha() and len(token) >= _WORD
