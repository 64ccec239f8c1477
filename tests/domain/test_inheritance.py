"""How decisions are inherited, against a slow reference; and that levers tell the truth."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import Effect, LeverKind, decide
from teleservices_core.domain.levels import LYCEE_LEVELS, ClassLevel, class_level
from teleservices_core.domain.localtime import SchoolYear, Window
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.policy import Campaign, Opening, Policy, Stance, settle
from teleservices_core.domain.roster import Kinship, Level
from teleservices_core.domain.rules import CORE_RULES
from teleservices_core.domain.scopes import Rank, Scope, chain
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
from teleservices_core.testing.reaching import often, reached

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CHAIN = chain(COLLEGE, ClassLevel.SIXIEME, "6 B")
stances = st.one_of(st.none(), st.sampled_from(Stance))
FINAL = (Stance.IMPOSED, Stance.FORBIDDEN)
modes = st.sampled_from(OpeningMode)
chosen = st.fixed_dictionaries(dict.fromkeys(CHAIN, stances))


def a_policy(said):
    """What was said at each scope; None for nothing."""
    return Policy.of(
        Opening("notes", YEAR, Audience.GUARDIAN, stance, scope, str(scope.rank), NOW)
        for scope, stance in said.items()
        if stance is not None
    )


def outcome(mode, said, scopes=CHAIN):
    """The inheritance for a module of a mode."""
    policy = a_policy(said)
    return settle(a_module(opening_mode=mode), policy, scopes, YEAR, Audience.GUARDIAN)


def slowly(mode, said):
    """The same answer by another way: from the narrowest scope up."""
    heard = {
        scope: stance
        for scope, stance in said.items()
        if stance is not None and not (mode is OpeningMode.AUTOMATIC and scope.rank.is_heads)
    }
    finals = [
        scope for scope in sorted(heard) if heard[scope] in {Stance.IMPOSED, Stance.FORBIDDEN}
    ]
    if finals:
        return heard[finals[0]] is Stance.IMPOSED
    for scope in sorted(heard, reverse=True):
        if heard[scope] is Stance.ALLOWED:
            break
        return heard[scope] is Stance.OPEN
    return mode is not OpeningMode.HEAD_DECIDES


@given(modes, chosen)
def test_as_a_slow_resolver_says(mode, said):
    """The widest final stance, else the narrowest word, else the module's default."""
    assert outcome(mode, said).is_open is slowly(mode, said)


@often(0.2)
@given(
    modes, chosen, chosen, st.integers(0, 4), st.sampled_from([Stance.IMPOSED, Stance.FORBIDDEN])
)
def test_monotone_in_imposition(mode, said, other, height, final):
    """What is imposed or forbidden above does not depend on anything below."""
    above, below = CHAIN[: height + 1], CHAIN[height + 1 :]
    if not reached(mode is not OpeningMode.AUTOMATIC or not above[-1].rank.is_heads):
        return
    said = {**said, **{scope: None for scope in above if said[scope] in FINAL}}
    said[above[-1]] = final
    assert outcome(mode, said).is_open is (final is Stance.IMPOSED)
    mixed = {**said, **{scope: other[scope] for scope in below}}
    assert outcome(mode, mixed) == outcome(mode, said)


@given(modes, chosen, st.permutations(CHAIN))
def test_recording_order_does_not_matter(mode, said, order):
    """The policy is a mapping: decisions may be recorded in any order."""
    assert outcome(mode, {scope: said[scope] for scope in order}) == outcome(mode, said)


@given(modes, chosen)
def test_other_places_have_no_say(mode, said):
    """A sister class, another level, school or département changes nothing."""
    policy = a_policy(said)
    elsewhere = (
        Scope.departement("058"),
        Scope.named(type(COLLEGE).from_digits("0219998")),
        Scope.level(COLLEGE, ClassLevel.TROISIEME),
        Scope.division(COLLEGE, "6 A"),
    )
    for scope in elsewhere:
        policy = policy.with_opening(
            Opening("notes", YEAR, Audience.GUARDIAN, Stance.FORBIDDEN, scope)
        )
    policy = policy.with_opening(
        Opening("notes", YEAR, Audience.STUDENT, Stance.FORBIDDEN, Scope.academie())
    )
    module = a_module(opening_mode=mode)
    assert settle(module, policy, CHAIN, YEAR, Audience.GUARDIAN) == outcome(mode, said)


# --- explain never lies ---------------------------------------------------------------


usual = st.fixed_dictionaries(
    dict.fromkeys(CHAIN, st.sampled_from([*[None] * 8, *[Stance.OPEN] * 4, *Stance]))
)
levels = st.sampled_from([*[Level.LEGAL] * 4, *Level])


