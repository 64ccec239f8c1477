"""``teleservices accounts``: what is done to one account by who runs the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases.lost_factors import find_lost, reset_factor
from teleservices_core.words.factors import tell_not_reset

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener


@click.group()
def accounts() -> None:
    """Un compte à la fois."""


@accounts.command("reset-factor")
@click.argument("login_name", metavar="IDENTIFIANT")
@click.option(
    "--reason",
    required=True,
    help=_("Comment l’identité de la personne a été vérifiée ; inscrit au journal."),
)
@click.option("--yes", is_flag=True, help=_("Ne pas demander confirmation."))
@click.pass_obj
def reset(services: Opener, login_name: str, reason: str, yes: bool) -> None:
    """Retirer la double authentification d’un personnel qui a perdu son téléphone.

    Ses connexions sont fermées, ses codes de secours éteints, et un message le prévient.
    """
    site = services().site
    try:
        found = find_lost(site, None, login_name)
        if not yes:
            said = _("Retirer la double authentification de {name} ({login}) ?")
            named = {"name": found.account.display_name, "login": found.account.login_name}
            click.confirm(said.format(**named), abort=True)
        reset_factor(site, None, login_name, reason)
    except RefusedError as refused:
        raise click.ClickException(tell_not_reset(refused)) from None
    click.echo(_("Retirée. Un nouveau code sera à installer dans « Mon compte »."))
