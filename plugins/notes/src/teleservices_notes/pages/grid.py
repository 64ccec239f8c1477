"""The grid in which a teacher enters the marks of a class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import evolve, frozen
from werkzeug.exceptions import BadRequest

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError
from teleservices_core.i18n import _, ngettext, show_instant
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, several, text
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.reading import whole_number
from teleservices_core.web.responses import Page, Redirect
from teleservices_notes.model import (
    Assessment,
    Mark,
    MarkStatus,
    Outcome,
    PublicationPlan,
    TypedRow,
)
from teleservices_notes.model.marks import LONGEST_REMARK
from teleservices_notes.pages.courses import course_href
from teleservices_notes.pages.when_shown import when_shown
from teleservices_notes.rules.entering import stamp
from teleservices_notes.rules.written import read_number, read_status
from teleservices_notes.usecases.class_ports import OpensClasses
from teleservices_notes.usecases.entering import (
    EnteredRow,
    EntryConflictError,
    Grid,
    GridRow,
    enter_marks,
    forget_typed,
    grid,
    keep_typed,
)
from teleservices_notes.words import STATUS_SHORT, show_figure

_MOST: Final = 400
"""Students of a class, with room to spare."""


@frozen
class GridForm:
    """Rows, field by field in the order of the page; levels row by row."""

    student: tuple[str, ...] = several(_MOST)
    seen: tuple[str, ...] = several(_MOST)
    mark: tuple[str, ...] = several(_MOST)
    remark: tuple[str, ...] = several(_MOST)
    level: tuple[str, ...] = several(_MOST * 20)
    choice: str = text(10)
    """``forget``: the button that drops what was kept of one's typing."""


@frozen
class LevelCell:
    """One competency of one student."""

    code: str
    label: str
    level: str


@frozen
class RowView:
    """A line of the grid."""

    student_id: UUID
    name: str
    seen: str
    mark: str
    remark: str
    levels: tuple[LevelCell, ...]
    error: str = ""
    theirs: str = ""
    """What somebody else has just recorded, in words."""
    mine: str = ""
    """What was typed, beside it."""


class _BadCellError(ValueError):
    """What a cell holds, and what to write instead."""


@frozen
class GridPages:
    """The handlers, given how to open the store."""

    opens: OpensClasses

    def grid(self, context: Context, uai: str, assessment_id: UUID) -> Page | Redirect:
        """Show the class, or record what was typed: all of it, or nothing."""
        shown = grid(context.site, context.me, Uai(uai), assessment_id, self.opens)
        if context.request.method != "POST":
            return _again(context, shown, shown.typed, {}, {}, status=200)
        form = _form(context)
        if form.choice == "forget":
            forget_typed(context.site, context.me, assessment_id, self.opens)
            context.tell("success", _("Votre saisie est oubliée : voici ce qui est enregistré."))
            return context.redirect("notes.grid", uai=uai, assessment_id=assessment_id)
        return self._enter(context, shown, _rows(form, shown.assessment))

    def _enter(self, context: Context, shown: Grid, typed: dict[UUID, TypedRow]) -> Page | Redirect:
        site, assessment = context.site, shown.assessment
        uai, here = assessment.uai, {row.pupil.id for row in shown.rows}
        # They left the class while the page was open: nothing can be recorded of them.
        left = [typed.pop(id_) for id_ in typed.keys() - here]
        outcomes, errors = _outcomes(assessment, typed, site.now())
        if errors:
            return _again(context, shown, typed, errors, {})
        rows = [EnteredRow(id_, typed[id_].seen, outcomes[id_]) for id_ in typed]
        try:
            done = enter_marks(site, context.me, uai, assessment.id, rows, self.opens)
        except EntryConflictError as conflict:
            return _again(context, shown, typed, {}, conflict.marks)
        except ConflictError:
            context.tell("warning", _CHANGED())
            return context.redirect("notes.grid", uai=uai.code, assessment_id=assessment.id)
        context.tell("success", _told(done.added, done.corrected))
        if any(row.mark.strip() for row in left):
            context.tell("warning", _LEFT())
        return Redirect(
            "notes.course",
            {
                "uai": uai.code,
                "classe": assessment.class_group,
                "matiere": assessment.subject.code,
            },
        )

    def keep(self, context: Context, account: Account, uai: str, assessment_id: UUID) -> None:
        """Keep a grid that was sent after the session had ended."""
        form = _form(context)
        with context.site.database.reading() as tx:
            found = self.opens(tx.connection).assessment(assessment_id)
        if found is not None:
            rows = _rows(form, found)
            keep_typed(context.site, account, Uai(uai), assessment_id, rows, self.opens)


