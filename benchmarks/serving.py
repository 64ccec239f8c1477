"""What a page costs under each way to serve it: CPU of the serving process, over real HTTP.

    python benchmarks/serving.py [requests] [rounds]

Microseconds per request, the least and the lowest tenth of all rounds: the ways
take turns, a few requests each, since a machine's speed drifts. "one thread" is
granian's WSGI with one thread, the least that a page costs, and what a single
slow peer stops. "all on threads" never makes a page where requests are received.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from attrs import define

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import PASSWORD, World

SETTINGS = """
base_url = "http://127.0.0.1"
database_url = "sqlite:///{folder}/site.db"
secret_key = "a secret key for the benchmark only"
academie = {{ code = "07", name = "Dijon" }}
"""
SERVED = """
import os
from teleservices_core.app import Teleservices
from teleservices_core.hosts.asgi import asgi_app
from teleservices_core.hosts.rsgi import Pace, RsgiSite

wsgi = Teleservices.from_file(os.environ["TELESERVICES_SETTINGS"], discover=False)
asgi, rsgi, threads = asgi_app(wsgi), RsgiSite(wsgi), RsgiSite(wsgi)
threads._pace = type("Never", (Pace,), {"is_quick": lambda self, route: False})()
"""
WAYS = {
    "one thread": ("--interface", "wsgi", "--blocking-threads", "1", "served:wsgi"),
    "RSGI": ("--interface", "rsgi", "served:rsgi"),
    "all on threads": ("--interface", "rsgi", "served:threads"),
    "ASGI": ("--interface", "asgi", "served:asgi"),
}
PAGES = ("/aide", "/compte")


@define
class Way:
    """A server of one kind."""

    port: int
    pid: int
    cookie: str = ""

    def cpu(self) -> float:
        """Seconds of CPU that its threads have used."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def get(self, path: str, times: int) -> None:
        """Ask so many times over one connection."""
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {self.cookie}\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", self.port)) as link:
            for _ in range(times):
                link.sendall(head)
                answer = link.recv(1 << 20)
                found = re.search(rb"^HTTP/1.1 200.*content-length: (\d+)", answer, re.DOTALL)
                assert found, answer
                missing = int(found[1]) - len(answer.partition(b"\r\n\r\n")[2])
                while missing > 0:
                    missing -= len(link.recv(1 << 20))

    def sign_in(self, login_name: str) -> None:
        """Keep the cookie of a session."""

        class Stay(HTTPRedirectHandler):
            def redirect_request(self, *_: object) -> None:
                return None

        address, ask = f"http://127.0.0.1:{self.port}/connexion", build_opener(Stay()).open
        page = ask(address)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
        assert token
        typed = {"csrf_token": token[1], "login_name": login_name, "password": PASSWORD}
        visit = page.headers["Set-Cookie"].partition(";")[0]
        try:
            ask(Request(address, urlencode(typed).encode(), {"Cookie": visit}))
        except OSError as answer:
            self.cookie = answer.headers["Set-Cookie"].partition(";")[0]  # type: ignore[attr-defined]


@contextmanager
def serving(folder: Path, options: tuple[str, ...]) -> Iterator[Way]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = ("--host", "127.0.0.1", "--port", str(port), "--no-ws", "--no-log")
    environ = {**os.environ, "TELESERVICES_SETTINGS": str(folder / "teleservices.toml")}
    command = [sys.executable, "-m", "granian", *place, *options]
    with subprocess.Popen(command, cwd=folder, env=environ) as server:
        way = Way(port, 0)
        for _ in range(300):
            with suppress(OSError):
                way.get("/aide", 1)
                break
            time.sleep(0.1)
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
        way.pid = int(children.split()[-1])
        try:
            yield way
        finally:
            server.terminate()


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        (folder / "teleservices.toml").write_text(SETTINGS.format(folder=folder))
        (folder / "served.py").write_text(SERVED)
        site = Teleservices.from_file(folder / "teleservices.toml", discover=False)
        site.migrate()
        account = World(site).account(an_adult(), Audience.GUARDIAN)
        site.engine.dispose()
        ways = {each: stack.enter_context(serving(folder, o)) for each, o in WAYS.items()}
        for way in ways.values():
            way.sign_in(account.login_name)
            for page in PAGES:
                way.get(page, 50)
        costs: dict[tuple[str, str], list[float]] = defaultdict(list)
        for _ in range(rounds):
            for page in PAGES:
                for each, way in ways.items():
                    before = way.cpu()
                    way.get(page, times)
                    costs[page, each].append((way.cpu() - before) / times * 1e6)
        print("µs of CPU per request          least           lowest tenth")
        for page in PAGES:
            first: list[float] = []
            for each in WAYS:
                found = sorted(costs[page, each])
                figures = [found[0], found[len(found) // 10]]
                first = first or figures
                told = (f"{f:9.0f}{f / b:7.2f}" for f, b in zip(figures, first, strict=True))
                print(f"{page:<10}{each:<18}{''.join(told)}")


if __name__ == "__main__":
    main()
