"""Acts of the journal as the ledger of backups has them, and the persons whom they are about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from attrs import Factory, field, frozen

from teleservices_core.domain.localtime import instant

DETAILS: Final = (
    "data",
    "up_to",
    "audience",
    "changed_since",
    "delegation",
    "key",
    "plugin",
    "is_complete",
)
"""What the ledger keeps of an act, that names nobody; and ``uai``."""
PERSONS: Final = ("student", "adult")
"""The details by which an act names others than its subject; and the list ``also``."""


@frozen
class NotedAct:
    """An act of the journal, as the ledger has it."""

    action: str
    id: UUID
    """Of its row in the journal."""
    at: datetime = field(converter=instant)
    who: tuple[str, ...] = ()
    """The digests of accounts, students and adults, its subject's first."""
    key: str = field(default="", repr=False)
    """Under which the digests were made."""
    detail: Mapping[str, Any] = Factory(dict)


@frozen
class Persons:
    """The persons of a database whom digests stand for."""

    ids: Mapping[str, UUID]

    @classmethod
    def of(
        cls, ids: Iterable[UUID], acts: Collection[NotedAct], digest: Callable[[str, UUID], str]
    ) -> Persons:
        """Those among ``ids`` that the acts are about."""
        wanted = {who for act in acts for who in act.who}
        keys = {act.key for act in acts if act.who}
        found: dict[str, UUID] = {}
        if wanted:
            for person in ids:
                found.update(
                    {who: person for key in keys if (who := digest(key, person)) in wanted}
                )
        return cls(found)

    def of_act(self, act: NotedAct) -> list[UUID]:
        """Those that one act is about."""
        return [self.ids[who] for who in act.who if who in self.ids]

    def of_acts(self, acts: Iterable[NotedAct], actions: Collection[str]) -> set[UUID]:
        """The subjects of acts of some kinds."""
        return {
            self.ids[act.who[0]]
            for act in acts
            if act.action in actions and act.who and act.who[0] in self.ids
        }

    def last(
        self, acts: Iterable[NotedAct], yes: Collection[str], no: Collection[str]
    ) -> set[UUID]:
        """The subjects whose last act is of the first kinds."""
        found: dict[UUID, bool] = {}
        for act in acts:
            if act.action in yes or act.action in no:
                for subject in self.of_act(act)[:1]:
                    found[subject] = act.action in yes
        return {subject for subject, is_so in found.items() if is_so}
