"""A module's answer to a question: the decision, and its words."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from teleservices_core.domain.activation import Decision, Question, decide, flips_at
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.usecases.site import Site
from teleservices_core.words.telling import Told, tell

_NOT_CONCERNED = frozenset({"core.other_kind", "core.other_audience", "core.other_level"})


@frozen
class ModuleAnswer:
    """A module, open or closed to somebody: the decision, and its words."""

    decision: Decision
    told: Told

    @property
    def is_open(self) -> bool:
        """Whether the family may enter."""
        return self.decision.is_open

    @property
    def flips_at(self) -> datetime | None:
        """When time alone opens or closes it; None if it never does, as far as is known."""
        return self.told.flips_at

    @property
    def is_concerned(self) -> bool:
        """Whether the module is for this audience, kind of establishment and level at all."""
        return not any(vote.reason in _NOT_CONCERNED for vote in self.decision.votes)


def told(site: Site, decision: Decision, question: Question) -> ModuleAnswer:
    """Word a decision, with the instant at which time alone turns it. No statement."""
    flips = flips_at(decision, question, site.catalogue.rules, site.catalogue.by_id)
    return ModuleAnswer(decision, tell(decision, question, site.catalogue.words, flips))


def answer(site: Site, module: ModuleDefinition, question: Question) -> ModuleAnswer:
    """Decide a module and word the decision. No statement."""
    decision = decide(module, question, site.catalogue.rules, site.catalogue.by_id)
    return told(site, decision, question)


def answers(site: Site, question: Question) -> tuple[ModuleAnswer, ...]:
    """Every module that concerns who asks, in page order."""
    found = (answer(site, module, question) for module in site.catalogue.modules)
    return tuple(each for each in found if each.is_concerned)
