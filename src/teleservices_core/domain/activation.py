"""Whether a module is open to somebody, and why.

:func:`decide` asks every rule for a vote and combines them: one DENY closes,
otherwise one ALLOW opens, otherwise the module stays closed. A rule that
raises counts as a DENY. The result does not depend on the order of the rules.
The same decision draws the home page, guards every route and answers the help
desk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from attrs import Factory, evolve, field, frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.levels import ClassLevel, class_level
from teleservices_core.domain.localtime import SchoolYear, instant, optional_instant
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.policy import NO_POLICY, Policy
from teleservices_core.domain.roster import Responsibility, Schooling, Student
from teleservices_core.domain.scopes import Scope, chain

_BOUNDARIES: Final = 40
"""Instants looked ahead: more than a year of rounds, link, birthday and leaving make."""


class Effect(StrEnum):
    """What a vote weighs."""

    DENY = "deny"
    ALLOW = "allow"
    ABSTAIN = "abstain"


@frozen
class Question:
    """Everything a rule may look at. Without a student, it asks for the school as a whole."""

    establishment: Establishment
    school_year: SchoolYear
    audience: Audience
    at: datetime = field(converter=instant)
    zone: ZoneInfo
    policy: Policy = NO_POLICY
    student: Student | None = None
    schooling: Schooling | None = None
    link: Responsibility | None = None
    """The guardian's link to the student; None for the student himself."""
    asked_level: ClassLevel | None = None
    asked_class: str = ""
    """A level or class to ask for, without a student."""

    @property
    def level(self) -> ClassLevel | None:
        """The level of the student's class, or the one asked for."""
        return class_level(self.schooling.mef) if self.schooling else self.asked_level

    @property
    def class_group(self) -> str:
        """The student's class, or the one asked for; empty when not known."""
        return self.schooling.class_group if self.schooling else self.asked_class

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The scopes that concern it, the widest first."""
        return chain(self.establishment.uai, self.level, self.class_group)


class LeverKind(StrEnum):
    """What would have to change for a vote to be the contrary."""

    SETTING = "setting"
    """A decision recorded at the lever's scope."""
    CAMPAIGN = "campaign"
    """A round of the académie that covers the instant."""
    TIME = "time"
    """Nothing but waiting for ``changes_at``."""
    ROSTER = "roster"
    """What the school's base says of the student or of the link."""
    PARTICIPATION = "participation"
    """The establishment joining the téléservices, or leaving."""
    MODULE = "module"
    """Another module, named by the lever."""
    FAULT = "fault"
    """A rule that fails, to be mended by who runs the site."""
    NOTHING = "nothing"
    """It is so by nature."""


class Actor(StrEnum):
    """Who can pull a lever."""

    SCHOOL = "school"
    ACADEMIE = "academie"
    NOBODY = "nobody"


@frozen
class Lever:
    """What to act upon to change a vote, and where."""

    kind: LeverKind
    scope: Scope | None = None
    module_id: str = ""

    @property
    def actor(self) -> Actor:
        """Who can pull it. Of another module's lever, that module's reason tells."""
        match self.kind:
            case LeverKind.SETTING:
                heads = self.scope is not None and self.scope.rank.is_heads
                return Actor.SCHOOL if heads else Actor.ACADEMIE
            case LeverKind.ROSTER | LeverKind.PARTICIPATION:
                return Actor.SCHOOL
            case LeverKind.CAMPAIGN | LeverKind.FAULT:
                return Actor.ACADEMIE
        return Actor.NOBODY


@frozen
class Vote:
    """What one rule says, why, and what would change it."""

    effect: Effect
    reason: str
    """Stable code, such as ``core.not_opened``; its words are contributed beside the rule."""
    set_by: str = ""
    """Who decided, when somebody did."""
    lever: Lever = Lever(LeverKind.NOTHING)
    """What would change it."""
    since_at: datetime | None = field(default=None, converter=optional_instant)
    """Since when it is so, where that is known."""
    changes_at: datetime | None = field(default=None, converter=optional_instant)
    """When time alone changes this vote."""
    detail: Mapping[str, str] = Factory(dict)
    """What the words of the reason need."""
    causes: tuple[Vote, ...] = ()
    """The reasons of another module, where that is what closes this one."""
    rule: str = ""
    """Filled by :func:`decide`."""

    @property
    def cause(self) -> Vote | None:
        """The one of its causes to show."""
        return min(self.causes, key=_weight, default=None)

    @property
    def is_switch(self) -> bool:
        """Whether somebody's choice decides it, and not what a person is to the student.

        Of another module, all its reasons must be choices. A fault is none, and
        waiting is one only for a date that an authority has set at a scope.
        """
        match self.lever.kind:
            case LeverKind.SETTING | LeverKind.CAMPAIGN | LeverKind.PARTICIPATION:
                return True
            case LeverKind.MODULE:
                return bool(self.causes) and all(cause.is_switch for cause in self.causes)
            case LeverKind.TIME:
                return self.lever.scope is not None
        return False


ABSTAIN = Vote(Effect.ABSTAIN, "core.not_concerned_by_rule")


