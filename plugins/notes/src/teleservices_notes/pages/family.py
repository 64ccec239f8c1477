"""The family's pages: one pass turns a mark book into the texts that the templates show."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import Message
from teleservices_core.domain.accounts import Account
from teleservices_core.domain.families import Child
from teleservices_core.errors import NotFoundError
from teleservices_core.i18n import _, ngettext, show_date, typeset
from teleservices_core.usecases.site import Site
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Page
from teleservices_notes.model import Assessment, Counting, MarkStatus, Reader
from teleservices_notes.pages.children import novelty_words, seen_words
from teleservices_notes.pages.publication_card import publication_words
from teleservices_notes.publication_words import publication_name
from teleservices_notes.rules import (
    HALF,
    SCALE,
    MarkBook,
    Part,
    Shown,
    SubjectAverage,
    Term,
    rounded,
)
from teleservices_notes.words import (
    STATUS_SHORT,
    STATUS_WORDS,
    show_figure,
)

LATEST: Final = 10
"""Marks at the top of the page."""
_REMARKS: Final[Mapping[tuple[Counting, Part], Message]] = {
    (Counting.OPTIONAL, Part.COUNTS): lambda: _("Facultative : elle augmente la moyenne"),
    (Counting.OPTIONAL, Part.NO_GAIN): lambda: _("Facultative : elle n’augmente pas la moyenne"),
    (Counting.OPTIONAL, Part.NOTHING_TO_RAISE): lambda: _(
        "Facultative : comptera si elle augmente la moyenne"
    ),
    (Counting.BONUS, Part.COUNTS): lambda: _("Bonus : les points au-dessus de 10 s’ajoutent"),
    (Counting.BONUS, Part.NO_GAIN): lambda: _("Bonus : seuls les points au-dessus de 10 comptent"),
    (Counting.BONUS, Part.NOTHING_TO_RAISE): lambda: _(
        "Bonus : s’ajoutera dès qu’une autre note comptera"
    ),
    **{(each, Part.NO_WEIGHT): lambda: _("Coefficient 0") for each in Counting},
}


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
class TermLine:
    """A line of the working of an average."""

    title: str
    hint: str
    """The day, why an optional mark counts or not, and whether it was corrected."""
    figure: str
    working: str


@frozen
class Pages:
    """The handlers, given how to read a child's marks."""

    read: Callable[[Site, Child], MarkBook]
    read_as: Callable[[Site, Account, Child], tuple[MarkBook, Reader]]
    """With what the account had seen."""

    def child(self, context: Context, student_id: UUID) -> Page:
        """Latest marks, what is new of them, and every subject with its average."""
        child, site = _child(context), context.site
        book, reader = self.read_as(site, context.me.account, child)
        return Page(
            "notes/child.html",
            {
                "child": child,
                "publication": publication_words(book.plan, child),
                "latest": [_latest(each, reader) for each in book.latest[:LATEST]],
                "seen": seen_words(book, reader, site.academie.zone),
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
                "publication": publication_words(book.plan, child),
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


def _average(value: Fraction | None) -> str:
    """Two decimals, always: "14,50"; empty when there is none."""
    return "" if value is None else format(rounded(value), "f").replace(".", ",")


def _latest(shown: Shown, reader: Reader) -> LatestMark:
    assessment, value = shown.assessment, shown.outcome.value
    return LatestMark(
        title=assessment.title,
        subject=assessment.subject.label,
        day=show_date(assessment.given_on),
        figure=STATUS_WORDS[shown.outcome.status]() if value is None else show_figure(value),
        out_of="" if value is None else show_figure(assessment.out_of),
        remark=_particular(shown),
        novelty=novelty_words(shown, reader),
    )


def _particular(shown: Shown) -> str:
    said = [_("Note corrigée")] if shown.is_corrected else []
    if shown.own is not None:
        name = publication_name(shown.own)
        said.append(_("Publication propre à cette évaluation : {name}").format(name=name))
    return ". ".join(said)


def _subject(context: Context, student_id: UUID, average: SubjectAverage) -> SubjectLine:
    return SubjectLine(
        label=average.subject.label,
        teachers=_teachers(average.terms),
        href=context.urls.to("notes.subject", student_id=student_id, subject=average.subject.code),
        # The space before the dot does not break: no line begins with one.
        marks="\u00a0· ".join(_short(term.shown) for term in average.terms),
        average=_average(average.value),
    )


def _teachers(terms: Iterable[Term]) -> str:
    names = {term.shown.assessment.teacher: None for term in terms}
    return ", ".join(filter(None, names))


def _short(shown: Shown) -> str:
    # « 14,5 » out of 20, « 7/10 » otherwise; an optional mark or a bonus in brackets.
    value = shown.outcome.value
    if value is None:
        return STATUS_SHORT[shown.outcome.status]()
    text = _on_scale(shown.assessment, value)
    return text if shown.assessment.counting is Counting.COMPULSORY else f"({text})"


def _on_scale(assessment: Assessment, value: Decimal) -> str:
    figure = show_figure(value)
    return figure if assessment.out_of == SCALE else f"{figure}/{show_figure(assessment.out_of)}"


def _legend(found: Collection[Shown]) -> str:
    """What the abbreviations in use mean."""
    seen = {each.outcome.status for each in found} - {MarkStatus.MARK}
    said = [
        f"{STATUS_SHORT[each]()} = {STATUS_WORDS[each]()}" for each in MarkStatus if each in seen
    ]
    figures = {each.assessment.counting for each in found if each.outcome.value is not None}
    if figures - {Counting.COMPULSORY}:
        said.append(_("entre parenthèses = note facultative ou bonus"))
    return typeset(" ; ".join((_("Notes sur 20 sauf mention contraire"), *said)) + ".")


def _overall_words(book: MarkBook) -> str:
    number = sum(each.value is not None for each in book.subjects)
    return ngettext(
        "C’est la moyenne de la seule matière notée jusqu’ici.",
        "Moyenne des {n} moyennes de matières, chacune comptant autant que les autres.",
        number,
    ).format(n=number)


def _term(term: Term) -> TermLine:
    assessment, value = term.shown.assessment, term.shown.outcome.value
    remarks = (show_date(assessment.given_on), _remark(term), _particular(term.shown))
    return TermLine(
        title=assessment.title,
        hint=". ".join(filter(None, remarks)),
        figure=STATUS_WORDS[term.shown.outcome.status]()
        if value is None
        else f"{show_figure(value)}/{show_figure(assessment.out_of)}",
        working=_product(term),
    )


def _product(term: Term) -> str:
    points = term.score
    if points is None or term.part is not Part.COUNTS:
        return _("ne compte pas")
    figure, weight = show_figure(rounded(points)), show_figure(term.shown.assessment.weight)
    product = f"({figure} − {HALF})" if term.is_bonus else figure
    return f"{product} × {weight} = {show_figure(rounded(term.points))}"


def _remark(term: Term) -> str:
    words = _REMARKS.get((term.shown.assessment.counting, term.part))
    return words() if words else ""


def _working(average: SubjectAverage) -> str:
    if average.value is None:
        return ""
    said = (
        _("{points} points ÷ {weight}, ramenés à {average}, le maximum")
        if average.is_capped
        else _("{points} points ÷ {weight} = {average}")
    )
    return said.format(
        points=show_figure(rounded(average.points)),
        weight=show_figure(average.weight),
        average=_average(average.value),
    )
