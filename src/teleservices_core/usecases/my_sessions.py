"""« Mon compte »: where one is signed in, and the devices that the account knows."""

from __future__ import annotations

from attrs import frozen

from teleservices_core.domain.accounts import Device, Session
from teleservices_core.domain.viewers import Viewer
from teleservices_core.usecases.site import Site, audited


@frozen
class MyAccess:
    """Where an account is signed in, and the devices that it knows."""

    sessions: tuple[Session, ...]
    """The latest used first."""
    devices: tuple[Device, ...]
    """The latest used first."""


def my_access(site: Site, viewer: Viewer) -> MyAccess:
    """The account's open sessions and known devices: two statements."""
    with site.database.reading() as tx:
        return MyAccess(
            tuple(tx.sessions.of_account(viewer.account.id, site.now())),
            tuple(tx.devices.of_account(viewer.account.id)),
        )


def close_session(site: Site, viewer: Viewer, handle: str) -> bool:
    """Close one of one's own sessions, named by its handle; False when it was over already."""
    now = site.now()
    with site.database.writing() as tx:
        mine = tx.sessions.of_account(viewer.account.id, now)
        closed = [x for x in mine if x.handle == handle and tx.sessions.remove(x.id_hash)]
        if closed:
            tx.audit.add(
                audited(
                    "account.session_closed",
                    now,
                    viewer,
                    subject_id=viewer.account.id,
                    device=closed[0].device,
                )
            )
    return bool(closed)


def close_other_sessions(site: Site, viewer: Viewer) -> int:
    """Sign out everywhere but here, and know no other device; returns from how many places."""
    account_id, session = viewer.account.id, viewer.session
    with site.database.writing() as tx:
        number = tx.sessions.remove_all(account_id, but=session.id_hash)
        tx.devices.forget(account_id, but=session.device_hash)
        tx.audit.add(
            audited(
                "account.sessions_closed",
                site.now(),
                viewer,
                subject_id=account_id,
                number=number,
            )
        )
    return number
