"""Write docs/reference/account-life.md from the table of an account's life."""

from __future__ import annotations

import sys
from pathlib import Path

from teleservices_core.domain.accounts import TRANSITIONS, AccountState

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "reference" / "account-life.md"
HEAD = """\
# The life of an account

Made by `python docs/make_account_life.py` from `domain.accounts.TRANSITIONS`, which is
the only way from one state to another; a test checks that it is up to date.

```mermaid
stateDiagram-v2
    [*] --> new
"""


def page() -> str:
    """The diagram, then the table for who cannot see it."""
    arrows: dict[tuple[AccountState, AccountState], list[str]] = {}
    for (before, event), after in TRANSITIONS.items():
        arrows.setdefault((before, after), []).append(event.value)
    drawn = "".join(
        f"    {before} --> {after}: {', '.join(events)}\n"
        for (before, after), events in arrows.items()
    )
    rows = "".join(f"| {b} | {event} | {a} |\n" for (b, event), a in TRANSITIONS.items())
    return f"{HEAD}{drawn}```\n\n| state | event | next state |\n| --- | --- | --- |\n{rows}"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{TARGET.relative_to(ROOT)} written\n")
