"""Figures with at most two decimals, so that they are stored as whole hundredths."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Final

from teleservices_core.errors import InvalidValueError

LARGEST: Final = Decimal(1000)
"""No scale and no weight reaches it."""
LEAST_SCALE: Final = Decimal("0.01")
ZERO: Final = Decimal(0)


@lru_cache(maxsize=10_000)
def check_hundredths(what: str, value: Decimal, least: Decimal) -> None:
    """Refuse a figure that is finer, smaller or larger. Raises :exc:`InvalidValueError`."""
    # Remembered: a page has some 500 figures, of which few are different.
    exponent = value.as_tuple().exponent
    # NaN and infinities have a letter for exponent, and compare with nothing.
    if not isinstance(exponent, int) or exponent < -2:
        raise InvalidValueError(what, value, "expected a number with at most two decimals")
    if not least <= value < LARGEST:
        raise InvalidValueError(what, value, f"expected between {least} and {LARGEST}")
