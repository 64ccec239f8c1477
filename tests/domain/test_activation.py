"""Whether a module is open: properties that no rule may break."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import (
    ABSTAIN,
    ActivationRule,
    Actor,
    Effect,
    Lever,
    LeverKind,
    Vote,
    decide,
    flips_at,
)
from teleservices_core.domain.localtime import Window, midnight
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.policy import Campaign, Opening, Policy, Stance
from teleservices_core.domain.rules import CORE_RULES
from teleservices_core.domain.scopes import Scope
from teleservices_core.testing.builders import (
    COLLEGE,
    DIJON,
    YEAR,
    a_module,
    a_question,
    a_schooling,
    a_student,
    an_establishment,
)
from teleservices_core.testing.situations import modules, questions
from teleservices_core.words.reasons import CORE_WORDS
from teleservices_core.words.telling import tell

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def _raise(_module, _question):
    raise RuntimeError("broken rule")


votes = st.builds(
    Vote, st.sampled_from(Effect), st.sampled_from(["test.a", "test.b"]), st.text(max_size=5)
)
behaviours = st.one_of(votes.map(lambda vote: lambda _m, _q: vote), st.just(_raise))
rules = st.lists(behaviours, max_size=6).map(
    lambda found: [ActivationRule(f"test.{n}", each) for n, each in enumerate(found)]
)


@given(rules, st.randoms())
def test_order_of_rules_does_not_matter(found, random):
    """Any order of the same rules gives the same decision, votes included."""
    shuffled = list(found)
    random.shuffle(shuffled)
    question = a_question()
    assert decide(a_module(), question, found) == decide(a_module(), question, shuffled)


@given(rules)
def test_deny_always_wins(found):
    """One DENY closes, whatever the others say; a rule that raises is a DENY."""
    decision = decide(a_module(), a_question(), found)
    effects = {vote.effect for vote in decision.votes}
    assert decision.is_open is (Effect.DENY not in effects and Effect.ALLOW in effects)
    closing = ActivationRule("test.closing", lambda _m, _q: Vote(Effect.DENY, "test.no"))
    assert not decide(a_module(), a_question(), [*found, closing]).is_open


@given(rules)
def test_every_answer_has_a_reason(found):
    """Closed or open, some vote says why, and it names its rule."""
    decision = decide(a_module(), a_question(), found)
    assert decision.reasons
    assert decision.reason.rule


@given(modules(), questions())
def test_core_reasons_have_words(module, question):
    """Every answer of the core's own rules is worded; every closed one has a next step."""
    decision = decide(module, question, CORE_RULES)
    for vote in decision.reasons:
        assert vote.reason in CORE_WORDS
    told = tell(decision, question, CORE_WORDS)
    assert told.family
    assert told.staff
    assert decision.is_open or told.next_step
    assert "{" not in told.family + told.next_step + told.staff


@given(modules(), questions(), st.randoms())
def test_core_rules_in_any_order(module, question, random):
    """The core's rules keep the property with real questions."""
    shuffled = list(CORE_RULES)
    random.shuffle(shuffled)
    assert decide(module, question, CORE_RULES) == decide(module, question, shuffled)


@given(modules(), questions(), st.sampled_from([None, *Stance]))
def test_the_head_cannot_undo_the_academie(module, question, head):
    """What the académie imposes or forbids does not depend on the head's choice."""
    asked = ("notes", YEAR, question.audience)
    for above in (Stance.IMPOSED, Stance.FORBIDDEN):
        openings = [Opening(*asked, above, Scope.academie(), "rectorat", NOW)]
        without = evolve(question, policy=Policy.of(openings))
        if head is not None:
            openings.append(Opening(*asked, head, Scope.establishment(COLLEGE), "chef", NOW))
        with_head = evolve(question, policy=Policy.of(openings))
        said = decide(module, with_head, CORE_RULES)
        assert said.is_open == decide(module, without, CORE_RULES).is_open
        assert above is Stance.IMPOSED or not said.is_open


def _open(module, **changes):
    return decide(module, a_question(**changes), CORE_RULES)


def _policy(stance, uai=COLLEGE, audience=Audience.GUARDIAN):
    return Policy.of(
        [Opening("notes", YEAR, audience, stance, Scope.establishment(uai), "Mme Durand", NOW)]
    )


@pytest.mark.faq("F04")
def test_head_decides():
    """Closed until the head opens; opened for guardians says nothing of students."""
    module = a_module()
    closed = _open(module)
    assert not closed.is_open
    assert closed.reason.reason == "core.not_opened"
    assert _open(module, policy=_policy(Stance.OPEN)).is_open
    assert not _open(
        module, policy=_policy(Stance.OPEN), audience=Audience.STUDENT, link=None
    ).is_open


