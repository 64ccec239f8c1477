"""A copy of everything the site holds about a person (RGPD, articles 15 and 20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from teleservices_core.contributions import PersonalData
from teleservices_core.domain.accounts import Account
from teleservices_core.domain.families import Child
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError
from teleservices_core.i18n import _
from teleservices_core.ports import Transaction
from teleservices_core.usecases.exporting import Section, exported, scope_of
from teleservices_core.usecases.home import ChildAnswer, family_of
from teleservices_core.usecases.kept import Kept, kept_data
from teleservices_core.usecases.passwords import require_owner
from teleservices_core.usecases.site import Site, audited


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
        kept = kept_data(site, tx, account)
        gather = _Gather(site, tx, account, family, kept)
        sections = tuple(map(gather.section, site.catalogue.personal_data))
    return PersonalCopy(account, site.now(), sections)


@frozen
class _Gather:
    site: Site
    tx: Transaction
    account: Account
    family: Sequence[ChildAnswer]
    kept: Mapping[str, tuple[Kept, ...]]

    def section(self, data: PersonalData) -> Section:
        """What is shown today and, of a module, what was until it was switched off."""
        site, tx, now = self.site, self.tx, self.site.now()
        today = scope_of(site, self.account, self._today(data), now)
        section = exported(site, tx, data, today)
        before = [
            (each, self._then(data, each)) for each in self.kept.get(data.module_id or "", ())
        ]
        if section.values is None or not before or any(v is None for _kept, v in before):
            return evolve(section, values=None) if before else section
        told = [_dated(each, values) for each, values in before]
        return evolve(section, values={**section.values, _("montré auparavant"): told})

    def _today(self, data: PersonalData) -> list[Child]:
        return [
            answer.child
            for answer in self.family
            if data.module_id is None
            or any(m.is_open and m.decision.module.id == data.module_id for m in answer.modules)
        ]

    def _then(self, data: PersonalData, kept: Kept) -> Mapping[str, Any] | None:
        scope = scope_of(self.site, self.account, [kept.child], kept.at)
        return exported(self.site, self.tx, data, scope).values


def _dated(kept: Kept, values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return {
        _("élève"): kept.child.student.full_name,
        _("établissement"): kept.child.establishment.name,
        _("année scolaire"): str(kept.child.schooling.school_year),
        _("tel qu’au"): kept.at,
        _("données"): values,
    }
