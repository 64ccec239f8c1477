"""An XML file written in several places at once, in flat memory."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self

_BUFFER = 1 << 16


class SectionedXml:
    """A document of sections under DONNEES, filled in any order.

    A SIECLE file holds all the students, then all their options, then all
    their classes. The first section goes straight to the file, the others
    wait in anonymous files beside it, so nothing is kept in memory. Characters
    that the encoding lacks become character references.

    Used as a context manager; the document is complete when it is left without
    an exception.
    """

    def __init__(
        self, path: Path, head: str, tags: Sequence[str], root: str, encoding: str
    ) -> None:
        self._tags, self._root, self._encoding = tuple(tags), root, encoding
        self._stack = stack = ExitStack()
        self._file: IO[bytes] = stack.enter_context(path.open("wb", buffering=_BUFFER))
        self._parts = [self._file]
        for _ in self._tags[1:]:  # closed by the stack
            part = stack.enter_context(TemporaryFile("w+b", _BUFFER, dir=path.parent))  # noqa: SIM115
            self._parts.append(part)
        self._file.write(self._bytes(f"{head}  <DONNEES>\n    <{self._tags[0]}>\n"))

    def add(self, section: int, record: str) -> None:
        """Append a record to a section, given by its rank."""
        self._parts[section].write(self._bytes(record))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _value: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with self._stack:
            if kind is None:
                self._finish()

    def _finish(self) -> None:
        out = self._file
        out.write(self._bytes(f"    </{self._tags[0]}>\n"))
        for tag, part in zip(self._tags[1:], self._parts[1:], strict=True):
            if not part.tell():
                out.write(self._bytes(f"    <{tag}/>\n"))
                continue
            out.write(self._bytes(f"    <{tag}>\n"))
            part.seek(0)
            shutil.copyfileobj(part, out, _BUFFER)
            out.write(self._bytes(f"    </{tag}>\n"))
        out.write(self._bytes(f"  </DONNEES>\n</{self._root}>\n"))

    def _bytes(self, text: str) -> bytes:
        return text.encode(self._encoding, "xmlcharrefreplace")
