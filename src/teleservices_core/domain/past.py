"""How decisions stood before: from today's state back through each act that led to it.

What was open, and until when, is never recorded by itself: the journal has
every act, and undoing them one by one gives the state at any instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from attrs import evolve, frozen

from teleservices_core.domain.activation import ActivationRule, Question, decide, flips_at
from teleservices_core.domain.localtime import Window
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.policy import Campaign, CutOff, Opening, Policy
from teleservices_core.domain.values import Uai

_INSTANT = timedelta(microseconds=1)


@frozen
class State:
    """What was decided at an instant, and which establishments took part."""

    policy: Policy
    taking_part: Mapping[Uai, bool]


class Turn(Protocol):
    """An act that changed what is open."""

    @property
    def at(self) -> datetime:
        """When it was done."""
        ...

    @property
    def module_id(self) -> str:
        """The module concerned; empty for all."""
        ...

    @property
    def edges(self) -> tuple[datetime | None, ...]:
        """Instants of the rounds that it names: at them, time alone may close."""
        ...

    def undone(self, state: State) -> State:
        """The state before it."""
        ...


@frozen
class Decided:
    """A stance was recorded at a scope, or undone."""

    at: datetime
    opening: Opening
    """Where; its stance is the one after."""
    before: Opening | None

    edges = ()

    @property
    def module_id(self) -> str:
        """See :class:`Turn`."""
        return self.opening.module_id

    def undone(self, state: State) -> State:
        """See :class:`Turn`."""
        policy = state.policy.without(self.opening)
        return evolve(state, policy=policy.with_opening(self.before) if self.before else policy)


@frozen
class Rescheduled:
    """A round was added, changed or cancelled."""

    at: datetime
    module_id: str
    before: Campaign | None
    after: Campaign | None

    @property
    def edges(self) -> tuple[datetime | None, ...]:
        """See :class:`Turn`."""
        rounds = filter(None, (self.before, self.after))
        return tuple(at for each in rounds for at in _edges(each.window))

    def undone(self, state: State) -> State:
        """See :class:`Turn`."""
        policy = state.policy
        rounds = [each for each in policy.campaigns if not _same(each, self.after)]
        if self.before is not None:
            rounds.append(self.before)
        return evolve(state, policy=policy.with_campaigns(rounds))


@frozen
class Joined:
    """An establishment joined the téléservices, or left them."""

    at: datetime
    uai: Uai
    takes_part: bool
    """After it."""

    module_id = ""
    edges = ()

    def undone(self, state: State) -> State:
        """See :class:`Turn`."""
        return evolve(state, taking_part={**state.taking_part, self.uai: not self.takes_part})


@frozen
class Cut:
    """A plugin was cut off, or put back."""

    at: datetime
    plugin: str
    is_cut: bool
    """After it."""

    module_id = ""
    edges = ()

    def undone(self, state: State) -> State:
        """See :class:`Turn`."""
        others = [each for each in state.policy.cut_offs if each.plugin != self.plugin]
        if not self.is_cut:
            others.append(CutOff(self.plugin, self.at))
        return evolve(state, policy=state.policy.with_cut_offs(others))


def _edges(window: Window) -> tuple[datetime | None, ...]:
    return window.from_at, window.until_at


def _same(campaign: Campaign, other: Campaign | None) -> bool:
    return other is not None and (campaign.id, campaign.module_id, campaign.school_year) == (
        other.id,
        other.module_id,
        other.school_year,
    )


@frozen
class Span:
    """A state, from the turn that made it until the next one."""

    state: State
    from_at: datetime | None
    turn: Turn | None


@frozen
class Past:
    """States one after the other, the latest first."""

    spans: tuple[Span, ...]

    @classmethod
    def of(cls, now: State, turns: Iterable[Turn]) -> Past:
        """Undo turns, the latest first."""
        spans, state = [], now
        for turn in turns:
            spans.append(Span(state, turn.at, turn))
            state = turn.undone(state)
        return cls((*spans, Span(state, None, None)))

    def at(self, at: datetime) -> State:
        """The state at an instant, after the turns of that very instant."""
        spans = self.spans
        return next(s.state for s in spans if s.from_at is None or s.from_at <= at)

    def _boundaries(self, module_ids: frozenset[str], window: Window) -> Iterator[datetime]:
        found = set[datetime | None](_edges(window))
        for campaign in self.spans[0].state.policy.campaigns:
            if campaign.module_id in module_ids:
                found.update(_edges(campaign.window))
        for turn in filter(None, (span.turn for span in self.spans)):
            if not turn.module_id or turn.module_id in module_ids:
                found.update((turn.at, *turn.edges))
        for at in sorted(filter(None, found), reverse=True):
            if not window.is_before(at) and at <= (window.until_at or at):
                yield at

    def last_open(
        self,
        module: ModuleDefinition,
        question: Question,
        window: Window,
        rules: Sequence[ActivationRule],
        catalogue: Mapping[str, ModuleDefinition],
    ) -> datetime | None:
        """The last instant of a window at which a module was open to who asks; None if never.

        ``window`` has both its ends. Who asks, and what he is to the student, is
        as the question says; only what was decided is taken back.
        """
        boundaries = list(self._boundaries(_needed(module, catalogue), window))
        for until_at, from_at in pairwise(boundaries):
            last = until_at - _INSTANT
            if decide(module, self._asked(question, last), rules, catalogue).is_open:
                return last
            first = self._asked(question, from_at)
            decision = decide(module, first, rules, catalogue)
            if decision.is_open:
                # Time alone closed it in between: a link, a stay in the school.
                turned = flips_at(decision, first, rules, catalogue)
                return turned - _INSTANT if turned and turned < until_at else from_at
        return None

    def _asked(self, question: Question, at: datetime) -> Question:
        state, school = self.at(at), question.establishment
        takes_part = state.taking_part.get(school.uai, school.takes_part)
        return evolve(
            question,
            at=at,
            policy=state.policy,
            establishment=evolve(school, takes_part=takes_part),
        )


def _needed(module: ModuleDefinition, catalogue: Mapping[str, ModuleDefinition]) -> frozenset[str]:
    found = {module.id}
    for required in filter(None, map(catalogue.get, module.requires)):
        found |= _needed(required, catalogue)
    return frozenset(found)
