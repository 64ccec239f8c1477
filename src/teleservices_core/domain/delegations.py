"""What a head entrusts to a member of staff: one module, between two dates."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from attrs import field, frozen

from teleservices_core.domain.localtime import instant, optional_instant
from teleservices_core.domain.values import Uai


@frozen
class Delegation:
    """The right to open, close and set up one module of an establishment."""

    id: UUID
    uai: Uai
    module_id: str
    staff_id: UUID
    from_on: date
    until_on: date
    """Last day on which it holds."""
    given_by: str
    given_at: datetime = field(converter=instant)
    ended_at: datetime | None = field(default=None, converter=optional_instant)
    """When the head took it back."""

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a local day."""
        return self.ended_at is None and self.from_on <= day <= self.until_on
