"""``teleservices backup`` and ``restore``: what they say, and what they refuse."""

from __future__ import annotations

import json
import random
import threading
import zipfile
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from uuid import uuid4

import pytest
from attrs import evolve
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from teleservices_core.backups import restoring
from teleservices_core.backups.archive import read_manifest
from teleservices_core.backups.making import make_backup
from teleservices_core.backups.restoring import check_backup, restore
from teleservices_core.cli import main
from teleservices_core.domain.accounts import Audience
from teleservices_core.errors import RefusedError
from teleservices_core.files import workshop
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.my_account import change_password
from teleservices_core.usecases.signing_in import resume, sign_in
from teleservices_core.usecases.site import audited


def run(services, *words, **options):
    """A command, on a site."""
    return CliRunner().invoke(
        main.get_command(None, words[0]), list(words[1:]), obj=lambda: services, **options
    )


def logins(services):
    """Every account."""
    with services.engine.connect() as connection:
        return set(connection.scalars(text("SELECT login_name FROM core_accounts")))


def person(services, name):
    """An account."""
    return World(services).account(
        an_adult(first_name=name), Audience.GUARDIAN, login_name=name.lower()
    )


@pytest.fixture
def saved(site, tmp_path):
    """A site, a backup of it, and somebody who came later."""
    person(site, "Anne")
    path = tmp_path / "site.zip"
    said = run(site, "backup", str(path))
    assert said.exit_code == 0, said.output
    assert "1 comptes" in said.output
    person(site, "Paul")
    return path


def test_there_and_back(site, saved, tmp_path):
    """Checked, tried, done; a copy of what was replaced is kept."""
    assert saved.stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []
    assert "peut être remise en place" in run(site, "restore", str(saved), "--check").output
    listed = json.loads(run(site, "restore", str(saved), "--check", "--json").output)
    assert listed["rows"]["core_accounts"] == 1
    noted = site.settings.ledger.read_bytes()
    tried = run(site, "restore", str(saved), "--dry-run")
    assert "2 comptes" in tried.output
    assert site.settings.ledger.read_bytes() == noted, "nothing at all is written"
    assert logins(site) == {"anne", "paul"}
    assert run(site, "restore", str(saved), input="n\n").exit_code == 1
    assert logins(site) == {"anne", "paul"}
    done = run(site, "restore", str(saved), input="o\ny\n")
    assert done.exit_code == 0, done.output
    assert "Époque 1 du site" in done.output
    assert logins(site) == {"anne"}
    (copy,) = tmp_path.glob("avant-restauration-*.zip")
    assert copy.stat().st_mode & 0o077 == 0
    assert run(site, "restore", str(copy), "--yes", "--without-copy").exit_code == 0
    assert logins(site) == {"anne", "paul"}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_into_a_folder(site, tmp_path, backend):
    """The file is named after the académie and the instant."""
    said = json.loads(run(site, "backup", str(tmp_path), "--json").output)
    assert Path(said["path"]).name.startswith("sauvegarde-07-2026")
    assert read_manifest(site.settings, Path(said["path"])).academie == "07"


def refusals(services, path):
    """What every form of the command says, with nothing changed."""
    before = logins(services)
    said = [run(services, "restore", str(path), *more) for more in (("--dry-run",), ("--yes",))]
    assert [each.exit_code for each in said] == [1, 1]
    assert all("Rien n’a été changé." in each.output for each in said)
    assert logins(services) == before
    return said[0].output


@pytest.mark.parametrize("backend", ["sqlite"])
def test_of_another_site(site, saved, make_site, backend):
    """By its académie, by its key, by the accounts that are there already."""
    other = make_site(backend, "other")
    person(other, "Luc")
    assert "un autre site que la sauvegarde" in refusals(other, saved)
    run(other, "backup", str(saved.with_name("other.zip")))
    assert "un autre site que la sauvegarde" in refusals(other, saved)
    elsewhere = evolve(site.settings.academie, code="10")
    other = make_site(backend, "elsewhere", academie=elsewhere)
    assert "de l’académie 07" in refusals(other, saved)
    other = make_site(backend, "key", secret_key="another key of thirty-two characters")
    assert "clé de ce site" in refusals(other, saved)
    keys = {"secret_key": other.settings.secret_key}
    keys["former_secret_keys"] = (site.settings.secret_key,)
    other = make_site(backend, "rotated", **keys)
    assert run(other, "restore", str(saved), "--yes").exit_code == 0
    assert logins(other) == {"anne"}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_newer(site, saved, backend):
    """Of a later program: the backup, or the database that is there."""
    with site.engine.begin() as connection:
        connection.execute(text("UPDATE core_version SET version_num = 'core_9999'"))
    assert "version plus récente" in refusals(site, saved)
    again = saved.with_name("again.zip")
    assert "version plus récente" in run(site, "backup", str(again)).output
    with site.engine.begin() as connection:
        head = site.plugins.catalogue.migrations[0].folder
        last = max(each.stem[:9] for each in head.glob("core_*.py"))
        connection.execute(text("UPDATE core_version SET version_num = :last"), {"last": last})
    forge(site, saved, revisions={"core_": "core_9999"})
    assert "core_9999" in refusals(site, saved)