@pytest.mark.faq("F42")
def test_opening_is_for_one_year():
    """What was opened for a year says nothing of the next."""
    question = a_question(policy=_policy(Stance.OPEN), school_year=YEAR.next)
    assert not decide(a_module(), question, CORE_RULES).is_open


@pytest.mark.faq("F05")
def test_automatic():
    """An automatic module ignores the head, not the académie's windows."""
    module = a_module(opening_mode=OpeningMode.AUTOMATIC)
    assert _open(module).is_open
    assert _open(module, policy=_policy(Stance.CLOSED)).is_open
    assert not _open(evolve(module, has_campaign=True)).is_open


@pytest.mark.faq("F06")
def test_open_by_default():
    """Open until the head closes."""
    module = a_module(opening_mode=OpeningMode.DEFAULT_OPEN)
    assert _open(module).is_open
    closed = _open(module, policy=_policy(Stance.CLOSED))
    assert closed.reason.reason == "core.closed_by_head"
    assert closed.reason.set_by == "Mme Durand"


@pytest.mark.faq("F41")
def test_establishment_that_does_not_take_part():
    """Nothing is open there, and the reason says so."""
    decision = _open(a_module(), establishment=an_establishment(takes_part=False))
    assert "core.not_taking_part" in {vote.reason for vote in decision.reasons}


@pytest.mark.faq("F71")
@pytest.mark.parametrize(
    ("seconds", "opens"), [(-1, False), (0, True), (86_399, True), (86_400, False)]
)
def test_campaign_boundaries(seconds, opens):
    """Open from the first second to the last, with the date of the change."""
    start = datetime(2026, 6, 29, 12, 30, tzinfo=UTC)
    policy = Policy.of([], [Campaign("notes", YEAR, Window(start, start + timedelta(days=1)))])
    module = a_module(opening_mode=OpeningMode.AUTOMATIC, has_campaign=True)
    decision = _open(module, policy=policy, at=start + timedelta(seconds=seconds))
    assert decision.is_open is opens
    if seconds < 0:
        assert decision.changes_at == start


def test_leaving_is_a_local_date():
    """The student is there until the local midnight of the day of leaving."""
    student = a_student()
    schooling = a_schooling(student.id, left_on=date(2026, 12, 1))
    leaves = midnight(date(2026, 12, 1), DIJON.zone)
    changes = {"student": student, "schooling": schooling, "policy": _policy(Stance.OPEN)}
    before = _open(a_module(), **changes, at=leaves - timedelta(seconds=1))
    assert before.is_open
    assert before.changes_at == leaves
    assert not _open(a_module(), **changes, at=leaves).is_open


def test_requirements():
    """A module needs those it requires, through the same decision."""
    notes, other = a_module(), a_module("bulletins", requires=("notes",))
    other = evolve(other, opening_mode=OpeningMode.AUTOMATIC)
    catalogue = {module.id: module for module in (notes, other)}
    for policy, is_open in ((Policy.of(), False), (_policy(Stance.OPEN), True)):
        for module in (notes, other):
            decided = decide(module, a_question(policy=policy), CORE_RULES, catalogue)
            assert decided.is_open is is_open
    alone = decide(other, a_question(policy=_policy(Stance.OPEN)), CORE_RULES)
    assert alone.reason.detail == {"required": "notes"}


def says(name, effect, **changes):
    """A rule that always votes the same."""
    return ActivationRule(f"test.{name}", lambda _m, _q: Vote(effect, f"test.{name}", **changes))


def asked_of(*rules, module=None, catalogue=None):
    return decide(module or a_module(), a_question(), rules, catalogue)


HOUR = timedelta(hours=1)
HEADS, RECTORAT = Scope.establishment(COLLEGE), Scope.academie()


