"""Marks and averages, in the words that open them to families: on pages and on paper."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import starmap
from typing import Final

from attrs import frozen

from teleservices_core.contributions import Message
from teleservices_core.i18n import _, ngettext, show_date, typeset
from teleservices_notes.model import (
    Assessment,
    Counting,
    GradingPeriod,
    MarkStatus,
    PublicationPlan,
)
from teleservices_notes.publication_words import period_name, publication_name
from teleservices_notes.rules import (
    HALF,
    SCALE,
    MarkBook,
    Part,
    Shown,
    Spread,
    SubjectAverage,
    Term,
    rounded,
)
from teleservices_notes.words import (
    STATUS_SHORT,
    STATUS_WORDS,
    level_lines,
    outcome_words,
    show_figure,
)

_COMPULSORY: Final = Counting.COMPULSORY
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
_REASONS: Final[Mapping[MarkStatus, Message]] = {
    MarkStatus.ABSENT: lambda: _("Absent : ni zéro ni coefficient"),
    MarkStatus.EXEMPT: lambda: _("Dispensé : ni zéro ni coefficient"),
    MarkStatus.UNMARKED: lambda: _("Non noté : ni zéro ni coefficient"),
    MarkStatus.NOT_SUBMITTED: lambda: _("Non rendu : ni zéro ni coefficient"),
}


@frozen
class Level:
    """How far a competency is mastered."""

    competency: str
    level: str


@frozen
class TermLine:
    """A mark in the working of an average."""

    title: str
    hint: str
    """The day, why it counts or not, and whether it was corrected."""
    description: str
    remark: str
    """What the teacher says of the work."""
    levels: tuple[Level, ...]
    figure: str
    working: str
    of_class: str
    """What the class got; empty where it may not be said."""


def show_average(value: Fraction | None) -> str:
    """Two decimals, always: "14,50"; empty when there is none."""
    return "" if value is None else format(rounded(value), "f").replace(".", ",")


def span_name(period: GradingPeriod | None) -> str:
    """« Trimestre 1 », or « Année »."""
    return _("Année") if period is None else period_name(period)


def particular(shown: Shown) -> str:
    """What sets a mark apart: that it was corrected, or has a publication of its own."""
    said = [_("Note corrigée")] if shown.is_corrected else []
    if shown.own is not None:
        name = publication_name(shown.own)
        said.append(_("Publication propre à cette évaluation : {name}").format(name=name))
    return ". ".join(said)


def teachers(found: Iterable[Shown]) -> str:
    """Who gave the marks."""
    names = {each.assessment.teacher: None for each in found}
    return ", ".join(filter(None, names))


def marks_in_line(average: SubjectAverage) -> str:
    """« 14,5 · 7/10 · (12) »."""
    # The space before the dot does not break: no line begins with one.
    return "\u00a0· ".join([_short(each) for each in average.shown])


def _short(shown: Shown) -> str:
    # « 14,5 » out of 20, « 7/10 » otherwise; an optional mark or a bonus in brackets.
    value, assessment = shown.outcome.value, shown.assessment
    if value is None:
        return _("comp.") if shown.outcome.is_levels_only else STATUS_SHORT[shown.outcome.status]()
    text = _on_scale(assessment, value)
    return text if assessment.counting is _COMPULSORY else f"({text})"


def _on_scale(assessment: Assessment, value: Decimal) -> str:
    figure = show_figure(value)
    return figure if assessment.out_of == SCALE else f"{figure}/{show_figure(assessment.out_of)}"


def legend(found: Collection[Shown]) -> str:
    """What the abbreviations in use mean."""
    without = [each.outcome for each in found if each.outcome.value is None]
    seen = {each.status for each in without if not each.is_levels_only}
    said = [
        f"{STATUS_SHORT[each]()} = {STATUS_WORDS[each]()}" for each in STATUS_SHORT if each in seen
    ]
    if any(each.is_levels_only for each in without):
        said.append(_("comp. = compétences évaluées sans note"))
    figures = {each.assessment.counting for each in found if each.outcome.value is not None}
    if figures - {Counting.COMPULSORY}:
        said.append(_("entre parenthèses = note facultative ou bonus"))
    return typeset(" ; ".join((_("Notes sur 20 sauf mention contraire"), *said)) + ".")


def overall_words(book: MarkBook) -> str:
    """What the overall average is made of."""
    number = sum(each.value is not None for each in book.subjects)
    return ngettext(
        "C’est la moyenne de la seule matière notée jusqu’ici.",
        "Moyenne des {n} moyennes de matières, chacune comptant autant que les autres.",
        number,
    ).format(n=number)


def overall_working(book: MarkBook) -> str:
    """« 151 ÷ 12 = 12,58 »: the sum of the averages, and how many they are."""
    values = [each.value for each in book.subjects if each.value is not None]
    if book.overall is None:
        return ""
    return _("{points} points ÷ {number} = {average}").format(
        points=show_figure(rounded(sum(values, Fraction(0)))),
        number=len(values),
        average=show_average(book.overall),
    )


def term_line(term: Term, plan: PublicationPlan, spread: Spread | None = None) -> TermLine:
    """One mark, all that is to be said of it."""
    assessment, outcome = term.shown.assessment, term.shown.outcome
    hints = (show_date(assessment.given_on), _why(term), particular(term.shown))
    return TermLine(
        title=assessment.title,
        hint=". ".join(filter(None, hints)),
        description=assessment.description,
        remark=outcome.remark,
        levels=tuple(starmap(Level, level_lines(plan, outcome.levels))),
        figure=outcome_words(outcome)
        if outcome.value is None
        else f"{show_figure(outcome.value)}/{show_figure(assessment.out_of)}",
        working=_product(term),
        of_class="" if spread is None else spread_words(spread),
    )


def mean_words(mean: Fraction) -> str:
    """« 12,4 »: no more decimals than a mean of a class is rounded to."""
    return show_figure(rounded(mean))


def spread_words(spread: Spread) -> str:
    """« 12,4 (toutes entre 4 et 16) », or the mean alone."""
    mean = mean_words(spread.mean)
    if spread.between is None:
        return mean
    low, high = (show_figure(rounded(each)) for each in spread.between)
    said = _("{mean} (toutes entre {low} et {high})")
    return typeset(said.format(mean=mean, low=low, high=high))


def working(average: SubjectAverage | None) -> str:
    """« 42,5 points ÷ 3 = 14,17 »; empty without an average."""
    if average is None or average.value is None:
        return ""
    said = (
        _("{points} points ÷ {weight}, ramenés à {average}, le maximum")
        if average.is_capped
        else _("{points} points ÷ {weight} = {average}")
    )
    return said.format(
        points=show_figure(rounded(average.points)),
        weight=show_figure(average.weight),
        average=show_average(average.value),
    )


def is_exact(value: Fraction | None) -> bool:
    """Whether showing two decimals rounds nothing."""
    return value is None or Fraction(rounded(value)) == value


def _product(term: Term) -> str:
    points = term.score
    if points is None or term.part is not Part.COUNTS:
        return _("ne compte pas")
    figure, weight = show_figure(rounded(points)), show_figure(term.shown.assessment.weight)
    product = f"({figure} − {HALF})" if term.is_bonus else figure
    return f"{product} × {weight} = {show_figure(rounded(term.points))}"


def _why(term: Term) -> str:
    if term.part is Part.NO_FIGURE:
        outcome = term.shown.outcome
        return _("Évaluation sans note") if outcome.is_levels_only else _REASONS[outcome.status]()
    words = _REMARKS.get((term.shown.assessment.counting, term.part))
    return words() if words else ""
