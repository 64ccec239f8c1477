"""Copies of the journal's seals: JSON lines, to be kept on another machine."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from attrs import asdict

from teleservices_core.bounded import Bounds, bounded_lines
from teleservices_core.domain.seals import Seal
from teleservices_core.errors import ImportRefusedError, RefusedError
from teleservices_core.files import private_file

_BOUNDS: Final = Bounds(line=1_000_000)


def write_seals(path: Path, seals: Iterable[Seal]) -> None:
    """One seal a line."""
    with private_file(path, "w", encoding="utf-8") as file:
        for seal in seals:
            file.write(json.dumps(asdict(seal), default=datetime.isoformat) + "\n")


def read_seals(path: Path) -> list[Seal]:
    """The seals of a copy. Raises :exc:`RefusedError` ``not_seals`` for another file."""
    try:
        lines = map(json.loads, bounded_lines(path, _BOUNDS))
        return [
            Seal(**{**each, "at": datetime.fromisoformat(each["at"]), "open": tuple(each["open"])})
            for each in lines
        ]
    except (ValueError, TypeError, KeyError, RecursionError, ImportRefusedError):
        raise RefusedError("not_seals", path=path) from None
