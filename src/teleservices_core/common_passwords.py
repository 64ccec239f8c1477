"""Passwords that too many people choose, French ones included."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Final

_STEMS: Final = (
    "motdepasse password azerty qwerty azertyuiop qwertyuiop azertyuiopqsdfghjklm "
    "qsdfghjklm wxcvbn iloveyou jetaime doudou loulou chouchou soleil bonjour marseille "
    "lyon paris dijon bourgogne france football princesse princess dragon monkey shadow "
    "superman batman pokemon naruto welcome bienvenue admin administrateur administrator "
    "secret letmein changeme camille nicolas thomas julien celine sophie isabelle "
    "education teleservice teleservices college lycee ecole eleve parent parents notes "
    "abcdef abcdefgh abcdefghijkl azer qsdf coucou maman papa famille vacances ordinateur"
)
_TAILS: Final = (
    "",
    *(str(number) for number in range(100)),
    *("123", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890"),
    *(str(year) for year in range(1940, 2041)),
)


@cache
def _all() -> frozenset[str]:
    stems = _STEMS.split()
    single = {stem + tail for stem, tail in product(stems, _TAILS)}
    double = {first + second for first, second in product(stems, stems)}
    digits = {("1234567890" * 13)[:length] for length in range(1, 129)}
    digits |= {("0123456789" * 13)[:length] for length in range(1, 129)}
    return frozenset(single | double | digits)


def is_common(folded: str) -> bool:
    """Whether a password, in lower case without accents or signs, is a well-known one.

    The list is built from the words people start from and what they add to
    them, since a password long enough to be accepted is rarely a bare word.
    """
    return folded in _all() or (len(folded) < 16 and folded.rstrip("0123456789") in _all())
