"""The ledger: what no restore may bring back, noted in a file beside the database.

A backup knows nothing of what came after it: who was erased since, which password
was changed since, how far the journal was. Those acts are copied from the journal to
this file, without a name: accounts and students are digests under the site's key, and
each line is authenticated with the one before. The file is only ever added to.
"""

from __future__ import annotations

import hmac
import json
import logging
import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from attrs import evolve, field, frozen

from teleservices_core.files import held, make_private, private_folder
from teleservices_core.hashing import keyed
from teleservices_core.ports.academy import AuditEntry, AuditSearch
from teleservices_core.settings import Settings
from teleservices_core.usecases.noted_acts import DETAILS, PERSONS, NotedAct
from teleservices_core.usecases.replaying import NOTED
from teleservices_core.usecases.site import Site

log = logging.getLogger(__name__)

_PAGE: Final = 2_000
_NEWS: Final = timedelta(hours=1)
_AGAIN: Final = timedelta(days=1)
"""Looked back at: an act may be committed after others that came later."""


@frozen
class Head:
    """How far the site was when the ledger was last written."""

    at: datetime
    epoch: int
    seal: int = 0
    """The number of the newest seal of the journal; 0 without one."""
    mac: str = ""
    """Its authentication."""

    def is_news_after(self, before: Head) -> bool:
        """Whether it says more than one that was written before."""
        return evolve(self, at=before.at) != before or self.at - before.at >= _NEWS


@frozen
class Ledger:
    """What a ledger says."""

    acts: tuple[NotedAct, ...] = ()
    head: Head | None = None
    """The last one."""
    is_sound: bool = True
    """Whether every line was written by the site, after the one before."""
    _last: str = field(default="", repr=False)

    @property
    def noted_at(self) -> datetime | None:
        """When it was last brought up to date."""
        return self.head.at if self.head else None


def person_digest(key: str, person_id: UUID) -> str:
    """What stands for an account or a student."""
    return keyed(key, "ledger person", person_id.bytes)


def read_ledger(settings: Settings) -> Ledger:
    """The ledger of a site; an empty one where there is none yet, or no place for it.

    Raises :exc:`OSError` where it is there and cannot be read.
    """
    if settings.ledger is None or not settings.ledger.exists():
        return Ledger()
    return _parsed(settings, settings.ledger.read_bytes())


def _parsed(settings: Settings, content: bytes) -> Ledger:
    acts, head, last, is_sound = [], None, "", True
    # A line torn by a crash was never relied upon.
    whole, _newline, _torn = content.rpartition(b"\n")
    for line in whole.splitlines():
        found = _read(settings, line, last)
        if found is None:
            is_sound = False
            continue
        line_content, key, last = found
        if line_content["act"] == "noted":
            head = Head(datetime.fromisoformat(line_content["at"]), *line_content["head"])
        else:
            acts.append(_to_act(line_content, key))
    return Ledger(tuple(acts), head, is_sound, last)


def _read(settings: Settings, line: bytes, last: str) -> tuple[dict[str, Any], str, str] | None:
    try:
        text, _tab, mac = line.decode("ascii").rpartition("\t")
    except UnicodeDecodeError:
        return None
    for key in (settings.secret_key, *settings.former_secret_keys):
        if hmac.compare_digest(_mac(key, last, text), mac):
            return json.loads(text), key, mac
    return None


def _mac(key: str, last: str, text: str) -> str:
    return keyed(key, "ledger line", f"{last}\n{text}")


def _to_act(content: dict[str, Any], key: str) -> NotedAct:
    return NotedAct(
        action=content["act"],
        id=UUID(content["id"]),
        at=datetime.fromisoformat(content["at"]),
        who=tuple(content["who"]),
        key=key,
        detail=content["detail"],
    )


def keep_ledger(site: Site) -> None:
    """:func:`note_acts` for who has other work to go on with: doctor says what is wrong."""
    if site.settings.ledger is None:
        return
    try:
        note_acts(site)
    except OSError as error:
        log.warning("ledger %s cannot be written: %s", site.settings.ledger, error.strerror)


