"""Nobody but the owner reads a file that the product makes; erased text is in none of them."""

from __future__ import annotations

import os
import re
import secrets
import signal
import stat
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from attrs import evolve
from click.testing import CliRunner
from sqlalchemy import text

from teleservices_core.app import Teleservices
from teleservices_core.cli import main
from teleservices_core.doctor import examine
from teleservices_core.domain.accounts import Audience
from teleservices_core.errors import SettingsError
from teleservices_core.files import (
    is_exposed,
    make_private,
    private_file,
    private_folder,
    write_private,
)
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.settings import load_settings
from teleservices_core.testing.builders import COLLEGE, an_adult, an_establishment
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.testing.synth import write_siecle
from teleservices_core.testing.synth.memory import synth_school
from teleservices_core.testing.world import World
from teleservices_core.usecases.lifecycle import run_lifecycle
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.mailing import deliver

DOCS = Path(__file__).parents[2] / "docs"


def exposed(folder):
    """What others may read below a folder."""
    return [path for path in Path(folder).rglob("*") if path.stat().st_mode & 0o077]


@pytest.fixture
def umask():
    """The most careless one."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_whatever_a_site_writes(tmp_path, umask, monkeypatch):
    """Database with its log, mails, copies, letters, backups: by commands, from nothing."""
    scratch = tmp_path / "tmp"
    scratch.mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setenv("SQLITE_TMPDIR", str(scratch))
    settings = tmp_path / "site" / "teleservices.toml"
    settings.parent.mkdir(mode=0o700)
    with private_file(settings, "w") as file:
        file.write(
            f'''base_url = "http://localhost"
database_url = "sqlite:///{tmp_path}/site/deep/er/base.db"
secret_key = "{secrets.token_urlsafe(32)}"
[academie]
code = "07"
name = "Dijon"
zone = "Europe/Paris"
[mail]
folder = "{tmp_path}/site/mail/out"
'''
        )

    def run(*words):
        done = CliRunner().invoke(main, ["--settings", str(settings), *words])
        assert done.exit_code == 0, done.output

    run("migrate")
    services = Teleservices.from_file(settings, hasher=Argon2Hasher.cheapest())
    world = World(services)
    world.staff("rectorat")
    account = world.account(an_adult(), Audience.GUARDIAN, login_name="p.martin")
    with services.site.database.writing() as tx:
        send_mail(
            services.site,
            tx,
            "core.closing_unused",
            "p@example.org",
            account=account,
            name="P",
            login="p",
            on="2026-12-01",
            days="3",
        )
    assert deliver(services.site, services.mailer).sent == 1
    out = tmp_path / "site"
    run("data", "export", "p.martin", "--out", str(out / "copy.zip"))
    run("letters", "--staff", "--which", "unused", "--out", str(out / "staff.csv"))
    world.establishment()
    made = synth_school(3, pupils=3, year=services.site.school_year())
    write_siecle(tmp_path / "exports", evolve(made, establishment=an_establishment()))
    run("import", "siecle", str(tmp_path / "exports"), "--establishment", str(COLLEGE))
    for name in ("letters.pdf", "letters.csv"):
        run(
            "letters",
            "--establishment",
            str(COLLEGE),
            "--which",
            "unused",
            "--out",
            str(out / name),
        )
    run("journal", "seal")
    run("journal", "export", str(out / "seals.jsonl"))
    run("backup", str(out / "backup.zip"))
    assert (out / "deep/er/base.db-wal").exists()
    assert exposed(tmp_path / "site") == []
    services.engine.dispose()
    run("restore", str(out / "backup.zip"), "--yes")
    assert (out / "teleservices.ledger").exists()
    assert exposed(tmp_path / "site") == []
    assert list(scratch.iterdir()) == []
    assert not list(out.rglob(".*"))
    services.engine.dispose()
    assert not [each for each in examine(services) if each.check == "files"]
    (out / "deep/er/base.db").chmod(0o644)
    (finding,) = [each for each in examine(services) if each.check == "files"]
    assert "base.db" in finding.next_step


def test_a_stop_by_force_leaves_nothing_for_long(tmp_path):
    """What was written of a file goes when the next one is written beside."""
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from teleservices_core.files import private_file\n"
        "with private_file(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half')\n    file.flush()\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "x")], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [path.read_bytes() for path in tmp_path.rglob("draft")] == [b"half"]
    assert exposed(tmp_path) == []
    write_private(tmp_path / "y", "whole")
    assert [path.name for path in tmp_path.rglob("*")] == ["y"]


def test_drafts_of_the_living_stay(tmp_path):
    """Many write to one folder at once, each its own; nobody removes another's."""

    def write(n):
        for k in range(10):
            write_private(tmp_path / f"{n}-{k}", "whole")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"{n}-{k}" for n in range(8) for k in range(10)
    )


_MAKES: Final = re.compile(
    r"write_(text|bytes)\(|\.mkdir\(|makedirs|mkstemp|mkdtemp|NamedTemporaryFile"
    r"|TemporaryDirectory|(?<!archive\.)open\([^)\n]*[\"'][rwax+b]*[wax+]"
)
_ANONYMOUS: Final = {"backups/ledger.py", "backups/postgresql.py", "serving.py"}
"""An existing file, one without a name, and a folder of figures."""


