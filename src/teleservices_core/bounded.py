"""Files that people give, read no further than what any honest one reaches.

Each bound is far above a school's files and far below a machine: whatever a file
holds, reading it takes little memory, and it is refused early, in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from attrs import field, frozen

from teleservices_core.errors import ImportRefusedError
from teleservices_core.i18n import _

_SKIPPED: Final = 64 * 1024


@frozen
class Bounds:
    """What a text file may not exceed."""

    size: int = 200_000_000
    """Bytes. The marks of a year of a lycée of 3,000 students take 80 million."""
    lines: int = 2_000_000
    line: int = 4_000
    """Bytes of one line, or characters of a file in UTF-16."""


@frozen
class HeldFile:
    """A file that is in memory: a stop by force leaves nothing of it on a disk."""

    name: str
    content: bytes = field(repr=False)


GivenFile: TypeAlias = Path | HeldFile


def open_given(file: GivenFile) -> IO[bytes]:
    """Its bytes."""
    return BytesIO(file.content) if isinstance(file, HeldFile) else file.open("rb")


def bounded_lines(
    path: GivenFile, bounds: Bounds, *, encoding: str | None = None
) -> Iterator[bytes | str]:
    """The lines of a file, as text where an encoding is given, one in memory at a time.

    A line beyond its bound comes cut to one more than the bound: the caller says
    what is wrong with it, and the next is read as if nothing had happened.
    Raises :exc:`ImportRefusedError` for a file beyond its own, before anything is
    read where the size tells.
    """
    _refuse_large(path, bounds.size)
    with _opened(path, encoding) as file:
        for _number in range(bounds.lines):
            line = file.readline(bounds.line + 1)
            if not line:
                return
            yield line
            if len(line) > bounds.line:
                _skip_rest(file, line)
        if file.readline(1):
            reason = _("plus de {limit} lignes : donnez-le en plusieurs fichiers")
            raise ImportRefusedError(path.name, reason.format(limit=bounds.lines))


def too_long(bounds: Bounds) -> str:
    """What is wrong with a line beyond its bound."""
    return _("ligne trop longue : plus de {limit} caractères").format(limit=bounds.line)


def _refuse_large(path: GivenFile, most: int) -> None:
    size = len(path.content) if isinstance(path, HeldFile) else path.stat().st_size
    if size > most:
        reason = _("plus de {limit} Mo : donnez-le en plusieurs fichiers")
        raise ImportRefusedError(path.name, reason.format(limit=most // 1_000_000))


def _opened(path: GivenFile, encoding: str | None) -> IO[Any]:
    if encoding is None:
        return open_given(path)
    # What cannot be read of UTF-16 is for its line to say; elsewhere it is an error.
    errors = "replace" if encoding == "utf-16" else "strict"
    return TextIOWrapper(open_given(path), encoding=encoding, errors=errors, newline="\n")


def _skip_rest(file: IO[Any], piece: bytes | str) -> None:
    end = b"\n" if isinstance(piece, bytes) else "\n"
    while piece and not piece.endswith(end):  # type: ignore[arg-type]
        piece = file.readline(_SKIPPED)
