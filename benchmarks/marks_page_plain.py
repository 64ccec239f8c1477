"""The plain ways that ``marks_page.py`` measures ours against, on the same tables."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from flask import Flask, abort, g, render_template, session
from flask.sessions import SecureCookieSessionInterface
from jinja2 import DictLoader
from sqlalchemy import Engine, select
from sqlalchemy.orm import DeclarativeBase, Session, joinedload, relationship

from teleservices_core.storage import tables as core
from teleservices_notes.store.tables import assessments_table, marks_table, settings_table

ZONE = ZoneInfo("Europe/Paris")
MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
    *("août", "septembre", "octobre", "novembre", "décembre"),
)
CENT = Decimal("0.01")


class Base(DeclarativeBase):
    pass


class Account(Base):
    __table__ = core.accounts


class Holder(Base):
    __table__ = core.account_holders


class Establishment(Base):
    __table__ = core.establishments


class Schooling(Base):
    __table__ = core.schoolings
    establishment = relationship(
        Establishment,
        primaryjoin=core.schoolings.c.uai == core.establishments.c.uai,
        foreign_keys=[core.schoolings.c.uai],
        lazy="raise",
    )


class Student(Base):
    __table__ = core.students


class Link(Base):
    __table__ = core.responsibilities
    student = relationship(
        Student,
        primaryjoin=core.responsibilities.c.student_id == core.students.c.id,
        foreign_keys=[core.responsibilities.c.student_id],
        lazy="raise",
    )


class Opening(Base):
    __table__ = core.openings


class Plan(Base):
    __table__ = settings_table


class Assessment(Base):
    __table__ = assessments_table


class Mark(Base):
    __table__ = marks_table
    assessment = relationship(Assessment, lazy="raise")


BASE = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{% block title %}{% endblock %} – Téléservices</title>
<link rel="stylesheet" href="/static/style.css"></head>
<body><a class="skip-link" href="#content">Aller au contenu</a>
<header class="site-head"><div class="site-bar"><a class="brand" href="/">
<img src="/static/icon.svg" alt="" width="40" height="40"><strong>Téléservices</strong></a>
<div class="who"><a href="/compte">{{ account.display_name }}</a>
<form method="post" action="/sortir"><input type="hidden" name="csrf" value="{{ csrf }}">
<button class="btn">Se déconnecter</button></form></div></div>
<nav class="site-nav"><ul>{% for label, href in nav %}<li><a href="{{ href }}">{{ label }}</a></li>
{% endfor %}</ul></nav></header>
<main id="content" class="page">{% block content %}{% endblock %}</main>
<footer class="site-foot"><ul>{% for label, href in foot %}<li><a href="{{ href }}">{{ label }}</a>
</li>{% endfor %}</ul></footer></body></html>"""

CHILD = """{% extends "base.html" %}
{% block title %}Notes de {{ student.first_name }} {{ student.last_name }}{% endblock %}
{% block content %}
<div class="page-head"><h2>{{ student.first_name }} {{ student.last_name }}</h2>
<p>{{ schooling.class_group }} · {{ schooling.establishment.name }}</p><h1>Notes</h1></div>
<section><h2>Dernières notes publiées</h2><ul class="rows">
{% for mark in latest %}<li><div><strong>{{ mark.assessment.title }}</strong><br>
<span class="muted small">{{ mark.assessment.subject_label }}, {{ mark.assessment.given_on|day }}
</span></div><p class="figure"><strong>{% if mark.value is not none %}{{ mark.value|figure }}
<small>/{{ mark.assessment.out_of|figure }}</small>{% else %}{{ mark.status }}{% endif %}</strong>
</p></li>{% endfor %}</ul></section>
<section class="card"><h2>Moyenne générale</h2><p class="figure"><strong>{{ overall|average }}
</strong></p><p>Moyenne des {{ subjects|length }} moyennes de matières.</p></section>
<section class="card"><h2>Publication</h2><p>Chaque note s’affiche le lendemain de sa saisie.</p>
<p>{{ schooling.establishment.name }}<br>
<a href="tel:{{ schooling.establishment.phone }}">{{ schooling.establishment.phone }}</a></p>
</section>
<table class="table"><caption>Par matière</caption><thead><tr><th>Matière</th><th>Notes</th>
<th>Moyenne</th></tr></thead><tbody>
{% for line in subjects %}<tr role="row"><th role="rowheader" scope="row">
<a href="{{ url_for('subject', student_id=student.id, code=line.code) }}">{{ line.label }}</a>
<span class="row-hint">{{ line.teachers }}</span></th>
<td role="cell" data-label="Notes">{% for mark in line.marks %}{% if not loop.first %} · {% endif %}
{{- mark|short }}{% endfor %}</td>
<td role="cell" data-label="Moyenne" class="num"><strong>{{ line.average|average }}</strong></td>
</tr>
{% endfor %}</tbody></table>
{% endblock %}"""

NAV = (("Mes enfants", "/"), ("Toutes les notes", "/notes/"), ("Mon compte", "/compte"))
FOOT = (
    *(("Aide", "/aide"), ("Établissements", "/etablissements")),
    *(("Données personnelles", "/donnees"), ("Accessibilité", "/accessibilite")),
)


