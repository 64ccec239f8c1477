"""How often to be written to, and the link of a mail to be written to no more."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.i18n import _
from teleservices_core.web.context import Context
from teleservices_core.web.forms import chosen, read_form, text
from teleservices_core.web.reading import whole_number
from teleservices_core.web.responses import Page, Redirect
from teleservices_notes.digest_words import FREQUENCY_HINTS, FREQUENCY_NAMES, WEEKDAYS, choice_words
from teleservices_notes.model import DigestChoice, Frequency
from teleservices_notes.usecases.digests import (
    digest_choice,
    set_digest_choice,
    stop_digests,
    whose_stop,
)
from teleservices_notes.usecases.reader_ports import OpensDigests


@frozen
class ChoiceForm:
    """A frequency, a day, and the choice that the page showed."""

    frequency: str = text(10)
    weekday: str = text(1)
    before: str = text(12)


@frozen
class Option:
    """A line of a group of choices."""

    value: str
    label: str
    hint: str = ""


@frozen
class MessagePages:
    """The handlers, given how to open the store."""

    opens: OpensDigests

    def messages(self, context: Context) -> Page | Redirect:
        """Choose how often to be written to."""
        site, viewer = context.site, context.me
        if context.request.method != "POST":
            choice = digest_choice(site, viewer, self.opens)
            return self._page(context, choice, choice)
        form = read_form(context.request, ChoiceForm)
        after = _read(form.value.frequency, form.value.weekday) if form.value else None
        before = _read(*form.value.before.split(" ")[:2]) if form.value else None
        if after is None or before is None:
            choice = digest_choice(site, viewer, self.opens)
            error = _("Choisissez l’une des réponses proposées.")
            return self._page(context, choice, choice, error=error)
        try:
            set_digest_choice(site, viewer, before, after, self.opens)
        except ConflictError:
            choice = digest_choice(site, viewer, self.opens)
            return self._page(context, choice, after, is_conflict=True)
        said = _("C’est enregistré : {choice}.")
        context.tell("success", said.format(choice=choice_words(after)))
        return context.redirect("notes.family")

    def _page(
        self,
        context: Context,
        recorded: DigestChoice,
        typed: DigestChoice,
        *,
        error: str = "",
        is_conflict: bool = False,
    ) -> Page:
        account = context.me.account
        return Page(
            "notes/messages.html",
            {
                "recorded": _written(recorded),
                "recorded_words": choice_words(recorded),
                "typed": typed,
                "frequencies": [
                    Option(each.value, FREQUENCY_NAMES[each](), FREQUENCY_HINTS[each]())
                    for each in FREQUENCY_NAMES
                ],
                "weekdays": [Option(str(n), day()) for n, day in enumerate(WEEKDAYS)],
                "errors": {"frequency": error} if error else {},
                "is_conflict": is_conflict,
                "address": account.email,
                "pending": account.pending_email,
            },
            422 if error else 409 if is_conflict else 200,
        )

    def stop(self, context: Context, reader_id: UUID, secret: str) -> Page | Redirect:
        """Be written to no more, from a mail, without signing in: one button."""
        try:
            if context.request.method == "POST":
                stop_digests(context.site, reader_id, secret, self.opens)
                return context.redirect("notes.stop", reader_id=reader_id, secret=secret)
            choice = whose_stop(context.site, reader_id, secret, self.opens)
        except RefusedError:
            return Page("notes/stop.html", {"state": "unknown"}, 410)
        state = "stopped" if choice.frequency is Frequency.OFF else "asking"
        return Page("notes/stop.html", {"state": state})


def _read(frequency: str, weekday: str = "") -> DigestChoice | None:
    found = chosen(Frequency, frequency)
    day = whole_number(weekday, most=6)
    if found is None or day is None:
        return None
    return DigestChoice(found, day)


def _written(choice: DigestChoice) -> str:
    return f"{choice.frequency.value} {choice.weekday}"
