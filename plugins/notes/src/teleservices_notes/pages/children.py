"""All children at a glance, and « J’ai vu ces notes »."""

from __future__ import annotations

from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from attrs import field, frozen

from teleservices_core.domain.families import Child
from teleservices_core.errors import ConflictError
from teleservices_core.i18n import _, show_date, show_instant
from teleservices_core.usecases.answers import ModuleAnswer
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.responses import Page, Redirect
from teleservices_notes.digest_words import choice_words, counted, news_words
from teleservices_notes.model import Reader
from teleservices_notes.rules import MarkBook, Novelty, Shown, fingerprint, news, novelty, rounded
from teleservices_notes.usecases.digests import digest_choice
from teleservices_notes.usecases.following import FamilyMember, family_marks, note_seen
from teleservices_notes.usecases.reader_ports import OpensDigests
from teleservices_notes.words import outcome_words, show_figure

LATEST: Final = 4
"""Marks of each child."""


@frozen
class SeenWords:
    """What is new to a reader, in words, and what his form sends."""

    shown: str
    """Which marks the page shows: what appears meanwhile is not seen."""
    since: str
    """When he last said to have seen the marks; empty for never."""
    news: str
    """How many are new or corrected since; empty for none."""


@frozen
class MarkLine:
    """One of the latest marks of a child."""

    title: str
    hint: str
    figure: str
    out_of: str
    """Empty beside a word such as « absent »."""
    novelty: str


@frozen
class ChildCard:
    """A child of the page of all children."""

    child: Child
    answer: ModuleAnswer
    href: str
    average: str = ""
    seen: SeenWords | None = None
    latest: tuple[MarkLine, ...] = field(default=())


@frozen
class SeenForm:
    """Which marks were on the page."""

    shown: str = text(40)


@frozen
class ChildrenPages:
    """The handlers, given how to open the store."""

    opens: OpensDigests

    def family(self, context: Context) -> Page:
        """Each child's latest marks and average, or why there are none."""
        site, viewer = context.site, context.me
        members = family_marks(site, viewer, self.opens)
        choice = digest_choice(site, viewer, self.opens)
        return Page(
            "notes/family.html",
            {
                "children": [_card(context, each) for each in members],
                "choice": choice_words(choice),
                "messages": context.urls.to("notes.messages"),
                "is_guardian": viewer.is_guardian,
            },
        )

    def mark_seen(self, context: Context, student_id: UUID) -> Redirect:
        """Note that the child's page was seen, as it was."""
        form = read_form(context.request, SeenForm)
        shown = form.value.shown if form.value else ""
        try:
            note_seen(context.site, context.me, student_id, shown, self.opens)
        except ConflictError:
            said = _("Les notes ont changé entre-temps. Les voici : appuyez une fois lues.")
            context.tell("warning", said)
        else:
            said = _("C’est noté. Les prochaines notes porteront « nouvelle ».")
            context.tell("success", said)
        return context.redirect("notes.child", student_id=student_id)


def novelty_words(shown: Shown, reader: Reader) -> str:
    """« nouvelle » or « corrigée depuis », for who has said what he had seen."""
    if reader.seen_at is None:
        return ""
    what = novelty(shown, reader.seen)
    if what is None:
        return ""
    return _("nouvelle") if what is Novelty.NEW else _("corrigée depuis")


def seen_words(book: MarkBook, reader: Reader, zone: ZoneInfo) -> SeenWords:
    """What is new to a reader of a child's page."""
    return SeenWords(
        fingerprint(book.latest),
        show_instant(reader.seen_at, zone) if reader.seen_at else "",
        news_words(*counted(news(book.latest, reader.seen))) if reader.seen_at else "",
    )


def _card(context: Context, member: FamilyMember) -> ChildCard:
    href = context.urls.to("notes.child", student_id=member.child.student.id)
    book, reader = member.book, member.reader
    if book is None or reader is None:
        return ChildCard(member.child, member.answer, href)
    average = "" if book.overall is None else format(rounded(book.overall), "f").replace(".", ",")
    return ChildCard(
        member.child,
        member.answer,
        href,
        average,
        seen_words(book, reader, context.site.academie.zone),
        tuple(_line(each, reader) for each in book.latest[:LATEST]),
    )


def _line(shown: Shown, reader: Reader) -> MarkLine:
    assessment, value = shown.assessment, shown.outcome.value
    return MarkLine(
        title=assessment.title,
        hint=f"{assessment.subject.label}, {show_date(assessment.given_on)}",
        figure=outcome_words(shown.outcome),
        out_of="" if value is None else show_figure(assessment.out_of),
        novelty=novelty_words(shown, reader),
    )
