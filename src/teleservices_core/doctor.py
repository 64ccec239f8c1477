"""``teleservices doctor``: what is missing, odd or left over on a site, and what to do.

It reads only. Each finding names its check, so that a program can act on it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from attrs import frozen

from teleservices_core.app import Teleservices
from teleservices_core.backups.ledger import Ledger, is_behind, read_ledger
from teleservices_core.domain.jobs import is_silent, left_alone
from teleservices_core.failures import brief
from teleservices_core.files import is_exposed
from teleservices_core.i18n import _, ngettext, show_date, show_timestamp
from teleservices_core.plugins import PluginState
from teleservices_core.storage.inspection import (
    database_now,
    missing_limits,
    newer_revisions,
    oldest_due_mail,
    orphans,
)
from teleservices_core.usecases.consultations import many_consultations
from teleservices_core.usecases.cut_offs import known_cut_offs
from teleservices_core.usecases.factor_watch import who_lacks_one, whose_keys_are_dead
from teleservices_core.usecases.matching import waiting_everywhere
from teleservices_core.usecases.restoring import last_restore
from teleservices_core.usecases.sealing import check_journal
from teleservices_core.usecases.throttling import told_of_failures
from teleservices_core.words.people import ROLE_WORDS, show_actor
from teleservices_core.words.restoring import show_restored, show_to_do
from teleservices_core.words.sealing import show_behind, show_fault, show_gap, show_mending

LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts of a site that is tried, not served: less is asked of it."""
_DRIFT: Final = timedelta(seconds=30)
_MAIL_WAITS: Final = timedelta(hours=1)
_FAULTS: Final = 20
_NAMED: Final = 10
_RUN_WAITS: Final = timedelta(days=2)


class Severity(StrEnum):
    """How grave a finding is."""

    ERROR = "error"
    """Something does not work, or is not safe."""
    WARNING = "warning"
    """Something is missing, or will fail."""
    NOTE = "note"
    """Worth knowing."""


@frozen
class Finding:
    """What one check found, and what to do."""

    check: str
    severity: Severity
    text: str
    next_step: str = ""


Check = Callable[[Teleservices], Iterable[Finding]]


def examine(services: Teleservices) -> list[Finding]:
    """Every finding, the gravest first. A check that fails is a finding itself."""
    found = [finding for check in _CHECKS for finding in _run(check, services)]
    # Each step reads what only the one before it makes sure is there.
    for checks in (_REACHED, _SCHEMA, _STORED):
        step = [finding for check in checks for finding in _run(check, services)]
        found += step
        if any(each.check in {"database", "migrations"} for each in step):
            break
    return sorted(found, key=lambda each: list(Severity).index(each.severity))


def _run(check: Check, services: Teleservices) -> Sequence[Finding]:
    try:
        return list(check(services))
    except Exception as error:  # noqa: BLE001 - one failing check must not hide the others
        text = _("Contrôle impossible : {error}").format(error=brief(error))
        return [Finding(check.__name__.strip("_"), Severity.ERROR, text)]


def _is_tried(services: Teleservices) -> bool:
    return urlsplit(services.settings.base_url).hostname in LOCAL


# --- Settings and plugins: no database ------------------------------------------------


def _address(services: Teleservices) -> Iterable[Finding]:
    if not services.settings.is_secure and not _is_tried(services):
        yield Finding(
            "address",
            Severity.ERROR,
            _("Le site n’est pas en https : mots de passe et données circulent en clair."),
            _("Mettez un certificat devant le site, puis https:// dans base_url."),
        )


def _contacts(services: Teleservices) -> Iterable[Finding]:
    settings = services.settings
    if not settings.hotline.phone:
        yield Finding(
            "hotline",
            Severity.WARNING,
            _("Aucun téléphone d’assistance : les pages renvoient au secrétariat."),
            _("Renseignez phone et hours dans [hotline]."),
        )
    if not settings.privacy_contact:
        yield Finding(
            "privacy_contact",
            Severity.WARNING,
            _("Personne n’est indiqué pour les données personnelles."),
            _("Renseignez privacy_contact : l’adresse du délégué à la protection des données."),
        )


