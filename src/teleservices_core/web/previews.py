"""The consequence of a choice, as pages show it before the choice is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import frozen

from teleservices_core.domain.consequences import Consequence, Flip, establishments_of
from teleservices_core.domain.policy import Opening
from teleservices_core.i18n import _
from teleservices_core.usecases.plans import Plan
from teleservices_core.words.academy import AUDIENCES_WORDS, Names, show_scope, show_stance

FIRST: Final = 10
"""Establishments that are named; the others are counted."""


@frozen
class Group:
    """Some establishments for which the same module turns the same way."""

    title: str
    count: int
    first: tuple[str, ...]

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.first)


@frozen
class ChangeLine:
    """One choice, as it stands and as it would be."""

    title: str
    before: str
    after: str


@frozen
class Preview:
    """What would change."""

    opened: tuple[Group, ...]
    closed: tuple[Group, ...]
    waiting: tuple[Group, ...]
    overruled: Group
    schools_opened: int
    schools_closed: int


def preview(told: Consequence, names: Names) -> Preview:
    """Gather what turns by module, audience and direction."""
    overruled = [_choice(opening, names) for opening in told.overruled]
    return Preview(
        opened=_groups(told.opened),
        closed=_groups(told.closed),
        waiting=_groups(told.waiting),
        overruled=Group("", len(overruled), tuple(overruled[:FIRST])),
        schools_opened=len(establishments_of(told.opened)),
        schools_closed=len(establishments_of(told.closed)),
    )


def _groups(flips: Iterable[Flip]) -> tuple[Group, ...]:
    by_module: dict[str, list[Flip]] = {}
    for flip in flips:
        said = _("« {module} » pour les {audience}")
        audience = AUDIENCES_WORDS[flip.audience]()
        title = said.format(module=flip.module.title, audience=audience)
        by_module.setdefault(title, []).append(flip)
    return tuple(
        Group(title, len(found), tuple(map(_school, found[:FIRST])))
        for title, found in by_module.items()
    )


def _school(flip: Flip) -> str:
    name = f"{flip.establishment.name}, {flip.establishment.town}".rstrip(", ")
    if not flip.parts:
        return name
    parts = ", ".join(part.label for part in flip.parts)
    return _("{school} (seulement {parts})").format(school=name, parts=parts)


def _choice(opening: Opening, names: Names) -> str:
    said = _("{where}, « {module} » : {stance}")
    return said.format(
        where=show_scope(opening.scope, names.schools),
        module=names.modules.get(opening.module_id, opening.module_id),
        stance=show_stance(opening.stance, opening.scope.rank).lower(),
    )


def change_lines(plan: Plan, names: Names) -> list[ChangeLine]:
    """Choices about to be made, each with what stands there now."""
    policy, year = plan.upon.policy, plan.school_year
    said = _("« {module} » pour les {audience}, {where}")
    return [
        ChangeLine(
            title=said.format(
                module=names.modules.get(each.module_id, each.module_id),
                audience=AUDIENCES_WORDS[each.audience](),
                where=show_scope(each.scope, names.schools),
            ),
            before=show_stance(each.before(policy, year), each.scope.rank),
            after=show_stance(each.stance, each.scope.rank),
        )
        for each in plan.changes
    ]
