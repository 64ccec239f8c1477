"""Commands of who runs the site: schema, plugins, server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from teleservices_core.commands.options import dry_run
from teleservices_core.errors import MigrationRefusedError
from teleservices_core.i18n import _
from teleservices_core.storage.migrate import guards_to_mend
from teleservices_core.usecases.cut_offs import known_cut_offs

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener


@click.command()
@dry_run
@click.pass_obj
def migrate(services: Opener, dry_run: bool) -> None:
    """Mettre la base au schéma de cette version (tout ou rien)."""
    opened = services()
    try:
        todo = opened.pending_migrations()
        gone = [] if todo else guards_to_mend(opened.engine)
        done = todo if dry_run else opened.migrate()
    except MigrationRefusedError as error:
        raise click.ClickException(_refusal(error)) from None
    for prefix, revision in done:
        click.echo(f"{prefix.rstrip('_'):<12} {revision}")
    if gone:
        text = _("À remettre : {names}") if dry_run else _("Remis : {names}")
        click.echo(text.format(names=", ".join(gap.name for gap in gone)))
    elif not done:
        click.echo(_("La base est à jour."))


def _refusal(error: MigrationRefusedError) -> str:
    texts = {
        "taken": _(
            "Des tables de « {plugin} » portent le nom de tables qui sont déjà là et qui ne sont "
            "pas aux Téléservices : {names}. Donnez aux Téléservices une base à eux, ou renommez "
            "ces tables."
        ),
        "strays": _(
            "Les migrations de « {plugin} » touchent à ce qui n’est pas à « {plugin} » : {names}. "
            "Signalez-le à qui écrit l’extension ; d’ici là, retirez-la ou gardez sa version "
            "d’avant."
        ),
        "newer": _(
            "La base est d’une version plus récente de « {plugin} » que le programme : {names}. "
            "Installez cette version, ou revenez à une sauvegarde."
        ),
        "unreadable": _(
            "Les migrations de « {plugin} » ne peuvent pas être lues : {names}. Installez-la de "
            "nouveau, ou retirez-la."
        ),
        "fails": _(
            "Une migration de « {plugin} » est refusée par la base : {names}. Le journal du "
            "serveur de base de données dit laquelle."
        ),
    }
    text = texts[error.code].format(plugin=error.prefix.rstrip("_"), names=", ".join(error.names))
    if error.names == ("COMMIT",):
        return text
    return _("{text} Rien n’a été changé.").format(text=text)


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
    """Servir le site ; personne n’attend à cause d’une connexion lente."""
    from teleservices_core.serving import serve_site

    assert ctx.parent is not None  # noqa: S101 - a command of the group
    serve_site(ctx.parent.params["path"], host=host, port=port, workers=workers)
