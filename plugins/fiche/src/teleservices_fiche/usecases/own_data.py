"""The copy of one's data: what one sees in the sheet, and what one has done about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from teleservices_core.contributions import DataScope
from teleservices_core.i18n import _
from teleservices_core.ports import Transaction
from teleservices_fiche.model import Draft, FieldDef, Proposal
from teleservices_fiche.rules.catalogue import catalogue
from teleservices_fiche.rules.typed import controls
from teleservices_fiche.showing import show_typed, show_value
from teleservices_fiche.usecases.ports import Opens
from teleservices_fiche.usecases.reading import maker_of
from teleservices_fiche.words import STATE_WORDS, field_words


def export_own(tx: Transaction, scope: DataScope, opens: Opens) -> dict[str, Any]:
    """What the account has proposed, confirmed, reported and begun, child by child."""
    store = opens(tx.connection)
    proposals: list[dict[str, Any]] = []
    receipts: list[dict[str, Any]] = []
    reports: list[dict[str, Any]] = []
    drafts: list[dict[str, Any]] = []
    for child in scope.children:
        holder, student = maker_of(scope.account, child).person.id, child.student
        named = {_("élève"): student.full_name}
        proposals += [named | _told(e) for e in store.proposals.made_by(holder, student.id)]
        receipts += [
            named | {_("numéro"): each.number, _("remis le"): each.issued_at}
            for each in store.papers.receipts_of(holder, student.id)
        ]
        reports += [
            named
            | {
                _("renseignement"): field_words(each.person.kind, each.field),
                _("message"): each.message,
                _("signalé le"): each.made_at,
                _("réponse"): each.answer,
            }
            for each in store.papers.reports_of(holder, student.id)
        ]
        draft = store.drafts.get(scope.account.id, student.id, child.schooling.school_year)
        drafts += [
            named | {_("renseignement"): field_words(*field.key), _("texte"): text}
            for field, text in _typed(draft)
        ]
    return {
        _("changements demandés"): proposals,
        _("récépissés"): receipts,
        _("erreurs signalées"): reports,
        _("saisie non envoyée"): drafts,
    }


def _typed(draft: Draft) -> Iterator[tuple[FieldDef, str]]:
    for field in catalogue().fields:
        names = {name: f"{field.person}.{name}" for name in controls(field)}
        if draft.typed.keys() & set(names.values()):
            yield field, show_typed(field, {n: draft.typed.get(k, "") for n, k in names.items()})


def _told(each: Proposal) -> dict[str, Any]:
    kind = each.person.kind
    return {
        _("renseignement"): field_words(kind, each.field),
        _("avant"): show_value(kind, each.field, each.shown),
        _("demandé"): show_value(kind, each.field, each.proposed),
        _("demandé le"): each.made_at,
        _("état"): STATE_WORDS[each.state](),
        _("répondu le"): each.decided_at,
        _("motif"): each.reason,
    }
