"""A host that signs people in, for tests of ``identify``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define

from teleservices_core.domain.identities import ExternalIdentity


@define
class SigningHost:
    """An ``identify`` function that vouches for whom the test says."""

    identity: ExternalIdentity | None = None

    def __call__(self, _environ: Mapping[str, Any]) -> ExternalIdentity | None:
        """Whoever is signed in."""
        return self.identity


def an_identity(subject: str = "anne", **claims: Any) -> ExternalIdentity:
    """Somebody whom an ENT knows."""
    return ExternalIdentity("https://ent.example", subject, claims)
