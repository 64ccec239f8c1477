"""Hostile files and forms sent to a real server: an answer each, for little time and memory."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import define

from teleservices_core.app import Teleservices
from teleservices_core.domain.staff import Role
from teleservices_core.settings import load_settings
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.world import PASSWORD, World
from teleservices_notes.exchange import COLUMNS
from teleservices_notes.testing import HOSTILE_FILES, LARGE, filled

httpx = pytest.importorskip("httpx", reason="httpx is not installed")
pytest.importorskip("granian", reason="granian is not installed")

PATH = f"/ecole/{COLLEGE}/notes/imports/"
HEADER = (";".join(COLUMNS) + "\n").encode()
LINE = b"6 B;MATHS;;;DS;05/10/2026;20;1;;;123456789AA;12;07/10/2026 18:00\n"
SETTINGS = """
base_url = "http://127.0.0.1:{port}"
database_url = "{database}"
secret_key = "a secret key for the tests, long enough"
academie = {{ code = "07", name = "Dijon" }}
"""
TICK = os.sysconf("SC_CLK_TCK")
BOUNDARY = "----limite"


@define
class Server:
    """``teleservices serve``, and somebody who may bring in marks."""

    process: subprocess.Popen[bytes]
    browser: httpx.Client
    token: str = ""

    def processes(self) -> list[Path]:
        """The supervisor and what makes the pages."""
        own = Path("/proc") / str(self.process.pid)
        children = (own / "task" / str(self.process.pid) / "children").read_text().split()
        return [own, *(Path("/proc") / each for each in children)]

    def seconds(self) -> float:
        """Of a core, so far."""
        times = [
            (each / "stat").read_text().rpartition(")")[2].split() for each in self.processes()
        ]
        return sum(int(each[11]) + int(each[12]) for each in times) / TICK

    def megabytes(self, what: str) -> float:
        """``VmRSS`` or, since it was last forgotten, ``VmHWM``."""
        said = [(each / "status").read_text() for each in self.processes()]
        return sum(int(re.search(rf"{what}:\s+(\d+)", each)[1]) for each in said) / 1024

    def cost(self, act) -> tuple[httpx.Response, float, float]:
        """The answer, the seconds of a core and the megabytes that it took."""
        for each in self.processes():
            (each / "clear_refs").write_text("5")
        seconds, megabytes = self.seconds(), self.megabytes("VmRSS")
        answer = act()
        return answer, self.seconds() - seconds, self.megabytes("VmHWM") - megabytes

    def send(self, body: bytes, kind: str = f"multipart/form-data; boundary={BOUNDARY}"):
        """A form's body, as it is."""
        return self.browser.post(PATH, content=body, headers={"Content-Type": kind})

    def give(self, content: bytes, name: str = "notes.csv"):
        """A file by the page's form."""
        return self.browser.post(
            PATH, data={"csrf_token": self.token}, files={"file": (name, content, "text/csv")}
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory, make_database):
    """Started once."""
    folder = tmp_path_factory.mktemp("hostile")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = folder / "site.toml"
    settings.write_text(SETTINGS.format(port=port, database=make_database("sqlite")))
    services = Teleservices(load_settings(settings))
    world = World(services)
    world.establishment()
    login_name = world.staff(Role.HEAD, COLLEGE).login_name
    services.engine.dispose()
    command = [sys.executable, "-m", "teleservices_core", "--settings", str(settings), "serve"]
    process = subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=address, timeout=60, follow_redirects=True) as browser:
        try:
            for _try in range(600):
                with suppress(httpx.TransportError):
                    if browser.get("/sante").status_code == 200:
                        break
                time.sleep(0.1)
            found = Server(process, browser)
            form = {"login_name": login_name, "password": PASSWORD}
            form["csrf_token"] = token_of(browser.get("/connexion"))
            browser.post("/connexion", data=form)
            found.token = token_of(browser.get(PATH))
            # What is imported with the first file.
            found.give(b"classe;note\n")
            yield found
        finally:
            process.terminate()
            process.wait(timeout=30)


def token_of(page: httpx.Response) -> str:
    """Of the page's form."""
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def check(name, answer, seconds, megabytes, statuses) -> None:
    """Two seconds of a slow machine; more than any takes."""
    assert answer.status_code in statuses, (name, answer.status_code)
    assert seconds < 2, (name, seconds)
    assert megabytes < 150, (name, megabytes)


FILES = {
    **HOSTILE_FILES,
    "lines about nobody": lambda h: h + filled(LINE),
    "a page of XML that names itself": lambda _h: (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb">]>' + filled(b"<a>&b;")
    ),
    "a zip": lambda _h: b"PK\x03\x04" + filled(b"\0"),
    "a bomb in UTF-16": lambda _h: ("\ufeff" + "x;" * 2_300_000).encode("utf-16"),
}


@pytest.mark.parametrize("name", FILES)
def test_files(server, name):
    """Refused on the page, or kept for the worker to try where only the end tells."""
    content = FILES[name](HEADER)
    check(name, *server.cost(lambda: server.give(content)), {200, 422})


def part(name: bytes, content: bytes = b"x", more: bytes = b"") -> bytes:
    """A part of a form."""
    start = b"--" + BOUNDARY.encode() + b'\r\nContent-Disposition: form-data; name="' + name + b'"'
    return start + more + b"\r\n\r\n" + content + b"\r\n"


END = b"--" + BOUNDARY.encode() + b"--\r\n"
FORMS = {
    "many parts": lambda: part(b"a") * 100_000 + END,
    "many files": lambda: part(b"file", more=b'; filename="a"') * 80_000 + END,
    "a part that never ends": lambda: part(b"a", filled(b"x\r\n")),
    "a field as long as a file": lambda: part(b"csrf_token", filled(b"x")) + END,
    "a name as long as a file": lambda: part(filled(b"x")) + END,
    "a header as long as a file": lambda: part(b"a", more=b"\r\nX-A: " + filled(b"x")) + END,
    "headers without end": lambda: part(b"a", more=filled(b"\r\nX: y")) + END,
    "nothing but beginnings": lambda: filled(b"--" + BOUNDARY.encode() + b"\r\n"),
    "almost beginnings": lambda: part(b"a", filled(b"\r\n--" + BOUNDARY[:-1].encode())) + END,
    "line ends": lambda: filled(b"\r\n"),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms(server, name):
    """Nobody's browser makes them: refused, in a page."""
    body = FORMS[name]()
    check(name, *server.cost(lambda: server.send(body)), {400, 403, 413, 422})


UNITS = [b"a=&", b"a&", b"&", b"%", b"%ff", b"a=%ff&", b"a=" + b"x" * 1_000 + b"&", b"+"]


@pytest.mark.parametrize("size", [LARGE, 400_000])
@pytest.mark.parametrize("unit", UNITS)
def test_fields(server, unit, size):
    """Two million fields would be as many objects: they are counted before, signed in or not."""
    kind, body = "application/x-www-form-urlencoded", filled(unit)[:size]
    check(unit, *server.cost(lambda: server.send(body, kind)), {400, 403, 413, 422})


def test_an_honest_file_after_all_that(server):
    """Is tried as before."""
    answer = server.give(HEADER + LINE)
    assert "Rien n’est encore enregistré" in answer.text
