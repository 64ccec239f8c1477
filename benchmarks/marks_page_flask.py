"""The child's page of ``marks_page.py`` in Flask, SQLAlchemy's ORM and Jinja2."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask, abort, g, render_template, session
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import Engine, select
from sqlalchemy.orm import DeclarativeBase, Session, joinedload, relationship

from teleservices_core.storage import tables as core
from teleservices_notes.store.reader_tables import readers_table
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


class ReaderRow(Base):
    __table__ = readers_table


class Mark(Base):
    __table__ = marks_table
    assessment = relationship(Assessment, lazy="raise")


NAV = (
    *(("Mes enfants", "home"), ("Notes", "all_marks")),
    *(("Mon compte", "account"), ("Aide", "help_pages")),
)
FOOT = (
    *(("Aide", "help_pages"), ("Établissements", "schools"), ("Données personnelles", "privacy")),
    *(("Liens utiles", "links"), ("Accessibilité", "accessibility")),
)
OTHERS = {
    "home": "/",
    "leave": "/deconnexion",
    "account": "/compte",
    "all_marks": "/notes/",
    "messages": "/notes/messages/",
    "help_pages": "/aide",
    "schools": "/etablissements",
    "privacy": "/donnees-personnelles",
    "links": "/liens-utiles",
    "accessibility": "/accessibilite",
    "seen": "/eleves/<uuid:student_id>/notes-vues",
    "subject": "/eleves/<uuid:student_id>/notes/<code>/",
    "progress": "/eleves/<uuid:student_id>/notes/annee/evolution",
    "statement": "/eleves/<uuid:student_id>/notes/annee/releve.pdf",
}
"""Pages that are linked to."""


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


def flask_app(engine: Engine, now: datetime) -> tuple[Flask, Callable[[UUID], str]]:
    """The application, and what gives the cookie of an account signed in to it."""
    app = Flask("plain", template_folder=str(Path(__file__).with_name("templates")))
    app.secret_key = "a secret key"
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
        schooling, student = child_of(g.db, g.account, student_id, now)
        if not is_open(g.db, schooling):
            abort(403)
        g.db.get(Plan, (schooling.uai, schooling.school_year))
        reader = g.db.get(ReaderRow, (student_id, g.account.id, schooling.school_year))
        marks = marks_of(g.db, schooling, now)
        subjects = by_subject(marks)
        averages = [line["average"] for line in subjects if line["average"] is not None]
        return render_template(
            "child.html",
            account=g.account,
            csrf=hashlib.sha256(str(g.account.id).encode()).hexdigest(),
            nav=NAV,
            foot=FOOT,
            student=student,
            schooling=schooling,
            year=schooling.school_year,
            latest=sorted(marks, key=lambda m: (m.entered_at, m.assessment.title), reverse=True)[
                :10
            ],
            seen_at=None if reader is None else reader.seen_at,
            shown=fingerprint(marks),
            subjects=subjects,
            counted=len(averages),
            total=sum(averages, Decimal(0)),
            overall=sum(averages, Decimal(0)) / len(averages) if averages else None,
        )

    for endpoint, path in OTHERS.items():
        app.add_url_rule(path, endpoint, lambda **_values: "")
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    return app, lambda id_: f"session={signer.dumps({'account_id': str(id_)})}"


def child_of(
    db: Session, account: Account, student_id: UUID, now: datetime
) -> tuple[Schooling, Student]:
    """The rights: a link of the account to the student, that holds today."""
    found = db.execute(
        select(Link, Schooling)
        .join(Holder, Holder.person_id == Link.adult_id)
        .join(Schooling, Schooling.student_id == Link.student_id)
        .where(Holder.account_id == account.id, Link.student_id == student_id)
        .order_by(Schooling.school_year.desc())
        .options(joinedload(Link.student), joinedload(Schooling.establishment))
    ).first()
    if found is None:
        abort(404)
    link, schooling = found
    today = now.astimezone(ZONE).date()
    if link.level >= 3 or (link.until_on is not None and link.until_on <= today):
        abort(404)
    return schooling, link.student


def is_open(db: Session, schooling: Schooling) -> bool:
    """The decision: the head's choice for the school year, and what stands above it."""
    openings = db.scalars(
        select(Opening).where(
            Opening.module_id == "notes",
            Opening.school_year == schooling.school_year,
            Opening.place.in_([schooling.uai, "", "021"]),
            Opening.audience == "guardian",
        )
    )
    return any(each.stance == "open" for each in openings.all())


def marks_of(db: Session, schooling: Schooling, now: datetime) -> list[Mark]:
    """What the family may see, « au fil de l'eau », the oldest test first."""
    found = db.scalars(
        select(Mark)
        .join(Mark.assessment)
        .where(
            Mark.student_id == schooling.student_id,
            Assessment.uai == schooling.uai,
            Assessment.school_year == schooling.school_year,
        )
        .options(joinedload(Mark.assessment))
        .order_by(Assessment.given_on, Assessment.title)
    )
    today = now.astimezone(ZONE).date()
    return [mark for mark in found if mark.entered_at.astimezone(ZONE).date() < today]


def by_subject(marks: list[Mark]) -> list[dict[str, Any]]:
    """The lines of the table."""
    by_code: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        by_code[mark.assessment.subject_code].append(mark)
    lines = [
        {
            "code": code,
            "label": found[0].assessment.subject_label,
            "teachers": ", ".join(dict.fromkeys(m.assessment.teacher for m in found)),
            "marks": found,
            "average": average_of(found),
        }
        for code, found in by_code.items()
    ]
    return sorted(lines, key=lambda line: str(line["label"]))


def average_of(marks: list[Mark]) -> Decimal | None:
    """Weighted, out of 20."""
    counted = [m for m in marks if m.value is not None and m.assessment.weight]
    weight = sum((m.assessment.weight for m in counted), Decimal(0))
    if not weight:
        return None
    points = sum(m.value * 20 / m.assessment.out_of * m.assessment.weight for m in counted)
    return Decimal(points / weight)


def fingerprint(marks: list[Mark]) -> str:
    """What « J'ai vu » sends: which marks the page shows."""
    shown = [f"{mark.assessment_id} {mark.entered_at}" for mark in marks]
    return hashlib.sha256("\n".join(shown).encode()).hexdigest()[:32]