def test_every_file_is_made_in_one_place():
    """By ``files``: owner only, whole or not at all, gone after a stop by force."""
    root = DOCS.parent
    found = {
        path.relative_to(root).as_posix()
        for part in ("src", "plugins")
        for path in (root / part).rglob("*.py")
        if not {"testing", "tests", "synth"} & set(path.parts)
        and _MAKES.search(path.read_text(encoding="utf-8"))
    }
    core = "src/teleservices_core/"
    assert found - {core + name for name in _ANONYMOUS} == {core + "files.py"}


def test_a_file_appears_whole_or_not_at_all(tmp_path, umask):
    """What was there stays when the writing fails, and nothing is left beside it."""
    path = private_folder(tmp_path / "a" / "b") / "x"
    path.write_text("before")
    with pytest.raises(RuntimeError), private_file(path, "w") as file:
        file.write("half")
        raise RuntimeError
    assert [each.name for each in path.parent.iterdir()] == ["x"]
    assert path.read_text() == "before"
    with private_file(path, "w") as file:
        file.write("after")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not is_exposed(tmp_path / "missing")


# --- The key --------------------------------------------------------------------------


def samples():
    """Every key that a page of the documentation shows."""
    for page in DOCS.rglob("*.md"):
        for line in page.read_text(encoding="utf-8").splitlines():
            if line.startswith("secret_key = "):
                yield line.split('"')[1]


@pytest.mark.parametrize(
    "key",
    [
        *samples(),
        "x" * 40,
        "0123456789" * 4,
        "changeme" * 5,
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "azertyuiopqsdfghjklmwxcvbn123456",
        "your-secret-key-here-at-least-32-characters",
        "thisisaverysecretkeythatnobodyknows",
        "une clé que personne ne devinera jamais",
        "REPLACE_ME_0123456789_0123456789_",
    ],
)
def test_a_key_that_somebody_knows(key, tmp_path):
    """Good to try; refused where the site is served, by every command, with what to do."""
    assert list(samples())
    make_settings("sqlite://", secret_key=key)
    with pytest.raises(ValueError, match=r"secret_key.*token_urlsafe"):
        make_settings("sqlite://", secret_key=key, base_url="https://services.example.fr")
    file = tmp_path / "teleservices.toml"
    file.write_text(
        f'base_url = "https://x.fr"\ndatabase_url = "sqlite://"\nsecret_key = "{key}"\n'
        '[academie]\ncode = "07"\nname = "Dijon"\nzone = "Europe/Paris"\n'
    )
    with pytest.raises(SettingsError, match="secret_key"):
        load_settings(file)
    done = CliRunner().invoke(main, ["--settings", str(file), "doctor"])
    assert done.exit_code == 1
    assert "secret_key" in done.output
    assert key not in done.output


@pytest.mark.parametrize("draw", [secrets.token_urlsafe, secrets.token_hex])
def test_a_key_drawn_at_random(draw):
    """Is taken."""
    for _n in range(30):
        make_settings("sqlite://", secret_key=draw(32), base_url="https://services.example.fr")


# --- Erased text ----------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["sqlite"])
def test_erased_text_is_nowhere(services, clock, backend):
    """Addresses, hashes, mails and links of closed accounts: not in file, log or free pages."""
    site, world = services.site, World(services)
    marks = []
    for n in range(60):
        mark = f"mark{n:03}{secrets.token_hex(8)}"
        marks.append(mark)
        account = world.account(
            an_adult(), Audience.GUARDIAN, login_name=f"closed{n:03}", email=f"{mark}@example.org",
            password_hash=f"$hash${mark}", last_used_at=clock.now() - timedelta(days=400),
            warned_at=clock.now() - timedelta(days=20),
        )  # fmt: skip
        with site.database.writing() as tx:
            for _again in range(8):
                send_mail(site, tx, "core.login_names", f"{mark}@example.org", account=account,
                          lines=f"{mark} " * 30)  # fmt: skip
    path = Path(services.engine.url.database)

    def found():
        content = b"".join(each.read_bytes() for each in path.parent.glob(path.name + "*"))
        return {mark for mark in marks if mark.encode() in content}

    assert found() == set(marks)
    assert run_lifecycle(site, force=True).counts["unused"] == 60
    # What a closed account is told is still to be sent, then is over.
    clock.advance(timedelta(days=40))
    deliver(site, services.mailer)
    clock.advance(timedelta(days=40))
    run_lifecycle(site, force=True)
    with services.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM core_outbox")).scalar() == 0
        assert connection.execute(text("PRAGMA freelist_count")).scalar() > 0
    assert found() == set()


def test_a_database_that_is_there_is_not_opened_by_us(tmp_path, monkeypatch):
    """Closing it would drop the locks of SQLite's connections in this process."""
    path = tmp_path / "site.db"
    make_private(path)
    closed = []
    monkeypatch.setattr(os, "close", closed.append)
    make_private(path)
    assert closed == []
