"""``teleservices letters``: credential letters as PDF, or as CSV for mail merge."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from teleservices_core.commands.options import dry_run, read_uai
from teleservices_core.documents.issued import letter_head, letter_sheet
from teleservices_core.documents.letters import write_letters
from teleservices_core.documents.mail_merge import letters_csv
from teleservices_core.documents.sheets import LetterSheet
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.standing import LetterChoice
from teleservices_core.domain.values import Uai
from teleservices_core.errors import NotFoundError
from teleservices_core.files import private_file
from teleservices_core.i18n import _, ngettext
from teleservices_core.usecases.letters import (
    FAMILIES,
    LetterPlan,
    issue_letters,
    plan_letters,
    plan_staff_letters,
)

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_core.ports.office import LetterCandidate
    from teleservices_core.usecases.site import Site

_AUDIENCES = {"guardians": (Audience.GUARDIAN,), "students": (Audience.STUDENT,)}


@click.command()
@click.option("--establishment", "uai", callback=read_uai, help=_("UAI de l’établissement."))
@click.option("--staff", is_flag=True, help=_("Les personnels, au lieu d’un établissement."))
@click.option("--division", help=_("Une seule classe, par exemple « 3 A »."))
@click.option(
    "--audience",
    type=click.Choice(["all", *_AUDIENCES]),
    default="all",
    show_default=True,
    help=_("Responsables, élèves ou tous."),
)
@click.option(
    "--which",
    type=click.Choice([choice.replace("_", "-") for choice in LetterChoice]),
    default="never",
    show_default=True,
    help=_("Jamais éditées, expirées, éditées mais pas remises, ou toutes celles non utilisées."),
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("Fichier à écrire : .pdf, ou .csv pour un publipostage."),
)
@dry_run
@click.pass_obj
def letters(
    services: Opener,
    uai: Uai | None,
    staff: bool,
    division: str | None,
    audience: str,
    which: str,
    out: Path | None,
    dry_run: bool,
) -> None:
    """Éditer les notifications (identifiant et mot de passe provisoire).

    Ne concerne que les comptes jamais activés. Une notification remplace les
    précédentes ; son mot de passe n’est conservé nulle part.
    """
    if (uai is None) is not staff:
        raise click.UsageError(_("Indiquez soit --establishment, soit --staff."))
    site = services().site
    plan = _plan(site, uai, division, audience, LetterChoice(which.replace("-", "_")))
    if dry_run or not plan.candidates:
        click.echo(_summary(plan))
        return
    out = out or Path(f"notifications-{uai or 'personnels'}.pdf")
    started = time.perf_counter()
    left_out: list[LetterCandidate] = []
    with click.progressbar(length=len(plan.candidates), label=_("Notifications")) as bar:
        issued = issue_letters(site, plan, progress=bar.update, left_out=left_out.append)
        written = _write(site, plan, map(letter_sheet, issued), out)
    seconds = time.perf_counter() - started
    files = ", ".join(map(str, written))
    said = _("{summary}\nÉcrit en {seconds:.1f} s : {files}")
    click.echo(said.format(summary=_summary(plan), files=files, seconds=seconds))
    for each in left_out:
        unchanged = _("Laissé tel quel, car utilisé entre-temps : {name} ({login_name}).")
        account = each.account
        click.echo(unchanged.format(name=each.recipient, login_name=account.login_name))
    click.echo(_("Ce fichier contient des mots de passe : imprimez-le puis supprimez-le."))


def _plan(
    site: Site, uai: Uai | None, division: str | None, audience: str, which: LetterChoice
) -> LetterPlan:
    if uai is None:
        return plan_staff_letters(site, which=which)
    wanted = _AUDIENCES.get(audience, FAMILIES)
    try:
        return plan_letters(site, uai, class_group=division, audiences=wanted, which=which)
    except NotFoundError as error:
        raise click.ClickException(str(error)) from None


def _write(
    site: Site, plan: LetterPlan, sheets: Iterator[LetterSheet], out: Path
) -> tuple[Path, ...]:
    head = letter_head(site.settings, plan.establishment)
    if out.suffix == ".csv":
        with private_file(out, "w", encoding="utf-8-sig", newline="") as file:
            file.writelines(letters_csv(head, sheets))
        return (out,)
    return write_letters(head, sheets, out)


def _summary(plan: LetterPlan) -> str:
    counts = [
        (Audience.GUARDIAN, _("responsables")),
        (Audience.STUDENT, _("élèves")),
        (Audience.STAFF, _("personnels")),
    ]
    parts = [f"{plan.count(a)} {name}" for a, name in counts if plan.count(a)]
    total = len(plan.candidates)
    said = ngettext("{n} notification", "{n} notifications", total).format(n=total)
    return f"{said} ({', '.join(parts)})" if parts else said
