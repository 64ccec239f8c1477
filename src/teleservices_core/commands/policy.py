"""``teleservices policy``: the rectorat's decisions as a file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from teleservices_core.commands.options import as_json, dry_run, print_json, school_year
from teleservices_core.commands.showing import (
    change_json,
    consequence_json,
    show_change,
    show_flips,
)
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Campaign
from teleservices_core.i18n import _
from teleservices_core.usecases.policy_file import (
    PolicyPlan,
    apply_policy,
    plan_policy,
    policy_toml,
    read_policy,
)
from teleservices_core.words.academy import show_span

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_core.usecases.site import Site


@click.group()
def policy() -> None:
    """Décisions du rectorat, dans un fichier TOML."""


@policy.command("show")
@school_year
@as_json
@click.pass_obj
def show(services: Opener, school_year: SchoolYear | None, as_json: bool) -> None:
    """Écrire ce que le rectorat a décidé, tel que « policy apply » le relit."""
    site = services().site
    text = policy_toml(site, school_year or site.school_year())
    if as_json:
        print_json(tomllib.loads(text))
        return
    click.echo(text, nl=False)


@policy.command("apply")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@dry_run
@as_json
@click.pass_obj
def apply(services: Opener, file: Path, dry_run: bool, as_json: bool) -> None:
    """Rendre les décisions du rectorat conformes à un fichier, en une fois.

    Ce qui n’est pas dans le fichier est annulé ; les choix des établissements
    ne sont jamais touchés. Appliquer deux fois le même fichier ne change rien.
    """
    wanted = read_policy(file)
    site = services().site
    if dry_run:
        plan = plan_policy(site, wanted, str(file))
    else:
        plan = apply_policy(site, None, wanted, str(file))
    if as_json:
        print_json(_json(plan, dry_run))
    else:
        _show(site, plan, dry_run)


def _json(plan: PolicyPlan, dry_run: bool) -> dict[str, Any]:
    def told(each: Campaign | None) -> dict[str, Any] | None:
        if each is None:
            return None
        window = each.window
        return {
            "module": each.module_id,
            "title": each.title,
            "establishment": each.uai.code if each.uai else None,
            "from_at": window.from_at.isoformat() if window.from_at else None,
            "until_at": window.until_at.isoformat() if window.until_at else None,
        }

    return {
        "school_year": str(plan.school_year),
        "dry_run": dry_run,
        "changes": [change_json(change, plan.upon) for change in plan.changes],
        "rounds": [{"before": told(r.before), "after": told(r.after)} for r in plan.rounds],
        **consequence_json(plan.consequence),
    }


def _show(site: Site, plan: PolicyPlan, dry_run: bool) -> None:
    if plan.changes_nothing:
        click.echo(_("C’est déjà ainsi : rien à changer."))
        return
    click.secho(_("Simulation, rien n’a été écrit") if dry_run else _("C’est fait"), bold=True)
    for change in plan.changes:
        show_change(change, plan.upon)
    for moved in plan.rounds:
        for mark, each in (("-", moved.before), ("+", moved.after)):
            if each is not None:
                span = show_span(each.window.from_at, each.window.until_at, site.academie.zone)
                where = f", {each.uai}" if each.uai else ""
                click.echo(f"{mark} {each.module_id}, {each.title}{where} : {span}")
    show_flips(plan.consequence)
