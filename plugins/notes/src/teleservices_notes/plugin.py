"""What the plugin declares. Imports are late, so that starting costs little."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from teleservices_core.contributions import (
    Command,
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
    TemplateSource,
)
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.modules import ModuleDefinition, OpeningMode
from teleservices_core.hookspecs import hookimpl
from teleservices_core.i18n import _

HOOK_API: Final = 1
_HERE: Final = Path(__file__).parent


@hookimpl
def teleservices_modules() -> Iterable[ModuleDefinition]:
    """« Notes », which the head opens."""
    yield ModuleDefinition(
        id="notes",
        title=_("Notes"),
        summary=_("Les notes publiées et les moyennes de chaque matière."),
        opening_mode=OpeningMode.HEAD_DECIDES,
        audiences=frozenset({Audience.GUARDIAN, Audience.STUDENT}),
        position=10,
    )


@hookimpl
def teleservices_routes() -> Iterable[Route]:
    """A child's marks, and one subject's average explained."""
    from teleservices_notes.exchange import (
        COLUMNS,
        SERVICE_COLUMNS,
        content_reader,
        read_services_of,
        write_services,
    )
    from teleservices_notes.exchange.statement import statement_pdf
    from teleservices_notes.pages.family_routes import family_routes
    from teleservices_notes.pages.reader_routes import reader_routes
    from teleservices_notes.pages.routes import (
        import_routes,
        publication_routes,
        service_routes,
        teaching_routes,
    )
    from teleservices_notes.store import ClassMarks, DigestMarks, MarkStore

    yield from teaching_routes(ClassMarks)
    yield from import_routes(ClassMarks, content_reader, COLUMNS)
    yield from service_routes(ClassMarks, read_services_of, write_services, SERVICE_COLUMNS)
    yield from publication_routes(MarkStore)
    yield from reader_routes(DigestMarks)
    yield from family_routes(MarkStore, DigestMarks, statement_pdf)


@hookimpl
def teleservices_jobs() -> Iterable[JobKind]:
    """A large file of marks is tried, then imported."""
    from teleservices_notes.exchange import content_reader
    from teleservices_notes.store import ClassMarks
    from teleservices_notes.usecases.upload_job import import_job, try_job

    yield try_job(ClassMarks, content_reader)
    yield import_job(ClassMarks, content_reader)


@hookimpl
def teleservices_module_options() -> Iterable[ModuleOptions]:
    """Whether families see figures of the class."""
    from teleservices_notes.options import NotesOptions

    yield ModuleOptions("notes", NotesOptions)


@hookimpl
def teleservices_staff_pages() -> Iterable[StaffPage]:
    """Where teachers enter marks, and where the school says when families see them."""
    yield StaffPage(
        lambda: _("Saisie des notes"),
        lambda: _("Vos classes, leurs évaluations, les notes de chaque élève."),
        "notes.courses",
        "notes",
    )
    yield StaffPage(
        lambda: _("Import des notes"),
        lambda: _("Le fichier du logiciel de notes, essayé puis confirmé."),
        "notes.imports",
        "notes",
        is_for_deciders=True,
    )
    yield StaffPage(
        lambda: _("Services d’enseignement"),
        lambda: _("Qui enseigne quoi à quelle classe, et peut y saisir des notes."),
        "notes.services",
        "notes",
        is_for_deciders=True,
    )
    yield StaffPage(
        lambda: _("Compétences évaluées"),
        lambda: _("Ce que les enseignants évaluent à côté de la note, et les mots des niveaux."),
        "notes.competencies",
        "notes",
        is_for_deciders=True,
    )
    yield StaffPage(
        lambda: _("Publication des notes"),
        lambda: _("Quand les familles voient les notes, pour toutes les classes ou pour une."),
        "notes.publication",
        "notes",
        position=110,
    )
    yield StaffPage(
        lambda: _("Vu par la famille"),
        lambda: _(
            "Quels responsables ont dit avoir vu les notes de leur enfant, classe par classe."
        ),
        "notes.followed",
        "notes",
        position=120,
        is_for_deciders=True,
    )


@hookimpl
def teleservices_navigation() -> Iterable[NavItem]:
    """The marks of all children."""
    yield NavItem(lambda: _("Notes"), "notes.family", lambda v: v.is_family, position=15)


@hookimpl
def teleservices_mail_templates() -> Iterable[MailTemplate]:
    """New marks."""
    from teleservices_notes.digest_words import DIGEST_MAIL

    yield DIGEST_MAIL


@hookimpl
def teleservices_help_entries() -> Iterable[HelpEntry]:
    """When marks appear, whom to ask, how averages are made (F50 to F52)."""
    from teleservices_notes.digest_words import DIGEST_HELP
    from teleservices_notes.teaching_words import TEACHING_HELP
    from teleservices_notes.words import HELP_ENTRIES

    return (*HELP_ENTRIES, *DIGEST_HELP, *TEACHING_HELP)


@hookimpl
def teleservices_settings() -> Iterable[SettingsSection]:
    """How long things are kept."""
    from teleservices_notes.settings import NotesSettings

    yield SettingsSection("notes", NotesSettings)


@hookimpl
def teleservices_personal_data(settings: Mapping[str, Any]) -> Iterable[PersonalData]:
    """The marks that the family may see, and what it said to have seen."""
    from functools import partial

    from teleservices_notes.digest_words import DATA_SEEN, DATA_SEEN_KEPT_FOR
    from teleservices_notes.store import (
        MARK_ROWS,
        READER_ROWS,
        DigestMarks,
        MarkStore,
        erase,
        erase_readers,
    )
    from teleservices_notes.usecases import export_marks
    from teleservices_notes.usecases.digests import export_reading
    from teleservices_notes.words import DATA_CONTENT, DATA_KEPT_FOR

    yield PersonalData(
        "notes.marks",
        lambda: _("Notes"),
        lambda _figures: DATA_CONTENT(),
        lambda _figures: DATA_KEPT_FOR(),
        partial(export_marks, opens=MarkStore),
        module_id="notes",
        erase=erase,
        keep_days=settings["notes"].marks_days,
        student_rows=MARK_ROWS,
    )
    yield PersonalData(
        "notes.reading",
        lambda: _("Notes vues et messages sur les notes"),
        lambda _figures: DATA_SEEN(),
        lambda _figures: DATA_SEEN_KEPT_FOR(),
        partial(export_reading, opens=DigestMarks),
        erase=erase_readers,
        keep_days=settings["notes"].seen_days,
        student_rows=READER_ROWS,
    )


@hookimpl
def teleservices_audit_words() -> Mapping[str, Message]:
    """Imports, choices of publication, and what teachers do."""
    from teleservices_notes.digest_words import READER_AUDIT_WORDS
    from teleservices_notes.teaching_words import TEACHING_AUDIT_WORDS
    from teleservices_notes.words import AUDIT_WORDS

    return {**AUDIT_WORDS, **TEACHING_AUDIT_WORDS, **READER_AUDIT_WORDS}


@hookimpl
def teleservices_templates() -> Iterable[TemplateSource]:
    """``notes/…``."""
    yield TemplateSource(_HERE / "templates")


@hookimpl
def teleservices_migrations() -> Iterable[MigrationSource]:
    """``notes_…`` tables."""
    yield MigrationSource("notes_", _HERE / "migrations" / "versions")


@hookimpl
def teleservices_commands() -> Iterable[Command]:
    """``teleservices notes``."""
    from teleservices_notes.commands import notes
    from teleservices_notes.digest_commands import digest

    notes.add_command(digest)
    yield Command(notes)
