"""The child's page of ``marks_page.py`` from the database's driver and joined strings."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine

from marks_page_flask import MONTHS, ZONE

PAGE = Path(__file__).with_name("templates").joinpath("joined.html").read_text("utf-8")
SESSION = """SELECT a.id, a.display_name, a.state FROM core_sessions s
 JOIN core_accounts a ON a.id = s.account_id WHERE s.id_hash = {0}"""
PUPIL = """SELECT s.first_name, s.last_name, c.class_group, c.school_year, e.name, e.phone, e.email,
 e.uai, n.seen_at
 FROM core_account_holders h JOIN core_responsibilities r ON r.adult_id = h.person_id
 JOIN core_students s ON s.id = r.student_id JOIN core_schoolings c ON c.student_id = s.id
 JOIN core_establishments e ON e.uai = c.uai
 LEFT JOIN notes_readers n ON n.student_id = s.id AND n.account_id = h.account_id
 AND n.school_year = c.school_year
 WHERE h.account_id = {0} AND r.student_id = {0} AND r.level < 3
 ORDER BY c.school_year DESC LIMIT 1"""
OPEN = """SELECT stance FROM core_openings WHERE module_id = 'notes' AND school_year = {0}
 AND place IN ({0}, '', '021') AND audience = 'guardian'"""
MARKS = """SELECT a.subject_code, a.subject_label, a.title, a.given_on, a.teacher, a.out_of,
 a.weight, m.status, m.value, m.entered_at, a.id FROM notes_marks m
 JOIN notes_assessments a ON a.id = m.assessment_id
 WHERE m.student_id = {0} AND a.uai || '' = {0} AND a.school_year + 0 = {0} AND m.entered_at < {0}
 ORDER BY a.given_on, a.title"""


def driver_app(engine: Engine, now: datetime) -> Callable[..., Any]:
    """One connection of the driver, kept; figures stay whole hundredths."""
    is_sqlite, url = engine.dialect.name == "sqlite", engine.url
    connection: Any
    if is_sqlite:
        connection = sqlite3.connect(str(url.database), isolation_level=None)
    else:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(plain, autocommit=True)
    mark = "?" if is_sqlite else "%s"
    session_sql, pupil_sql, open_sql, marks_sql = (
        each.format(mark) for each in (SESSION, PUPIL, OPEN, MARKS)
    )
    local = now.astimezone(ZONE)
    midnight = (local - timedelta(hours=local.hour, minutes=local.minute)).astimezone(UTC)
    until = midnight.strftime("%Y-%m-%d %H:%M:%S.%f") if is_sqlite else midnight

    def app(environ: Any, start_response: Any) -> list[bytes]:
        secret = environ["HTTP_COOKIE"].removeprefix("session=")
        student = environ["PATH_INFO"].split("/")[2]
        student_id = student.replace("-", "") if is_sqlite else student
        ask = connection.cursor().execute
        account = ask(session_sql, (hashlib.sha256(secret.encode()).hexdigest(),)).fetchone()
        if account is None or account[2] != "active":
            raise RuntimeError("not signed in")
        first, last, group, year, school, phone, email, uai, seen_at = ask(
            pupil_sql, (account[0], student_id)
        ).fetchone()
        if ("open",) not in ask(open_sql, (year, uai)).fetchall():
            raise RuntimeError("closed")
        rows = ask(marks_sql, (student_id, uai, year, until)).fetchall()
        averages, lines = by_subject(rows, student)
        shown = hashlib.sha256("\n".join([f"{row[10]} {row[9]}" for row in rows]).encode())
        body = PAGE.format(
            name=escape(f"{first} {last}"),
            initials=escape(first[0] + last[0]),
            account=escape(account[1]),
            csrf=hashlib.sha256(secret.encode()).hexdigest(),
            group=escape(group),
            school=escape(school),
            dial=escape(phone.replace(" ", "")),
            phone=escape(phone),
            email=escape(email),
            year=f"{year}-{year + 1}",
            latest=latest(rows, seen_at),
            counted=len(averages),
            total=two(sum(averages)),
            overall=two(sum(averages) / len(averages)),
            student=student,
            shown=shown.hexdigest()[:32],
            lines=lines,
        ).encode()
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]

    return app


def hundredths(number: int) -> str:
    """« 14,5 »."""
    units, rest = divmod(number, 100)
    return f"{units},{rest:02}".rstrip("0").rstrip(",")


def two(value: float) -> str:
    """« 14,50 »."""
    return f"{int(value + 0.5) / 100:.2f}".replace(".", ",")


def latest(rows: list[Any], seen_at: Any) -> str:
    """The list of the last ten."""
    out = []
    for row in sorted(rows, key=lambda row: (row[9], row[2]), reverse=True)[:10]:
        _code, label, title, day, _who, scale, _weight, status, value, entered_at, _id = row
        given = day if isinstance(day, date) else date.fromisoformat(day)
        said = (
            status if value is None else f"{hundredths(value)}<small>/{hundredths(scale)}</small>"
        )
        is_new = seen_at is not None and entered_at > seen_at
        out.append(
            f"""<li>
          <div><strong>{escape(title)}</strong><br><span class="muted small">{escape(label)},
          {given.day} {MONTHS[given.month - 1]} {given.year}</span>
          {'<strong class="badge">nouvelle</strong>' if is_new else ""}</div>
          <p class="figure"><strong>{said}</strong></p>
        </li>"""
        )
    return "\n".join(out)


def by_subject(rows: list[Any], student: str) -> tuple[list[float], str]:
    """The averages, and the lines of the table."""
    subjects: dict[str, list[Any]] = {}
    for row in rows:
        subjects.setdefault(row[0], []).append(row)
    averages, out = [], []
    for code, found in sorted(subjects.items(), key=lambda each: each[1][0][1]):
        counted = [row for row in found if row[8] is not None and row[6]]
        weight = sum([row[6] for row in counted])
        average = sum([2000 * row[8] * row[6] / row[5] for row in counted]) / weight
        averages.append(average)
        figures = " · ".join(
            [
                row[7]
                if row[8] is None
                else hundredths(row[8])
                if row[5] == 2000
                else f"{hundredths(row[8])}/{hundredths(row[5])}"
                for row in found
            ]
        )
        teachers = ", ".join(dict.fromkeys([row[4] for row in found]))
        out.append(
            f"""<tr role="row">
        <th role="rowheader" scope="row">
        <a href="/eleves/{student}/notes/{escape(code)}/">{escape(found[0][1])}</a>
        <span class="row-hint">{escape(teachers)}</span></th>
        <td role="cell" data-label="Notes">{figures}</td>
        <td role="cell" data-label="Moyenne" class="num"><strong>{two(average)}</strong>
        </td>
      </tr>"""
        )
    return averages, "\n".join(out)
