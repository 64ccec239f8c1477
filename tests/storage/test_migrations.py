"""Migrations make the schema that the code describes, and undo it."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from teleservices_core.storage.migrate import downgrade, pending, upgrade
from teleservices_core.storage.revisions import config
from teleservices_core.storage.tables import metadata
from teleservices_core.testing.builders import an_establishment
from teleservices_core.testing.world import World
from teleservices_core.usecases.site import audited


def test_models_equal_migrations(services):
    """What the migrations made is what the tables say."""
    with services.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_object": lambda _o, name, kind, _r, _c: (
                    kind != "table" or ((name or "").startswith("core_") and name != "core_version")
                ),
                "compare_type": False,
            },
        )
        assert compare_metadata(context, metadata) == []


def test_down_and_up_again(services):
    """Everything can be removed and made again; nothing is pending afterwards."""
    sources = services.plugins.catalogue.migrations
    core = sources[0]
    downgrade(services.engine, core)
    left = {name for name in inspect(services.engine).get_table_names() if name.startswith("core_")}
    assert left == {"core_version"}
    assert pending(services.engine, [core])
    assert upgrade(services.engine, [core]) == [
        ("core_", "core_0001"),
        ("core_", "core_0002"),
        ("core_", "core_0003"),
        ("core_", "core_0004"),
        ("core_", "core_0005"),
        ("core_", "core_0006"),
        ("core_", "core_0007"),
        ("core_", "core_0008"),
        ("core_", "core_0009"),
        ("core_", "core_0010"),
        ("core_", "core_0011"),
        ("core_", "core_0012"),
        ("core_", "core_0013"),
        ("core_", "core_0014"),
        ("core_", "core_0015"),
    ]
    assert pending(services.engine, [core]) == []


def test_establishments_can_be_found_after_an_upgrade(services):
    """What earlier versions stored is searched like the rest."""
    World(services).establishment()
    core = services.plugins.catalogue.migrations[0]
    with services.engine.begin() as connection:
        command.downgrade(config(core, connection), "core_0002")
    upgrade(services.engine, [core])
    with services.site.database.reading() as tx:
        (found,), number = tx.roster.search(["rivieres"], offset=0, limit=5)
    assert (found, number) == (an_establishment(), 1)


@pytest.mark.parametrize("change", ["UPDATE core_audit SET actor = 'x'", "DELETE FROM core_audit"])
def test_audit_is_append_only(services, change):
    """No statement changes the past."""
    with services.site.database.writing() as tx:
        tx.audit.add(audited("something", services.site.now(), None))
    with (
        pytest.raises(DBAPIError, match="append-only"),
        services.site.database.writing() as tx,
    ):
        tx.connection.execute(text(change))
    with services.site.database.reading() as tx:
        assert [entry.action for entry in tx.audit.latest(5)] == ["something"]


def test_nothing_is_kept_of_a_failed_command(services):
    """An exception inside a unit of work leaves no trace."""
    with pytest.raises(RuntimeError), services.site.database.writing() as tx:
        tx.audit.add(audited("something", services.site.now(), None))
        raise RuntimeError
    with services.site.database.reading() as tx:
        assert tx.audit.latest(5) == []
