"""The day when passwords are out: have them renewed, close sessions. For the académie only.

Each act is a few statements, whatever the number of accounts, and one entry of
the audit trail with what it did.
"""

from __future__ import annotations

from attrs import frozen

from teleservices_core.domain.incidents import Population, RenewalCounts
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.rights import require_academy
from teleservices_core.usecases.site import Site, audited


@frozen
class Done:
    """What an act did."""

    accounts: int
    """Whose password must now be renewed at the next sign-in."""
    sessions: int
    """That were closed."""


def plan(site: Site, viewer: Viewer | None, population: Population) -> RenewalCounts:
    """What the acts below would do, without doing it. ``viewer`` None is the command line.

    Raises :exc:`NotFoundError` for an unknown establishment,
    :exc:`NotAllowedError` for who is not of the académie.
    """
    with site.database.reading() as tx:
        _require(site, tx, viewer, population)
        return tx.incidents.count(population, site.school_year(), site.academie.today(site.now()))


def force_renewal(site: Site, viewer: Viewer | None, population: Population) -> Done:
    """Have a population choose new passwords at the next sign-in, and close its sessions.

    Accounts that were never claimed, have no password of ours, or chose theirs
    since ``population.changed_since`` are left alone. Who acts stays signed in
    here. Raises as :func:`plan`.
    """
    year, today = site.school_year(), site.academie.today(site.now())
    with site.database.writing() as tx:
        _require(site, tx, viewer, population)
        accounts = tx.incidents.require_renewal(population, year, today)
        # Afterwards: whoever signed in just before is signed out again.
        sessions = tx.incidents.close_sessions(
            population, year, today, to_renew=True, but=_own(viewer)
        )
        done = Done(accounts, sessions)
        _note(site, tx, viewer, "incident.renewal", population, done)
    return done


def close_sessions(site: Site, viewer: Viewer | None, population: Population) -> Done:
    """Sign a population out everywhere; who acts stays signed in here. Raises as :func:`plan`."""
    year, today = site.school_year(), site.academie.today(site.now())
    with site.database.writing() as tx:
        _require(site, tx, viewer, population)
        closed = tx.incidents.close_sessions(population, year, today, but=_own(viewer))
        done = Done(0, closed)
        _note(site, tx, viewer, "incident.sessions_closed", population, done)
    return done


def _require(site: Site, tx: Transaction, viewer: Viewer | None, population: Population) -> None:
    if viewer is not None:
        require_academy(site, tx, viewer.account)
    if population.uai is not None and tx.roster.establishment(population.uai) is None:
        raise NotFoundError(f"no establishment {population.uai}")


def _own(viewer: Viewer | None) -> str | None:
    return viewer.session.id_hash if viewer else None


def _note(
    site: Site,
    tx: Transaction,
    viewer: Viewer | None,
    action: str,
    population: Population,
    done: Done,
) -> None:
    since = population.changed_since
    tx.audit.add(
        audited(
            action,
            site.now(),
            viewer,
            uai=population.uai,
            audience=population.audience or "",
            changed_since=since.isoformat() if since else "",
            accounts=done.accounts,
            sessions=done.sessions,
        )
    )
