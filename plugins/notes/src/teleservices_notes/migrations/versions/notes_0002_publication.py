"""Outcomes with their past, ways of counting, and a publication plan for each school."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "notes_0002"
down_revision = "notes_0001"


def _assessments() -> "list[sa.Column[Any]]":
    return [
        sa.Column("counting", sa.String(10), nullable=False, server_default="compulsory"),
        sa.Column("description", sa.String(500), nullable=False, server_default=""),
        sa.Column("competencies", sa.JSON(), nullable=True),
        sa.Column("own_rules", sa.JSON(), nullable=True),
    ]


def _marks() -> "list[sa.Column[Any]]":
    return [
        sa.Column("remark", sa.String(300), nullable=False, server_default=""),
        sa.Column("levels", sa.JSON(), nullable=True),
        sa.Column("first_entered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("prior", sa.JSON(), nullable=True),
        sa.Column("entered_by", sa.String(100), nullable=False, server_default=""),
    ]


_INDEXES = (
    ("notes_assessments", ["uai", "school_year", "class_group", "subject_code"]),
    ("notes_marks", ["assessment_id"]),
)


def _settings(*columns: "sa.Column[Any]") -> "tuple[sa.Table, list[dict[str, Any]]]":
    # A row for each school: through memory.
    old = sa.Table("notes_settings", sa.MetaData(), autoload_with=op.get_bind())
    rows = [dict(row) for row in op.get_bind().execute(sa.select(old)).mappings()]
    op.drop_table("notes_settings")
    table = op.create_table(
        "notes_settings",
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("uai", "school_year", name=op.f("pk_notes_settings")),
    )
    return table, rows


def upgrade() -> None:
    for column in _assessments():
        op.add_column("notes_assessments", column)
    op.execute("UPDATE notes_assessments SET counting = 'optional' WHERE is_optional")
    op.drop_column("notes_assessments", "is_optional")
    for column in _marks():
        op.add_column("notes_marks", column)
    for table, names in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(names)}"), table, names)
    settings, rows = _settings(
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
    )
    for row in rows:
        row.update(version=1, plan={"default": {"mode": row.pop("mode")}})
    op.bulk_insert(settings, rows)


def downgrade() -> None:
    settings, rows = _settings(sa.Column("mode", sa.String(10), nullable=False))
    for row in rows:
        del row["version"]
        mode = row.pop("plan").get("default", {}).get("mode")
        # The two modes there were; of the others, the nearest that shows nothing sooner.
        row["mode"] = "rolling" if mode in (None, "rolling", "immediate") else "scheduled"
    op.bulk_insert(settings, rows)
    for table, names in reversed(_INDEXES):
        op.drop_index(op.f(f"ix_{table}_{'_'.join(names)}"), table)
    for column in reversed(_marks()):
        op.drop_column("notes_marks", column.name)
    op.add_column(
        "notes_assessments",
        sa.Column("is_optional", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute("UPDATE notes_assessments SET is_optional = true WHERE counting = 'optional'")
    for column in reversed(_assessments()):
        op.drop_column("notes_assessments", column.name)