@pytest.mark.parametrize(
    ("lever", "actor"),
    [
        (Lever(LeverKind.SETTING, HEADS), Actor.SCHOOL),
        (Lever(LeverKind.SETTING, Scope.division(COLLEGE, "6 B")), Actor.SCHOOL),
        (Lever(LeverKind.SETTING, RECTORAT), Actor.ACADEMIE),
        (Lever(LeverKind.SETTING, Scope.named(COLLEGE)), Actor.ACADEMIE),
        (Lever(LeverKind.SETTING), Actor.ACADEMIE),
        (Lever(LeverKind.ROSTER), Actor.SCHOOL),
        (Lever(LeverKind.PARTICIPATION), Actor.SCHOOL),
        (Lever(LeverKind.CAMPAIGN), Actor.ACADEMIE),
        (Lever(LeverKind.FAULT), Actor.ACADEMIE),
        (Lever(LeverKind.TIME), Actor.NOBODY),
        (Lever(LeverKind.MODULE, module_id="x"), Actor.NOBODY),
        (Lever(LeverKind.NOTHING), Actor.NOBODY),
    ],
)
def test_who_can_act(lever, actor):
    """A family is sent to who can change the answer, and to nobody else."""
    assert lever.actor is actor


DENY, ALLOW, ABSTAINS = Effect.DENY, Effect.ALLOW, Effect.ABSTAIN
IN_ORDER = (
    LeverKind.NOTHING,
    LeverKind.PARTICIPATION,
    LeverKind.ROSTER,
    LeverKind.SETTING,
    LeverKind.MODULE,
    LeverKind.CAMPAIGN,
    LeverKind.FAULT,
    LeverKind.TIME,
)


@pytest.mark.parametrize(("first", "then"), list(pairwise(IN_ORDER)))
def test_the_reason_shown_first(first, then):
    """What nobody can change, then what somebody can, and waiting last."""
    votes = [says(name, DENY, lever=Lever(k)) for name, k in (("a", then), ("b", first))]
    assert asked_of(*votes).reason.lever.kind is first


def test_of_several_dates_the_last_is_shown():
    """Waiting for the first would be in vain."""
    waits = [
        says(name, DENY, lever=Lever(LeverKind.TIME), changes_at=NOW + hours * HOUR)
        for name, hours in (("a", 2), ("b", 5), ("c", 3))
    ]
    decision = asked_of(*waits)
    assert decision.reason.rule == "test.b"
    assert decision.changes_at == NOW + 2 * HOUR, "the answer may change at the first"
    never = says("d", DENY, lever=Lever(LeverKind.TIME))
    assert asked_of(never, waits[0]).reason.rule == "test.a"


def test_the_cause_shown_of_another_module():
    """The weightiest of its reasons, as if one had asked for that module."""
    notes = a_module()
    other = a_module("bulletins", requires=("notes",))
    rules = [
        says("a", DENY, lever=Lever(LeverKind.TIME)),
        says("b", DENY, lever=Lever(LeverKind.ROSTER)),
    ]
    decision = asked_of(*rules, module=other, catalogue={"notes": notes})
    vote = next(vote for vote in decision.votes if vote.rule == "core.requires.notes")
    assert vote.cause.rule == "test.b"
    assert Vote(DENY, "test.no").cause is None


def test_since_when():
    """Open: since the last of what opened it; closed: since the first of what closes it."""
    dated = [
        says("a", ALLOW, since_at=NOW - 3 * HOUR),
        says("b", ABSTAINS, since_at=NOW - HOUR),
        says("c", ABSTAINS),
    ]
    assert asked_of(*dated).since_at == NOW - HOUR
    closing = [
        says("d", DENY, since_at=NOW - 2 * HOUR),
        says("e", DENY, since_at=NOW - HOUR / 2),
        says("f", DENY),
    ]
    assert asked_of(*dated, *closing).since_at == NOW - 2 * HOUR
    assert asked_of(says("a", ALLOW)).since_at is None
    assert asked_of(says("f", DENY)).since_at is None
    assert asked_of(says("a", ALLOW)).changes_at is None


def test_what_is_kept_of_a_vote():
    """Each names its rule; one that abstains and one that fails are told apart."""
    silent = ActivationRule("test.silent", lambda _m, _q: ABSTAIN)
    broken = ActivationRule("test.broken", _raise)
    decision = asked_of(broken, silent, says("a", ALLOW))
    assert [vote.rule for vote in decision.votes] == ["test.a", "test.broken", "test.silent"]
    failed = decision.votes[1]
    assert (failed.effect, failed.reason) == (DENY, "core.rule_failed")
    assert (failed.detail, failed.lever.kind) == ({"error": "RuntimeError"}, LeverKind.FAULT)
    assert decision.votes[2] == silent.abstention
    assert decision.votes[2].effect is ABSTAINS


def test_nobody_opened():
    """Without a single word, a module is closed, and says so."""
    decision = asked_of(says("a", ABSTAINS))
    assert not decision.is_open
    assert (decision.reason.reason, decision.reason.rule) == ("core.nobody_opened", "core.default")
    assert asked_of(says("a", ALLOW)).votes[-1].rule == "test.a"