@frozen
class ActivationRule:
    """A named rule: a pure function of a module and a question."""

    name: str
    vote: Callable[[ModuleDefinition, Question], Vote]
    abstention: Vote = field(init=False, eq=False, repr=False)
    """:data:`ABSTAIN` in the rule's own name, made once: most votes are one."""

    @abstention.default
    def _abstention(self) -> Vote:
        return evolve(ABSTAIN, rule=self.name)


_SHOWN: Final = (
    LeverKind.NOTHING,
    LeverKind.PARTICIPATION,
    LeverKind.ROSTER,
    LeverKind.SETTING,
    LeverKind.MODULE,
    LeverKind.CAMPAIGN,
    LeverKind.FAULT,
    LeverKind.TIME,
)


def _weight(vote: Vote) -> tuple[int, float, str]:
    # Of several dates, the last is the one to wait for.
    later = -vote.changes_at.timestamp() if vote.changes_at else 0.0
    return _SHOWN.index(vote.lever.kind), later, vote.rule


@frozen
class Decision:
    """The answer for one module and one question, with every vote kept."""

    module: ModuleDefinition
    is_open: bool
    votes: tuple[Vote, ...]

    @property
    def reasons(self) -> tuple[Vote, ...]:
        """The votes that made the answer: those that closed, or those that opened."""
        effect = Effect.ALLOW if self.is_open else Effect.DENY
        return tuple(vote for vote in self.votes if vote.effect is effect)

    @property
    def reason(self) -> Vote:
        """The vote to show first: the one that the others do not make pointless.

        What nobody can change goes before what somebody can, and waiting comes
        last: a date is promised only where nothing else stands in the way.
        """
        return min(self.reasons, key=_weight)

    @property
    def is_switched_off(self) -> bool:
        """Whether choices alone close it: what was shown before stays readable, no right lacks."""
        return not self.is_open and all(vote.is_switch for vote in self.reasons)

    @property
    def since_at(self) -> datetime | None:
        """Since when the answer is so, as far as it is known."""
        known = [vote.since_at for vote in self.votes if vote.since_at is not None]
        if self.is_open:
            return max(known, default=None)
        return min((v.since_at for v in self.reasons if v.since_at is not None), default=None)

    @property
    def changes_at(self) -> datetime | None:
        """The next instant at which time alone may change the answer."""
        return min((v.changes_at for v in self.votes if v.changes_at is not None), default=None)


def _cast(rule: ActivationRule, module: ModuleDefinition, question: Question) -> Vote:
    try:
        vote = rule.vote(module, question)
    except Exception as error:  # noqa: BLE001 - a failing rule must not open anything
        vote = Vote(
            Effect.DENY,
            "core.rule_failed",
            detail={"error": type(error).__name__},
            lever=Lever(LeverKind.FAULT),
        )
    return rule.abstention if vote is ABSTAIN else evolve(vote, rule=rule.name)


def _cast_required(required_id: str, required: Decision | None) -> Vote:
    """The vote of a module that another needs; None for one that is not installed."""
    is_open = required is not None and required.is_open
    return Vote(
        Effect.ABSTAIN if is_open else Effect.DENY,
        "core.requires_open" if is_open else "core.requires_closed",
        detail={"required": required.module.title if required else required_id},
        lever=Lever(LeverKind.MODULE, module_id=required_id),
        changes_at=required.changes_at if required else None,
        causes=required.reasons if required else (),
        rule=f"core.requires.{required_id}",
    )


def decide(
    module: ModuleDefinition,
    question: Question,
    rules: Sequence[ActivationRule],
    catalogue: Mapping[str, ModuleDefinition] | None = None,
) -> Decision:
    """Decide one module.

    ``catalogue`` holds the modules that ``module.requires`` may name: one that
    is missing or closed closes this one too. Circular requirements are refused
    when the catalogue is built, not here.
    """
    votes = [_cast(rule, module, question) for rule in sorted(rules, key=lambda r: r.name)]
    for required_id in module.requires:
        required = (catalogue or {}).get(required_id)
        inner = decide(required, question, rules, catalogue) if required else None
        votes.append(_cast_required(required_id, inner))
    effects = {vote.effect for vote in votes}
    if not effects & {Effect.DENY, Effect.ALLOW}:
        votes.append(Vote(Effect.DENY, "core.nobody_opened", rule="core.default"))
    is_open = Effect.DENY not in effects and Effect.ALLOW in effects
    return Decision(module, is_open, tuple(votes))


def flips_at(
    decision: Decision,
    question: Question,
    rules: Sequence[ActivationRule],
    catalogue: Mapping[str, ModuleDefinition] | None = None,
) -> datetime | None:
    """When time alone turns a decision into its contrary; None if it never does.

    ``changes_at`` says when an answer may change; this decides again at each
    such instant, since another vote may hold the answer as it is.
    """
    at = decision.changes_at
    for _boundary in range(_BOUNDARIES):
        if at is None or at <= question.at:
            return None
        question = evolve(question, at=at)
        later = decide(decision.module, question, rules, catalogue)
        if later.is_open is not decision.is_open:
            return at
        at = later.changes_at
    return None
