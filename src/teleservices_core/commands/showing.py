"""Decisions and their consequences, printed for people and for programs."""

from __future__ import annotations

from typing import Any, Final

import click

from teleservices_core.commands.options import print_json
from teleservices_core.domain.changes import Change
from teleservices_core.domain.consequences import Consequence, Flip, Landscape
from teleservices_core.i18n import _, ngettext
from teleservices_core.usecases.answers import ModuleAnswer
from teleservices_core.usecases.plans import Plan
from teleservices_core.words.academy import AUDIENCES_WORDS, show_scope, show_stance

_SHOWN: Final = 20


def trace_json(answered: ModuleAnswer) -> dict[str, Any]:
    """A decision with every vote."""
    told, question = answered.told, answered.told.question
    return {
        "establishment": question.establishment.uai.code,
        "module": answered.decision.module.id,
        "audience": question.audience.value,
        "school_year": str(question.school_year),
        "at": question.at.isoformat(),
        "is_open": answered.is_open,
        "state": told.state,
        "since": _iso(answered.decision.since_at),
        "flips_at": _iso(answered.flips_at),
        "reason": answered.decision.reason.reason,
        "family": told.family,
        "next_step": told.next_step,
        "staff": told.staff,
        "lever": told.lever,
        "votes": [
            {
                "rule": vote.rule,
                "effect": vote.effect.value,
                "reason": vote.reason,
                "words": vote.words,
                "since": vote.since,
                "until": vote.until,
                "lever": vote.lever,
                "is_decisive": vote.is_decisive,
            }
            for vote in told.trace
        ],
    }


def _iso(at: Any) -> str | None:
    return at.isoformat() if at else None


def show_trace(answered: ModuleAnswer) -> None:
    """The same for people."""
    told, question = answered.told, answered.told.question
    said = _("{module} pour les {audience}, {school}, {year} : {state}")
    click.secho(
        said.format(
            module=answered.decision.module.title,
            audience=AUDIENCES_WORDS[question.audience](),
            school=question.establishment.name,
            year=question.school_year,
            state=told.state.lower(),
        ),
        bold=True,
    )
    for line in (told.staff, told.lever, told.since):
        if line:
            click.echo(f"  {line}")
    click.echo(_("La famille lit : {text}").format(text=f"{told.family} {told.next_step}".strip()))
    marks = {"deny": _("ferme"), "allow": _("ouvre"), "abstain": _("sans avis")}
    for vote in told.trace:
        mark = "*" if vote.is_decisive else " "
        span = " ; ".join(filter(None, (vote.words, vote.since, vote.until)))
        click.echo(f"{mark} {marks[vote.effect]:<10} {vote.rule:<22} {span}")
        if vote.is_decisive:
            click.echo(f"    {vote.lever}")


def change_json(change: Change, upon: Landscape) -> dict[str, Any]:
    """One choice, with what stood there."""
    before = change.before(upon.policy, upon.school_year)
    return {
        "rank": change.scope.rank.name.lower(),
        "place": change.scope.place,
        "part": change.scope.part,
        "module": change.module_id,
        "audience": change.audience.value,
        "before": before.value if before else None,
        "after": change.stance.value if change.stance else None,
    }


def show_change(change: Change, upon: Landscape) -> None:
    """One choice, in a line."""
    names = {each.uai.code: each.name for each in upon.establishments}
    before = change.before(upon.policy, upon.school_year)
    rank = change.scope.rank
    click.echo(
        f"  {change.module_id} {change.audience.value}, {show_scope(change.scope, names)} : "
        f"{show_stance(before, rank)} → {show_stance(change.stance, rank)}"
    )


def consequence_json(told: Consequence) -> dict[str, Any]:
    """What turns."""

    def lines(flips: tuple[Flip, ...]) -> list[dict[str, Any]]:
        return [
            {
                "establishment": flip.establishment.uai.code,
                "module": flip.module.id,
                "audience": flip.audience.value,
                "parts": [part.part for part in flip.parts],
            }
            for flip in flips
        ]

    return {
        "opened": lines(told.opened),
        "closed": lines(told.closed),
        "waiting": lines(told.waiting),
        "overruled": len(told.overruled),
    }


def show_flips(told: Consequence) -> None:
    """What turns, for people."""
    for title, flips in (
        (_("S’ouvre"), told.opened),
        (_("Se ferme"), told.closed),
        (_("Reste fermé pour une autre raison"), told.waiting),
    ):
        if not flips:
            continue
        click.echo(f"{title} ({len(flips)})")
        for flip in flips[:_SHOWN]:
            parts = f" ({', '.join(part.label for part in flip.parts)})" if flip.parts else ""
            school = f"{flip.establishment.uai} {flip.establishment.name}{parts}"
            click.echo(f"  {flip.module.id} {flip.audience.value}, {school}")
        rest = len(flips) - _SHOWN
        if rest > 0:
            click.echo(ngettext("  … et {n} autre", "  … et {n} autres", rest).format(n=rest))
    if number := len(told.overruled):
        said = ngettext(
            "{n} choix d’établissement ne compte plus.",
            "{n} choix d’établissements ne comptent plus.",
            number,
        )
        click.echo(said.format(n=number))


def show_consequence(plan: Plan, *, dry_run: bool, as_json: bool) -> None:
    """What a plan changes, done or not."""
    if as_json:
        print_json(
            {
                "school_year": str(plan.school_year),
                "dry_run": dry_run,
                "changes": [change_json(change, plan.upon) for change in plan.changes],
                **consequence_json(plan.consequence),
            }
        )
        return
    if not plan.changes:
        click.echo(_("C’est déjà ainsi : rien à changer."))
        return
    click.secho(_("Simulation, rien n’a été écrit") if dry_run else _("C’est fait"), bold=True)
    for change in plan.changes:
        show_change(change, plan.upon)
    show_flips(plan.consequence)
