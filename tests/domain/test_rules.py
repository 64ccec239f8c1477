"""Each rule of the core alone: what it says of whom, and what would change it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from uuid6 import uuid7

from teleservices_core.domain import rules
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import ABSTAIN, Actor, Effect, LeverKind, decide
from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.levels import LYCEE_LEVELS, ClassLevel
from teleservices_core.domain.localtime import Window, midnight
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.policy import Campaign, CutOff, Opening, Policy, Stance
from teleservices_core.domain.roster import Kinship, Level
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.values import Mef
from teleservices_core.testing.builders import (
    COLLEGE,
    DIJON,
    LYCEE,
    YEAR,
    a_link,
    a_module,
    a_question,
    a_schooling,
    a_student,
    an_establishment,
)
from teleservices_core.testing.clock import A_TUESDAY

TODAY = A_TUESDAY.date()
DAY = timedelta(days=1)
SIXIEME, PREMIERE = Mef("10010012110"), Mef("20110019110")
FOR_LYCEE = a_module(levels=LYCEE_LEVELS)


def asked(**changes):
    """A question about a student of sixième, unless told otherwise."""
    student = a_student()
    schooling = a_schooling(student.id, mef=changes.pop("mef", SIXIEME))
    return a_question(**{"student": student, "schooling": schooling, **changes})


def linked(**changes):
    student = a_student()
    return asked(student=student, link=a_link(student.id, uuid7(), **changes))


def said(vote):
    """What a vote comes to."""
    return None if vote is ABSTAIN else (vote.effect, vote.reason)


DENY, ABSTAINS = Effect.DENY, Effect.ABSTAIN


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (asked(mef=SIXIEME), (DENY, "core.other_level")),
        (asked(mef=PREMIERE), None),
        (asked(mef=None), (DENY, "core.level_unknown")),
        (asked(schooling=None, asked_level=ClassLevel.SIXIEME), (DENY, "core.other_level")),
        (asked(schooling=None, asked_level=ClassLevel.PREMIERE), None),
        (asked(schooling=None), None),
    ],
)
def test_levels(question, expected):
    """A module of the lycée is no sixième's; of the school as a whole, no level is asked."""
    assert said(rules.concern(FOR_LYCEE, question)) == expected
    assert said(rules.concern(a_module(), question)) is None
    if expected == (DENY, "core.other_level"):
        vote = rules.concern(FOR_LYCEE, question)
        assert vote.detail == {"level": ClassLevel.SIXIEME.label}
        assert vote.lever.kind is LeverKind.NOTHING


def test_audiences_and_kinds():
    """What a module is not for, nobody can change."""
    for_lycees = a_module(kinds=frozenset({EstablishmentKind.LYCEE}))
    assert said(rules.concern(for_lycees, asked())) == (DENY, "core.other_kind")
    lycee = an_establishment(LYCEE, kind=EstablishmentKind.LYCEE)
    assert said(rules.concern(for_lycees, asked(establishment=lycee))) is None
    for_guardians = a_module(audiences=frozenset({Audience.GUARDIAN}))
    student = asked(audience=Audience.STUDENT, link=None)
    assert said(rules.concern(for_guardians, student)) == (DENY, "core.other_audience")
    assert said(rules.concern(for_guardians, asked())) is None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (asked(link=None), (DENY, "core.no_link")),
        (linked(until_on=TODAY), (DENY, "core.no_link")),
        (linked(from_on=TODAY + DAY), (DENY, "core.no_link")),
        (linked(from_on=TODAY), None),
        (linked(is_barred=True), (DENY, "core.no_link")),
        (linked(level=Level.CONTACT), (DENY, "core.weak_link")),
        (linked(level=Level.IN_CHARGE), (DENY, "core.weak_link")),
        (linked(level=Level.LEGAL), None),
        (linked(until_on=TODAY + DAY), (ABSTAINS, "core.link_holds")),
        (asked(link=None, audience=Audience.STUDENT), None),
        (evolve(asked(link=None), student=None, schooling=None), None),
    ],
)
def test_links(question, expected):
    """A guardian sees with a link that holds today and is strong enough; the school can mend it."""
    vote = rules.right(a_module(least_level=Level.LEGAL), question)
    assert said(vote) == expected
    if vote.effect is DENY:
        assert vote.lever.actor is Actor.SCHOOL
    if vote.reason == "core.link_holds":
        assert vote.changes_at == midnight(TODAY + DAY, DIJON.zone)
        assert vote.lever.kind is LeverKind.TIME


