"""The life of an account, as the documentation draws it: told without the code's table."""

from __future__ import annotations

from typing import Final

_EVENTS = (
    *("issue_letter", "claim", "complete", "link", "group"),
    *("ungroup", "lock", "unlock", "close"),
)
_STATES = {
    "new": "  issued       .       .        active grouped .       .      .      closed",
    "issued": "issued      claimed .        active grouped .       .      .      closed",
    "claimed": "issued     .       active   active grouped .       .      .      closed",
    "active": "issued      .       .        active grouped .       locked .      closed",
    "locked": "issued      .       .        .      .       .       .      active closed",
    "grouped": ".          .       .        .      .       active  .      .      closed",
    "closed": "issued      .       .        active grouped .       .      .      .",
}
"""From each state, what each event makes of it. Where there is a dot, it cannot happen."""
LIFE: Final = {
    (state, event): after
    for state, row in _STATES.items()
    for event, after in zip(_EVENTS, row.split(), strict=True)
    if after != "."
}
"""(state, event) to the state after it."""