def _mail(services: Teleservices) -> Iterable[Finding]:
    mail = services.settings.mail
    if _is_tried(services):
        return
    if mail.folder is not None:
        yield Finding(
            "mail_folder",
            Severity.ERROR,
            _("Les messages sont écrits dans un dossier : aucune famille ne les reçoit."),
            _("Retirez folder de [mail] et indiquez le serveur d’envoi."),
        )
    if "example." in mail.sender:
        yield Finding(
            "mail_sender",
            Severity.ERROR,
            _("L’expéditeur des messages est une adresse d’exemple."),
            _("Renseignez sender dans [mail]."),
        )


def _plugins(services: Teleservices) -> Iterable[Finding]:
    for report in services.plugins.reports:
        said = f"{report.name} : {report.reason}"
        if report.state in {PluginState.FAILED, PluginState.INCOMPATIBLE}:
            yield Finding(
                "plugin",
                Severity.ERROR,
                _("Extension écartée, {said}").format(said=said),
                _("Installez une version compatible, ou retirez-la."),
            )
        elif report.state is PluginState.DISABLED:
            text = _("Extension éteinte dans les réglages : {name}").format(name=report.name)
            yield Finding("plugin", Severity.NOTE, text)


def _files(services: Teleservices) -> Iterable[Finding]:
    url, folder = services.engine.url, services.settings.mail.folder
    database = url.database if url.get_backend_name() == "sqlite" else None
    for path in (Path(each) for each in (database, folder) if each):
        if is_exposed(path):
            yield Finding(
                "files",
                Severity.WARNING,
                _("D’autres comptes de la machine peuvent lire {path}.").format(path=path),
                _("Lancez : chmod -R go= {path}").format(path=path),
            )


def _zone(services: Teleservices) -> Iterable[Finding]:
    zone = services.settings.academie.zone.key
    if zone in {"UTC", "GMT"} or zone.startswith("Etc/"):
        yield Finding(
            "zone",
            Severity.ERROR,
            _("Fuseau {zone} : les campagnes n’ouvriront pas à l’heure locale.").format(zone=zone),
            _("Indiquez zone dans [academie], par exemple Europe/Paris."),
        )


# --- What the database holds -----------------------------------------------------------


def _database(services: Teleservices) -> Iterable[Finding]:
    database_now(services.engine)
    return ()


def _clock(services: Teleservices) -> Iterable[Finding]:
    ours, theirs = services.site.now(), database_now(services.engine)
    if abs(ours - theirs) > _DRIFT:
        seconds = round(abs((ours - theirs).total_seconds()))
        yield Finding(
            "clock",
            Severity.ERROR,
            _("L’heure du site et celle de la base diffèrent de {n} secondes.").format(n=seconds),
            _("Mettez les deux machines à l’heure (NTP)."),
        )


def _limits(services: Teleservices) -> Iterable[Finding]:
    # Without a pooler each connection is opened with them; commands have longer ones.
    if not services.settings.database.pooler:
        return
    missing = missing_limits(services.engine)
    if missing:
        yield Finding(
            "limits",
            Severity.WARNING,
            _("Le rôle de la base n’a pas de limite de temps : {names}").format(
                names=", ".join(missing)
            ),
            _(
                "Donnez-les au rôle des pages, par exemple : "
                "ALTER ROLE … SET statement_timeout = '5s', et de même pour les autres."
            ),
        )


def _migrations(services: Teleservices) -> Iterable[Finding]:
    sources = services.plugins.catalogue.migrations
    newer = newer_revisions(services.engine, sources)
    for _prefix, revision in newer:
        text = _("La base est d’une version plus récente que le programme : {revision}")
        yield Finding(
            "migrations",
            Severity.ERROR,
            text.format(revision=revision),
            _("Installez la version du programme qui l’a faite, ou revenez à une sauvegarde."),
        )
    if not newer and (todo := services.pending_migrations()):
        yield Finding(
            "migrations",
            Severity.ERROR,
            _("La base n’est pas au schéma du programme : {names}").format(
                names=", ".join(revision for _prefix, revision in todo)
            ),
            _("Sauvegardez la base, puis lancez : teleservices migrate"),
        )


