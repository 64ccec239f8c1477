"""Serve a site with granian: one blocking thread for each process.

Threads under one interpreter lock hurt pages that compute; processes do not.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from teleservices_core.app import Teleservices
from teleservices_core.errors import MissingExtraError


def application() -> Teleservices:
    """The site of TELESERVICES_SETTINGS: what any WSGI server can load."""
    return Teleservices.from_file(os.environ["TELESERVICES_SETTINGS"])


def serve_site(
    settings: Path, *, host: str, port: int, workers: int = 1, target: str | None = None
) -> None:
    """Run until interrupted. ``target`` is another WSGI factory, ``module:function``.

    Raises :exc:`MissingExtraError` where granian is not installed.
    """
    try:
        from granian.constants import Interfaces
        from granian.server import Server
    except ImportError:
        raise MissingExtraError("serve", "serving the site") from None
    os.environ["TELESERVICES_SETTINGS"] = str(settings.resolve())
    server: Any = Server(
        target or "teleservices_core.serving:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=1,
        factory=True,
        log_access=False,
    )
    server.serve()
