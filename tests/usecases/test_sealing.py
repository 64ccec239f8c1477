"""Nobody who writes to the database alone changes the journal unseen."""

from __future__ import annotations

import json
import os
import random
import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from attrs import evolve
from click.testing import CliRunner
from sqlalchemy import func, insert, make_url, select, text
from sqlalchemy.exc import DBAPIError
from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.backups.ledger import note_acts
from teleservices_core.cli import main
from teleservices_core.doctor import Severity, examine
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.seals import Wrong
from teleservices_core.domain.values import Uai
from teleservices_core.storage import seals as seal_storage
from teleservices_core.storage import tables as t
from teleservices_core.storage.engine import make_engine
from teleservices_core.storage.journal_triggers import POSTGRESQL, SQLITE
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases import sealing
from teleservices_core.usecases.lifecycle import run_lifecycle
from teleservices_core.usecases.sealing import check_journal, erase_journal, seal_journal
from teleservices_core.usecases.signing_in import sign_in
from teleservices_core.usecases.site import audited

ROOT = Path(__file__).parents[2]
CHANGES = int(os.environ.get("JOURNAL_CHANGES", "250"))
"""How many times the journal is altered on each database; JOURNAL_CHANGES=10000 to be sure."""
GUARDS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
TRIGGERS = {
    "sqlite": "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger' "
    "AND tbl_name IN ('core_audit', 'core_seals')",
    "postgresql": "SELECT format('DROP TRIGGER %%I ON %%I', tgname, relname) "
    "FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid "
    "WHERE NOT tgisinternal AND relname IN ('core_audit', 'core_seals')",
}


def write(services, number, **more):
    """Acts of all kinds."""
    site = services.site
    with site.database.writing() as tx:
        for n in range(number):
            subject = uuid7() if n % 3 else None
            uai = Uai("0219999E") if n % 2 else None
            entry = audited(f"act.{n % 7}", site.now(), None, uai=uai, subject_id=subject, n=n)
            tx.audit.add(evolve(entry, actor="Élise", **more))


def disarm(services):
    """As the owner of the database can."""
    with services.engine.begin() as connection:
        for statement in connection.exec_driver_sql(TRIGGERS[services.engine.dialect.name]).all():
            connection.exec_driver_sql(statement[0])


def wrong(services):
    """What is found."""
    return {fault.wrong for fault in check_journal(services.site).faults}


@pytest.fixture
def sealed(services, monkeypatch):
    """A journal of 120 rows under several seals, some more not sealed."""
    monkeypatch.setattr(sealing, "MOST", 25)
    write(services, 60)
    assert seal_journal(services.site) == 60
    write(services, 60)
    assert seal_journal(services.site) == 60
    write(services, 5)
    return services


def test_everything_is_sealed_once(sealed):
    """Batch by batch, up to the newest row; a second try finds nothing."""
    checked = check_journal(sealed.site)
    assert (checked.seals, checked.rows, checked.unsealed) == (6, 120, 5)
    assert checked.faults == ()
    assert seal_journal(sealed.site) == 5
    assert seal_journal(sealed.site) == 0
    assert wrong(sealed) == set()


