"""The statement of a child's marks on paper: what its family sees now, as a tagged PDF."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from teleservices_core.documents.issued import letter_head
from teleservices_core.documents.sheets import printable
from teleservices_core.documents.tagged import tagged_pdf
from teleservices_core.domain.families import Child
from teleservices_core.i18n import _, of_name, show_instant
from teleservices_core.settings import Settings
from teleservices_notes.explaining import (
    is_exact,
    overall_working,
    show_average,
    span_name,
    teachers,
    term_line,
    working,
)
from teleservices_notes.model import PublicationPlan
from teleservices_notes.rules import MarkBook, SubjectAverage, Term


def statement_pdf(settings: Settings, child: Child, book: MarkBook, at: datetime) -> bytes:
    """PDF/UA-1; the same marks at the same instant give the same bytes.

    Raises :exc:`MissingExtraError` without typst.
    """
    data = content(settings, child, book, at)
    return tagged_pdf(__package__, "statement.typ", data, at, "Making statements of marks")


def content(settings: Settings, child: Child, book: MarkBook, at: datetime) -> dict[str, Any]:
    """What the pages say, in JSON's types."""
    head = letter_head(settings, child.establishment)
    name = printable(child.student.full_name)
    return {
        "title": _("Relevé de notes {of_name}").format(of_name=of_name(name)),
        "academie": printable(head.academie_name),
        "school": [printable(head.establishment_name), *map(printable, head.establishment_address)],
        "name": name,
        "place": printable(
            _("Classe {group}, année scolaire {year}").format(
                group=child.schooling.class_group, year=child.schooling.school_year
            )
        ),
        "span": span_name(book.period),
        "dated": _("Notes publiées au {instant}").format(
            instant=show_instant(at, settings.academie.zone)
        ),
        "overall_title": _("Moyenne générale"),
        "overall": show_average(book.overall),
        "overall_working": _rounded_working(overall_working(book), exact=is_exact(book.overall)),
        "columns": [_("Évaluation"), _("Note"), _("Sur 20 × coefficient")],
        "average_title": _("Moyenne"),
        "subjects": [_subject(each, book.plan) for each in book.subjects],
        "nothing": _("Aucune note publiée sur cette période."),
        "rules": [
            _(
                "Chaque note est ramenée sur 20 et multipliée par son coefficient. Une absence, "
                "une dispense ou un travail non noté n’est jamais compté comme un zéro. La "
                "moyenne générale donne le même poids à chaque matière ; elle est faite de "
                "moyennes qui ne sont pas encore arrondies."
            ),
            _(
                "Ce relevé ne contient que les notes publiées à cette date. Il n’est ni un "
                "bulletin ni un document officiel."
            ),
        ],
    }


def _subject(average: SubjectAverage, plan: PublicationPlan) -> dict[str, Any]:
    return {
        "label": printable(average.subject.label),
        "teachers": printable(teachers(average.shown)),
        "average": show_average(average.value),
        "working": _rounded_working(working(average), exact=is_exact(average.value)),
        "marks": [_mark(term, plan) for term in average.terms],
    }


def _mark(term: Term, plan: PublicationPlan) -> dict[str, Any]:
    line = term_line(term, plan)
    notes = [
        line.hint,
        line.description,
        *(f"{each.competency} : {each.level}" for each in line.levels),
        _("Appréciation : « {remark} »").format(remark=line.remark) if line.remark else "",
    ]
    return {
        "title": printable(line.title),
        "notes": [printable(each) for each in notes if each],
        "figure": line.figure,
        "working": line.working,
    }


def _rounded_working(text: str, *, exact: bool) -> str:
    return text if exact or not text else _("{working} (arrondi au centième)").format(working=text)