def _CHANGED() -> str:  # noqa: N802 - a message
    return _(
        "Le barème ou les compétences de cette évaluation viennent de changer : rien n’a été "
        "enregistré. Vérifiez, puis saisissez à nouveau."
    )


def _LEFT() -> str:  # noqa: N802 - a message
    return _("La note d’un élève qui vient de quitter la classe n’a pas été enregistrée.")


def _told(added: int, corrected: int) -> str:
    if not added and not corrected:
        return _("Rien à changer : tout était déjà enregistré ainsi.")
    said = [
        ngettext("{n} note enregistrée", "{n} notes enregistrées", added).format(n=added)
        if added
        else "",
        ngettext("{n} note corrigée", "{n} notes corrigées", corrected).format(n=corrected)
        if corrected
        else "",
    ]
    return ", ".join(filter(None, said)) + "."


def _form(context: Context) -> GridForm:
    """What was sent. Raises :exc:`BadRequest`."""
    form = read_form(context.request, GridForm).value
    if form is None:
        raise BadRequest("too many rows")
    return form


def _rows(form: GridForm, assessment: Assessment) -> dict[UUID, TypedRow]:
    """The cells by student. Raises :exc:`BadRequest` where they do not go together."""
    width, number = len(assessment.competencies), len(form.student)
    if {len(form.seen), len(form.mark), len(form.remark)} != {number}:
        raise BadRequest("rows of different lengths")
    # Without the competencies that the page knew, levels cannot be told apart.
    levels = form.level if len(form.level) == number * width else ("",) * (number * width)
    try:
        ids = [UUID(each) for each in form.student]
    except ValueError:
        raise BadRequest("no student") from None
    return {
        id_: TypedRow(
            form.seen[at],
            form.mark[at],
            form.remark[at],
            levels[at * width : (at + 1) * width],
        )
        for at, id_ in enumerate(ids)
    }


def _outcomes(
    assessment: Assessment, typed: Mapping[UUID, TypedRow], at: datetime
) -> tuple[dict[UUID, Outcome | None], dict[UUID, str]]:
    outcomes: dict[UUID, Outcome | None] = {}
    errors: dict[UUID, str] = {}
    for id_, cells in typed.items():
        try:
            outcomes[id_] = _outcome(assessment, cells, at)
        except _BadCellError as error:
            errors[id_] = str(error)
    return outcomes, errors


def _outcome(assessment: Assessment, cells: TypedRow, at: datetime) -> Outcome | None:
    remark = " ".join(cells.remark.split())
    levels = {
        code: number
        for code, level in zip(assessment.competencies, cells.levels, strict=True)
        if (number := whole_number(level, most=9))
    }
    if len(remark) > LONGEST_REMARK:
        raise _BadCellError(_("appréciation trop longue (300 caractères au plus)"))
    if not cells.mark.strip():
        if remark or levels:
            raise _BadCellError(_("écrivez une note, ou n.n. s’il n’y en a pas"))
        return None
    status = read_status(cells.mark)
    if status is not None:
        return Outcome(status, None, at, remark, levels)
    value = read_number(cells.mark)
    if value is None:
        reason = _("« {text} » n’est ni une note ni abs., disp., n.n. ou n.r.")
        raise _BadCellError(reason.format(text=cells.mark.strip()[:20]))
    if value > assessment.out_of:
        reason = _("{value} dépasse le barème, sur {out_of}")
        raise _BadCellError(
            reason.format(value=show_figure(value), out_of=show_figure(assessment.out_of))
        )
    return Outcome(MarkStatus.MARK, value, at, remark, levels)


def show_mark(outcome: Outcome | None) -> str:
    """As a teacher would type it."""
    if outcome is None:
        return ""
    if outcome.value is None:
        return STATUS_SHORT[outcome.status]()
    return show_figure(outcome.value)


