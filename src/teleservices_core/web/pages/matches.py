"""« Rapprochements à vérifier »: two records side by side, and who they are, says somebody.

The same pages serve an establishment and the académie, each at its own address.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import Message
from teleservices_core.domain.localtime import local_date
from teleservices_core.domain.matches import Match, MatchState
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _, ngettext, show_short_date
from teleservices_core.usecases import matching
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.pages.desks import Desk, both
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.words.matching import ANSWER_WORDS, KIND_WORDS, lines, show_traits

_LATER: Final = "later"
_DONE: Final[Mapping[str, Message]] = {
    MatchState.SAME: lambda: _("C’est enregistré : les deux fiches sont une même personne."),
    MatchState.DIFFERENT: lambda: _(
        "C’est enregistré : ce sont deux personnes. La question ne reviendra pas."
    ),
    MatchState.OPEN: lambda: _(
        "La réponse est reprise : chacun a de nouveau ce qui était à lui, la question est posée."
    ),
    _LATER: lambda: _("La question reste posée, en bas de la liste."),
}
_REFUSED: Final[Mapping[str, Message]] = {
    "already_so": lambda: _("Quelqu’un a déjà répondu : rien n’a été changé."),
    "academy_decides": lambda: _(
        "L’autre fiche est d’un autre établissement : seule l’académie peut dire que c’est la "
        "même personne. Rien n’a été changé."
    ),
    "account_locked": lambda: _(
        "L’un des deux comptes est bloqué : débloquez-le d’abord, puis répondez."
    ),
    "later_first": lambda: _(
        "Une réponse plus récente concerne le même élève : revenez d’abord sur celle-là."
    ),
}


@frozen
class AnswerForm:
    """What somebody says: ``same``, ``different``, ``open`` to take it back, or ``later``."""

    answer: str = text(10)


def matches(context: Context, uai: str | None = None) -> Page:
    """What an establishment is asked and has answered; at the académie, what concerns two."""
    desk = Desk.of(context, uai)
    found, names = matching.matches(context.site, desk.uai)
    shown = [_shown(desk, each, names) for each in found]
    waiting = [each for each in shown if each["is_open"]]
    title = ngettext("%(n)s question à traiter", "%(n)s questions à traiter", len(waiting))
    return desk.page(
        "matches.html",
        {
            "waiting": waiting,
            "waiting_title": title % {"n": len(waiting)},
            "answered": [each for each in shown if not each["is_open"]],
        },
    )


def _shown(desk: Desk, match: Match, names: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "url": desk.url("match", match_id=match.id),
        "names": " / ".join(names.get(id_, "") for id_ in (match.older_id, match.newer_id)),
        "kind": KIND_WORDS[match.kind](),
        "schools": ", ".join(str(each) for each in (match.uai, match.other_uai) if each),
        "agreeing": show_traits(match.agreeing),
        "differing": show_traits(match.differing),
        "is_open": match.is_open,
        "asked_on": _day(desk, match.asked_at),
        "postponed_on": _day(desk, match.postponed_at),
        "answer": ANSWER_WORDS[match.state](),
        "answered_on": _day(desk, match.answered_at),
        "answered_by": match.answered_by,
    }


def _day(desk: Desk, at: datetime | None) -> str:
    return show_short_date(local_date(at, desk.context.site.academie.zone)) if at else ""


def match(context: Context, match_id: UUID, uai: str | None = None) -> Page:
    """Two records side by side."""
    desk = Desk.of(context, uai)
    asked, older, newer = matching.side_by_side(context.site, match_id, desk.uai)
    context.shows(asked.older_id, asked.newer_id)
    names = {asked.older_id: older.person.full_name, asked.newer_id: newer.person.full_name}
    differing, agreeing = set(asked.differing), set(asked.agreeing)
    return desk.page(
        "match.html",
        {
            "match": asked,
            "shown": _shown(desk, asked, names),
            "lines": [
                {
                    "line": line,
                    "differs": line.trait in differing,
                    "agrees": line.trait in agreeing,
                }
                for line in lines(asked, older, newer)
            ],
            "needs_academy": asked.other_uai is not None and desk.uai is not None,
            "answer_url": desk.url("answer_match", match_id=match_id),
            "list_url": desk.url("matches"),
        },
    )


def answer(context: Context, match_id: UUID, uai: str | None = None) -> Redirect:
    """Say who they are, later, or take the answer back."""
    desk = Desk.of(context, uai)
    form = read_form(context.request, AnswerForm).value
    said = form.answer if form is not None else ""
    if said not in _DONE:
        context.tell("error", _("Réponse inconnue : rien n’a été changé."))
        return desk.go("match", match_id=match_id)
    try:
        if said == _LATER:
            matching.postpone(context.site, context.me, match_id, desk.uai)
        else:
            matching.answer(context.site, context.me, match_id, desk.uai, MatchState(said))
    except RefusedError as refused:
        context.tell("warning", _REFUSED[refused.code]())
        return desk.go("match", match_id=match_id)
    context.tell("success", _DONE[said]())
    return desk.go("matches")


_ONE: Final = "/rapprochements/<uuid:match_id>"
ROUTES: Final = (
    *both("matches", "/rapprochements", matches, consults="consulted.matches"),
    *both("match", _ONE, match, consults="consulted.match"),
    *both("answer_match", f"{_ONE}/repondre", answer, ("POST",)),
)
