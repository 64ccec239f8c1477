"""The command ``teleservices``: the same use cases as the pages, for who runs a site."""

from __future__ import annotations

import os
from pathlib import Path

import click
from attrs import evolve

from teleservices_core import builtin
from teleservices_core.app import Teleservices
from teleservices_core.commands.accounts import accounts
from teleservices_core.commands.backup import backup, restore
from teleservices_core.commands.campaigns import campaign
from teleservices_core.commands.data import data
from teleservices_core.commands.directory import establishments, staff
from teleservices_core.commands.doctor import doctor
from teleservices_core.commands.importing import import_group
from teleservices_core.commands.incident import incident
from teleservices_core.commands.jobs import jobs
from teleservices_core.commands.journal import journal
from teleservices_core.commands.letters import letters
from teleservices_core.commands.lifecycle import lifecycle
from teleservices_core.commands.mail import mail
from teleservices_core.commands.matches import matches
from teleservices_core.commands.modules import modules
from teleservices_core.commands.operations import migrate, plugins, serve
from teleservices_core.commands.policy import policy
from teleservices_core.commands.synth import synth
from teleservices_core.commands.worker import worker
from teleservices_core.errors import SettingsError, TeleservicesError, UnavailableError
from teleservices_core.failures import trace
from teleservices_core.files import OTHERS
from teleservices_core.i18n import _
from teleservices_core.logs import tell_by_type, write_logs
from teleservices_core.plugins import PluginHost
from teleservices_core.settings import load_settings

DEFAULT_SETTINGS = "teleservices.toml"


class _WithPlugins(click.Group):
    """The core's commands, and one group for each plugin that declares commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self._contributed()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or self._contributed().get(cmd_name)

    def _contributed(self) -> dict[str, click.Command]:
        # Declarations need no settings and no database.
        host = PluginHost(builtin)
        commands = [c.command for each in host.catalogue.declared.values() for c in each.commands]
        return {command.name: command for command in commands if command.name}

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except UnavailableError as away:
            said = _("La base de données ne répond pas ({reason}). Recommencez plus tard.")
            raise click.ClickException(said.format(reason=away.reason)) from away
        except TeleservicesError as error:
            raise click.ClickException(str(error)) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 - nobody's data is to stay on a screen
            if isinstance(error, OSError) and error.strerror and error.filename:
                raise click.ClickException(f"{error.filename}: {error.strerror}") from None
            said = _("Erreur du programme ; signalez-la avec ces lignes :\n{trace}")
            raise click.ClickException(said.format(trace=trace(error))) from None


@click.group(cls=_WithPlugins, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--settings",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=lambda: os.environ.get("TELESERVICES_SETTINGS", DEFAULT_SETTINGS),
    show_default=DEFAULT_SETTINGS,
    help=_("Fichier de réglages du site (ou variable TELESERVICES_SETTINGS)."),
)
@click.pass_context
def main(ctx: click.Context, path: Path) -> None:
    """Téléservices : outils d’une académie et de ses établissements."""
    write_logs()
    # What libraries write, such as counts that processes share, is not made by ``files``.
    ctx.call_on_close(tell_by_type())
    before = os.umask(OTHERS)
    ctx.call_on_close(lambda: os.umask(before))

    def services() -> Teleservices:
        try:
            settings = load_settings(path)
            write_logs(level=settings.logs.level, as_json=settings.logs.json)
            # What a command does may be long; pages, which ``serve`` makes, may not.
            opened = Teleservices(evolve(settings, database=settings.database.patient))
        except SettingsError as error:
            raise click.ClickException(
                _("{error}\nIndiquez un fichier avec --settings.").format(error=error)
            ) from None
        ctx.call_on_close(opened.engine.dispose)
        return opened

    ctx.obj = services


for command in (
    accounts,
    backup,
    campaign,
    data,
    doctor,
    establishments,
    import_group,
    incident,
    jobs,
    journal,
    letters,
    lifecycle,
    mail,
    matches,
    migrate,
    modules,
    plugins,
    policy,
    restore,
    serve,
    staff,
    synth,
    worker,
):
    main.add_command(command)
