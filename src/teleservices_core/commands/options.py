"""Options and types shared by commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.errors import InvalidValueError
from teleservices_core.i18n import _
from teleservices_core.words.academy import departement_code

if TYPE_CHECKING:
    from teleservices_core.app import Teleservices

    Opener = Callable[[], Teleservices]


def read_uai(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Uai | None:
    """Read a UAI and verify its check letter, or say what is wrong with it."""
    try:
        return None if value is None else Uai(value)
    except InvalidValueError as error:
        raise click.BadParameter(str(error)) from None


establishment = click.option(
    "--establishment",
    "uai",
    callback=read_uai,
    required=True,
    help=_("UAI de l’établissement, par exemple 0219999E."),
)
dry_run = click.option(
    "--dry-run", is_flag=True, help=_("Montrer ce qui serait fait, sans rien écrire.")
)
as_json = click.option("--json", "as_json", is_flag=True, help=_("Réponse en JSON."))
audiences = click.option(
    "--audience",
    type=click.Choice(["guardian", "student", "all"]),
    default="all",
    show_default=True,
    help=_("Public concerné."),
)


def _read_year(
    _ctx: click.Context, _param: click.Parameter, value: str | None
) -> SchoolYear | None:
    try:
        return None if value is None else SchoolYear.parse(value)
    except InvalidValueError as error:
        raise click.BadParameter(str(error)) from None


school_year = click.option(
    "--year",
    "school_year",
    callback=_read_year,
    help=_("Année scolaire, par exemple 2026-2027 ; l’année en cours par défaut."),
)


def _read_departement(
    _ctx: click.Context, _param: click.Parameter, value: str | None
) -> str | None:
    return None if value is None else departement_code(value)


departement = click.option(
    "--departement",
    callback=_read_departement,
    help=_("Département, par exemple 21, 2A ou 974."),
)


def _read_level(
    _ctx: click.Context, _param: click.Parameter, value: str | None
) -> ClassLevel | None:
    return None if value is None else ClassLevel(value)


level = click.option(
    "--level",
    type=click.Choice([each.value for each in ClassLevel]),
    callback=_read_level,
    help=_("Un seul niveau de l’établissement."),
)
division = click.option("--division", default="", help=_("Une seule classe, par exemple « 3 A »."))


def local_time(text: str) -> datetime:
    """Read a local time such as ``2027-06-29 14:30``; seconds do not count."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(_("attendu : 2027-06-29 14:30")) from None
    if found.tzinfo is not None:
        raise click.BadParameter(_("donnez l’heure de l’académie, sans décalage"))
    return found.replace(second=0, microsecond=0)


def chosen_audiences(text: str, known: Sequence[Audience]) -> tuple[Audience, ...]:
    """The audiences that an option means, among those of a module."""
    return tuple(each for each in known if text in {"all", each.value})


def print_json(value: Any) -> None:
    """A value for another program."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
