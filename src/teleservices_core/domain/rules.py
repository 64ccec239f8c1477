"""The core's own activation rules, contributed by the built-in plugin.

Each answers one question only, so that a closed module names exactly what
closed it, and each vote names the lever that would turn it. Sources: FAQ « Les
téléservices en général », « continuité » and « LSL ».
"""

from __future__ import annotations

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import (
    ABSTAIN,
    ActivationRule,
    Effect,
    Lever,
    LeverKind,
    Question,
    Vote,
)
from teleservices_core.domain.localtime import local_date, midnight
from teleservices_core.domain.modules import ModuleDefinition, OpeningMode
from teleservices_core.domain.policy import Settled, settle
from teleservices_core.domain.roster import Kinship
from teleservices_core.domain.scopes import Rank, Scope

_ROSTER = Lever(LeverKind.ROSTER)
_TIME = Lever(LeverKind.TIME)
_COMING = Lever(LeverKind.TIME, Scope.academie())
"""Waiting for a date that the académie has set."""


def participation(_module: ModuleDefinition, question: Question) -> Vote:
    """An establishment that has not joined offers nothing (F41)."""
    if question.establishment.takes_part:
        return ABSTAIN
    return Vote(Effect.DENY, "core.not_taking_part", lever=Lever(LeverKind.PARTICIPATION))


def concern(module: ModuleDefinition, question: Question) -> Vote:
    """A module has its audiences, its kinds of establishment and its levels."""
    if question.audience not in module.audiences:
        return Vote(Effect.DENY, "core.other_audience")
    if question.establishment.kind not in module.kinds:
        return Vote(Effect.DENY, "core.other_kind")
    if module.levels is None or (question.schooling is None and question.level is None):
        return ABSTAIN
    if question.level is None:
        return Vote(Effect.DENY, "core.level_unknown", lever=_ROSTER)
    if question.level not in module.levels:
        return Vote(Effect.DENY, "core.other_level", detail={"level": question.level.label})
    return ABSTAIN


def right(module: ModuleDefinition, question: Question) -> Vote:
    """A guardian's link must hold today and be strong enough."""
    if question.audience is not Audience.GUARDIAN or question.student is None:
        return ABSTAIN
    link, today = question.link, local_date(question.at, question.zone)
    if link is None or not link.holds_on(today):
        return Vote(Effect.DENY, "core.no_link", lever=_ROSTER)
    if link.level > module.least_level:
        return Vote(Effect.DENY, "core.weak_link", lever=_ROSTER)
    if link.until_on is None:
        return ABSTAIN
    ends_at = midnight(link.until_on, question.zone)
    return Vote(Effect.ABSTAIN, "core.link_holds", changes_at=ends_at, lever=_TIME)


def majority(module: ModuleDefinition, question: Question) -> Vote:
    """From his eighteenth birthday a student may be the only one to act (F60, F61).

    An adult student who is his own guardian in the school base keeps both accounts.
    """
    if (
        not module.student_alone_when_adult
        or question.audience is not Audience.GUARDIAN
        or question.student is None
        or (question.link is not None and question.link.kinship is Kinship.SELF)
    ):
        return ABSTAIN
    adult_at = question.student.adult_at(question.zone)
    if question.at < adult_at:
        return Vote(Effect.ABSTAIN, "core.minor", changes_at=adult_at, lever=_TIME)
    return Vote(Effect.DENY, "core.student_of_age", since_at=adult_at)


def presence(_module: ModuleDefinition, question: Question) -> Vote:
    """The student must be in the establishment."""
    schooling = question.schooling
    if schooling is None or schooling.left_on is None:
        return ABSTAIN
    leaves_at = midnight(schooling.left_on, question.zone)
    if question.at < leaves_at:
        return Vote(Effect.ABSTAIN, "core.present", changes_at=leaves_at, lever=_TIME)
    return Vote(
        Effect.DENY,
        "core.left",
        detail={"left_on": schooling.left_on.isoformat()},
        lever=_ROSTER,
        since_at=leaves_at,
    )


def opening(module: ModuleDefinition, question: Question) -> Vote:
    """What was decided along the chain of scopes; see :func:`.policy.settle`."""
    settled = settle(
        module, question.policy, question.scopes, question.school_year, question.audience
    )
    by = settled.by
    return Vote(
        Effect.ALLOW if settled.is_open else Effect.DENY,
        _reason(module, settled),
        set_by=by.set_by if by else "",
        since_at=by.set_at if by else None,
        detail={"part": by.scope.label} if by and by.scope.part else {},
        lever=Lever(LeverKind.SETTING, settled.decides_at),
    )


def _reason(module: ModuleDefinition, settled: Settled) -> str:
    by = settled.by
    if by is not None and by.stance.is_final:
        return "core.imposed" if settled.is_open else "core.forbidden"
    if by is not None and by.scope.rank > Rank.ESTABLISHMENT:
        return "core.opened_for_class" if settled.is_open else "core.closed_for_class"
    if by is not None and by.scope.rank is Rank.ESTABLISHMENT:
        return "core.opened" if settled.is_open else "core.closed_by_head"
    if module.opening_mode is OpeningMode.AUTOMATIC:
        return "core.automatic" if settled.is_open else "core.closed_by_academie"
    return "core.open_by_default" if settled.is_open else "core.not_opened"


def campaign(module: ModuleDefinition, question: Question) -> Vote:
    """Inside one of the rounds, to the second (F71); modules without rounds abstain."""
    windows = question.policy.windows(question.establishment.uai, module.id, question.school_year)
    lever = Lever(LeverKind.CAMPAIGN, Scope.academie())
    if not windows:
        if not module.has_campaign:
            return ABSTAIN
        return Vote(Effect.DENY, "core.no_campaign", lever=lever)
    running = next((window for window in windows if question.at in window), None)
    if running is not None:
        return Vote(
            Effect.ABSTAIN,
            "core.campaign_running",
            changes_at=running.until_at,
            since_at=running.from_at,
            lever=lever,
        )
    coming = [w.from_at for w in windows if w.from_at is not None and question.at < w.from_at]
    if coming:
        return Vote(Effect.DENY, "core.campaign_coming", changes_at=min(coming), lever=_COMING)
    ended = max(w.until_at for w in windows if w.until_at is not None)
    return Vote(Effect.DENY, "core.campaign_over", since_at=ended, lever=lever)


def suspension(module: ModuleDefinition, question: Question) -> Vote:
    """A plugin that the académie has cut off opens nothing."""
    cut_off = question.policy.cut_off(module.plugin)
    if cut_off is None:
        return ABSTAIN
    return Vote(
        Effect.DENY,
        "core.suspended",
        set_by=cut_off.set_by,
        since_at=cut_off.at,
        lever=Lever(LeverKind.FAULT),
        detail={"why": cut_off.reason},
    )


CORE_RULES = (
    ActivationRule("core.participation", participation),
    ActivationRule("core.concern", concern),
    ActivationRule("core.right", right),
    ActivationRule("core.majority", majority),
    ActivationRule("core.presence", presence),
    ActivationRule("core.opening", opening),
    ActivationRule("core.campaign", campaign),
    ActivationRule("core.suspension", suspension),
)
