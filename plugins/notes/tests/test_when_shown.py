"""What a teacher is told of publication agrees with what families see."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_notes.model import (
    FAMILIES,
    Mark,
    MarkStatus,
    Outcome,
    Publication,
    PublicationMode,
    PublicationPlan,
    PublicationRule,
)
from teleservices_notes.pages.when_shown import when_shown
from teleservices_notes.rules import Viewpoint
from teleservices_notes.testing import an_assessment

ZONES = ("Europe/Paris", "Indian/Reunion", "Pacific/Noumea", "America/Cayenne")
NOW = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)


def plain(sentences):
    """With plain spaces."""
    return [each.replace("\u00a0", " ").replace("\u202f", " ") for each in sentences]


@st.composite
def publications(draw):
    """Any mode, with the figure it needs."""
    mode = draw(st.sampled_from(PublicationMode))
    on = draw(st.none() | st.just(date(2026, 12, 4)))
    return Publication(mode, on=on if mode is PublicationMode.SCHEDULED else None)


@given(
    publications(),
    publications(),
    st.none() | st.dates(date(2026, 11, 1), date(2026, 12, 31)),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 10, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
)
def test_agrees_with_what_is_seen(guardians, students, publish_on, zone, at):
    """« Aussitôt » where it is seen at once, a date where it is not, for each audience."""
    here = ZoneInfo(zone)
    plan = PublicationPlan(guardians, (PublicationRule(students, Audience.STUDENT),))
    assessment = an_assessment(publish_on=publish_on)
    mark = Mark.first(assessment.id, assessment.id, Outcome(MarkStatus.ABSENT, None, at))
    said = plain(when_shown(assessment, plan, (), at, here))
    for audience in FAMILIES:
        words = said[0] if len(said) == 1 else said[FAMILIES.index(audience)]
        seen = Viewpoint(plan, audience, at, here).seen(assessment, mark)
        assert ("aussitôt" in words) is (seen is not None), (words, seen)
        in_a_year = Viewpoint(plan, audience, at + timedelta(days=365), here)
        never = in_a_year.seen(assessment, mark) is None
        assert ("avant le" in words) is (seen is None and not never)


@pytest.mark.parametrize(
    ("shut", "said"),
    [
        (FAMILIES, ["Rien de ce que vous enregistrez ici n’est montré aux familles : le"]),
        (
            (Audience.STUDENT,),
            [
                "Ce que vous enregistrez ici est montré aux responsables aussitôt.",
                "Rien de ce que vous enregistrez ici n’est montré aux élèves : le",
            ],
        ),
    ],
)
def test_a_closed_module(shut, said):
    """Nothing is shown to whom the module is closed, whatever the plan."""
    plan = PublicationPlan(Publication(PublicationMode.IMMEDIATE))
    told = plain(when_shown(an_assessment(), plan, shut, NOW, ZoneInfo("Europe/Paris")))
    assert len(told) == len(said)
    assert all(each.startswith(start) for each, start in zip(told, said, strict=True))
