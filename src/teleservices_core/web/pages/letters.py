"""Credential letters of an establishment: how far they are, which to issue, the documents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from typing import Final
from uuid import UUID, uuid4

from attrs import Factory, asdict, frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.documents.issued import letter_head, letter_sheet
from teleservices_core.documents.letter_job import STEP as AT_ONCE
from teleservices_core.documents.letters import LETTERS_PER_FILE, render_letters
from teleservices_core.documents.mail_merge import letters_csv
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.funnel import Funnel
from teleservices_core.domain.standing import LetterChoice
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, NotFoundError
from teleservices_core.i18n import _, ngettext
from teleservices_core.ports.office import LetterCandidate
from teleservices_core.usecases.handing_over import class_progress
from teleservices_core.usecases.jobs import ask_job
from teleservices_core.usecases.letters import FAMILIES, LetterPlan, issue_letters, plan_letters
from teleservices_core.web.context import Context
from teleservices_core.web.forms import chosen, read_form, text
from teleservices_core.web.pages.school import audience_names, establishment_of
from teleservices_core.web.responses import Download, Page, Redirect


class Document(StrEnum):
    """What letters are delivered as."""

    PDF = "pdf"
    CSV = "csv"


_MEDIA_TYPES: Final = {Document.PDF: "application/pdf", Document.CSV: "text/csv; charset=utf-8"}


def letters(context: Context, uai: str) -> Page:
    """How far the school and each class are: edited, handed over, claimed, confirmed."""
    establishment = establishment_of(context, uai)
    progress = class_progress(context.site, establishment.uai)
    audience = chosen(Audience, context.request.args.get("public", ""))
    if audience is not Audience.STUDENT:
        audience = Audience.GUARDIAN
    return Page(
        "school/letters.html",
        {
            "establishment": establishment,
            "guardians": sum((each.guardians for each in progress), Funnel()),
            "students": sum((each.students for each in progress), Funnel()),
            "expired": sum(each.expired for each in progress),
            "classes": [
                {
                    "name": each.class_group,
                    "funnel": each.students if audience is Audience.STUDENT else each.guardians,
                    "to_issue": each.whole.to_issue,
                }
                for each in progress
            ],
            "audience": audience,
            "audience_names": audience_names(),
        },
    )


@frozen
class LettersForm:
    """Which letters to issue; an empty class or audience means all of them."""

    which: LetterChoice = LetterChoice.NEVER
    class_group: str = text(20)
    audience: str = text(10)
    document: Document = Document.PDF
    once: UUID = Factory(uuid4)
    """Drawn with the form: of the work that it asks for, however often it is sent."""


def _plan(context: Context, uai: str, asked: LettersForm) -> LetterPlan:
    audience = chosen(Audience, asked.audience)
    return plan_letters(
        context.site,
        Uai(uai),
        which=asked.which,
        class_group=asked.class_group or None,
        audiences=FAMILIES if audience is None else (audience,),
    )


def prepare(context: Context, uai: str) -> Page:
    """What issuing would print, before anything is issued."""
    args = context.request.args
    asked = LettersForm(
        which=chosen(LetterChoice, args.get("choix", "")) or LetterChoice.NEVER,
        class_group=args.get("classe", "")[:20],
        audience=chosen(Audience, args.get("public", "")) or "",
    )
    establishment = establishment_of(context, uai)
    plan = _plan(context, uai, asked)
    total = len(plan.candidates)
    return Page(
        "school/prepare.html",
        {
            "establishment": establishment,
            "asked": asked,
            "choices": _choices(),
            "audiences": [{"value": a, "label": name} for a, name in audience_names().items()],
            "classes": [{"value": each, "label": each} for each in plan.classes if each],
            "total": total,
            "numbers": _by_class(plan),
            "in_hand": plan.in_hand(context.site.now()),
            "by_worker": total > AT_ONCE,
            "once": context.site.new_id(),
            "documents": _documents(),
            "months": context.site.settings.durations.letter_months,
        },
    )


def _choices() -> list[dict[str, str]]:
    return [
        {
            "value": LetterChoice.NEVER,
            "label": _("Jamais éditées"),
            "hint": _("Les personnes qui n’en ont encore aucune, ou dont le compte a été fermé."),
        },
        {
            "value": LetterChoice.EXPIRED,
            "label": _("Expirées"),
            "hint": _("Celles dont la durée de validité est passée sans qu’elles aient servi."),
        },
        {
            "value": LetterChoice.NOT_HANDED,
            "label": _("Éditées mais pas remises"),
            "hint": _(
                "Pour une impression perdue ou interrompue : celles que vous n’avez pas cochées."
            ),
        },
        {
            "value": LetterChoice.UNUSED,
            "label": _("Toutes celles qui n’ont pas servi"),
            "hint": _(
                "Y compris celles que les familles ont en main et n’ont pas encore utilisées."
            ),
        },
    ]


def _documents() -> list[dict[str, str]]:
    return [
        {
            "value": Document.PDF,
            "label": _("Document PDF à imprimer"),
            "hint": _("Une feuille par personne, classe par classe, pour enveloppe à fenêtre."),
        },
        {
            "value": Document.CSV,
            "label": _("Fichier CSV pour un publipostage"),
            "hint": _("À ouvrir dans un tableur ou un traitement de texte."),
        },
    ]


def _by_class(plan: LetterPlan) -> list[dict[str, object]]:
    counts = Counter((each.class_group, each.account.audience) for each in plan.candidates)
    return [
        {
            "name": name,
            "guardians": counts[name, Audience.GUARDIAN],
            "students": counts[name, Audience.STUDENT],
        }
        for name in dict.fromkeys(each.class_group for each in plan.candidates)
    ]


def issue(context: Context, uai: str) -> Download | Redirect:
    """Issue the letters chosen, as one document to print or to merge (F10)."""
    asked = read_form(context.request, LettersForm).value
    if asked is None:
        context.tell("error", _("Choix inconnu : rien n’a été édité."))
        return context.redirect("core.prepare_letters", uai=uai)
    plan = _plan(context, uai, asked)
    if not plan.candidates:
        context.tell("info", _("Aucune notification à éditer pour ce choix."))
        return context.redirect("core.letters", uai=uai)
    if len(plan.candidates) > AT_ONCE:
        return _ask(context, plan, asked)
    left_out: list[LetterCandidate] = []
    body = b"".join(_bits(context, plan, asked.document, left_out))
    if left_out:
        context.tell("warning", _said(left_out))
    name = file_name(f"notifications-{uai}-{asked.class_group or 'etablissement'}")
    return Download(body, f"{name}.{asked.document}", _MEDIA_TYPES[asked.document])


def _ask(context: Context, plan: LetterPlan, asked: LettersForm) -> Redirect:
    """Have them made by the worker, class by class."""
    establishment = plan.establishment
    if establishment is None:
        raise NotFoundError("no establishment")
    uai = establishment.uai
    input_ = asdict(asked, filter=lambda field, _value: field.name != "once")
    try:
        job = ask_job(
            context.site,
            context.me,
            "core.letters",
            uai,
            id_=asked.once,
            about=uai.code,
            input_=input_,
        )
    except ConflictError:
        context.tell(
            "warning",
            _(
                "Une autre personne de l’établissement fait déjà éditer des notifications : "
                "attendez qu’elle ait fini, puis demandez celles qui restent."
            ),
        )
        return context.redirect("core.letters", uai=uai.code)
    return context.redirect("core.job", uai=uai.code, job_id=job.id)


def _bits(
    context: Context, plan: LetterPlan, document: Document, left_out: list[LetterCandidate]
) -> Iterator[bytes]:
    site = context.site
    head = letter_head(site.settings, plan.establishment)
    issued = issue_letters(site, plan, viewer=context.me, left_out=left_out.append)
    sheets = map(letter_sheet, issued)
    if document is Document.PDF:
        return render_letters(head, sheets, batch=LETTERS_PER_FILE)
    return (line.encode() for line in chain("\ufeff", letters_csv(head, sheets)))


def _said(left_out: list[LetterCandidate]) -> str:
    """Whose account was left as it is."""
    number = len(left_out)
    text = ngettext(
        "{n} compte a servi pendant l’édition et garde ce qu’il a : {names}.",
        "{n} comptes ont servi pendant l’édition et gardent ce qu’ils ont : {names}.",
        number,
    )
    shown = ", ".join(each.recipient for each in left_out[:10])
    return text.format(n=number, names=f"{shown}, …" if number > 10 else shown)


def file_name(text: str) -> str:
    """A name that every system takes for a file."""
    return re.sub(r"[^\w-]+", "-", text)


ROUTES: Final = (
    Route("core.letters", "/ecole/<uai>/notifications", letters, Access.SCHOOL),
    Route(
        "core.prepare_letters",
        "/ecole/<uai>/notifications/preparer",
        prepare,
        Access.SCHOOL,
        is_grave=True,
        consults="consulted.accounts",
    ),
    Route(
        "core.issue_letters",
        "/ecole/<uai>/notifications/editer",
        issue,
        Access.SCHOOL,
        ("POST",),
        is_grave=True,
    ),
)
