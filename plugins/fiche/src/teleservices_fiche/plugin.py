"""What the plugin declares. Imports are late, so that starting costs little."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from teleservices_core.contributions import (
    FORM,
    Access,
    Command,
    HelpEntry,
    MailTemplate,
    Message,
    MigrationSource,
    ModuleOptions,
    PersonalData,
    Route,
    StaffPage,
    TemplateSource,
)
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.modules import ModuleDefinition, OpeningMode
from teleservices_core.domain.values import Uai
from teleservices_core.hookspecs import hookimpl
from teleservices_core.i18n import _
from teleservices_core.ports import Database
from teleservices_fiche.school_plugin import reconcile_import, school_pages, school_routes

HOOK_API: Final = 1
KEEP_DAYS: Final = 365
"""One year after the school year's end."""
_HERE: Final = Path(__file__).parent


@hookimpl
def teleservices_modules() -> Iterable[ModuleDefinition]:
    """« Fiche de renseignements », open until the head closes it (F06)."""
    yield ModuleDefinition(
        id="fiche",
        title=_("Fiche de renseignements"),
        summary=_("Ce que l’établissement sait de vous : relire, changer, confirmer."),
        opening_mode=OpeningMode.DEFAULT_OPEN,
        audiences=frozenset({Audience.GUARDIAN, Audience.STUDENT}),
        position=20,
    )


@hookimpl
def teleservices_module_options() -> Iterable[ModuleOptions]:
    """What goes straight through, what is asked besides."""
    from teleservices_fiche.model import FicheOptions

    yield ModuleOptions("fiche", FicheOptions)


@hookimpl
def teleservices_routes() -> Iterable[Route]:
    """The family's pages, the one where anybody checks a receipt, and the school's."""
    from teleservices_fiche.exchange.receipts import CHECK_PATH, receipt_pdf
    from teleservices_fiche.pages.family import FamilyPages
    from teleservices_fiche.store import FicheStore

    family = FamilyPages(FicheStore, receipt_pdf)
    sheet = "/eleves/<uuid:student_id>/fiche/"
    post = ("POST",)
    for name, rule, handler, methods in (
        ("child", sheet, family.child, ("GET",)),
        ("review", f"{sheet}envoyer/", family.review, FORM),
        ("discard", f"{sheet}effacer/", family.discard, post),
        ("withdraw", f"{sheet}retirer/<uuid:proposal_id>/", family.withdraw, post),
        ("confirm", f"{sheet}confirmer/", family.confirm, post),
        ("report", f"{sheet}signaler/<person>/<code>/", family.report, FORM),
        ("history", f"{sheet}historique/", family.history, ("GET",)),
        ("receipt", f"{sheet}recepisses/<number>/", family.receipt, ("GET",)),
        ("receipt_pdf", f"{sheet}recepisses/<number>.pdf", family.receipt_pdf, ("GET",)),
    ):
        yield Route(f"fiche.{name}", rule, handler, Access.CHILD, methods, module_id="fiche")
    yield Route(
        "fiche.edit",
        f"{sheet}modifier/<step>/",
        family.edit,
        Access.CHILD,
        FORM,
        module_id="fiche",
        keep=family.keep,
    )
    yield Route("fiche.check", CHECK_PATH, family.check, Access.PUBLIC, FORM)
    yield from school_routes()


@hookimpl
def teleservices_staff_pages() -> Iterable[StaffPage]:
    """Where the school finds what families ask for."""
    return school_pages()


@hookimpl
def teleservices_commands() -> Iterable[Command]:
    """``teleservices fiche``."""
    from teleservices_fiche.commands import fiche

    yield Command(fiche)


@hookimpl
def teleservices_roster_imported(uai: Uai, at: datetime, database: Database) -> None:
    """Close the changes that the school base has just confirmed."""
    reconcile_import(uai, at, database)


@hookimpl
def teleservices_help_entries() -> Iterable[HelpEntry]:
    """How to change, what cannot be changed, who sees, what a receipt is for."""
    from teleservices_fiche.words import HELP_ENTRIES

    return HELP_ENTRIES


@hookimpl
def teleservices_mail_templates() -> Iterable[MailTemplate]:
    """Received, answered, reminded."""
    from teleservices_fiche.school_words import SCHOOL_MAILS
    from teleservices_fiche.words import MAILS

    return (*MAILS, *SCHOOL_MAILS)


@hookimpl
def teleservices_personal_data() -> Iterable[PersonalData]:
    """What a person did about sheets; what the school base says is the core's to tell."""
    from functools import partial

    from teleservices_fiche.store import STUDENT_ROWS, FicheStore
    from teleservices_fiche.usecases.own_data import export_own
    from teleservices_fiche.words import DATA_CONTENT, DATA_KEPT_FOR

    yield PersonalData(
        "fiche.changes",
        lambda: _("Fiche de renseignements"),
        lambda _figures: DATA_CONTENT(),
        lambda _figures: DATA_KEPT_FOR(),
        partial(export_own, opens=FicheStore),
        module_id="fiche",
        erase=lambda tx, erasure: FicheStore(tx.connection).erase(erasure),
        keep_days=KEEP_DAYS,
        student_rows=STUDENT_ROWS,
    )


@hookimpl
def teleservices_templates() -> Iterable[TemplateSource]:
    """``fiche/…``."""
    yield TemplateSource(_HERE / "templates")


@hookimpl
def teleservices_migrations() -> Iterable[MigrationSource]:
    """``fiche_…`` tables."""
    yield MigrationSource("fiche_", _HERE / "migrations" / "versions")


@hookimpl
def teleservices_audit_words() -> Mapping[str, Message]:
    """What families and the school do with the sheet, in the journal."""
    from teleservices_fiche.school_words import SCHOOL_AUDIT_WORDS
    from teleservices_fiche.words import AUDIT_WORDS

    return {**AUDIT_WORDS, **SCHOOL_AUDIT_WORDS}