def forge(services, path, **changes):
    """The same backup with another manifest, as the site would have written it."""
    manifest = read_manifest(services.settings, path)
    with zipfile.ZipFile(path) as archive:
        database = archive.read("database")
    made = evolve(manifest, **changes).authenticated(services.settings.secret_key)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("database", database)
        archive.writestr("manifest.json", json.dumps(made.to_json()))


def test_older(make_site, backend, make_database, tmp_path):
    """One of an earlier schema is brought to the present one."""
    from alembic import command

    from teleservices_core.storage.revisions import config

    site = make_site(backend)
    person(site, "Anne")
    path = tmp_path / "site.zip"
    notes = next(s for s in site.plugins.catalogue.migrations if s.prefix == "notes_")
    with site.engine.begin() as connection:
        command.downgrade(config(notes, connection), "notes_0002")
    make_backup(site, path)
    restore(site, path)
    assert site.pending_migrations() == []
    assert logins(site) == {"anne"}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_damaged(site, saved, backend):
    """A byte turned anywhere, or the end cut off: refused as such, or of no consequence."""
    whole, chance = saved.read_bytes(), random.Random(7)
    for _n in range(40):
        content = bytearray(whole)
        # The end, where the ZIP says what it holds, as often as the rest.
        end = chance.choice([len(content), 500])
        content[-chance.randint(1, end)] ^= chance.randint(1, 255)
        saved.write_bytes(content)
        with suppress(RefusedError):
            assert check_backup(site, saved).rows["core_accounts"] == 1
        saved.write_bytes(content[: -chance.randint(1, end)])
        with pytest.raises(RefusedError, match="not_a_backup"):
            check_backup(site, saved)
    assert "n’est pas une sauvegarde" in refusals(site, saved)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_forged(site, saved, backend):
    """Who can write where backups are kept cannot put an account in one."""
    manifest = read_manifest(site.settings, saved)
    with zipfile.ZipFile(saved, "w") as archive:
        archive.writestr("database", b"x")
        archive.writestr("manifest.json", json.dumps(evolve(manifest, sha256="0").to_json()))
    assert "a été modifiée" in refusals(site, saved)


def test_nothing_half_done(site, saved, monkeypatch):
    """Whatever fails on the way, the site is as it was, and can be restored afterwards."""
    from teleservices_core.usecases import restoring as settling

    def boom(*_args, **_options):
        raise RuntimeError("boom")

    monkeypatch.setattr(settling, "audited", boom)
    with pytest.raises(RuntimeError):
        restore(site, saved)
    assert logins(site) == {"anne", "paul"}
    assert site.pending_migrations() == []
    monkeypatch.undo()
    restore(site, saved)
    assert logins(site) == {"anne"}


def test_while_people_write(site, tmp_path):
    """The backup is of one instant: an act is in it with its trace in the journal, or not."""
    stop, done = threading.Event(), []

    def write():
        while not stop.is_set():
            account = person(site, f"p{len(done)}")
            with site.site.database.writing() as tx:
                tx.audit.add(audited("one", site.site.now(), None, subject_id=account.id))
                tx.audit.add(audited("two", site.site.now(), None, subject_id=account.id))
            done.append(account)
            stop.wait(0.01)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        while len(done) < 5:
            assert thread.is_alive()
            stop.wait(0.01)
        make_backup(site, tmp_path / "site.zip")
    finally:
        stop.set()
        thread.join()
    restore(site, tmp_path / "site.zip")
    with site.engine.connect() as connection:
        acts = dict(
            connection.execute(
                text("SELECT action, count(*) FROM core_audit GROUP BY action")
            ).all()
        )
    assert acts["one"] == acts["two"] >= 5


