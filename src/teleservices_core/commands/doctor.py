"""``teleservices doctor``: is the site in good order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from attrs import asdict

from teleservices_core.commands.options import print_json
from teleservices_core.i18n import _

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener


@click.command()
@click.option("--json", "as_json", is_flag=True, help=_("Réponse en JSON."))
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Dire ce qui manque, ce qui est de trop, et que faire. Ne change rien.

    Le code de sortie est 1 s’il y a au moins une erreur, 0 sinon.
    """
    from teleservices_core.doctor import Severity, examine

    opener: Opener = ctx.obj
    found = examine(opener())
    if as_json:
        print_json([asdict(each) for each in found])
    elif not found:
        click.echo(_("Rien à signaler."))
    else:
        words = {
            Severity.ERROR: _("Erreur"),
            Severity.WARNING: _("Attention"),
            Severity.NOTE: _("Pour information"),
        }
        for each in found:
            click.echo(f"{words[each.severity]} ({each.check}) : {each.text}")
            if each.next_step:
                click.echo(f"  → {each.next_step}")
    ctx.exit(1 if any(each.severity is Severity.ERROR for each in found) else 0)
