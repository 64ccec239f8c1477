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

SIZE = 9_500_000
HEADER = (";".join(COLUMNS) + "\n").encode()
SERVICES = b"classe;matiere;enseignant\n"
LINE = "6 B;MATHS;;;{title};05/10/2026;20;1;;;123456789AA;12;07/10/2026 18:00\n"
READ = """
import json, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from teleservices_core.errors import ImportRefusedError
from teleservices_core.testing.builders import COLLEGE, DIJON, YEAR
from teleservices_notes.exchange import read_marks, read_services

kind, path = sys.argv[1], Path(sys.argv[2])
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss
before = spent()
try:
    if kind == "marks":
        found = read_marks(path, COLLEGE, YEAR, DIJON, datetime(2026, 11, 24, tzinfo=UTC))
    else:
        found = read_services(path)
    said = f"read {sum(1 for each in found)}"
except ImportRefusedError as refused:
    said = refused.reason
after = spent()
print(json.dumps([said, after[0] - before[0], (after[1] - before[1]) // 1024]))
"""


def filled(unit: bytes) -> bytes:
    """A unit again and again, up to the size."""
    return unit * (SIZE // len(unit))


def hostile(header: bytes) -> dict[str, bytes]:
    """Files that used to take half a minute and a gigabyte, and their neighbours."""
    return {
        "lines of nothing": header + filled(b"x;\n"),
        "the same without a header": filled(b"x;\n"),
        "the same in UTF-16": (header + filled(b"x;\n")[: SIZE // 2]).decode().encode("utf-16"),
        "ends of lines of an old Mac": header.replace(b"\n", b"\r") + filled(b"x;\r"),
        "blank lines": header + filled(b"\n"),
        "blank lines first": filled(b"\n") + header,
        "one line": header + filled(b"x"),
        "one line of two million columns": header + filled(b"x;x;"),
        "a header of two million columns": filled(b"x;x;"),
        "a hundred thousand headers": b";".join(b"colonne%06d" % n for n in range(500_000)),
        "quotes never closed": header + filled(b'"' + b"x" * 40 + b"\n"),
        "one quote never closed": header + b'"' + filled(b"x" * 40 + b"\n"),
        "nothing but quotes": header + filled(b'"";'),
        "NULs": filled(b"\0"),
        "lines of NULs": header + filled(b"\0;\0\n"),
        "NULs in UTF-16": b"\xff\xfe" + filled(b"\0\0"),
        "half a character in UTF-16": b"\xfe\xff" + filled(b"\xd8\x00"),
        "long lines": header + filled(b"x" * 5_000 + b"\n"),
        "accents that cannot be": header + filled(b"\xff\xfe\xfd\n"),
    }


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("marks", name) for name in hostile(HEADER)),
        ("services", "lines of nothing"),
        ("services", "nothing but quotes"),
    ],
)
def test_hostile_files(tmp_path, kind, name):
    """Two seconds of a slow machine and 150 MB are far more than any of them takes."""
    path = tmp_path / "notes.csv"
    path.write_bytes(hostile(HEADER if kind == "marks" else SERVICES)[name])
    command = [sys.executable, "-c", READ, kind, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said, seconds, megabytes = json.loads(done.stdout)
    assert not said.startswith("read") or said in {"read 0", "read 1"}, said
    assert seconds < 6, (name, seconds)
    assert megabytes < 150, (name, megabytes)


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
        file.write(SERVICES)
        file.truncate(5_000_001)
    with pytest.raises(ImportRefusedError, match="plus de 5 Mo"):
        read_services(path)
