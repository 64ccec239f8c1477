"""The stores of the school's side, on one connection."""

from __future__ import annotations

from sqlalchemy import Connection

from teleservices_fiche.store.base import Base
from teleservices_fiche.store.batches import Batches
from teleservices_fiche.store.deciding import Deciding
from teleservices_fiche.store.rounds import Rounds
from teleservices_fiche.usecases.ports import BaseStore
from teleservices_fiche.usecases.school_ports import BatchStore, DecidingStore, RoundStore


class FicheSchoolStore:
    """See :class:`teleservices_fiche.usecases.school_ports.SchoolStore`."""

    def __init__(self, connection: Connection) -> None:
        self.base: BaseStore = Base(connection)
        self.deciding: DecidingStore = Deciding(connection)
        self.batches: BatchStore = Batches(connection)
        self.rounds: RoundStore = Rounds(connection)
