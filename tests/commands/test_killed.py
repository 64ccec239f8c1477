"""Commands that change much, killed anywhere: before or after, never between.

``KILLS`` trials of each kind, at moments spread over the time that the command takes. The worker
and the server have trials of their own, and so has a restore.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, func, inspect, make_url, select

from teleservices_core.cli import main
from teleservices_core.storage import tables as t

KILLS: Final = int(os.environ.get("KILLS", "2"))
SETTINGS = """
base_url = "http://localhost"
database_url = "{url}"
secret_key = "a secret key for the tests, long enough"
[academie]
code = "07"
name = "Dijon"
[mail]
folder = "{folder}/mail"
"""


@pytest.fixture
def place(tmp_path, databases, backend):
    """A folder with the settings of a database of its own, and an engine on that."""
    url = databases.make(backend)
    (tmp_path / "site.toml").write_text(SETTINGS.format(url=url, folder=tmp_path))
    parsed = make_url(url)
    plain = parsed.set(drivername="postgresql+psycopg") if backend != "sqlite" else parsed
    engine = create_engine(plain)
    yield tmp_path, engine
    engine.dispose()


def started(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "teleservices_core", "--settings", str(folder / "site.toml")]
    return subprocess.Popen(
        [*command, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def run(folder: Path, *words: str) -> str:
    outcome = CliRunner().invoke(main, ["--settings", str(folder / "site.toml"), *words])
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def seconds(folder: Path, *words: str) -> float:
    begun = time.monotonic()
    assert started(folder, *words).wait(timeout=120) == 0
    return time.monotonic() - begun


def killed(folder: Path, after: float, *words: str) -> None:
    process = started(folder, *words)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)


def moments(whole: float) -> list[float]:
    """The later half of a run is where it writes; before it, the program starts."""
    return [whole * (0.4 + 0.6 * (n + 0.5) / KILLS) for n in range(KILLS)]


def emptied(engine) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
            return
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        for name in inspect(connection).get_table_names():
            connection.exec_driver_sql(f"DROP TABLE {name}")


@pytest.mark.timeout(120 + 20 * KILLS)
def test_migrate(place):
    """All of the tables, or none; another run brings the rest."""
    folder, engine = place
    whole = set(inspect(engine).get_table_names())
    emptied(engine)
    for after in moments(seconds(folder, "migrate")):
        emptied(engine)
        killed(folder, after, "migrate")
        found = set(inspect(engine).get_table_names())
        assert found in (set(), whole)
        run(folder, "migrate")
        assert set(inspect(engine).get_table_names()) == whole
        assert "à jour" in run(folder, "migrate")


def stored(engine) -> tuple[int, ...]:
    """How many rows of what an import writes, its own report among them."""
    with engine.connect() as connection:
        return tuple(
            connection.scalar(select(func.count()).select_from(table)) or 0
            for table in (t.students, t.adults, t.responsibilities, t.accounts, t.imports)
        )


@pytest.mark.timeout(180 + 30 * KILLS)
def test_import(place):
    """A whole school with its accounts and its report, or nothing of it."""
    folder, engine = place
    run(folder, "synth", "--pupils", "150", "--out", str(folder / "academie"))
    run(folder, "establishments", "import", str(folder / "academie" / "etablissements.csv"))
    uai = min(each.name for each in (folder / "academie").iterdir() if each.is_dir())
    words = ("import", "siecle", str(folder / "academie" / uai), "--establishment", uai)
    nothing = stored(engine)
    took = seconds(folder, *words)
    whole = stored(engine)
    assert whole > nothing
    for after in moments(took):
        run(folder, "import", "undo", "--yes", run_of(engine))
        before = stored(engine)
        killed(folder, after, *words)
        found = stored(engine)
        assert found in (before, (*whole[:-1], before[-1] + 1))
        run(folder, *words)
        assert stored(engine)[:-1] == whole[:-1]


def run_of(engine) -> str:
    """The last import that changed something, as ``import list`` names it."""
    changed = select(t.import_changes.c.import_id)
    with engine.connect() as connection:
        latest = select(t.imports.c.id).where(t.imports.c.id.in_(changed))
        latest = latest.order_by(t.imports.c.at.desc()).limit(1)
        return str(connection.scalar(latest))
