"""The family's pages: read the sheet, change it step by step, confirm it, keep the receipts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import attrs
from attrs import frozen

from teleservices_core.domain.accounts import Account
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.i18n import _
from teleservices_core.settings import Settings
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.reading import read_version
from teleservices_core.web.responses import Download, Page, Redirect
from teleservices_fiche.model import PersonKind, Receipt, ReceiptKind
from teleservices_fiche.pages.forms import Button
from teleservices_fiche.pages.views import (
    confirming,
    questions,
    reviewed,
    section_title,
    sections,
    told,
)
from teleservices_fiche.rules.papers import show_digest
from teleservices_fiche.showing import show_value
from teleservices_fiche.usecases.confirming import (
    MESSAGE_LENGTH,
    Paper,
    check_receipt,
    confirm,
    history_of,
    receipt_of,
    report_error,
    reportable,
)
from teleservices_fiche.usecases.drafting import (
    Saved,
    changes_of,
    discard,
    editable_of,
    keep_step,
    marks,
    save_step,
    step_of,
    steps,
)
from teleservices_fiche.usecases.ports import Opens
from teleservices_fiche.usecases.reading import Sheet, sheet_of
from teleservices_fiche.usecases.sending import send, withdraw
from teleservices_fiche.words import field_words

RendersReceipt = Callable[[Settings, Paper], bytes]
TYPED: Final = 400
"""Characters of a control: far more than any value has, so that what is wrong is told in words."""


@frozen
class Reading:
    """What page an act follows: the version of the draft, and the digest of the values."""

    version: str = text(10)
    seen: str = text(64)

    @property
    def number(self) -> int:
        """The version; one that no draft has for anything else."""
        return read_version(self.version)


@frozen
class ReportForm:
    """An error told in words."""

    message: str = text(MESSAGE_LENGTH)


@frozen
class CheckForm:
    """What a receipt has printed on it."""

    number: str = text(40)
    digest: str = text(80)


@lru_cache(maxsize=64)
def _form_of(controls: tuple[str, ...]) -> type[Any]:
    """The form of a step: its controls, the reading it follows, and nothing else."""
    names = (*controls, "version", "seen", "was", "leave")
    made: type[Any] = attrs.make_class(
        "StepForm", {name: text(TYPED, type=str) for name in names}, frozen=True
    )
    return made


@frozen
class FamilyPages:
    """The handlers, given the plugin's tables and how to draw a receipt."""

    opens: Opens
    render: RendersReceipt

    def _sheet(self, context: Context) -> Sheet:
        if context.child is None:
            raise RuntimeError("the route is not about a child")
        return sheet_of(context.site, context.me.account, context.child, self.opens)

    def child(self, context: Context, student_id: UUID) -> Page:  # noqa: ARG002 - in the address
        """All that the reader may know, with the state of each field."""
        sheet = self._sheet(context)
        site = context.site
        return Page(
            "fiche/child.html",
            {
                **_about(sheet),
                "sections": sections(sheet),
                "can_confirm": sheet.may_confirm,
                "confirming": confirming(sheet, site.academie, site.now()),
                "waiting": sum(ln.mine is not None for p in sheet.parts for ln in p.lines),
            },
        )

    def edit(self, context: Context, student_id: UUID, step: str) -> Page | Redirect:
        """One step of the form; what is typed is kept before anything else is looked at."""
        sheet = self._sheet(context)
        if context.request.method != "POST":
            return _step_page(Saved(sheet, None), step)
        form = read_form(context.request, _form_of(step_of(sheet, step).controls))
        # A longer one than any page gave is of no draft.
        reading = Reading(form.typed.get("version", "")[:10], form.typed.get("seen", "")[:64])
        saved = save_step(
            context.site,
            context.me.account,
            student_id,
            step,
            form.typed,
            self.opens,
            version=reading.number,
            seen=reading.seen,
            was=form.typed.get("was", ""),
        )
        if not saved.is_done:
            return _step_page(saved, step)
        if form.typed.get("leave"):
            context.tell("success", _("Votre saisie est gardée. Rien n’est encore envoyé."))
            return context.redirect("fiche.child", student_id=student_id)
        return _next(context, saved.sheet, step)

    def keep(self, context: Context, account: Account, student_id: UUID, step: str) -> None:
        """Keep a step that was sent after the session had ended, or the module was closed."""
        controls = editable_of(context.site, account, student_id, step, self.opens).controls
        form = read_form(context.request, _form_of(controls))
        was = form.typed.get("was", "")
        keep_step(context.site, account, student_id, step, form.typed, self.opens, was=was)

    def review(self, context: Context, student_id: UUID) -> Page | Redirect:
        """What would be sent, and the button that sends it."""
        if context.request.method == "POST":
            form = read_form(context.request, Reading).value or Reading()
            try:
                receipt = send(
                    context.site,
                    context.me,
                    student_id,
                    self.opens,
                    version=form.number,
                    seen=form.seen,
                )
            except (RefusedError, ConflictError) as error:
                return self._review(context, getattr(error, "code", "moved"))
            context.tell("success", _("Vos modifications sont envoyées à l’établissement."))
            return context.redirect("fiche.receipt", student_id=student_id, number=receipt.number)
        return self._review(context, "")

    def _review(self, context: Context, problem: str) -> Page:
        sheet = self._sheet(context)
        changes = changes_of(sheet)
        return Page(
            "fiche/review.html",
            {
                **_about(sheet),
                "changes": reviewed(sheet, changes),
                "faulty": [
                    (each.slug, section_title(sheet, each.person, each.section))
                    for each in changes.faulty
                ],
                "problem": problem,
                "labels": _labels(sheet),
                "last_step": next((each.slug for each in reversed(steps(sheet))), ""),
            },
            status=409 if problem else 200,
        )

    def discard(self, context: Context, student_id: UUID) -> Redirect:
        """Forget what was typed and not sent."""
        form = read_form(context.request, Reading).value or Reading()
        discard(context.site, context.me.account, student_id, form.number, self.opens)
        context.tell("success", _("Votre saisie est effacée. La fiche n’a pas changé."))
        return context.redirect("fiche.child", student_id=student_id)

    def withdraw(self, context: Context, student_id: UUID, proposal_id: UUID) -> Redirect:
        """Take a waiting change back."""
        read_form(context.request, Button)
        try:
            withdraw(context.site, context.me, student_id, proposal_id, self.opens)
        except ConflictError:
            context.tell("warning", _("L’établissement a déjà répondu à cette demande."))
        else:
            context.tell("success", _("Votre demande est retirée."))
        return context.redirect("fiche.child", student_id=student_id)

    def confirm(self, context: Context, student_id: UUID) -> Redirect:
        """« Tout est exact »."""
        form = read_form(context.request, Reading).value or Reading()
        try:
            receipt = confirm(context.site, context.me, student_id, self.opens, seen=form.seen)
        except RefusedError as refused:
            if refused.code != "moved":
                raise NotFoundError("not this account's to confirm") from refused
            context.tell(
                "warning",
                _("La fiche a changé pendant votre lecture. Relisez-la, puis confirmez."),
            )
            return context.redirect("fiche.child", student_id=student_id)
        context.tell("success", _("Merci : l’établissement sait que la fiche est exacte."))
        return context.redirect("fiche.receipt", student_id=student_id, number=receipt.number)

    def report(self, context: Context, student_id: UUID, person: str, code: str) -> Page | Redirect:
        """Tell the school of an error in what cannot be changed here."""
        sheet = self._sheet(context)
        part, line = reportable(sheet, person, code)
        message, error = "", ""
        if context.request.method == "POST":
            form = read_form(context.request, ReportForm)
            message = form.typed.get("message", "").strip()
            error = _message_error(message, is_short=form.value is not None)
            if not error:
                error = self._tell(context, student_id, part.person.kind, code, message)
            if not error:
                context.tell("success", _("L’établissement est prévenu. Il vérifiera."))
                return context.redirect("fiche.child", student_id=student_id)
        return Page(
            "fiche/report.html",
            {
                **_about(sheet),
                "label": field_words(part.person.kind, code),
                "value": show_value(part.person.kind, code, line.value),
                "message": message,
                "errors": {"message": error} if error else {},
                "most": MESSAGE_LENGTH,
            },
            status=422 if error else 200,
        )

    def _tell(
        self, context: Context, student_id: UUID, person: PersonKind, code: str, message: str
    ) -> str:
        try:
            report_error(context.site, context.me, student_id, person, code, message, self.opens)
        except RefusedError:
            return _("Plusieurs de vos signalements attendent déjà. Appelez plutôt le secrétariat.")
        return ""

    def history(self, context: Context, student_id: UUID) -> Page:
        """All that the reader has asked for, with the answers, and the receipts."""
        found = history_of(context.site, context.me, student_id, self.opens)
        return Page(
            "fiche/history.html",
            {
                **_about(found.sheet),
                "asked": told(found.sheet, found.proposals),
                "receipts": found.receipts,
                "reports": [
                    (field_words(each.person.kind, each.field), each) for each in found.reports
                ],
            },
        )

    def receipt(self, context: Context, student_id: UUID, number: str) -> Page:
        """A receipt, to read and to keep."""
        paper = receipt_of(context.site, context.me, student_id, number, self.opens)
        return Page(
            "fiche/receipt.html",
            {
                **_about(paper.sheet),
                "receipt": paper.receipt,
                "is_confirmation": paper.receipt.kind is ReceiptKind.CONFIRMATION,
                "digest": show_digest(paper.receipt.digest),
                "asked": told(paper.sheet, paper.proposals),
            },
        )

    def receipt_pdf(self, context: Context, student_id: UUID, number: str) -> Download:
        """The same on paper."""
        paper = receipt_of(context.site, context.me, student_id, number, self.opens)
        body = self.render(context.site.settings, paper)
        return Download(body, f"recepisse-{paper.receipt.number}.pdf", "application/pdf")

    def check(self, context: Context) -> Page:
        """Whether a receipt is genuine; says its date and nothing of the family."""
        typed: Mapping[str, str] = {}
        found: Receipt | None = None
        if context.request.method == "POST":
            form = read_form(context.request, CheckForm)
            typed = form.typed
            if form.value is not None:
                found = check_receipt(
                    context.site, form.value.number, form.value.digest, self.opens
                )
        return Page(
            "fiche/check.html",
            {
                "typed": typed,
                "asked": bool(typed),
                "issued_at": found.issued_at if found else None,
                "is_confirmation": found is not None and found.kind is ReceiptKind.CONFIRMATION,
            },
        )