def test_not_migrated(make_site, tmp_path):
    """An empty database is not saved, but can be filled."""
    site = make_site("sqlite", database_url=f"sqlite:///{tmp_path}/empty/base.db")
    assert "migrate" in run(site, "backup", str(tmp_path / "x.zip")).output
    other = make_site("sqlite", "other")
    person(other, "Anne")
    assert run(other, "backup", str(tmp_path / "x.zip")).exit_code == 0
    assert run(site, "restore", str(tmp_path / "x.zip"), "--yes").exit_code == 0
    assert logins(site) == {"anne"}


def test_tables_of_a_host(site, tmp_path):
    """Beside ours, whatever they are called: neither saved nor touched."""
    person(site, "Anne")
    with site.engine.begin() as connection:
        connection.execute(text("CREATE TABLE core_blog (id INTEGER, said VARCHAR(90))"))
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO core_blog VALUES (1, 'a secret of the host')"))
    saved = tmp_path / "site.zip"
    make_backup(site, saved)
    assert not read_manifest(site.settings, saved).rows.keys() & {"core_blog", "alembic_version"}
    with zipfile.ZipFile(saved) as archive:
        assert b"a secret of the host" not in archive.read("database")
    person(site, "Paul")
    with site.engine.begin() as connection:
        connection.execute(text("INSERT INTO core_blog VALUES (2, 'later')"))
    restore(site, saved)
    assert logins(site) == {"anne"}
    with site.engine.connect() as connection:
        assert connection.scalars(text("SELECT id FROM core_blog ORDER BY id")).all() == [1, 2]


def test_a_host_that_refers_to_ours(site, saved):
    """It still does afterwards; refused, with its name, where it would refer to nothing."""
    with site.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE blog (id INTEGER, account_id "
                f"{'CHAR(32)' if site.engine.dialect.name == 'sqlite' else 'UUID'}"
                " REFERENCES core_accounts (id))"
            )
        )
        connection.execute(
            text("INSERT INTO blog SELECT 1, id FROM core_accounts WHERE login_name = 'paul'")
        )
    said = run(site, "restore", str(saved), "--yes", "--without-copy").output
    assert "dépendent des nôtres" in said
    assert "blog" in said
    assert logins(site) == {"anne", "paul"}
    with site.engine.begin() as connection:
        anne = "(SELECT id FROM core_accounts WHERE login_name = 'anne')"
        connection.execute(text(f"UPDATE blog SET account_id = {anne}"))
    restore(site, saved)
    with site.engine.begin() as connection:
        assert connection.scalar(text(f"SELECT count(*) FROM blog WHERE account_id = {anne}")) == 1
    with pytest.raises(IntegrityError), site.engine.begin() as connection:
        connection.execute(text("DELETE FROM core_account_holders"))
        connection.execute(text("DELETE FROM core_accounts"))


@pytest.mark.parametrize("backend", ["postgresql"])
def test_grants(site, saved, backend):
    """The role of the pages has what it had, and not what new tables are given."""
    role = f"pages_{uuid4().hex}"
    with site.engine.begin() as connection:
        for said in (
            f"CREATE ROLE {role}",
            f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {role}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT UPDATE, SELECT ON TABLES TO {role}",
            f"REVOKE INSERT ON core_seals FROM {role}",
        ):
            connection.exec_driver_sql(said)

    def granted():
        with site.engine.connect() as connection:
            return set(
                connection.execute(
                    text(
                        "SELECT table_name, privilege_type FROM information_schema.table_privileges"
                        " WHERE grantee = :role"
                    ),
                    {"role": role},
                ).all()
            )

    before = granted()
    assert before
    restore(site, saved)
    assert granted() == before
    with site.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {role}")
        connection.exec_driver_sql(f"DROP ROLE {role}")


