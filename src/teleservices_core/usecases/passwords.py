"""Choose a password: the one rule, whatever the way that leads there."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from teleservices_core.common_passwords import is_common
from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.domain.credentials import (
    PASSWORD_MIN,
    PASSWORD_MIN_STAFF,
    password_problem,
)
from teleservices_core.errors import RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.site import Site


def minimum_length(audience: Audience) -> int:
    """The shortest password accepted, in characters."""
    return PASSWORD_MIN_STAFF if audience is Audience.STAFF else PASSWORD_MIN


def require_good_password(account: Account, password: str) -> None:
    """Raise :exc:`RefusedError` with the code of the password's problem (detail ``minimum``)."""
    minimum = minimum_length(account.audience)
    problem = password_problem(
        password,
        minimum=minimum,
        common=is_common,
        personal=(account.login_name, *account.display_name.split()),
    )
    if problem:
        raise RefusedError(problem, minimum=minimum)


def with_password(account: Account, password_hash: str, now: datetime) -> Account:
    """The account with a password just chosen, which kills every link sent before."""
    return evolve(
        account,
        password_hash=password_hash,
        password_at=now,
        must_renew=False,
        epoch=account.epoch + 1,
    )


def tell_of_password(site: Site, tx: Transaction, account: Account, kind: str) -> None:
    """Mail the owner that a password was chosen, where there is a confirmed address."""
    if account.email is not None:
        send_mail(site, tx, kind, account.email, account=account, name=account.display_name)