@st.composite
def situations(draw):
    """A module and a question about a student of a 6e."""
    module = a_module(
        opening_mode=draw(modes),
        has_campaign=draw(st.booleans()),
        least_level=draw(st.sampled_from([Level.LEGAL, Level.IN_CHARGE])),
        student_alone_when_adult=draw(st.booleans()),
        levels=draw(st.sampled_from([None, frozenset({ClassLevel.SIXIEME}), LYCEE_LEVELS])),
    )
    in_days = st.sampled_from([[], [0]]) | st.lists(st.integers(-3, 3), max_size=2)
    rounds = [
        Campaign("notes", YEAR, Window(NOW + timedelta(days=n), NOW + timedelta(days=n + 1)))
        for n in draw(in_days)
    ]
    student = a_student(born_on=draw(st.sampled_from([date(2014, 5, 12), date(2008, 11, 24)])))
    ends = st.sampled_from([*[None] * 6, date(2026, 11, 24), date(2026, 11, 25)])
    left, until = draw(ends), draw(ends)
    mef = draw(st.sampled_from([None, Mef("10010012110")]))
    said = draw(usual)
    if mef is None:
        # Learning the level would bring in what was decided for it.
        said = {scope: stance for scope, stance in said.items() if scope.rank is not Rank.LEVEL}
    question = a_question(
        student=student,
        at=NOW,
        establishment=an_establishment(takes_part=draw(st.sampled_from([True] * 4 + [False]))),
        schooling=a_schooling(student.id, left_on=left, mef=mef),
        link=a_link(student.id, student.id, level=draw(levels), until_on=until),
        policy=evolve(a_policy(said), campaigns={("notes", YEAR): tuple(rounds)}),
    )
    return module, question


def _a_mef(module):
    return Mef("20010015110" if module.levels == LYCEE_LEVELS else "10010012110")


def turned(module, question, vote):
    """The question after acting upon the lever that a vote names."""
    lever = vote.lever
    match lever.kind:
        case LeverKind.SETTING:
            before = question.policy.opening(lever.scope, "notes", YEAR, question.audience)
            final = before is not None and before.stance.is_final
            opens = vote.effect is Effect.DENY
            contrary = {
                (True, True): Stance.IMPOSED,
                (True, False): Stance.FORBIDDEN,
                (False, True): Stance.OPEN,
                (False, False): Stance.CLOSED,
            }[final, opens]
            opening = Opening("notes", YEAR, question.audience, contrary, lever.scope)
            return evolve(question, policy=question.policy.with_opening(opening))
        case LeverKind.CAMPAIGN:
            now = Campaign("notes", YEAR, Window(NOW, NOW + timedelta(hours=1)))
            rounds = (*question.policy.campaigns, now)
            return evolve(
                question, policy=evolve(question.policy, campaigns={("notes", YEAR): rounds})
            )
        case LeverKind.TIME:
            return evolve(question, at=vote.changes_at)
        case LeverKind.PARTICIPATION:
            return evolve(question, establishment=evolve(question.establishment, takes_part=True))
        case LeverKind.ROSTER:
            return evolve(
                question,
                link=evolve(question.link, level=Level.LEGAL, until_on=None),
                schooling=evolve(
                    question.schooling, left_on=None, mef=question.schooling.mef or _a_mef(module)
                ),
            )
    raise AssertionError(f"no lever for {vote}")


def all_turned(module, question, votes):
    """After every lever of some votes; waiting comes last, since it moves the instant."""
    for vote in sorted(votes, key=lambda vote: vote.lever.kind is LeverKind.TIME):
        question = turned(module, question, vote)
    return decide(module, question, CORE_RULES)


@often(0.05)
@settings(max_examples=200)
@given(situations())
def test_turning_the_levers_opens(situation):
    """A closed module opens once every lever that its reasons name is turned, and not before."""
    module, question = situation
    decision = decide(module, question, CORE_RULES)
    by_nature = any(v.lever.kind is LeverKind.NOTHING for v in decision.reasons)
    if not reached(not decision.is_open and not by_nature):
        return
    after = all_turned(module, question, decision.reasons)
    rules = {vote.rule for vote in decision.reasons}
    # Waiting may bring other changes, a link that ends: only the named rules are judged.
    assert not rules & {vote.rule for vote in after.reasons if vote.effect is Effect.DENY}
    if not any(vote.lever.kind is LeverKind.TIME for vote in decision.reasons):
        assert after.is_open
    for left_out in decision.reasons:
        others = [v for v in decision.reasons if v.lever != left_out.lever]
        assert not all_turned(module, question, others).is_open


@often(0.02)
@settings(max_examples=200)
@given(situations())
def test_turning_the_lever_of_an_opening_closes(situation):
    """What opened a module names the switch that closes it."""
    module, question = situation
    decision = decide(module, question, CORE_RULES)
    if reached(decision.is_open):
        (vote,) = decision.reasons
        assert not decide(module, turned(module, question, vote), CORE_RULES).is_open


