"""The core as a plugin of itself: its rules, pages, mails, help and migrations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from teleservices_core.contributions import (
    ContributedRule,
    HelpEntry,
    JobKind,
    MailTemplate,
    Message,
    MigrationSource,
    NavItem,
    PersonalData,
    Route,
    Step,
    TemplateSource,
)
from teleservices_core.hookspecs import hookimpl

HOOK_API: Final = 1
_HERE: Final = Path(__file__).parent


@hookimpl
def teleservices_activation_rules() -> Iterable[ContributedRule]:
    """The core's own rules; the words of all its reasons go with the first."""
    from teleservices_core.domain.rules import CORE_RULES
    from teleservices_core.words.reasons import CORE_WORDS

    first, *others = CORE_RULES
    yield ContributedRule(first, CORE_WORDS)
    for rule in others:
        yield ContributedRule(rule, {})


@hookimpl
def teleservices_routes() -> Iterable[Route]:
    """Every page of the core."""
    from teleservices_core.web.pages import ROUTES

    return ROUTES


@hookimpl
def teleservices_navigation() -> Iterable[NavItem]:
    """The main navigation."""
    from teleservices_core.web.pages import NAVIGATION

    return NAVIGATION


@hookimpl
def teleservices_steps() -> Iterable[Step]:
    """The second factor of staff."""
    from teleservices_core.usecases.factor_steps import FACTOR_STEPS

    return FACTOR_STEPS


@hookimpl
def teleservices_help_entries() -> Iterable[HelpEntry]:
    """Answers of the FAQ that concern accounts and opening."""
    from teleservices_core.help_entries import HELP_ENTRIES

    return HELP_ENTRIES


@hookimpl
def teleservices_mail_templates() -> Iterable[MailTemplate]:
    """The core's mails."""
    from teleservices_core.factor_mails import FACTOR_MAILS
    from teleservices_core.identity_mails import IDENTITY_MAILS
    from teleservices_core.mails import MAILS

    return (*MAILS, *IDENTITY_MAILS, *FACTOR_MAILS)


@hookimpl
def teleservices_templates() -> Iterable[TemplateSource]:
    """The core's templates and components."""
    yield TemplateSource(_HERE / "web" / "templates")


@hookimpl
def teleservices_migrations() -> Iterable[MigrationSource]:
    """The core's tables."""
    yield MigrationSource("core_", _HERE / "storage" / "migrations" / "versions")


@hookimpl
def teleservices_jobs() -> Iterable[JobKind]:
    """The letters of a whole school."""
    from teleservices_core.documents.letter_job import LETTERS

    yield LETTERS


@hookimpl
def teleservices_personal_data() -> Iterable[PersonalData]:
    """Accounts, persons, links, mails and the journal."""
    from attrs import evolve

    from teleservices_core.storage.student_rows import CORE_ROWS
    from teleservices_core.usecases.core_data import CORE_DATA

    for data in CORE_DATA:
        yield evolve(data, student_rows=CORE_ROWS) if data.id == "core.family" else data


@hookimpl
def teleservices_audit_words() -> Mapping[str, Message]:
    """What the core writes in the audit trail."""
    from teleservices_core.words.reasons import AUDIT_WORDS

    return AUDIT_WORDS
