"""A child's year: every average by period, and how the overall one moved."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from teleservices_core.i18n import _, show_date
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Page
from teleservices_notes.explaining import show_average, span_name
from teleservices_notes.pages.spans import child_of
from teleservices_notes.pages.subject import PointLine
from teleservices_notes.rules import (
    YEAR,
    chart,
    mark_book,
    overall_progress,
    told_periods,
)
from teleservices_notes.usecases import Opens, student_marks


@frozen
class AverageCell:
    """An average under the name of what it is of."""

    span: str
    average: str


@frozen
class YearLine:
    """The averages of a subject."""

    label: str
    href: str
    averages: tuple[AverageCell, ...]


@frozen
class ProgressPages:
    """The page, given the marks."""

    opens: Opens

    def progress(self, context: Context, student_id: UUID) -> Page:
        """Averages by subject and period, and the curve of the overall one."""
        child = child_of(context)
        year = student_marks(context.site, child, self.opens)
        today = context.site.academie.today(context.site.now())
        periods = told_periods(year.plan, today, year.latest)
        books = [
            *(mark_book(year.latest, year.plan, year.publication, each) for each in periods),
            year,
        ]
        curve = overall_progress(year.latest)

        def line(code: str, label: str) -> YearLine:
            found = [(book.period, book.subject(code)) for book in books]
            return YearLine(
                label,
                context.urls.to("notes.subject", student_id=student_id, subject=code, periode=YEAR),
                tuple(
                    AverageCell(span_name(period), show_average(each.value if each else None))
                    for period, each in found
                ),
            )

        return Page(
            "notes/progress.html",
            {
                "child": child,
                "back": context.urls.to("notes.child", student_id=student_id),
                "heads": [
                    _("Matière"),
                    *({"label": span_name(book.period), "num": True} for book in books),
                ],
                "lines": [line(s.subject.code, s.subject.label) for s in year.subjects],
                "overall": [
                    AverageCell(span_name(book.period), show_average(book.overall))
                    for book in books
                ],
                "chart": chart([], curve),
                "curve": [PointLine(show_date(p.day), show_average(p.value)) for p in curve],
            },
        )
