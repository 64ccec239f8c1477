"""Who teaches what: the list of an establishment, replaced by a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import groupby
from typing import Final

from attrs import frozen

from teleservices_core.domain.values import Uai
from teleservices_core.errors import ImportRefusedError
from teleservices_core.i18n import _
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.responses import Page, Redirect
from teleservices_notes.pages.imports import UploadForm, sent_file
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
_SHOWN: Final = 200


@frozen
class ServicePages:
    """The handlers, given how to open the store and how to read a file."""

    opens: OpensClasses
    reads: ReadsServices
    columns: tuple[str, ...]

    def services(self, context: Context, uai: str) -> Page | Redirect:
        """Who teaches what, and the file that says it anew: without a fault, or not at all."""
        establishment = establishment_of(context, uai)
        site, viewer = context.site, context.me
        errors: dict[str, str] = {}
        faults: list[Fault] = []
        if context.request.method == "POST":
            read_form(context.request, UploadForm)
            report = self._take(context, establishment.uai, errors)
            if report is not None and not report.faults:
                context.tell("success", _said(report))
                return context.redirect("notes.services", uai=uai)
            if report is not None:
                errors["file"] = _("Rien n’est enregistré : des lignes du fichier sont à corriger.")
                faults = report.faults[:_SHOWN]
        found = all_services(site, viewer, establishment.uai, self.opens)
        return Page(
            "notes/services.html",
            {
                "establishment": establishment,
                "year": site.school_year(),
                "columns": self.columns,
                "errors": errors,
                "faults": faults,
                "classes": [
                    (group, list(services))
                    for group, services in groupby(found, lambda each: each.course.class_group)
                ],
                "without": sum(each.staff_id is None for each in found),
            },
            422 if errors else 200,
        )

    def _take(self, context: Context, uai: Uai, errors: dict[str, str]) -> ServicesReport | None:
        name, content = sent_file(context)
        if not name:
            errors["file"] = _("Choisissez un fichier.")
            return None
        report = ServicesReport()
        try:
            for dry_run in (True, False):
                with self.reads(content) as lines:
                    report = import_services(
                        context.site, context.me, uai, lines, self.opens, dry_run=dry_run
                    )
                if report.faults:
                    break
        except ImportRefusedError as refused:
            errors["file"] = _("Ce n’est pas une liste de services : {reason}.").format(
                reason=refused.reason
            )
            return None
        return report


def _said(report: ServicesReport) -> str:
    return _(
        "Services enregistrés : {added} nouveaux, {changed} modifiés, {removed} retirés, "
        "{unchanged} inchangés."
    ).format(
        added=report.added,
        changed=report.changed,
        removed=report.removed,
        unchanged=report.unchanged,
    )
