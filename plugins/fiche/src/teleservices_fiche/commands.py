"""``teleservices fiche``: what waits, accept, carry to the school base, remind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

from teleservices_core.commands.options import (
    as_json,
    division,
    dry_run,
    establishment,
    print_json,
    read_uai,
)
from teleservices_core.errors import ConflictError
from teleservices_core.files import private_file
from teleservices_core.i18n import _, ngettext, show_timestamp
from teleservices_fiche.exchange.delta_csv import delta_csv
from teleservices_fiche.exchange.delta_xml import delta_xml, missing
from teleservices_fiche.school_words import COMPARISON_WORDS, school_field
from teleservices_fiche.showing import show_value
from teleservices_fiche.store.school import FicheSchoolStore
from teleservices_fiche.usecases.deciding import (
    AT_ONCE,
    Decided,
    Look,
    Wanted,
    decide_many,
    list_proposals,
    look_at,
)
from teleservices_fiche.usecases.exporting import list_deltas, open_delta, read_delta
from teleservices_fiche.usecases.rounds import remind as send_reminders

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_core.domain.values import Uai
    from teleservices_core.usecases.site import Site
    from teleservices_fiche.usecases.exporting import Delta


@frozen
class Exported:
    """What was put together, and written."""

    batch: int | None
    """None: nothing yet."""
    changes: int
    only_in_csv: int = 0
    """Those that have no place in the file for SIECLE."""
    files: tuple[Path, ...] = ()


@click.group()
def fiche() -> None:
    """Fiche de renseignements : demandes, envois, rappels."""


def _waiting(site: Site, uai: Uai, class_group: str) -> list[Look]:
    wanted = Wanted(class_group=class_group or None)
    slips = list_proposals(site, None, uai, wanted, FicheSchoolStore).slips
    return [
        look
        for start in range(0, len(slips), AT_ONCE)
        for look in look_at(
            site, None, uai, [each.id for each in slips[start : start + AT_ONCE]], FicheSchoolStore
        )
    ]


@fiche.command()
@establishment
@division
@as_json
@click.pass_obj
def waiting(services: Opener, uai: Uai, division: str, as_json: bool) -> None:
    """Montrer ce que les familles demandent et que personne n’a décidé."""
    site = services().site
    looks = _waiting(site, uai, division)
    if as_json:
        print_json([_described(each) for each in looks])
        return
    for look in looks:
        each = look.proposal
        before = show_value(each.person.kind, each.field, look.current) or "–"
        after = show_value(each.person.kind, each.field, each.proposed) or "–"
        field = school_field(each.person.kind, each.field)
        line = f"{look.filed.class_group:8} {_named(look)} – {field} : {before} → {after}"
        click.echo(line if look.is_plain else f"{line}  [{_conflict_words(look)}]")
    told = ngettext("{n} demande à traiter.", "{n} demandes à traiter.", len(looks))
    click.echo(told.format(n=len(looks)))


def _named(look: Look) -> str:
    student, person = look.filed.student, look.filed.person
    return student if person == student else f"{student} ({person})"


def _conflict_words(look: Look) -> str:
    return _("demandes différentes") if look.others else COMPARISON_WORDS[look.comparison]()


def _described(look: Look) -> dict[str, Any]:
    each = look.proposal
    return {
        "id": each.id,
        "number": each.number,
        "class_group": look.filed.class_group,
        "student": look.filed.student,
        "person": look.filed.person,
        "field": f"{each.person.kind}.{each.field}",
        "current": show_value(each.person.kind, each.field, look.current),
        "proposed": show_value(each.person.kind, each.field, each.proposed),
        "made_at": each.made_at.isoformat(),
        "is_conflict": not look.is_plain,
    }


@fiche.command()
@establishment
@division
@dry_run
@as_json
@click.pass_obj
def accept(services: Opener, uai: Uai, division: str, dry_run: bool, as_json: bool) -> None:
    """Accepter toutes les demandes où il n’y a rien à comparer.

    Les autres restent à traiter, une à une, dans la console de l’établissement.
    """
    site = services().site
    looks = _waiting(site, uai, division)
    plain = [each.proposal for each in looks if each.is_plain]
    done = Decided(len(plain), len(looks) - len(plain))
    if not dry_run:
        done = Decided(conflicts=done.conflicts)
        for start in range(0, len(plain), AT_ONCE):
            picked = {each.id: each.version for each in plain[start : start + AT_ONCE]}
            some = decide_many(site, None, uai, picked, accept=True, opens=FicheSchoolStore)
            done = Decided(
                done.done + some.done,
                done.conflicts + some.conflicts,
                done.changed + some.changed,
            )
    if as_json:
        counts = {"accepted": done.done, "conflicts": done.conflicts, "changed": done.changed}
        print_json({**counts, "dry_run": dry_run})
        return
    click.echo(
        _("{done} acceptées, {conflicts} à comparer, {changed} changées entre-temps.").format(
            done=done.done, conflicts=done.conflicts, changed=done.changed
        )
    )
    _say_dry(dry_run)


@fiche.command()
@establishment
@click.option("--batch", type=int, help=_("Reprendre un envoi déjà préparé."))
@click.option(
    "--to",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help=_("Dossier où écrire les fichiers."),
)
@dry_run
@as_json
@click.pass_obj
def export(
    services: Opener, uai: Uai, batch: int | None, folder: Path, dry_run: bool, as_json: bool
) -> None:
    """Préparer un envoi vers la base élèves, ou écrire de nouveau un envoi.

    Deux fichiers : IMPORT_ELEVES en XML pour SIECLE, et un tableau CSV.
    """
    site = services().site
    if batch is None:
        if dry_run:
            pending = list_deltas(site, None, uai, FicheSchoolStore).pending
            _say_export(Exported(None, pending), as_json=as_json, dry_run=True)
            return
        try:
            made = open_delta(site, None, uai, FicheSchoolStore)
        except ConflictError:
            raise click.ClickException(_("Un autre envoi se prépare : recommencez.")) from None
        if made is None:
            _say_export(Exported(None, 0), as_json=as_json, dry_run=False)
            return
        batch = made.number
    delta = read_delta(site, None, uai, batch, FicheSchoolStore)
    done = Exported(
        batch,
        delta.batch.changes,
        len(missing(site, delta, FicheSchoolStore)),
        () if dry_run else _write(site, uai, delta, folder),
    )
    _say_export(done, as_json=as_json, dry_run=dry_run)


def _write(site: Site, uai: Uai, delta: Delta, folder: Path) -> tuple[Path, ...]:
    stem = f"fiches-{uai}-{delta.batch.number}"
    found = {
        folder / f"{stem}.csv": delta_csv(site, delta, FicheSchoolStore),
        folder / f"{stem}.xml": delta_xml(site, delta, FicheSchoolStore),
    }
    written = {path: pieces for path, pieces in found.items() if pieces is not None}
    for path, pieces in written.items():
        with private_file(path) as file:
            file.writelines(pieces)
    return tuple(written)


def _say_export(done: Exported, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        named = [str(each) for each in done.files]
        counts = {"batch": done.batch, "changes": done.changes, "only_in_csv": done.only_in_csv}
        print_json({**counts, "files": named, "dry_run": dry_run})
        return
    if done.batch is None and not dry_run:
        click.echo(_("Rien à envoyer."))
        return
    told = ngettext("{n} modification.", "{n} modifications.", done.changes).format(n=done.changes)
    number = "" if done.batch is None else _("Envoi {number} : ").format(number=done.batch)
    click.echo(number + told)
    if done.only_in_csv:
        said = ngettext(
            "{n} n’est que dans le tableau, qui dit pourquoi.",
            "{n} ne sont que dans le tableau, qui dit pourquoi.",
            done.only_in_csv,
        )
        click.echo(said.format(n=done.only_in_csv))
    for each in done.files:
        click.echo(str(each))
    _say_dry(dry_run)


@fiche.command()
@click.option(
    "--establishment",
    "uai",
    callback=read_uai,
    help=_("UAI ; tous les établissements par défaut."),
)
@dry_run
@as_json
@click.pass_obj
def remind(services: Opener, uai: Uai | None, dry_run: bool, as_json: bool) -> None:
    """Rappeler de confirmer la fiche, là où un rappel est prévu ce jour. À lancer chaque jour.

    Peut être relancée sans risque : un rappel ne part qu’une fois. Un jour sans lancement se
    rattrape dans les trois jours.
    """
    site = services().site
    found = send_reminders(site, FicheSchoolStore, only=uai, dry_run=dry_run)
    if as_json:
        print_json(
            {
                "at": site.now().isoformat(),
                "dry_run": dry_run,
                "reminders": [
                    {"establishment": each.uai.code, "mails": each.mails, "left": each.left}
                    for each in found
                ],
            }
        )
        return
    click.echo(show_timestamp(site.now(), site.academie.zone))
    for each in found:
        said = _("{uai} : {n} rappels") if each.left else _("{uai} : déjà partis, ou module fermé")
        click.echo(said.format(uai=each.uai, n=each.mails))
    if not found:
        click.echo(_("Aucun rappel à envoyer."))
    _say_dry(dry_run)


def _say_dry(dry_run: bool) -> None:
    if dry_run:
        click.echo(_("Simulation : rien n’a été écrit."))
