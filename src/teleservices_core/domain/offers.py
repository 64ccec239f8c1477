"""What an establishment offers of a module, class by class where that differs."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from attrs import evolve, frozen

from teleservices_core.domain.activation import Decision, Question
from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.levels import COLLEGE_LEVELS, LYCEE_LEVELS, ClassLevel
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.scopes import Rank

_GENERAL: Final = frozenset({ClassLevel.SECONDE, ClassLevel.PREMIERE, ClassLevel.TERMINALE})
_TAUGHT: Final = {
    EstablishmentKind.COLLEGE: COLLEGE_LEVELS,
    EstablishmentKind.LYCEE: _GENERAL,
    EstablishmentKind.LYCEE_PRO: LYCEE_LEVELS - _GENERAL,
    EstablishmentKind.LYCEE_POLYVALENT: LYCEE_LEVELS,
    EstablishmentKind.EREA: frozenset(ClassLevel),
}


class OfferState(StrEnum):
    """Where a module stands in an establishment."""

    OPEN = "open"
    COMING = "coming"
    """Closed, and time alone opens it."""
    CLOSED = "closed"


@frozen
class Reach:
    """The classes for which a module is open, of those it concerns."""

    levels: tuple[ClassLevel, ...] = ()
    """These levels only; empty for all that the establishment teaches."""
    classes: tuple[str, ...] = ()
    """These classes too, or alone when no level is named."""
    but: tuple[str, ...] = ()
    """Not these classes."""


EVERYONE: Final = Reach()


def levels_concerned(
    module: ModuleDefinition, kind: EstablishmentKind
) -> tuple[ClassLevel, ...] | None:
    """The levels of an establishment that a module concerns, in their order; None for all.

    Empty when it concerns none of them.
    """
    if module.levels is None or module.levels >= _TAUGHT[kind]:
        return None
    return _in_order(module.levels & _TAUGHT[kind])


@frozen
class Survey:
    """A module in an establishment: what to show, and for which classes it is open."""

    question: Question
    decision: Decision
    """That of the whole; or of a class, where only some are open."""
    reach: Reach


def survey(
    module: ModuleDefinition, question: Question, decide: Callable[[Question], Decision]
) -> Survey:
    """Ask for an establishment as a whole, then for each level or class that a head set apart.

    ``question`` names no student, level or class; ``decide`` answers one about
    the module.
    """
    concerned = levels_concerned(module, question.establishment.kind)
    whole = Survey(question, decide(question), Reach(concerned or ()))
    apart = _set_apart(module, question)
    if not apart:
        return whole
    levels = concerned or _in_order(_TAUGHT[question.establishment.kind])
    asked = [
        *(evolve(question, asked_level=level) for level in levels),
        *(evolve(question, asked_class=name) for name in apart if name),
    ]
    parts = [Survey(one, decide(one), EVERYONE) for one in asked]
    reach = _reach(parts, every=concerned is None)
    for part in parts:
        if part.decision.is_open:
            return evolve(part, reach=reach)
    return parts[0] if whole.decision.is_open else whole


def _set_apart(module: ModuleDefinition, question: Question) -> list[str]:
    """Classes that a head decided about apart; empty text for levels."""
    key = (question.establishment.uai.code, module.id, question.audience, question.school_year)
    return sorted(
        opening.scope.class_group
        for opening in question.policy.openings
        if opening.scope.rank > Rank.ESTABLISHMENT
        and (opening.scope.place, opening.module_id, opening.audience, opening.school_year) == key
    )


def _reach(parts: list[Survey], *, every: bool) -> Reach:
    levels: dict[bool, list[ClassLevel]] = {True: [], False: []}
    classes: dict[bool, list[str]] = {True: [], False: []}
    for part in parts:
        level, is_open = part.question.asked_level, part.decision.is_open
        if level is None:
            classes[is_open].append(part.question.asked_class)
        else:
            levels[is_open].append(level)
    but = tuple(classes[False]) if levels[True] else ()
    if every and not levels[False]:
        return Reach(but=but)
    return Reach(tuple(levels[True]), tuple(classes[True]), but)


def _in_order(levels: frozenset[ClassLevel]) -> tuple[ClassLevel, ...]:
    return tuple(level for level in ClassLevel if level in levels)
