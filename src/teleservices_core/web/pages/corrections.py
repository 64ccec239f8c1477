"""« Rattachements »: a school answers reports of wrong links, and corrects links itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.attachments import Attachment
from teleservices_core.domain.localtime import local_date
from teleservices_core.domain.values import Uai
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.i18n import _, show_short_date
from teleservices_core.usecases import corrections
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.words.people import KINSHIP_WORDS, LEVEL_WORDS


@frozen
class AnswerForm:
    """About which adult, and whether the attachment is ``wrong`` or ``right``."""

    adult_id: str = text(36)
    answer: str = text(5)
    reason: str = text(300)


def reports(context: Context, uai: str) -> Page:
    """The reports to answer, and a search by student."""
    establishment = establishment_of(context, uai)
    words = context.request.args.get("q", "")[:100]
    found = corrections.look_for(context.site, establishment.uai, words)
    view = {
        "establishment": establishment,
        "words": words,
        "found": found,
        "reported": [_shown(context, each) for each in found.reported],
    }
    return Page("school/attachments.html", view)


def _shown(context: Context, attachment: Attachment) -> dict[str, Any]:
    zone, link = context.site.academie.zone, attachment.link
    reported_at = attachment.reported_at
    return {
        "pupil": attachment.pupil,
        "adult": attachment.adult_name,
        "adult_id": link.adult_id,
        "role": f"{KINSHIP_WORDS[link.kinship]()}, {LEVEL_WORDS[link.level]()}",
        "reported_on": show_short_date(local_date(reported_at, zone)) if reported_at else "",
        "ended_on": show_short_date(link.until_on) if link.until_on else "",
        "is_barred": link.is_barred,
        "is_over": not link.holds_on(context.site.academie.today(context.site.now())),
    }


def pupil(
    context: Context,
    uai: str,
    student_id: UUID,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> Page:
    """One student's links, in force or not."""
    establishment = establishment_of(context, uai)
    found, attachments = corrections.attachments_of(context.site, establishment.uai, student_id)
    shown = [_shown(context, each) for each in attachments]
    view = {
        "establishment": establishment,
        "pupil": found,
        "attachments": shown,
        "choices": [
            {"value": each["adult_id"], "label": each["adult"], "hint": each["role"]}
            for each in shown
            if not each["is_over"]
        ],
        "errors": errors or {},
        "typed": {"adult_id": "", "reason": "", **(typed or {})},
    }
    return Page("school/attachment.html", view, 422 if errors else 200)


def correct(context: Context, uai: str, student_id: UUID) -> Page | Redirect:
    """End a wrong link, or restore it."""
    typed = read_form(context.request, AnswerForm).typed
    if not typed.get("adult_id"):
        errors = {"adult_id": _("Dites quel rattachement est erroné.")}
        return pupil(context, uai, student_id, errors, typed)
    site, viewer, adult_id = context.site, context.me, _uuid(typed["adult_id"])
    try:
        if typed.get("answer") == "right":
            corrections.restore_link(site, viewer, Uai(uai), student_id, adult_id)
            context.tell("success", _("Le rattachement est rétabli."))
        else:
            reason = typed.get("reason", "")[:300]
            corrections.end_link(site, viewer, Uai(uai), student_id, adult_id, reason)
            context.tell("success", _("Le rattachement est écarté, et le restera."))
    except RefusedError as refused:
        if refused.code == "reason_needed":
            errors = {"reason": _("Dites pourquoi : une homonymie, une décision de justice…")}
            return pupil(context, uai, student_id, errors, typed)
        context.tell("info", _("Quelqu’un a déjà répondu : rien n’a été changé."))
    return context.redirect("core.attachments", uai=uai)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError(f"no adult {text!r}") from None


_ONE: Final = "/ecole/<uai>/rattachements/<uuid:student_id>"
ROUTES: Final = (
    Route(
        "core.attachments",
        "/ecole/<uai>/rattachements",
        reports,
        Access.SCHOOL,
        consults="consulted.accounts",
    ),
    Route("core.attachment", _ONE, pupil, Access.SCHOOL, consults="consulted.attachments"),
    Route(
        "core.correct_attachment",
        f"{_ONE}/repondre",
        correct,
        Access.SCHOOL,
        ("POST",),
        consults="consulted.attachments",
    ),
)