def _orphans(services: Teleservices) -> Iterable[Finding]:
    known = {source.prefix for source in services.plugins.catalogue.migrations}
    for orphan in orphans(services.engine, known):
        tables = ", ".join(orphan.tables)
        if orphan.has_data:
            text = _("Données d’une extension qui n’est pas chargée : {tables}")
            step = _(
                "Elles sont gardées, mais ni montrées ni effacées à terme. Remettez l’extension ; "
                "ou, si elle ne revient pas, désinstallez-la puis lancez : "
                "teleservices data export-left {prefix} --to DOSSIER, "
                "puis teleservices data drop-left {prefix}"
            )
        else:
            text = _("Tables vides d’une extension qui n’est pas chargée : {tables}")
            step = _(
                "Remettez l’extension, ou désinstallez-la puis lancez : "
                "teleservices data drop-left {prefix} --without-export"
            )
        severity = Severity.WARNING if orphan.has_data else Severity.NOTE
        step = step.format(prefix=orphan.prefix)
        yield Finding("orphan_tables", severity, text.format(tables=tables), step)


def _cut_offs(services: Teleservices) -> Iterable[Finding]:
    for cut_off in known_cut_offs(services.site).values():
        text = _("Extension coupée : {name} ({reason})")
        yield Finding(
            "cut_off",
            Severity.WARNING,
            text.format(name=cut_off.plugin, reason=cut_off.reason),
            _("Remettez-la dès que possible : ses modules sont fermés partout."),
        )


def _outbox(services: Teleservices) -> Iterable[Finding]:
    due_at, now = oldest_due_mail(services.engine), services.site.now()
    if due_at is not None and now - due_at > _MAIL_WAITS:
        yield Finding(
            "outbox",
            Severity.ERROR,
            _("Des messages attendent depuis le {when}.").format(
                when=show_timestamp(due_at, services.settings.academie.zone)
            ),
            _("Vérifiez que teleservices worker tourne, et ce qu’il écrit."),
        )


def _ledger(services: Teleservices) -> Iterable[Finding]:
    settings = services.settings
    if settings.ledger is None:
        if not _is_tried(services):
            yield Finding(
                "ledger",
                Severity.WARNING,
                _("Rien ne note hors de la base ce qu’une restauration ne doit pas ramener."),
                _("Renseignez ledger : un fichier, sur un autre disque que la base si possible."),
            )
        return
    try:
        ledger = read_ledger(settings)
        is_kept = os.access(_first_there(settings.ledger), os.W_OK)
    except OSError:
        ledger, is_kept = Ledger(), False
    if not is_kept:
        yield Finding(
            "ledger",
            Severity.ERROR,
            _("{path} ne peut pas être lu ou écrit.").format(path=settings.ledger),
            _("Corrigez ses droits d’accès, ou le réglage ledger, puis relancez le worker."),
        )
    elif ledger.head is not None and services.site.now() - ledger.head.at > _RUN_WAITS:
        yield Finding(
            "ledger",
            Severity.WARNING,
            _("{path} n’est plus tenu à jour depuis le {when}.").format(
                path=settings.ledger, when=show_timestamp(ledger.head.at, settings.academie.zone)
            ),
            _("Faites tourner le worker avec ces réglages, sur la machine où est ce fichier."),
        )
    if not ledger.is_sound:
        yield Finding(
            "ledger",
            Severity.ERROR,
            _("{path} a été modifié, ou écrit avec une autre clé que secret_key.").format(
                path=settings.ledger
            ),
            _(
                "Remettez la clé d’avant dans former_secret_keys, ou la dernière copie de ce "
                "fichier ; à défaut, mettez-le de côté : un nouveau sera commencé."
            ),
        )
    if ledger.head is not None and is_behind(services.site, ledger.head):
        yield Finding(
            "ledger",
            Severity.ERROR,
            show_behind(ledger.head.at, settings.academie.zone),
            _(
                "Remettez une sauvegarde avec : teleservices restore FICHIER. Sans cela, "
                "d’anciens mots de passe, liens et connexions vivent de nouveau."
            ),
        )


def _first_there(path: Path) -> Path:
    return next(each for each in (path, *path.absolute().parents) if each.exists())