def _recorded(shown: Grid, row: GridRow) -> RowView:
    outcome = row.mark.outcome if row.mark else None
    levels = outcome.levels if outcome else {}
    return RowView(
        row.pupil.id,
        row.pupil.name,
        stamp(outcome),
        show_mark(outcome),
        outcome.remark if outcome else "",
        tuple(
            LevelCell(each, _label(shown.plan, each), str(levels.get(each, "")))
            for each in shown.assessment.competencies
        ),
    )


def _label(plan: PublicationPlan, code: str) -> str:
    return plan.competency_label(code) or code


def _again(
    context: Context,
    shown: Grid,
    typed: Mapping[UUID, TypedRow],
    errors: Mapping[UUID, str],
    conflicts: Mapping[UUID, Mark | None],
    *,
    status: int = 422,
) -> Page:
    """The page with what was typed over what is recorded, and what stops it."""
    views = []
    for row in shown.rows:
        view, cells = _recorded(shown, row), typed.get(row.pupil.id)
        if cells is not None:
            view = _typed_over(view, cells, errors.get(row.pupil.id, ""))
        if row.pupil.id in conflicts:
            view = _in_conflict(context, shown, view, conflicts[row.pupil.id])
        views.append(view)
    return _page(context, shown, views, status=status)


def _typed_over(view: RowView, cells: TypedRow, error: str) -> RowView:
    # Levels typed for other competencies than those of now say nothing of these.
    levels = cells.levels if len(cells.levels) == len(view.levels) else ("",) * len(view.levels)
    return evolve(
        view,
        seen=cells.seen,
        mark=cells.mark,
        remark=cells.remark,
        levels=tuple(
            evolve(cell, level=level) for cell, level in zip(view.levels, levels, strict=True)
        ),
        error=error,
    )


def _in_conflict(context: Context, shown: Grid, view: RowView, mark: Mark | None) -> RowView:
    """Both marks in words; to record over the other's is now a choice."""
    theirs = _("plus aucune note")
    if mark is not None:
        outcome, at = mark.outcome, mark.outcome.entered_at
        levels = [(_label(shown.plan, code), level) for code, level in outcome.levels.items()]
        theirs = _("{what}, par {who}, {when}").format(
            what=_in_words(show_mark(outcome), outcome.remark, levels),
            who=mark.entered_by or _("le logiciel de notes"),
            when=show_instant(at, context.site.academie.zone),
        )
    typed = [(cell.label, cell.level) for cell in view.levels if cell.level]
    return evolve(
        view,
        seen=stamp(mark.outcome if mark else None),
        theirs=theirs,
        mine=_in_words(view.mark, view.remark, typed) or _("rien"),
    )


def _in_words(mark: str, remark: str, levels: Iterable[tuple[str, object]]) -> str:
    said = [mark, f"« {remark} »" if remark else ""]
    said += [_("{label} : {level}").format(label=label, level=level) for label, level in levels]
    return ", ".join(filter(None, said))


def _page(context: Context, shown: Grid, rows: Sequence[RowView], *, status: int) -> Page:
    site, assessment = context.site, shown.assessment
    return Page(
        "notes/grid.html",
        {
            "establishment": establishment_of(context, assessment.uai.code),
            "assessment": assessment,
            "course": shown.taught.course,
            "out_of": show_figure(assessment.out_of),
            "rows": rows,
            "errors": {f"mark-{at}": f"{row.name} : {row.error}" for at, row in _at(rows, "error")},
            "conflicts": [row for row in rows if row.theirs],
            "competencies": [(each, _label(shown.plan, each)) for each in assessment.competencies],
            "levels": list(enumerate(shown.plan.levels, 1)),
            "in_full": "tout" in context.request.args or bool(assessment.competencies),
            "was_kept": bool(shown.typed) and context.request.method == "GET",
            "shown": when_shown(assessment, shown.plan, shown.shut, site.now(), site.academie.zone),
            "back": course_href(context, assessment),
            "change": context.urls.to(
                "notes.assessment", uai=assessment.uai.code, assessment_id=assessment.id
            ),
            "full": context.urls.to(
                "notes.grid", uai=assessment.uai.code, assessment_id=assessment.id, tout=1
            ),
        },
        status,
    )


def _at(rows: Sequence[RowView], what: str) -> list[tuple[int, RowView]]:
    return [(at, row) for at, row in enumerate(rows, 1) if getattr(row, what)]
