"""What the help line does for an account: never a password, never an address.

Every act is in the journal with its reason, and the family can read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from attrs import evolve

from teleservices_core.domain.accounts import Account, AccountEvent, AccountState
from teleservices_core.domain.diagnosis import Remedy
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.claiming import resend_confirmation
from teleservices_core.usecases.hotline import family_account, require_reason
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.recovery import send_reset
from teleservices_core.usecases.rights import require_hotline
from teleservices_core.usecases.site import Site, audited
from teleservices_core.usecases.unlocking import open_again


def help_account(
    site: Site, viewer: Viewer, account_id: UUID, remedy: Remedy, reason: str, caller: str
) -> None:
    """Do one thing for a family's account.

    Raises :exc:`RefusedError` as :func:`.hotline.require_reason`, or with the
    code of what stands in the way: ``too_soon``, ``nothing_to_confirm``,
    ``too_many``, ``nowhere_to_send``, ``not_locked`` or ``not_active``;
    :exc:`NotFoundError`, :exc:`NotAllowedError`, :exc:`ConflictError`.
    """
    reason, caller = require_reason(reason, caller)
    now = site.now()
    with site.database.writing() as tx:
        require_hotline(site, tx, viewer.account)
        account = family_account(tx, account_id)
        _ACTS[remedy](site, tx, account)
        tx.audit.add(
            audited(
                f"hotline.{remedy}",
                now,
                viewer,
                subject_id=account.id,
                reason=reason,
                caller=caller,
            )
        )


def _resend(site: Site, tx: Transaction, account: Account) -> None:
    resend_confirmation(site, tx, account)


def _lock(site: Site, tx: Transaction, account: Account) -> None:
    if account.state is not AccountState.ACTIVE:
        raise RefusedError("not_active")
    locked = evolve(account.after(AccountEvent.LOCK), epoch=account.epoch + 1)
    tx.accounts.replace(account, locked)
    tx.sessions.remove_all(account.id)
    if account.email is not None:
        send_mail(
            site,
            tx,
            "core.account_locked",
            account.email,
            account=account,
            name=account.display_name,
            login=account.login_name,
        )


_ACTS: Final[Mapping[Remedy, Callable[[Site, Transaction, Account], None]]] = {
    Remedy.RESEND: _resend,
    Remedy.RESET: send_reset,
    Remedy.UNLOCK: open_again,
    Remedy.LOCK: _lock,
}