def _restored(services: Teleservices) -> Iterable[Finding]:
    with services.site.database.reading() as tx:
        entry = last_restore(services.site, tx)
    if entry is not None:
        done = show_restored(entry.detail, entry.at, services.settings.academie.zone)
        yield Finding("restored", Severity.WARNING, done, show_to_do(entry.detail))


def _journal(services: Teleservices) -> Iterable[Finding]:
    checked = check_journal(services.site)
    for fault in checked.faults[:_FAULTS]:
        yield Finding(
            "journal",
            Severity.ERROR,
            show_fault(fault, services.settings.academie.zone),
            _(
                "Quelqu’un a écrit dans la base sans passer par le programme. Gardez-la telle "
                "quelle, prévenez le responsable de la sécurité ; voir teleservices journal check."
            ),
        )
    for gap in checked.gaps:
        yield Finding("journal_guards", Severity.ERROR, show_gap(gap), show_mending(gap))


def _matches(services: Teleservices) -> Iterable[Finding]:
    waiting = waiting_everywhere(services.site)
    if waiting:
        number = sum(each for _uai, _kind, each in waiting)
        said = ngettext(
            "{n} rapprochement attend une réponse : deux fiches sont peut-être une personne.",
            "{n} rapprochements attendent une réponse : des fiches sont peut-être une personne.",
            number,
        )
        yield Finding(
            "matches",
            Severity.NOTE,
            said.format(n=number),
            _("Voyez lesquels : teleservices matches list, puis répondez dans les consoles."),
        )


def _many_failures(services: Teleservices) -> Iterable[Finding]:
    with services.site.database.reading() as tx:
        told = told_of_failures(services.site, tx)
    if told is not None:
        yield Finding(
            "many_failures",
            Severity.WARNING,
            _("{number} connexions au moins ont échoué en cinq minutes, le {when}.").format(
                number=told.number,
                when=show_timestamp(told.at, services.settings.academie.zone),
            ),
            _(
                "Quelqu’un essaie peut-être des mots de passe : cherchez d’où dans le journal du "
                "serveur mandataire, et écartez ces adresses."
            ),
        )


def _consultations(services: Teleservices) -> Iterable[Finding]:
    with services.site.database.reading() as tx:
        told = many_consultations(services.site, tx)
    for entry in told:
        yield Finding(
            "consultations",
            Severity.WARNING,
            _("{who} a consulté plus de {n} personnes en un jour, le {when}.").format(
                who=show_actor(entry),
                n=services.settings.consultations_per_day,
                when=show_timestamp(entry.at, services.settings.academie.zone),
            ),
            _("Demandez-lui pourquoi ; le journal de la console dit lesquelles."),
        )


def _second_factors(services: Teleservices) -> Iterable[Finding]:
    site = services.site
    stranded = whose_keys_are_dead(site)
    if stranded:
        yield Finding(
            "security_keys",
            Severity.ERROR,
            ngettext(
                "{n} compte n’a que des clés d’une ancienne adresse du site : {names}.",
                "{n} comptes n’ont que des clés d’une ancienne adresse du site : {names}.",
                len(stranded),
            ).format(n=len(stranded), names=_some(stranded)),
            _(
                "Seuls leurs codes de secours les ouvrent encore : reprenez l’ancienne adresse "
                "dans base_url, ou retirez ces clés par « teleservices accounts reset-factor »."
            ),
        )
    if not services.settings.is_secure or _is_tried(services):
        return
    today = site.academie.today(site.now())
    for lacking in who_lacks_one(site):
        severity = Severity.WARNING
        number, names = len(lacking.names), _some(lacking.names)
        function = ROLE_WORDS[lacking.role]()
        if lacking.due_on is None:
            said = ngettext(
                "{n} compte s’ouvre par un mot de passe seul ({function}) : {names}.",
                "{n} comptes s’ouvrent par un mot de passe seul ({function}) : {names}.",
                number,
            )
            todo = _(
                "Imposez-leur la double authentification : imposed_on et since dans "
                "[second_factor]."
            )
        elif lacking.due_on <= today:
            said = ngettext(
                "{n} compte ({function}) n’a pas la double authentification, exigée depuis le "
                "{when} : {names}.",
                "{n} comptes ({function}) n’ont pas la double authentification, exigée depuis le "
                "{when} pour le premier : {names}.",
                number,
            )
            todo = _(
                "À la prochaine connexion, rien d’autre ne leur est ouvert : demandez-leur de "
                "l’installer avant que leur mot de passe ne soit volé."
            )
        else:
            said = ngettext(
                "{n} compte ({function}) n’a pas encore la double authentification, exigée le "
                "{when} : {names}.",
                "{n} comptes ({function}) n’ont pas encore la double authentification, exigée le "
                "{when} pour le premier : {names}.",
                number,
            )
            severity = Severity.NOTE
            todo = _("Prévenez-les : « Mon compte », « Double authentification ».")
        when = show_date(lacking.due_on) if lacking.due_on else ""
        text = said.format(n=number, names=names, function=function, when=when)
        yield Finding("second_factor", severity, text, todo)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join([*names[:_NAMED], *([f"+ {more}"] if more > 0 else [])])


