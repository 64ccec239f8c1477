"""``teleservices notes publication``: say, try and choose when families see marks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import click

from teleservices_core.commands.options import as_json, dry_run, establishment, print_json
from teleservices_core.domain.accounts import Audience
from teleservices_core.errors import InvalidValueError, NotFoundError, RefusedError
from teleservices_core.i18n import _, ngettext, show_date
from teleservices_notes.model import (
    GradingPeriod,
    GradingPeriodKind,
    Publication,
    PublicationMode,
    PublicationPlan,
    PublicationRule,
    proposed_periods,
)
from teleservices_notes.pages.consequences import ClassLine, Consequences, consequences_of
from teleservices_notes.publication_words import plan_lines, rule_lines, shut_words
from teleservices_notes.store import MarkStore
from teleservices_notes.usecases import publication as publishing
from teleservices_notes.usecases.plans import plan_to_json

if TYPE_CHECKING:
    from uuid import UUID

    from teleservices_core.commands.options import Opener
    from teleservices_core.domain.values import Uai
    from teleservices_core.usecases.site import Site

_AUDIENCES = {"all": None, "guardian": Audience.GUARDIAN, "student": Audience.STUDENT}
_DAY = click.DateTime(["%Y-%m-%d"])

audience = click.option(
    "--audience",
    type=click.Choice(list(_AUDIENCES)),
    default="all",
    show_default=True,
    help=_("Public concerné."),
)
division = click.option("--division", help=_("Une seule classe, par exemple « 3 A »."))
assessment = click.option(
    "--assessment", "assessment_id", type=click.UUID, help=_("Une seule évaluation.")
)


@click.group()
def publication() -> None:
    """Dire ou choisir quand les familles voient les notes de l’année en cours."""


@publication.command()
@establishment
@as_json
@click.pass_obj
def show(services: Opener, uai: Uai, as_json: bool) -> None:
    """Ce qu’un établissement a choisi."""
    site = services().site
    recorded = publishing.publication_plan(site, uai, MarkStore)
    if as_json:
        print_json(
            {
                "establishment": uai.code,
                "school_year": str(site.school_year()),
                "version": recorded.version,
                "plan": plan_to_json(recorded.plan),
                "words": plan_lines(recorded.plan),
            }
        )
        return
    for line in plan_lines(recorded.plan):
        click.echo(line)


@publication.command("set")
@click.argument("mode", type=click.Choice([each.value for each in PublicationMode]))
@click.option("--days", default=0, help=_("Pour after_period : jours laissés après la période."))
@click.option("--on", type=_DAY, help=_("Pour scheduled : cette date, au lieu de la leur."))
@establishment
@audience
@division
@assessment
@dry_run
@as_json
@click.pass_obj
def set_(
    services: Opener, /, mode: str, days: int, on: datetime | None, uai: Uai, **options: Any
) -> None:
    """Choisir la publication d’un établissement, d’une classe ou d’une évaluation.

    immediate, dès la saisie ; rolling, au fil de l’eau, le lendemain de la
    saisie ; scheduled, à échéance, à la date de publication de chaque
    évaluation ; after_period, après chaque trimestre ou semestre. Le plus
    précis l’emporte : une évaluation, puis une classe, puis l’établissement.
    """
    try:
        chosen = Publication(PublicationMode(mode), days, on.date() if on else None)
    except InvalidValueError as error:
        raise click.BadParameter(str(error)) from None
    _choose(services().site, uai, chosen, **options)


@publication.command()
@establishment
@audience
@division
@assessment
@dry_run
@as_json
@click.pass_obj
def unset(services: Opener, /, uai: Uai, **options: Any) -> None:
    """Retirer une exception : la règle plus générale vaut de nouveau."""
    _choose(services().site, uai, None, **options)


@publication.command()
@click.argument("kind", type=click.Choice(["T", "S", "none"]))
@click.option("--starts", type=_DAY, help=_("Premier jour ; celui de l’année par défaut."))
@click.option("--end", "ends", type=_DAY, multiple=True, help=_("Dernier jour de chaque période."))
@establishment
@dry_run
@as_json
@click.pass_obj
def periods(
    services: Opener,
    kind: str,
    starts: datetime | None,
    ends: tuple[datetime, ...],
    uai: Uai,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Donner les trimestres (T) ou les semestres (S) de l’année ; les plus courants par défaut."""
    site = services().site
    try:
        found = _periods(site, kind, starts, [each.date() for each in ends])
    except InvalidValueError as error:
        raise click.BadParameter(str(error)) from None
    _change(site, uai, lambda plan: attrs.evolve(plan, periods=found), dry_run, as_json)


