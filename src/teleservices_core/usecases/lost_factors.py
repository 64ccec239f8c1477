"""A telephone is lost: somebody else of the académie takes the second factor away."""

from __future__ import annotations

from typing import Final

from attrs import evolve, frozen

from teleservices_core.domain.accounts import Account, AccountState, Audience
from teleservices_core.domain.staff import Role
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotAllowedError, RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.rights import require_academy
from teleservices_core.usecases.site import Site, audited

RESET: Final = "account.factor_reset"
_SHORTEST: Final = 3
"""Characters of a reason."""


@frozen
class LostFactor:
    """Whose second factor is to be taken away."""

    account: Account
    roles: tuple[Role, ...]
    """Those of today, each once."""


def find_lost(site: Site, viewer: Viewer | None, login_name: str) -> LostFactor:
    """A member of staff with a second factor, by identifier, compared whole.

    Raises :exc:`RefusedError` ``unknown``, ``no_factor``, or ``oneself``.
    """
    with site.database.reading() as tx:
        account = _found(site, tx, viewer, login_name)
        today = site.academie.today(site.now())
        held = tx.staff.assignments(account.holder_ids)
        roles = {each.role for each in held if each.holds_on(today)}
    return LostFactor(account, tuple(sorted(roles, key=list(Role).index)))


def reset_factor(site: Site, viewer: Viewer | None, login_name: str, reason: str) -> Account:
    """Take a second factor away, with its recovery codes, and end every session and link.

    By somebody else of the académie, never by who has lost it, or by a command (``viewer``
    None). Written in the journal with its reason, and told to the owner. Raises as
    :func:`find_lost`, and :exc:`RefusedError` ``no_reason``.
    """
    reason = " ".join(reason.split())
    if len(reason) < _SHORTEST:
        raise RefusedError("no_reason")
    with site.database.writing() as tx:
        account = _found(site, tx, viewer, login_name)
        after = tx.accounts.replace(
            account, evolve(account, factor_since=None, epoch=account.epoch + 1)
        )
        tx.factors.remove(account.id)
        tx.sessions.remove_all(account.id)
        # A lost telephone may be a known device.
        tx.devices.forget(account.id)
        entry = audited(RESET, site.now(), viewer, subject_id=account.id, reason=reason)
        tx.audit.add(entry)
        if account.email is not None:
            send_mail(
                site,
                tx,
                "core.factor_reset",
                account.email,
                account=account,
                name=account.display_name,
                login=account.login_name,
            )
    return after


def _found(site: Site, tx: Transaction, viewer: Viewer | None, login_name: str) -> Account:
    if viewer is not None:
        require_academy(site, tx, viewer.account)
        if not viewer.in_full:
            raise NotAllowedError("a step is to be done before")
    account = tx.accounts.by_login(login_name.strip().casefold())
    if account is None or account.audience is not Audience.STAFF:
        raise RefusedError("unknown")
    if viewer is not None and account.id == viewer.account.id:
        raise RefusedError("oneself")
    if account.factor_since is None or account.state is AccountState.CLOSED:
        raise RefusedError("no_factor")
    return account
