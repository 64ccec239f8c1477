"""What an establishment evaluates beside marks: its competencies and the words of its levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import evolve, frozen

from teleservices_core.domain.establishments import Establishment
from teleservices_core.errors import ConflictError
from teleservices_core.i18n import _
from teleservices_core.web.context import Context
from teleservices_core.web.forms import Form, read_form, text
from teleservices_core.web.pages.school import deciding, establishment_of
from teleservices_core.web.reading import read_version
from teleservices_core.web.responses import Page, Redirect
from teleservices_notes.model import Competency, PublicationPlan
from teleservices_notes.pages.publication_forms import FieldError
from teleservices_notes.usecases.opened import MODULE_ID
from teleservices_notes.usecases.ports import Opens
from teleservices_notes.usecases.publication import change_plan, publication_plan

_MOST: Final = 60
"""Competencies of an establishment."""
_LONGEST_CODE: Final = 20
_LONGEST_LABEL: Final = 200
_MOST_LEVELS: Final = 9
_LONGEST_LEVEL: Final = 60


@frozen
class CompetenciesForm:
    """One to a line, as people keep such lists."""

    competencies: str = text(20_000)
    levels: str = text(1_000)
    version: str = text(10)
    """Of the plan that was seen."""


@frozen
class CompetencyPages:
    """The handlers, given how to open the store."""

    opens: Opens

    def competencies(self, context: Context, uai: str) -> Page | Redirect:
        """Show the lists, or replace them."""
        establishment = establishment_of(context, uai)
        if context.request.method != "POST":
            return self._page(context, establishment, {}, {})
        form = read_form(context.request, CompetenciesForm)
        try:
            competencies, levels = _asked(form)
        except FieldError as error:
            return self._page(context, establishment, form.typed, {error.name: error.text})

        def change(plan: PublicationPlan) -> PublicationPlan:
            return evolve(plan, competencies=competencies, levels=levels)

        seen = read_version(form.typed.get("version", ""))
        try:
            change_plan(context.site, context.me, establishment.uai, change, seen, self.opens)
        except ConflictError:
            return self._page(context, establishment, form.typed, {}, conflict=True)
        context.tell("success", _("Les compétences sont enregistrées."))
        return context.redirect("notes.competencies", uai=uai)

    def _page(
        self,
        context: Context,
        establishment: Establishment,
        typed: Mapping[str, str],
        errors: Mapping[str, str],
        *,
        conflict: bool = False,
    ) -> Page:
        recorded = publication_plan(context.site, establishment.uai, self.opens)
        plan = recorded.plan
        shown = {
            "competencies": "\n".join(f"{each.code} {each.label}" for each in plan.competencies),
            "levels": "\n".join(plan.levels),
        }
        return Page(
            "notes/competencies.html",
            {
                "establishment": establishment,
                "year": context.site.school_year(),
                "plan": plan,
                "typed": {**shown, **typed},
                # What others chose meanwhile is above the form: to send it again is a choice.
                "version": recorded.version,
                "errors": errors,
                "conflict": conflict,
                "may_choose": MODULE_ID in deciding(context, establishment.uai),
            },
            409 if conflict else 422 if errors else 200,
        )


def _asked(form: Form[CompetenciesForm]) -> tuple[tuple[Competency, ...], tuple[str, ...]]:
    """What was typed. Raises :exc:`FieldError`, which names the line."""
    if form.value is None:
        raise FieldError(next(iter(form.errors)), _("Ce texte est trop long."))
    found: dict[str, Competency] = {}
    for number, line in _lines(form.value.competencies):
        code, _space, label = line.partition(" ")
        wrong = _wrong(code, label.strip(), found)
        if wrong:
            said = _("Ligne {number} : {reason}").format(number=number, reason=wrong)
            raise FieldError("competencies", said)
        found[code] = Competency(code, label.strip())
    if len(found) > _MOST:
        raise FieldError("competencies", _("Au plus {most} compétences.").format(most=_MOST))
    levels = tuple(line for _number, line in _lines(form.value.levels))
    if not 2 <= len(levels) <= _MOST_LEVELS or max(map(len, levels)) > _LONGEST_LEVEL:
        reason = _("De 2 à {most} niveaux, un par ligne, de {letters} caractères au plus.")
        raise FieldError("levels", reason.format(most=_MOST_LEVELS, letters=_LONGEST_LEVEL))
    return tuple(found.values()), levels


def _wrong(code: str, label: str, found: Mapping[str, Competency]) -> str:
    if not label:
        return _("écrivez un code, une espace, puis le nom de la compétence.")
    if len(code) > _LONGEST_CODE or len(label) > _LONGEST_LABEL:
        said = _("code de plus de {code} caractères, ou nom de plus de {label}.")
        return said.format(code=_LONGEST_CODE, label=_LONGEST_LABEL)
    if any(each in code for each in ",=;"):
        return _("un code s’écrit sans virgule, point-virgule ni signe égal.")
    if code in found:
        return _("le code {code} est déjà pris.").format(code=code)
    return ""


def _lines(typed: str) -> list[tuple[int, str]]:
    lines = ((number, " ".join(line.split())) for number, line in enumerate(typed.splitlines(), 1))
    return [(number, line) for number, line in lines if line]
