"""Who can sign in to the demo, kept in a file beside its database."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import cattrs
from attrs import frozen

from teleservices_core.files import write_private


@frozen
class DemoPersona:
    """Somebody to become."""

    key: str
    login_name: str
    name: str
    shows: str
    letter_code: str = ""
    """The provisional password, for those whose account is still to be claimed."""


def save(path: Path, personas: list[DemoPersona]) -> None:
    """Write the list."""
    text = json.dumps([attrs.asdict(each) for each in personas], ensure_ascii=False, indent=2)
    write_private(path, text)


def load(path: Path) -> list[DemoPersona]:
    """Read the list."""
    return cattrs.structure(json.loads(path.read_text(encoding="utf-8")), list[DemoPersona])
