"""« Regrouper des comptes »: a guardian's children under one account (F18, F19).

Whoever groups has proved both accounts, and the names agree. The account that
is signed in is kept; the other gives its persons and waits, unusable, until it
can no longer be undone. Both addresses are told.

Whatever reads before it writes also raises the version of the account that
holds the persons: two acts on the same accounts cannot both succeed. The one
that comes second is tried again, from what the first has left.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import (
    Account,
    AccountState,
    Audience,
    Token,
    TokenPurpose,
)
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.families import Child
from teleservices_core.domain.grouping import (
    Grouping,
    given,
    same_holder,
    taken_back,
    works_again,
)
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotAllowedError, NotFoundError, RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.home import known_children
from teleservices_core.usecases.links import dead, look_at, send_link, send_mail, use
from teleservices_core.usecases.once_more import once_more
from teleservices_core.usecases.signing_in import purpose_of
from teleservices_core.usecases.site import Site, audited
from teleservices_core.usecases.throttling import Proof, forget_failures, is_password, prove


@frozen
class Attached:
    """Children of an account who came to it the same way."""

    children: tuple[Child, ...]
    grouping: Grouping | None = None
    """None for those whom the account had by itself."""
    from_login: str = ""
    """Of the account that was grouped."""
    may_be_undone: bool = False


def attached_children(site: Site, viewer: Viewer) -> list[Attached]:
    """The children of an account: its own, then those of each grouping (F19). Three statements."""
    now = site.now()
    with site.database.reading() as tx:
        children = known_children(site, tx, viewer.account)
        groupings = tx.groupings.into(viewer.account.id)
        logins = tx.accounts.login_names([each.other_id for each in groupings])
    gained = {person for each in groupings for person in each.person_ids}
    own = Attached(tuple(child for child in children if _through(child) not in gained))
    return [own] + [
        Attached(
            tuple(child for child in children if _through(child) in each.person_ids),
            each,
            logins[each.other_id],
            each.may_be_undone(now),
        )
        for each in groupings
    ]


def _through(child: Child) -> UUID | None:
    return child.link.adult_id if child.link else None


def group(
    site: Site, viewer: Viewer, login_name: str, secret: str, current: str, *, source: str
) -> Grouping:
    """Take the persons of another account of the same guardian.

    ``secret`` is that account's password, or its letter's provisional one,
    which is used up; ``current`` is the viewer's own password. Raises
    :exc:`RefusedError` ``wrong_password``, ``throttled`` (detail ``until``),
    ``wrong_credentials`` and, once both are proved, whatever
    :func:`.signing_in.purpose_of` says of the other account,
    ``not_guardian``, ``same_account`` or ``names_differ`` (details ``name``,
    ``school``); :exc:`ConflictError` when one of the accounts keeps changing.
    """
    if not viewer.is_guardian or not viewer.in_full:
        raise NotAllowedError("only a guardian groups accounts")
    # Whom the host alone signs in has no password to give again.
    has_password = viewer.account.password_hash is not None
    if has_password and not is_password(site, viewer.account, current):
        raise RefusedError("wrong_password")
    proof = prove(site, login_name, secret, source=source)
    if (done := _taken(site, viewer, proof)) is not None:
        return done
    _require_groupable(site, viewer.account, proof)
    try:
        return once_more(lambda: _take(site, viewer, proof))
    except RefusedError as refused:
        done = _taken(site, viewer, proof) if refused.code in {"grouped", "letter_used"} else None
        if done is None:
            raise
        return done


def _taken(site: Site, viewer: Viewer, proof: Proof) -> Grouping | None:
    """The grouping of who asks for it again."""
    with site.database.reading() as tx:
        grouping = tx.groupings.out_of(proof.account.id)
    return grouping if grouping and grouping.account_id == viewer.account.id else None


def _require_groupable(site: Site, account: Account, proof: Proof) -> None:
    purpose_of(proof, site.now())
    if proof.account.audience is not Audience.GUARDIAN:
        raise RefusedError("not_guardian")
    if proof.account.id == account.id:
        raise RefusedError("same_account")


def _take(site: Site, viewer: Viewer, proof: Proof) -> Grouping:
    now = site.now()
    with site.database.writing() as tx:
        account = _reread(tx, viewer.account)
        other = _reread(tx, proof.account)
        _require_same_name(site, tx, account, other, proof)
        letter = proof.letter
        if letter is not None and not tx.letters.use(letter.id, now):
            raise RefusedError(letter.refusal(now) or "letter_used", uai=letter.uai)
        grouping = join(site, tx, viewer, account, other)
        forget_failures(tx, proof)
        return grouping


def join(
    site: Site, tx: Transaction, viewer: Viewer | None, account: Account, other: Account
) -> Grouping:
    """Give the persons of ``other`` to ``account``, and tell both; who asks has the right to.

    Raises :exc:`ConflictError` when one has changed since it was read,
    :exc:`TransitionError` for an account that cannot give.
    """
    now, gave = site.now(), given(other)
    _replace_both(tx, (account, account), (other, gave))
    grouping = Grouping(
        id=site.new_id(),
        account_id=account.id,
        other_id=other.id,
        person_ids=other.holder_ids,
        at=now,
        until_at=now + timedelta(days=site.settings.durations.grouping_undo_days),
    )
    tx.groupings.add(grouping)
    tx.accounts.move_holders(other.holder_ids, other.id, account.id)
    tx.sessions.remove_all(other.id)
    _note(tx, now, viewer, ("account.gathered", account), ("account.grouped", other))
    if account.audience is Audience.GUARDIAN:
        _tell_both(site, tx, account, gave, grouping)
    return grouping


def _reread(tx: Transaction, known: Account) -> Account:
    """The account as it is now, if it still has the secrets that were proved."""
    account = tx.accounts.get(known.id)
    if account is not None and account.state is AccountState.GROUPED:
        raise RefusedError("grouped")
    if account is None or (account.state, account.epoch) != (known.state, known.epoch):
        raise ConflictError(f"account {known.login_name} has changed meanwhile")
    return account


def _require_same_name(
    site: Site, tx: Transaction, account: Account, other: Account, proof: Proof
) -> None:
    adults = {each.id: each for each in tx.roster.adults((*account.holder_ids, *other.holder_ids))}
    mine, theirs = (
        [adults[person] for person in each.holder_ids if person in adults]
        for each in (account, other)
    )
    if not same_holder(mine, theirs):
        school = _school_of(site, tx, proof)
        raise RefusedError("names_differ", name=other.display_name, school=school)


def _school_of(site: Site, tx: Transaction, proof: Proof) -> Establishment | None:
    if proof.letter is not None and proof.letter.uai:
        return tx.roster.establishment(Uai(proof.letter.uai))
    children = known_children(site, tx, proof.account)
    return children[0].establishment if children else None


def _note(
    tx: Transaction,
    now: datetime,
    viewer: Viewer | None,
    one: tuple[str, Account],
    two: tuple[str, Account],
) -> None:
    for (action, account), (_action, other) in ((one, two), (two, one)):
        entry = audited(action, now, viewer, subject_id=account.id, other=str(other.id))
        tx.audit.add(entry)


def _tell_both(
    site: Site, tx: Transaction, account: Account, gave: Account, grouping: Grouping
) -> None:
    if account.email:
        send_mail(
            site,
            tx,
            "core.grouped",
            account.email,
            account=account,
            name=account.display_name,
            login=gave.login_name,
            until=grouping.until_at.isoformat(),
        )
    offer_undoing(site, tx, gave)


def offer_undoing(site: Site, tx: Transaction, account: Account) -> None:
    """Mail the link that undoes a grouping to the account that gave its persons, if it did."""
    now = site.now()
    grouping = tx.groupings.out_of(account.id)
    if account.email and grouping is not None and grouping.may_be_undone(now):
        purpose, lifetime = TokenPurpose.UNDO_GROUPING, grouping.until_at - now
        send_link(site, tx, account, purpose, account.email, lifetime)


def _replace_both(tx: Transaction, *changes: tuple[Account, Account]) -> None:
    # Accounts by id, and before anything of theirs: who locks several keeps this order.
    for before, after in sorted(changes, key=lambda change: change[0].id):
        tx.accounts.replace(before, after)


def undo(site: Site, viewer: Viewer, grouping_id: UUID) -> None:
    """Give back what a grouping brought to the viewer's account.

    One that is undone already stays so. Raises :exc:`NotFoundError` for a grouping of
    others, :exc:`RefusedError` ``too_late`` for one too old.
    """

    def act() -> None:
        with site.database.writing() as tx:
            grouping = tx.groupings.get(grouping_id)
            if grouping is None or grouping.account_id != viewer.account.id:
                raise NotFoundError("no such grouping for this account")
            if grouping.undone_at is not None:
                return
            separate(site, tx, viewer, grouping)

    once_more(act)


def look_at_undo(site: Site, secret: str) -> tuple[Token, Grouping, Account]:
    """What a mailed link can undo, without using it, and the account that comes back.

    Raises :exc:`RefusedError` as :func:`.links.look_at`.
    """
    token, account = look_at(site, secret, TokenPurpose.UNDO_GROUPING)
    with site.database.reading() as tx:
        grouping = tx.groupings.out_of(account.id)
    if token.epoch != account.epoch or grouping is None or not grouping.may_be_undone(site.now()):
        raise dead(site, secret)
    return token, grouping, account


def undo_by_link(site: Site, secret: str) -> bool:
    """Use a mailed link; returns whether its account can be signed in to at once.

    Raises :exc:`RefusedError` as :func:`look_at_undo`.
    """

    def act() -> bool:
        token, grouping, account = look_at_undo(site, secret)
        with site.database.writing() as tx:
            separate(site, tx, None, grouping)
            use(tx, token, site.now())
        return works_again(account)

    return once_more(act)


def separate(
    site: Site,
    tx: Transaction,
    viewer: Viewer | None,
    grouping: Grouping,
    *,
    in_time: bool = True,
) -> None:
    """Give back what a grouping brought; only ``in_time`` unless a school has to sort it out.

    Raises :exc:`RefusedError` ``too_late``, :exc:`ConflictError`.
    """
    now = site.now()
    if in_time and not grouping.may_be_undone(now):
        raise RefusedError("too_late")
    # The account that has the persons today, which may be further than the one
    # that took them; then both accounts; then the way between: whatever changes
    # that way changes the versions read before.
    holder_ids = set(tx.accounts.holders_of(grouping.person_ids).values())
    kept = tx.accounts.get(holder_ids.pop()) if len(holder_ids) == 1 else None
    other = tx.accounts.get(grouping.other_id)
    further = _further(tx, grouping)
    if kept is None or other is None or kept.id != (further or [grouping])[-1].account_id:
        raise ConflictError("the accounts have changed meanwhile")
    if other.state not in {AccountState.GROUPED, AccountState.CLOSED}:
        raise ConflictError("the accounts have changed meanwhile")
    _replace_both(tx, (kept, kept), (other, taken_back(other)))
    if not tx.groupings.undo(grouping.id, now, in_time=in_time):
        raise RefusedError("too_late")
    for each in further:
        left = [person for person in each.person_ids if person not in grouping.person_ids]
        tx.groupings.keep(each.id, left)
    tx.accounts.move_holders(grouping.person_ids, kept.id, other.id)
    _note(tx, now, viewer, ("account.gathering_undone", kept), ("account.ungrouped", other))
    if kept.audience is Audience.GUARDIAN:
        _tell_undoing(site, tx, kept, other)


def _further(tx: Transaction, grouping: Grouping) -> list[Grouping]:
    found: list[Grouping] = []
    onward = tx.groupings.out_of(grouping.account_id)
    while onward is not None:
        found.append(onward)
        onward = tx.groupings.out_of(onward.account_id)
    return found


def _tell_undoing(site: Site, tx: Transaction, kept: Account, other: Account) -> None:
    usable = "core.ungrouped" if works_again(other) else "core.ungrouped_closed"
    for kind, account in (("core.gathering_undone", kept), (usable, other)):
        if account.email:
            send_mail(
                site,
                tx,
                kind,
                account.email,
                account=account,
                name=account.display_name,
                login=other.login_name,
            )
