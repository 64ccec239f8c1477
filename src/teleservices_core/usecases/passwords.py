"""Choose a password: the one rule, whatever the way that leads there."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve

from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.domain.credentials import (
    PASSWORD_MIN,
    PASSWORD_MIN_STAFF,
    password_problem,
)
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import RefusedError
from teleservices_core.password_strength import weakness
from teleservices_core.ports import Transaction
from teleservices_core.usecases.home import known_children
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.site import Site
from teleservices_core.usecases.throttling import is_password

_RECENT: Final = timedelta(minutes=10)
"""Age of a session that stands for a password, where there is none to ask."""


def minimum_length(audience: Audience) -> int:
    """The shortest password accepted, in characters."""
    return PASSWORD_MIN_STAFF if audience is Audience.STAFF else PASSWORD_MIN


def require_good_password(site: Site, account: Account, password: str) -> None:
    """Raise :exc:`RefusedError` with the code of the password's problem (detail ``minimum``)."""
    minimum = minimum_length(account.audience)
    problem = password_problem(
        password, minimum=minimum, weakness=weakness, personal=own_words(site, account)
    )
    if problem:
        raise RefusedError(problem, minimum=minimum)


def own_words(site: Site, account: Account) -> set[str]:
    """What a neighbor knows of who chooses: names, children, schools, towns, the address's name.

    Each word, and the words of a name as one.
    """
    with site.database.reading() as tx:
        children = known_children(site, tx, account)
    said = [account.login_name, account.display_name, site.settings.academie.name]
    said += [address.partition("@")[0] for address in (account.email,) if address]
    for child in children:
        school = child.establishment
        place = (school.town, school.address.town, school.address.postal_code)
        said += (child.student.full_name, school.name, *place)
    found = {part for each in said for part in re.split(r"[\W\d_]+", each)}
    found |= {re.sub(r"[\W_]+", "", each) for each in said}
    return found - {""}


def require_password(site: Site, account: Account, password: str) -> None:
    """Have the account's own password given again.

    A session left open on a shared computer must not be enough. Raises
    :exc:`RefusedError` ``wrong_password`` or ``throttled`` (detail ``until``).
    """
    if not is_password(site, account, password):
        raise RefusedError("wrong_password")


def require_owner(site: Site, viewer: Viewer, password: str) -> None:
    """Have the password given again or, where there is none, a session opened just now.

    Raises :exc:`RefusedError` as :func:`require_password`, or ``sign_in_again``.
    """
    if viewer.account.password_hash is not None:
        require_password(site, viewer.account, password)
    elif site.now() - viewer.session.created_at > _RECENT:
        raise RefusedError("sign_in_again")


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