def _worker(services: Teleservices) -> Iterable[Finding]:
    site, every = services.site, services.settings.worker.every
    with site.database.reading() as tx:
        beat, living = tx.jobs.last_beat(), tx.lifecycle.living()
    if beat is None and living:
        yield Finding(
            "worker",
            Severity.WARNING,
            _("Aucun worker n’a encore tourné : ni message ni travail ne part."),
            _(
                "Faites tourner teleservices worker, ou programmez teleservices worker --once et "
                "dites sa période : every_minutes dans [worker]."
            ),
        )
    elif beat is not None and is_silent(beat, site.now(), every):
        yield Finding(
            "worker",
            Severity.ERROR,
            _("Aucun worker n’a donné signe de vie depuis le {when}.").format(
                when=show_timestamp(beat, services.settings.academie.zone)
            ),
            _(
                "Relancez teleservices worker et lisez ce qu’il a écrit. Si un minuteur lance "
                "teleservices worker --once, dites sa période : every_minutes dans [worker]."
            ),
        )


def _jobs(services: Teleservices) -> Iterable[Finding]:
    site = services.site
    with site.database.reading() as tx:
        alone = left_alone(tx.jobs.unfinished(), site.now(), services.settings.worker.every)
    if alone:
        kinds = site.catalogue.jobs
        said = ngettext(
            "{n} travail que personne ne fait, demandé le {when} : {what}.",
            "{n} travaux que personne ne fait, le plus ancien demandé le {when} : {what}.",
            len(alone),
        )
        names = (
            f"{kinds[each.kind].label() if each.kind in kinds else each.kind} ({each.uai})"
            for each in alone[:_NAMED]
        )
        when = show_timestamp(alone[0].asked_at, services.settings.academie.zone)
        yield Finding(
            "jobs",
            Severity.ERROR,
            said.format(n=len(alone), when=when, what=", ".join(names)),
            _("Lancez le programme qui les fait : teleservices worker ; puis teleservices jobs."),
        )


def _daily_run(services: Teleservices) -> Iterable[Finding]:
    with services.site.database.reading() as tx:
        runs, living = tx.lifecycle.runs(1), tx.lifecycle.living()
    if living and (not runs or services.site.now() - runs[0].at > _RUN_WAITS):
        yield Finding(
            "daily_run",
            Severity.WARNING,
            _("Le passage quotidien des comptes n’a pas eu lieu depuis deux jours.")
            if runs
            else _("Le passage quotidien des comptes n’a encore jamais eu lieu."),
            _("Programmez chaque jour : teleservices lifecycle run"),
        )


_CHECKS: Final[tuple[Check, ...]] = (_address, _contacts, _files, _mail, _plugins, _zone)
_REACHED: Final[tuple[Check, ...]] = (_database,)
_SCHEMA: Final[tuple[Check, ...]] = (_clock, _limits, _orphans, _migrations)
_STORED: Final[tuple[Check, ...]] = (
    _cut_offs,
    _outbox,
    _many_failures,
    _consultations,
    _second_factors,
    _daily_run,
    _worker,
    _jobs,
    _journal,
    _ledger,
    _restored,
    _matches,
)
