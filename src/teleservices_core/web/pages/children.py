"""« Enfants »: the children attached to an account, and grouping accounts (F18, F19)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import FORM, Access, Message, Route
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.grouping import works_again
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases import corrections, grouping
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.pages.refusals import Refusal, refusal_of
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.web.second_clicks import was_used_just_now


@frozen
class GroupForm:
    """The other account's identifier and secret, and the password of this one."""

    login_name: str = text(100)
    secret: str = text(1024)
    current: str = text(1024)


@frozen
class UndoForm:
    """Which grouping to undo."""

    grouping_id: str = text(36)


def children(context: Context) -> Page:
    """The children attached, by the grouping that brought them (F19)."""
    attached = grouping.attached_children(context.site, context.me)
    view = {
        "own": attached[0].children,
        "gained": attached[1:],
        "login": context.me.account.login_name,
    }
    return Page("children/list.html", view)


def group(context: Context) -> Page | Redirect:
    """Take the children of another account of the same person (F18)."""
    account = context.me.account
    view: dict[str, Any] = {
        "account": account,
        "days": context.site.settings.durations.grouping_undo_days,
        "login_name": "",
        "errors": {},
        "refusal": None,
    }
    if context.request.method != "POST":
        return Page("children/group.html", view)
    typed = read_form(context.request, GroupForm).typed
    login_name = typed.get("login_name", "")[:100]
    try:
        grouping.group(
            context.site,
            context.me,
            login_name,
            typed.get("secret", ""),
            typed.get("current", ""),
            source=context.source,
        )
    except RefusedError as refused:
        view = {**view, "login_name": login_name}
        if refused.code in _ERRORS:
            field, words = _ERRORS[refused.code]
            view["errors"] = {field: words()}
        else:
            view["refusal"] = _why_not(context, refused)
        return Page("children/group.html", view, 422)
    context.tell("success", _("Les comptes sont regroupés. Voici les enfants rattachés au vôtre."))
    return context.redirect("core.children")


_ERRORS: Final[Mapping[str, tuple[str, Message]]] = {
    "wrong_password": ("current", lambda: _("Ce n’est pas le mot de passe de votre compte.")),
    "wrong_credentials": (
        "login_name",
        lambda: _("L’identifiant ou le mot de passe de l’autre compte est incorrect."),
    ),
}


def _why_not(context: Context, refused: RefusedError) -> Refusal:
    match refused.code:
        case "same_account":
            return Refusal(
                _("C’est le compte que vous utilisez déjà"),
                _("Saisissez l’identifiant de l’autre notification, ou de l’autre compte."),
            )
        case "not_guardian":
            return Refusal(
                _("Ce compte n’est pas celui d’un responsable"),
                _("La notification d’un élève ne sert qu’à l’élève. Utilisez la vôtre."),
            )
        case "grouped":
            return Refusal(
                _("Ce compte est déjà regroupé"),
                _("Si ce n’est pas avec le vôtre, connectez-vous avec l’autre identifiant."),
            )
        case "names_differ":
            school = refused.detail["school"]
            said = _(
                "L’autre compte est au nom de {other}, le vôtre au nom de {mine}. S’ils sont bien "
                "tous les deux à vous, demandez au secrétariat de corriger le nom, puis "
                "recommencez."
            )
            return Refusal(
                _("Les deux comptes ne sont pas au même nom"),
                said.format(other=refused.detail["name"], mine=context.me.name),
                school=school if isinstance(school, Establishment) else None,
            )
    return refusal_of(context, refused)


def undo(context: Context) -> Redirect:
    """Give back what a grouping brought."""
    typed = read_form(context.request, UndoForm).typed.get("grouping_id", "")
    try:
        grouping.undo(context.site, context.me, _uuid(typed))
    except RefusedError:
        context.tell("warning", _("Ce regroupement ne peut plus être annulé."))
    else:
        context.tell("success", _("Le regroupement est annulé."))
    return context.redirect("core.children")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError(f"no such thing as {text!r}") from None


def undo_by_link(context: Context, secret: str) -> Page | Redirect:
    """Take back the persons of an account, by the link mailed to it."""
    try:
        if context.request.method != "POST":
            _token, done, account = grouping.look_at_undo(context.site, secret)
            view = {"account": account, "done": done, "usable": works_again(account)}
            return Page("children/undo.html", view)
        usable = grouping.undo_by_link(context.site, secret)
    except RefusedError as refused:
        if not was_used_just_now(context, refused):
            return Page("link_dead.html", {"refusal": refused.code, "retry": "core.sign_in"}, 410)
        context.tell("success", _("Le regroupement est annulé."))
        return context.redirect("core.sign_in")
    if usable:
        said = _(
            "Le regroupement est annulé : votre compte fonctionne comme avant. Si ce n’est pas "
            "vous qui aviez regroupé ces comptes, choisissez un nouveau mot de passe, par « Mot "
            "de passe oublié »."
        )
    else:
        said = _(
            "Le regroupement est annulé. Pour utiliser à nouveau ce compte, demandez une "
            "notification au secrétariat de l’établissement."
        )
    context.tell("success", said)
    return context.redirect("core.sign_in")


def report(context: Context, student_id: UUID) -> Page | Redirect:
    """« Je ne suis pas le responsable de cet élève »: he disappears, and the school is asked."""
    viewer = context.me
    if context.request.method != "POST":
        child = corrections.child_seen(context.site, viewer, student_id)
        back = "core.children" if viewer.in_full else "core.choose_password"
        return Page("children/report.html", {"child": child, "back": back})
    denied = corrections.report_wrong_link(context.site, viewer, student_id)
    said = _("C’est noté : {child} n’apparaît plus dans votre compte. L’établissement va vérifier.")
    name = denied.student.full_name if denied else _("cet élève")
    context.tell("success", said.format(child=name))
    return context.redirect("core.children" if viewer.in_full else "core.home")


ROUTES: Final = (
    Route("core.children", "/compte/enfants", children, Access.GUARDIAN),
    Route("core.group", "/compte/enfants/regrouper", group, Access.GUARDIAN, FORM),
    Route("core.undo_grouping", "/compte/enfants/annuler", undo, Access.GUARDIAN, ("POST",)),
    Route(
        "core.deny_child",
        "/compte/enfants/<uuid:student_id>/signaler",
        report,
        Access.GUARDIAN,
        FORM,
    ),
    Route(
        "core.deny_child_first",
        "/activation/eleves/<uuid:student_id>/signaler",
        report,
        Access.FIRST_LOGIN,
        FORM,
    ),
    Route("core.ungroup", "/degrouper/<secret>", undo_by_link, Access.PUBLIC, FORM),
)
