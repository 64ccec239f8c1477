"""``python -m fastapi_ent``: make a family once, then serve the ENT."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
from granian.constants import Interfaces
from granian.server import Server

from fastapi_ent.ent import settings
from fastapi_ent.people import make_people
from teleservices_core.app import Teleservices
from teleservices_core.files import private_folder, write_private


@click.command()
@click.option("--folder", default="var/ent", type=click.Path(file_okay=False, path_type=Path))
@click.option("--port", default=8001, show_default=True)
def main(folder: Path, port: int) -> None:
    """Serve the ENT on this machine."""
    address = f"http://127.0.0.1:{port}"
    letter = folder / "letter.txt"
    if not letter.exists():
        private_folder(folder)
        services = Teleservices(settings(address, folder, client_secret=""))
        services.migrate()
        write_private(letter, " ".join(make_people(services)))
        services.engine.dispose()
    login_name, code = letter.read_text(encoding="utf-8").split()
    click.secho(f"Mon ENT : {address}", bold=True)
    click.echo(f"Notification de Paul Martin : {login_name} {code}")
    os.environ |= {"ENT_ADDRESS": address, "ENT_FOLDER": str(folder)}
    # One worker: the provider for trying keeps its codes in memory.
    server: Any = Server(
        "fastapi_ent.ent:application",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        log_access=False,
    )
    server.serve()


if __name__ == "__main__":
    main()
