"""How an establishment publishes its marks: read it, choose it."""

from __future__ import annotations

from typing import Any, Final

from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.rights import require_module
from teleservices_core.usecases.site import Site, audited
from teleservices_notes.model import PublicationPlan
from teleservices_notes.usecases.ports import Opens, RecordedPlan

MODULE_ID: Final = "notes"


def require_establishment(tx: Transaction, uai: Uai) -> Establishment:
    """The establishment. Raises :exc:`NotFoundError` for an unknown one."""
    found = tx.roster.establishment(uai)
    if found is None:
        raise NotFoundError(f"no establishment {uai}")
    return found


def publication_plan(site: Site, uai: Uai, opens: Opens) -> RecordedPlan:
    """An establishment's plan for the year under way. Raises :exc:`NotFoundError`."""
    with site.database.reading() as tx:
        require_establishment(tx, uai)
        return opens(tx.connection).plan(uai, site.school_year())


def set_plan(
    site: Site,
    viewer: Viewer | None,
    uai: Uai,
    plan: PublicationPlan,
    version: int,
    opens: Opens,
) -> None:
    """Choose how an establishment publishes, for the year under way (F50, F51).

    Holds at once, for marks already entered too. ``viewer`` None is the command
    line. Raises :exc:`NotFoundError` for an unknown establishment,
    :exc:`NotAllowedError`, and :exc:`ConflictError` if the recorded plan is no
    longer the version that was read.
    """
    year = site.school_year()
    with site.database.writing() as tx:
        require_establishment(tx, uai)
        if viewer is not None:
            require_module(site, tx, viewer, uai, MODULE_ID)
        store = opens(tx.connection)
        before = store.plan(uai, year).plan
        store.set_plan(uai, year, plan, version)
        tx.audit.add(
            audited(
                "notes.publication_set",
                site.now(),
                viewer,
                uai=uai,
                school_year=str(year),
                before=_told(before),
                after=_told(plan),
            )
        )


def _told(plan: PublicationPlan) -> Any:
    return plan.default.mode.value
