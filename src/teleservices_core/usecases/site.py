"""What every use case needs, gathered once by the composition root."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import frozen
from uuid6 import uuid7

from teleservices_core.catalogue import Catalogue
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import Academie
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.metrics import Metrics
from teleservices_core.plugins import PluginHost
from teleservices_core.ports import Clock, Database, PasswordHasher
from teleservices_core.ports.academy import AuditEntry
from teleservices_core.settings import Settings
from teleservices_core.usecases.watching import Watch


@frozen
class Site:
    """One académie's services, ready for use cases."""

    settings: Settings
    clock: Clock
    database: Database
    hasher: PasswordHasher
    plugins: PluginHost
    watch: Watch
    metrics: Metrics | None = None
    """Where somebody may read them."""

    @property
    def academie(self) -> Academie:
        """The académie of the site."""
        return self.settings.academie

    @property
    def catalogue(self) -> Catalogue:
        """What the plugins declare."""
        return self.plugins.catalogue

    def now(self) -> datetime:
        """The present instant."""
        return self.clock.now()

    def school_year(self) -> SchoolYear:
        """The school year under way."""
        return self.academie.school_year(self.now())

    def new_id(self) -> UUID:
        """A new key: time-ordered, so that writers never coordinate."""
        return uuid7()


def audited(
    action: str,
    at: datetime,
    viewer: Viewer | None,
    *,
    uai: Uai | None = None,
    subject_id: UUID | None = None,
    **detail: object,
) -> AuditEntry:
    """An audit entry in the name of who is signed in, or of the command line.

    Of a family the account is noted, not the name: the journal stays longer than the account.
    """
    is_staff = viewer is not None and viewer.account.audience is Audience.STAFF
    return AuditEntry(
        action=action,
        at=at,
        actor_id=viewer.account.id if viewer else None,
        actor=viewer.name if viewer and is_staff else "",
        role=viewer.role_for(uai) or "" if viewer else "",
        uai=uai,
        subject_id=subject_id,
        detail=detail,
    )
