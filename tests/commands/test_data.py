"""``teleservices data``: erase on written request, and see to what a removed plugin left."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, text

from teleservices_core import leftovers
from teleservices_core.commands.data import data
from teleservices_core.doctor import examine
from teleservices_core.storage.migrate import upgrade
from teleservices_core.testing.builders import a_schooling, a_student
from teleservices_core.testing.migrations import a_source
from teleservices_core.testing.world import World

TABLES = {"gone_marks": 2, "gone_notes": 3, "gone_version": 1}
HOST = (
    # Its own Alembic, django-reversion, a second Alembic that numbers as we do, and names alike.
    "CREATE TABLE alembic_version (version_num VARCHAR(32))",
    "INSERT INTO alembic_version VALUES ('ae1027a6acf')",
    "CREATE TABLE reversion_version (id INTEGER, object_id TEXT)",
    "CREATE TABLE reversion_revision (id INTEGER)",
    "CREATE TABLE blog_version (version_num VARCHAR(32))",
    "INSERT INTO blog_version VALUES ('blog_0001')",
    "CREATE TABLE blog_posts (id INTEGER)",
    "CREATE TABLE version (version_num VARCHAR(32))",
    "CREATE TABLE _version (version_num VARCHAR(32))",
    "CREATE TABLE gone_fishing (id INTEGER)",
    "CREATE TABLE core_articles (id INTEGER)",
    "CREATE TABLE notes_of_the_host (id INTEGER)",
)
HOSTS = tuple(each.split()[2] for each in HOST if each.startswith("CREATE"))


@pytest.fixture
def run(services):
    """Run ``teleservices data …`` on the site of the test."""

    def run(*words, code=0, typed=None):
        outcome = CliRunner().invoke(data, words, obj=lambda: services, input=typed)
        assert outcome.exit_code == code, outcome.output
        return outcome.output.replace("\N{NO-BREAK SPACE}", " ")

    return run


@pytest.fixture
def gone(services, tmp_path):
    """Tables of a plugin that is not installed, one referring to the other; a host's beside."""
    source = a_source(
        tmp_path / "revisions",
        "gone_",
        (
            "CREATE TABLE gone_notes (id INTEGER PRIMARY KEY, label TEXT, day DATE)",
            "CREATE TABLE gone_marks (id INTEGER PRIMARY KEY, note INTEGER REFERENCES gone_notes)",
            "INSERT INTO gone_notes VALUES (1, 'é, « à »', '2026-11-24'), (2, NULL, NULL)",
            "INSERT INTO gone_notes VALUES (3, '', NULL)",
            "INSERT INTO gone_marks VALUES (1, 1), (2, 3)",
        ),
    )
    upgrade(services.engine, [source])
    with services.engine.begin() as connection:
        for statement in HOST:
            connection.execute(text(statement))
    yield services
    with services.engine.begin() as connection:
        for name in ("gone_marks", "gone_notes", "gone_version", *HOSTS):
            connection.execute(text(f"DROP TABLE IF EXISTS {name}"))


def tables(services):
    """The names of the tables that are neither the core's nor a plugin's."""
    return {
        name
        for name in inspect(services.engine).get_table_names()
        if name.startswith("gone_") or name in HOSTS
    }


def acts(services, prefix):
    """What the journal has of some acts."""
    with services.site.database.reading() as tx:
        return [e.action for e in tx.audit.latest(100) if e.action.startswith(prefix)]


