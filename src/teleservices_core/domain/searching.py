"""Words typed to find an establishment, whatever their accents, case and abbreviations."""

from __future__ import annotations

import re
from typing import Final

from teleservices_core.domain.credentials import fold

_SHORT: Final = {"st": "saint", "ste": "sainte"}
SEARCH_MAX: Final = 100
"""Characters of a search that are read."""
SEARCH_TEXT_MAX: Final = 400
MOST_TERMS: Final = 8
"""Words of a search that count; the rest only costs."""


def search_words(*texts: str) -> tuple[str, ...]:
    """The words of some texts, ready to be compared.

    >>> search_words("Lycée St-Exupéry", "Nevers")
    ('lycee', 'saint', 'exupery', 'nevers')
    """
    words = (fold(word) for text in texts for word in re.split(r"[\W_]+", text))
    return tuple(_SHORT.get(word, word) for word in words if word)


def search_terms(typed: str) -> tuple[str, ...]:
    """The distinct words of a search; an establishment must have them all, or begin them."""
    return tuple(dict.fromkeys(search_words(typed)))[:MOST_TERMS]


def search_text(*texts: str) -> str:
    """What is stored beside an establishment to be searched and sorted."""
    return " ".join(search_words(*texts))[:SEARCH_TEXT_MAX]
