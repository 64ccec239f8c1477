"""The check list of a class: whose letter has been handed over."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from attrs import frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import local_date
from teleservices_core.domain.values import Uai
from teleservices_core.i18n import _, ngettext, show_short_date
from teleservices_core.usecases.handing_over import SheetLine, class_sheet, note_handed
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, several, text
from teleservices_core.web.pages.paging import Paging
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.pages.standings import show_situation
from teleservices_core.web.responses import Page, Redirect

PER_PAGE: Final = 200
"""Each line may send two fields, and a form has at most 500 (see ``Application``)."""
ALL, NONE = "tout", "rien"


def sheet(context: Context, uai: str) -> Page:
    """Who the letters of a class go to, with a box each.

    « Tout cocher » only shows every box ticked: nothing counts until it is saved.
    """
    args = context.request.args
    establishment = establishment_of(context, uai)
    found = class_sheet(context.site, establishment.uai, args.get("classe"))
    paging = Paging.of(found.lines, args.get("page", ""), PER_PAGE)
    zone, ticks = context.site.academie.zone, args.get("cocher", "")
    return Page(
        "school/class_sheet.html",
        {
            "establishment": establishment,
            "class_group": found.class_group,
            "classes": found.classes,
            "lines": [_shown(line, ticks, zone) for line in paging.shown],
            "handed": sum(line.is_handed for line in found.lines),
            "ticks": ticks,
            "paging": paging,
        },
    )


def _shown(line: SheetLine, ticks: str, zone: ZoneInfo) -> dict[str, Any]:
    account, letter = line.account, line.account.letter
    handed = ""
    if letter is not None and letter.handed_at is not None:
        day = show_short_date(local_date(letter.handed_at, zone))
        handed = _("le {day}, par {who}").format(day=day, who=letter.handed_by)
    by_hand = {ALL: True, NONE: False}.get(ticks, line.is_handed)
    return {
        "account": account,
        "letter_id": line.tickable,
        "was_ticked": line.is_handed,
        "is_ticked": line.is_handed if line.tickable is None else by_hand,
        "situation": show_situation(line.situation, zone),
        "handed": handed,
        "children": [
            name if group == account.class_group else f"{name} ({group})"
            for name, group in account.children
        ],
        "is_guardian": account.audience is Audience.GUARDIAN,
    }


@frozen
class TicksForm:
    """The boxes ticked, and those that were when the page was shown."""

    class_group: str = text(20)
    page: str = text(9)
    ticked: tuple[UUID, ...] = several(PER_PAGE)
    before: tuple[UUID, ...] = several(PER_PAGE)


def save(context: Context, uai: str) -> Redirect:
    """Note what was ticked and unticked on the page; a colleague's ticks meanwhile stay."""
    asked = read_form(context.request, TicksForm).value
    if asked is None:
        context.tell("error", _("Cette liste n’a pas pu être lue : rien n’a été enregistré."))
        return context.redirect("core.class_sheet", uai=uai)
    ticked, before = set(asked.ticked), set(asked.before)
    handed, taken_back = note_handed(
        context.site, context.me, Uai(uai), ticked=ticked - before, unticked=before - ticked
    )
    context.tell("success" if handed or taken_back else "info", _said(handed, taken_back))
    return context.redirect(
        "core.class_sheet", uai=uai, classe=asked.class_group, page=asked.page or None
    )


def _said(handed: int, taken_back: int) -> str:
    parts = []
    if handed:
        text = ngettext("{n} remise enregistrée", "{n} remises enregistrées", handed)
        parts.append(text.format(n=handed))
    if taken_back:
        text = ngettext("{n} remise annulée", "{n} remises annulées", taken_back)
        parts.append(text.format(n=taken_back))
    return ", ".join(parts) + "." if parts else _("Rien n’a changé.")


ROUTES: Final = (
    Route(
        "core.class_sheet",
        "/ecole/<uai>/notifications/classe",
        sheet,
        Access.SCHOOL,
        consults="consulted.accounts",
    ),
    Route("core.save_sheet", "/ecole/<uai>/notifications/remises", save, Access.SCHOOL, ("POST",)),
)
