"""Second factors of accounts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from teleservices_core.domain.second_factor import Authenticator, Lacking
from teleservices_core.domain.security_keys import SecurityKey
from teleservices_core.domain.staff import Role


class FactorStore(Protocol):
    """Authenticators, security keys and recovery codes."""

    def get(self, account_id: UUID) -> Authenticator | None:
        """The authenticator of an account, or None."""
        ...

    def put(self, account_id: UUID, authenticator: Authenticator) -> None:
        """Set an authenticator in the place of the one before, whose recovery codes go too."""
        ...

    def reseal(self, account_id: UUID, secret: str) -> None:
        """Store the same secret, sealed by the site's present key."""
        ...

    def take(self, account_id: UUID, period: int) -> bool:
        """Compare-and-set: True for the one caller that uses a period's code, or a later one."""
        ...

    def remove_telephone(self, account_id: UUID) -> bool:
        """Forget the authenticator; False where there is none."""
        ...

    def remove(self, account_id: UUID) -> None:
        """Forget the authenticator, the security keys and the recovery codes."""
        ...

    def keys(self, account_id: UUID) -> list[SecurityKey]:
        """The security keys of an account, the oldest first."""
        ...

    def has_key(self, credential: bytes) -> bool:
        """Whether a key is known, of whichever account."""
        ...

    def add_key(self, key: SecurityKey) -> None:
        """Store a key that is not known."""
        ...

    def use_key(self, key: SecurityKey, signatures: int, at: datetime) -> bool:
        """Compare-and-set: True for the one caller that uses a key's answer."""
        ...

    def remove_key(self, account_id: UUID, key_id: UUID) -> bool:
        """Forget one key; False where it is not there."""
        ...

    def put_codes(self, account_id: UUID, digests: Collection[str], at: datetime) -> None:
        """Store new recovery codes; those of before are good no more."""
        ...

    def use_code(self, account_id: UUID, digests: Collection[str], at: datetime) -> bool:
        """Compare-and-set: True for the one caller that uses a recovery code.

        ``digests`` are the code's under each of the site's keys.
        """
        ...

    def without(self, role: Role, day: date, *, but_linked: bool = False) -> list[Lacking]:
        """Active accounts that hold a function on a local day without one, the oldest first.

        ``but_linked`` leaves those aside that an identity of the host opens.
        """
        ...

    def stranded(self, site_id: str) -> list[str]:
        """Identifiers of active accounts whose only factors are keys of other sites."""
        ...

    def drop_codes(self, account_id: UUID) -> None:
        """Forget the recovery codes."""
        ...

    def codes_left(self, account_id: UUID) -> int:
        """How many recovery codes have not been used."""
        ...
