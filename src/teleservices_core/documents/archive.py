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

    def take(self) -> bytes:
        """Give what is held, and hold nothing."""
        taken = bytes(self._held)
        self._held.clear()
        return taken


def zipped(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The parts of a zip file, one for each file given and one for the end.

    Files are asked for one by one, so that whoever stops reading stops their making.
    """
    pipe = _Pipe()
    with ZipFile(pipe, "w", ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
            yield pipe.take()
    yield pipe.take()
