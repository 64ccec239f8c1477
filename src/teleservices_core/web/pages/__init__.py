"""The core's pages: routes and navigation. Who may see each is said here."""

from __future__ import annotations

from typing import Final

from teleservices_core.contributions import NavItem
from teleservices_core.i18n import _
from teleservices_core.web.pages import (
    academy,
    academy_campaigns,
    academy_choices,
    academy_journal,
    academy_modules,
    academy_school,
    academy_schools,
    academy_years,
    account,
    accounts,
    api,
    children,
    class_sheet,
    corrections,
    first_login,
    hotline,
    identity,
    incidents,
    letters,
    lifecycle,
    modules,
    my_data,
    offers,
    privacy,
    public,
    recovery,
    school,
    school_settings,
    sessions,
    signing_in,
)

ROUTES: Final = (
    *public.ROUTES,
    *signing_in.ROUTES,
    *offers.ROUTES,
    *api.ROUTES,
    *first_login.ROUTES,
    *recovery.ROUTES,
    *account.ROUTES,
    *children.ROUTES,
    *sessions.ROUTES,
    *identity.ROUTES,
    *my_data.ROUTES,
    *privacy.ROUTES,
    *hotline.ROUTES,
    *school.ROUTES,
    *modules.ROUTES,
    *school_settings.ROUTES,
    *letters.ROUTES,
    *class_sheet.ROUTES,
    *accounts.ROUTES,
    *corrections.ROUTES,
    *academy.ROUTES,
    *academy_modules.ROUTES,
    *academy_choices.ROUTES,
    *academy_years.ROUTES,
    *academy_schools.ROUTES,
    *academy_school.ROUTES,
    *academy_campaigns.ROUTES,
    *academy_journal.ROUTES,
    *incidents.ROUTES,
    *lifecycle.ROUTES,
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
    NavItem(
        lambda: _("Comptes"),
        "core.accounts",
        lambda v: bool(v.schools),
        lambda v: {"uai": v.schools[0].code},
        32,
    ),
    NavItem(
        lambda: _("Rattachements"),
        "core.attachments",
        lambda v: bool(v.schools),
        lambda v: {"uai": v.schools[0].code},
        34,
    ),
    NavItem(
        lambda: _("Assistance"),
        "core.hotline",
        lambda v: v.is_hotline or v.is_academy,
        position=35,
    ),
    NavItem(lambda: _("Académie"), "core.academy", lambda v: v.is_academy, position=40),
    NavItem(lambda: _("Mon compte"), "core.account", lambda v: v.in_full, position=80),
    NavItem(lambda: _("Aide"), "core.help", lambda _v: True, position=90),
)
