"""Files that people give are read no further than any honest one reaches."""

from __future__ import annotations

import pytest

from teleservices_core.bounded import Bounds, bounded_lines
from teleservices_core.errors import ImportRefusedError, RefusedError, SettingsError
from teleservices_core.exchange.bounces import read_bounce
from teleservices_core.exchange.seals import read_seals
from teleservices_core.settings import read_toml
from teleservices_core.usecases.directory import STAFF_COLUMNS, import_staff

BOUNDS = Bounds(size=100, lines=3, line=4)
HEADER = ";".join(STAFF_COLUMNS) + "\n"


@pytest.fixture
def write(tmp_path):
    """Makes a file."""

    def made(content):
        path = tmp_path / "file"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return made


@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-16"])
def test_lines(write, encoding):
    """One beyond its bound comes cut, and the next as it is."""
    path = write("ab\nabcdefghij\nabc".encode(encoding or "utf-8"))
    lines = [
        each if encoding else each.decode()
        for each in bounded_lines(path, BOUNDS, encoding=encoding)
    ]
    assert lines == ["ab\n", "abcde", "abc"]


@pytest.mark.parametrize(
    ("content", "said"), [(b"a\n" * 4, "plus de 3 lignes"), (b"a" * 101, "plus de 0 Mo")]
)
def test_beyond(write, content, said):
    """Refused, with what to do."""
    with pytest.raises(ImportRefusedError, match=said):
        list(bounded_lines(write(content), BOUNDS))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x;" * 3_000_000, "ligne trop longue"),
        (HEADER + "x;" * 4_000, "ligne trop longue"),
        (HEADER + '"x\n' + "x;\n" * 100_000, "guillemets mal fermés"),
        (HEADER + "21;x\0;\n", "caractères de commande"),
        (HEADER.encode("utf-16"), "attendu en UTF-8"),
        (HEADER + "\n" * 200_000, "plus de 100000 lignes"),
        (b"\0" * 20_000_001, "plus de 20 Mo"),
    ],
)
def test_staff(write, content, said):
    """Nothing is asked of the database for such a file."""
    with pytest.raises(ImportRefusedError, match=said):
        import_staff(None, write(content))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a=[" + b"[\n" * 100_000, "too deep"),
        (b"a" * 400_001, "more than 400,000 bytes"),
        (b".".join([b"a"] * 1_500) + b"=1", "a line of more than"),
        (b".".join([b"a"] * 900) + b"=1", "a key of more than"),
        (b"x={" + b".".join([b'"a b"', b"'c'"] * 20) + b"=1}", "a key of more than"),
        (b"a = 1".ljust(9_000, b"\0"), "a line of more than"),
        ("a = 1".encode("utf-16"), "can't decode"),
    ],
)
def test_settings(write, content, said):
    """So are settings and policies."""
    with pytest.raises(SettingsError, match=said):
        read_toml(write(content))


def test_seals(write):
    """And copies of seals."""
    for content in (b"[" * 500_000, b"x" * 2_000_000, b"\0\n" * 10):
        with pytest.raises(RefusedError):
            read_seals(write(content))


def test_bounces():
    """A report is looked at as far as matters: what follows is not."""
    start = b"Content-Type: multipart/report; boundary=b\n\n"
    assert read_bounce((start + b"--b\n\n" * 200_000)[: 2**18]) is None
