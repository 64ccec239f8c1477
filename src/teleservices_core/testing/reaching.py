"""Properties that must come to what they are for: one whose examples never do proves nothing.

::

    @often(0.2)
    @given(modules(), questions())
    def test_what_opened_a_module_closes_it(module, question):
        decision = decide(module, question, CORE_RULES)
        if reached(decision.is_open):
            ...
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec

from attrs import define

P = ParamSpec("P")


@define
class _Count:
    asked: int = 0
    reached: int = 0


_COUNTS: Final[list[_Count]] = []
"""Of the property that runs; of none outside."""


def reached(whether: bool = True) -> bool:
    """Note whether this example came to what the property is for; returns it."""
    if _COUNTS:
        _COUNTS[-1].asked += 1
        _COUNTS[-1].reached += whether
    return whether


def often(share: float) -> Callable[[Callable[P, Any]], Callable[P, None]]:
    """Fail a property of which a smaller share of examples than this :func:`reached` its point.

    Goes above ``@given``. The share may be a fourth of what is usual: it is there to
    notice a generator that starves, not one that was unlucky.
    """

    def decorate(test: Callable[P, Any]) -> Callable[P, None]:
        @wraps(test)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            count = _Count()
            _COUNTS.append(count)
            try:
                test(*args, **kwargs)
            finally:
                _COUNTS.pop()
            least = max(1, share * count.asked)
            if count.reached < least:
                raise AssertionError(
                    f"{count.reached} of {count.asked} examples came to the point: "
                    f"at least {least:g} should"
                )

        return run

    return decorate
