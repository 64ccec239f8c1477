"""The core's pages: routes and navigation. Who may see each is said here."""

from __future__ import annotations

from typing import Final

from teleservices_core.contributions import Access, NavItem, Route
from teleservices_core.i18n import _
from teleservices_core.web.pages import (
    academy,
    account,
    first_login,
    public,
    recovery,
    school,
)

_FORM: Final = ("GET", "POST")

ROUTES: Final = (
    Route("core.home", "/", public.home, Access.PUBLIC),
    Route("core.sign_in", "/connexion", public.sign_in, Access.PUBLIC, _FORM),
    Route("core.sign_out", "/deconnexion", public.sign_out, Access.PUBLIC, ("POST",)),
    Route("core.help", "/aide", public.help_page, Access.PUBLIC),
    Route("core.accessibility", "/accessibilite", public.accessibility, Access.PUBLIC),
    Route("core.confirm", "/confirmer/<secret>", public.confirm, Access.PUBLIC, _FORM),
    Route(
        "core.choose_password",
        "/activation/mot-de-passe",
        first_login.choose_password,
        Access.FIRST_LOGIN,
        _FORM,
    ),
    Route(
        "core.give_email",
        "/activation/courriel",
        first_login.give_email,
        Access.FIRST_LOGIN,
        _FORM,
    ),
    Route(
        "core.skip_email",
        "/activation/sans-courriel",
        first_login.skip_email,
        Access.FIRST_LOGIN,
        ("POST",),
    ),
    Route(
        "core.await_confirmation",
        "/activation/en-attente",
        first_login.await_confirmation,
        Access.FIRST_LOGIN,
    ),
    Route("core.resend", "/activation/renvoyer", first_login.resend, Access.FIRST_LOGIN, ("POST",)),
    Route("core.lost_login", "/identifiant-oublie", recovery.lost_login, Access.PUBLIC, _FORM),
    Route(
        "core.lost_password", "/mot-de-passe-oublie", recovery.lost_password, Access.PUBLIC, _FORM
    ),
    Route("core.reset", "/nouveau-mot-de-passe/<secret>", recovery.reset, Access.PUBLIC, _FORM),
    Route("core.undo_email", "/retablir/<secret>", account.undo_email, Access.PUBLIC, _FORM),
    Route("core.account", "/compte", account.account, Access.SIGNED_IN),
    Route(
        "core.change_password",
        "/compte/mot-de-passe",
        account.change_password,
        Access.SIGNED_IN,
        _FORM,
    ),
    Route("core.change_email", "/compte/courriel", account.change_email, Access.SIGNED_IN, _FORM),
    Route(
        "core.close_sessions",
        "/compte/connexions",
        account.close_sessions,
        Access.SIGNED_IN,
        ("POST",),
    ),
    Route("core.school", "/ecole/<uai>/", school.modules, Access.SCHOOL),
    Route("core.set_opening", "/ecole/<uai>/modules", school.set_opening, Access.HEAD, ("POST",)),
    Route("core.letters", "/ecole/<uai>/notifications", school.letters, Access.SCHOOL),
    Route(
        "core.issue_letters",
        "/ecole/<uai>/notifications/editer",
        school.issue_letters,
        Access.SCHOOL,
        ("POST",),
    ),
    Route("core.academy", "/academie/", academy.overview, Access.ACADEMY),
)

NAVIGATION: Final = (
    NavItem(
        lambda: _("Mes enfants"), "core.home", lambda v: v.is_family and v.is_guardian, position=10
    ),
    NavItem(
        lambda: _("Mes services"),
        "core.home",
        lambda v: v.is_family and not v.is_guardian,
        position=10,
    ),
    NavItem(
        lambda: _("Modules"),
        "core.school",
        lambda v: bool(v.schools),
        lambda v: {"uai": v.schools[0].code},
        20,
    ),
    NavItem(
        lambda: _("Notifications"),
        "core.letters",
        lambda v: bool(v.schools),
        lambda v: {"uai": v.schools[0].code},
        30,
    ),
    NavItem(lambda: _("Académie"), "core.academy", lambda v: v.is_academy, position=40),
    NavItem(lambda: _("Mon compte"), "core.account", lambda v: v.in_full, position=80),
    NavItem(lambda: _("Aide"), "core.help", lambda _v: True, position=90),
)
