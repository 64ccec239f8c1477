"""Mailed links: make one with its mail, look at one, use one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from teleservices_core.domain.accounts import Account, Token, TokenPurpose
from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.hashing import digest, link_secret
from teleservices_core.ports import Transaction
from teleservices_core.ports.upkeep import Parcel
from teleservices_core.usecases.site import Site


def send_link(
    site: Site,
    tx: Transaction,
    account: Account,
    purpose: TokenPurpose,
    address: str,
    lifetime: timedelta,
) -> None:
    """Store a link's token and queue its mail, ``core.<purpose>``; earlier ones die."""
    now = site.now()
    token_id, expires_at = site.new_id(), now + lifetime
    tx.tokens.add(
        Token(
            id=token_id,
            digest=digest(link_secret(site.settings.secret_key, token_id)),
            account_id=account.id,
            purpose=purpose,
            address=address,
            epoch=account.epoch,
            created_at=now,
            expires_at=expires_at,
        )
    )
    context = {
        "name": account.display_name,
        "login": account.login_name,
        "until": expires_at.isoformat(),
    }
    send_mail(site, tx, f"core.{purpose}", address, account=account, token_id=token_id, **context)


def send_mail(
    site: Site,
    tx: Transaction,
    kind: str,
    address: str,
    *,
    account: Account | None = None,
    token_id: UUID | None = None,
    **context: str,
) -> None:
    """Queue a mail, to leave as soon as the transaction has committed.

    ``account`` is whom it concerns: the help line sees there what became of it,
    and a mail still waiting is erased with the account.
    """
    now = site.now()
    tx.outbox.add(
        Parcel(
            id=site.new_id(),
            kind=kind,
            to_address=address,
            context=context,
            created_at=now,
            due_at=now,
            token_id=token_id,
            account_id=account.id if account else None,
        )
    )


def look_at(site: Site, secret: str, purpose: TokenPurpose) -> tuple[Token, Account]:
    """What a link is for, without using it: a mail scanner only looks.

    Raises :exc:`RefusedError` with code ``link_used`` (detail ``at``),
    ``link_expired`` or ``link_unknown``.
    """
    with site.database.reading() as tx:
        token = tx.tokens.find(digest(secret))
        account = tx.accounts.get(token.account_id) if token else None
    if token is None or account is None or token.purpose is not purpose:
        raise RefusedError("link_unknown")
    refusal = token.refusal(site.now(), account.epoch)
    if refusal == "link_used":
        raise RefusedError(refusal, at=token.used_at)
    if refusal is not None:
        raise dead(site, secret)
    return token, account


def dead(site: Site, secret: str) -> RefusedError:
    """That a link has expired; or has been used, if that is why its account is another."""
    with site.database.reading() as tx:
        token = tx.tokens.find(digest(secret))
    if token is not None and token.used_at is not None:
        return RefusedError("link_used", at=token.used_at)
    return RefusedError("link_expired")


@contextmanager
def used_once(site: Site, secret: str, purpose: TokenPurpose) -> Iterator[None]:
    """Tell who clicks a second time that the link has been used, not that the account changed.

    Raises :exc:`RefusedError` as :func:`look_at` in the place of a :exc:`ConflictError`.
    """
    try:
        yield
    except ConflictError:
        look_at(site, secret, purpose)
        raise


def use(tx: Transaction, token: Token, now: datetime) -> None:
    """Compare-and-set. Raises :exc:`RefusedError` ``link_used`` for the one who comes second."""
    if not tx.tokens.use(token.id, now):
        raise RefusedError("link_used", at=now)
