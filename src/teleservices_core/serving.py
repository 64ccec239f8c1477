"""Serve a site with granian: processes that a slow, silent or greedy peer does not stop.

Requests are received on one thread and read whole; pages are made there when
they are quick, on a few threads when not (:mod:`.hosts.rsgi`). Who reads an
answer too slowly is cut off, and a process that dies is replaced.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from teleservices_core.app import Teleservices
from teleservices_core.errors import MissingExtraError
from teleservices_core.hosts.rsgi import RsgiSite
from teleservices_core.logs import tell_by_type, write_logs
from teleservices_core.metrics import SHARED
from teleservices_core.settings import ServingSettings, load_settings

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

LARGEST_HEAD: Final = 65_536
"""Bytes of a request's head."""
_SETTINGS: Final = "TELESERVICES_SETTINGS"
_TARGET: Final = "TELESERVICES_APPLICATION"


def application() -> Teleservices:
    """The site of TELESERVICES_SETTINGS: what any WSGI server can load."""
    return Teleservices.from_file(os.environ[_SETTINGS])


def serve_site(
    settings: Path, *, host: str, port: int, workers: int = 1, target: str | None = None
) -> None:
    """Run until interrupted. ``target`` is another WSGI factory, ``module:function``.

    Raises :exc:`MissingExtraError` where granian is not installed, and
    :exc:`SettingsError` naming the key.
    """
    try:
        from granian.constants import HTTPModes, Interfaces
        from granian.http import HTTP1Settings
        from granian.server import Server
    except ImportError:
        raise MissingExtraError("serve", "serving the site") from None
    limits = load_settings(settings).serving
    os.environ[_SETTINGS] = str(settings.resolve())
    os.environ[_TARGET] = target or "teleservices_core.serving:application"
    os.environ["WEB_CONCURRENCY"] = str(workers)
    if workers > 1:
        # Whichever process is asked, it tells what all have counted.
        os.environ[SHARED] = tempfile.mkdtemp(prefix="teleservices-metrics-")
    server: Any = Server(
        "teleservices_core.serving:received",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        factory=True,
        log_access=False,
        websockets=False,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=limits.head_seconds * 1000, max_buffer_size=LARGEST_HEAD
        ),
        backpressure=_connections(limits.connections),
        respawn_failed_workers=True,
        workers_kill_timeout=limits.stop_seconds,
    )
    server.serve()


def _connections(wanted: int) -> int:
    """As many as there may be files open, once that limit is raised as far as it goes."""
    try:
        import resource
    except ImportError:  # not on Windows
        return wanted
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 2 * wanted if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return min(wanted, most // 2)


class _Worker(RsgiSite):
    """The site, in a process of the server."""

    def __init__(self, services: WSGIApplication, limits: ServingSettings) -> None:
        super().__init__(services, threads=limits.threads, body_seconds=limits.body_seconds)
        self._limits = limits

    def __rsgi_init__(self, loop: Any) -> None:
        """Called by granian before it receives anything."""
        watch = threading.Thread(
            target=_end_with_parent, args=(self._limits.stop_seconds,), daemon=True
        )
        watch.start()
        # Once it listens.
        loop.call_soon(_cut_off_slow_readers, self._limits.unread_seconds)


def received() -> RsgiSite:
    """The application that granian loads in each process."""
    module, _colon, factory = os.environ[_TARGET].partition(":")
    services: WSGIApplication = getattr(import_module(module), factory)()
    settings = load_settings(os.environ[_SETTINGS])
    write_logs(level=settings.logs.level, as_json=settings.logs.json)
    tell_by_type()
    return _Worker(services, settings.serving)


def _end_with_parent(seconds: float) -> None:
    """A process whose server was killed goes too: another server will have its place."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(seconds)
    os._exit(1)


def _cut_off_slow_readers(seconds: int) -> None:
    """Have the kernel close a connection whose peer takes nothing of what it is sent.

    Granian has no such deadline. Connections inherit the option from the socket
    that they come through, which only the process' open files tell.
    """
    files = Path("/proc/self/fd")
    if not files.exists() or not hasattr(socket, "TCP_USER_TIMEOUT"):
        return  # Linux only
    for each in list(files.iterdir()):
        with suppress(OSError), socket.socket(fileno=os.dup(int(each.name))) as found:
            if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, seconds * 1000)
