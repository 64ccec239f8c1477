"""Hypothesis strategies for what rules are asked: modules, and questions about a student.

Every date lies around one instant, so that boundaries are met often.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

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
        st.booleans(),
        st.sampled_from(Level),
        st.sampled_from([None, None, LYCEE_LEVELS]),
        st.booleans(),
    )


@st.composite
def policies(draw: DrawFn, audience: Audience, module_id: str = "notes") -> Policy:
    """Anything decided along the chain of a class, and up to two rounds."""
    openings = [
        Opening(module_id, YEAR, audience, stance, scope, "X", A_TUESDAY)
        for scope in SCOPES
        if (stance := draw(st.sampled_from([None, *Stance]))) is not None
    ]
    rounds = []
    for days in draw(st.lists(st.integers(-3, 3), max_size=2)):
        opens = A_TUESDAY + timedelta(days=days)
        rounds.append(Campaign(module_id, YEAR, Window(opens, opens + timedelta(days=1))))
    return Policy.of(openings, rounds)


@st.composite
def questions(draw: DrawFn) -> Question:
    """Any question that the core's own rules may meet."""
    day = A_TUESDAY.date()
    born = draw(st.sampled_from([day.replace(year=2014), day.replace(year=2008)]))
    student = a_student(born_on=born + timedelta(days=draw(st.integers(-1, 1))))
    shift = st.sampled_from([None, *(day + timedelta(days=n) for n in (-1, 0, 1))])
    audience = draw(st.sampled_from([Audience.GUARDIAN, Audience.STUDENT]))
    link = None
    if draw(st.booleans()):
        level, starts, ends = draw(st.sampled_from(Level)), draw(shift), draw(shift)
        link = a_link(student.id, student.id, level=level, from_on=starts, until_on=ends)
    return a_question(
        student=student,
        at=A_TUESDAY,
        audience=audience,
        establishment=an_establishment(
            takes_part=draw(st.booleans()), kind=draw(st.sampled_from(EstablishmentKind))
        ),
        schooling=a_schooling(
            student.id, left_on=draw(shift), mef=draw(st.sampled_from([None, _A_SIXIEME]))
        ),
        link=link,
        policy=draw(policies(audience)),
    )
