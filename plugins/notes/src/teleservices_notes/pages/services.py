"""Who teaches what: the list of an establishment, replaced by a file that is tried first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import groupby
from typing import Final

from attrs import frozen

from teleservices_core.domain.establishments import Establishment
from teleservices_core.errors import ConflictError, ImportRefusedError
from teleservices_core.i18n import _
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.responses import Page, Redirect
from teleservices_notes.model import TeachingService
from teleservices_notes.pages.imports import sent_file
from teleservices_notes.usecases.class_ports import OpensClasses
from teleservices_notes.usecases.runs import Fault
from teleservices_notes.usecases.teaching import (
    ServiceLine,
    ServicesReport,
    all_services,
    import_services,
)

ReadsServices = Callable[[bytes], AbstractContextManager[Iterator[ServiceLine | Fault]]]
"""Reads the content of a file. Raises :exc:`ImportRefusedError` on entering."""
WritesServices = Callable[[Iterable[ServiceLine]], str]
"""Makes a file of lines, which the page keeps until it is confirmed."""
_SHOWN: Final = 200
_LARGEST: Final = 200_000
"""Characters of a list: three thousand lines."""


@frozen
class ServicesForm:
    """A file comes beside it; or, to confirm, what was read of it."""

    content: str = text(_LARGEST)
    seen: str = text(16)
    """The stamp of what the page has shown."""


@frozen
class ServicePages:
    """The handlers, given how to open the store and how to read and write a file."""

    opens: OpensClasses
    reads: ReadsServices
    writes: WritesServices
    columns: tuple[str, ...]

    def services(self, context: Context, uai: str) -> Page | Redirect:
        """Who teaches what, and the file that says it anew: without a fault, or not at all."""
        establishment = establishment_of(context, uai)
        if context.request.method != "POST":
            return self._page(context, establishment, "", [])
        form = read_form(context.request, ServicesForm).value
        name, sent = sent_file(context)
        if form is None or len(sent) > _LARGEST:
            error = _("Cette liste est trop longue : 3 000 lignes au plus.")
            return self._page(context, establishment, error, [])
        if not name and not form.content:
            return self._page(context, establishment, _("Choisissez un fichier."), [])
        try:
            with self.reads(sent if name else form.content.encode()) as found:
                lines = list(found)
        except ImportRefusedError as refused:
            error = _("Ce n’est pas une liste de services : {reason}.")
            return self._page(context, establishment, error.format(reason=refused.reason), [])
        return self._take(context, establishment, lines, "" if name else form.seen)

    def _take(
        self,
        context: Context,
        establishment: Establishment,
        lines: list[ServiceLine | Fault],
        seen: str,
    ) -> Page | Redirect:
        what = (context.site, context.me, establishment.uai, lines, self.opens)
        tried = import_services(*what, dry_run=True)
        if tried.faults:
            error = _("Rien n’est enregistré : des lignes du fichier sont à corriger.")
            return self._page(context, establishment, error, tried.faults)
        if seen:
            try:
                done = import_services(*what, seen=seen)
            except ConflictError:
                return self._preview(context, establishment, lines, tried, conflict=True)
            context.tell("success", _said(done))
        elif not tried.changes_nothing:
            return self._preview(context, establishment, lines, tried, conflict=False)
        else:
            context.tell("success", _("C’est déjà ainsi : cette liste ne change rien."))
        return context.redirect("notes.services", uai=establishment.uai.code)

    def _preview(
        self,
        context: Context,
        establishment: Establishment,
        lines: list[ServiceLine | Fault],
        tried: ServicesReport,
        *,
        conflict: bool,
    ) -> Page:
        read = [each for each in lines if isinstance(each, ServiceLine)]
        return Page(
            "notes/services_preview.html",
            {
                "establishment": establishment,
                "new": _by_class(tried.new),
                "gone": _by_class(tried.gone),
                "unchanged": tried.unchanged,
                "without": sum(each.staff_id is None for each in tried.new),
                "content": self.writes(read),
                "seen": tried.stamp,
                "conflict": conflict,
                "back": context.urls.to("notes.services", uai=establishment.uai.code),
            },
            409 if conflict else 200,
        )

    def _page(
        self, context: Context, establishment: Establishment, error: str, faults: list[Fault]
    ) -> Page:
        site = context.site
        found = all_services(site, context.me, establishment.uai, self.opens)
        return Page(
            "notes/services.html",
            {
                "establishment": establishment,
                "year": site.school_year(),
                "columns": self.columns,
                "errors": {"file": error} if error else {},
                "faults": faults[:_SHOWN],
                "classes": _by_class(found),
                "without": sum(each.staff_id is None for each in found),
            },
            422 if error else 200,
        )


def _by_class(services: Iterable[TeachingService]) -> list[tuple[str, list[TeachingService]]]:
    def group(service: TeachingService) -> str:
        return service.course.class_group

    return [(name, list(found)) for name, found in groupby(sorted(services, key=group), group)]


def _said(report: ServicesReport) -> str:
    return _(
        "La liste est enregistrée. Services nouveaux : {added}, modifiés : {changed}, "
        "retirés : {removed}, inchangés : {unchanged}."
    ).format(
        added=report.added,
        changed=report.changed,
        removed=report.removed,
        unchanged=report.unchanged,
    )
