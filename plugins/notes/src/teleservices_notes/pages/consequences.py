"""What a change of publication makes visible or hides, as pages and commands tell it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from attrs import frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.i18n import _, show_date
from teleservices_notes.model import FAMILIES
from teleservices_notes.publication_words import READERS
from teleservices_notes.rules import Flip

FIRST: Final = 3
"""Assessments that are named; the others are counted."""


@frozen
class ClassLine:
    """What turns in a class, for the same readers."""

    class_group: str
    readers: str
    marks: int
    assessments: int
    examples: tuple[str, ...]

    @property
    def more(self) -> int:
        """How many assessments are not named."""
        return self.assessments - len(self.examples)


@frozen
class Consequences:
    """What turns, class by class."""

    shown: tuple[ClassLine, ...]
    hidden: tuple[ClassLine, ...]


def consequences_of(turned: Iterable[Flip]) -> Consequences:
    """Gather what turns by class, direction and readers."""
    # What turns for both audiences alike is told once, for families.
    alike: dict[tuple[str, int, object], list[Flip]] = {}
    for flip in turned:
        assessment = flip.assessment
        alike.setdefault((assessment.class_group, flip.marks, assessment.id), []).append(flip)
    lines: dict[tuple[str, Audience | None, bool], list[Flip]] = {}
    for (group, marks, _id), found in alike.items():
        audience = None if len(found) == len(FAMILIES) else found[0].audience
        lines.setdefault((group, audience, marks > 0), []).append(found[0])
    order = sorted(lines, key=lambda key: (key[0], key[1] or ""))
    return Consequences(
        tuple(_line(*key[:2], lines[key]) for key in order if key[2]),
        tuple(_line(*key[:2], lines[key]) for key in order if not key[2]),
    )


def _line(group: str, audience: Audience | None, found: list[Flip]) -> ClassLine:
    found = sorted(found, key=lambda each: each.assessment.given_on, reverse=True)
    said = _("{title} ({subject}, {day})")
    return ClassLine(
        class_group=group,
        readers=READERS[audience](),
        marks=sum(abs(each.marks) for each in found),
        assessments=len(found),
        examples=tuple(
            said.format(
                title=each.assessment.title,
                subject=each.assessment.subject.label,
                day=show_date(each.assessment.given_on),
            )
            for each in found[:FIRST]
        ),
    )


def done_words(shut: Collection[Audience]) -> str:
    """What is told once a change is made."""
    if len(shut) == len(FAMILIES):
        return _("C’est enregistré : les familles le verront quand « Notes » leur sera ouvert.")
    return _("C’est fait : les familles le voient dès maintenant.")
