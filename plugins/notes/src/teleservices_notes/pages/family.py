"""The family's pages: one pass turns a mark book into the texts that the templates show."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.i18n import ngettext, show_date
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Page
from teleservices_notes.explaining import (
    is_exact,
    legend,
    marks_in_line,
    overall_words,
    overall_working,
    particular,
    show_average,
    span_name,
    teachers,
)
from teleservices_notes.model import Reader
from teleservices_notes.pages.children import novelty_words, seen_words
from teleservices_notes.pages.publication_card import publication_words
from teleservices_notes.pages.spans import address_of, asked_period, child_of, spans
from teleservices_notes.rules import MarkBook, Shown, SubjectAverage, outside
from teleservices_notes.usecases.following import reader_marks
from teleservices_notes.usecases.reader_ports import OpensReaders
from teleservices_notes.words import outcome_words, show_figure

LATEST: Final = 10
"""Marks at the top of the page."""


@frozen
class LatestMark:
    """A line of « Dernières notes »."""

    title: str
    subject: str
    day: str
    figure: str
    out_of: str
    """Empty beside a word such as « absent »."""
    remark: str
    """That it was corrected, or has a publication of its own."""
    novelty: str
    """That it is new, or corrected, since the reader has seen the marks."""


@frozen
class SubjectLine:
    """A line of the table of subjects."""

    label: str
    teachers: str
    href: str
    marks: str
    average: str


@frozen
class Pages:
    """The first page about a child, given the marks."""

    opens: OpensReaders

    def child(self, context: Context, student_id: UUID) -> Page:
        """Latest marks of the year, what is new of them, and the averages of a period."""
        child, site = child_of(context), context.site
        book, reader = reader_marks(
            site, context.me.account, child, self.opens, asked_period(context)
        )
        period = book.period
        return Page(
            "notes/child.html",
            {
                "child": child,
                "publication": publication_words(book.plan, child),
                "spans": spans(
                    context, "notes.child", book.plan, book.latest, period, student_id=student_id
                ),
                "span": span_name(period),
                "statement": context.urls.to(
                    "notes.statement", student_id=student_id, **address_of(book.plan, period)
                ),
                "outside": _outside(book),
                "latest": [_latest(each, reader) for each in book.latest[:LATEST]],
                "seen": seen_words(book, reader, site.academie.zone),
                "subjects": _subjects(context, student_id, book),
                "overall": show_average(book.overall),
                "overall_words": overall_words(book),
                "overall_working": overall_working(book),
                "is_exact": is_exact(book.overall),
                "legend": legend(book.latest),
            },
        )


def _outside(book: MarkBook) -> str:
    number = len(outside(book.plan, book.latest))
    if not number:
        return ""
    return ngettext(
        "{n} note d’un jour hors de toute période ne compte que dans l’année.",
        "{n} notes de jours hors de toute période ne comptent que dans l’année.",
        number,
    ).format(n=number)


def _latest(shown: Shown, reader: Reader) -> LatestMark:
    assessment, value = shown.assessment, shown.outcome.value
    return LatestMark(
        title=assessment.title,
        subject=assessment.subject.label,
        day=show_date(assessment.given_on),
        figure=outcome_words(shown.outcome),
        out_of="" if value is None else show_figure(assessment.out_of),
        remark=particular(shown),
        novelty=novelty_words(shown, reader),
    )


def _subjects(context: Context, student_id: UUID, book: MarkBook) -> list[SubjectLine]:
    period = address_of(book.plan, book.period)

    def line(average: SubjectAverage) -> SubjectLine:
        code = average.subject.code
        return SubjectLine(
            label=average.subject.label,
            teachers=teachers(average.shown),
            href=context.urls.to("notes.subject", student_id=student_id, subject=code, **period),
            marks=marks_in_line(average),
            average=show_average(average.value),
        )

    return [line(average) for average in book.subjects]