@often(0.02)
@settings(max_examples=200)
@given(situations())
def test_dates_are_changes(situation):
    """Nothing changes before ``changes_at``: the answer is the same a second earlier."""
    module, question = situation
    decision = decide(module, question, CORE_RULES)
    if reached(decision.changes_at is not None):
        before = evolve(question, at=decision.changes_at - timedelta(seconds=1))
        assert decide(module, before, CORE_RULES).is_open is decision.is_open
    if decision.since_at is not None:
        assert decision.since_at <= question.at


# --- levels, majority, windows -----------------------------------------------------------


@pytest.mark.parametrize(
    ("mef", "level"),
    [
        ("10010012110", ClassLevel.SIXIEME),
        ("10310019110", ClassLevel.TROISIEME),
        ("20010015110", ClassLevel.SECONDE),
        ("20111010110", ClassLevel.PREMIERE),
        ("21231017110", ClassLevel.TERMINALE),
        ("24722004341", None),
        ("24722004311", ClassLevel.SECONDE_PRO),
        ("24722004331", ClassLevel.TERMINALE_PRO),
        ("24122004211", ClassLevel.CAP_1),
        ("24122004221", ClassLevel.CAP_2),
        ("99999999999", None),
    ],
)
def test_levels_of_formations(mef, level):
    """As the national nomenclature writes them."""
    assert class_level(Mef(mef)) is level


@pytest.mark.faq("F61")
@pytest.mark.parametrize(("seconds", "opens"), [(-1, True), (0, False)])
def test_majority_at_local_midnight(seconds, opens):
    """A guardian has access until the last second before the eighteenth birthday."""
    zone = ZoneInfo("Indian/Reunion")
    student = a_student(born_on=date(2008, 12, 1))
    module = a_module(opening_mode=OpeningMode.AUTOMATIC, student_alone_when_adult=True)
    at = datetime(2026, 12, 1, tzinfo=zone) + timedelta(seconds=seconds)
    question = a_question(student=student, at=at, zone=zone)
    assert decide(module, question, CORE_RULES).is_open is opens
    alone = evolve(question, audience=Audience.STUDENT, link=None)
    assert decide(module, alone, CORE_RULES).is_open
    his_own = evolve(question, link=a_link(student.id, student.id, kinship=Kinship.SELF))
    assert decide(module, his_own, CORE_RULES).is_open


ZONES = (
    "Europe/Paris",
    "America/Guadeloupe",
    "America/Martinique",
    "America/Cayenne",
    "America/Miquelon",
    "Indian/Reunion",
    "Indian/Mayotte",
    "Pacific/Noumea",
    "Pacific/Tahiti",
    "Pacific/Wallis",
)


@pytest.mark.faq("F71")
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        (datetime(2018, 6, 29, 14, 30), datetime(2018, 7, 2, 23, 59)),
        (datetime(2026, 3, 28, 12, 0), datetime(2026, 3, 29, 23, 59)),
        (datetime(2026, 10, 24, 12, 0), datetime(2026, 10, 25, 23, 59)),
        (datetime(2026, 10, 25, 0, 30), datetime(2026, 10, 25, 3, 30)),
    ],
)
def test_windows_to_the_second(zone, opens, closes):
    """Both minutes are included to their last second, in every zone and on nights of change."""
    zone = ZoneInfo(zone)
    window = Window.local(opens, closes, zone)
    first = opens.replace(tzinfo=zone).astimezone(UTC)
    after = (closes.replace(tzinfo=zone)).astimezone(UTC) + timedelta(minutes=1)
    module = a_module(opening_mode=OpeningMode.AUTOMATIC, has_campaign=True)
    policy = Policy.of([], [Campaign("notes", YEAR, window)])
    for at, is_open in (
        (first - timedelta(seconds=1), False),
        (first, True),
        (first + timedelta(seconds=1), True),
        (after - timedelta(seconds=1), True),
        (after, False),
    ):
        assert (
            decide(module, a_question(policy=policy, at=at, zone=zone), CORE_RULES).is_open
            is is_open
        )


def test_an_extension_leaves_no_gap():
    """A round and the one that begins where it ends are one span, with one end."""
    first = Campaign("notes", YEAR, Window(NOW - timedelta(days=1), NOW))
    longer = Campaign("notes", YEAR, Window(NOW, NOW + timedelta(days=1)), COLLEGE)
    (window,) = Policy.of([], [longer, first]).windows(COLLEGE, "notes", YEAR)
    assert window == Window(NOW - timedelta(days=1), NOW + timedelta(days=1))
    other = type(COLLEGE).from_digits("0219998")
    assert Policy.of([], [longer, first]).windows(other, "notes", YEAR) == (first.window,)


def test_ranks_are_ordered():
    """The chain goes from wide to narrow, whatever is known of the class."""
    assert list(CHAIN) == sorted(CHAIN)
    assert [scope.rank for scope in chain(COLLEGE)] == [
        Rank.ACADEMIE,
        Rank.DEPARTEMENT,
        Rank.NAMED,
        Rank.ESTABLISHMENT,
    ]
    assert SchoolYear(2026) == YEAR
