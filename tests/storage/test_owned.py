"""Migrations beside a host's tables: neither takes the other's, and each keeps to its own."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text

from teleservices_core.errors import MigrationRefusedError
from teleservices_core.storage import tables as t
from teleservices_core.storage.engine import make_engine
from teleservices_core.storage.inspection import orphans
from teleservices_core.storage.migrate import pending, upgrade
from teleservices_core.storage.owned import recorded
from teleservices_core.testing.databases import PATIENT
from teleservices_core.testing.migrations import a_source

MENUS = ("CREATE TABLE menus_days (id INTEGER PRIMARY KEY)",)


@pytest.fixture
def sources(services):
    """The core's and the plugins'."""
    return services.plugins.catalogue.migrations


@pytest.fixture
def empty(databases, backend):
    """A database without any table."""
    engine = make_engine(databases.make(backend), PATIENT)
    with engine.begin() as connection:
        if backend == "postgresql":
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        else:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            for name in inspect(connection).get_table_names():
                connection.exec_driver_sql(f"DROP TABLE {name}")
    yield engine
    engine.dispose()


def names(engine):
    return set(inspect(engine).get_table_names())


def run(engine, *statements):
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def record_of(engine):
    with engine.connect() as connection:
        return recorded(connection)


def test_what_migrations_make_is_written_down(engine):
    """Every table is of one distribution."""
    ours = record_of(engine)
    assert set(ours) == {"core_", "fiche_", "notes_"}
    assert set().union(*ours.values()) == names(engine)
    assert t.own_tables.name in ours["core_"]


def test_what_was_made_before_it_was_written_down(engine, sources):
    """Adopted by the next migration; a table of the host that begins alike is not."""
    before = record_of(engine)
    run(engine, "CREATE TABLE notes_of_the_host (id INTEGER)", f"DELETE FROM {t.own_tables.name}")
    assert upgrade(engine, sources) == []
    assert record_of(engine) == before


def test_a_table_that_a_revision_drops_is_no_longer_ours(engine, tmp_path):
    """A host may take the name."""
    upgrade(engine, [a_source(tmp_path, "menus_", MENUS)])
    assert record_of(engine)["menus_"] == {"menus_days", "menus_version"}
    later = ("DROP TABLE menus_days", "CREATE TABLE menus_weeks (id INTEGER)")
    upgrade(engine, [a_source(tmp_path, "menus_", MENUS, later)])
    run(engine, "CREATE TABLE menus_days (id INTEGER)")
    assert [each.tables for each in orphans(engine, {"core_", "fiche_", "notes_"})] == [
        ("menus_version", "menus_weeks")
    ]


@pytest.mark.parametrize(
    ("statements", "taken"),
    [
        (["CREATE TABLE core_version (id INTEGER, number TEXT)"], ("core_version",)),
        (
            ["CREATE TABLE core_version (num TEXT)", "CREATE TABLE core_a (id INTEGER)"],
            ("core_version",),
        ),
        (
            [
                "CREATE TABLE core_version (version_num TEXT)",
                "INSERT INTO core_version VALUES ('ae1027a6acf')",
            ],
            ("core_version",),
        ),
        (
            ["CREATE TABLE core_students (id INTEGER)", "CREATE TABLE core_accounts (id INTEGER)"],
            ("core_accounts", "core_students"),
        ),
        (["CREATE TABLE notes_version (id INTEGER)"], ("notes_version",)),
    ],
)
def test_a_host_has_the_names_of_our_tables(empty, sources, statements, taken):
    """A Django application called « core »: refused with the names, and nothing is written."""
    run(empty, *statements)
    before = names(empty)
    with pytest.raises(MigrationRefusedError, match="taken") as refused:
        upgrade(empty, sources)
    assert refused.value.names == taken
    assert names(empty) == before
    assert pending(empty, sources)


def test_a_host_s_tables_that_only_begin_alike(empty, sources):
    """« core_article » is no obstacle, and stays the host's."""
    run(empty, "CREATE TABLE core_article (id INTEGER)", "CREATE TABLE alembic_version (x TEXT)")
    assert upgrade(empty, sources)
    assert names(empty) - set().union(*record_of(empty).values()) == {
        "core_article",
        "alembic_version",
    }
    assert orphans(empty, {each.prefix for each in sources}) == []


