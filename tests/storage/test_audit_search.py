"""The audit trail is searched page by page, and no entry is missed or shown twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from uuid6 import uuid7

from teleservices_core.ports.academy import AuditEntry, AuditSearch
from teleservices_core.testing.builders import COLLEGE, LYCEE
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_core.testing.plans import explained

ACTORS = (uuid7(), uuid7())
SUBJECTS = (uuid7(), uuid7(), None)
ACTIONS = ("account.signed_in", "module.open", "module.closed")

entries = st.builds(
    AuditEntry,
    action=st.sampled_from(ACTIONS),
    at=st.integers(0, 3).map(lambda n: A_TUESDAY + timedelta(minutes=n)),
    actor_id=st.sampled_from(ACTORS),
    uai=st.sampled_from([None, COLLEGE, LYCEE]),
    subject_id=st.sampled_from(SUBJECTS),
    detail=st.sampled_from([{}, {"module": "notes"}, {"module": "fiche"}]),
)
searches = st.builds(
    AuditSearch,
    uai=st.sampled_from([None, COLLEGE]),
    persons=st.sampled_from([(), (ACTORS[0],), (ACTORS[1], SUBJECTS[0])]),
    actions=st.sampled_from([(), ("module.open", "module.closed")]),
    module_id=st.sampled_from(["", "notes"]),
    from_at=st.sampled_from([None, A_TUESDAY + timedelta(minutes=1)]),
    until_at=st.sampled_from([None, A_TUESDAY + timedelta(minutes=2)]),
)


def matches(entry, wanted):
    """The same question, asked of one entry."""
    return (
        wanted.uai in {None, entry.uai}
        and (not wanted.persons or bool({entry.actor_id, entry.subject_id} & {*wanted.persons}))
        and (not wanted.actions or entry.action in wanted.actions)
        and wanted.module_id in {"", entry.detail.get("module", "")}
        and (wanted.from_at is None or entry.at >= wanted.from_at)
        and (wanted.until_at is None or entry.at < wanted.until_at)
    )


@settings(max_examples=15)
@given(st.lists(entries, max_size=12), searches, st.integers(1, 4))
def test_pages_together_are_the_answer(services, written, wanted, size):
    """Followed from the newest to the oldest, pages give every matching entry once, in order."""
    with services.site.database.writing() as tx:
        known = {entry.id for entry in tx.audit.latest(1000)}
        for entry in written:
            tx.audit.add(entry)
    found, page = [], wanted
    with services.site.database.reading() as tx:
        while entries := tx.audit.search(page, size):
            assert len(entries) <= size
            found += [entry for entry in entries if entry.id not in known]
            page = evolve(wanted, before=(entries[-1].at, entries[-1].id))
    expected = [entry for entry in written if matches(entry, wanted)]
    assert len({entry.id for entry in found}) == len(found) == len(expected)
    order = [(entry.at, entry.id) for entry in found]
    assert order == sorted(order, reverse=True)
    as_written = sorted(map(str, expected))
    assert sorted(str(evolve(entry, id=None)) for entry in found) == as_written


def test_decisions_have_an_index_of_their_own(services, backend):
    """Few acts among many: of some establishments and of all, since an instant."""
    with services.site.database.writing() as tx:
        for number in range(600):
            action = "module.open" if number % 200 == 0 else "account.signed_in"
            at = A_TUESDAY + timedelta(seconds=number)
            tx.audit.add(AuditEntry(action, at, uai=COLLEGE if number % 400 == 0 else None))
    with services.site.database.reading() as tx:
        if backend == "postgresql":
            tx.connection.execute(text("ANALYZE core_audit"))
        found = tx.audit.decisions([COLLEGE], A_TUESDAY + timedelta(seconds=200))
        assert [(each.uai, each.action) for each in found] == [
            (COLLEGE, "module.open"),
            (None, "module.open"),
        ]
    with explained(services.engine) as plans, services.site.database.reading() as tx:
        tx.audit.decisions([COLLEGE], A_TUESDAY)
    assert "ix_core_audit_decides" in plans[-1], plans


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (AuditSearch(), "ix_core_audit_at_id"),
        (AuditSearch(from_at=A_TUESDAY), "ix_core_audit_at_id"),
        (AuditSearch(uai=COLLEGE), "ix_core_audit_uai_at"),
        (AuditSearch(actions=("module.open",)), "ix_core_audit_action_at"),
        (AuditSearch(persons=(ACTORS[0],)), "ix_core_audit_actor_id_at"),
    ],
)
def test_each_question_has_its_index(services, backend, wanted, index):
    """On a long trail, SQLite and PostgreSQL both read an index, not the table."""
    with services.site.database.writing() as tx:
        for number in range(400):
            tx.audit.add(
                AuditEntry(
                    f"filler.{number}",
                    A_TUESDAY + timedelta(seconds=number),
                    actor_id=uuid7(),
                    subject_id=uuid7(),
                )
            )
    seen = []
    with services.site.database.reading() as tx:
        connection = tx.connection
        if backend == "postgresql":
            connection.execute(text("ANALYZE core_audit"))
            connection.execute(text("SET enable_seqscan = off"))
        execute = connection.execute

        def explained(statement):
            sql = statement.compile(connection, compile_kwargs={"literal_binds": True})
            verb = "EXPLAIN" if backend == "postgresql" else "EXPLAIN QUERY PLAN"
            seen.extend(str(row) for row in execute(text(f"{verb} {sql}".replace(":", "\\:"))))
            return execute(statement)

        type(tx.audit)(_Connection(explained)).search(wanted, 50)
    assert index in "\n".join(seen)


class _Connection:
    """Just what the store calls."""

    def __init__(self, execute):
        self.execute = execute
