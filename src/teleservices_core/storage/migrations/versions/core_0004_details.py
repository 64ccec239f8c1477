"""What the school base says of people's contacts, births and occupations."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "core_0004"
down_revision = "core_0003"


def _text(name: str, length: int = 100) -> "sa.Column[Any]":
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _flag(name: str) -> "sa.Column[Any]":
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _added() -> "tuple[tuple[str, sa.Column[Any]], ...]":
    students = (
        _text("address_lines", 300),
        _text("postal_code", 10),
        _text("town"),
        _text("country", 60),
        _text("country_code", 5),
        _text("phone", 30),
        _text("mobile", 30),
        _text("work_phone", 30),
        _flag("accepts_sms"),
        _text("email", 254),
        _text("birth_country", 3),
        _text("birth_town"),
        _text("birth_insee", 5),
        _text("nationality", 3),
    )
    adults = (
        _text("country_code", 5),
        _text("work_phone", 30),
        _flag("accepts_sms"),
        _flag("shares_contact"),
        _text("occupation", 2),
    )
    return (
        *(("core_students", column) for column in students),
        *(("core_adults", column) for column in adults),
    )


def upgrade() -> None:
    for table, column in _added():
        op.add_column(table, column)


def downgrade() -> None:
    for table, column in _added():
        op.drop_column(table, column.name)
