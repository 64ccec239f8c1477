"""The family's pages: one pass turns a mark book into the texts that the templates show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.families import Child
from teleservices_core.errors import NotFoundError
from teleservices_core.i18n import _, ngettext, show_date, typeset
from teleservices_core.usecases.site import Site
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Page
from teleservices_notes.model import Assessment, Entry, MarkStatus, PublicationMode
from teleservices_notes.rules import SCALE, MarkBook, Part, SubjectAverage, Term, rounded
from teleservices_notes.words import MODE_NAMES, MODE_WORDS, STATUS_SHORT, STATUS_WORDS, show_figure

LATEST: Final = 10
"""Marks at the top of the page."""


@frozen
class Publication:
    """How the establishment publishes, in words (F52)."""

    name: str
    words: str
    is_rolling: bool


@frozen
class LatestMark:
    """A line of « Dernières notes »."""

    title: str
    subject: str
    day: str
    figure: str
    out_of: str
    """Empty beside a word such as « absent »."""


@frozen
class SubjectLine:
    """A line of the table of subjects."""

    label: str
    teachers: str
    href: str
    marks: str
    average: str


@frozen
class TermLine:
    """A line of the working of an average."""

    title: str
    hint: str
    """The day, and why an optional mark counts or not."""
    figure: str
    working: str


@frozen
class Pages:
    """The handlers, given how to read a child's marks."""

    read: Callable[[Site, Child], MarkBook]

    def child(self, context: Context, student_id: UUID) -> Page:
        """Latest marks, and every subject with its average."""
        child = _child(context)
        book = self.read(context.site, child)
        return Page(
            "notes/child.html",
            {
                "child": child,
                "publication": _publication(book.mode),
                "latest": [_latest(entry) for entry in book.latest[:LATEST]],
                "subjects": [_subject(context, student_id, each) for each in book.subjects],
                "overall": _average(book.overall),
                "overall_words": _overall_words(book),
                "legend": _legend(book.latest),
            },
        )

    def subject(self, context: Context, student_id: UUID, subject: str) -> Page:
        """One subject: its marks and the working of their average.

        A subject of which nothing is published yet does not exist for a family.
        """
        child = _child(context)
        book = self.read(context.site, child)
        found = book.subject(subject)
        if found is None:
            raise NotFoundError("no published mark in this subject")
        return Page(
            "notes/subject.html",
            {
                "child": child,
                "publication": _publication(book.mode),
                "back": context.urls.to("notes.child", student_id=student_id),
                "label": found.subject.label,
                "teachers": _teachers(found.terms),
                "average": _average(found.value),
                "terms": [_term(term) for term in reversed(found.terms)],
                "working": _working(found),
                "is_exact": found.value is None or Fraction(rounded(found.value)) == found.value,
            },
        )


def _child(context: Context) -> Child:
    if context.child is None:
        raise RuntimeError("the route is not about a child")
    return context.child


def _publication(mode: PublicationMode) -> Publication:
    return Publication(MODE_NAMES[mode](), MODE_WORDS[mode](), mode is PublicationMode.ROLLING)


def _average(value: Fraction | None) -> str:
    """Two decimals, always: "14,50"; empty when there is none."""
    return "" if value is None else format(rounded(value), "f").replace(".", ",")


def _latest(entry: Entry) -> LatestMark:
    assessment, value = entry.assessment, entry.mark.value
    return LatestMark(
        title=assessment.title,
        subject=assessment.subject.label,
        day=show_date(assessment.given_on),
        figure=STATUS_WORDS[entry.mark.status]() if value is None else show_figure(value),
        out_of="" if value is None else show_figure(assessment.out_of),
    )


def _subject(context: Context, student_id: UUID, average: SubjectAverage) -> SubjectLine:
    return SubjectLine(
        label=average.subject.label,
        teachers=_teachers(average.terms),
        href=context.urls.to("notes.subject", student_id=student_id, subject=average.subject.code),
        # The space before the dot does not break: no line begins with one.
        marks="\u00a0· ".join(_short(term.entry) for term in average.terms),
        average=_average(average.value),
    )


def _teachers(terms: Iterable[Term]) -> str:
    names = {term.entry.assessment.teacher: None for term in terms}
    return ", ".join(filter(None, names))


def _short(entry: Entry) -> str:
    # « 14,5 » out of 20, « 7/10 » otherwise; an optional mark in brackets.
    value = entry.mark.value
    if value is None:
        return STATUS_SHORT[entry.mark.status]()
    text = _on_scale(entry.assessment, value)
    return f"({text})" if entry.assessment.is_optional else text


def _on_scale(assessment: Assessment, value: Decimal) -> str:
    figure = show_figure(value)
    return figure if assessment.out_of == SCALE else f"{figure}/{show_figure(assessment.out_of)}"


def _legend(entries: Iterable[Entry]) -> str:
    """What the abbreviations in use mean."""
    seen = {entry.mark.status for entry in entries} - {MarkStatus.MARK}
    said = [
        f"{STATUS_SHORT[each]()} = {STATUS_WORDS[each]()}" for each in MarkStatus if each in seen
    ]
    if any(e.assessment.is_optional and e.mark.value is not None for e in entries):
        said.append(_("entre parenthèses = note facultative"))
    return typeset(" ; ".join((_("Notes sur 20 sauf mention contraire"), *said)) + ".")


def _overall_words(book: MarkBook) -> str:
    number = sum(each.value is not None for each in book.subjects)
    return ngettext(
        "C’est la moyenne de la seule matière notée jusqu’ici.",
        "Moyenne des {n} moyennes de matières, chacune comptant autant que les autres.",
        number,
    ).format(n=number)


def _term(term: Term) -> TermLine:
    assessment, value = term.entry.assessment, term.entry.mark.value
    remark = _remark(term)
    return TermLine(
        title=assessment.title,
        hint=show_date(assessment.given_on) + (f". {remark}" if remark else ""),
        figure=STATUS_WORDS[term.entry.mark.status]()
        if value is None
        else f"{show_figure(value)}/{show_figure(assessment.out_of)}",
        working=_product(term),
    )


def _product(term: Term) -> str:
    points = term.score
    if points is None or term.part is not Part.COUNTS:
        return _("ne compte pas")
    return (
        f"{show_figure(rounded(points))} × {show_figure(term.entry.assessment.weight)}"
        f" = {show_figure(rounded(term.points))}"
    )


def _remark(term: Term) -> str:
    match term.part:
        case Part.NO_WEIGHT:
            return _("Coefficient 0")
        case Part.NO_GAIN:
            return _("Facultative : elle n’augmente pas la moyenne")
        case Part.ONLY_OPTIONAL:
            return _("Facultative : comptera si elle augmente la moyenne")
        case Part.COUNTS if term.entry.assessment.is_optional:
            return _("Facultative : elle augmente la moyenne")
    return ""


def _working(average: SubjectAverage) -> str:
    if average.value is None:
        return ""
    return _("{points} points ÷ {weight} = {average}").format(
        points=show_figure(rounded(average.points)),
        weight=show_figure(average.weight),
        average=_average(average.value),
    )
