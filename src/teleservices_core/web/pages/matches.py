"""« Rapprochements à vérifier »: two records side by side, and who they are, says somebody.

The same pages serve an establishment and the académie, each at its own address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import Access, Message, Route
from teleservices_core.domain.localtime import local_date
from teleservices_core.domain.matches import Match, MatchState
from teleservices_core.domain.values import Uai
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _, ngettext, show_short_date
from teleservices_core.usecases import matching
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.pages.school import establishment_of
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


def school_list(context: Context, uai: str) -> Page:
    """What an establishment is asked, and its answers."""
    establishment = establishment_of(context, uai)
    view = {**_listed(context, establishment.uai), "establishment": establishment}
    return Page("school/matches.html", view)


def academy_list(context: Context) -> Page:
    """What concerns two establishments."""
    return Page("academy/matches.html", _listed(context, None))


def _listed(context: Context, uai: Uai | None) -> dict[str, Any]:
    matches, names = matching.matches(context.site, uai)
    shown = [_shown(context, each, names, uai) for each in matches]
    waiting = [each for each in shown if each["is_open"]]
    title = ngettext("%(n)s question à traiter", "%(n)s questions à traiter", len(waiting))
    return {
        "waiting": waiting,
        "waiting_title": title % {"n": len(waiting)},
        "answered": [each for each in shown if not each["is_open"]],
    }


def _shown(
    context: Context, match: Match, names: Mapping[UUID, str], uai: Uai | None
) -> dict[str, Any]:
    return {
        "url": _url(context, "match", uai, match_id=match.id),
        "names": " / ".join(names.get(id_, "") for id_ in (match.older_id, match.newer_id)),
        "kind": KIND_WORDS[match.kind](),
        "schools": ", ".join(str(each) for each in (match.uai, match.other_uai) if each),
        "agreeing": show_traits(match.agreeing),
        "differing": show_traits(match.differing),
        "is_open": match.is_open,
        "asked_on": _day(context, match.asked_at),
        "postponed_on": _day(context, match.postponed_at),
        "answer": ANSWER_WORDS[match.state](),
        "answered_on": _day(context, match.answered_at),
        "answered_by": match.answered_by,
    }


def _day(context: Context, at: Any) -> str:
    return show_short_date(local_date(at, context.site.academie.zone)) if at else ""


def _page(page: str, uai: Uai | None, **values: Any) -> tuple[str, dict[str, Any]]:
    """The route of a page and the values of its address, in a school or at the académie."""
    if uai is None:
        return f"core.academy_{page}", values
    return f"core.{page}", {"uai": uai.code, **values}


def _url(context: Context, page: str, uai: Uai | None, **values: Any) -> str:
    route, found = _page(page, uai, **values)
    return context.urls.to(route, **found)


def _go(context: Context, page: str, uai: Uai | None, **values: Any) -> Redirect:
    route, found = _page(page, uai, **values)
    return context.redirect(route, **found)


def school_match(context: Context, uai: str, match_id: UUID) -> Page:
    """Two records side by side, for an establishment."""
    establishment = establishment_of(context, uai)
    view = _beside(context, match_id, establishment.uai)
    return Page("school/match.html", {**view, "establishment": establishment})


def academy_match(context: Context, match_id: UUID) -> Page:
    """The same for the académie."""
    return Page("academy/match.html", _beside(context, match_id, None))


def _beside(context: Context, match_id: UUID, uai: Uai | None) -> dict[str, Any]:
    match, older, newer = matching.side_by_side(context.site, match_id, uai)
    context.shows(match.older_id, match.newer_id)
    names = {match.older_id: older.person.full_name, match.newer_id: newer.person.full_name}
    differing, agreeing = set(match.differing), set(match.agreeing)
    return {
        "match": match,
        "shown": _shown(context, match, names, uai),
        "lines": [
            {
                "line": line,
                "differs": line.trait in differing,
                "agrees": line.trait in agreeing,
            }
            for line in lines(match, older, newer)
        ],
        "needs_academy": match.other_uai is not None and uai is not None,
        "answer_url": _url(context, "answer_match", uai, match_id=match.id),
        "list_url": _url(context, "matches", uai),
    }


def school_answer(context: Context, uai: str, match_id: UUID) -> Redirect:
    """An establishment answers, or takes an answer back."""
    return _answer(context, match_id, Uai(uai))


def academy_answer(context: Context, match_id: UUID) -> Redirect:
    """The académie does."""
    return _answer(context, match_id, None)


def _answer(context: Context, match_id: UUID, uai: Uai | None) -> Redirect:
    form = read_form(context.request, AnswerForm).value
    said = form.answer if form is not None else ""
    if said not in _DONE:
        context.tell("error", _("Réponse inconnue : rien n’a été changé."))
        return _go(context, "match", uai, match_id=match_id)
    try:
        if said == _LATER:
            matching.postpone(context.site, context.me, match_id, uai)
        else:
            matching.answer(context.site, context.me, match_id, uai, MatchState(said))
    except RefusedError as refused:
        context.tell("warning", _REFUSED[refused.code]())
        return _go(context, "match", uai, match_id=match_id)
    context.tell("success", _DONE[said]())
    return _go(context, "matches", uai)


_SCHOOL: Final = "/ecole/<uai>/rapprochements"
_ACADEMY: Final = "/academie/rapprochements"
ROUTES: Final = (
    Route("core.matches", _SCHOOL, school_list, Access.SCHOOL, consults="consulted.matches"),
    Route(
        "core.match",
        f"{_SCHOOL}/<uuid:match_id>",
        school_match,
        Access.SCHOOL,
        consults="consulted.match",
    ),
    Route(
        "core.answer_match",
        f"{_SCHOOL}/<uuid:match_id>/repondre",
        school_answer,
        Access.SCHOOL,
        ("POST",),
    ),
    Route(
        "core.academy_matches",
        _ACADEMY,
        academy_list,
        Access.ACADEMY,
        consults="consulted.matches",
    ),
    Route(
        "core.academy_match",
        f"{_ACADEMY}/<uuid:match_id>",
        academy_match,
        Access.ACADEMY,
        consults="consulted.match",
    ),
    Route(
        "core.academy_answer_match",
        f"{_ACADEMY}/<uuid:match_id>/repondre",
        academy_answer,
        Access.ACADEMY,
        ("POST",),
    ),
)
