"""The staff of an académie, from its file: many at once, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Account, AccountState, Audience
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import COLLEGE, an_establishment
from teleservices_core.testing.meanwhile import meanwhile
from teleservices_core.usecases.directory import STAFF_COLUMNS, import_staff

MANY = 1_200
"""More than SQLite takes alternatives in one question."""


@pytest.fixture
def staff(services: Teleservices, tmp_path: Path) -> Any:
    """Import lines of (first name, name, address, role)."""
    with services.site.database.writing() as tx:
        tx.roster.save_establishments([an_establishment(COLLEGE)])

    def run(*lines: tuple[str, str, str, str]) -> int:
        path = tmp_path / "personnels.csv"
        rows = [";".join(STAFF_COLUMNS)]
        for first_name, last_name, email, role in lines:
            rows.append(f"{COLLEGE};{role};MME;{last_name};{first_name};{email}")
        path.write_text("\n".join(rows), encoding="utf-8")
        return import_staff(services.site, path)

    return run


def rows(services: Teleservices, table: Any) -> list[Any]:
    with services.engine.connect() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key)))


def test_thousands_at_once_then_nothing_new(services: Teleservices, staff: Any) -> None:
    lines = [("Ana", f"Nom{n}", f"a{n}@example.org", "teacher") for n in range(MANY)]
    assert staff(*lines) == MANY
    state = [rows(services, table) for table in (t.staff, t.assignments, t.accounts)]
    assert [len(found) for found in state] == [MANY] * 3
    assert staff(*lines) == MANY
    assert [rows(services, table) for table in (t.staff, t.assignments, t.accounts)] == state


def test_corrected_names_further_roles_and_homonyms(services: Teleservices, staff: Any) -> None:
    staff(("Ana", "Petit", "ana@example.org", "teacher"))
    (before,) = rows(services, t.accounts)
    staff(
        ("Anna", "Petit", "ana@example.org", "teacher"),
        ("Anna", "Petit", "ana@example.org", "teacher"),
        ("Anna", "Petit", "ana@example.org", "head"),
        ("Ana", "Petit", "other@example.org", "teacher"),
    )
    assert {row.first_name for row in rows(services, t.staff)} == {"Anna", "Ana"}
    assert sorted(row.role for row in rows(services, t.assignments)) == [
        "head",
        "teacher",
        "teacher",
    ]
    assert {row.login_name for row in rows(services, t.accounts)} == {"ana.petit", "ana.petit2"}
    assert before in rows(services, t.accounts)


def test_a_name_that_is_taken_meanwhile(services: Teleservices, staff: Any) -> None:
    account = Account(
        uuid7(),
        Audience.GUARDIAN,
        "ana.petit",
        AccountState.NEW,
        (uuid7(),),
        created_at=services.site.now(),
    )

    def take() -> None:
        with services.site.database.writing() as tx:
            tx.accounts.add(account)

    with meanwhile(take) as done:
        staff(("Ana", "Petit", "ana@example.org", "teacher"))
    assert done
    assert {row.login_name for row in rows(services, t.accounts)} == {"ana.petit", "ana.petit2"}
