"""``python -m academy_demo``: build once, then serve."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from academy_demo.build import PASSWORD, Demo, build, ready
from academy_demo.personas import DemoPersona
from teleservices_core.serving import serve_site


@click.command()
@click.option("--folder", default="var/demo", type=click.Path(file_okay=False, path_type=Path))
@click.option("--pupils", default=1500, show_default=True)
@click.option("--seed", default=7, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--build-only", is_flag=True, help="Build, print who can sign in, and stop.")
def main(folder: Path, pupils: int, seed: int, host: str, port: int, build_only: bool) -> None:
    """Build the demonstration académie in a folder, unless it is there, and serve it."""
    demo = Demo(folder, base_url=f"http://{host}:{port}")
    if not ready(demo):
        build(demo, pupils=pupils, seed=seed)
    show(demo.personas(), demo.base_url)
    if build_only:
        return
    # Its own process, as in production: a server that forks must not have threads.
    teleservices = [sys.executable, "-m", "teleservices_core", "--settings", str(demo.settings)]
    worker = subprocess.Popen([*teleservices, "worker", "--every", "1"], stdout=subprocess.DEVNULL)
    try:
        serve_site(demo.settings, host=host, port=port, target="academy_demo.serving:application")
    finally:
        worker.terminate()


def show(personas: list[DemoPersona], base_url: str) -> None:
    """Print who can sign in and what each shows."""
    click.echo()
    click.secho(f"Téléservices de démonstration : {base_url}", bold=True)
    click.echo(f"Messages envoyés : {base_url}/demo/courriels")
    click.echo(f"Mot de passe des comptes déjà activés : {PASSWORD}\n")
    width = max(len(each.login_name) for each in personas)
    for each in personas:
        secret = each.letter_code or "(mot de passe ci-dessus)"
        click.secho(f"{each.login_name:<{width}}  {secret:<25}", nl=False, bold=True)
        click.echo(f" {each.name} : {each.shows}")
    click.echo()


if __name__ == "__main__":
    main()
