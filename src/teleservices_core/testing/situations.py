"""Hypothesis strategies for what rules are asked: modules, and questions about a student.

Every date lies around one instant, so that boundaries are met often. Most of what
could close a module is in order, so that many are open and others closed by one thing
alone: ``tests/testing/test_reaching.py`` counts them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import Question
from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.levels import LYCEE_LEVELS, ClassLevel
from teleservices_core.domain.localtime import Window
from teleservices_core.domain.modules import ModuleDefinition, OpeningMode
from teleservices_core.domain.policy import Campaign, Opening, Policy, Stance
from teleservices_core.domain.roster import Level
from teleservices_core.domain.scopes import chain
from teleservices_core.domain.values import Mef
from teleservices_core.testing.builders import (
    COLLEGE,
    YEAR,
    a_link,
    a_module,
    a_question,
    a_schooling,
    a_student,
    an_establishment,
)
from teleservices_core.testing.clock import A_TUESDAY

SCOPES: Final = chain(COLLEGE, ClassLevel.SIXIEME, "6 B")
_A_SIXIEME: Final = Mef("10010012110")


def _mostly(usual: Any, *others: Any) -> SearchStrategy[Any]:
    """What is in order in five cases of six."""
    return st.sampled_from([usual] * 5 * len(others) + list(others))


def modules(module_id: str = "notes") -> SearchStrategy[ModuleDefinition]:
    """Modules of every opening mode, for every link, with and without campaigns."""
    return st.builds(
        lambda mode, campaign, level, levels, alone: a_module(
            module_id,
            opening_mode=mode,
            has_campaign=campaign,
            least_level=level,
            levels=levels,
            student_alone_when_adult=alone,
        ),
        st.sampled_from(OpeningMode),
        st.sampled_from([False, False, True]),
        _mostly(Level.CONTACT, *Level),
        _mostly(None, LYCEE_LEVELS),
        st.booleans(),
    )


_STANCES: Final = st.sampled_from([*[None] * 8, *[Stance.OPEN] * 6, *Stance])
_ROUNDS: Final = st.sampled_from([[], [0], [0]]) | st.lists(st.integers(-3, 3), max_size=2)
"""In days from now, for a day: most hold now."""


@st.composite
def policies(draw: DrawFn, audience: Audience, module_id: str = "notes") -> Policy:
    """Anything decided along the chain of a class, and up to two rounds."""
    openings = [
        Opening(module_id, YEAR, audience, stance, scope, "X", A_TUESDAY)
        for scope in SCOPES
        if (stance := draw(_STANCES)) is not None
    ]
    rounds = []
    for days in draw(_ROUNDS):
        opens = A_TUESDAY + timedelta(days=days)
        rounds.append(Campaign(module_id, YEAR, Window(opens, opens + timedelta(days=1))))
    return Policy.of(openings, rounds)


@st.composite
def questions(draw: DrawFn) -> Question:
    """Any question that the core's own rules may meet."""
    day = A_TUESDAY.date()
    born = day.replace(year=draw(st.sampled_from([2014, 2008])))
    student = a_student(born_on=born + timedelta(days=draw(st.integers(-1, 1))))
    shift = _mostly(None, *(day + timedelta(days=n) for n in (-1, 0, 1)))
    audience = draw(st.sampled_from([Audience.GUARDIAN, Audience.STUDENT]))
    link = None
    if draw(_mostly(True, False)):
        level, starts, ends = draw(_mostly(Level.LEGAL, *Level)), draw(shift), draw(shift)
        link = a_link(student.id, student.id, level=level, from_on=starts, until_on=ends)
    return a_question(
        student=student,
        at=A_TUESDAY,
        audience=audience,
        establishment=an_establishment(
            takes_part=draw(_mostly(True, False)),
            kind=draw(_mostly(EstablishmentKind.COLLEGE, *EstablishmentKind)),
        ),
        schooling=a_schooling(student.id, left_on=draw(shift), mef=draw(_mostly(_A_SIXIEME, None))),
        link=link,
        policy=draw(policies(audience)),
    )