def _periods(
    site: Site, kind: str, starts: datetime | None, ends: list[date]
) -> tuple[GradingPeriod, ...]:
    if kind == "none":
        return ()
    wanted = GradingPeriodKind(kind)
    proposed = proposed_periods(wanted, site.school_year(), site.academie.year_starts)
    starts_on, found = starts.date() if starts else proposed[0].starts_on, []
    for number, ends_on in enumerate(ends or [each.ends_on for each in proposed], 1):
        found.append(GradingPeriod(wanted, number, starts_on, ends_on))
        starts_on = ends_on + timedelta(days=1)
    return tuple(found)


def _choose(
    site: Site,
    uai: Uai,
    chosen: Publication | None,
    *,
    audience: str,
    division: str | None,
    assessment_id: UUID | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    readers = _AUDIENCES[audience]
    if assessment_id is not None:
        _choose_own(site, uai, assessment_id, readers, chosen, dry_run, as_json)
        return

    def change(plan: PublicationPlan) -> PublicationPlan:
        if readers is None and division is None:
            return attrs.evolve(plan, default=chosen or Publication())
        reach = readers, division
        others = [e for e in plan.exceptions if (e.audience, e.class_group) != reach]
        added = [PublicationRule(chosen, readers, division)] if chosen else []
        return attrs.evolve(plan, exceptions=(*others, *added))

    _change(site, uai, change, dry_run, as_json)


def _change(site: Site, uai: Uai, change: publishing.Change, dry_run: bool, as_json: bool) -> None:
    try:
        if dry_run:
            done = publishing.try_plan(site, None, uai, change, MarkStore)
        else:
            seen = publishing.publication_plan(site, uai, MarkStore).version
            done = publishing.change_plan(site, None, uai, change, seen, MarkStore)
    except RefusedError as refused:
        day: Any = refused.detail["day"]
        said = _("Le {day} n’est pas dans l’année scolaire.").format(day=show_date(day))
        raise click.ClickException(said) from None
    before, after = plan_lines(done.before.plan), plan_lines(done.after)
    _tell(site, uai, before, after, consequences_of(done.flips), done.shut, dry_run, as_json)


def _choose_own(
    site: Site,
    uai: Uai,
    assessment_id: UUID,
    readers: Audience | None,
    chosen: Publication | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    try:
        tally, _plan = publishing.assessment_of(site, uai, assessment_id, MarkStore)
    except NotFoundError:
        raise click.BadParameter(_("aucune évaluation de ce numéro cette année")) from None
    recorded = tally.assessment.own_rules
    added = [PublicationRule(chosen, readers)] if chosen else []
    rules = (*(each for each in recorded if each.audience is not readers), *added)
    if dry_run:
        done = publishing.try_own_rules(site, None, uai, assessment_id, rules, MarkStore)
    else:
        seen = publishing.stamp_of(recorded)
        done = publishing.change_own_rules(site, None, uai, assessment_id, rules, seen, MarkStore)
    told = consequences_of(done.flips)
    before, after = rule_lines(recorded), rule_lines(rules)
    _tell(site, uai, before, after, told, done.shut, dry_run, as_json)


def _tell(
    site: Site,
    uai: Uai,
    before: list[str],
    after: list[str],
    told: Consequences,
    shut: frozenset[Audience],
    dry_run: bool,
    as_json: bool,
) -> None:
    if as_json:
        print_json(
            {
                "establishment": uai.code,
                "school_year": str(site.school_year()),
                "dry_run": dry_run,
                "before": before,
                "after": after,
                "shown": [attrs.asdict(each) for each in told.shown],
                "hidden": [attrs.asdict(each) for each in told.hidden],
                "shut": sorted(shut),
            }
        )
        return
    if before == after:
        click.echo(_("C’est déjà ainsi : rien à changer."))
        return
    click.secho(_("Simulation, rien n’a été écrit") if dry_run else _("C’est fait"), bold=True)
    for line in after:
        click.echo(f"  {line}")
    if shut:
        click.echo(shut_words(shut))
    _tell_turned(_("S’affiche aussitôt"), told.shown)
    _tell_turned(_("N’est plus visible"), told.hidden)


def _tell_turned(title: str, lines: tuple[ClassLine, ...]) -> None:
    if not lines:
        return
    click.echo(title)
    for line in lines:
        said = ngettext(
            "  {group}, pour {readers} : {n} note",
            "  {group}, pour {readers} : {n} notes",
            line.marks,
        )
        click.echo(said.format(group=line.class_group, readers=line.readers, n=line.marks))
