"""A copy of everything the site holds about a person (RGPD, articles 15 and 20)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from teleservices_core.contributions import DataScope, PersonalData
from teleservices_core.domain.accounts import Account
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.home import ChildAnswer, family_of
from teleservices_core.usecases.passwords import require_owner
from teleservices_core.usecases.site import Site, audited

log = logging.getLogger(__name__)


@frozen
class Section:
    """One heading of a copy."""

    data: PersonalData
    values: Mapping[str, Any] | None
    """None when the plugin failed: the copy says that it is not whole."""


@frozen
class PersonalCopy:
    """Everything held about an account and its persons, and what it may see, at an instant."""

    account: Account
    at: datetime
    sections: tuple[Section, ...]


def my_data(site: Site, viewer: Viewer, password: str) -> PersonalCopy:
    """The copy of who asks for it, and proves to be the account's owner.

    Raises :exc:`RefusedError` as :func:`.passwords.require_owner`.
    """
    require_owner(site, viewer, password)
    return _given(site, viewer.account, viewer)


def data_of(site: Site, login_name: str) -> PersonalCopy:
    """The copy of an account, for who answers a written request from the command line.

    Raises :exc:`NotFoundError` for an unknown identifier.
    """
    with site.database.reading() as tx:
        account = tx.accounts.by_login(login_name)
    if account is None:
        raise NotFoundError(f"no account {login_name!r}")
    return _given(site, account, None)


def _given(site: Site, account: Account, viewer: Viewer | None) -> PersonalCopy:
    with site.database.writing() as tx:
        tx.audit.add(audited("data.given", site.now(), viewer, subject_id=account.id))
    with site.database.reading() as tx:
        family = family_of(site, tx, account)
        scope = DataScope(
            account,
            tuple(answer.child for answer in family),
            site.now(),
            site.academie.zone,
            site.catalogue.audit_words,
        )
        sections = tuple(
            Section(data, _values(site, tx, data, _within(scope, data, family)))
            for data in site.catalogue.personal_data
        )
    return PersonalCopy(account, site.now(), sections)


def _within(scope: DataScope, data: PersonalData, family: list[ChildAnswer]) -> DataScope:
    if data.module_id is None:
        return scope
    seen = (
        answer.child
        for answer in family
        for module in answer.modules
        if module.is_open and module.decision.module.id == data.module_id
    )
    return evolve(scope, children=tuple(seen))


def _values(
    site: Site, tx: Transaction, data: PersonalData, scope: DataScope
) -> Mapping[str, Any] | None:
    try:
        return data.export(tx, scope)
    except Exception as error:
        log.exception("personal data %s cannot be exported", data.id)
        site.plugins.record_failure(data.id.partition(".")[0], data.id, error, site.now())
        return None
