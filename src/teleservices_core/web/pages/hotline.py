"""« Assistance »: the rectorat's help line finds an account, explains it and helps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import FORM, Access, Message, Route
from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.diagnosis import MailState, Remedy
from teleservices_core.domain.values import Uai
from teleservices_core.errors import InvalidValueError, RefusedError
from teleservices_core.i18n import _
from teleservices_core.ports.office import OfficeAccount
from teleservices_core.usecases import hotline as usecase
from teleservices_core.usecases.hotline_acts import help_account
from teleservices_core.web.context import Context
from teleservices_core.web.forms import chosen, read_form, text
from teleservices_core.web.pages.standings import (
    Shown,
    show_email,
    show_grouped,
    show_situation,
)
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.words.diagnoses import MAIL_WORDS, REMEDY_WORDS
from teleservices_core.words.people import AUDIENCE_WORDS

_MAIL_KINDS: Final[Mapping[MailState, str]] = {
    MailState.WAITING: "info",
    MailState.SENT: "success",
    MailState.FAILED: "error",
    MailState.DROPPED: "neutral",
}
_VIEW: Final = "view"


def search(context: Context) -> Page:
    """By identifier or address, or by a name in one establishment."""
    args = context.request.args
    typed, asked_uai = args.get("q", "").strip()[:254], args.get("uai", "")
    with context.site.database.reading() as tx:
        schools = tx.roster.establishments()
    uai = _known(asked_uai, {school.uai.code for school in schools})
    found = usecase.find(context.site, typed, uai) if typed else []
    return Page(
        "hotline/search.html",
        {
            "typed": typed,
            "uai": uai.code if uai else "",
            "schools": schools,
            "lines": [_line(context, each) for each in found],
            "is_cut": len(found) == usecase.MOST,
        },
    )


def _known(asked: str, codes: set[str]) -> Uai | None:
    try:
        return Uai(asked) if asked in codes else None
    except InvalidValueError:
        return None


def _line(context: Context, found: OfficeAccount) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.recipient,
        "login_name": found.login_name,
        "audience": AUDIENCE_WORDS[found.audience](),
        "situation": _situation(context, found),
        "email": show_email(found.email_state),
    }


def _situation(context: Context, found: OfficeAccount) -> Shown:
    if found.is_grouped:
        return show_grouped()
    return show_situation(found.situation(context.site.now()), context.site.academie.zone)


@frozen
class CallForm:
    """Why and for whom, and what to do: a remedy, or « view »."""

    reason: str = text(300)
    caller: str = text(100)
    act: str = text(20)


def account(context: Context, account_id: UUID) -> Page | Redirect:
    """What is the matter and what to answer; and, a reason given, what may be done."""
    errors: dict[str, str] = {}
    typed: Mapping[str, str] = {}
    if context.request.method == "POST":
        form = read_form(context.request, CallForm)
        typed = form.typed
        if form.value is None:
            errors = {name: _("Ce texte est trop long.") for name in form.errors}
        else:
            try:
                return _act(context, account_id, form.value)
            except RefusedError as refused:
                field = refused.code if refused.code in {"reason", "caller"} else "act"
                errors = {field: _REFUSALS[refused.code]()}
    found = usecase.look_at(context.site, context.me, account_id)
    noted = found.noted
    return Page(
        "hotline/account.html",
        {
            "account": found.account,
            "line": _line(context, found.listed),
            "diagnosis": found.diagnosis,
            "letter": found.letter,
            "wait_until": found.wait_until_at,
            "mails": [
                {
                    "title": _mail_title(context, kind),
                    "at": sending.at,
                    "state": MAIL_WORDS[sending.state](),
                    "kind": _MAIL_KINDS[sending.state],
                }
                for kind, sending in found.mails
            ],
            "remedies": [(each, _button(each, found)) for each in found.remedies],
            "said": {
                "reason": typed.get("reason", noted.reason if noted else ""),
                "caller": typed.get("caller", noted.caller if noted else ""),
            },
            "errors": errors,
        },
        422 if errors else 200,
    )


def _button(remedy: Remedy, found: usecase.AccountFile) -> str:
    if remedy is Remedy.UNLOCK and found.account.state is not AccountState.LOCKED:
        return _("Lever l’attente")
    return REMEDY_WORDS[remedy]()


def _mail_title(context: Context, kind: str) -> str:
    template = context.site.catalogue.mails.get(kind)
    if template is None:
        return kind
    try:
        return template.subject().format_map(defaultdict(lambda: "…"))
    except Exception:  # noqa: BLE001 - a plugin's subject may be no template
        return kind


def _act(context: Context, account_id: UUID, asked: CallForm) -> Redirect:
    if asked.act == _VIEW:
        usecase.note_consultation(context.site, context.me, account_id, asked.reason, asked.caller)
        return context.redirect("core.hotline_family", account_id=account_id)
    remedy = chosen(Remedy, asked.act)
    if remedy is None:
        raise RefusedError("unknown_act")
    help_account(context.site, context.me, account_id, remedy, asked.reason, asked.caller)
    context.tell("success", _DONE[remedy]())
    return context.redirect("core.hotline_account", account_id=account_id)


_DONE: Final[Mapping[Remedy, Message]] = {
    Remedy.RESEND: lambda: _(
        "Un nouveau message de confirmation part : son lien remplace le précédent."
    ),
    Remedy.RESET: lambda: _("Un lien de mot de passe part vers l’adresse confirmée du compte."),
    Remedy.UNLOCK: lambda: _(
        "Le compte s’ouvre à nouveau avec son mot de passe, sans attente. Les liens envoyés "
        "auparavant ne fonctionnent plus : renvoyez-les si besoin."
    ),
    Remedy.LOCK: lambda: _(
        "Le compte est bloqué, ses connexions sont fermées ; son adresse en est avertie."
    ),
}
_REFUSALS: Final[Mapping[str, Message]] = {
    "reason": lambda: _("Notez en quelques mots pourquoi : la famille pourra le lire."),
    "caller": lambda: _("Notez qui appelle : la famille pourra le lire."),
    "too_soon": lambda: _("Un message vient de partir : attendez une minute."),
    "nothing_to_confirm": lambda: _("Aucune adresse n’est plus à confirmer."),
    "too_many": lambda: _(
        "Trois liens ont déjà été demandés cette heure-ci : attendez la suivante."
    ),
    "nowhere_to_send": lambda: _(
        "Le compte n’a pas d’adresse confirmée où envoyer ce lien, ou pas de mot de passe ici."
    ),
    "not_locked": lambda: _("Le compte n’est pas bloqué, et aucune attente ne court."),
    "not_active": lambda: _("Seul un compte actif peut être bloqué."),
    "unknown_act": lambda: _("Choisissez l’un des boutons."),
}


def family(context: Context, account_id: UUID) -> Page | Redirect:
    """« Ce que voit cette famille », for as long as the reason noted holds."""
    try:
        view = usecase.family_view(context.site, context.me, account_id)
    except RefusedError:
        context.tell("info", _("Notez d’abord qui appelle et pourquoi : la famille le lira."))
        return context.redirect("core.hotline_account", account_id=account_id)
    return Page("hotline/family.html", {"view": view})


_ONE: Final = "/assistance/comptes/<uuid:account_id>"
ROUTES: Final = (
    Route("core.hotline", "/assistance/", search, Access.HOTLINE, consults="consulted.accounts"),
    Route(
        "core.hotline_account",
        _ONE,
        account,
        Access.HOTLINE,
        FORM,
        consults="consulted.account",
    ),
    Route("core.hotline_family", f"{_ONE}/famille", family, Access.HOTLINE),
)