def test_export_then_drop(gone, run, tmp_path):
    """Every row with the names of the columns; nothing is dropped before, nor without a yes."""
    assert "Exportez d’abord" in run("drop-left", "gone_", "--yes", code=1)
    said = run("export-left", "gone", "--to", str(tmp_path))
    assert "3  gone_notes.csv" in said
    with (tmp_path / "gone_notes.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["id", "label", "day"],
            ["1", "é, « à »", "2026-11-24"],
            ["2", "", ""],
            ["3", "", ""],
        ]
    assert not list(tmp_path.glob("*.part"))
    said = run("drop-left", "gone_", "--dry-run")
    assert "2  gone_marks" in said
    assert "Exportées" in said
    run("drop-left", "gone_", typed="n\n", code=1)
    assert tables(gone) == {*TABLES, *HOSTS}
    run("drop-left", "gone_", "--yes")
    assert tables(gone) == set(HOSTS)
    assert acts(gone, "data.left") == ["data.left_dropped", "data.left_exported"]
    assert "Aucune table" in run("drop-left", "gone_", "--yes", code=1)


def test_an_export_that_was_stopped_goes_on(gone, run, tmp_path):
    """Tables that are whole are not written again; a row more makes the export stale."""
    stops = iter([False, True])
    stopped = leftovers.export_left(gone, "gone_", tmp_path, is_stopping=lambda: next(stops))
    assert stopped is None
    (written,) = tmp_path.glob("*.csv")
    kept = written.stat().st_mtime_ns
    assert not leftovers.leftover(gone, "gone_").is_exported
    assert leftovers.export_left(gone, "gone_", tmp_path) == TABLES
    assert written.stat().st_mtime_ns == kept
    assert json.loads((tmp_path / "gone_export.json").read_text()) == TABLES
    with gone.engine.begin() as connection:
        connection.execute(text("INSERT INTO gone_notes VALUES (4, NULL, NULL)"))
    assert "Exportez d’abord" in run("drop-left", "gone_", "--yes", code=1)
    run("drop-left", "gone_", "--yes", "--without-export")
    assert tables(gone) == set(HOSTS)


OTHERS = [
    "notes_",
    "core_",
    "",
    "_",
    "alembic_",
    "reversion_",
    "blog_",
    "gone_fishing",
    "gone_marks",
]


@pytest.mark.parametrize("prefix", OTHERS)
def test_what_is_installed_or_unknown_is_left_alone(gone, run, tmp_path, prefix):
    """A plugin that is installed, the core, a host's own tables, half a prefix."""
    for words in (
        ("drop-left", prefix, "--yes", "--without-export"),
        ("export-left", prefix, "--to", str(tmp_path)),
    ):
        run(*words, code=1)
    assert tables(gone) == {*TABLES, *HOSTS}
    assert acts(gone, "data.") == []


def test_a_longer_prefix_is_another_plugin(gone, run, tmp_path):
    """``gone_`` is not ``gone_more_``."""
    longer = a_source(
        tmp_path / "more", "gone_more_", ("CREATE TABLE gone_more_things (id INTEGER)",)
    )
    upgrade(gone.engine, [longer])
    try:
        assert "gone_more" not in run("drop-left", "gone_", "--dry-run")
    finally:
        run("drop-left", "gone_more_", "--yes", "--without-export")


def test_only_what_a_removed_plugin_made_is_told(gone):
    """By doctor: never the tables of the host, which may be its whole site."""
    told = [each.text for each in examine(gone) if each.check == "orphan_tables"]
    assert len(told) == 1
    assert told[0].replace("\N{NO-BREAK SPACE}", " ").rpartition(" : ")[2] == ", ".join(TABLES)


def test_erase_says_what_stays_and_why(services, run):
    """What may go, what may not and why; a reason is asked, unknown names are refused."""
    world = World(services)
    world.establishment()
    child = a_student()
    world.student(child, a_schooling(child.id))
    said = run("erase", str(child.id), "--dry-run")
    assert "Camille MARTIN" in said
    assert "Rien à effacer" in said
    assert "Journal : Tant que le site est en service" in said
    assert "core.journal" in json.loads(run("erase", str(child.id), "--json", "--dry-run"))["kept"]
    said = run("erase", str(child.id), "--section", "core.journal", "--yes", code=1)
    assert "« core.journal » n’est pas une rubrique" in said
    assert "Aucun élève" in run("erase", "personne", "--dry-run", code=1)
