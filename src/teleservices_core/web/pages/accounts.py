"""The accounts of an establishment: look them up, see where each stands, help."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from attrs import frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.documents.issued import letter_head, letter_sheet
from teleservices_core.documents.letters import render_letters
from teleservices_core.domain.accounts import Audience, CredentialLetter
from teleservices_core.domain.localtime import local_date
from teleservices_core.domain.standing import EmailState, Standing, masked
from teleservices_core.domain.values import Uai
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _, show_short_date
from teleservices_core.ports.academy import AuditEntry
from teleservices_core.usecases.letters import reissue as issue_again
from teleservices_core.usecases.school_accounts import (
    AccountFile,
    Asked,
    Line,
    look_at_account,
    search_accounts,
)
from teleservices_core.usecases.school_accounts import resend as resend_link
from teleservices_core.usecases.school_accounts import unlock as open_again
from teleservices_core.web.context import Context
from teleservices_core.web.forms import chosen, read_form, text
from teleservices_core.web.pages.letters import file_name
from teleservices_core.web.pages.paging import Paging
from teleservices_core.web.pages.school import audience_names, establishment_of
from teleservices_core.web.pages.standings import show_email, show_situation
from teleservices_core.web.responses import Download, Page, Redirect
from teleservices_core.words.reasons import show_act
from teleservices_core.words.standings import EMAIL_WORDS

PER_PAGE: Final = 50


def accounts(context: Context, uai: str) -> Page:
    """Search by name, class, audience, standing and state of the address."""
    args = context.request.args
    establishment = establishment_of(context, uai)
    asked = Asked(
        words=args.get("q", "")[:100],
        class_group=args.get("classe", "")[:20],
        audience=chosen(Audience, args.get("public", "")),
        standing=chosen(Standing, args.get("situation", "")),
        email=chosen(EmailState, args.get("adresse", "")),
    )
    found = search_accounts(context.site, establishment.uai, asked)
    paging = Paging.of(found.lines, args.get("page", ""), PER_PAGE)
    zone = context.site.academie.zone
    kept = {
        "q": asked.words or None,
        "classe": asked.class_group or None,
        "public": asked.audience,
        "adresse": asked.email,
    }
    return Page(
        "school/accounts.html",
        {
            "establishment": establishment,
            "asked": asked,
            "kept": kept,
            "standings": [
                {"value": each, "label": label, "number": found.counts.get(each, 0)}
                for each, label in _tabs().items()
            ],
            "everybody": sum(found.counts.values()),
            "filters": _filters(asked, found.classes),
            "paging": paging,
            "lines": [_row(line, zone) for line in paging.shown],
        },
    )


def _tabs() -> dict[Standing, str]:
    return {
        Standing.TO_ISSUE: _("À éditer"),
        Standing.ISSUED: _("Éditées"),
        Standing.EXPIRED: _("Expirées"),
        Standing.AWAITING: _("À confirmer"),
        Standing.ACTIVE: _("Actifs"),
        Standing.LOCKED: _("Bloqués"),
        Standing.CLOSED: _("Fermés"),
    }


def _filters(asked: Asked, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    named = audience_names()
    return [
        {
            "name": "classe",
            "label": _("Classe"),
            "value": asked.class_group,
            "options": [(each, each) for each in classes],
        },
        {
            "name": "public",
            "label": _("Public"),
            "value": asked.audience,
            "options": list(named.items()),
        },
        {
            "name": "adresse",
            "label": _("Adresse électronique"),
            "value": asked.email,
            "options": [(each, words()) for each, words in EMAIL_WORDS.items()],
        },
    ]


def _row(line: Line, zone: ZoneInfo) -> dict[str, Any]:
    account = line.account
    return {
        "account": account,
        "about": _about(account.audience, account.children),
        "situation": show_situation(line.situation, zone),
        "email": show_email(account.email_state),
    }


def _about(audience: Audience, children: tuple[tuple[str, str], ...]) -> str:
    if audience is Audience.STUDENT:
        (_name, group), *_rest = children
        return _("Élève, {group}").format(group=group or _("sans classe"))
    named = ", ".join(f"{name} ({group})" if group else name for name, group in children)
    return _("Responsable de {children}").format(children=named)


def account(
    context: Context, uai: str, account_id: UUID, errors: Mapping[str, str] | None = None
) -> Page:
    """One account: who, letters, address, acts; and what the office may do for it."""
    establishment = establishment_of(context, uai)
    found = look_at_account(context.site, establishment.uai, account_id)
    zone = context.site.academie.zone
    listed, last = found.listed, found.account.last_used_at
    return Page(
        "school/account.html",
        {
            "establishment": establishment,
            "listed": listed,
            "audience": _("Élève") if listed.audience is Audience.STUDENT else _("Responsable"),
            "situation": show_situation(found.situation, zone),
            "is_claimed": found.situation.standing.is_claimed,
            "is_locked": found.situation.standing is Standing.LOCKED,
            "blocked_until": found.blocked_until,
            "email": show_email(listed.email_state),
            "address": masked(listed.email) if listed.email else "",
            "pending": masked(listed.pending_email) if listed.pending_email else "",
            "last_used_on": local_date(last, zone) if last else None,
            "closes_on": local_date(found.closes_at, zone) if found.closes_at else None,
            "letters": [_letter(context, each, establishment.uai) for each in found.letters],
            "acts": _acts(context, found, establishment.uai),
            "errors": errors or {},
        },
        422 if errors else 200,
    )


def _letter(context: Context, letter: CredentialLetter, uai: Uai) -> dict[str, str]:
    zone = context.site.academie.zone
    handed = ""
    if letter.handed_at is not None:
        day = _day(letter.handed_at, zone)
        handed = _("le {day}, par {who}").format(day=day, who=letter.handed_by)
    return {
        "issued": _day(letter.issued_at, zone),
        "until": _day(letter.expires_at - timedelta(seconds=1), zone),
        "became": _became(letter, context.site.now(), zone),
        "handed": handed,
        "by": "" if letter.uai == uai.code else _("par un autre établissement"),
    }


def _became(letter: CredentialLetter, now: datetime, zone: ZoneInfo) -> str:
    if letter.used_at is not None:
        return _("Utilisée le {day}").format(day=_day(letter.used_at, zone))
    if letter.replaced_at is not None:
        return _("Remplacée le {day}").format(day=_day(letter.replaced_at, zone))
    return _("Valable") if letter.refusal(now) is None else _("Expirée")


def _day(at: datetime, zone: ZoneInfo) -> str:
    return show_short_date(local_date(at, zone))


def _by(entry: AuditEntry, found: AccountFile) -> str:
    account = found.account
    return account.display_name if entry.actor_id == account.id else entry.actor


def _acts(context: Context, found: AccountFile, uai: Uai) -> list[dict[str, str]]:
    known, zone = context.site.catalogue.audit_words, context.site.academie.zone
    return [
        {
            "day": _day(entry.at, zone),
            "act": show_act(entry.action, known),
            "by": _by(entry, found) if entry.uai in {None, uai} else _("un autre établissement"),
        }
        for entry in found.acts
    ]


@frozen
class ReissueForm:
    """A box to tick where somebody uses the account today."""

    checked: str = text(1)


def reissue(context: Context, uai: str, account_id: UUID) -> Download | Page:
    """Issue a new letter for this person: the present password dies at once (F17)."""
    form = read_form(context.request, ReissueForm).value
    found = look_at_account(context.site, Uai(uai), account_id)
    if found.situation.standing.is_claimed and (form is None or not form.checked):
        said = _("Cochez cette case après avoir vérifié l’identité de la personne, face à face.")
        return account(context, uai, account_id, {"checked": said})
    issued = issue_again(context.site, context.me, Uai(uai), account_id)
    head = letter_head(context.site.settings, establishment_of(context, uai))
    (pdf,) = render_letters(head, [letter_sheet(issued)])
    name = file_name(f"notification-{found.listed.login_name}")
    return Download(pdf, f"{name}.pdf", "application/pdf")


def resend(context: Context, uai: str, account_id: UUID) -> Redirect:
    """Send the link that confirms the address again (F20)."""
    try:
        address = resend_link(context.site, context.me, Uai(uai), account_id)
    except RefusedError as refused:
        context.tell("info", _refusal_words(refused))
    else:
        said = _("Le message de confirmation part de nouveau vers {address}.")
        context.tell("success", said.format(address=masked(address)))
    return context.redirect("core.school_account", uai=uai, account_id=account_id)


def unlock(context: Context, uai: str, account_id: UUID) -> Redirect:
    """Open a locked account again."""
    try:
        open_again(context.site, context.me, Uai(uai), account_id)
    except RefusedError as refused:
        context.tell("info", _refusal_words(refused))
    else:
        context.tell("success", _("Le compte est débloqué : son mot de passe fonctionne."))
    return context.redirect("core.school_account", uai=uai, account_id=account_id)


def _refusal_words(refused: RefusedError) -> str:
    match refused.code:
        case "too_soon":
            return _("Un message vient de partir : attendez une minute avant d’en renvoyer un.")
        case "nothing_to_confirm":
            return _("Aucune adresse n’est en attente de confirmation.")
    return _("Le compte n’est pas bloqué, et aucune attente ne court.")


_ONE: Final = "/ecole/<uai>/comptes/<uuid:account_id>"
ROUTES: Final = (
    Route(
        "core.accounts",
        "/ecole/<uai>/comptes",
        accounts,
        Access.SCHOOL,
        consults="consulted.accounts",
    ),
    Route("core.school_account", _ONE, account, Access.SCHOOL, consults="consulted.account"),
    Route(
        "core.reissue",
        f"{_ONE}/notification",
        reissue,
        Access.SCHOOL,
        ("POST",),
        consults="consulted.account",
    ),
    Route("core.resend_for", f"{_ONE}/confirmation", resend, Access.SCHOOL, ("POST",)),
    Route("core.unlock", f"{_ONE}/deblocage", unlock, Access.SCHOOL, ("POST",)),
)
