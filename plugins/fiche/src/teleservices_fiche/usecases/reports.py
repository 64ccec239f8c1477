"""Errors that families tell in what they cannot change: the school reads and answers."""

from __future__ import annotations

from uuid import UUID

from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.usecases.site import Site, audited
from teleservices_fiche.model import Report
from teleservices_fiche.usecases.deciding import reason_for
from teleservices_fiche.usecases.mails import send_all
from teleservices_fiche.usecases.rights import require_console
from teleservices_fiche.usecases.school_ports import FiledReport, SchoolOpens
from teleservices_fiche.words import field_words


def open_reports(
    site: Site, viewer: Viewer | None, uai: Uai, opens: SchoolOpens
) -> list[FiledReport]:
    """Errors that families have told and nobody has answered. One statement."""
    with site.database.reading() as tx:
        require_console(site, tx, viewer, uai)
        return opens(tx.connection).deciding.reports(uai, site.school_year())


def answer_report(
    site: Site,
    viewer: Viewer,
    uai: Uai,
    report_id: UUID,
    answer: str,
    opens: SchoolOpens,
) -> Report:
    """Close a report with a word for the family, which gets it by mail.

    Raises :exc:`NotAllowedError`, :exc:`NotFoundError`, :exc:`ConflictError`
    when a colleague has answered, :exc:`RefusedError` ``no_reason``.
    """
    answer, now = reason_for(accept=False, reason=answer), site.now()
    with site.database.writing() as tx:
        require_console(site, tx, viewer, uai)
        store = opens(tx.connection).deciding
        report = store.answer(uai, report_id, viewer.name, now, answer)
        tx.audit.add(
            audited(
                "fiche.answered",
                now,
                viewer,
                uai=uai,
                subject_id=report.maker.account_id,
                field=report.field,
            )
        )
        school = tx.roster.establishment(uai)
        named = school.name if school else ""
        field = field_words(report.person.kind, report.field)
        words = {"school": named, "field": field, "answer": answer}
        to = store.addressees([report.maker.account_id])
        send_all(site, tx, "fiche.answered", [(each, words) for each in to])
    return report
