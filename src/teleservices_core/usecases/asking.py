"""Ask for one decision, as a host does: for a family's child, or for a school as a whole."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.domain.activation import Question
from teleservices_core.domain.localtime import instant
from teleservices_core.domain.values import Uai
from teleservices_core.errors import NotFoundError
from teleservices_core.usecases.answers import ModuleAnswer, answer
from teleservices_core.usecases.home import child_module
from teleservices_core.usecases.site import Site


def ask_for_child(
    site: Site, module_id: str, account: Account | UUID | str, student_id: UUID, at: datetime | None
) -> ModuleAnswer:
    """Whether an account may enter a module about a student: three statements.

    ``account`` may be given by its id or its login name. Raises
    :exc:`NotFoundError` for what does not exist or is not the account's.
    """
    if not isinstance(account, Account):
        account = _account(site, account)
    when = instant(at) if at else None
    _child, found = child_module(site, account, student_id, module_id, at=when)
    if found is None:
        raise NotFoundError(f"no module {module_id}")
    return found


def _account(site: Site, key: UUID | str) -> Account:
    with site.database.reading() as tx:
        found = tx.accounts.get(key) if isinstance(key, UUID) else tx.accounts.by_login(key)
    if found is None:
        raise NotFoundError(f"no account {key}")
    return found


def ask_for_school(
    site: Site, module_id: str, uai: Uai, audience: Audience, at: datetime | None
) -> ModuleAnswer:
    """Whether a module is open in an establishment, classes set apart left aside: two statements.

    Raises :exc:`NotFoundError` for an unknown module or establishment.
    """
    module = site.catalogue.module(module_id)
    if module is None:
        raise NotFoundError(f"no module {module_id}")
    at = instant(at) if at else site.now()
    year = site.academie.school_year(at)
    with site.database.reading() as tx:
        establishment = tx.roster.establishment(uai)
        if establishment is None:
            raise NotFoundError(f"no establishment {uai}")
        policy = tx.policy.policy([uai], year)
    question = Question(
        establishment=establishment,
        school_year=year,
        audience=audience,
        at=at,
        zone=site.academie.zone,
        policy=policy,
    )
    return answer(site, module, question)
