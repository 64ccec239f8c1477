"""A request's body: read whole before a thread is taken, bounded, with a deadline.

Who sends slowly, or never to the end, keeps nobody waiting but himself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Final

from attrs import define, field

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

BODY_SECONDS: Final = 20.0
"""How long a body may take, and a second more for each :data:`SLOWEST` bytes received;
and how long nothing of it may come."""
SLOWEST: Final = 4096
"""Bytes a second: a telephone at the edge of the network."""
IN_MEMORY: Final = 65_536
"""Bytes of a body; a longer one waits in a temporary file."""
DRAINED: Final = 20_000_000
"""Bytes of a body that is refused, read all the same: a browser whose connection
ends while it sends shows a broken connection, and not the refusal."""


class TooSlowError(Exception):
    """A body that did not come to its end in time."""


class TooLongError(Exception):
    """A body longer than its address takes in."""


@define
class Body:
    """A body on its way, in pieces."""

    pieces: AsyncIterator[bytes]
    seconds: float
    received: int = field(default=0, init=False)
    _begun: float = field(init=False)

    @_begun.default
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def read(self, *, announced: int | None, max_body: int) -> IO[bytes]:
        """The body, from its beginning. ``announced`` is its Content-Length, None without one.

        Raises :exc:`TooLongError`, without reading where the length is announced;
        :exc:`TooSlowError` after the deadline; :exc:`ConnectionError` when it ends
        before its announced end.
        """
        if announced is not None and announced > max_body:
            raise TooLongError
        kept: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - its reader closes it
        try:
            await self._read_into(kept, announced, max_body)
        except BaseException:
            kept.close()
            raise
        kept.seek(0)
        return kept

    async def _read_into(self, kept: IO[bytes], announced: int | None, max_body: int) -> None:
        while announced is None or self.received < announced:
            try:
                piece = await self._next()
            except StopAsyncIteration:
                break
            if self.received > max_body:
                raise TooLongError
            kept.write(piece)
        if announced is not None and self.received < announced:
            raise ConnectionResetError("the client left before the end of its request")

    async def drain(self) -> None:
        """Read what nobody wants, within reason, once it is answered."""
        with suppress(TooSlowError, ConnectionError, StopAsyncIteration):
            while self.received < DRAINED:
                await self._next()

    async def _next(self) -> bytes:
        # Time earned by sending fast is not there to be silent in.
        earned = self._begun + self.seconds + self.received / SLOWEST
        silent = asyncio.get_running_loop().time() + self.seconds
        try:
            async with asyncio.timeout_at(min(earned, silent)):
                piece = await anext(self.pieces)
        except TimeoutError:
            raise TooSlowError from None
        self.received += len(piece)
        return piece


def is_sent(environ: WSGIEnvironment) -> bool:
    """Whether a body may come with a request; HTTP/2 does not say so beforehand."""
    return (
        environ["REQUEST_METHOD"] not in {"GET", "HEAD"}
        or environ.get("CONTENT_LENGTH", "0") != "0"
        or "HTTP_TRANSFER_ENCODING" in environ
        or not environ["SERVER_PROTOCOL"].startswith("HTTP/1")
    )


def announced(environ: WSGIEnvironment) -> int | None:
    """The length that a request announces, if it does."""
    length = environ.get("CONTENT_LENGTH", "")
    # No integer grows with what somebody sends: 18 digits say too long as well as 5,000.
    return int(length[:18]) if length.isascii() and length.isdigit() else None


def is_awaited(environ: WSGIEnvironment) -> bool:
    """Whether a refused body comes all the same: not where its sender asked first."""
    expects: str = environ.get("HTTP_EXPECT", "")
    return expects.lower() != "100-continue"