def show_figure(value: Decimal) -> str:
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def show_average(value: Decimal | None) -> str:
    return "" if value is None else str(value.quantize(CENT, ROUND_HALF_UP)).replace(".", ",")


def show_day(day: Any) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def show_mark(mark: Mark) -> str:
    if mark.value is None:
        return str(mark.status)
    figure = show_figure(mark.value)
    scale = mark.assessment.out_of
    return figure if scale == 20 else f"{figure}/{show_figure(scale)}"


def is_visible(mark: Mark, now: datetime) -> bool:
    """« Au fil de l'eau », in the local time of the académie."""
    return mark.entered_at.astimezone(ZONE).date() < now.astimezone(ZONE).date()


def average_of(marks: list[Mark]) -> Decimal | None:
    counted = [m for m in marks if m.value is not None and m.assessment.weight]
    weight = sum((m.assessment.weight for m in counted), Decimal(0))
    if not weight:
        return None
    points = sum(m.value * 20 / m.assessment.out_of * m.assessment.weight for m in counted)
    return Decimal(points / weight)


def flask_app(engine: Engine, now: datetime) -> tuple[Flask, Callable[[UUID], str]]:
    """The application, and what gives the cookie of an account signed in to it."""
    app = Flask("plain")
    app.secret_key = "a secret key"
    app.jinja_loader = DictLoader({"base.html": BASE, "child.html": CHILD})
    app.jinja_env.filters.update(
        figure=show_figure, average=show_average, day=show_day, short=show_mark
    )

    @app.before_request
    def open_session() -> None:
        g.db = Session(engine)
        signed = session.get("account_id")
        g.account = g.db.get(Account, UUID(signed)) if signed else None

    @app.teardown_request
    def close_session(_error: BaseException | None) -> None:
        g.db.close()

    @app.get("/eleves/<uuid:student_id>/notes/")
    def child(student_id: UUID) -> str:
        if g.account is None or g.account.state != "active":
            abort(401)
        # The rights: a link of the account to the student, that holds today.
        found = g.db.execute(
            select(Link, Schooling)
            .join(Holder, Holder.person_id == Link.adult_id)
            .join(Schooling, Schooling.student_id == Link.student_id)
            .where(Holder.account_id == g.account.id, Link.student_id == student_id)
            .order_by(Schooling.school_year.desc())
            .options(joinedload(Link.student), joinedload(Schooling.establishment))
        ).first()
        if found is None:
            abort(404)
        link, schooling = found
        today = now.astimezone(ZONE).date()
        if link.level >= 3 or (link.until_on is not None and link.until_on <= today):
            abort(404)
        # The decision: the head's choice for the school year, and what stands above it.
        openings = g.db.scalars(
            select(Opening).where(
                Opening.module_id == "notes",
                Opening.school_year == schooling.school_year,
                Opening.place.in_([schooling.uai, "", "021"]),
                Opening.audience == "guardian",
            )
        ).all()
        if not any(each.stance == "open" for each in openings):
            abort(403)
        g.db.get(Plan, (schooling.uai, schooling.school_year))
        marks = [
            mark
            for mark in g.db.scalars(
                select(Mark)
                .join(Mark.assessment)
                .where(
                    Mark.student_id == student_id,
                    Assessment.uai == schooling.uai,
                    Assessment.school_year == schooling.school_year,
                )
                .options(joinedload(Mark.assessment))
            )
            if is_visible(mark, now)
        ]
        by_code: dict[str, list[Mark]] = defaultdict(list)
        for mark in sorted(marks, key=lambda m: (m.assessment.given_on, m.assessment.title)):
            by_code[mark.assessment.subject_code].append(mark)
        subjects = [
            {
                "code": code,
                "label": found[0].assessment.subject_label,
                "teachers": ", ".join(dict.fromkeys(m.assessment.teacher for m in found)),
                "marks": found,
                "average": average_of(found),
            }
            for code, found in by_code.items()
        ]
        subjects.sort(key=lambda line: str(line["label"]))
        averages = [line["average"] for line in subjects if line["average"] is not None]
        return render_template(
            "child.html",
            account=g.account,
            csrf=hashlib.sha256(str(g.account.id).encode()).hexdigest(),
            nav=NAV,
            foot=FOOT,
            student=link.student,
            schooling=schooling,
            latest=sorted(marks, key=lambda m: m.entered_at, reverse=True)[:10],
            subjects=subjects,
            overall=sum(averages, Decimal(0)) / len(averages) if averages else None,
        )

    @app.get("/eleves/<uuid:student_id>/notes/<code>/")
    def subject(student_id: UUID, code: str) -> str:
        return f"{student_id} {code}"

    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    return app, lambda id_: f"session={signer.dumps({'account_id': str(id_)})}"


SESSION = """SELECT a.id, a.display_name, a.state FROM core_sessions s
 JOIN core_accounts a ON a.id = s.account_id WHERE s.id_hash = {0}"""
