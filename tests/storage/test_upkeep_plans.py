"""The worker and the daily run find their rows by an index, however many others there are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.storage import tables as t
from teleservices_core.testing.plans import explained
from teleservices_core.usecases.lifecycle import terms_of


@pytest.fixture
def history(services, backend):
    """Thousands of mails that have left, of accounts in use, of links that live."""
    now, new_id = services.site.now(), services.site.new_id
    account_id = new_id()
    accounts = [
        {
            "id": account_id if not number else new_id(),
            "audience": Audience.GUARDIAN,
            "login_name": f"x.{number}",
            "state": state,
            "created_at": now,
            **{column: now if column == used else None for column in DATES.values()},
        }
        for number, (state, used) in enumerate(list(DATES.items()) * 1500)
    ]
    mails = [
        {
            "id": new_id(),
            "kind": "core.password_changed",
            "to_address": "a@example.org",
            "context": {},
            "created_at": now,
            "due_at": now,
            "sent_at": now,
        }
        for _n in range(5000)
    ]
    tokens = [
        {
            "id": new_id(),
            "digest": str(number),
            "account_id": account_id,
            "purpose": "reset_password",
            "created_at": now,
            "expires_at": now + timedelta(days=7),
        }
        for number in range(5000)
    ]
    with services.engine.begin() as connection:
        for table, rows in ((t.accounts, accounts), (t.outbox, mails), (t.tokens, tokens)):
            connection.execute(insert(table), rows)
        connection.execute(text("ANALYZE"))
    return services


DATES = {
    AccountState.ACTIVE: "last_used_at",
    AccountState.ISSUED: "issued_at",
    AccountState.CLAIMED: "claimed_at",
}


def test_the_worker(history):
    """Due mails are read in their order from the index of those that wait: no sort, no scan."""
    now = history.site.now()
    with explained(history.engine) as plans, history.site.database.writing() as tx:
        tx.outbox.claim(now, now + timedelta(minutes=10), 100)
    (plan,) = plans
    assert "ix_core_outbox_waiting" in plan
    assert "Seq Scan on core_outbox" not in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("backend", ["postgresql"])
def test_the_candidates(history):
    """Each group of accounts has its index; SQLite may read a small site's accounts through."""
    with explained(history.engine) as plans, history.site.database.reading() as tx:
        tx.lifecycle.candidates(terms_of(history.site), history.site.now())
    (plan,) = plans
    for index in (
        "ix_core_accounts_issued",
        "ix_core_accounts_claimed",
        "ix_core_accounts_state_last_used_at",
    ):
        assert index in plan
    assert "Seq Scan on core_accounts" not in plan


def test_what_is_over(history):
    """Old mails, links and sessions too."""
    before = history.site.now() - timedelta(days=1)
    with explained(history.engine) as plans, history.site.database.writing() as tx:
        tx.lifecycle.forget_mails(before, 1000)
        tx.lifecycle.forget_links(before, 1000)
        tx.lifecycle.forget_sessions(before, 1000)
    assert "ix_core_outbox_created_at" in plans[0]
    assert "ix_core_tokens_expires_at" in plans[1]
