"""After a restore: what was dead stays dead, who was erased stays erased.

All of it happens in the transaction that brings the data back.

- Sessions, devices and links end, all of them: those of the backup may have been
  used, closed or stolen since, and no longer tell.
- Letters that were not used end too. Since the backup, each may have been used or
  replaced, and a sheet of paper that was thrown away must not open an account.
- Passwords changed since the backup would live again in their former state, maybe
  stolen: nobody knows the secret of what stands in their place, so a mailed link or
  a letter is the way. Where it is not known which were changed, so it is for all whose
  owner has an address; the others are renewed.
- An address replaced since is another person's mailbox, perhaps: the account is
  closed, and its school hands out a letter.
- What was closed, locked, withdrawn or erased since is so again: see :mod:`.replaying`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Final
from uuid import UUID

from attrs import Factory, frozen

from teleservices_core.hashing import new_secret
from teleservices_core.ports import Transaction
from teleservices_core.ports.academy import AuditEntry, AuditSearch
from teleservices_core.usecases.noted_acts import NotedAct, Persons
from teleservices_core.usecases.replaying import RESTORED, TOLD, replay
from teleservices_core.usecases.site import Site, audited

_LONGEST: Final = timedelta(days=1)
"""More than any act lasts."""
_TOLD_FOR: Final = timedelta(days=30)


@frozen
class Restored:
    """What was done after the data were brought back."""

    epoch: int
    counts: Mapping[str, int]
    lost: Mapping[str, int] = Factory(dict)
    """Acts that people have to do again, by action."""
    schools: tuple[str, ...] = ()
    """Where."""
    not_erased: tuple[str, ...] = ()
    """Headings of plugins that are not loaded, or that cannot erase them."""
    is_complete: bool = True
    """Whether all that came after the backup was known."""


def last_restore(site: Site, tx: Transaction) -> AuditEntry | None:
    """The last one, as long as people must be told: a month."""
    since = site.now() - _TOLD_FOR
    found = tx.audit.search(AuditSearch(actions=(RESTORED,), from_at=since), 1)
    return found[0] if found else None


def settle(
    site: Site,
    tx: Transaction,
    acts: Iterable[NotedAct],
    digest: Callable[[str, UUID], str],
    *,
    taken_at: datetime,
    epoch: int,
    is_complete: bool,
) -> Restored:
    """See above. ``acts`` are the ledger's, ``digest`` what stands for a person in them."""
    store, nobodys_hash = tx.restoring, site.hasher.hash_password(new_secret())
    noted = list(acts)
    lost = lost_acts(noted, taken_at, store.known_acts)
    is_complete = is_complete and not _was_in_the_dark(noted, store.known_acts)
    counts = Counter(store.end_everything(site.now()))
    ids = chain(store.accounts(), store.students(), store.adults())
    persons = Persons.of(ids, lost, digest)
    replayed, not_erased = replay(site, tx, lost, persons, nobodys_hash)
    counts += replayed
    if not is_complete:
        counts["passwords"] += store.kill_reachable(nobodys_hash)
        counts["to_renew"] += store.renew_passwords()
        counts["recovery_codes"] += store.drop_recovery_codes()
    store.raise_epoch(epoch)
    told = [act for act in lost if act.action in TOLD]
    done = Restored(
        epoch,
        +counts,
        Counter(act.action for act in told),
        tuple(sorted({act.detail["uai"] for act in told if "uai" in act.detail})),
        not_erased,
        is_complete,
    )
    tx.audit.add(
        audited(
            RESTORED,
            site.now(),
            None,
            taken_at=taken_at.isoformat(),
            epoch=epoch,
            counts=dict(done.counts),
            lost=dict(done.lost),
            schools=list(done.schools),
            not_erased=list(not_erased),
            is_complete=is_complete,
        )
    )
    return done


Known = Callable[[list[UUID]], set[UUID]]
"""Which of some acts the restored journal has."""


def _was_in_the_dark(acts: list[NotedAct], known: Known) -> bool:
    """Whether a restore that the backup does not know could not tell what it undid."""
    blind = [act.id for act in acts if act.action == RESTORED and not act.detail["is_complete"]]
    return len(known(blind)) < len(blind)


def lost_acts(acts: list[NotedAct], taken_at: datetime, known: Known) -> list[NotedAct]:
    """The acts that came after a backup, from the oldest.

    ``acts`` are in the order in which they were noted. What an earlier restore, known to
    the backup, did again is not done a second time: people went on from there.
    """
    restores = [act.id for act in acts if act.action == RESTORED]
    done = known(restores)
    last = max((n for n, act in enumerate(acts) if act.id in done), default=-1)
    # What the journal no longer knows, its time being over, is older. An act is dated
    # when it begins: it may have ended after the backup.
    recent = [act for act in acts[last + 1 :] if act.at >= taken_at - _LONGEST]
    there = known([act.id for act in recent])
    lost = [act for act in recent if act.id not in there and act.action != RESTORED]
    return sorted(lost, key=lambda act: (act.at, act.id))
