"""What the served processes of these tests load: a site with pages that take long, or are long."""

from __future__ import annotations

import os
import sys
import time

from werkzeug import Response

from teleservices_core.app import Teleservices
from teleservices_core.contributions import Access, Route
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.hookspecs import hookimpl
from teleservices_core.queues import ShortQueue
from teleservices_core.web.context import Context

HOOK_API = 1


def wait(context: Context) -> Response:
    """Answer after so many seconds."""
    time.sleep(float(context.request.args["seconds"]))
    return Response("waited", content_type="text/plain")


def long(_context: Context) -> Response:
    """More than the buffers of both sides hold."""
    return Response(b"x" * 16_000_000, content_type="text/plain")


def form(context: Context) -> Response:
    """Say what came, or give what a form needs."""
    said = context.request.form.get("said", "") if context.request.method == "POST" else ""
    return Response(said or context.csrf_token(), content_type="text/plain")


@hookimpl
def teleservices_routes() -> list[Route]:
    """Pages for everybody."""
    return [
        Route("slow.wait", "/slow/wait", wait, Access.PUBLIC, ("GET",)),
        Route("slow.long", "/slow/long", long, Access.PUBLIC, ("GET",)),
        Route("slow.form", "/slow/form", form, Access.PUBLIC, ("GET", "POST")),
    ]


def application() -> Teleservices:
    """A site where few may wait for a core, so that a flood of sign-ins is soon told."""
    return Teleservices.from_file(
        os.environ["TELESERVICES_SETTINGS"],
        hasher=Argon2Hasher(queue=ShortQueue(cores=1, waiting=2)),
        plugins={"slow": sys.modules[__name__]},
        discover=False,
    )
