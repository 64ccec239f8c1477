"""What plugins give of the data they keep; one that fails leaves a gap that says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from teleservices_core.contributions import DataScope, PersonalData
from teleservices_core.domain.accounts import Account
from teleservices_core.domain.families import Child
from teleservices_core.ports import Transaction
from teleservices_core.usecases.site import Site


@frozen
class Section:
    """One heading, with its data by label."""

    data: PersonalData
    values: Mapping[str, Any] | None
    """None when the plugin failed: what is made of it says that it is not whole."""


def exported(site: Site, tx: Transaction, data: PersonalData, scope: DataScope) -> Section:
    """Ask a plugin for the data of a scope."""
    try:
        return Section(data, data.export(tx, scope))
    except Exception as error:  # noqa: BLE001 - a plugin does what it wants
        site.plugins.record_failure(data.id.partition(".")[0], data.id, error, site.now())
        return Section(data, None)


def scope_of(site: Site, account: Account, children: Iterable[Child], at: datetime) -> DataScope:
    """What an account may know of some children at an instant."""
    jobs = {name: kind.label for name, kind in site.catalogue.jobs.items()}
    words = site.catalogue.audit_words
    return DataScope(account, tuple(children), at, site.academie.zone, words, jobs)
