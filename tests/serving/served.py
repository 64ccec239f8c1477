"""``teleservices serve`` in a process of its own, and peers that misbehave towards it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
from attrs import define

from teleservices_core.testing.world import PASSWORD

SETTINGS = """
base_url = "http://127.0.0.1:{port}"
database_url = "{database}"
secret_key = "a secret key for the tests, long enough"
academie = {{ code = "07", name = "Dijon" }}
serving = {{ {serving} }}
"""
SERVE = """
from pathlib import Path
from teleservices_core.serving import serve_site

serve_site(Path({path!r}), host="127.0.0.1", port={port}, workers={workers},
           target="slow_site:application")
"""
HERE = Path(__file__).parent


@define
class Served:
    """A server of our own."""

    port: int
    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        """Its log."""
        return (self.folder / "serve.log").read_text()

    def peer(self, sent: bytes = b"", *, buffer: int = 0) -> socket.socket:
        """A connection that has sent this, and takes ``buffer`` bytes of what it is sent."""
        link = socket.socket()
        if buffer:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        link.settimeout(15)
        link.connect(("127.0.0.1", self.port))
        link.sendall(sent)
        return link

    def once_up(self) -> None:
        """Wait until it answers."""
        for _ in range(300):
            assert self.process.poll() is None, self.said()
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.address}/aide").status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(self.said())

    def stop(self) -> None:
        """End it, by force if need be."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=15)
        self.process.kill()
        self.process.wait()

    def sign_in(self, login_name: str, password: str = PASSWORD) -> httpx.Response:
        """Sign in as a browser does."""
        with httpx.Client(base_url=self.address, timeout=15) as browser:
            token = csrf_of(browser.get("/connexion"))
            typed = {"csrf_token": token, "login_name": login_name, "password": password}
            return browser.post("/connexion", data=typed)


def csrf_of(page: httpx.Response) -> str:
    """The token of a page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def rest(link: socket.socket) -> bytes:
    """All that comes until the other end closes."""
    received = bytearray()
    with suppress(ConnectionError):
        while piece := link.recv(65_536):
            received += piece
    return bytes(received)


def start(folder: Path, port: int, *, workers: int = 1) -> Served:
    """Start a server on the settings of a folder."""
    settings = folder / "teleservices.toml"
    code = SERVE.format(path=str(settings), port=port, workers=workers)
    path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    with (folder / "serve.log").open("ab") as written:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=written,
            stderr=written,
            env={**os.environ, "PYTHONPATH": path},
        )
    return Served(port, process, folder)


@contextmanager
def serving(folder: Path, database: str, *, workers: int = 1, limits: str = "") -> Iterator[Served]:
    """A server, once it answers; killed at the end if need be."""
    port = free_port()
    text = SETTINGS.format(port=port, database=database, serving=limits)
    (folder / "teleservices.toml").write_text(text)
    served = start(folder, port, workers=workers)
    try:
        served.once_up()
        yield served
    finally:
        served.stop()
