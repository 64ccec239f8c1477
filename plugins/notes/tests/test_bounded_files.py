"""Whatever a file of ten megabytes holds, it is refused early, with little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from teleservices_core.errors import ImportRefusedError
from teleservices_core.testing.builders import COLLEGE, DIJON, YEAR
from teleservices_notes.exchange import COLUMNS, marks, read_marks, read_services
from teleservices_notes.exchange.table import MOST_UNREADABLE
from teleservices_notes.testing import HOSTILE_FILES

HEADER = (";".join(COLUMNS) + "\n").encode()
LINE = "6 B;MATHS;;;{title};05/10/2026;20;1;;;123456789AA;12;07/10/2026 18:00\n"
READ = """
import json, resource, sys
from datetime import UTC, datetime
from teleservices_core.bounded import HeldFile
from teleservices_core.errors import ImportRefusedError
from teleservices_core.testing.builders import COLLEGE, DIJON, YEAR
from teleservices_notes.exchange import COLUMNS, SERVICE_COLUMNS, read_marks, read_services
from teleservices_notes.testing import HOSTILE_FILES

HEADERS = {"marks": COLUMNS, "services": SERVICE_COLUMNS}

def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss // 1024

def read(kind, file):
    if kind == "marks":
        return read_marks(file, COLLEGE, YEAR, DIJON, datetime(2026, 11, 24, tzinfo=UTC))
    return read_services(file)

for kind, names in json.loads(sys.argv[1]):
    for name in names:
        header = (";".join(HEADERS[kind]) + "\\n").encode()
        file = HeldFile("notes.csv", HOSTILE_FILES[name](header))
        before = spent()
        try:
            said = f"read {sum(1 for each in read(kind, file))}"
        except ImportRefusedError as refused:
            said = refused.reason
        after = spent()
        print(json.dumps([kind, name, said, after[0] - before[0], after[1] - before[1]]))
"""


def test_hostile_files():
    """Two seconds of a slow machine and 150 MB are far more than any of them takes."""
    wanted = [["marks", list(HOSTILE_FILES)], ["services", list(HOSTILE_FILES)]]
    command = [sys.executable, "-c", READ, json.dumps(wanted)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 2 * len(HOSTILE_FILES)
    for kind, name, said, seconds, megabytes in lines:
        assert not said.startswith("read") or said in {"read 0", "read 1"}, (kind, name, said)
        assert seconds < 2, (kind, name, seconds)
        assert megabytes < 150, (kind, name, megabytes)


def test_stops_after_so_many(tmp_path):
    """Where, and for what, is said; one fewer is a list of lines to correct."""
    path = tmp_path / "notes.csv"
    good = LINE.format(title="Contrôle").encode()
    path.write_bytes(HEADER + good + b"x;\n" * MOST_UNREADABLE + good)
    at = datetime(2026, 11, 24, tzinfo=UTC)
    assert len(list(read_marks(path, COLLEGE, YEAR, DIJON, at))) == MOST_UNREADABLE + 2
    path.write_bytes(HEADER + good + b"x;\n" * (MOST_UNREADABLE + 1) + good)
    with pytest.raises(ImportRefusedError) as refused:
        list(read_marks(path, COLLEGE, YEAR, DIJON, at))
    said = refused.value.reason
    assert said.startswith("plus de 200 lignes ne peuvent pas être lues")
    assert "ligne 203 (2 colonnes au lieu de 13)" in said


def test_too_many_assessments(tmp_path, monkeypatch):
    """Each that a file describes is kept in memory meanwhile."""
    monkeypatch.setattr(marks, "MOST_ASSESSMENTS", 3)
    path = tmp_path / "notes.csv"
    path.write_bytes(HEADER + "".join(LINE.format(title=f"DS {n}") for n in range(4)).encode())
    found = read_marks(path, COLLEGE, YEAR, DIJON, datetime(2026, 11, 24, tzinfo=UTC))
    with pytest.raises(ImportRefusedError, match="plus de 3 évaluations"):
        list(found)


def test_services_too_large(tmp_path):
    """The size tells before anything is read."""
    path = tmp_path / "services.csv"
    with path.open("wb") as file:
        file.write(b"classe;matiere;enseignant\n")
        file.truncate(5_000_001)
    with pytest.raises(ImportRefusedError, match="plus de 5 Mo"):
        read_services(path)
