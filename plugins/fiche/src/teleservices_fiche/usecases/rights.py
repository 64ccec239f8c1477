"""Who may decide for an establishment: asked again in the transaction that commits."""

from __future__ import annotations

from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.ports import Transaction
from teleservices_core.usecases.rights import require_school
from teleservices_core.usecases.site import Site


def require_console(site: Site, tx: Transaction, viewer: Viewer | None, uai: Uai) -> None:
    """Refuse who has no part in the console there; None is the command line.

    Raises :exc:`NotAllowedError`.
    """
    if viewer is not None:
        require_school(site, tx, viewer.account, uai)
