"""What the plugin declares for the school's side. Imports are late, as in ``plugin``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from teleservices_core.contributions import FORM, Access, Route, StaffPage
from teleservices_core.domain.values import Uai
from teleservices_core.i18n import _
from teleservices_core.ports import Database

_START: Final = "/ecole/<uai>/fiche"


def school_routes() -> Iterable[Route]:
    """The console's pages about sheets."""
    from teleservices_fiche.exchange.delta_csv import delta_csv
    from teleservices_fiche.exchange.delta_xml import delta_xml
    from teleservices_fiche.pages.school import SchoolPages
    from teleservices_fiche.pages.school_papers import SchoolPapers
    from teleservices_fiche.store.school import FicheSchoolStore

    pages = SchoolPages(FicheSchoolStore)
    papers = SchoolPapers(
        FicheSchoolStore,
        {"csv": (delta_csv, "text/csv; charset=utf-8"), "xml": (delta_xml, "application/xml")},
    )
    post = ("POST",)
    for name, rule, handler, methods, consults in (
        ("school", "", pages.proposals, FORM, "fiche.changes_consulted"),
        ("proposal", "/<uuid:proposal_id>", pages.proposal, FORM, "fiche.change_consulted"),
        ("reports", "/signalements", papers.reports, ("GET",), "fiche.reports_consulted"),
        (
            "answer",
            "/signalements/<uuid:report_id>",
            papers.answer,
            post,
            "fiche.reports_consulted",
        ),
        ("round", "/confirmation", papers.round, FORM, ""),
        ("deltas", "/envois", papers.deltas, ("GET",), ""),
        ("open_delta", "/envois/nouveau", papers.open_delta, post, ""),
        ("delta", "/envois/<int:batch>.<kind>", papers.delta, ("GET",), "fiche.delta_consulted"),
    ):
        yield Route(
            f"fiche.{name}",
            f"{_START}{rule}",
            handler,
            Access.SCHOOL,
            methods,
            consults=consults,
        )


def school_pages() -> Iterable[StaffPage]:
    """Where the work begins, listed in the console."""
    yield StaffPage(
        title=lambda: _("Demandes des familles"),
        summary=lambda: _("Accepter ou refuser ce que les familles changent dans leur fiche."),
        route="fiche.school",
        module_id="fiche",
    )


def reconcile_import(uai: Uai, at: datetime, database: Database) -> None:
    """Close the changes that an import has just confirmed."""
    from teleservices_fiche.store.school import FicheSchoolStore
    from teleservices_fiche.usecases.reconciling import reconcile

    reconcile(database, uai, at, FicheSchoolStore)
