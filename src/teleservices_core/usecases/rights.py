"""Rights of the staff, read again inside the transaction that commits the act.

They are an account's, whatever session it acts in, or acted in.
"""

from __future__ import annotations

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.staff import CONSOLE_ROLES, HEAD_ROLES, TEACHING_ROLES, Role
from teleservices_core.domain.values import Uai
from teleservices_core.errors import NotAllowedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.site import Site


def _roles(site: Site, tx: Transaction, account: Account) -> set[tuple[Role, Uai | None]]:
    today = site.academie.today(site.now())
    held = tx.staff.assignments(account.holder_ids)
    return {(each.role, each.uai) for each in held if each.holds_on(today)}


def _holds(site: Site, tx: Transaction, account: Account, uai: Uai, roles: frozenset[Role]) -> bool:
    return not _roles(site, tx, account).isdisjoint({(role, uai) for role in roles})


def require_school(site: Site, tx: Transaction, account: Account, uai: Uai) -> None:
    """Refuse who has no part in the establishment's console today.

    Raises :exc:`NotAllowedError`.
    """
    if not _holds(site, tx, account, uai, CONSOLE_ROLES):
        raise NotAllowedError(f"no role in {uai}")


def require_head(site: Site, tx: Transaction, account: Account, uai: Uai) -> None:
    """Refuse who does not head the establishment today. Raises :exc:`NotAllowedError`."""
    if not is_head(site, tx, account, uai):
        raise NotAllowedError(f"not head of {uai}")


def is_head(site: Site, tx: Transaction, account: Account, uai: Uai) -> bool:
    """Whether the account heads the establishment today."""
    return _holds(site, tx, account, uai, HEAD_ROLES)


def require_teacher(site: Site, tx: Transaction, account: Account, uai: Uai) -> None:
    """Refuse who neither teaches in the establishment today nor heads it.

    Raises :exc:`NotAllowedError`.
    """
    if not _holds(site, tx, account, uai, TEACHING_ROLES):
        raise NotAllowedError(f"not a teacher of {uai}")


def require_academy(site: Site, tx: Transaction, account: Account) -> None:
    """Refuse who is not of the académie's staff today. Raises :exc:`NotAllowedError`."""
    if (Role.ACADEMY_ADMIN, None) not in _roles(site, tx, account):
        raise NotAllowedError("not of the académie")


def require_hotline(site: Site, tx: Transaction, account: Account) -> None:
    """Refuse who neither answers the help line nor is of the académie's staff today."""
    if not _roles(site, tx, account) & {(Role.HOTLINE, None), (Role.ACADEMY_ADMIN, None)}:
        raise NotAllowedError("not of the help line")


def require_module(site: Site, tx: Transaction, account: Account, uai: Uai, module_id: str) -> None:
    """Refuse who neither heads the establishment nor holds a delegation for the module today."""
    today = site.academie.today(site.now())
    if module_id not in tx.delegations.held(account.holder_ids, uai, today):
        require_head(site, tx, account, uai)