@pytest.mark.parametrize(
    "change",
    [
        (
            "INSERT OR REPLACE INTO core_audit (id, at, action, detail, actor) "
            "SELECT id, at, 'x', detail, 'x' FROM core_audit LIMIT 1"
        ),
        (
            "REPLACE INTO core_audit (rowid, id, at, action, detail) "
            "SELECT rowid, '00', at, 'x', detail FROM core_audit LIMIT 1"
        ),
        (
            "INSERT INTO core_audit (id, at, action, detail) "
            "SELECT id, at, action, detail FROM core_audit WHERE true LIMIT 1 "
            "ON CONFLICT (id) DO UPDATE SET actor = 'x'"
        ),
        "UPDATE OR REPLACE core_audit SET actor = 'x'",
        "DELETE FROM core_audit",
        (
            "INSERT OR REPLACE INTO core_seals SELECT number, at, closed, open, 0, '', '', 1, NULL "
            "FROM core_seals LIMIT 1"
        ),
        "UPDATE core_seals SET rows = 0",
        "DELETE FROM core_seals",
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_sqlite_refuses(sealed, backend, change, recursive):
    """Whatever a connection asks for, be its triggers recursive or not."""
    raw = sealed.engine.raw_connection()
    raw.execute(f"PRAGMA recursive_triggers = {recursive}")
    with pytest.raises(raw.dbapi_connection.IntegrityError, match=r"append-only|UNIQUE|follows"):
        raw.execute(change)
    raw.close()
    assert wrong(sealed) == set()


@pytest.mark.parametrize(
    "change",
    [
        "TRUNCATE core_audit",
        "TRUNCATE core_seals",
        "TRUNCATE core_seals, core_audit CASCADE",
        "UPDATE core_audit SET actor = 'x'",
        "DELETE FROM core_audit",
        "UPDATE core_seals SET rows = 0",
        "DELETE FROM core_seals",
    ],
)
@pytest.mark.parametrize("backend", ["postgresql"])
def test_postgresql_refuses(sealed, backend, change):
    """TRUNCATE too."""
    with pytest.raises(DBAPIError, match="append-only"), sealed.engine.begin() as connection:
        connection.execute(text(change))
    assert wrong(sealed) == set()


class Forger:
    """One change at random, that can be taken back."""

    def __init__(self, services, chance):
        self.engine, self.chance = services.engine, chance
        with self.engine.connect() as connection:
            self.audit = [row._asdict() for row in connection.execute(t.audit.select())]
            self.seals = [row._asdict() for row in connection.execute(t.seals.select())]
        covered = check_journal(services.site).rows
        self.audit = sorted(self.audit, key=lambda row: row["id"])[:covered]

    def __call__(self):
        kind = self.chance.choice(["edit", "delete", "insert", "swap", "move", "seal", "unseal"])
        with self.engine.begin() as connection:
            undo = getattr(self, kind)(connection)
        return kind, undo

    def _set(self, connection, table, key, name, value, before):
        column = table.c[name]
        changing = table.update().where(table.c[key] == before[key])
        connection.execute(changing.values({column: value}))
        back = {key: value} if name == key else {key: before[key]}
        return lambda c: c.execute(
            table.update().where(table.c[key] == back[key]).values({column: before[name]})
        )

    def edit(self, connection):
        row = self.chance.choice(self.audit)
        name = self.chance.choice(
            ["at", "actor_id", "actor", "role", "action", "uai", "subject_id", "detail"]
        )
        value = {
            "at": row["at"] + timedelta(microseconds=self.chance.choice([1, -1, 10**9])),
            "actor_id": uuid7(),
            "actor": row["actor"] + self.chance.choice([" ", "x", "é"]),
            "role": "head",
            "action": row["action"][:-1],
            "uai": "" if row["uai"] else "0210001A",
            "subject_id": None if row["subject_id"] else uuid7(),
            "detail": {**row["detail"], "n": row["detail"]["n"] + 1},
        }[name]
        return self._set(connection, t.audit, "id", name, value, row)

    def move(self, connection):
        row = self.chance.choice(self.audit)
        value = UUID(int=row["id"].int + self.chance.choice([1, -1, 1 << 90]))
        return self._set(connection, t.audit, "id", "id", value, row)

    def delete(self, connection):
        row = self.chance.choice(self.audit)
        connection.execute(t.audit.delete().where(t.audit.c.id == row["id"]))
        return lambda c: c.execute(insert(t.audit).values(**row))

    def insert(self, connection):
        row = self.chance.choice(self.audit[:-30])
        new = {**row, "id": UUID(int=row["id"].int + 1), "action": "forged"}
        connection.execute(insert(t.audit).values(**new))
        return lambda c: c.execute(t.audit.delete().where(t.audit.c.id == new["id"]))

    def swap(self, connection):
        content = [name for name in self.audit[0] if name != "id"]
        one = other = self.audit[0]
        while all(one[name] == other[name] for name in content):
            one, other = self.chance.sample(self.audit, 2)
        for row, by in ((one, other), (other, one)):
            values = {name: by[name] for name in content}
            connection.execute(t.audit.update().where(t.audit.c.id == row["id"]).values(**values))

        def undo(c):
            for row in (one, other):
                values = {name: row[name] for name in content}
                c.execute(t.audit.update().where(t.audit.c.id == row["id"]).values(**values))

        return undo

    def seal(self, connection):
        row = self.chance.choice(self.seals)
        name = self.chance.choice(["at", "closed", "open", "rows", "digest", "mac", "erased_to"])
        value = {
            "at": row["at"] + timedelta(seconds=1),
            "closed": "f" * 32,
            "open": row["open"][1:] or ["0" * 32],
            "rows": row["rows"] + 1,
            "digest": row["digest"][::-1],
            "mac": row["mac"][::-1],
            "erased_to": row["number"],
        }[name]
        return self._set(connection, t.seals, "number", name, value, row)

    def unseal(self, connection):
        # The last one of all: see the test of the copies.
        row = self.chance.choice(self.seals[:-1])
        connection.execute(t.seals.delete().where(t.seals.c.number == row["number"]))
        return lambda c: c.execute(insert(t.seals).values(**row))


def test_any_single_change_is_found(sealed):
    """Edits, deletions, insertions, swaps, of rows and of seals, with the triggers gone."""
    disarm(sealed)
    forger, missed = Forger(sealed, random.Random(13)), []
    for _n in range(CHANGES):
        kind, undo = forger()
        if not wrong(sealed):
            missed.append(kind)
        with sealed.engine.begin() as connection:
            undo(connection)
    assert missed == []
    assert wrong(sealed) == set()


def test_doctor_says_it(sealed):
    """An error, with where to look; the command ends with 1."""
    assert not [each for each in examine(sealed) if each.check == "journal"]
    disarm(sealed)
    with sealed.engine.begin() as connection:
        first = connection.scalar(text("SELECT min(CAST(id AS text)) FROM core_audit"))
        connection.execute(
            text("DELETE FROM core_audit WHERE CAST(id AS text) = :id"), {"id": first}
        )
    (finding,) = [each for each in examine(sealed) if each.check == "journal"]
    assert finding.severity is Severity.ERROR
    assert "retirées" in finding.text
    assert "sceau 1" in finding.text


def test_the_key_makes_the_seals(sealed):
    """Who knows the rule but not the key makes none; a former key still checks its own."""
    other = evolve(sealed.settings, secret_key="another key of thirty-two characters")
    site = Teleservices(other, engine=sealed.engine, clock=sealed.site.clock).site
    assert {each.wrong for each in check_journal(site).faults} >= {Wrong.SEAL_ALTERED}
    rotated = evolve(other, former_secret_keys=(sealed.settings.secret_key,))
    site = Teleservices(rotated, engine=sealed.engine, clock=sealed.site.clock).site
    assert check_journal(site).faults == ()
    assert seal_journal(site) == 5
    assert check_journal(site).faults == ()


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_journal_that_is_never_quiet(sealed, monkeypatch, backend):
    """On PostgreSQL others may be writing: what is recent is then sealed row by row."""
    monkeypatch.setattr(seal_storage.Seals, "_is_alone", lambda _self: False)
    for _n in range(3):
        write(sealed, 30)
        seal_journal(sealed.site)
        assert wrong(sealed) == set()
    assert check_journal(sealed.site).rows == 215
    with sealed.site.database.reading() as tx:
        last = tx.seals.last()
    assert len(last.open) == 95
    disarm(sealed)
    with sealed.engine.begin() as connection:
        connection.execute(t.audit.delete().where(t.audit.c.id == UUID(last.open[3])))
    assert wrong(sealed) == {Wrong.ROWS_REMOVED}


def test_two_at_once(sealed, monkeypatch):
    """The one that comes second leaves it to the first."""
    monkeypatch.setattr(seal_storage, "insert_if_new", lambda *_args: 0)
    assert seal_journal(sealed.site) == 0
    monkeypatch.undo()
    assert seal_journal(sealed.site) == 5


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_transaction_under_way(services, backend):
    """What it has written but not committed waits for the next seal, and accuses nobody."""
    site = services.site
    write(services, 3)
    with site.database.writing() as slow:
        slow.audit.add(audited("slow", site.now(), None))
        write(services, 3)
        assert seal_journal(site) == 6
    assert wrong(services) == set()
    assert seal_journal(site) == 1
    assert check_journal(site).unsealed == 0
    assert wrong(services) == set()


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_clock_that_is_late(services, backend):
    """A row that another machine dates half a minute ago comes after the seal."""
    write(services, 3)
    assert seal_journal(services.site) == 3
    now = uuid7().int
    late = UUID(int=now - (30_000 << 80))
    with services.site.database.writing() as tx:
        # As a row is written while the journal is busy: its date is not kept.
        row = {"id": late, "at": services.site.now(), "action": "late", "detail": {}}
        tx.connection.execute(insert(t.audit).values(**row))
    assert wrong(services) == set()
    assert seal_journal(services.site) == 1
    assert wrong(services) == set()


def test_the_daily_run_seals(services):
    """With everything that it did itself."""
    write(services, 4)
    run_lifecycle(services.site)
    assert check_journal(services.site).unsealed == 0


# --- Its time is over -----------------------------------------------------------------


def test_erasing_is_a_link_of_the_chain(services, clock, monkeypatch):
    """What was about people goes, what schools decided stays; all of it can be checked."""
    monkeypatch.setattr(sealing, "MOST", 10)
    monkeypatch.setattr(sealing, "_ERASED", 20)
    settings = evolve(
        services.settings, durations=evolve(services.settings.durations, journal_days=200)
    )
    services = Teleservices(settings, engine=services.engine, clock=clock)
    site, kept = services.site, []
    for _year in range(3):
        write(services, 45)
        seal_journal(site)
        clock.advance(timedelta(days=150))
        erase_journal(site)
        assert wrong(services) == set()
        seal_journal(site)
        assert wrong(services) == set()
        with site.database.reading() as tx:
            rows = [row for row in tx.seals.rows("0" * 32) if row[5].startswith("act")]
        kept.append((len(rows), sum(row[7] is not None for row in rows)))
    # A third is about nobody.
    assert kept == [(45, 30), (60, 30), (75, 30)]
    assert erase_journal(site) == 0
    disarm(services)
    with services.engine.begin() as connection:
        oldest = connection.scalar(text("SELECT min(CAST(id AS text)) FROM core_audit"))
        connection.execute(
            text("UPDATE core_audit SET actor = 'x' WHERE CAST(id AS text) = :id"), {"id": oldest}
        )
    assert wrong(services) == {Wrong.ROWS_CHANGED}


def forge(connection, **changes):
    """An erasing seal after the last one, as somebody without the key makes it."""
    row = connection.execute(t.seals.select().order_by(t.seals.c.number.desc())).first()
    forged = {
        **row._asdict(),
        "number": row.number + 1,
        "at": row.at + timedelta(days=180),
        "erased_to": row.number,
        "erased_id": UUID(row.closed),
        "rows": 0,
    }
    connection.execute(insert(t.seals).values(**{**forged, **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 999},
        {"number": 999, "erased_to": None, "erased_id": None},
        {"erased_id": UUID("f" * 32)},
        {"erased_id": uuid7()},
        {"erased_to": None},
        {"erased_to": 999},
        {"erased_id": None},
        {"erased_to": None, "erased_id": None, "closed": "0" * 32},
    ],
)
def test_a_seal_that_does_not_follow_is_refused(sealed, changes):
    """Of another number, or that erases what no older seal covers: nothing is let through."""
    with pytest.raises(DBAPIError, match="follows the one before"), sealed.engine.begin() as c:
        forge(c, **changes)
    assert wrong(sealed) == set()


def test_what_is_too_young_is_not_erased(sealed):
    """Whatever the settings, nothing is before half a year."""
    with sealed.engine.connect() as connection:
        at = connection.scalar(select(func.max(t.seals.c.at)))
    with pytest.raises(DBAPIError, match="follows the one before"), sealed.engine.begin() as c:
        forge(c, at=at + timedelta(days=179))


def test_an_erasing_that_the_key_did_not_make(sealed):
    """Who takes care lets the triggers pass, which cannot know the key; the chain does not."""
    with sealed.engine.begin() as connection:
        forge(connection)
    with pytest.raises(DBAPIError, match="append-only"), sealed.engine.begin() as connection:
        connection.execute(text("DELETE FROM core_audit"))
    with sealed.engine.begin() as connection:
        top = select(t.seals.c.erased_id).where(t.seals.c.erased_id.is_not(None)).scalar_subquery()
        mine = t.audit.delete().where(t.audit.c.subject_id.is_not(None), t.audit.c.id <= top)
        assert connection.execute(mine).rowcount == 80
    assert wrong(sealed) >= {Wrong.SEAL_ALTERED, Wrong.ROWS_ADDED}
    said = CliRunner().invoke(main.get_command(None, "journal"), ["check"], obj=lambda: sealed)
    assert said.exit_code == 1
    assert "le sceau 7 a été modifié, ou fait avec une autre clé" in said.output


def test_what_an_erasing_lets_through_ends_with_the_next_seal(services, clock):
    """What it kept, and what was erased before, is refused to everybody again."""
    days = evolve(services.settings.durations, journal_days=200)
    settings = evolve(services.settings, durations=days)
    site = Teleservices(settings, engine=services.engine, clock=clock).site
    write(services, 9)
    seal_journal(site)
    clock.advance(timedelta(days=300))
    assert erase_journal(site) == 6
    with pytest.raises(DBAPIError, match="append-only"), services.engine.begin() as connection:
        connection.execute(text("DELETE FROM core_audit"))
    assert wrong(services) == set()


# --- Triggers that have gone ----------------------------------------------------------


def check(services, *words):
    """The command."""
    command = main.get_command(None, "journal")
    return CliRunner().invoke(command, ["check", *words], obj=lambda: services)


def migrate(services):
    """The command."""
    return CliRunner().invoke(main.get_command(None, "migrate"), [], obj=lambda: services)


def said_of_guards(services):
    """What doctor says of them."""
    found = [each for each in examine(services) if each.check == "journal_guards"]
    assert all(each.severity is Severity.ERROR for each in found)
    return "\n".join(f"{each.text} {each.next_step}" for each in found)


def standing(services):
    """How triggers and functions are now."""
    sql = {
        "sqlite": "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname, tgenabled, pg_get_triggerdef(g.oid), p.prosrc "
        "FROM pg_trigger g JOIN pg_proc p ON p.oid = tgfoid WHERE NOT tgisinternal",
    }[services.engine.dialect.name]
    with services.engine.connect() as connection:
        return sorted(tuple(row) for row in connection.exec_driver_sql(sql))


def assert_told_and_mended(services, *words):
    """Doctor and the check say it and end with 1; migrate puts it back, as often as one likes."""
    before = check(services)
    assert before.exit_code == 1
    assert "Rien n’a été modifié" not in before.output
    doctor = said_of_guards(services)
    for word in (*words, "teleservices migrate"):
        assert word in before.output
        assert word in doctor
    assert "Remis" in migrate(services).output
    assert check(services).exit_code == 0
    assert said_of_guards(services) == ""
    assert "Remis" not in migrate(services).output


def test_triggers_that_have_gone(sealed):
    """All of them dropped."""
    made = standing(sealed)
    disarm(sealed)
    names = [each.name for each in GUARDS[sealed.engine.dialect.name]]
    assert_told_and_mended(sealed, *names, "manque")
    assert standing(sealed) == made


@pytest.mark.parametrize(
    ("name", "table", "event"),
    [
        ("core_audit_no_delete", "core_heartbeats", "UPDATE"),
        ("core_audit_no_delete", "core_audit", "DELETE"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_triggers_of_the_same_name(sealed, backend, name, table, event):
    """That do nothing, there or elsewhere."""
    with sealed.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN SELECT 1; END"
        )
    assert_told_and_mended(sealed, name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("ALTER TABLE core_audit DISABLE TRIGGER ALL", ["core_audit_append_only", "éteint"]),
        ("ALTER TABLE core_seals DISABLE TRIGGER USER", ["core_seals_follow", "éteint"]),
        (
            "ALTER TABLE core_audit ENABLE REPLICA TRIGGER core_audit_no_delete",
            ["core_audit_no_delete", "éteint"],
        ),
        (
            (
                "CREATE OR REPLACE FUNCTION core_audit_refuse() RETURNS trigger LANGUAGE plpgsql "
                "AS $$ BEGIN RETURN coalesce(NEW, OLD); END $$"
            ),
            ["core_audit_refuse", "n’est plus celui"],
        ),
        ("ALTER FUNCTION core_seals_follow() SECURITY DEFINER", ["core_seals_follow"]),
        (
            (
                "DROP TRIGGER core_audit_no_delete ON core_audit; "
                "CREATE TRIGGER core_audit_no_delete BEFORE DELETE ON core_audit "
                "FOR EACH ROW WHEN (false) EXECUTE FUNCTION core_audit_refuse_delete()"
            ),
            ["core_audit_no_delete", "n’est plus celui"],
        ),
    ],
)
@pytest.mark.parametrize("backend", ["postgresql"])
def test_triggers_that_do_nothing(sealed, backend, change, words):
    """Disabled, or with another function."""
    with sealed.engine.begin() as connection:
        connection.exec_driver_sql(change)
    assert_told_and_mended(sealed, *words)


UNDO = {
    ("TRIGGER", "sqlite"): "DROP TRIGGER mine",
    ("RULE", "postgresql"): "DROP RULE mine ON core_audit",
    ("FUNCTION", "postgresql"): "DROP FUNCTION mine() CASCADE",
}


@pytest.mark.parametrize(
    ("backend", "change"),
    [
        (
            "sqlite",
            "CREATE TRIGGER mine BEFORE INSERT ON core_audit BEGIN SELECT RAISE(IGNORE); END",
        ),
        ("postgresql", "CREATE RULE mine AS ON INSERT TO core_audit DO INSTEAD NOTHING"),
        (
            "postgresql",
            (
                "CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RETURN NULL; END $$; CREATE TRIGGER mine BEFORE INSERT ON core_audit "
                "FOR EACH ROW EXECUTE FUNCTION mine()"
            ),
        ),
    ],
)
def test_what_swallows_rows(sealed, backend, change):
    """Somebody else's, on the journal: said by its name, and left to who put it there."""
    with sealed.engine.begin() as connection:
        connection.exec_driver_sql(change)
    try:
        said, doctor = check(sealed), said_of_guards(sealed)
        migrate(sealed)
        again = check(sealed)
    finally:
        with sealed.engine.begin() as connection:
            connection.exec_driver_sql(UNDO[change.split()[1], backend])
    assert said.exit_code == again.exit_code == 1
    assert "mine de core_audit n’est pas du programme" in said.output
    assert "mine de core_audit" in doctor
    assert check(sealed).exit_code == 0


def test_every_trigger_of_the_product_is_compared(sealed):
    """None of another table, or that is not in the definitions, goes unseen."""
    known = {each.name for each in GUARDS[sealed.engine.dialect.name]}
    assert {row[0] for row in standing(sealed)} == known


# --- Ends of the journal --------------------------------------------------------------


@pytest.fixture
def lived(services, clock):
    """A site where somebody has signed in and a daily run has sealed."""
    world = World(services)
    world.account(an_adult(), Audience.GUARDIAN, login_name="anne")
    write(services, 6)
    clock.advance(timedelta(minutes=5))
    sign_in(services.site, "anne", PASSWORD, source="198.51.100.7")
    clock.advance(timedelta(minutes=5))
    run_lifecycle(services.site)
    said = check(services)
    assert said.exit_code == 0, said.output
    assert "La première est du" in said.output
    return services


def cut(services, *statements):
    """With the triggers gone, and put back."""
    disarm(services)
    with services.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    migrate(services)


@pytest.mark.parametrize(
    ("statements", "wrongs"),
    [
        (["DELETE FROM core_audit", "DELETE FROM core_seals"], {Wrong.EMPTY}),
        (
            [
                "DELETE FROM core_audit",
                "DELETE FROM core_seals",
                "DELETE FROM core_sessions",
            ],
            {Wrong.EMPTY},
        ),
        (["DELETE FROM core_seals"], {Wrong.UNSEALED}),
        (
            ["DELETE FROM core_audit WHERE action = 'account.signed_in'", "DELETE FROM core_seals"],
            {Wrong.END_MISSING, Wrong.UNSEALED},
        ),
    ],
)
def test_ends_that_were_taken_away(lived, statements, wrongs):
    """Of rows and seals together: what the site did beside the journal says it."""
    cut(lived, *statements)
    assert wrong(lived) == wrongs
    said = check(lived)
    assert said.exit_code == 1
    assert "Rien n’a été modifié" not in said.output
    assert [each for each in examine(lived) if each.check == "journal"]


def test_a_new_site_is_empty(services):
    """Nobody has used it: nothing is missing."""
    assert check(services).exit_code == 0
    run_lifecycle(services.site)
    assert check(services).exit_code == 0


def test_a_chain_that_is_shorter_than_the_ledger_knows(sealed, tmp_path):
    """The last seals taken away with their rows: the file beside the database says it."""
    settings = evolve(sealed.settings, ledger=tmp_path / "site.ledger")
    services = Teleservices(settings, engine=sealed.engine, clock=sealed.site.clock)
    seal_journal(services.site)
    note_acts(services.site)
    assert check(services).exit_code == 0
    cut(services, "DELETE FROM core_seals WHERE number = (SELECT max(number) FROM core_seals)")
    said = check(services)
    assert said.exit_code == 1
    assert "plus ancienne que ce que le site a noté" in said.output
    assert json.loads(check(services, "--json").output)["behind"]


# --- Commands and copies --------------------------------------------------------------


def test_commands(sealed, tmp_path):
    """Seal, check, keep a copy; the last seals taken away are missed by the copy."""

    def run(*words):
        return CliRunner().invoke(main.get_command(None, "journal"), words, obj=lambda: sealed)

    assert "5 lignes scellées" in run("seal").output
    copy = tmp_path / "seals.jsonl"
    assert run("export", str(copy)).exit_code == 0
    assert copy.stat().st_mode & 0o077 == 0
    assert "Élise" not in copy.read_text()
    assert run("check", "--against", str(copy)).exit_code == 0
    with sealed.engine.connect() as connection:
        last = connection.scalar(text("SELECT max(number) FROM core_seals"))
    cut(sealed, f"DELETE FROM core_seals WHERE number = {last}")
    assert run("check").exit_code == 0
    said = run("check", "--against", str(copy))
    assert said.exit_code == 1
    assert f"sceau {last}" in said.output
    assert json.loads(run("check", "--against", str(copy), "--json").output)["missing"] == [last]
    copy.write_text("{}")
    assert "n’est pas une copie" in run("check", "--against", str(copy)).output


# --- The role of the documentation ----------------------------------------------------


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_role_that_owns_nothing(make_database, clock, backend):
    """The SQL of the documentation: the site works, the triggers cannot be dropped."""
    url = make_url(make_database(backend))
    owner = make_engine(url)
    page = (ROOT / "docs/how-to/guard-the-journal.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    with owner.begin() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS teleservices")
        connection.exec_driver_sql(block)
    engine = make_engine(url.set(username="teleservices"))
    services = Teleservices(make_settings(str(url)), engine=engine, clock=clock)
    write(services, 10)
    run_lifecycle(services.site)
    assert check_journal(services.site).rows == 10
    assert wrong(services) == set()
    for change in (
        "DROP TRIGGER core_audit_append_only ON core_audit",
        "ALTER TABLE core_audit DISABLE TRIGGER ALL",
        "TRUNCATE core_audit",
        "UPDATE core_audit SET actor = 'x'",
        "DELETE FROM core_seals",
        "SET session_replication_role = replica",
    ):
        with (
            pytest.raises(DBAPIError, match=r"must be owner|permission denied"),
            engine.begin() as connection,
        ):
            connection.exec_driver_sql(change)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM core_audit")
    engine.dispose()
    with owner.begin() as connection:
        connection.exec_driver_sql("DROP OWNED BY teleservices")
        connection.exec_driver_sql("DROP ROLE teleservices")
    owner.dispose()
