"""The forms of the publication pages, and what they ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from attrs import evolve, frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.errors import InvalidValueError, RefusedError
from teleservices_core.i18n import _, show_date
from teleservices_core.web.forms import Form, chosen, text
from teleservices_core.web.reading import read_day, whole_number
from teleservices_notes.model import (
    FAMILIES,
    MOST_DAYS,
    GradingPeriod,
    GradingPeriodKind,
    Publication,
    PublicationMode,
    PublicationPlan,
    PublicationRule,
)
from teleservices_notes.publication_words import READERS
from teleservices_notes.usecases.publication import Change
from teleservices_notes.words import MODE_NAMES, MODE_WORDS


@frozen
class PlanForm:
    """One choice of the page: ``part`` says which, the others are empty."""

    part: str = text(10)
    default_mode: str = text(20)
    default_days: str = text(10)
    class_group: str = text(20)
    audience: str = text(10)
    mode: str = text(20)
    days: str = text(10)
    kind: str = text(1)
    starts_on: str = text(10)
    end_1: str = text(10)
    end_2: str = text(10)
    end_3: str = text(10)
    version: str = text(10)
    """Of the plan that was seen."""
    confirmed: str = text(1)


@frozen
class OwnRuleForm:
    """The rule of one assessment for some readers; no mode: as its class."""

    audience: str = text(10)
    mode: str = text(20)
    days: str = text(10)
    on: str = text(10)
    seen: str = text(16)
    confirmed: str = text(1)


class FieldError(ValueError):
    """What is wrong with a field."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        super().__init__(text)


def asked_change(form: Form[PlanForm]) -> tuple[Change | None, dict[str, str]]:
    """The change that the form asks for, or an error for each faulty field."""
    if form.value is None:
        return None, dict.fromkeys(form.errors, _("Cette réponse est trop longue."))
    try:
        return _read(form.value), {}
    except FieldError as error:
        return None, {error.name: error.text}


def _read(form: PlanForm) -> Change:
    match form.part:
        case "rule":
            return _with_rule(form)
        case "remove":
            return _without_rule(form)
        case "periods":
            periods = _periods(form)
            return lambda plan: evolve(plan, periods=periods)
    publication = read_publication(
        form.default_mode, form.default_days, names=("default_mode", "default_days")
    )
    return lambda plan: evolve(plan, default=publication)


def _with_rule(form: PlanForm) -> Change:
    if not form.class_group and not form.audience:
        reason = _("Choisissez une classe ou un public. Pour tous, changez la règle générale.")
        raise FieldError("class_group", reason)
    rule = PublicationRule(
        read_publication(form.mode, form.days),
        read_reader(form.audience),
        form.class_group or None,
    )
    return lambda plan: evolve(plan, exceptions=(*_others(plan, rule), rule))


def _without_rule(form: PlanForm) -> Change:
    rule = PublicationRule(Publication(), read_reader(form.audience), form.class_group or None)
    return lambda plan: evolve(plan, exceptions=_others(plan, rule))


def _others(plan: PublicationPlan, rule: PublicationRule) -> tuple[PublicationRule, ...]:
    reach = rule.audience, rule.class_group
    return tuple(each for each in plan.exceptions if (each.audience, each.class_group) != reach)


def read_reader(typed: str) -> Audience | None:
    """Guardians, students, or None for both. Raises :exc:`FieldError`."""
    for each in FAMILIES:
        if typed == each:
            return each
    if typed:
        raise FieldError("audience", _("Choisissez dans la liste."))
    return None


def read_publication(
    mode: str, days: str, on: str = "", *, names: tuple[str, str] = ("mode", "days")
) -> Publication:
    """A publication as typed. Raises :exc:`FieldError`."""
    found = chosen(PublicationMode, mode)
    if found is None:
        raise FieldError(names[0], _("Choisissez quand les notes s’affichent."))
    if found is PublicationMode.AFTER_PERIOD:
        number = whole_number(days, most=MOST_DAYS) if days else 0
        if number is None:
            reason = _("Écrivez un nombre de jours, de 0 à {most}.").format(most=MOST_DAYS)
            raise FieldError(names[1], reason)
        return Publication(found, days=number)
    if found is PublicationMode.SCHEDULED and on:
        return Publication(found, on=_day("on", on))
    return Publication(found)


def _periods(form: PlanForm) -> tuple[GradingPeriod, ...]:
    kind = chosen(GradingPeriodKind, form.kind)
    if kind is None:
        return ()
    starts_on, found = _day("starts_on", form.starts_on), []
    for number, name in enumerate(("end_1", "end_2", "end_3")[: kind.per_year], 1):
        ends_on = _day(name, getattr(form, name))
        try:
            found.append(GradingPeriod(kind, number, starts_on, ends_on))
        except InvalidValueError:
            reason = _("La fin doit venir après le {day}.").format(day=show_date(starts_on))
            raise FieldError(name, reason) from None
        starts_on = ends_on + timedelta(days=1)
    return tuple(found)


def _day(name: str, typed: str) -> date:
    found = read_day(typed)
    if found is None:
        raise FieldError(name, _("Écrivez une date, par exemple 30/11/2026."))
    return found


def outside_year(refused: RefusedError) -> str:
    """Why the periods are refused."""
    day: Any = refused.detail["day"]
    return _("Le {day} n’est pas dans l’année scolaire.").format(day=show_date(day))


def mode_choices() -> list[dict[str, str]]:
    """The modes with what each means."""
    return [
        {"value": each.value, "label": _capital(MODE_NAMES[each]()), "hint": MODE_WORDS[each]()}
        for each in PublicationMode
    ]


def reader_choices() -> list[Mapping[str, str]]:
    """For whom."""
    return [{"value": each or "", "label": _capital(READERS[each]())} for each in (None, *FAMILIES)]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
