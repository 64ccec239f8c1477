"""One module of an establishment: by level and class, its options, and who decides."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, Final

from attrs import frozen

from teleservices_core.contributions import FORM, Access, Message, Route
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.roster import SchoolClass
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, NotFoundError, SettingsError
from teleservices_core.i18n import _
from teleservices_core.plain import text
from teleservices_core.usecases.module_options import options_of, save_options
from teleservices_core.usecases.opening import ScopedSwitch, class_switches
from teleservices_core.usecases.preview import preview
from teleservices_core.web.context import Context
from teleservices_core.web.option_forms import option_fields, read_options
from teleservices_core.web.pages.school import (
    asked_year,
    audience_names,
    deciding,
    establishment_of,
    read_year,
    years,
)
from teleservices_core.web.reading import read_moment, read_version
from teleservices_core.web.responses import Page, Redirect


def _module(context: Context, module_id: str) -> ModuleDefinition:
    module = context.site.catalogue.module(module_id)
    if module is None:
        raise NotFoundError(f"no module {module_id}")
    return module


@frozen
class ScopeRow:
    """A level or a class, and its switch for each audience."""

    label: str
    level: str
    class_group: str
    switches: tuple[ScopedSwitch, ...]


def _rows(switches: list[ScopedSwitch]) -> list[ScopeRow]:
    by_scope: dict[Any, list[ScopedSwitch]] = {}
    for each in switches:
        by_scope.setdefault(each.scope, []).append(each)
    return [
        ScopeRow(
            label=scope.label,
            level="" if scope.class_group else scope.part,
            class_group=scope.class_group,
            switches=tuple(found),
        )
        for scope, found in by_scope.items()
    ]


def module(context: Context, uai: str, module_id: str) -> Page:
    """Where the module is open, level by level and class by class."""
    establishment, shown, year = (
        establishment_of(context, uai),
        _module(context, module_id),
        asked_year(context),
    )
    rows = _rows(class_switches(context.site, establishment, shown, year))
    return Page(
        "school/module.html",
        {
            "establishment": establishment,
            "module": shown,
            "year": year,
            "years": years(context),
            "levels": [row for row in rows if row.level],
            "classes": [row for row in rows if row.class_group],
            "may_choose": module_id in deciding(context, establishment.uai),
            "has_options": module_id in context.site.catalogue.options,
            "audience_names": audience_names(),
        },
    )


def options(context: Context, uai: str, module_id: str) -> Page | Redirect:
    """The options that the module's plugin declares, for a school year."""
    establishment, shown = establishment_of(context, uai), _module(context, module_id)
    form = context.request.form
    year = read_year(context, form.get("annee") or context.request.args.get("annee", ""))
    with context.site.database.reading() as tx:
        chosen = options_of(context.site, tx, establishment.uai, module_id, year)
    say = partial(_say, context, shown)
    fields, problem = option_fields(chosen.options, say), ""
    errors: dict[str, str] = {}
    if context.request.method == "POST":
        kind = type(chosen.options)
        values, errors = read_options(kind, form, besides=frozenset({"version", "annee"}))
        fields = option_fields(chosen.options, say, form.to_dict(), errors)
        if not errors:
            problem = _save(context, establishment.uai, module_id, values)
            if not problem:
                context.tell("success", _("Les options sont enregistrées."))
                back = {"uai": uai, "module_id": module_id, "annee": year.start}
                return context.redirect("core.module", **back)
    return Page(
        "school/options.html",
        {
            "establishment": establishment,
            "module": shown,
            "year": year,
            "fields": fields,
            "version": chosen.version,
            "is_readable": chosen.is_readable,
            "problem": problem,
            "errors": errors,
            "may_choose": module_id in deciding(context, establishment.uai),
        },
        422 if errors or problem else 200,
    )


def _say(context: Context, module: ModuleDefinition, message: Message | None, default: str) -> str:
    """A text of an option: written in a class of the plugin's, it cannot be guarded there."""
    if message is None:
        return default
    where = f"options of {module.id}"
    return context.site.plugins.watched(module.plugin, where, message, text) or default


def _save(context: Context, uai: Uai, module_id: str, values: dict[str, Any]) -> str:
    form = context.request.form
    year = read_year(context, form.get("annee", ""))
    version = form.get("version", "")
    try:
        save_options(
            context.site,
            context.me,
            uai,
            module_id,
            year,
            values,
            seen_version=read_version(version),
        )
    except SettingsError as error:
        return "; ".join(error.problems)
    except ConflictError:
        return _(
            "Une autre personne a enregistré d’autres options entre-temps. Vos réponses sont "
            "ci-dessous : vérifiez-les et enregistrez à nouveau."
        )
    return ""


def see_as(context: Context, uai: str) -> Page:
    """« Voir comme » a family of a class, at a chosen local time."""
    establishment, site = establishment_of(context, uai), context.site
    zone, asked = site.academie.zone, context.request.args
    now = site.now().astimezone(zone)
    at, problem = _local_time(asked.get("le", ""), asked.get("heure", ""), now)
    try:
        audience = Audience(asked.get("public", Audience.GUARDIAN))
    except ValueError:
        audience = Audience.GUARDIAN
    year = site.academie.school_year(at)
    with site.database.reading() as tx:
        classes = tx.roster.classes(establishment.uai, year, at.date())
    picked = next((each for each in classes if each.code == asked.get("classe")), None)
    return Page(
        "school/see_as.html",
        {
            "establishment": establishment,
            "at": at,
            "problem": problem,
            "audience": audience,
            "classes": classes,
            "picked": picked,
            "year": year,
            "answers": preview(site, establishment, audience, at, **_asked(picked)),
            "audience_names": audience_names(),
        },
    )


def _asked(picked: SchoolClass | None) -> dict[str, Any]:
    return {"level": picked.level, "class_group": picked.code} if picked else {}


def _local_time(day: str, hour: str, now: datetime) -> tuple[datetime, str]:
    if not day:
        return now, ""
    chosen = read_moment(day, hour or "08:00")
    if chosen is None:
        return now, _("Date ou heure illisible : la page montre le moment présent.")
    return chosen.replace(tzinfo=now.tzinfo), ""


ROUTES: Final = (
    Route("core.module", "/ecole/<uai>/modules/<module_id>", module, Access.SCHOOL),
    Route(
        "core.module_options",
        "/ecole/<uai>/modules/<module_id>/options",
        options,
        Access.SCHOOL,
        FORM,
    ),
    Route("core.see_as", "/ecole/<uai>/voir-comme", see_as, Access.SCHOOL),
)
