"""Choose a password: the one rule, whatever the way that leads there."""

from __future__ import annotations

from teleservices_core.common_passwords import is_common
from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.domain.credentials import (
    PASSWORD_MIN,
    PASSWORD_MIN_STAFF,
    password_problem,
)
from teleservices_core.errors import RefusedError


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
