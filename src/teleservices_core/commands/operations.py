"""Commands of who runs the site: schema, plugins, server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from teleservices_core.commands.options import dry_run
from teleservices_core.i18n import _
from teleservices_core.usecases.cut_offs import known_cut_offs

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener


@click.command()
@dry_run
@click.pass_obj
def migrate(services: Opener, dry_run: bool) -> None:
    """Mettre la base au schéma de cette version (tout ou rien)."""
    opened = services()
    done = opened.pending_migrations() if dry_run else opened.migrate()
    for prefix, revision in done:
        click.echo(f"{prefix.rstrip('_'):<12} {revision}")
    if not done:
        click.echo(_("La base est à jour."))


@click.command()
@click.pass_obj
def plugins(services: Opener) -> None:
    """Dire l’état de chaque extension, et pourquoi l’une manquerait."""
    opened = services()
    # Before the core's own migrations there is nothing to read.
    if not any(prefix == "core_" for prefix, _revision in opened.pending_migrations()):
        known_cut_offs(opened.site)
    for report in opened.plugins.reports:
        modules = f" [{', '.join(report.modules)}]" if report.modules else ""
        reason = f" : {report.reason}" if report.reason else ""
        click.echo(f"{report.name:<12} {report.state:<12} {report.version:<8}{modules}{reason}")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=1, show_default=True, help=_("Processus, un par cœur."))
@click.pass_context
def serve(ctx: click.Context, host: str, port: int, workers: int) -> None:
    """Servir le site avec granian, un fil d’exécution par processus."""
    from teleservices_core.serving import serve_site

    assert ctx.parent is not None  # noqa: S101 - a command of the group
    serve_site(ctx.parent.params["path"], host=host, port=port, workers=workers)
