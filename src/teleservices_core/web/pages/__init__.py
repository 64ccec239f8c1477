"""The core's pages: routes and navigation. Who may see each is said here."""

from __future__ import annotations

from typing import Final

from teleservices_core.contributions import Access, NavItem, Route
from teleservices_core.i18n import _
from teleservices_core.web.pages import academy, family, first_login, public, school

ROUTES: Final = (
    Route("core.home", "/", public.home, Access.PUBLIC),
    Route("core.sign_in", "/connexion", public.sign_in, Access.PUBLIC, ("GET", "POST")),
    Route("core.sign_out", "/deconnexion", public.sign_out, Access.PUBLIC, ("POST",)),
    Route("core.help", "/aide", public.help_page, Access.PUBLIC),
    Route("core.accessibility", "/accessibilite", public.accessibility, Access.PUBLIC),
    Route("core.confirm", "/confirmer/<secret>", public.confirm, Access.PUBLIC, ("GET", "POST")),
    Route(
        "core.choose_password",
        "/activation/mot-de-passe",
        first_login.choose_password,
        Access.FIRST_LOGIN,
        ("GET", "POST"),
    ),
    Route(
        "core.give_email",
        "/activation/courriel",
        first_login.give_email,
        Access.FIRST_LOGIN,
        ("GET", "POST"),
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
    Route("core.account", "/compte", family.account, Access.SIGNED_IN),
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
