"""The small ENT, as the process that its README starts: in, linked, and out again."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

pytest.importorskip("fastapi", reason="fastapi is not installed")
pytest.importorskip("granian", reason="granian is not installed")

SOURCES = Path(__file__).parents[2] / "examples" / "fastapi_ent" / "src"


@pytest.fixture(scope="module")
def ent(tmp_path_factory):
    """(address, identifier and provisional password that the command printed)."""
    folder = tmp_path_factory.mktemp("ent")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "fastapi_ent", "--folder", str(folder / "ent")]
    path = os.pathsep.join([str(SOURCES), os.environ.get("PYTHONPATH", "")])
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
            stdout=log,
            stderr=log,
        )
    try:
        address = _once_up(f"http://127.0.0.1:{port}", server, folder / "log")
        printed = (folder / "log").read_text()
        yield address, re.search(r"Notification de Paul Martin : (\S+) (\S+)", printed).groups()
    finally:
        server.terminate()
        server.wait(timeout=20)


def _once_up(address, server, log):
    for _try in range(600):
        assert server.poll() is None, log.read_text()
        try:
            requests.get(address, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return address
    raise AssertionError(f"the ENT does not answer: {log.read_text()}")


def submit(browser, page, path, **typed):
    """Send a form of a page, with its hidden fields."""
    form = re.search(rf'<form[^>]*action="({path})".*?</form>', page.text, re.DOTALL)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0]))
    there = requests.compat.urljoin(page.url, form[1])
    return browser.post(there, data={**hidden, **typed}, timeout=10)


def sign_in(browser, address, persona):
    """From the ENT's page to the téléservices, through the provider."""
    home = browser.get(address, timeout=10)
    services = re.search(r'href="([^"]+)">Téléservices', home.text)[1]
    page = browser.get(address + services, timeout=10)
    button = re.search(r'href="([^"]+)">Se connecter avec Mon ENT', page.text)[1]
    choice = browser.get(address + button, timeout=10)
    assert "Qui êtes-vous" in choice.text
    return browser.post(choice.url, data={"subject": persona}, timeout=10)


def test_known_by_the_key_of_the_school(ent):
    """One button, one choice: in. Out of both, and the next person chooses again."""
    address, _letter = ent
    with requests.Session() as browser:
        page = sign_in(browser, address, "anne")
        assert page.url == f"{address}/teleservices/"
        assert "Camille MARTIN" in page.text
        page = submit(browser, page, "/teleservices/deconnexion")
        leave = re.search(r'href="([^"]+)">Se déconnecter aussi de Mon ENT', page.text)[1]
        assert browser.get(address + leave, timeout=10).url == f"{address}/teleservices/connexion"
        sign_in(browser, address, "anne")


def test_unknown_linked_once_by_a_letter(ent):
    """« Relier mon compte »; from then on the ENT is enough, in any browser."""
    address, (login_name, code) = ent
    with requests.Session() as browser:
        page = sign_in(browser, address, "paul")
        assert page.url == f"{address}/teleservices/relier"
        page = submit(browser, page, "/teleservices/relier", login_name=login_name, password=code)
        assert "Camille MARTIN" in page.text
    with requests.Session() as browser:
        assert "Camille MARTIN" in sign_in(browser, address, "paul").text
