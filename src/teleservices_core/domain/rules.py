"""The core's own activation rules, contributed by the built-in plugin.

Each answers one question only, so that a closed module names exactly what
closed it. Sources: FAQ « Les téléservices en général » and « continuité ».
"""

from __future__ import annotations

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import ABSTAIN, ActivationRule, Effect, Question, Vote
from teleservices_core.domain.localtime import local_date, midnight
from teleservices_core.domain.modules import ModuleDefinition, Opening, OpeningMode, Stance


def participation(_module: ModuleDefinition, question: Question) -> Vote:
    """An establishment that has not joined offers nothing (F41)."""
    if question.establishment.takes_part:
        return ABSTAIN
    return Vote(Effect.DENY, "core.not_taking_part")


def concern(module: ModuleDefinition, question: Question) -> Vote:
    """A module has its audiences and its kinds of establishment."""
    if question.audience not in module.audiences:
        return Vote(Effect.DENY, "core.other_audience")
    if question.establishment.kind not in module.kinds:
        return Vote(Effect.DENY, "core.other_kind")
    return ABSTAIN


def right(module: ModuleDefinition, question: Question) -> Vote:
    """A guardian's link must hold today and be strong enough."""
    if question.audience is not Audience.GUARDIAN or question.student is None:
        return ABSTAIN
    link, today = question.link, local_date(question.at, question.zone)
    if link is None or not link.holds_on(today):
        return Vote(Effect.DENY, "core.no_link")
    if link.level > module.least_level:
        return Vote(Effect.DENY, "core.weak_link")
    return ABSTAIN


def presence(_module: ModuleDefinition, question: Question) -> Vote:
    """The student must be in the establishment."""
    schooling = question.schooling
    if schooling is None or schooling.left_on is None:
        return ABSTAIN
    leaves_at = midnight(schooling.left_on, question.zone)
    if question.at < leaves_at:
        return Vote(Effect.ABSTAIN, "core.present", changes_at=leaves_at)
    return Vote(Effect.DENY, "core.left", detail={"left_on": schooling.left_on.isoformat()})


def opening(module: ModuleDefinition, question: Question) -> Vote:
    """Who opened or closed: the académie's stance first, then the head's, then the mode.

    ``IMPOSED`` and ``FORBIDDEN`` are above any choice of the head; ``OPEN`` and
    ``CLOSED`` of the académie only replace the module's own default.
    """
    asked = (module.id, question.school_year, question.audience)
    academie = question.policy.opening(None, *asked)
    head = question.policy.opening(question.establishment.uai, *asked)
    stance = academie.stance if academie else None
    if stance is Stance.IMPOSED:
        return _said(Effect.ALLOW, "core.imposed", academie)
    if stance is Stance.FORBIDDEN:
        return _said(Effect.DENY, "core.forbidden", academie)
    if module.opening_mode is OpeningMode.AUTOMATIC:
        return Vote(Effect.ALLOW, "core.automatic")
    if head is not None:
        if head.stance in {Stance.OPEN, Stance.IMPOSED}:
            return _said(Effect.ALLOW, "core.opened", head)
        return _said(Effect.DENY, "core.closed_by_head", head)
    if stance is Stance.OPEN or (
        stance is None and module.opening_mode is OpeningMode.DEFAULT_OPEN
    ):
        return _said(Effect.ALLOW, "core.open_by_default", academie)
    return _said(Effect.DENY, "core.not_opened", academie)


def _said(effect: Effect, reason: str, by: Opening | None) -> Vote:
    return Vote(effect, reason, set_by=by.set_by if by else "")


def campaign(module: ModuleDefinition, question: Question) -> Vote:
    """Inside one of the rounds, to the second (F71); modules without rounds abstain."""
    windows = question.policy.windows(question.establishment.uai, module.id, question.school_year)
    if not windows:
        return Vote(Effect.DENY, "core.no_campaign") if module.has_campaign else ABSTAIN
    running = [window for window in windows if question.at in window]
    if running:
        ends = [window.until_at for window in running]
        last = None if None in ends else max(end for end in ends if end is not None)
        return Vote(Effect.ABSTAIN, "core.campaign_running", changes_at=last)
    coming = [w.from_at for w in windows if w.from_at is not None and w.is_before(question.at)]
    if coming:
        return Vote(Effect.DENY, "core.campaign_coming", changes_at=min(coming))
    return Vote(Effect.DENY, "core.campaign_over")


CORE_RULES = (
    ActivationRule("core.participation", participation),
    ActivationRule("core.concern", concern),
    ActivationRule("core.right", right),
    ActivationRule("core.presence", presence),
    ActivationRule("core.opening", opening),
    ActivationRule("core.campaign", campaign),
)
