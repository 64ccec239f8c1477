"""Whose accounts an act of the académie is about, and what it does to them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import field, frozen

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.localtime import optional_instant
from teleservices_core.domain.values import Uai

RENEWABLE: Final = (
    AccountState.CLAIMED,
    AccountState.ACTIVE,
    AccountState.LOCKED,
    AccountState.GROUPED,
)
"""States whose password opens the account, now or once it is given back."""
UNCLAIMED: Final = (AccountState.NEW, AccountState.ISSUED)


@frozen
class Population:
    """Accounts of one establishment or of all, of one audience or of all."""

    uai: Uai | None = None
    """Its students of the year, their guardians and its staff."""
    audience: Audience | None = None
    changed_since: datetime | None = field(default=None, converter=optional_instant)
    """Passwords chosen since then are left alone."""


@frozen
class RenewalCounts:
    """What forcing a population to renew its passwords comes to, in accounts."""

    to_renew: int
    already: int
    """To be renewed since an earlier act."""
    changed_since: int
    federated: int
    """Without a password of ours: only the host signs them in."""
    unclaimed: int
    sessions: int
    """Open ones of the whole population."""
