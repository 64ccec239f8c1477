"""A restore that is killed at any moment leaves the site as it was, or as it is to be."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import text

from teleservices_core.backups.making import make_backup
from teleservices_core.domain.accounts import Audience
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.sealing import check_journal, seal_journal
from teleservices_core.usecases.signing_in import resume, sign_in

KILLS = int(os.environ.get("RESTORE_KILLS", "2"))
"""Of each database."""
ACCOUNTS = 20 * KILLS
CHILD = """
import os, sys
from pathlib import Path
from teleservices_core.app import Teleservices
from teleservices_core.backups.restoring import restore
from teleservices_core.testing.fixtures import make_settings

url, key, ledger, path = sys.argv[1:]
settings = make_settings(url, secret_key=key, ledger=Path(ledger))
for _line in sys.stdin:
    pid = os.fork()
    if not pid:
        try:
            restore(Teleservices(settings), Path(path))
            os._exit(0)
        finally:
            os._exit(1)
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


class Restores:
    """Makes processes that restore, one after the other."""

    def __init__(self, services, backup):
        arguments = [
            services.engine.url.render_as_string(hide_password=False),
            services.settings.secret_key,
            str(services.settings.ledger),
            str(backup),
        ]
        command = [sys.executable, "-c", CHILD, *arguments]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, bufsize=1, **pipes)

    def run(self, killed_after=None):
        """How long it took, and how it ended."""
        self.process.stdin.write("go\n")
        pid, began = int(self.process.stdout.readline()), time.monotonic()
        if killed_after is not None:
            time.sleep(killed_after)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return int(self.process.stdout.readline()), time.monotonic() - began

    def __enter__(self):
        return self

    def __exit__(self, *_raised):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def state(services, secret):
    """Who is there, whether a session opens, the epoch, and how many restores are told."""
    services.engine.dispose()
    with services.engine.connect() as connection:
        told = "SELECT count(*) FROM core_audit WHERE action = 'site.restored'"
        return (
            connection.scalar(text("SELECT count(*) FROM core_accounts")),
            bool(resume(services.site, secret)),
            connection.scalar(text("SELECT epoch FROM core_site")),
            connection.scalar(text(told)),
        )


def test_before_or_after(site, tmp_path):
    """Never between: accounts, sessions, epoch and journal agree, and the seals hold."""
    world = World(site)
    for n in range(ACCOUNTS):
        world.account(an_adult(), Audience.GUARDIAN, login_name=f"p{n}", email=f"p{n}@x.org")
    seal_journal(site.site)
    backup = tmp_path / "site.zip"
    make_backup(site, backup)
    with Restores(site, backup) as restores:
        _kill(site, world, restores)
        assert restores.run()[0] == 0
    folders = {tmp_path, Path(str(site.engine.url.database)).parent}
    assert [p for each in folders if each.is_dir() for p in each.glob(".teleservices-*")] == []


def _kill(site, world, restores):
    chance, epoch, is_after = random.Random(5), 1, True
    ended, took = restores.run()
    assert ended == 0
    for n in range(KILLS):
        if is_after:
            world.account(an_adult(), Audience.GUARDIAN, login_name="paul")
        secret = sign_in(site.site, "paul", PASSWORD, source="x").secret
        restores.run(killed_after=chance.uniform(0, took))
        found = state(site, secret)
        is_after = found == (ACCOUNTS, False, epoch + 1, 1)
        assert is_after or found == (ACCOUNTS + 1, True, epoch, 1), (n, found)
        epoch += is_after
        assert check_journal(site.site).faults == ()
        assert site.pending_migrations() == []
