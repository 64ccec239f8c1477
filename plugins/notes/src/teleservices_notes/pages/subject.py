"""One subject of a child: its marks, the working of their average, its class, its progress."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from teleservices_core.i18n import _, show_date
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Page
from teleservices_notes.explaining import (
    is_exact,
    mean_words,
    show_average,
    span_name,
    teachers,
    term_line,
    working,
)
from teleservices_notes.pages.publication_card import publication_words
from teleservices_notes.pages.spans import address_of, asked_period, child_of, spans
from teleservices_notes.rules import (
    YEAR,
    Spread,
    chart,
    marks_of,
    subject_progress,
    told_periods,
)
from teleservices_notes.usecases import Opens, SubjectMarks, subject_marks


@frozen
class PeriodLine:
    """The average of a period, or of the year."""

    name: str
    average: str
    working: str


@frozen
class PointLine:
    """A point of a curve."""

    day: str
    average: str


@frozen
class SubjectPages:
    """The page of a subject, given the marks."""

    opens: Opens

    def subject(self, context: Context, student_id: UUID, subject: str) -> Page:
        """One subject: its marks and the working of their average.

        A subject of which nothing is published yet does not exist for a family.
        """
        child = child_of(context)
        found = subject_marks(
            context.site, child, self.opens, subject, asked_period(context) or YEAR
        )
        average, figures = found.average, found.figures
        terms = average.terms if average else ()
        curve = subject_progress(found.shown)
        return Page(
            "notes/subject.html",
            {
                "child": child,
                "publication": publication_words(found.plan, child),
                "back": context.urls.to(
                    "notes.child", student_id=student_id, **address_of(found.plan, found.period)
                ),
                "spans": spans(
                    context,
                    "notes.subject",
                    found.plan,
                    found.shown,
                    found.period,
                    student_id=student_id,
                    subject=subject,
                ),
                "span": span_name(found.period),
                "label": found.shown[-1].assessment.subject.label,
                "teachers": teachers(average.shown if average else ()),
                "average": show_average(average.value if average else None),
                "working": working(average),
                "is_exact": is_exact(average.value if average else None),
                "columns": [
                    _("Évaluation"),
                    *(
                        {"label": each, "num": True}
                        for each in (_("Note"), _("Sur 20 × coefficient"))
                    ),
                ],
                "terms": [
                    term_line(term, found.plan, _spread(found, term.shown.assessment.id))
                    for term in reversed(terms)
                ],
                "periods": _periods(context, found),
                "compares": found.compares,
                "class_group": found.class_group,
                "class_average": "" if figures.average is None else mean_words(figures.average),
                "chart": chart(marks_of(found.shown), curve),
                "curve": [PointLine(show_date(p.day), show_average(p.value)) for p in curve],
            },
        )


def _spread(found: SubjectMarks, assessment_id: UUID) -> Spread | None:
    return found.figures.by_assessment.get(assessment_id)


def _periods(context: Context, found: SubjectMarks) -> list[PeriodLine]:
    today = context.site.academie.today(context.site.now())
    told = told_periods(found.plan, today, found.shown)
    if not told:
        return []
    averages = [(each, found.average_of(each)) for each in (*told, None)]
    return [
        PeriodLine(span_name(each), show_average(made.value if made else None), working(made))
        for each, made in averages
    ]
