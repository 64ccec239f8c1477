"""Read who teaches what to which class: one line per class, subject and teacher."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Final

from teleservices_core.bounded import Bounds, GivenFile, HeldFile
from teleservices_notes.exchange import cells
from teleservices_notes.exchange.cells import BadCellError
from teleservices_notes.exchange.table import Column, Table, Unreadable, read_table
from teleservices_notes.usecases.runs import Fault
from teleservices_notes.usecases.teaching import ServiceLine

_COLUMNS: Final = (
    Column(("classe", "division", "groupe"), is_required=True),
    Column(("matiere", "code_matiere", "discipline"), is_required=True),
    Column(("libelle_matiere", "nom_matiere")),
    Column(("enseignant", "professeur", "prof"), is_required=True),
    Column(("courriel", "email", "mel", "adresse_electronique")),
)
_BOUNDS: Final = Bounds(size=5_000_000, lines=50_000)
"""A lycée of 3,000 students has 3,000 services."""
SERVICE_COLUMNS: Final = tuple(column.name for column in _COLUMNS)


@contextmanager
def read_services_of(content: bytes) -> Iterator[Iterator[ServiceLine | Fault]]:
    """Read a file that is in memory, as :func:`read_services` does."""
    yield read_services(HeldFile("services.csv", content))


def read_services(path: GivenFile) -> Iterator[ServiceLine | Fault]:
    """The lines of a file. Raises :exc:`ImportRefusedError` when its header lacks a column.

    So do the lines, as those of :func:`.marks.read_marks`.
    """
    table = read_table(path, _COLUMNS, bounds=_BOUNDS)
    return _lines(table, Unreadable(path.name))


def _lines(table: Table, unreadable: Unreadable) -> Iterator[ServiceLine | Fault]:
    for line, row in table.rows:
        if isinstance(row, BadCellError):
            yield unreadable.add(Fault(line, str(row)))
            continue
        values = {
            name: "" if at is None else row[at].strip() for name, at in table.positions.items()
        }
        try:
            yield ServiceLine(
                line,
                cells.text("classe", values["classe"], 20),
                cells.subject(values["matiere"], values["libelle_matiere"]),
                cells.text("enseignant", values["enseignant"], 100),
                cells.text("courriel", values["courriel"], 254, required=False).casefold(),
            )
        except BadCellError as error:
            yield unreadable.add(Fault(line, str(error)))


def write_services(lines: Iterable[ServiceLine]) -> str:
    """The same list as a file that :func:`read_services` reads."""
    text = StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(SERVICE_COLUMNS)
    for each in lines:
        subject = each.subject
        writer.writerow((each.class_group, subject.code, subject.label, each.teacher, each.email))
    return text.getvalue()
