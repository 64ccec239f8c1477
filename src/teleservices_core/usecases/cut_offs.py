"""Cut a plugin off while the site runs, and put it back: no restart, in every process.

Decisions read what is cut off with the rest of the policy, so that a module
closes at once. What a process does without asking for a decision (other pages
of a plugin, its hooks) follows within :data:`KNOWN_FOR`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from teleservices_core.catalogue import BUILTIN
from teleservices_core.domain.policy import CutOff
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError, RefusedError, UnavailableError
from teleservices_core.i18n import _
from teleservices_core.usecases.rights import require_academy
from teleservices_core.usecases.site import Site, audited

log = logging.getLogger(__name__)
KNOWN_FOR: Final = timedelta(seconds=3)
"""How long a process goes by what it last read."""


def known_cut_offs(site: Site) -> Mapping[str, CutOff]:
    """What is cut off, by plugin; read again now and then, one statement each time."""
    plugins, now = site.plugins, site.now()
    read_at = plugins.cut_offs_read_at
    if read_at is None or not timedelta(0) <= now - read_at < KNOWN_FOR:
        _read(site)
    return plugins.cut_offs


def _read(site: Site) -> None:
    with site.database.reading() as tx:
        found = tx.cut_offs.all()
    site.plugins.cut_offs = {each.plugin: each for each in found}
    site.plugins.cut_offs_read_at = site.now()


def notify(site: Site, hook_name: str, **arguments: Any) -> None:
    """Tell every plugin that is not cut off, after the commit; failures are recorded."""
    with suppress(UnavailableError):
        # What is to be told has been committed: what was last read will do.
        known_cut_offs(site)
    site.plugins.notify(hook_name, site.now(), **arguments)


def cut_off(site: Site, viewer: Viewer | None, plugin: str, reason: str) -> CutOff:
    """Switch a plugin off, for every establishment. ``viewer`` None is the command line.

    Raises :exc:`NotFoundError` for a plugin that does not run,
    :exc:`NotAllowedError` for who is not of the académie, :exc:`RefusedError`
    ``core`` for the core itself, ``no_reason``, or ``already_cut``.
    """
    now, reason = site.now(), reason.strip()[:300]
    if plugin == BUILTIN:
        raise RefusedError("core")
    if plugin not in site.catalogue.declared:
        raise NotFoundError(f"no plugin {plugin!r} is running")
    if not reason:
        raise RefusedError("no_reason")
    done = CutOff(plugin, now, viewer.name if viewer else "", reason)
    with site.database.writing() as tx:
        if viewer is not None:
            require_academy(site, tx, viewer.account)
        if not tx.cut_offs.add(done):
            raise RefusedError("already_cut")
        tx.audit.add(audited("plugin.cut", now, viewer, plugin=plugin, reason=reason))
    _read(site)
    return done


def cut_off_exhausted(site: Site) -> None:
    """Switch off the plugins that fail too often: what they still break is everybody's page."""
    for plugin, where in site.plugins.exhausted():
        log.error("plugin %s fails too often, last in %s: it is cut off", plugin, where)
        said = _("Coupée d’elle-même : elle échoue sans cesse (en dernier, {where}).")
        # Another process may have done it, and a database that is away is told at each page.
        with suppress(RefusedError, UnavailableError):
            cut_off(site, None, plugin, said.format(where=where))


def restore(site: Site, viewer: Viewer | None, plugin: str) -> None:
    """Switch a plugin on again.

    Raises :exc:`NotAllowedError` for who is not of the académie,
    :exc:`RefusedError` ``not_cut``.
    """
    with site.database.writing() as tx:
        if viewer is not None:
            require_academy(site, tx, viewer.account)
        if not tx.cut_offs.remove(plugin):
            raise RefusedError("not_cut")
        tx.audit.add(audited("plugin.restored", site.now(), viewer, plugin=plugin))
    _read(site)
