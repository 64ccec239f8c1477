"""Tables as spreadsheets and mark software write them, read line by line.

Line by line, so that a line that cannot be understood never changes how the
next is read. Accepted: semicolons, tabulations, commas or bars between cells;
UTF-8 with or without its mark, ISO-8859-15 or Windows-1252, line by line, or
UTF-16 with its mark; columns in any order, under any of their usual names.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from attrs import define, frozen

from teleservices_core.bounded import Bounds, GivenFile, bounded_lines, open_given, too_long
from teleservices_core.contributions import Message
from teleservices_core.errors import ImportRefusedError
from teleservices_core.i18n import _
from teleservices_notes.exchange.cells import BadCellError
from teleservices_notes.usecases.runs import Fault

MOST_UNREADABLE: Final = 200
"""Lines; beyond, the file is something else, or is to be made anew."""
_PROGRESS_EVERY: Final = 2_000
_DELIMITERS: Final = ";\t,|"
_WINDOWS: Final = re.compile(rb"[\x80-\x9f]")
_SHOWN_TITLES: Final = 200
"""Characters of the header that are said back."""


def _sheet() -> str:
    return _("c’est un classeur ou un zip ; ouvrez-le et enregistrez la feuille au format CSV")


def _markup() -> str:
    return _("c’est une page web ou un fichier XML ; exportez les données au format CSV")


_OTHERS: Final[tuple[tuple[bytes, Message], ...]] = (
    (b"%PDF", lambda: _("c’est un PDF ; exportez les données au format CSV")),
    (b"PK\x03\x04", _sheet),
    (b"\xd0\xcf\x11\xe0", _sheet),
    (b"<", _markup),
)
"""What is given instead of a CSV, by its first bytes."""


@frozen
class Column:
    """A column by the names that software gives it; the first is ours."""

    names: tuple[str, ...]
    is_required: bool = False

    @property
    def name(self) -> str:
        """How we call it."""
        return self.names[0]


@frozen
class Table:
    """An open file whose header is understood."""

    positions: Mapping[str, int | None]
    """Where each column is; None where the file has it not."""
    rows: Iterator[tuple[int, list[str] | BadCellError]]
    """Number of a line, from 2, and its cells, or what is wrong with it."""


def read_table(
    path: GivenFile,
    columns: tuple[Column, ...],
    *,
    bounds: Bounds | None = None,
    progress: Callable[[int], object] = lambda _bytes: None,
) -> Table:
    """Open a file and understand its header.

    ``progress`` is told, now and then, how many more bytes were read. Raises
    :exc:`ImportRefusedError` when the header lacks a required column, or the file
    is beyond its bounds; so do the rows, where only they tell.
    """
    bounds = bounds or Bounds()
    lines = _lines(path, bounds)
    try:
        header = next(lines, b"").removeprefix(BOM_UTF8)
        _refuse_others(header, bounds)
        text = _decode(header)
        delimiter = max(_DELIMITERS, key=text.count)
        positions = _positions(_split(text, delimiter), columns)
    except BadCellError as error:
        raise ImportRefusedError(path.name, str(error), line=1) from None
    width = max(at for at in positions.values() if at is not None) + 1
    return Table(positions, _rows(lines, delimiter, width, bounds, progress))


@define
class Unreadable:
    """Counts the lines of a file that cannot be understood."""

    name: str
    number: int = 0

    def add(self, fault: Fault) -> Fault:
        """The same fault. Raises :exc:`ImportRefusedError` for one too many."""
        self.number += 1
        if self.number > MOST_UNREADABLE:
            reason = _(
                "plus de {most} lignes ne peuvent pas être lues ; la lecture s’est arrêtée à la "
                "ligne {line} ({reason})"
            )
            said = reason.format(most=MOST_UNREADABLE, line=fault.line, reason=fault.reason)
            raise ImportRefusedError(self.name, said)
        return fault


def _refuse_others(start: bytes, bounds: Bounds) -> None:
    if not start:
        raise BadCellError(_("il est vide"))
    if start.isspace():
        raise BadCellError(_("sa première ligne est vide ; les noms de colonnes y sont attendus"))
    for signature, message in _OTHERS:
        if start.startswith(signature):
            raise BadCellError(message())
    if len(start) > bounds.line:
        raise BadCellError(too_long(bounds))


def _lines(path: GivenFile, bounds: Bounds) -> Iterator[bytes]:
    with open_given(path) as file:
        is_utf16 = file.read(2) in {BOM_UTF16_LE, BOM_UTF16_BE}
    for line in bounded_lines(path, bounds, encoding="utf-16" if is_utf16 else None):
        yield line.encode() if isinstance(line, str) else line


def _rows(
    lines: Iterator[bytes],
    delimiter: str,
    width: int,
    bounds: Bounds,
    progress: Callable[[int], object],
) -> Iterator[tuple[int, list[str] | BadCellError]]:
    told = 0
    for number, raw in enumerate(lines, start=2):
        told += len(raw)
        if number % _PROGRESS_EVERY == 0:
            progress(told)
            told = 0
        if raw.isspace():
            continue
        try:
            yield number, _cells(raw, delimiter, width, bounds)
        except BadCellError as error:
            yield number, error
    progress(told)


def _cells(raw: bytes, delimiter: str, width: int, bounds: Bounds) -> list[str]:
    if len(raw) > bounds.line:
        raise BadCellError(too_long(bounds))
    cells = _split(_decode(raw), delimiter)
    if len(cells) < width:
        reason = _("{found} colonnes au lieu de {expected}")
        raise BadCellError(reason.format(found=len(cells), expected=width))
    return cells


def _decode(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        # The two differ by a few letters, œ and € among them.
        windows = _WINDOWS.search(raw) is not None
        text = raw.decode("windows-1252" if windows else "iso-8859-15", errors="replace")
    return text.rstrip("\r\n")


def _split(text: str, delimiter: str) -> list[str]:
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        raise BadCellError(_("guillemets mal fermés")) from None


def _positions(header: list[str], columns: tuple[Column, ...]) -> dict[str, int | None]:
    found = {_folded(title): at for at, title in reversed(list(enumerate(header)))}
    positions = {
        column.name: next((found[n] for n in map(_folded, column.names) if n in found), None)
        for column in columns
    }
    missing = [c.name for c in columns if c.is_required and positions[c.name] is None]
    if missing:
        titles = ", ".join(filter(None, map(str.strip, header)))
        said = titles if len(titles) <= _SHOWN_TITLES else f"{titles[:_SHOWN_TITLES]}…"
        reason = _("colonnes manquantes : {names} (sa première ligne dit : {titles})")
        raise BadCellError(
            reason.format(names=", ".join(missing), titles=said if said.isprintable() else "?")
        )
    return positions


def _folded(title: str) -> str:
    """Letters and digits alone: « Libellé matière » is ``libelle_matiere``."""
    plain = unicodedata.normalize("NFKD", title.casefold())
    return "".join(each for each in plain if each.isalnum())
