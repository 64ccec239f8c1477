"""Decisions about modules at any scope: académie, département, establishment, level, class."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from teleservices_core.domain.searching import search_text

revision = "core_0003"
down_revision = "core_0002"


_SEARCHED = (["action", "at"], ["actor_id", "at"], ["at", "id"])


def _decided() -> "tuple[sa.Column[Any], ...]":
    return (
        sa.Column("module_id", sa.String(31), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("audience", sa.String(10), nullable=False),
        sa.Column("stance", sa.String(10), nullable=False),
        sa.Column("set_by", sa.String(200), nullable=False, server_default=""),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
    )


def _create(*keys: "sa.Column[Any]") -> sa.Table:
    names = [*(key.name for key in keys), "module_id", "school_year", "audience"]
    return op.create_table(
        "core_openings",
        *keys,
        *_decided(),
        sa.PrimaryKeyConstraint(*names, name="pk_core_openings"),
    )


def _take(*keys: str) -> "list[dict[str, Any]]":
    # A few thousand rows at the most: through memory, so that the new table
    # may have the names of the old one's constraints.
    columns = [*map(sa.column, keys), *(sa.column(c.name, c.type) for c in _decided())]
    found = op.get_bind().execute(sa.select(sa.table("core_openings", *columns)))
    rows = [dict(row) for row in found.mappings()]
    op.drop_table("core_openings")
    return rows


def upgrade() -> None:
    rows = _take("scope")
    table = _create(
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("place", sa.String(8), nullable=False),
        sa.Column("part", sa.String(20), nullable=False),
    )
    op.create_index("ix_core_openings_school_year_place", "core_openings", ["school_year", "place"])
    for row in rows:
        place = row.pop("scope")
        # The académie is rank 0, an establishment by its head rank 3.
        row.update(rank=3 if place else 0, place=place, part="")
    op.bulk_insert(table, rows)
    _create_school_tables()
    for columns in _SEARCHED:
        op.create_index(f"ix_core_audit_{'_'.join(columns)}", "core_audit", columns)
    _add_search_text()


def _add_search_text() -> None:
    op.add_column(
        "core_establishments",
        sa.Column("search_text", sa.String(400), nullable=False, server_default=""),
    )
    columns: list[sa.ColumnClause[str]] = [
        sa.column(name, sa.String()) for name in ("uai", "name", "town", "search_text")
    ]
    schools = sa.table("core_establishments", *columns)
    for row in op.get_bind().execute(sa.select(schools)).all():
        found = search_text(row.town, row.name, row.uai)
        op.execute(schools.update().where(schools.c.uai == row.uai).values(search_text=found))


def _create_school_tables() -> None:
    op.create_table(
        "core_delegations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("module_id", sa.String(31), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("given_by", sa.String(200), nullable=False, server_default=""),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["core_staff.id"], name="fk_core_delegations_staff_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_delegations"),
    )
    op.create_index("ix_core_delegations_uai", "core_delegations", ["uai"])
    op.create_index("ix_core_delegations_staff_id", "core_delegations", ["staff_id"])
    op.create_table(
        "core_school_pages",
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("welcome", sa.Text(), nullable=False),
        sa.Column("office_phone", sa.String(30), nullable=False, server_default=""),
        sa.Column("office_email", sa.String(254), nullable=False, server_default=""),
        sa.Column("office_hours", sa.String(200), nullable=False, server_default=""),
        sa.Column("set_by", sa.String(200), nullable=False, server_default=""),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(
            ["uai"], ["core_establishments.uai"], name="fk_core_school_pages_uai"
        ),
        sa.PrimaryKeyConstraint("uai", name="pk_core_school_pages"),
    )
    op.create_table(
        "core_module_options",
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("module_id", sa.String(31), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("set_by", sa.String(200), nullable=False, server_default=""),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("uai", "module_id", "school_year", name="pk_core_module_options"),
    )


def downgrade() -> None:
    op.drop_column("core_establishments", "search_text")
    for columns in _SEARCHED:
        op.drop_index(f"ix_core_audit_{'_'.join(columns)}", "core_audit")
    for name in ("core_module_options", "core_school_pages", "core_delegations"):
        op.drop_table(name)
    op.drop_index("ix_core_openings_school_year_place", "core_openings")
    rows = [row for row in _take("rank", "place", "part") if row["rank"] in {0, 3}]
    table = _create(sa.Column("scope", sa.String(8), nullable=False))
    for row in rows:
        row.update(scope=row.pop("place"))
        del row["rank"], row["part"]
    op.bulk_insert(table, rows)
