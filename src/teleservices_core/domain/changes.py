"""Decisions about to be made: what they would change, and upon which state they build."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from attrs import frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Opening, Policy, Stance
from teleservices_core.domain.scopes import Scope


@frozen(order=True)
class Change:
    """A decision to record at a scope; ``stance`` None undoes what was decided there."""

    scope: Scope
    module_id: str
    audience: Audience
    stance: Stance | None

    def before(self, policy: Policy, year: SchoolYear) -> Stance | None:
        """What is decided at the scope, before the change."""
        opening = policy.opening(self.scope, self.module_id, year, self.audience)
        return opening.stance if opening else None

    def opening(self, year: SchoolYear) -> Opening:
        """The decision, as if it were recorded; undoing is told as allowing."""
        stance = self.stance or Stance.ALLOWED
        return Opening(self.module_id, year, self.audience, stance, self.scope)

    def applied(self, policy: Policy, year: SchoolYear) -> Policy:
        """The policy after the change."""
        opening = self.opening(year)
        return policy.without(opening) if self.stance is None else policy.with_opening(opening)


def effective(changes: Iterable[Change], policy: Policy, year: SchoolYear) -> tuple[Change, ...]:
    """Those that differ from what is decided, each once, in a fixed order."""
    return tuple(sorted({c for c in changes if c.before(policy, year) is not c.stance}, key=_key))


def _key(change: Change) -> tuple[object, ...]:
    return (change.scope, change.module_id, change.audience, change.stance or "")


def fingerprint(seen: Iterable[tuple[Change, Stance | None]]) -> str:
    """A digest of what stood at the scopes of some changes, for a form to carry.

    The form is refused when it is no longer the same: compare-and-set of what
    the person saw.
    """
    lines = sorted(
        f"{c.scope.rank.value} {c.scope.place} {c.scope.part}|{c.module_id}|{c.audience}|{stance}"
        for c, stance in seen
    )
    return sha256("\n".join(lines).encode()).hexdigest()[:16]


def present_state(changes: Iterable[Change], policy: Policy, year: SchoolYear) -> str:
    """The :func:`fingerprint` of what a policy says now."""
    return fingerprint((change, change.before(policy, year)) for change in changes)