def of_age(adult_at_offset, **changes):
    """A guardian's question at an instant beside the eighteenth birthday of the student."""
    student = a_student(born_on=date(2008, 11, 24))
    at = midnight(date(2026, 11, 24), DIJON.zone) + adult_at_offset
    link = a_link(student.id, uuid7(), kinship=changes.pop("kinship", Kinship.MOTHER))
    return a_question(**{"student": student, "at": at, "link": link, **changes})


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (of_age(-timedelta.resolution), (ABSTAINS, "core.minor")),
        (of_age(timedelta(0)), (DENY, "core.student_of_age")),
        (of_age(timedelta(0), link=None), (DENY, "core.student_of_age")),
        (of_age(timedelta(0), kinship=Kinship.SELF), None),
        (of_age(timedelta(0), audience=Audience.STUDENT), None),
    ],
)
def test_majority(question, expected):
    """From local midnight of the birthday the student acts alone, his own guardian or not."""
    alone = a_module(student_alone_when_adult=True)
    vote = rules.majority(alone, question)
    assert said(vote) == expected
    assert rules.majority(a_module(), question) is ABSTAIN
    begins = midnight(date(2026, 11, 24), DIJON.zone)
    if vote.reason == "core.minor":
        assert (vote.changes_at, vote.lever.kind) == (begins, LeverKind.TIME)
    if vote.effect is DENY:
        assert (vote.since_at, vote.lever.kind) == (begins, LeverKind.NOTHING)


def test_majority_asks_for_a_student():
    """Of the school as a whole nobody is of age."""
    alone = a_module(student_alone_when_adult=True)
    question = evolve(a_question(), student=None, schooling=None, link=None)
    assert rules.majority(alone, question) is ABSTAIN


@pytest.mark.parametrize(("offset", "effect"), [(-timedelta.resolution, ABSTAINS), (0 * DAY, DENY)])
def test_presence(offset, effect):
    """There until local midnight of the day of leaving, which only the school can change."""
    student = a_student()
    leaves_at = midnight(TODAY, DIJON.zone)
    schooling = a_schooling(student.id, left_on=TODAY)
    question = a_question(student=student, schooling=schooling, at=leaves_at + offset)
    vote = rules.presence(a_module(), question)
    assert vote.effect is effect
    if effect is DENY:
        assert (vote.reason, vote.lever.kind) == ("core.left", LeverKind.ROSTER)
        assert (vote.since_at, vote.detail) == (leaves_at, {"left_on": TODAY.isoformat()})
    else:
        assert (vote.reason, vote.lever.kind) == ("core.present", LeverKind.TIME)
        assert vote.changes_at == leaves_at


def test_participation():
    """An establishment joins, or does not, by itself."""
    out = asked(establishment=an_establishment(takes_part=False))
    vote = rules.participation(a_module(), out)
    assert said(vote) == (DENY, "core.not_taking_part")
    assert vote.lever.kind is LeverKind.PARTICIPATION
    assert rules.participation(a_module(), asked()) is ABSTAIN


def decided(stance, scope):
    return Opening("notes", YEAR, Audience.GUARDIAN, stance, scope, "Mme Durand", A_TUESDAY)


SCHOOL, CLASS = Scope.establishment(COLLEGE), Scope.division(COLLEGE, "6 B")
AUTOMATIC, BY_DEFAULT, BY_HEAD = (
    OpeningMode.AUTOMATIC,
    OpeningMode.DEFAULT_OPEN,
    OpeningMode.HEAD_DECIDES,
)


@pytest.mark.parametrize(
    ("mode", "stance", "scope", "reason"),
    [
        (BY_HEAD, None, None, "core.not_opened"),
        (BY_DEFAULT, None, None, "core.open_by_default"),
        (AUTOMATIC, None, None, "core.automatic"),
        (BY_HEAD, Stance.OPEN, SCHOOL, "core.opened"),
        (BY_HEAD, Stance.CLOSED, SCHOOL, "core.closed_by_head"),
        (BY_HEAD, Stance.OPEN, CLASS, "core.opened_for_class"),
        (BY_DEFAULT, Stance.CLOSED, CLASS, "core.closed_for_class"),
        (BY_HEAD, Stance.IMPOSED, Scope.academie(), "core.imposed"),
        (BY_HEAD, Stance.FORBIDDEN, Scope.named(COLLEGE), "core.forbidden"),
        (AUTOMATIC, Stance.CLOSED, Scope.academie(), "core.closed_by_academie"),
        (BY_DEFAULT, Stance.CLOSED, Scope.academie(), "core.not_opened"),
        (BY_HEAD, Stance.OPEN, Scope.academie(), "core.open_by_default"),
    ],
)
def test_openings(mode, stance, scope, reason):
    """Who decided, since when, for which part, and where the contrary would be decided."""
    policy = Policy.of([decided(stance, scope)] if stance else [])
    vote = rules.opening(a_module(opening_mode=mode), asked(policy=policy))
    assert vote.reason == reason
    assert (vote.set_by, vote.since_at) == (("Mme Durand", A_TUESDAY) if stance else ("", None))
    assert vote.detail == ({"part": CLASS.label} if scope == CLASS else {})
    assert vote.lever.kind is LeverKind.SETTING
    if scope is not None and (stance in {Stance.IMPOSED, Stance.FORBIDDEN} or scope.rank.is_heads):
        assert vote.lever.scope == scope


