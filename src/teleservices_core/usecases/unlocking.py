"""Open an account again, for whoever may: the help line, or the school's office."""

from __future__ import annotations

from attrs import evolve

from teleservices_core.domain.accounts import Account, AccountEvent, AccountState
from teleservices_core.errors import RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.site import Site


def open_again(site: Site, tx: Transaction, account: Account) -> None:
    """Unlock an account, with the password it had, and lift the waits after failed tries.

    Raises :exc:`RefusedError` ``not_locked`` when there is neither.
    """
    is_locked = account.state is AccountState.LOCKED
    if not is_locked and tx.throttles.longest_wait(account, site.now()) is None:
        raise RefusedError("not_locked")
    opened = account.after(AccountEvent.UNLOCK) if is_locked else account
    # The epoch lifts the waits of every source, as a reset does.
    tx.accounts.replace(account, evolve(opened, epoch=account.epoch + 1))
