"""A head entrusts one module to a member of his staff, for a time."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.delegations import Delegation
from teleservices_core.domain.staff import CONSOLE_ROLES, HEAD_ROLES, StaffMember
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.usecases.rights import require_head
from teleservices_core.usecases.site import Site, audited


@frozen
class Delegations:
    """Who may be entrusted with a module, and what was entrusted."""

    staff: tuple[StaffMember, ...]
    """Those who work in the console today and do not head the establishment."""
    given: tuple[tuple[Delegation, str], ...]
    """Each with the name of its holder; those who left are named too."""


def delegations(site: Site, uai: Uai) -> Delegations:
    """Everything entrusted in an establishment, the latest to begin first."""
    today = site.academie.today(site.now())
    with site.database.reading() as tx:
        members = tx.staff.of_establishment(uai, today)
        given = tx.delegations.of_establishment(uai)
        names = tx.staff.names([each.staff_id for each in given])
    heads = {member.id for member, role in members if role in HEAD_ROLES}
    others = {
        member.id: member
        for member, role in members
        if role in CONSOLE_ROLES and member.id not in heads
    }
    return Delegations(
        tuple(others.values()), tuple((each, names.get(each.staff_id, "")) for each in given)
    )


def delegate(
    site: Site,
    viewer: Viewer,
    uai: Uai,
    module_id: str,
    staff_id: UUID,
    from_on: date,
    until_on: date,
) -> Delegation:
    """Entrust a module, between two local days both included.

    Raises :exc:`NotFoundError` for an unknown module, :exc:`RefusedError`
    ``not_staff`` for who has no part in its console, ``ends_before`` for dates that
    leave no day to come.
    """
    now = site.now()
    today = site.academie.today(now)
    if site.catalogue.module(module_id) is None:
        raise NotFoundError(f"no module {module_id}")
    if until_on < max(from_on, today):
        raise RefusedError("ends_before")
    with site.database.writing() as tx:
        require_head(site, tx, viewer.account, uai)
        members = tx.staff.of_establishment(uai, today)
        if staff_id not in {member.id for member, role in members if role in CONSOLE_ROLES}:
            raise RefusedError("not_staff")
        # One at a time: who clicks twice has given it already.
        tx.accounts.hold(viewer.account.id)
        same = (module_id, staff_id, from_on, until_on)
        for each in tx.delegations.of_establishment(uai):
            if (each.module_id, each.staff_id, each.from_on, each.until_on) == same and (
                each.ended_at is None
            ):
                return each
        delegation = Delegation(
            id=site.new_id(),
            uai=uai,
            module_id=module_id,
            staff_id=staff_id,
            from_on=from_on,
            until_on=until_on,
            given_by=viewer.name,
            given_at=now,
        )
        tx.delegations.add(delegation)
        tx.audit.add(
            audited(
                "delegation.given",
                now,
                viewer,
                uai=uai,
                subject_id=staff_id,
                module=module_id,
                from_on=from_on.isoformat(),
                until_on=until_on.isoformat(),
            )
        )
    return delegation


def end_delegation(site: Site, viewer: Viewer, uai: Uai, delegation_id: UUID) -> None:
    """Take a delegation back at once.

    Raises :exc:`NotFoundError` for one of another establishment,
    :exc:`ConflictError` if it has ended already.
    """
    now = site.now()
    with site.database.writing() as tx:
        require_head(site, tx, viewer.account, uai)
        if delegation_id not in {each.id for each in tx.delegations.of_establishment(uai)}:
            raise NotFoundError(f"no delegation {delegation_id} in {uai}")
        tx.delegations.end(delegation_id, uai, now)
        tx.audit.add(
            audited("delegation.ended", now, viewer, uai=uai, delegation=str(delegation_id))
        )