@pytest.mark.parametrize("backend", ["postgresql"])
def test_tools_of_postgresql(site, saved, backend, tmp_path, monkeypatch):
    """Missing, or too old: which, and what to do; the password is on no command line."""
    bare = evolve(site.settings, postgresql_tools=tmp_path / "none")
    monkeypatch.setattr(site, "settings", bare)
    assert "pg_dump\N{NO-BREAK SPACE}» est introuvable" in run(site, "backup", str(tmp_path)).output
    said = run(site, "restore", str(saved), "--yes", "--without-copy").output
    assert "pg_restore\N{NO-BREAK SPACE}» est introuvable" in said
    assert logins(site) == {"anne", "paul"}
    tools = tmp_path / "old"
    tools.mkdir()
    for name in ("pg_dump", "pg_restore"):
        (tools / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
        (tools / name).chmod(0o755)
    monkeypatch.setattr(site, "settings", evolve(bare, postgresql_tools=tools))
    assert "plus ancien que le serveur" in run(site, "backup", str(tmp_path)).output


def test_somebody_who_writes_for_long(site, saved, monkeypatch):
    """A database that is held is waited for, not for ever."""
    monkeypatch.setattr(restoring, "PATIENCE", 0.2)
    with site.engine.connect() as holder:
        if site.engine.dialect.name == "sqlite":
            holder.exec_driver_sql("BEGIN IMMEDIATE")
        holder.execute(text("UPDATE core_accounts SET version = version"))
        said = run(site, "restore", str(saved), "--yes", "--without-copy").output
        assert "arrêtez le site" in said
        holder.rollback()
    assert logins(site) == {"anne", "paul"}
    restore(site, saved)
    assert logins(site) == {"anne"}
    assert [each for each in saved.parent.iterdir() if each.name.startswith(".")] == []


def test_what_is_done_at_the_last_moment(site, saved, monkeypatch):
    """A password changed while the backup is made ready does not live again either."""
    unpacked = restoring.make_backup

    def meanwhile(*args):
        unpacked(*args)
        viewer = resume(site.site, sign_in(site.site, "anne", PASSWORD, source="x").secret)
        change_password(site.site, viewer, PASSWORD, "quatre chats sur le toit")

    monkeypatch.setattr(restoring, "make_backup", meanwhile)
    _manifest, done = restore(site, saved, copy_to=saved.with_name("copy.zip"))
    assert done.counts["passwords"] == 1
    with pytest.raises(RefusedError, match="wrong_credentials"):
        sign_in(site.site, "anne", PASSWORD, source="x")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_that_is_no_database(site, saved, backend):
    """It is named, and what to do with it; put aside, an empty one takes its place."""
    site.engine.dispose()
    path = Path(site.engine.url.database)
    for each in path.parent.glob(f"{path.name}-*"):
        each.unlink()
    path.write_bytes(b"what a disk made of it" * 1000)
    said = run(site, "restore", str(saved), "--yes").output
    assert f"{path}, est illisible" in said
    assert "Rien n’a été changé." in said
    path.unlink()
    assert run(site, "restore", str(saved), "--yes").exit_code == 0
    assert logins(site) == {"anne"}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_existing_file(site, backend):
    """Is never overwritten: it may be the database."""
    said = run(site, "backup", site.engine.url.database)
    assert said.exit_code == 1
    assert "existe déjà" in said.output
    said = run(site, "backup", "/proc/none/x.zip")
    assert said.exit_code == 1
    assert "ne peut pas être écrit" in said.output


def test_drafts_of_the_killed(tmp_path):
    """They hold the data of people: removed by whoever comes next, not under who still works."""
    with workshop(tmp_path) as here:
        (tmp_path / ".teleservices-left").mkdir()
        (tmp_path / ".teleservices-left" / "database").write_bytes(b"x")
        with workshop(tmp_path) as there:
            assert {here, there} == set(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []


def test_pages_meanwhile(site, saved, make_site, clock):
    """Whoever reads during a restore sees the site before it or after it, and no error."""
    url = site.engine.url.render_as_string(hide_password=False)
    # Another process, with connections of its own that have met every statement.
    other = make_site(site.engine.dialect.name, "other", database_url=url,
                      secret_key=site.settings.secret_key)  # fmt: skip
    browser = Browser(other)
    browser.sign_in("paul", PASSWORD)
    seen, stop = [], threading.Event()

    def look():
        while not stop.is_set():
            answer = browser.client.get("/compte", base_url="http://localhost")
            seen.append((answer.status_code, "paul" in answer.text))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        while len(seen) < 10:
            assert thread.is_alive()
            stop.wait(0.01)
        restore(site, saved)
        after = len(seen) + 3
        while len(seen) < after:
            assert thread.is_alive()
            stop.wait(0.01)
    finally:
        stop.set()
        thread.join()
    # Before, then signed out; on PostgreSQL somebody may be asked to come back.
    states = [state for state, _same in groupby(each for each in seen if each[0] != 503)]
    assert states == [(200, True), (303, False)]
    assert Browser(other).sign_in("anne", PASSWORD).status_code == 200
