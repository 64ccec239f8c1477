"""The five lines of each host in the documentation, run as they are printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from teleservices_core.app import Teleservices

from .applications import HOST_PAGE, configure_django
from .base import AsgiClient, Client, WsgiClient

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "mount.md"
SETTINGS = """
base_url = "http://localhost/teleservices"
database_url = "{database}"
secret_key = "a secret key for the tests, long enough"
academie = {{ code = "07", name = "Dijon" }}
"""
RECIPES = re.findall(
    r"^## ([^\n]+)\n|^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL
)


def recipe(heading: str, number: int = 0) -> str:
    """The code of a section."""
    section, found = "", []
    for title, code in RECIPES:
        section = title or section
        if code and section == heading:
            found.append(code)
    return str(found[number])


def your_application(_environ: Any, start_response: Any) -> list[bytes]:
    """The application that the reader already has."""
    start_response("200 OK", [])
    return [HOST_PAGE.encode()]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_database: Callable[[str], str]
) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Run a recipe beside its settings file; returns what it defines."""
    text = SETTINGS.format(database=make_database("sqlite"))
    (tmp_path / "teleservices.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    opened: list[Teleservices] = []
    make = Teleservices.from_file

    def from_file(path: str) -> Teleservices:
        opened.append(make(path))
        return opened[-1]

    monkeypatch.setattr(Teleservices, "from_file", from_file)

    def execute(code: str) -> dict[str, Any]:
        names: dict[str, Any] = {
            "__name__": "host",
            "your_application": your_application,
            "your_routes": [],
        }
        exec(compile(code, str(PAGE), "exec"), names)
        return names

    yield execute
    for services in opened:
        services.engine.dispose()


def shows_sign_in(client: Client, prefix: str = "/teleservices") -> bool:
    """Whether the site is there."""
    answer = client.follow(f"{prefix}/", client.get(f"{prefix}/"))
    return answer.status == 200 and "Se connecter" in answer.text


def test_wsgi(run: Callable[[str], dict[str, Any]]) -> None:
    """Alone, and beside another application."""
    assert shows_sign_in(WsgiClient(run(recipe("A WSGI server"))["application"]), "")
    client = WsgiClient(run(recipe("A WSGI server", 1))["application"])
    assert shows_sign_in(client)
    assert client.get("/").text == HOST_PAGE


@pytest.mark.parametrize("host", ["Starlette", "FastAPI"])
def test_asgi(run: Callable[[str], dict[str, Any]], host: str) -> None:
    """Starlette and FastAPI."""
    pytest.importorskip(host.lower(), reason=f"{host} is not installed")
    assert shows_sign_in(AsgiClient(run(recipe(host))["app"]))


def test_flask(run: Callable[[str], dict[str, Any]]) -> None:
    """Flask."""
    pytest.importorskip("flask", reason="Flask is not installed")
    assert shows_sign_in(WsgiClient(run(recipe("Flask"))["app"]))


def test_django(run: Callable[[str], dict[str, Any]]) -> None:
    """Django."""
    configure_django()
    from .applications import django_wsgi

    patterns = run(recipe("Django"))["urlpatterns"]
    assert shows_sign_in(django_wsgi({}, patterns))
