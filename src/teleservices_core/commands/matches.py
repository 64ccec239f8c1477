"""``teleservices matches``: the persons who may be one, and wait for somebody's answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from teleservices_core.commands.options import as_json, read_uai
from teleservices_core.domain.values import Uai
from teleservices_core.i18n import _, ngettext, show_short_date
from teleservices_core.usecases import matching
from teleservices_core.words.matching import KIND_WORDS, show_traits

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener


@click.group()
def matches() -> None:
    """Rapprochements à vérifier : deux fiches qui sont peut-être une même personne."""


@matches.command("list")
@click.option(
    "--establishment", "uai", callback=read_uai, help=_("UAI d’un établissement : chaque question.")
)
@as_json
@click.pass_obj
def list_waiting(services: Opener, uai: Uai | None, as_json: bool) -> None:
    """Lister ce qui attend une réponse, dans tous les établissements ou dans un seul.

    On répond sur les pages, où les deux fiches sont côte à côte.
    """
    site = services().site
    if uai is not None:
        with site.database.reading() as tx:
            if tx.roster.establishment(uai) is None:
                raise click.ClickException(_("établissement {uai} inconnu").format(uai=uai))
    lines = _questions(services, uai) if uai is not None else _counts(services)
    if as_json:
        click.echo(json.dumps([line for line, _said in lines], ensure_ascii=False, indent=2))
        return
    for _line, said in lines:
        click.echo(said)
    if not lines:
        click.echo(_("Aucun rapprochement à vérifier."))


Line = tuple[dict[str, Any], str]


def _counts(services: Opener) -> list[Line]:
    found = []
    for uai, kind, number in matching.waiting_everywhere(services().site):
        said = ngettext("{uai}  {kind} : {n} question", "{uai}  {kind} : {n} questions", number)
        told = said.format(uai=uai, kind=KIND_WORDS[kind](), n=number)
        found.append(({"uai": uai.code, "kind": kind.value, "waiting": number}, told))
    return found


def _questions(services: Opener, uai: Uai) -> list[Line]:
    site = services().site
    found, names = matching.matches(site, uai)
    lines = []
    for match in found:
        if not match.is_open:
            continue
        persons = [names.get(id_, "") for id_ in (match.older_id, match.newer_id)]
        line = {
            "id": str(match.id),
            "kind": match.kind.value,
            "persons": persons,
            "other_uai": match.other_uai.code if match.other_uai else None,
            "agreeing": list(match.agreeing),
            "differing": list(match.differing),
            "asked_at": match.asked_at.isoformat(),
        }
        said = _("{day}  {kind} : {persons} ; diffère : {differing}").format(
            day=show_short_date(site.academie.today(match.asked_at)),
            kind=KIND_WORDS[match.kind](),
            persons=" / ".join(persons),
            differing=show_traits(match.differing) or "–",
        )
        lines.append((line, said))
    return lines