BOTH = {
    "DROP TABLE core_tokens": "core_tokens",
    "DELETE FROM core_cut_plugins": "core_cut_plugins",
    "UPDATE core_cut_plugins SET reason = ''": "core_cut_plugins",
    "INSERT INTO core_own_tables VALUES ('users', 'menus_')": "core_own_tables",
    "ALTER TABLE core_students ADD COLUMN menu TEXT": "core_students",
    "ALTER TABLE core_students RENAME TO menus_students": "core_students",
    "ALTER TABLE menus_days RENAME TO days": "days",
    "CREATE TABLE menu (id INTEGER)": "menu",
    "CREATE TABLE core_menus (id INTEGER)": "core_menus",
    "CREATE VIEW everybody AS SELECT * FROM core_students": "everybody",
    "CREATE TABLE menus_more_days (id INTEGER)": "menus_more_days",
    "COMMIT": "COMMIT",
}
SQLITE = {
    "DROP TRIGGER core_audit_no_update": "core_audit",
    "CREATE TRIGGER menus_x AFTER INSERT ON core_students BEGIN SELECT 1; END": "core_students",
    "CREATE TEMP TRIGGER x AFTER INSERT ON core_students BEGIN SELECT 1; END": "core_students",
    "CREATE INDEX menus_x ON core_students (last_name)": "core_students",
    "CREATE INDEX menus_x ON notes_marks (student_id)": "notes_marks",
    "DROP INDEX ix_core_matches_open": "core_matches",
    "ATTACH ':memory:' AS other": "ATTACH",
}
POSTGRESQL = {
    "DROP TRIGGER core_audit_append_only ON core_audit": "core_audit_append_only",
    "ALTER TABLE core_audit DISABLE TRIGGER ALL": "core_audit_append_only",
    "CREATE INDEX menus_x ON core_students (last_name)": "menus_x",
    "CREATE INDEX menus_x ON notes_marks (student_id)": "menus_x",
    "DROP INDEX ix_core_matches_open": "ix_core_matches_open",
    "TRUNCATE core_tokens": "core_tokens",
    "CREATE OR REPLACE FUNCTION core_audit_refuse() RETURNS trigger"
    " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'": "core_audit_refuse()",
    "CREATE FUNCTION lower(integer) RETURNS text LANGUAGE sql"
    " AS $$ SELECT ''::text $$": "lower(integer)",
    "CREATE TYPE menu AS ENUM ('a')": "menu",
    "CREATE SCHEMA days": "days",
    "GRANT SELECT ON core_accounts TO public": "core_accounts",
    "CREATE RULE menus_x AS ON DELETE TO core_audit DO INSTEAD NOTHING": "menus_x",
    "ALTER TABLE core_matches DROP CONSTRAINT pk_core_matches CASCADE": "pk_core_matches",
    "ALTER TABLE core_tokens ALTER COLUMN purpose SET DEFAULT ''": "core_tokens",
}


@pytest.mark.parametrize(
    ("backend", "statement", "named"),
    [
        *((backend, *each) for each in BOTH.items() for backend in ("sqlite", "postgresql")),
        *(("sqlite", *each) for each in SQLITE.items()),
        *(("postgresql", *each) for each in POSTGRESQL.items()),
    ],
)
def test_a_migration_that_strays(engine, tmp_path, statement, named):
    """The thing is named, and nothing is kept of any migration of that run."""
    run(engine, "INSERT INTO core_cut_plugins SELECT 'x', '2026-01-01', 'x', 'x'")
    before, ours = names(engine), record_of(engine)
    source = a_source(tmp_path / "menus", "menus_", MENUS, (statement,))
    more = a_source(tmp_path / "more", "menus_more_", ("CREATE TABLE menus_more_x (id INTEGER)",))
    with pytest.raises(MigrationRefusedError) as refused:
        upgrade(engine, [source, more])
    assert refused.value.code == "strays"
    assert any(each.removeprefix("public.") == named for each in refused.value.names)
    if (engine.dialect.name, statement) != ("postgresql", "COMMIT"):
        # PostgreSQL has kept what came before that; it is said, all the same.
        assert (names(engine), record_of(engine)) == (before, ours)


def test_a_migration_that_fails(engine, tmp_path):
    """In the database's code, without its words; nothing is kept."""
    before = names(engine)
    with pytest.raises(MigrationRefusedError) as refused:
        upgrade(engine, [a_source(tmp_path, "menus_", MENUS, ("SELECT * FROM nowhere",))])
    assert (refused.value.code, refused.value.names) in [
        ("fails", ("42P01",)),
        ("fails", ("OperationalError",)),
    ]
    assert names(engine) == before


@pytest.mark.parametrize("text", ["revision = ", "import nowhere_at_all", "x = 1", None])
def test_files_that_are_no_revisions(engine, tmp_path, text):
    """The folder is named; None stands for two that follow the same one."""
    source = a_source(tmp_path, "menus_", MENUS, ("SELECT 1",), ("SELECT 2",))
    first = (tmp_path / "menus_0001.py").read_text()
    (tmp_path / "menus_0003.py").write_text(
        first.replace("menus_0001", "menus_0003").replace("None", "'menus_0001'")
        if text is None
        else text
    )
    for call in (pending, upgrade):
        with pytest.raises(MigrationRefusedError, match="unreadable") as refused:
            call(engine, [source])
        assert refused.value.names[0] == str(tmp_path)


def test_a_later_version_was_here(engine, tmp_path):
    """Refused with its revision."""
    upgrade(engine, [a_source(tmp_path / "new", "menus_", MENUS, ("SELECT 1",))])
    with pytest.raises(MigrationRefusedError, match="newer: menus_0002"):
        upgrade(engine, [a_source(tmp_path / "old", "menus_", MENUS)])


@pytest.mark.parametrize(
    "statements",
    [
        ("INSERT INTO menus_days SELECT 1 FROM core_audit", "UPDATE menus_days SET id = 2"),
        ("CREATE INDEX days_of_menus ON menus_days (id)",),
        ("CREATE TEMPORARY TABLE days AS SELECT * FROM core_students",),
        ("CREATE TABLE menus_x (id INTEGER, plugin VARCHAR(64) REFERENCES core_cut_plugins)",),
    ],
)
def test_a_migration_that_keeps_to_its_own(engine, tmp_path, statements):
    """It reads what it wants, and refers to it."""
    assert upgrade(engine, [a_source(tmp_path, "menus_", MENUS, statements)])