def note_acts(site: Site) -> Ledger:
    """Copy to the ledger what the journal has of new, and how far the site is.

    Running it twice changes nothing. Where the settings name no ledger, the acts of the
    journal are returned, and noted nowhere. Raises :exc:`OSError`.
    """
    settings = site.settings
    if settings.ledger is None:
        key = settings.secret_key
        return Ledger(tuple(_to_act(_line(site, entry), key) for entry in _acts(site, None)))
    private_folder(settings.ledger.parent)
    make_private(settings.ledger)
    with settings.ledger.open("r+b") as file, held(file):
        content = file.read()
        ledger = _parsed(settings, content)
        known = {act.id for act in ledger.acts}
        since = ledger.noted_at - _AGAIN if ledger.noted_at else None
        lines = [_line(site, entry) for entry in _acts(site, since) if entry.id not in known]
        if ledger.head is None or not is_behind(site, ledger.head):
            head = _head(site)
            # On a quiet night the worker has nothing to say.
            if lines or not ledger.head or head.is_news_after(ledger.head):
                lines.append(_head_line(head))
        file.seek(content.rfind(b"\n") + 1)
        file.truncate()
        file.writelines(_chained(settings, ledger, lines))
        file.flush()
        os.fsync(file.fileno())
    return read_ledger(settings)


def _acts(site: Site, since: datetime | None) -> Iterator[AuditEntry]:
    before: tuple[datetime, UUID] | None = None
    while True:
        with site.database.reading() as tx:
            wanted = AuditSearch(actions=NOTED, from_at=since, before=before)
            found = tx.audit.search(wanted, _PAGE)
        yield from found
        if len(found) < _PAGE:
            return
        last = found[-1]
        assert last.id is not None  # noqa: S101 - read from the table
        before = last.at, last.id


def _line(site: Site, entry: AuditEntry) -> dict[str, Any]:
    assert entry.id is not None  # noqa: S101 - read from the table
    detail = {name: entry.detail[name] for name in DETAILS if entry.detail.get(name, "") != ""}
    if entry.uai is not None:
        detail["uai"] = entry.uai.code
    return {
        "act": entry.action,
        "id": entry.id.hex,
        "at": entry.at.isoformat(),
        "who": [person_digest(site.settings.secret_key, each) for each in _persons(entry)],
        "detail": detail,
    }


def _persons(entry: AuditEntry) -> Iterator[UUID]:
    if entry.subject_id is not None:
        yield entry.subject_id
    named = (entry.detail.get(name) for name in PERSONS)
    yield from map(UUID, filter(None, (*named, *entry.detail.get("also", ()))))


def _head(site: Site) -> Head:
    with site.database.reading() as tx:
        mark, seal = tx.restoring.known_mark(), tx.seals.last()
    epoch = mark.epoch if mark else 0
    return Head(site.now(), epoch, seal.number if seal else 0, seal.mac if seal else "")


def _head_line(head: Head) -> dict[str, Any]:
    said = [head.epoch, head.seal, head.mac]
    return {"act": "noted", "at": head.at.isoformat(), "head": said}


def _chained(
    settings: Settings, ledger: Ledger, lines: Iterable[dict[str, Any]]
) -> Iterator[bytes]:
    last = ledger._last  # noqa: SLF001 - its own
    for content in lines:
        text = json.dumps(content, sort_keys=True)
        last = _mac(settings.secret_key, last, text)
        yield f"{text}\t{last}\n".encode()


def is_behind(site: Site, head: Head) -> bool:
    """Whether the database is older than the ledger knows the site to have been."""
    with site.database.reading() as tx:
        mark, seal = tx.restoring.known_mark(), tx.seals.get(head.seal)
    epoch = mark.epoch if mark else 0
    if epoch != head.epoch:
        # What was restored since as it should be begins its own history.
        return epoch < head.epoch
    return head.seal > 0 and (seal is None or seal.mac != head.mac)
