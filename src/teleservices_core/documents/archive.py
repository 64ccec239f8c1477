"""A zip file that leaves while it is made: its first file does not wait for its last."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from zipfile import ZIP_DEFLATED, ZipFile


class _Pipe(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        """A pipe is written to, and never gone back in."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Hold the bytes."""
        self._held += data
        return len(data)

    def take(self) -> Iterator[bytes]:
        """Give what is held, if anything, and hold nothing."""
        if self._held:
            yield bytes(self._held)
            self._held.clear()


def zipped(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """A zip file bit by bit, from files given as a name and their own bits.

    Everything is asked for in its turn, so that whoever stops reading stops the making.
    """
    pipe = _Pipe()
    with ZipFile(pipe, "w", ZIP_DEFLATED) as archive:
        for name, parts in files:
            with archive.open(name, "w") as entry:
                for part in parts:
                    entry.write(part)
                    yield from pipe.take()
            yield from pipe.take()
    yield from pipe.take()
