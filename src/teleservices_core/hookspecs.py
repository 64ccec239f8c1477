"""Hooks that a téléservice plugin may implement. Signatures only.

*Declare* hooks run once, at start, without I/O, and return iterables of frozen
values. *Notify* hooks run after a commit; what they return is ignored and a
failure touches nobody else. *Ask* hooks take the first answer that is not
None; they concern presentation only. No hook decides: decisions are votes in
declared rules (:class:`teleservices_core.contributions.ContributedRule`).

A plugin is a module named by an entry point of the group ``teleservices``. It
sets ``HOOK_API`` to the version it was written for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import pluggy

from teleservices_core.contributions import (
    Banner,
    Command,
    ContributedRule,
    HelpEntry,
    JobKind,
    MailTemplate,
    Message,
    MigrationSource,
    ModuleOptions,
    NavItem,
    PersonalData,
    Route,
    SettingsSection,
    StaffPage,
    Step,
    TemplateSource,
)
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.policy import Opening
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.ports import Database

PROJECT: Final = "teleservices"
HOOK_API: Final = 1
"""Raised when a hook changes in a way that an older plugin cannot follow."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

# --- Declared once, at start. No I/O. ------------------------------------------------


@hookspec
def teleservices_settings() -> Iterable[SettingsSection]:  # type: ignore[empty-body]
    """Declare the plugin's own settings sections."""


@hookspec
def teleservices_modules() -> Iterable[ModuleDefinition]:  # type: ignore[empty-body]
    """Declare the modules (téléservices) that the plugin provides."""


@hookspec
def teleservices_module_options() -> Iterable[ModuleOptions]:  # type: ignore[empty-body]
    """Declare what an establishment may set up in the plugin's modules."""


@hookspec
def teleservices_activation_rules(settings: Mapping[str, Any]) -> Iterable[ContributedRule]:  # type: ignore[empty-body]
    """Declare rules that vote on the opening of modules, with the words of their reasons.

    ``settings`` holds the plugin sections by key.
    """


@hookspec
def teleservices_routes(settings: Mapping[str, Any]) -> Iterable[Route]:  # type: ignore[empty-body]
    """Declare addresses and their handlers. Each says who may reach it."""


@hookspec
def teleservices_navigation() -> Iterable[NavItem]:  # type: ignore[empty-body]
    """Declare entries of the main navigation."""


@hookspec
def teleservices_staff_pages() -> Iterable[StaffPage]:  # type: ignore[empty-body]
    """Declare pages for teachers, or for who works in the console of an establishment."""


@hookspec
def teleservices_steps() -> Iterable[Step]:  # type: ignore[empty-body]
    """Declare what may have to be done between signing in and going on."""


@hookspec
def teleservices_help_entries() -> Iterable[HelpEntry]:  # type: ignore[empty-body]
    """Declare questions and answers of the help page."""


@hookspec
def teleservices_mail_templates() -> Iterable[MailTemplate]:  # type: ignore[empty-body]
    """Declare the mails that the plugin sends through the outbox."""


@hookspec
def teleservices_templates() -> Iterable[TemplateSource]:  # type: ignore[empty-body]
    """Declare folders of templates."""


@hookspec
def teleservices_migrations() -> Iterable[MigrationSource]:  # type: ignore[empty-body]
    """Declare the folder of the plugin's migrations."""


@hookspec
def teleservices_commands() -> Iterable[Command]:  # type: ignore[empty-body]
    """Declare commands for ``teleservices``."""


@hookspec
def teleservices_jobs() -> Iterable[JobKind]:  # type: ignore[empty-body]
    """Declare long works that the plugin's pages ask for and the worker does."""


@hookspec
def teleservices_personal_data(settings: Mapping[str, Any]) -> Iterable[PersonalData]:  # type: ignore[empty-body]
    """Declare what the plugin keeps about people, for how long, and how to give a copy."""


@hookspec
def teleservices_audit_words() -> Mapping[str, Message]:  # type: ignore[empty-body]
    """Say in words the actions that the plugin writes in the audit trail: ``notes.imported``."""


# --- Told after the commit. Isolated; the return value is ignored. -------------------


@hookspec
def teleservices_module_opened(opening: Opening, at: datetime) -> None:
    """A head or the académie opened a module."""


@hookspec
def teleservices_module_closed(opening: Opening, at: datetime) -> None:
    """A head or the académie closed a module."""


@hookspec
def teleservices_roster_imported(
    uai: Uai, counts: Mapping[str, int], at: datetime, database: Database
) -> None:
    """An establishment's students and families were imported.

    ``database`` is where a plugin compares its own data with them, in few
    statements: no work for each row.
    """


# --- Asked while showing a page. The first answer wins. ------------------------------


@hookspec(firstresult=True)
def teleservices_page_template(template: str) -> str | None:
    """Name another template to show instead of ``template``, for a host's own look."""


@hookspec(firstresult=True)
def teleservices_banner(viewer: Viewer | None) -> Banner | None:
    """Give the bar to show above every page."""