@pytest.mark.parametrize(
    ("lever", "is_switch"),
    [
        *((Lever(k), k in {"setting", "campaign", "participation"}) for k in LeverKind),
        (Lever(LeverKind.TIME, RECTORAT), True),
    ],
)
def test_switches(lever, is_switch):
    """Choices, and waiting for a date that somebody chose; of a module, its own reasons."""
    vote = Vote(DENY, "test.no", lever=lever)
    assert vote.is_switch is is_switch
    other = Lever(LeverKind.MODULE, module_id="x")
    assert Vote(DENY, "test.no", lever=other, causes=(vote,)).is_switch is is_switch
    choice = Vote(DENY, "test.no", lever=Lever(LeverKind.SETTING))
    assert Vote(DENY, "test.no", lever=other, causes=(vote, choice)).is_switch is is_switch
    assert asked_of(says("a", DENY, lever=lever)).is_switched_off is is_switch
    assert not asked_of(says("a", ALLOW, lever=lever)).is_switched_off


def clock(*turns):
    """A rule that opens and closes in turn at some hours after now, closed before the first."""

    def vote(_module, question):
        passed = sum(NOW + hour * HOUR <= question.at for hour in turns)
        coming = [NOW + hour * HOUR for hour in turns if NOW + hour * HOUR > question.at]
        effect = ALLOW if passed % 2 else DENY
        return Vote(effect, "test.clock", changes_at=min(coming, default=None))

    return ActivationRule("test.clock", vote)


@pytest.mark.parametrize(
    ("rules", "hours"),
    [
        ([clock(2)], 2),
        ([clock()], None),
        ([clock(2), says("no", DENY)], None),
        ([clock(2, 4), says("later", ABSTAINS, changes_at=NOW + HOUR)], None),
        ([says("now", DENY, changes_at=NOW)], None),
        ([says("past", DENY, changes_at=NOW - HOUR)], None),
    ],
)
def test_when_time_alone_turns_it(rules, hours):
    """The first instant that changes the answer; none where something else holds it."""
    question = a_question(at=NOW)
    decision = decide(a_module(), question, rules)
    at = flips_at(decision, question, rules)
    assert at == (None if hours is None else NOW + hours * HOUR)


def test_a_boundary_that_changes_nothing_is_passed():
    """Another vote changes first without changing the answer."""

    def quiet(_module, question):
        return Vote(
            ABSTAINS, "test.quiet", changes_at=NOW + HOUR if question.at < NOW + HOUR else None
        )

    rules = [clock(2), ActivationRule("test.quiet", quiet)]
    question = a_question(at=NOW)
    assert flips_at(decide(a_module(), question, rules), question, rules) == NOW + 2 * HOUR


@pytest.mark.parametrize(("turns", "found"), [(40, True), (41, False)])
def test_how_far_it_looks(turns, found):
    """Forty boundaries ahead, more than a year has; then nobody is promised a date."""

    def vote(_module, question):
        effect = ALLOW if question.at >= NOW + turns * HOUR else DENY
        return Vote(effect, "test.slow", changes_at=question.at + HOUR)

    rules, question = [ActivationRule("test.slow", vote)], a_question(at=NOW)
    at = flips_at(decide(a_module(), question, rules), question, rules)
    assert at == (NOW + turns * HOUR if found else None)


def test_what_a_required_module_says():
    """Its title, its dates and its reasons; one that is not installed closes by its name."""
    notes = a_module(title="Notes et résultats")
    other = a_module("bulletins", requires=("notes",))
    rules = [clock(3)]
    question = a_question(at=NOW)
    decision = decide(other, question, rules, {"notes": notes})
    vote = decision.votes[-1]
    assert (vote.rule, vote.reason, vote.effect) == (
        "core.requires.notes",
        "core.requires_closed",
        DENY,
    )
    assert vote.detail == {"required": "Notes et résultats"}
    assert vote.changes_at == NOW + 3 * HOUR
    assert vote.lever == Lever(LeverKind.MODULE, module_id="notes")
    assert [cause.rule for cause in vote.causes] == ["test.clock"]
    opened = decide(other, evolve(question, at=NOW + 4 * HOUR), rules, {"notes": notes})
    assert (opened.votes[-1].reason, opened.votes[-1].effect) == ("core.requires_open", ABSTAINS)
    missing = decide(other, question, rules, {}).votes[-1]
    assert (missing.detail, missing.causes, missing.changes_at) == ({"required": "notes"}, (), None)
