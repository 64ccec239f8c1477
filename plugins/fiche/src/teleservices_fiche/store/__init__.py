"""The plugin's tables, and rows to values. The only layer that knows SQLAlchemy."""

from __future__ import annotations

from sqlalchemy import Connection

from teleservices_core.contributions import Erasure
from teleservices_fiche.store.base import Base
from teleservices_fiche.store.drafts import Drafts
from teleservices_fiche.store.erasing import erase
from teleservices_fiche.store.papers import Papers
from teleservices_fiche.store.proposals import Proposals
from teleservices_fiche.store.student_rows import STUDENT_ROWS
from teleservices_fiche.store.tables import metadata
from teleservices_fiche.usecases.ports import BaseStore, DraftStore, PaperStore, ProposalStore

__all__ = ["STUDENT_ROWS", "FicheStore", "metadata"]


class FicheStore:
    """See :class:`teleservices_fiche.usecases.ports.Store`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.base: BaseStore = Base(connection)
        self.proposals: ProposalStore = Proposals(connection)
        self.drafts: DraftStore = Drafts(connection)
        self.papers: PaperStore = Papers(connection)

    def erase(self, erasure: Erasure) -> int:
        """See the port."""
        return erase(self.connection, erasure)
