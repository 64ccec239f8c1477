"""The console's other pages about sheets: errors told, confirmation, deltas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.localtime import local_date
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.i18n import _, ngettext, show_day, show_short_date
from teleservices_core.usecases.site import Site
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.reading import read_day, read_version
from teleservices_core.web.responses import Download, Page, Redirect
from teleservices_fiche.model import ConfirmationRound
from teleservices_fiche.pages.forms import Button
from teleservices_fiche.school_words import school_field
from teleservices_fiche.usecases.exporting import Delta, list_deltas, open_delta, read_delta
from teleservices_fiche.usecases.reports import answer_report, open_reports
from teleservices_fiche.usecases.rounds import LONGEST, RoundPage, look_at_round, save_round
from teleservices_fiche.usecases.school_ports import Batch, ClassProgress, FiledReport, SchoolOpens

REMINDERS: Final = (14, 7, 2)
"""Days before the last one, that a school may tick."""


WriteDelta = Callable[[Site, Delta, SchoolOpens], Iterable[bytes] | None]
"""Makes a file in pieces; None when nothing of the delta has its place in it."""


@frozen
class AnswerForm:
    """A word for the family that told an error."""

    answer: str = text(2_000)


@frozen
class RoundForm:
    """The dates, and the version that they build upon."""

    opens_on: str = text(10)
    closes_on: str = text(10)
    reminder_14: str = text(1)
    reminder_7: str = text(1)
    reminder_2: str = text(1)
    version: str = text(10)


@frozen
class SchoolPapers:
    """The handlers, given the stores and what writes the files of a delta."""

    opens: SchoolOpens
    files: Mapping[str, tuple[WriteDelta, str]]
    """By ending: what writes it, and its media type."""

    def reports(self, context: Context, uai: str) -> Page:
        """Errors told by families and not answered yet."""
        return self._reports(context, uai)

    def _reports(
        self,
        context: Context,
        uai: str,
        faulty: UUID | None = None,
        error: str = "",
        typed: str = "",
    ) -> Page:
        establishment = establishment_of(context, uai)
        found = open_reports(context.site, context.me, establishment.uai, self.opens)
        return Page(
            "fiche/school/reports.html",
            {
                "establishment": establishment,
                "here": "fiche.reports",
                "reports": [_report(context, each) for each in found],
                "faulty": faulty,
                "error": error,
                "typed": typed,
            },
            422 if error else 200,
        )

    def answer(self, context: Context, uai: str, report_id: UUID) -> Page | Redirect:
        """Answer one of them."""
        form = read_form(context.request, AnswerForm)
        typed = form.typed.get("answer", "")
        try:
            answer_report(context.site, context.me, Uai(uai), report_id, typed, self.opens)
        except RefusedError:
            said = _("Écrivez votre réponse, en 500 caractères au plus : la famille la reçoit.")
            return self._reports(context, uai, report_id, said, typed)
        except ConflictError:
            context.tell("info", _("Un collègue a déjà répondu à ce signalement."))
        else:
            context.tell("success", _("Votre réponse part vers la famille."))
        return context.redirect("fiche.reports", uai=uai)

    def round(self, context: Context, uai: str) -> Page | Redirect:
        """The dates of the yearly confirmation, and how far each class is."""
        establishment = establishment_of(context, uai)
        errors: dict[str, str] = {}
        form = None
        if context.request.method == "POST":
            form = read_form(context.request, RoundForm)
            errors = self._save_round(context, establishment.uai, form.value or RoundForm())
            if not errors:
                context.tell("success", _("C’est enregistré : les familles voient ces dates."))
                return context.redirect("fiche.round", uai=uai)
        found = look_at_round(context.site, context.me, establishment.uai, self.opens)
        return Page(
            "fiche/school/round.html",
            {
                "establishment": establishment,
                "here": "fiche.round",
                "round": found.round,
                "state": _round_words(context, found),
                "total": _bar(_("Tout l’établissement"), found.confirmed, found.students),
                "classes": [_progress(each) for each in found.classes],
                "typed": dict(form.typed) if form else _typed(found.round),
                "reminders": REMINDERS,
                "version": found.round.version if found.round else 0,
                "errors": errors,
            },
            422 if errors else 200,
        )

    def _save_round(self, context: Context, uai: Uai, form: RoundForm) -> dict[str, str]:
        opens_on, closes_on = read_day(form.opens_on), read_day(form.closes_on)
        if opens_on is None or closes_on is None:
            said = _("Choisissez un jour.")
            named = {"opens_on": opens_on, "closes_on": closes_on}
            return {name: said for name, day in named.items() if day is None}
        ticked = {14: form.reminder_14, 7: form.reminder_7, 2: form.reminder_2}
        try:
            save_round(
                context.site,
                context.me,
                uai,
                opens_on=opens_on,
                closes_on=closes_on,
                reminders=[days for days, tick in ticked.items() if tick],
                seen_version=read_version(form.version),
                opens=self.opens,
            )
        except RefusedError as refused:
            return _refused(refused)
        except ConflictError:
            return {
                "opens_on": _(
                    "Un collègue vient de changer ces dates : rechargez la page pour les voir."
                )
            }
        return {}

    def deltas(self, context: Context, uai: str) -> Page:
        """What has left for the school base, and what would leave now."""
        establishment = establishment_of(context, uai)
        found = list_deltas(context.site, context.me, establishment.uai, self.opens)
        return Page(
            "fiche/school/deltas.html",
            {
                "establishment": establishment,
                "here": "fiche.deltas",
                "pending": found.pending,
                "batches": [_batch(context, each) for each in found.batches],
            },
        )

    def open_delta(self, context: Context, uai: str) -> Redirect:
        """Put together what leaves; its files are then downloaded as often as needed."""
        read_form(context.request, Button)
        try:
            batch = open_delta(context.site, context.me, Uai(uai), self.opens)
        except ConflictError:
            context.tell("info", _("Un collègue prépare un envoi au même instant : le voici."))
            return context.redirect("fiche.deltas", uai=uai)
        if batch is None:
            context.tell("info", _("Rien à envoyer : tout est déjà parti."))
        else:
            said = ngettext(
                "L’envoi {number} est prêt, avec {n} modification : téléchargez ses fichiers.",
                "L’envoi {number} est prêt, avec {n} modifications : téléchargez ses fichiers.",
                batch.changes,
            )
            context.tell("success", said.format(number=batch.number, n=batch.changes))
        return context.redirect("fiche.deltas", uai=uai)

    def delta(self, context: Context, uai: str, batch: int, kind: str) -> Download | Redirect:
        """One file of a delta."""
        if kind not in self.files:
            raise NotFoundError(f"no file {kind!r} of a delta")
        found = read_delta(context.site, context.me, Uai(uai), batch, self.opens)
        write, media_type = self.files[kind]
        pieces = write(context.site, found, self.opens)
        if pieces is None:
            context.tell(
                "info",
                _(
                    "Rien de cet envoi n’a sa place dans le fichier pour SIECLE : le tableau dit "
                    "pourquoi, ligne par ligne."
                ),
            )
            return context.redirect("fiche.deltas", uai=uai)
        return Download(pieces, f"fiches-{uai}-{batch}.{kind}", media_type)


def _refused(refused: RefusedError) -> dict[str, str]:
    match refused.code:
        case "backwards":
            return {"closes_on": _("Le dernier jour est avant le premier.")}
        case "too_long":
            said = _("Une confirmation dure au plus {n} jours.")
            return {"closes_on": said.format(n=LONGEST)}
        case "other_year":
            return {"opens_on": _("Choisissez deux jours de l’année scolaire en cours.")}
    return {"reminder_14": _("Un rappel tombe avant le premier jour : décochez-le.")}


def _typed(found: ConfirmationRound | None) -> dict[str, str]:
    if found is None:
        return {}
    return {
        "opens_on": found.opens_on.isoformat(),
        "closes_on": found.closes_on.isoformat(),
        **{f"reminder_{days}": "1" for days in found.reminders},
    }


def _round_words(context: Context, found: RoundPage) -> str:
    asked, today = found.round, context.site.academie.today(context.site.now())
    if asked is None:
        return _("Aucune confirmation n’est demandée cette année.")
    if today < asked.opens_on:
        return _("Confirmation demandée aux familles à partir du {day}.").format(
            day=show_day(asked.opens_on)
        )
    if today in asked:
        said = _("Confirmation demandée aux familles jusqu’au {day}, ce jour compris.")
        return said.format(day=show_day(asked.closes_on))
    return _("Terminée le {day}.").format(day=show_day(asked.closes_on))


def _bar(label: str, value: int, most: int) -> dict[str, Any]:
    return {"label": label, "value": value, "max": most}


def _progress(each: ClassProgress) -> dict[str, Any]:
    return _bar(each.class_group or _("Sans classe"), each.confirmed, each.students)


def _batch(context: Context, each: Batch) -> dict[str, Any]:
    return {
        "number": each.number,
        "changes": each.changes,
        "day": show_short_date(local_date(each.at, context.site.academie.zone)),
        "by": each.by,
    }


def _report(context: Context, filed: FiledReport) -> dict[str, Any]:
    each = filed.report
    return {
        "id": each.id,
        "student": filed.student,
        "class_group": filed.class_group or _("Sans classe"),
        "field": school_field(each.person.kind, each.field),
        "message": each.message,
        "by": each.maker.name,
        "day": show_short_date(local_date(each.made_at, context.site.academie.zone)),
    }