def _about(sheet: Sheet) -> dict[str, Any]:
    return {
        "child": sheet.child,
        "is_student": sheet.maker.person.kind is PersonKind.STUDENT,
        "draft": sheet.draft,
        "seen": sheet.seen,
    }


def _labels(sheet: Sheet) -> list[str]:
    named = [section_title(sheet, each.person, each.section) for each in steps(sheet)]
    return [*named, _("Vérifier et envoyer")]


def _step_page(saved: Saved, slug: str) -> Page:
    sheet, step = saved.sheet, step_of(saved.sheet, slug)
    slugs = [each.slug for each in steps(sheet)]
    place = slugs.index(step.slug)
    return Page(
        "fiche/edit.html",
        {
            **_about(sheet),
            "step": step.slug,
            "title": section_title(sheet, step.person, step.section),
            "questions": questions(saved, step),
            "was": marks(sheet, step),
            "errors": saved.errors,
            "moved": saved.moved,
            "elsewhere": saved.elsewhere,
            "labels": _labels(sheet),
            "current": place + 1,
            "previous": slugs[place - 1] if place else "",
            "is_shared": step.person is PersonKind.STUDENT,
        },
        status=422 if saved.errors else 409 if not saved.is_done else 200,
    )


def _next(context: Context, sheet: Sheet, slug: str) -> Redirect:
    slugs = [each.slug for each in steps(sheet)]
    after = slugs[slugs.index(slug) + 1 :]
    student_id = sheet.child.student.id
    if after:
        return context.redirect("fiche.edit", student_id=student_id, step=after[0])
    return context.redirect("fiche.review", student_id=student_id)


def _message_error(message: str, *, is_short: bool) -> str:
    if not is_short:
        return _("Écrivez au plus {n} caractères.").format(n=MESSAGE_LENGTH)
    return "" if message else _("Dites ce qui est faux, et ce qu’il faudrait lire.")
