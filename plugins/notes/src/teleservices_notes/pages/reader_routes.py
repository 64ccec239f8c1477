"""The addresses of what goes around the marks: seen or not, and messages."""

from __future__ import annotations

from collections.abc import Iterator

from teleservices_core.contributions import FORM, Access, Route
from teleservices_notes.pages.children import ChildrenPages
from teleservices_notes.pages.messages import MessagePages
from teleservices_notes.pages.readers import ReaderPages
from teleservices_notes.usecases.reader_ports import OpensDigests


def reader_routes(opens: OpensDigests) -> Iterator[Route]:
    """For families, then for who follows them at school."""
    children, messages, readers = ChildrenPages(opens), MessagePages(opens), ReaderPages(opens)
    yield Route("notes.family", "/notes/", children.family, Access.FAMILY)
    yield Route("notes.messages", "/notes/messages/", messages.messages, Access.FAMILY, FORM)
    yield Route(
        "notes.stop",
        "/notes/messages/arret/<uuid:reader_id>/<secret>",
        messages.stop,
        Access.PUBLIC,
        FORM,
    )
    yield Route(
        "notes.mark_seen",
        "/eleves/<uuid:student_id>/notes-vues",
        children.mark_seen,
        Access.CHILD,
        ("POST",),
        module_id="notes",
    )
    # The same for the office, where the module may be entrusted to somebody.
    for name, rule, access in (
        ("readers", "vu", Access.TEACHER),
        ("followed", "suivi", Access.SCHOOL),
    ):
        yield Route(
            f"notes.{name}",
            f"/ecole/<uai>/notes/{rule}/",
            readers.readers,
            access,
            consults="notes.readers_consulted",
        )
