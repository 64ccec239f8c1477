"""Take an import back: what it did to rows, what they say now, and the way back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from attrs import evolve, frozen
from sqlalchemy import Connection, Table, delete, func, or_, select, tuple_

from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.matches import MatchState
from teleservices_core.domain.undoing import PERSONS, Held, Sort, Touched, UndoPlan
from teleservices_core.domain.values import Uai
from teleservices_core.ports.drafts import Draft
from teleservices_core.ports.undoing import ImportRun
from teleservices_core.storage import tables as t
from teleservices_core.storage.forgetting import naming
from teleservices_core.storage.import_changes import digest_of, rows_by_key
from teleservices_core.storage.plain_rows import Row, plain, typed
from teleservices_core.storage.tables import AnyRow

_MANY: Final = 5_000
"""Values in one question."""
_SORTS: Final[Mapping[str, tuple[Table, Sort]]] = {
    table.name: (table, sort)
    for table, sort in (
        (t.matches, Sort.MATCH),
        (t.account_holders, Sort.HOLDER),
        (t.accounts, Sort.ACCOUNT),
        (t.siecle_keys, Sort.KEY),
        (t.responsibilities, Sort.LINK),
        (t.schoolings, Sort.SCHOOLING),
        (t.students, Sort.STUDENT),
        (t.adults, Sort.ADULT),
        (t.class_groups, Sort.CODE),
        (t.nomenclature, Sort.CODE),
    )
}
"""In the order in which added rows can be deleted."""
_c, _q = t.import_changes.c, t.quarantine


def _chunks(ids: Iterable[Any]) -> Iterable[list[Any]]:
    listed = list(ids)
    return (listed[start : start + _MANY] for start in range(0, len(listed), _MANY))


def _merged(first: Row, second: Row) -> Row:
    """Two changes of one row as one."""
    before, after = first["before"], second["after"]
    if before is not None and first["after"] is not None:
        before = {**(second["before"] or {}), **before}
    if after is not None and second["before"] is not None:
        after = {**(first["after"] or {}), **after}
    return {**first, "before": before, "after": after, "digest": second["digest"]}


@frozen
class Undoing:
    """See :class:`teleservices_core.ports.undoing.UndoStore`."""

    connection: Connection

    # --- Imports --------------------------------------------------------------------

    def runs(self, uai: Uai | None, limit: int) -> list[ImportRun]:
        """See the port."""
        newest = self._runs().order_by(t.imports.c.at.desc(), t.imports.c.id.desc()).limit(limit)
        if uai is not None:
            newest = newest.where(t.imports.c.uai == uai.code)
        return [_to_run(row) for row in self.connection.execute(newest)]

    def run(self, import_id: UUID) -> ImportRun | None:
        """See the port."""
        row = self.connection.execute(self._runs().where(t.imports.c.id == import_id)).first()
        return _to_run(row) if row else None

    def _runs(self) -> Any:
        kept = select(_c.position).where(_c.import_id == t.imports.c.id).exists()
        return select(t.imports, kept.label("is_kept"))

    # --- What an import did -----------------------------------------------------------

    def touched(self, import_id: UUID) -> list[Touched]:
        """See the port."""
        changes = self._changes(import_id)
        owners = {
            key[0]: UUID(row["key"][0])
            for row in changes[t.account_holders.name].values()
            for key in [(row["after"]["account_id"],)]
        }
        used = self._used(list(map(UUID, owners)))
        found = []
        for name, (table, sort) in _SORTS.items():
            noted = changes[name]
            keys = [_key(table, row) for row in noted.values()]
            now = rows_by_key(self.connection, table, keys)
            for key, row in noted.items():
                there = now.get(key)
                found.append(_touched(sort, row, there, owners, used))
        return found

    def _changes(self, import_id: UUID) -> dict[str, dict[tuple[Any, ...], Row]]:
        found: dict[str, dict[tuple[Any, ...], Row]] = defaultdict(dict)
        ordered = select(t.import_changes).where(_c.import_id == import_id).order_by(_c.position)
        for row in self.connection.execute(ordered).mappings():
            noted, key = found[row["table_name"]], tuple(row["key"])
            if key not in noted:
                noted[key] = dict(row)
                continue
            merged = _merged(noted.pop(key), dict(row))
            if merged["before"] is not None or merged["after"] is not None or row["after"]:
                noted[key] = merged
        return found

    def _used(self, account_ids: Collection[UUID]) -> set[str]:
        """Those of the accounts that somebody has used, or that are not what they were."""
        a, g = t.accounts.c, t.groupings.c
        found: set[UUID] = set()
        for some in _chunks(account_ids):
            fresh = select(a.id).where(
                a.id.in_(some),
                a.state.in_([AccountState.NEW, AccountState.ISSUED]),
                a.claimed_at.is_(None),
                a.last_used_at.is_(None),
                ~select(g.id).where(or_(g.account_id == a.id, g.other_id == a.id)).exists(),
            )
            found.update(set(some).difference(self.connection.scalars(fresh)))
        return set(map(str, found))

    # --- What was built on it ---------------------------------------------------------

    def built(self, touched: Sequence[Touched]) -> Mapping[UUID, Held]:
        """See the port."""
        added = [e.person_ids[0] for e in touched if e.sort in PERSONS and e.is_added]
        ours = {(each.table, each.key) for each in touched}
        found: dict[UUID, Held] = {}
        keys, links, m = t.siecle_keys.c, t.responsibilities.c, t.matches.c
        named = (
            (t.responsibilities, links.student_id),
            (t.responsibilities, links.adult_id),
            (t.schoolings, t.schoolings.c.student_id),
            (t.siecle_keys, keys.entity_id),
            (t.account_holders, t.account_holders.c.person_id),
            (t.matches, m.older_id),
            (t.matches, m.newer_id),
            (t.link_reports, t.link_reports.c.student_id),
            (t.link_reports, t.link_reports.c.adult_id),
        )
        for some in _chunks(added):
            for table, column in named:
                rows = select(*table.primary_key, column.label("named")).where(column.in_(some))
                for row in self.connection.execute(rows).mappings():
                    key = plain({each.name: row[each.name] for each in table.primary_key})
                    if (table.name, tuple(key.values())) not in ours:
                        found[row["named"]] = Held.LATER
        return found

    def numbers(self, touched: Sequence[Touched]) -> Mapping[str, UUID]:
        """See the port."""
        back = {
            each.before["ine"]
            for each in touched
            if each.sort is Sort.STUDENT and each.before and each.before.get("ine")
        }
        s = t.students.c
        return {
            row.ine: row.id
            for some in _chunks(back)
            for row in self.connection.execute(select(s.id, s.ine).where(s.ine.in_(some)))
        }

    def newcomers(self, touched: Sequence[Touched], uai: Uai) -> set[UUID]:
        """See the port."""
        added = {e.person_ids[0] for e in touched if e.sort in PERSONS and e.is_added}
        brought = {
            each.person_ids[0]
            for each in touched
            if each.sort is Sort.SCHOOLING and each.is_added and each.person_ids[0] not in added
        }
        s = t.schoolings.c
        several = {
            id_
            for some in _chunks(brought)
            for id_ in self.connection.scalars(
                select(s.student_id)
                .where(s.student_id.in_(some), s.uai == uai.code)
                .group_by(s.student_id)
                .having(func.count() > 1)
            )
        }
        return brought - several

    # --- The way back -----------------------------------------------------------------

    def reverse(self, import_id: UUID, plan: UndoPlan, at: datetime, by: str, rows: Draft) -> None:
        """See the port."""
        rows.set(t.imports, [{"id": import_id, "undone_at": at, "undone_by": by}])
        for table in (t.import_changes, _q):
            rows.drop(table, [{"import_id": import_id}], by=["import_id"])
        reversed_: dict[str, list[Touched]] = defaultdict(list)
        for each in plan.reversed:
            reversed_[each.table].append(each)
        numbered = [e for e in reversed_[t.students.name] if "ine" in (e.before or ())]
        # Before others get theirs back.
        rows.set(t.students, [{"id": each.person_ids[0], "ine": None} for each in numbered])
        # With all that names them: a letter, a session.
        accounts = [UUID(each.key[0]) for each in reversed_[t.accounts.name]]
        for column, ids in naming((), accounts):
            rows.drop(column.table, [{column.name: id_} for id_ in ids], by=[column.name])
        for name, (table, _sort) in _SORTS.items():
            _reverse(table, reversed_[name], rows)

    def forget(self, before: datetime, limit: int) -> int:
        """See the port."""
        old = select(t.imports.c.id).where(t.imports.c.at < before)
        some = select(_c.import_id, _c.position).where(_c.import_id.in_(old)).limit(limit)
        gone: dict[UUID, list[int]] = defaultdict(list)
        for row in self.connection.execute(some):
            gone[row.import_id].append(row.position)
        for import_id, positions in gone.items():
            self.connection.execute(
                delete(t.import_changes).where(
                    _c.import_id == import_id, _c.position.in_(positions)
                )
            )
        aside = select(_q.c.import_id, _q.c.position).where(_q.c.import_id.in_(old)).limit(limit)
        key = tuple_(_q.c.import_id, _q.c.position)
        left = self.connection.execute(delete(_q).where(key.in_(aside))).rowcount
        return sum(map(len, gone.values())) + left


def _reverse(table: Table, reversed_: Sequence[Touched], rows: Draft) -> None:
    names = [column.name for column in table.primary_key]
    gone, changed, back = [], defaultdict(list), []
    for each in reversed_:
        before = dict(each.before or {})
        key = typed(table, dict(zip(names, each.key, strict=True)))
        if each.is_added:
            gone.append(key)
        elif each.after is None:
            back.append(typed(table, before))
        else:
            changed[tuple(before)].append(key | typed(table, before))
    rows.drop(table, gone, by=names)
    for some in changed.values():
        rows.set(table, some)
    rows.put(table, back)


def _key(table: Table, row: Row) -> Row:
    names = [column.name for column in table.primary_key]
    return typed(table, dict(zip(names, row["key"], strict=True)))


def _touched(
    sort: Sort,
    row: Row,
    now: Mapping[Any, Any] | None,
    owners: Mapping[str, UUID],
    used: Collection[str],
) -> Touched:
    before, after = row["before"], row["after"]
    each = Touched(
        sort, row["table_name"], tuple(row["key"]), before, after, False, is_there=now is not None
    )
    match sort:
        case Sort.STUDENT | Sort.ADULT | Sort.SCHOOLING | Sort.HOLDER:
            persons = each.key[:1]
        case Sort.LINK:
            persons = each.key
        case Sort.KEY:
            persons = ((after or before)["entity_id"],)
        case Sort.ACCOUNT:
            persons = (str(owners[each.key[0]]),)
        case Sort.MATCH:
            persons = (str(now["older_id"]), str(now["newer_id"])) if now else ()
        case Sort.CODE:
            persons = ()
    is_as_left = _says(row, now)
    if sort is Sort.ACCOUNT:
        is_as_left = now is not None and each.key[0] not in used
    elif sort is Sort.HOLDER:
        is_as_left = is_as_left and after["account_id"] not in used
    elif sort is Sort.MATCH:
        is_as_left = now is not None and now["state"] == MatchState.OPEN
    return evolve(each, is_as_left=is_as_left, person_ids=tuple(map(UUID, persons)))


def _says(row: Row, now: Mapping[Any, Any] | None) -> bool:
    after = row["after"]
    if now is None:
        return after is None and not row["digest"]
    if row["digest"]:
        return bool(digest_of(now) == row["digest"])
    # Written down by an earlier version.
    said = plain(now)
    return after is not None and all(said[name] == after[name] for name in after)


def _to_run(row: AnyRow) -> ImportRun:
    return ImportRun(
        id=row.id,
        uai=Uai(row.uai),
        school_year=SchoolYear(row.school_year),
        at=row.at,
        actor=row.actor,
        files=tuple(file["name"] for file in row.files),
        counts=row.counts,
        is_kept=bool(row.is_kept),
        undone_at=row.undone_at,
        undone_by=row.undone_by,
    )
