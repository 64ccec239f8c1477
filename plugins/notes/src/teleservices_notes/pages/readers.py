"""« Vu par la famille », for the school."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from attrs import frozen

from teleservices_core.i18n import _, ngettext, show_local_date
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_query, text
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.responses import Page
from teleservices_notes.usecases.class_reading import Reading, class_reading, classes_read
from teleservices_notes.usecases.reader_ports import OpensReaders


@frozen
class ClassQuery:
    """Which class to open; none for the list of them."""

    classe: str = text(20)


@frozen
class ReadingLine:
    """A responsible person, in words."""

    name: str
    state: str
    kind: str
    """Of the badge."""
    hint: str


@frozen
class ReaderPages:
    """The handlers, given how to open the store."""

    opens: OpensReaders

    def readers(self, context: Context, uai: str) -> Page:
        """The classes, or who has seen the marks of one."""
        establishment = establishment_of(context, uai)
        site, viewer = context.site, context.me
        query = read_query(context.request, ClassQuery)
        view = {"establishment": establishment, "year": site.school_year()}
        if not query.value or not query.value.classe:
            classes = classes_read(site, viewer, establishment.uai, self.opens)
            return Page("notes/readers.html", {**view, "classes": classes})
        found = class_reading(site, viewer, establishment.uai, query.value.classe, self.opens)
        zone = site.academie.zone
        return Page(
            "notes/class_readers.html",
            {
                **view,
                "reading": found,
                "pupils": [
                    (pupil.name, [_line(each, zone) for each in pupil.responsibles])
                    for pupil in found.pupils
                ],
            },
        )


def _line(reading: Reading, zone: ZoneInfo) -> ReadingLine:
    if reading.seen_at is not None:
        said = _("Vu le {day}").format(day=show_local_date(reading.seen_at, zone))
        kind = "success" if reading.is_current else "neutral"
        return ReadingLine(reading.name, said, kind, _unseen(reading))
    if not reading.has_account:
        return ReadingLine(reading.name, _("Compte non activé"), "neutral", "")
    return ReadingLine(reading.name, _("Pas encore vu"), "neutral", _unseen(reading))


def _unseen(reading: Reading) -> str:
    if reading.unseen is None:
        return _("« Notes » lui est fermé pour le moment") if reading.has_account else ""
    if not reading.unseen:
        return _("rien de nouveau depuis") if reading.seen_at else _("aucune note à voir")
    return ngettext("{n} note à voir", "{n} notes à voir", reading.unseen).format(n=reading.unseen)
