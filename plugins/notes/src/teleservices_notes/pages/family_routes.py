"""The addresses of what families read."""

from __future__ import annotations

from collections.abc import Iterator

from teleservices_core.contributions import Access, Route
from teleservices_notes.pages.family import Pages
from teleservices_notes.pages.progress import ProgressPages
from teleservices_notes.pages.statement import Prints, StatementPages
from teleservices_notes.pages.subject import SubjectPages
from teleservices_notes.usecases import Opens
from teleservices_notes.usecases.reader_ports import OpensReaders

_START = "/eleves/<uuid:student_id>/notes/"


def family_routes(opens: Opens, opens_readers: OpensReaders, prints: Prints) -> Iterator[Route]:
    """A child's marks, a subject's average explained, the year, the statement."""
    child = Pages(opens_readers)
    subject, progress = SubjectPages(opens), ProgressPages(opens)
    yield Route("notes.child", _START, child.child, Access.CHILD, module_id="notes")
    yield Route(
        "notes.subject", f"{_START}<subject>/", subject.subject, Access.CHILD, module_id="notes"
    )
    # Under « annee »: no code of a subject has a slash.
    yield Route(
        "notes.progress",
        f"{_START}annee/evolution",
        progress.progress,
        Access.CHILD,
        module_id="notes",
    )
    yield Route(
        "notes.statement",
        f"{_START}annee/releve.pdf",
        StatementPages(opens, prints).statement,
        Access.CHILD,
        module_id="notes",
    )
