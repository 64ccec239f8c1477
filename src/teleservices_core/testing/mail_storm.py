"""Many mails, workers that are killed, a server that refuses: what becomes of each mail.

For a test and for ``benchmarks/outbox.py``. Needs PostgreSQL and aiosmtpd.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Condition
from typing import Any, Final
from uuid import UUID
from zlib import crc32

from attrs import define, field, frozen
from sqlalchemy import Engine, func, insert, select
from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import AccountState, Audience, TokenPurpose
from teleservices_core.domain.establishments import Academie
from teleservices_core.hashing import digest, link_secret
from teleservices_core.settings import MailSettings, Settings
from teleservices_core.storage import tables as t
from teleservices_core.testing.smtp import smtp_server
from teleservices_core.usecases.mailing import Schedule, deliver

FAST: Final = Schedule(
    waits=(timedelta(milliseconds=200),) * 8,
    lease=timedelta(seconds=8),
    margin=timedelta(seconds=4),
    batch=20,
)
"""The patience of the real worker, in seconds instead of hours."""
_MOST_REFUSALS: Final = 6
"""Of one mail: fewer than its tries, so that none is given up."""
_ONE_IN: Final = 5
_KEY: Final = "a secret key for the tests, long enough"


@frozen
class Fate:
    """What a mail should meet."""

    address: str
    expires_at: datetime | None = None
    """Of its link."""
    is_dead: bool = False
    """Its link had died before."""
    is_unknown: bool = False
    """The server knows no such recipient."""


@define
class Unsteady:
    """An SMTP server that refuses one try in five, and notes when it takes what."""

    taken: list[tuple[str, datetime]] = field(factory=list)
    tries: Counter[str] = field(factory=Counter)
    refused: Counter[str] = field(factory=Counter)
    changed: Condition = field(factory=Condition)

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Take or refuse a recipient."""
        self.tries[address] += 1
        if address.startswith("unknown"):
            return "550 5.1.1 no such user"
        turn = crc32(f"{address}/{self.tries[address]}".encode())
        if turn % _ONE_IN == 0 and self.refused[address] < _MOST_REFUSALS:
            self.refused[address] += 1
            return "451 4.7.1 come again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a message."""
        with self.changed:
            self.taken.append((envelope.rcpt_tos[0], datetime.now(UTC)))
            self.changed.notify_all()
        return "250 OK"


@frozen
class Storm:
    """How it went."""

    fates: tuple[Fate, ...]
    taken: tuple[tuple[str, datetime], ...]
    refusals: int
    kills: int
    seconds: float
    rows: tuple[Any, ...]
    """The outbox at the end."""

    @property
    def duplicates(self) -> int:
        """Mails taken again."""
        return len(self.taken) - len({address for address, _at in self.taken})


def storm(engine: Engine, *, mails: int, workers: int = 4, kills: int = 10) -> Storm:
    """Queue mails, have workers send them, and kill one of them again and again."""
    fates = tuple(_fates(mails))
    _queue(engine, fates)
    server = Unsteady()
    with smtp_server(server) as port:
        url = engine.url.render_as_string(hide_password=False)
        crew = [_worker(url, port) for _n in range(workers)]
        started = time.monotonic()
        try:
            for number in range(kills):
                # One mail in ten or so will never be taken.
                _wait_for(server, engine, (number + 1) * mails * 8 // (10 * (kills + 1)))
                crew[0].kill()
                crew[0].wait()
                crew[0] = _worker(url, port)
            _wait_for(server, engine, None)
            seconds = time.monotonic() - started
        finally:
            for process in crew:
                process.kill()
                process.wait()
    with engine.connect() as connection:
        rows = tuple(connection.execute(select(t.outbox)))
    refusals = server.refused.total()
    return Storm(fates, tuple(server.taken), refusals, kills, seconds, rows)


def _fates(mails: int) -> Iterator[Fate]:
    now = datetime.now(UTC)
    soon = now + FAST.margin
    for number in range(mails):
        address = f"p{number}@example.org"
        match number % 20:
            case 0:
                yield Fate(address, now + timedelta(days=7))
            case 1:
                # While the storm lasts, and at the edge of what may still leave.
                yield Fate(address, soon + timedelta(milliseconds=20 * number / 20))
            case 2:
                yield Fate(address, now + timedelta(days=7), is_dead=True)
            case 3 if number % 100 == 3:
                yield Fate(f"unknown{number}@example.org", is_unknown=True)
            case _:
                yield Fate(address)


def _queue(engine: Engine, fates: tuple[Fate, ...]) -> None:
    now, account_id = datetime.now(UTC), uuid7()
    tokens, parcels = [], []
    for fate in fates:
        token_id = None if fate.expires_at is None else uuid7()
        if token_id is not None:
            tokens.append(_token(token_id, account_id, fate, now))
        parcels.append(
            {
                "id": uuid7(),
                "kind": "core.reset_password" if token_id else "core.password_changed",
                "to_address": fate.address,
                "token_id": token_id,
                "account_id": account_id,
                "context": {"name": "Anne", "login": "anne", "until": now.isoformat()},
                "created_at": now,
                "due_at": now,
            }
        )
    with engine.begin() as connection:
        connection.execute(
            insert(t.accounts).values(
                id=account_id,
                audience=Audience.GUARDIAN,
                login_name="anne",
                state=AccountState.ACTIVE,
                created_at=now,
            )
        )
        connection.execute(insert(t.tokens), tokens)
        connection.execute(insert(t.outbox), parcels)


def _token(token_id: UUID, account_id: UUID, fate: Fate, now: datetime) -> dict[str, Any]:
    return {
        "id": token_id,
        "digest": digest(link_secret(_KEY, token_id)),
        "account_id": account_id,
        "purpose": TokenPurpose.RESET_PASSWORD,
        "address": fate.address,
        "created_at": now,
        "expires_at": fate.expires_at,
        "used_at": now if fate.is_dead else None,
    }


def _wait_for(server: Unsteady, engine: Engine, number: int | None) -> None:
    """Until that many mails are taken, or until none waits any more."""
    waiting = select(func.count()).where(
        t.outbox.c.sent_at.is_(None),
        t.outbox.c.failed_at.is_(None),
        t.outbox.c.dropped_at.is_(None),
    )
    while number is None or len(server.taken) < number:
        with server.changed:
            server.changed.wait(0.2)
        if number is None:
            with engine.connect() as connection:
                if connection.scalar(waiting) == 0:
                    return


def _worker(url: str, port: int) -> subprocess.Popen[bytes]:
    code = f"from {__name__} import work; work({url!r}, {port})"
    return subprocess.Popen([sys.executable, "-c", code])  # noqa: S603 - our own


def work(url: str, port: int) -> None:
    """Send what is due, as long as the process that started this one lives."""
    logging.getLogger("teleservices_core").setLevel(logging.ERROR)
    settings = Settings(
        academie=Academie("07", "Dijon"),
        base_url="http://localhost",
        database_url=url,
        secret_key=_KEY,
        mail=MailSettings(host="127.0.0.1", port=port),
    )
    services = Teleservices(settings, discover=False)
    parent = os.getppid()
    while os.getppid() == parent:
        if not deliver(services.site, services.mailer, schedule=FAST).handled:
            time.sleep(0.05)
