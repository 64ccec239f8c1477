"""``teleservices campaign``: the rounds of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from teleservices_core.commands.options import (
    as_json,
    dry_run,
    local_time,
    print_json,
    read_uai,
    school_year,
)
from teleservices_core.commands.showing import consequence_json, show_flips
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Campaign
from teleservices_core.domain.values import Uai
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases.campaigns import (
    RoundPlan,
    carry_out,
    find_campaign,
    plan_cancel,
    plan_extension,
    plan_round,
)
from teleservices_core.words.academy import DOUBT_WORDS, REFUSAL_WORDS, show_span

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_core.usecases.site import Site

_ESTABLISHMENT = click.option(
    "--establishment", "uai", callback=read_uai, help=_("Pour un seul établissement.")
)
_CLOSES = click.option(
    "--closes", required=True, help=_("Dernière minute, comprise, à l’heure de l’académie.")
)
_ID = click.argument("campaign_id", type=click.UUID, metavar="TOUR")


@click.group()
def campaign() -> None:
    """Campagnes : les tours pendant lesquels un module est ouvert."""


def _json(site: Site, each: Campaign) -> dict[str, Any]:
    window = each.window
    return {
        "id": str(each.id),
        "module": each.module_id,
        "school_year": str(each.school_year),
        "title": each.title,
        "establishment": each.uai.code if each.uai else None,
        "from_at": window.from_at.isoformat() if window.from_at else None,
        "until_at": window.until_at.isoformat() if window.until_at else None,
        "words": show_span(window.from_at, window.until_at, site.academie.zone),
    }


@campaign.command("list")
@school_year
@as_json
@click.pass_obj
def list_(services: Opener, school_year: SchoolYear | None, as_json: bool) -> None:
    """Lister les tours d’une année scolaire."""
    site = services().site
    year = school_year or site.school_year()
    with site.database.reading() as tx:
        found = sorted(tx.policy.whole(year).campaigns, key=lambda c: (c.module_id, str(c.id)))
    lines = [_json(site, each) for each in found]
    if as_json:
        print_json(lines)
        return
    if not lines:
        click.echo(_("Aucun tour pour {year}.").format(year=year))
    for line in lines:
        where = f", {line['establishment']}" if line["establishment"] else ""
        click.echo(f"{line['id']}  {line['module']}, {line['title']}{where} : {line['words']}")


@campaign.command("add")
@click.argument("module_id", metavar="MODULE")
@click.option("--opens", required=True, help=_("Première minute, à l’heure de l’académie."))
@_CLOSES
@click.option("--title", default="", help=_("Nom du tour."))
@_ESTABLISHMENT
@school_year
@dry_run
@as_json
@click.pass_obj
def add(
    services: Opener,
    module_id: str,
    opens: str,
    closes: str,
    title: str,
    uai: Uai | None,
    school_year: SchoolYear | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Ajouter un tour, première et dernière minutes comprises."""
    site = services().site
    year = school_year or site.school_year()
    span = local_time(opens), local_time(closes)
    plan = _planned(lambda: plan_round(site, module_id, year, *span, uai, title))
    _do(site, plan, dry_run=dry_run, as_json=as_json)


@campaign.command("extend")
@_ID
@_CLOSES
@_ESTABLISHMENT
@dry_run
@as_json
@click.pass_obj
def extend(
    services: Opener,
    campaign_id: UUID,
    closes: str,
    uai: Uai | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Prolonger un tour, pour tous ou pour un seul établissement."""
    site = services().site
    until = local_time(closes)
    shown = find_campaign(site, campaign_id)
    plan = _planned(lambda: plan_extension(site, shown, until, uai))
    _do(site, plan, dry_run=dry_run, as_json=as_json)


@campaign.command("cancel")
@_ID
@dry_run
@as_json
@click.pass_obj
def cancel(services: Opener, campaign_id: UUID, dry_run: bool, as_json: bool) -> None:
    """Annuler un tour."""
    site = services().site
    plan = plan_cancel(site, find_campaign(site, campaign_id))
    _do(site, plan, dry_run=dry_run, as_json=as_json)


def _planned(plan: Any) -> RoundPlan:
    try:
        found: RoundPlan = plan()
    except RefusedError as refused:
        _field, words = REFUSAL_WORDS[refused.code]
        raise click.ClickException(words()) from None
    return found


def _do(site: Site, plan: RoundPlan, *, dry_run: bool, as_json: bool) -> None:
    if not dry_run:
        carry_out(site, None, plan, seen=plan.seen)
    doubts = [DOUBT_WORDS[doubt]() for doubt in plan.doubts]
    before, after = (_json(site, each) if each else None for each in (plan.before, plan.after))
    if as_json:
        told = {"dry_run": dry_run, "before": before, "after": after, "doubts": doubts}
        print_json({**told, **consequence_json(plan.consequence)})
        return
    click.secho(_("Simulation, rien n’a été écrit") if dry_run else _("C’est fait"), bold=True)
    for mark, line in (("-", before), ("+", after)):
        if line:
            click.echo(f"{mark} {line['id']}  {line['module']}, {line['title']} : {line['words']}")
    for doubt in doubts:
        click.secho(f"! {doubt}", fg="yellow")
    show_flips(plan.consequence)
