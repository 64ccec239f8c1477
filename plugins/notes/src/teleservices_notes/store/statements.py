"""What is asked of the database, built once."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.types import NullType

from teleservices_core.storage import tables as core
from teleservices_core.storage.tables import UtcDateTime
from teleservices_notes.store.tables import assessments_table, marks_table, settings_table

_a, _m = assessments_table.c, marks_table.c
MARK: Final = (
    _m.status,
    _m.value,
    _m.entered_at,
    _m.remark,
    _m.levels,
    _m.first_entered_at,
    _m.prior,
)
"""In the order of :func:`.rows.to_mark`, after the two keys."""
PLAN = select(settings_table.c.plan, settings_table.c.version).where(
    settings_table.c.uai == bindparam("uai"), settings_table.c.school_year == bindparam("year")
)


def raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column as the driver gives it: see :mod:`.gathering`."""
    return type_coerce(column, NullType())


_SEEN = tuple(
    cast(column, Text) if isinstance(column.type, JSON) else raw(column)
    for column in (
        _a.id,
        _a.class_group,
        _a.subject_code,
        _a.subject_label,
        _a.title,
        _a.given_on,
        _a.teacher,
        _a.out_of,
        _a.weight,
        _a.counting,
        _a.publish_on,
        _a.description,
        _a.competencies,
        _a.own_rules,
        *MARK,
    )
)
STUDENT_MARKS: Final = (
    select(cast(null(), JSON).label("plan"), *_SEEN)
    .select_from(marks_table.join(assessments_table))
    .where(
        _m.student_id == bindparam("student_id"),
        # Written so that no index serves them: the student's marks are few, and must
        # not be looked up from all the assessments of the school's year.
        _a.uai.concat("") == bindparam("uai"),
        _a.school_year + 0 == bindparam("year"),
    )
)
# The plan is needed even where there is no mark, the very page on which families
# ask for it: a row of its own, with nothing but the plan.
STUDENT_PLAN: Final = select(
    PLAN.with_only_columns(settings_table.c.plan).scalar_subquery(),
    *(null() for _column in _SEEN),
)
OF_STUDENT: Final[CompoundSelect[Any]] = union_all(STUDENT_MARKS, STUDENT_PLAN)
OF_CLASS = (
    select(assessments_table, _m.student_id, *MARK, _m.entered_by)
    .select_from(assessments_table.outerjoin(marks_table))
    .where(
        _a.uai == bindparam("uai"),
        _a.school_year == bindparam("year"),
        _a.class_group == bindparam("class_group"),
        _a.subject_code == bindparam("subject_code"),
    )
    .order_by(_a.given_on, _a.title, _a.id)
)
_o = core.module_options.c
# No mark of a classmate is read where families are shown none of the class.
COMPARISON = OF_CLASS.add_columns(_o.options["class_floor"].as_integer().label("class_floor")).join(
    core.module_options,
    and_(
        _o.uai == _a.uai,
        _o.module_id == "notes",
        _o.school_year == _a.school_year,
        _o.options["class_figures"].as_boolean(),
    ),
)
STUDENTS = (
    select(core.students.c.ine, core.students.c.id)
    .join(core.schoolings, core.schoolings.c.student_id == core.students.c.id)
    .where(
        core.students.c.ine.in_(bindparam("ines", expanding=True)),
        core.schoolings.c.uai == bindparam("uai"),
        core.schoolings.c.school_year == bindparam("year"),
    )
)
ASSESSMENTS = select(assessments_table).where(_a.id.in_(bindparam("ids", expanding=True)))
# Pairs looked up one by one: « student in … and assessment in … » would try every
# student at every assessment, minutes for a file that is not sorted by class.
_SQLITE_KEYS = func.json_each(bindparam("keys")).table_valued("value")
_POSTGRESQL_KEYS = (
    func.unnest(
        bindparam("students", type_=ARRAY(Uuid)), bindparam("assessments", type_=ARRAY(Uuid))
    )
    .table_valued("student_id", "assessment_id")
    .render_derived()
)
_WHOLE_MARK = (_m.assessment_id, _m.student_id, *MARK, _m.entered_by)
SQLITE_MARKS = select(*_WHOLE_MARK).join_from(
    _SQLITE_KEYS,
    marks_table,
    and_(
        _m.student_id == func.json_extract(_SQLITE_KEYS.c.value, "$[0]"),
        _m.assessment_id == func.json_extract(_SQLITE_KEYS.c.value, "$[1]"),
    ),
)
POSTGRESQL_MARKS = select(*_WHOLE_MARK).join_from(
    _POSTGRESQL_KEYS,
    marks_table,
    and_(
        _m.student_id == _POSTGRESQL_KEYS.c.student_id,
        _m.assessment_id == _POSTGRESQL_KEYS.c.assessment_id,
    ),
)


def _instant(name: str) -> BindParameter[datetime]:
    """Compared as instants are stored, to the microsecond, whatever it is compared with."""
    return bindparam(name, type_=UtcDateTime())


_FIRST_AT = func.coalesce(_m.first_entered_at, _m.entered_at)
TALLIES = (
    select(
        assessments_table,
        func.count(_m.student_id),
        func.count(case((_instant("midnight_at") > _FIRST_AT, 1))),
    )
    .select_from(
        assessments_table.outerjoin(
            marks_table, and_(_m.assessment_id == _a.id, _instant("at") >= _FIRST_AT)
        )
    )
    .where(_a.uai == bindparam("uai"), _a.school_year == bindparam("year"))
    .group_by(_a.id)
)
OF_ONE_CLASS = _a.class_group == bindparam("class_group")
OF_ONE_ASSESSMENT = _a.id == bindparam("assessment_id")
CLASS_GROUPS = (
    select(_a.class_group)
    .where(_a.uai == bindparam("uai"), _a.school_year == bindparam("year"))
    .distinct()
    .order_by(_a.class_group)
)
