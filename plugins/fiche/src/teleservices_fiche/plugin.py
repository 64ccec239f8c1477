"""What the plugin declares. Imports are late, so that starting costs little."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from teleservices_core.contributions import (
    FORM,
    Access,
    HelpEntry,
    MailTemplate,
    Message,
    MigrationSource,
    ModuleOptions,
    PersonalData,
    Route,
    TemplateSource,
)
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.modules import ModuleDefinition, OpeningMode
from teleservices_core.hookspecs import hookimpl
from teleservices_core.i18n import _

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
    """The family's pages, and the one where anybody checks a receipt."""
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


@hookimpl
def teleservices_help_entries() -> Iterable[HelpEntry]:
    """How to change, what cannot be changed, who sees, what a receipt is for."""
    from teleservices_fiche.words import HELP_ENTRIES

    return HELP_ENTRIES


@hookimpl
def teleservices_mail_templates() -> Iterable[MailTemplate]:
    """Received, answered."""
    from teleservices_fiche.words import MAILS

    return MAILS


@hookimpl
def teleservices_personal_data() -> Iterable[PersonalData]:
    """What a person did about sheets; what the school base says is the core's to tell."""
    from functools import partial

    from teleservices_fiche.store import FicheStore
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
    """What families do with the sheet, in the journal."""
    from teleservices_fiche.words import AUDIT_WORDS

    return AUDIT_WORDS
