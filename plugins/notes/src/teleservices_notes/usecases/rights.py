"""Who may decide about an establishment's marks: asked again in the transaction that commits."""

from __future__ import annotations

from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.ports import Transaction
from teleservices_core.usecases.rights import require_module
from teleservices_core.usecases.site import Site
from teleservices_notes.usecases.opened import MODULE_ID, require_establishment


def require_decider(site: Site, tx: Transaction, viewer: Viewer | None, uai: Uai) -> None:
    """Refuse who neither heads the establishment nor holds the delegation of « Notes ».

    None is the command line. Raises :exc:`NotFoundError` for an unknown
    establishment, and :exc:`NotAllowedError`.
    """
    require_establishment(tx, uai)
    if viewer is not None:
        require_module(site, tx, viewer.account, uai, MODULE_ID)
