"""What an establishment set up in a module, for one school year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cattrs
from attrs import frozen

from teleservices_core.contributions import ModuleOptions
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError, SettingsError
from teleservices_core.ports import Transaction
from teleservices_core.settings import structure
from teleservices_core.usecases.once_more import once_more
from teleservices_core.usecases.rights import require_module
from teleservices_core.usecases.site import Site, audited

_plain = cattrs.Converter()
_plain.register_unstructure_hook_func(
    lambda kind: hasattr(kind, "isoformat"), lambda value: value.isoformat()
)


@frozen
class ChosenOptions:
    """The options in force, and the version that a change must build upon."""

    options: Any
    """An instance of the declared class."""
    version: int
    is_readable: bool = True
    """False when what was stored no longer fits the plugin: its defaults hold."""


def declared_options(site: Site, module_id: str) -> ModuleOptions:
    """What the module's plugin declares. Raises :exc:`NotFoundError` when it has no options."""
    declared = site.catalogue.options.get(module_id)
    if declared is None:
        raise NotFoundError(f"module {module_id} has no options")
    return declared


def options_of(
    site: Site, tx: Transaction, uai: Uai, module_id: str, year: SchoolYear
) -> ChosenOptions:
    """The options of an establishment, or the plugin's defaults. One statement."""
    declared = declared_options(site, module_id)
    stored = tx.school_pages.options(uai, module_id, year)
    try:
        chosen = structure(stored.options, declared.type, f"options of {module_id}")
    except SettingsError:
        return ChosenOptions(declared.type(), stored.version, is_readable=False)
    return ChosenOptions(chosen, stored.version)


def save_options(
    site: Site,
    viewer: Viewer | None,
    uai: Uai,
    module_id: str,
    year: SchoolYear,
    values: Mapping[str, Any],
    *,
    seen_version: int,
) -> Any:
    """Replace the options, checked by their class; returns the instance.

    Raises :exc:`SettingsError` naming each faulty option, :exc:`NotAllowedError`,
    or :exc:`ConflictError` when somebody else has saved since ``seen_version``.
    """
    declared = declared_options(site, module_id)
    chosen = structure(values, declared.type, f"options of {module_id}")
    once_more(lambda: _replace(site, viewer, uai, module_id, year, chosen, seen_version))
    return chosen


def _replace(
    site: Site,
    viewer: Viewer | None,
    uai: Uai,
    module_id: str,
    year: SchoolYear,
    chosen: Any,
    seen_version: int,
) -> None:
    now = site.now()
    with site.database.writing() as tx:
        if viewer is not None:
            require_module(site, tx, viewer.account, uai, module_id)
        plain = _plain.unstructure(chosen)
        stored = tx.school_pages.options(uai, module_id, year)
        if stored.version > seen_version and stored.options == plain:
            # Who clicks twice has saved it already.
            return
        tx.school_pages.replace_options(
            uai,
            module_id,
            year,
            plain,
            version=seen_version,
            set_by=viewer.name if viewer else "",
            set_at=now,
        )
        tx.audit.add(
            audited("module.options", now, viewer, uai=uai, module=module_id, school_year=str(year))
        )
