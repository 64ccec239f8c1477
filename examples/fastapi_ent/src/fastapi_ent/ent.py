"""The ENT: its own page, the téléservices under a prefix, and a provider for trying."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from teleservices_core.app import Teleservices
from teleservices_core.domain.establishments import Academie
from teleservices_core.files import write_private
from teleservices_core.hosts.asgi import asgi_app
from teleservices_core.settings import IdentitySettings, MailSettings, OidcSettings, Settings
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.oidc_provider import OidcProvider, ProviderPersona

SERVICES: Final = "/teleservices"
PROVIDER: Final = "/fournisseur"
NAME: Final = "Mon ENT"
PERSONAS: Final = (
    ProviderPersona("anne", "Anne Martin", {"FrEduVecteur": [f"2|MARTIN|Anne|1001|{COLLEGE}"]}),
    ProviderPersona("paul", "Paul Martin"),
)
PAGE: Final = f"""<!doctype html>
<html lang="fr"><meta charset="utf-8"><title>{NAME}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<h1>{NAME}</h1><p><a href="{SERVICES}/">Téléservices</a></p></html>"""


def settings(address: str, folder: Path, client_secret: str) -> Settings:
    """The site's settings, which a real ENT would read from a file."""
    return Settings(
        academie=Academie("07", "Dijon"),
        base_url=address + SERVICES,
        database_url=f"sqlite:///{folder.resolve() / 'teleservices.db'}",
        secret_key=_secret(folder / "key"),
        mail=MailSettings(folder=folder / "mail"),
        identity=IdentitySettings(
            name=NAME,
            oidc=OidcSettings(address + PROVIDER, "teleservices", client_secret),
        ),
    )


def _secret(path: Path) -> str:
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="utf-8")


def make_ent(address: str, folder: Path) -> FastAPI:
    """The whole ENT, to be served at an address."""
    client_secret = secrets.token_urlsafe(32)
    ent = FastAPI()

    @ent.get("/", response_class=HTMLResponse)
    def home() -> str:
        return PAGE

    services = Teleservices(settings(address, folder, client_secret))
    provider = OidcProvider(
        address + PROVIDER,
        PERSONAS,
        (f"{address}{SERVICES}/oidc/retour",),
        client_secret=client_secret,
    )
    ent.mount(SERVICES, asgi_app(services))
    ent.mount(PROVIDER, asgi_app(provider))
    return ent


def application() -> FastAPI:
    """The ENT of the environment, as a server loads it."""
    return make_ent(os.environ["ENT_ADDRESS"], Path(os.environ["ENT_FOLDER"]))
