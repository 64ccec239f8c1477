"""What families ask for, in the console of their establishment: list, compare, decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.localtime import local_date
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.i18n import _, ngettext, show_short_date
from teleservices_core.web.context import Context
from teleservices_core.web.forms import chosen, read_form, several, text
from teleservices_core.web.pages.paging import Paging
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.reading import read_day, read_version
from teleservices_core.web.responses import Page, Redirect
from teleservices_fiche.model import Proposal, ProposalState, Value
from teleservices_fiche.rules.merging import Comparison
from teleservices_fiche.school_words import (
    COMPARISON_WORDS,
    PILE_HINTS,
    PILE_WORDS,
    school_field,
)
from teleservices_fiche.showing import show_value
from teleservices_fiche.usecases.deciding import (
    Decided,
    Listed,
    Look,
    Wanted,
    decide,
    decide_many,
    list_proposals,
    look_at,
    look_at_one,
)
from teleservices_fiche.usecases.school_ports import Pile, SchoolOpens
from teleservices_fiche.words import STATE_WORDS

PER_PAGE: Final = 50
NO_CLASS: Final = "-"
"""The address of those without a class."""


@frozen
class PickedForm:
    """Proposals picked in a list, each with the version seen, and what becomes of them."""

    picked: tuple[str, ...] = several(PER_PAGE)
    decision: str = text(10)
    reason: str = text(2_000)


@frozen
class DecisionForm:
    """One proposal: accepted, or refused with a reason, after a look."""

    decision: str = text(10)
    reason: str = text(2_000)
    seen: str = text(64)


def _refusal_words(refused: RefusedError) -> str:
    return {
        "no_reason": _("Écrivez pourquoi : la famille reçoit ce motif."),
        "long_reason": _("Ce motif est trop long : 500 caractères au plus."),
    }.get(refused.code, _("Cette demande est déjà terminée."))


@frozen
class SchoolPages:
    """The handlers, given the stores."""

    opens: SchoolOpens

    def proposals(self, context: Context, uai: str) -> Page | Redirect:
        """A pile of proposals, by class or by date, some of them decided at once."""
        establishment = establishment_of(context, uai)
        form = read_form(context.request, PickedForm) if _is_sent(context) else None
        errors: dict[str, str] = {}
        if form is not None:
            errors = self._decide_picked(context, establishment.uai, form.value or PickedForm())
            if not errors:
                return context.redirect("fiche.school", uai=uai, **_kept(context))
        wanted = _wanted(context)
        listed = list_proposals(context.site, context.me, establishment.uai, wanted, self.opens)
        paging = Paging.of(listed.slips, context.request.args.get("page", ""), PER_PAGE)
        ids = [each.id for each in paging.shown]
        looks = look_at(context.site, context.me, establishment.uai, ids, self.opens)
        picked = set(form.value.picked) if form and form.value else set()
        ticks_all = context.request.args.get("cocher") == "tout"
        return Page(
            "fiche/school/proposals.html",
            {
                "establishment": establishment,
                "here": "fiche.school",
                "wanted": wanted,
                "hint": PILE_HINTS[wanted.pile](),
                "piles": _piles(listed, wanted),
                "classes": [
                    (each or NO_CLASS, each or _("Sans classe")) for each in listed.classes
                ],
                "kept": _kept(context),
                "paging": paging,
                "lines": [_line(context, look, ticks_all, picked) for look in looks],
                "can_decide": wanted.pile is Pile.WAITING,
                "reason": form.typed.get("reason", "") if form else "",
                "errors": errors,
            },
            422 if errors else 200,
        )

    def _decide_picked(self, context: Context, uai: Uai, form: PickedForm) -> dict[str, str]:
        picked = _read_picked(form.picked)
        accept = form.decision == "accept"
        if not picked or form.decision not in {"accept", "refuse"}:
            return {"picked": _("Cochez d’abord les demandes à accepter ou à refuser.")}
        try:
            done = decide_many(
                context.site,
                context.me,
                uai,
                picked,
                accept=accept,
                reason="" if accept else form.reason,
                opens=self.opens,
            )
        except RefusedError as refused:
            return {"reason": _refusal_words(refused)}
        except ConflictError:
            context.tell("warning", _changed_words())
            return {}
        _tell_decided(context, done, accept=accept)
        return {}

    def proposal(self, context: Context, uai: str, proposal_id: UUID) -> Page | Redirect:
        """One proposal beside what there is now, and the decision."""
        establishment = establishment_of(context, uai)
        errors: dict[str, str] = {}
        typed: Mapping[str, str] = {}
        if _is_sent(context):
            form = read_form(context.request, DecisionForm)
            typed = form.typed
            answer = self._decide(context, establishment.uai, proposal_id, form.value)
            if isinstance(answer, Redirect):
                return answer
            errors = answer
        look = look_at_one(context.site, context.me, establishment.uai, proposal_id, self.opens)
        each = look.proposal
        context.shows(each.student_id)
        return Page(
            "fiche/school/proposal.html",
            {
                "establishment": establishment,
                "here": "fiche.school",
                "look": look,
                "field_name": school_field(each.person.kind, each.field),
                "about": _about(context, look),
                "values": _values(context, look),
                "state": STATE_WORDS[each.state](),
                "is_waiting": each.state is ProposalState.WAITING,
                "is_in_force": each.state is ProposalState.ACCEPTED,
                "is_conflict": not look.is_plain and each.is_open,
                "decided": _decided_words(context, each),
                "reason": typed.get("reason", ""),
                "errors": errors,
            },
            422 if errors else 200,
        )

    def _decide(
        self, context: Context, uai: Uai, proposal_id: UUID, form: DecisionForm | None
    ) -> Redirect | dict[str, str]:
        if form is None or form.decision not in {"accept", "refuse"}:
            return {"reason": _refusal_words(RefusedError("long_reason"))}
        back = context.redirect("fiche.proposal", uai=uai.code, proposal_id=proposal_id)
        accept = form.decision == "accept"
        try:
            decide(
                context.site,
                context.me,
                uai,
                proposal_id,
                accept=accept,
                reason="" if accept else form.reason,
                seen=form.seen,
                opens=self.opens,
            )
        except RefusedError as refused:
            return {"reason": _refusal_words(refused)}
        except ConflictError:
            context.tell("warning", _changed_words())
            return back
        said = (
            _("C’est accepté : la fiche le dit dès maintenant, et la famille est prévenue.")
            if accept
            else _("C’est refusé : la famille reçoit votre motif.")
        )
        context.tell("success", said)
        return context.redirect("fiche.school", uai=uai.code)


def _is_sent(context: Context) -> bool:
    return context.request.method == "POST"


def _changed_words() -> str:
    return _(
        "Rien n’a été décidé : quelque chose a changé pendant que vous lisiez (la famille, un "
        "collègue ou une importation). Voici ce qu’il en est maintenant."
    )


def _wanted(context: Context) -> Wanted:
    args = context.request.args
    group = args.get("classe", "")[:20]
    return Wanted(
        pile=chosen(Pile, args.get("pile", "")) or Pile.WAITING,
        class_group=None if not group else "" if group == NO_CLASS else group,
        words=args.get("q", "")[:100],
        since_on=read_day(args.get("depuis", "")),
        by_date=args.get("tri") == "date",
    )


def _kept(context: Context) -> dict[str, str | None]:
    """The choices of the address, to keep in links and after a form."""
    args = context.request.args
    names = ("pile", "classe", "q", "depuis", "tri")
    return {name: args.get(name, "")[:100] or None for name in names}


def _piles(listed: Listed, wanted: Wanted) -> list[dict[str, Any]]:
    return [
        {"value": pile, "label": words(), "number": listed.piles[pile]}
        for pile, words in PILE_WORDS.items()
        if listed.piles[pile] or pile in {wanted.pile, Pile.WAITING}
    ]


def _read_picked(texts: Sequence[str]) -> dict[UUID, int]:
    found = {}
    for each in texts:
        id_, _colon, version = each.partition(":")
        try:
            found[UUID(id_)] = read_version(version)
        except ValueError:
            return {}
    return found


def _tell_decided(context: Context, done: Decided, *, accept: bool) -> None:
    if done.done:
        said = (
            ngettext("{n} demande acceptée.", "{n} demandes acceptées.", done.done)
            if accept
            else ngettext("{n} demande refusée.", "{n} demandes refusées.", done.done)
        )
        context.tell("success", said.format(n=done.done) + " " + _("Les familles sont prévenues."))
    if done.conflicts:
        said = ngettext(
            "{n} demande demande votre choix : ouvrez-la pour comparer les valeurs.",
            "{n} demandes demandent votre choix : ouvrez-les une à une pour comparer les valeurs.",
            done.conflicts,
        )
        context.tell("warning", said.format(n=done.conflicts))
    if done.changed:
        said = ngettext(
            "{n} demande a changé entre-temps : elle n’a pas été décidée.",
            "{n} demandes ont changé entre-temps : elles n’ont pas été décidées.",
            done.changed,
        )
        context.tell("warning", said.format(n=done.changed))


def _local(context: Context, proposal: Proposal) -> str:
    return show_short_date(local_date(proposal.made_at, context.site.academie.zone))


def _shown(proposal: Proposal, value: Value) -> str:
    return show_value(proposal.person.kind, proposal.field, value)


def _line(context: Context, look: Look, ticks_all: bool, picked: set[str]) -> dict[str, Any]:
    each, token = look.proposal, f"{look.proposal.id}:{look.proposal.version}"
    return {
        "id": each.id,
        "token": token,
        "is_ticked": (ticks_all or token in picked) and look.is_plain,
        "is_plain": look.is_plain,
        "student": look.filed.student,
        "class_group": look.filed.class_group,
        "field": school_field(each.person.kind, each.field),
        "person": look.filed.person if look.filed.person != look.filed.student else "",
        "before": _shown(each, look.current if each.is_open else each.shown),
        "after": _shown(each, each.proposed),
        "made": _local(context, each),
        "by": each.maker.name,
        "badge": _badge(look),
    }


def _badge(look: Look) -> dict[str, str] | None:
    """What to notice; None where there is nothing."""
    each = look.proposal
    if not each.is_open:
        kind = "success" if each.state is ProposalState.RECONCILED else "neutral"
        return {"text": STATE_WORDS[each.state](), "kind": kind}
    if look.others:
        return {"text": _("Demandes différentes"), "kind": "warning"}
    if look.comparison is Comparison.CONFLICT:
        return {"text": COMPARISON_WORDS[Comparison.CONFLICT](), "kind": "warning"}
    if look.comparison is Comparison.ALREADY:
        return {"text": COMPARISON_WORDS[Comparison.ALREADY](), "kind": "info"}
    return None


def _about(context: Context, look: Look) -> list[dict[str, str]]:
    each = look.proposal
    facts = [
        (_("Élève"), look.filed.student),
        (_("Classe"), look.filed.class_group or _("Sans classe")),
        (_("Personne concernée"), look.filed.person),
        (_("Demandé par"), each.maker.name),
        (_("Demandé le"), _local(context, each)),
        (_("Numéro"), each.number),
    ]
    if each.batch is not None:
        facts.append((_("Envoi"), str(each.batch)))
    return [{"label": label, "value": value} for label, value in facts]


def _values(context: Context, look: Look) -> list[dict[str, Any]]:
    """The values side by side, the one asked for marked."""
    each = look.proposal
    lines: list[dict[str, Any]] = [
        {"label": _("Valeur lue par la famille"), "value": _shown(each, each.shown)},
        {"label": _("Valeur demandée"), "value": _shown(each, each.proposed), "is_asked": True},
        {"label": _("Base élèves aujourd’hui"), "value": _shown(each, look.base)},
    ]
    if look.in_force is not None:
        said = _("En vigueur, acceptée auparavant ({who})")
        lines.append(
            {
                "label": said.format(who=look.in_force.maker.name),
                "value": _shown(each, look.in_force.proposed),
                "id": look.in_force.id,
            }
        )
    for other in look.others:
        said = _("Autre demande, de {who} le {day}")
        lines.append(
            {
                "label": said.format(who=other.maker.name, day=_local(context, other)),
                "value": _shown(each, other.proposed),
                "id": other.id,
            }
        )
    return lines


def _decided_words(context: Context, proposal: Proposal) -> str:
    if proposal.decided_at is None:
        return ""
    day = show_short_date(local_date(proposal.decided_at, context.site.academie.zone))
    if proposal.passed_straight and not proposal.decided_by:
        return _("Le {day}, d’office").format(day=day)
    if not proposal.decided_by:
        return _("Le {day}").format(day=day)
    return _("Le {day}, par {who}").format(day=day, who=proposal.decided_by)
