"""Options and types shared by commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from teleservices_core.domain.values import Uai
from teleservices_core.errors import InvalidValueError
from teleservices_core.i18n import _

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
