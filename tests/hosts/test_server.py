"""A real server, a real socket: granian serves the site through each of its interfaces."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

httpx = pytest.importorskip("httpx", reason="httpx is not installed")
pytest.importorskip("granian", reason="granian is not installed")

MODULE = """
from teleservices_core.app import Teleservices
from teleservices_core.hosts.asgi import asgi_app
from teleservices_core.hosts.rsgi import RsgiSite

wsgi = Teleservices.from_file({settings!r}, discover=False)
asgi = asgi_app(wsgi)
rsgi = RsgiSite(wsgi)
"""
SETTINGS = """
base_url = "http://127.0.0.1:{port}"
database_url = "{database}"
secret_key = "a secret key for the tests, long enough"
academie = {{ code = "07", name = "Dijon" }}
"""


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module", params=["wsgi", "asgi", "rsgi"])
def address(
    request: pytest.FixtureRequest,
    make_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The address of a server of our own, stopped at the end."""
    folder: Path = tmp_path_factory.mktemp("server")
    port = free_port()
    settings = folder / "teleservices.toml"
    settings.write_text(SETTINGS.format(port=port, database=make_database("sqlite")))
    (folder / "served.py").write_text(MODULE.format(settings=str(settings)))
    options = ["--host", "127.0.0.1", "--port", str(port), "--interface", request.param]
    command = [sys.executable, "-m", "granian", *options, f"served:{request.param}"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        yield _once_up(f"http://127.0.0.1:{port}", server, folder / "log")
    finally:
        server.terminate()
        server.wait(timeout=10)


def _once_up(address: str, server: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(200):
        assert server.poll() is None, log.read_text()
        try:
            httpx.get(f"{address}/aide")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return address
    raise AssertionError(f"the server does not answer: {log.read_text()}")


def test_through_a_real_server(address: str) -> None:
    """Pages, stylesheet, form, refusals and HEAD over a kept-alive connection."""
    with httpx.Client(base_url=address) as browser:
        assert browser.get("/").headers["Location"] == "/connexion"
        page = browser.get("/connexion")
        assert "Se connecter" in page.text
        style = re.search(r'href="(/static/[^"]+\.css)"', page.text)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert style
        assert token
        assert "immutable" in browser.get(style[1]).headers["Cache-Control"]
        fields = {"csrf_token": token[1], "login_name": "élodie", "password": "faux"}
        refused = browser.post("/connexion", data=fields, headers={"Origin": address})
        assert refused.status_code == 422
        assert 'value="élodie"' in refused.text
        assert browser.post("/connexion", data={"login_name": "x"}).status_code == 403
        assert browser.head("/aide").status_code == 200
        assert browser.get("/élève%2Fx/%00").status_code == 404


def test_too_long_a_form_is_answered(address: str) -> None:
    """Who sends too much sees our page and not a broken connection."""
    with httpx.Client(base_url=address) as browser:
        answer = browser.post("/connexion", data={"login_name": "x" * 3_000_000})
        assert answer.status_code == 413
        assert "Envoi trop volumineux" in answer.text
        assert browser.get("/aide").status_code == 200


def test_unannounced_body(address: str) -> None:
    """A body without a length, which no browser sends, is refused or cut off, no more."""
    body = iter([b"login_name=", *[b"x" * 100_000] * 30])
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    with suppress(httpx.TransportError):
        answer = httpx.post(f"{address}/connexion", content=body, headers=kind)
        assert answer.status_code in {403, 411, 413}
    assert httpx.get(f"{address}/aide").status_code == 200
