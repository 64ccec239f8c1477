"""Seals of the journal: batches of rows under a chain that only the site's key can make.

A seal covers every row that no seal before it covers, up to an id, and a few
later ones that it names: whoever writes while the seal is made may store a row
with a smaller id a little later, which then waits for the next seal. Nothing
may come below ``closed`` any more, and nothing may go.

An erasing is a seal too: it covers again, with the rows that are kept, what
the seals up to one of them did.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from attrs import define, field, frozen

from teleservices_core.domain.localtime import instant

JournalRow = tuple[str | None, ...]
"""The columns of a row as text, its id (32 hexadecimal digits) first."""
NOTHING: Final = "0" * 32
"""Below every id."""


@frozen
class Seal:
    """One link of the chain."""

    number: int
    """From 1, without a gap."""
    at: datetime = field(converter=instant)
    closed: str
    """Every row up to this id is covered, by this seal or one before it."""
    open: tuple[str, ...]
    """Ids above ``closed`` that are covered all the same."""
    rows: int
    """How many it covers."""
    digest: str
    """Of the rows it covers, by id, under the site's key."""
    mac: str = field(default="", repr=False)
    """Of all the above and of the seal before, under the site's key."""
    erased_to: int | None = None
    """For an erasing, the number of the last seal that it stands for."""

    def payload(self, previous: str) -> bytes:
        """What :attr:`mac` is made of; ``previous`` is that of the seal before."""
        erased = "" if self.erased_to is None else str(self.erased_to)
        parts = (
            str(self.number),
            self.at.isoformat(),
            self.closed,
            ",".join(self.open),
            str(self.rows),
            self.digest,
            erased,
            previous,
        )
        return "\n".join(parts).encode()


def row_bytes(row: JournalRow) -> bytes:
    """A row so that no two different ones are alike: each value with its length."""
    parts = [b"-" if value is None else _sized(value.encode()) for value in row]
    return b"".join(parts)


def _sized(value: bytes) -> bytes:
    return b"%d:%b" % (len(value), value)


class Wrong(StrEnum):
    """What a check finds."""

    SEAL_MISSING = "seal_missing"
    SEAL_ALTERED = "seal_altered"
    ROWS_ADDED = "rows_added"
    ROWS_REMOVED = "rows_removed"
    ROWS_CHANGED = "rows_changed"
    EMPTY = "empty"
    BEGINNING_MISSING = "beginning_missing"
    END_MISSING = "end_missing"
    UNSEALED = "unsealed"


@frozen
class Fault:
    """Something that the chain shows to have been altered."""

    wrong: Wrong
    number: int
    """Of the seal; 0 where it is none's."""
    since_at: datetime | None = None
    until_at: datetime | None = None
    """The seals before and after the rows, in time."""


class Digest(Protocol):
    """A digest under way, as of :mod:`hmac`."""

    def update(self, data: bytes, /) -> None:
        """Go on."""
        ...

    def hexdigest(self) -> str:
        """So far."""
        ...


@define
class _Batch:
    digest: Digest
    rows: int = 0

    def add(self, row: JournalRow) -> None:
        self.digest.update(row_bytes(row))
        self.rows += 1


@frozen(hash=False)
class Coverage:
    """Which seal answers for which row."""

    seals: Sequence[Seal]
    """By number."""
    _closed: list[str] = field(init=False)
    _open: dict[str, int] = field(init=False)
    _erasings: list[Seal] = field(init=False)

    @_closed.default
    def _find_closed(self) -> list[str]:
        highest, found = NOTHING, []
        for seal in self.seals:
            highest = max(highest, seal.closed)
            found.append(highest)
        return found

    @_open.default
    def _find_open(self) -> dict[str, int]:
        owners: dict[str, int] = {}
        for place, seal in enumerate(self.seals):
            for each in seal.open:
                owners.setdefault(each, place)
        return owners

    @_erasings.default
    def _find_erasings(self) -> list[Seal]:
        return [seal for seal in self.seals if seal.erased_to is not None]

    def of(self, row_id: str) -> Seal | None:
        """The seal that covers a row now; None for one not sealed yet."""
        place = self._open.get(row_id, bisect_left(self._closed, row_id))
        return self._standing_for(self.seals[place]) if place < len(self.seals) else None

    def answering(self) -> list[Seal]:
        """The seals that cover rows now, an erasing in the place of those it stands for."""
        return [
            seal
            for seal in self.seals
            if seal.erased_to is not None or self._standing_for(seal) is seal
        ]

    def _standing_for(self, seal: Seal) -> Seal:
        for erasing in self._erasings:
            if erasing.erased_to is not None and seal.number <= erasing.erased_to:
                return erasing
        return seal


def check_chain(seals: Sequence[Seal], makes: Callable[[Seal, str], bool]) -> list[Fault]:
    """What is wrong with the seals themselves; ``makes`` says whether the key made one.

    It receives a seal and the MAC of the one before.
    """
    found, previous, expected = [], "", 1
    for seal in seals:
        if seal.number != expected:
            found.append(Fault(Wrong.SEAL_MISSING, expected, until_at=seal.at))
        elif not makes(seal, previous):
            found.append(Fault(Wrong.SEAL_ALTERED, seal.number, until_at=seal.at))
        previous, expected = seal.mac, seal.number + 1
    return found


def check_rows(
    seals: Sequence[Seal], rows: Iterable[JournalRow], new_digest: Callable[[Seal], Digest]
) -> tuple[list[Fault], int]:
    """What is wrong with the rows, given by id, and how many no seal covers yet.

    ``new_digest`` begins the digest of a seal, under the key that made it.
    """
    coverage, unsealed = Coverage(seals), 0
    batches = {seal.number: _Batch(new_digest(seal)) for seal in coverage.answering()}
    for row in rows:
        seal = coverage.of(row[0] or "")
        if seal is None:
            unsealed += 1
        else:
            batches[seal.number].add(row)
    before: Mapping[int, datetime] = {seal.number + 1: seal.at for seal in seals}
    found = []
    for seal in coverage.answering():
        batch = batches[seal.number]
        if batch.rows == seal.rows and batch.digest.hexdigest() == seal.digest:
            continue
        wrong = Wrong.ROWS_CHANGED
        if batch.rows != seal.rows:
            wrong = Wrong.ROWS_ADDED if batch.rows > seal.rows else Wrong.ROWS_REMOVED
        found.append(Fault(wrong, seal.number, before.get(seal.number), seal.at))
    return found, unsealed