PUPIL = """SELECT s.first_name, s.last_name, c.class_group, c.school_year, e.name, e.phone, e.uai
 FROM core_account_holders h JOIN core_responsibilities r ON r.adult_id = h.person_id
 JOIN core_students s ON s.id = r.student_id JOIN core_schoolings c ON c.student_id = s.id
 JOIN core_establishments e ON e.uai = c.uai
 WHERE h.account_id = {0} AND r.student_id = {0} AND r.level < 3
 ORDER BY c.school_year DESC LIMIT 1"""
OPEN = """SELECT stance FROM core_openings WHERE module_id = 'notes' AND school_year = {0}
 AND place IN ({0}, '', '021') AND audience = 'guardian'"""
MARKS = """SELECT a.subject_code, a.subject_label, a.title, a.given_on, a.teacher, a.out_of,
 a.weight, m.status, m.value, m.entered_at FROM notes_marks m
 JOIN notes_assessments a ON a.id = m.assessment_id
 WHERE m.student_id = {0} AND a.uai = {0} AND a.school_year = {0} AND m.entered_at < {0}
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

    def hundredths(number: int) -> str:
        units, rest = divmod(number, 100)
        return f"{units},{rest:02}".rstrip("0").rstrip(",")

    def two(value: float) -> str:
        return f"{int(value + 0.5) / 100:.2f}".replace(".", ",")

    def app(environ: Any, start_response: Any) -> list[bytes]:
        secret = environ["HTTP_COOKIE"].removeprefix("session=")
        student = environ["PATH_INFO"].split("/")[2]
        student_id = student.replace("-", "") if is_sqlite else student
        ask = connection.cursor().execute
        account = ask(session_sql, (hashlib.sha256(secret.encode()).hexdigest(),)).fetchone()
        if account is None or account[2] != "active":
            raise RuntimeError("not signed in")
        first, last, group, year, school, phone, uai = ask(
            pupil_sql, (account[0], student_id)
        ).fetchone()
        if ("open",) not in ask(open_sql, (year, uai)).fetchall():
            raise RuntimeError("closed")
        rows = ask(marks_sql, (student_id, uai, year, until)).fetchall()
        subjects: dict[str, list[Any]] = {}
        for row in rows:
            subjects.setdefault(row[0], []).append(row)
        out = [
            "<!doctype html><html lang=fr><head><meta charset=utf-8><title>Notes de ",
            escape(first),
            "</title><link rel=stylesheet href=/static/style.css></head><body>",
            "<header class=site-head><a class=brand href=/>Téléservices</a><div class=who>",
            escape(account[1]),
            "</div><nav><ul>",
            *(f'<li><a href="{href}">{label}</a></li>' for label, href in NAV),
            "</ul></nav></header><main><h2>",
            escape(first),
            " ",
            escape(last),
            "</h2><p>",
            escape(group),
            " · ",
            escape(school),
            "</p><h1>Notes</h1><ul class=rows>",
        ]
        latest = sorted(rows, key=lambda row: row[9], reverse=True)[:10]
        for _code, label, title, day, _who, scale, _weight, status, value, _at in latest:
            said = (
                status
                if value is None
                else f"{hundredths(value)}<small>/{hundredths(scale)}</small>"
            )
            out.append(
                f"<li><div><strong>{escape(title)}</strong><br><span class=muted>{escape(label)}, "
                f"{day}</span></div><p class=figure><strong>{said}</strong></p></li>"
            )
        out.append("</ul><table class=table><caption>Par matière</caption><tbody>")
        averages = []
        for code, found in sorted(subjects.items(), key=lambda each: each[1][0][1]):
            counted = [row for row in found if row[8] is not None and row[6]]
            weight = sum(row[6] for row in counted)
            average = sum(2000 * row[8] * row[6] / row[5] for row in counted) / weight
            averages.append(average)
            figures = " · ".join(
                row[7]
                if row[8] is None
                else hundredths(row[8])
                if row[5] == 2000
                else f"{hundredths(row[8])}/{hundredths(row[5])}"
                for row in found
            )
            teachers = ", ".join(dict.fromkeys(row[4] for row in found))
            out.append(
                f'<tr role=row><th role=rowheader scope=row><a href="/eleves/{student}/notes/'
                f'{escape(code)}/">{escape(found[0][1])}</a><span class=row-hint>'
                f"{escape(teachers)}</span></th><td role=cell data-label=Notes>{figures}</td>"
                f"<td role=cell class=num><strong>{two(average)}</strong></td></tr>"
            )
        overall = sum(averages) / len(averages)
        out += [
            "</tbody></table><section class=card><h2>Moyenne générale</h2><p>",
            two(overall),
            "</p></section><p>Chaque note s’affiche le lendemain de sa saisie.</p><p>",
            escape(school),
            " <a href=tel:",
            escape(phone),
            ">",
            escape(phone),
            "</a></p></main>",
            "<footer>",
            *(f'<a href="{href}">{label}</a>' for label, href in FOOT),
            "</footer></body></html>",
        ]
        body = "".join(out).encode()
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]

    return app
