"""The rules that were in force at an instant: today's, without the changes made since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import Factory, define, evolve

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.ports import Transaction
from teleservices_core.ports.academy import AuditSearch
from teleservices_notes.model import Entry, PublicationPlan, PublicationRule
from teleservices_notes.usecases.plans import plan_from_json, rules_from_json

PLAN_SET: Final = "notes.publication_set"
OWN_RULES_SET: Final = "notes.assessment_publication_set"
MOST: Final = 1_000
"""Changes that are undone; with more, nothing is said of that instant."""


@define
class Since:
    """What was in force before the changes that the journal tells."""

    plan: PublicationPlan | None = None
    """Of the establishment; None if it has not changed."""
    own_rules: dict[UUID, tuple[PublicationRule, ...]] = Factory(dict)
    """Of assessments that have changed."""
    is_known: bool = True
    """False when there is more than can be read."""

    def undone(
        self, plan: PublicationPlan, entries: Iterable[Entry]
    ) -> tuple[PublicationPlan, list[Entry]]:
        """The plan and the marks of today, under the rules of then."""
        if not self.is_known:
            return plan, []
        return self.plan or plan, [self._undone(each) for each in entries]

    def _undone(self, entry: Entry) -> Entry:
        rules = self.own_rules.get(entry.assessment.id)
        if rules is None:
            return entry
        return Entry(evolve(entry.assessment, own_rules=rules), entry.mark)

    def undo(self, action: str, detail: Mapping[str, object]) -> None:
        """Take back a change, later ones first."""
        was = detail.get("was")
        if action == PLAN_SET and isinstance(was, dict):
            self.plan = plan_from_json(was)
        elif action == OWN_RULES_SET and "was" in detail:
            rules = rules_from_json(was if isinstance(was, list) else None)
            self.own_rules[UUID(str(detail["assessment_id"]))] = rules
        else:
            self.is_known = False


def changes_since(tx: Transaction, uai: Uai, school_year: SchoolYear, at: datetime) -> Since:
    """The changes of an establishment's rules after an instant: one statement."""
    wanted = AuditSearch(
        uai=uai, actions=(PLAN_SET, OWN_RULES_SET), from_at=at + datetime.resolution
    )
    found = tx.audit.search(wanted, MOST + 1)
    since = Since(is_known=len(found) <= MOST)
    for entry in found:
        if entry.detail.get("school_year") == str(school_year):
            since.undo(entry.action, entry.detail)
    return since
