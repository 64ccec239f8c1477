"""Security keys of staff: ask one, add it, take it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from teleservices_core.domain.security_keys import (
    MOST_KEYS,
    SecurityKey,
    name_of_key,
)
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.security_keys import NewKey, ask, ask_for_new, new_question, read_new
from teleservices_core.usecases.factor_proof import answered_question, keys_of, site_of_keys, tell
from teleservices_core.usecases.passwords import require_owner
from teleservices_core.usecases.second_factor import has_one, new_codes, require_free
from teleservices_core.usecases.signing_in import SignedIn, as_proved
from teleservices_core.usecases.site import Site, audited

ADDED: Final = "account.key_added"
REMOVED: Final = "account.key_removed"


def question_for_new(site: Site, viewer: Viewer) -> Mapping[str, Any]:
    """What the browser has a new key made for. Raises as :func:`add_key` before the answer."""
    require_free(viewer)
    known_by, question = site_of_keys(site), new_question()
    with site.database.writing() as tx:
        keys = keys_of(site, tx, viewer.account.id)
        tx.sessions.ask(viewer.session.id_hash, question, site.now())
    known = [key.credential for key in keys]
    name = site.settings.site_name
    return ask_for_new(known_by, question, viewer.account, site_name=name, known=known)


def question(site: Site, viewer: Viewer) -> Mapping[str, Any]:
    """What the browser has one of the account's keys sign. Raises :exc:`NotFoundError`."""
    known_by, drawn = site_of_keys(site), new_question()
    with site.database.writing() as tx:
        keys = keys_of(site, tx, viewer.account.id)
        if not keys:
            raise NotFoundError("no key to ask")
        tx.sessions.ask(viewer.session.id_hash, drawn, site.now())
    return ask(known_by, drawn, [key.credential for key in keys])


def add_key(
    site: Site, viewer: Viewer, typed: str, answer: str, password: str
) -> tuple[SignedIn, list[str]]:
    """Take a key that was just made; returns the session, and recovery codes with the first.

    Every other session is closed. Raises :exc:`NotAllowedError` to families, before the
    second factor was given and where browsers let no key answer; :exc:`RefusedError`
    ``no_name``, ``name_taken``, ``too_many``, ``wrong_key``, ``known_key``, or as
    :func:`.passwords.require_owner`.
    """
    require_free(viewer)
    known_by, now = site_of_keys(site), site.now()
    with site.database.reading() as tx:
        _name(typed, tx.factors.keys(viewer.account.id))
    require_owner(site, viewer, password)
    with site.database.writing() as tx:
        asked = answered_question(site, tx, viewer)
    new = None if asked is None else read_new(known_by, asked, answer)
    if new is None:
        raise RefusedError("wrong_key")
    with site.database.writing() as tx:
        before = as_proved(tx, viewer.account)
        # Once more, now that nobody else changes them.
        name = _name(typed, tx.factors.keys(before.id))
        if tx.factors.has_key(new.credential):
            raise RefusedError("known_key")
        key = _as_kept(site, viewer, new, name, known_by.id)
        tx.factors.add_key(key)
        codes = new_codes(site, tx, before.id) if before.factor_since is None else []
        opened, after = has_one(site, tx, viewer, before)
        tx.audit.add(audited(ADDED, now, viewer, subject_id=after.id, key=str(key.id)))
        tell(site, tx, after, "core.key_added", key=key.name)
    return opened, codes


def _name(typed: str, keys: list[SecurityKey]) -> str:
    if len(keys) >= MOST_KEYS:
        raise RefusedError("too_many", most=MOST_KEYS)
    return name_of_key(typed, keys)


def _as_kept(site: Site, viewer: Viewer, new: NewKey, name: str, site_id: str) -> SecurityKey:
    return SecurityKey(
        id=site.new_id(),
        account_id=viewer.account.id,
        name=name,
        site_id=site_id,
        credential=new.credential,
        public_key=new.public_key,
        signatures=new.signatures,
        added_at=site.now(),
    )


def my_key(site: Site, viewer: Viewer, key_id: UUID) -> SecurityKey:
    """A key of the viewer's. Raises :exc:`NotFoundError`."""
    with site.database.reading() as tx:
        return _among(tx.factors.keys(viewer.account.id), key_id)


def remove_key(site: Site, viewer: Viewer, key_id: UUID, password: str) -> SecurityKey:
    """Take a key away, unless nothing but it stands beside the password.

    Raises :exc:`NotFoundError`, :exc:`RefusedError` ``last_factor``, and as
    :func:`.second_factor.remove_telephone`.
    """
    require_free(viewer)
    my_key(site, viewer, key_id)
    require_owner(site, viewer, password)
    with site.database.writing() as tx:
        account = as_proved(tx, viewer.account)
        key = _among(tx.factors.keys(account.id), key_id)
        others = [each for each in keys_of(site, tx, account.id) if each.id != key_id]
        if not others and tx.factors.get(account.id) is None:
            raise RefusedError("last_factor")
        tx.factors.remove_key(account.id, key_id)
        tx.audit.add(audited(REMOVED, site.now(), viewer, subject_id=account.id, key=str(key_id)))
        tell(site, tx, account, "core.key_removed", key=key.name)
    return key


def _among(keys: list[SecurityKey], key_id: UUID) -> SecurityKey:
    found = next((key for key in keys if key.id == key_id), None)
    if found is None:
        raise NotFoundError("no such key")
    return found