def rounds(*spans):
    """Rounds around now, in days."""
    windows = [
        Window(*(None if day is None else A_TUESDAY + day * DAY for day in span)) for span in spans
    ]
    return Policy.of([], [Campaign("notes", YEAR, window) for window in windows])


@pytest.mark.parametrize(
    ("spans", "reason", "since", "changes"),
    [
        ([], "core.no_campaign", None, None),
        ([(-1, 1)], "core.campaign_running", -1, 1),
        ([(None, 1)], "core.campaign_running", None, 1),
        ([(0, None)], "core.campaign_running", 0, None),
        ([(1, 2)], "core.campaign_coming", None, 1),
        ([(3, 4), (1, 2)], "core.campaign_coming", None, 1),
        ([(-3, -2), (1, 2)], "core.campaign_coming", None, 1),
        ([(None, -2), (1, None)], "core.campaign_coming", None, 1),
        ([(-2, 0)], "core.campaign_over", 0, None),
        ([(-5, -4), (-3, -2)], "core.campaign_over", -2, None),
        ([(None, -4), (-3, -2)], "core.campaign_over", -2, None),
    ],
)
def test_campaigns(spans, reason, since, changes):
    """Before, in, between and after rounds: since when, and until when."""
    module, question = a_module(has_campaign=True), asked(policy=rounds(*spans))
    vote = rules.campaign(module, question)
    assert vote.reason == reason
    days = [None if day is None else A_TUESDAY + day * DAY for day in (since, changes)]
    assert [vote.since_at, vote.changes_at] == days
    assert (vote.effect is DENY) is (reason != "core.campaign_running")
    coming = reason == "core.campaign_coming"
    assert vote.lever.kind is (LeverKind.TIME if coming else LeverKind.CAMPAIGN)
    assert vote.lever.scope == Scope.academie()


def test_without_campaign():
    """A module that has no rounds needs none; given one all the same, it keeps to it."""
    assert rules.campaign(a_module(), asked()) is ABSTAIN
    assert rules.campaign(a_module(), asked(policy=rounds((1, 2)))).effect is DENY


def test_suspension():
    """Since when, by whom and why a plugin is cut off; the others go on."""
    cut = CutOff("notes", A_TUESDAY, "Mme Durand", "Des moyennes fausses.")
    question = asked(policy=Policy.of(cut_offs=[cut]))
    vote = rules.suspension(a_module(plugin="notes"), question)
    assert said(vote) == (DENY, "core.suspended")
    assert (vote.set_by, vote.since_at) == ("Mme Durand", A_TUESDAY)
    assert (vote.detail, vote.lever.kind) == ({"why": "Des moyennes fausses."}, LeverKind.FAULT)
    assert rules.suspension(a_module(plugin="fiche"), question) is ABSTAIN


def test_every_rule_is_asked():
    """None of them may be left out of what decides, and each is named as reasons are."""
    assert {each.name: each.vote for each in rules.CORE_RULES} == {
        f"core.{name}": getattr(rules, name)
        for name in (
            "participation",
            "concern",
            "right",
            "majority",
            "presence",
            "opening",
            "campaign",
            "suspension",
        )
    }


def test_the_day_is_the_local_one():
    """A link that ends on a day ends at its midnight in the académie, not in Greenwich."""
    noumea = ZoneInfo("Pacific/Noumea")
    student = a_student()
    link = a_link(student.id, uuid7(), until_on=date(2026, 11, 25))
    ends = datetime(2026, 11, 25, tzinfo=noumea)
    policy = Policy.of([decided(Stance.OPEN, SCHOOL)])
    for at, is_open in ((ends - timedelta.resolution, True), (ends, False)):
        question = a_question(student=student, link=link, at=at, zone=noumea, policy=policy)
        assert decide(a_module(), question, rules.CORE_RULES).is_open is is_open


def test_the_rules_of_the_core():
    """Each of them is asked: a rule that nobody asks forbids nothing."""
    assert [(rule.name, rule.vote) for rule in rules.CORE_RULES] == [
        ("core.participation", rules.participation),
        ("core.concern", rules.concern),
        ("core.right", rules.right),
        ("core.majority", rules.majority),
        ("core.presence", rules.presence),
        ("core.opening", rules.opening),
        ("core.campaign", rules.campaign),
        ("core.suspension", rules.suspension),
    ]
