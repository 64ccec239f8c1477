"""What is particular to one adapter."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from .applications import HOSTS, configure_django
from .base import AsgiClient, WsgiClient


def where(environ: Any, start_response: Any) -> list[bytes]:
    """A site that says where it is."""
    body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "POST" else b""
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-A", "1"), ("X-A", "2")])
    text = f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']} ".encode("latin-1")
    return [text, body]


@pytest.mark.parametrize("module", ["asgi", "flask", "django"])
def test_imports_alone(module: str) -> None:
    """Each adapter imports its own framework and no other."""
    pytest.importorskip(module if module != "asgi" else "teleservices_core")
    others = {"flask", "django", "starlette", "fastapi", "a2wsgi"} - {module}
    code = (
        f"import sys, teleservices_core.hosts.{module}\n"
        f"print(sorted(name for name in {others!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("host_name", sorted(HOSTS))
def test_mount_point_with_accents(host_name: str) -> None:
    """A mount point may be any text."""
    client = HOSTS[host_name]({"/téléservices": where})
    answer = client.get("/t%C3%A9l%C3%A9services/%C3%A9t%C3%A9")
    assert answer.text == "/téléservices /été "


@pytest.mark.parametrize("host_name", sorted(HOSTS))
def test_host_itself_mounted(host_name: str) -> None:
    """A host that is itself under a prefix is part of the mount point."""
    inner = HOSTS[host_name]({"/t": where}).app

    def wsgi(environ: Any, start_response: Any) -> Any:
        path = environ["PATH_INFO"].removeprefix("/ent")
        return inner({**environ, "SCRIPT_NAME": "/ent", "PATH_INFO": path}, start_response)

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        await inner({**scope, "root_path": "/ent"}, receive, send)

    is_asgi = host_name in {"asgi", "fastapi", "django_asgi"}
    client = AsgiClient(asgi) if is_asgi else WsgiClient(wsgi)
    assert client.get("/ent/t/aide").text == "/ent/t /aide "


def test_flask_keeps_its_root() -> None:
    """Mounting at Flask's root would hide Flask: it is refused, with the other way round."""
    flask = pytest.importorskip("flask")
    from teleservices_core.hosts.flask import mount

    for prefix in ("", "/", "//"):
        with pytest.raises(ValueError, match="Flask keeps the root"):
            mount(flask.Flask("host"), where, prefix)


@pytest.mark.parametrize("order", [("/a", "/a/b"), ("/a/b", "/a")])
def test_flask_mounts_in_any_order(order: tuple[str, str]) -> None:
    """The longest prefix wins, whichever was mounted first."""
    flask = pytest.importorskip("flask")
    from teleservices_core.hosts.flask import mount

    app = flask.Flask("host")
    for prefix in order:
        mount(app, where, prefix)
    assert WsgiClient(app).get("/a/b/c").text == "/a/b /c "
    assert WsgiClient(app).get("/a/c").text == "/a /c "


@pytest.mark.parametrize("handler", ["wsgi", "asgi"])
def test_django_prefix_with_variables(handler: str) -> None:
    """The prefix may hold variables of the host's own."""
    configure_django()
    from django.urls import include, path

    from teleservices_core.hosts.django import teleservices_urls

    patterns = [path("ent/<slug:town>/", include(teleservices_urls(where)))]
    client = HOSTS[f"django_{handler}"]({}, patterns)
    assert client.get("/ent/dijon/aide").text == "/ent/dijon /aide "


@pytest.mark.parametrize("handler", ["wsgi", "asgi"])
def test_django_repeated_headers_are_joined(handler: str) -> None:
    """Django keeps one line per header: the values are joined, none is lost."""
    answer = HOSTS[f"django_{handler}"]({"/t": where}).get("/t/")
    assert answer.header("X-A") == "1, 2"


@pytest.mark.parametrize("handler", ["wsgi", "asgi"])
def test_django_middleware_that_reads_forms(handler: str) -> None:
    """A form that Django's middleware has read as text still reaches the site whole."""
    configure_django()
    from django.test import override_settings

    reader = f"{reads_forms.__module__}.{reads_forms.__name__}"
    with override_settings(MIDDLEWARE=[reader]):
        client = HOSTS[f"django_{handler}"]({"/t": where})
    assert client.post("/t/", {"said": "oui"}).text == "/t / said=oui"


def reads_forms(get_response: Any) -> Any:
    """A middleware such as an audit log's."""
    from asgiref.sync import iscoroutinefunction, markcoroutinefunction

    def sync(request: Any) -> Any:
        assert request.POST["said"] == "oui"
        return get_response(request)

    async def asynchronous(request: Any) -> Any:
        assert request.POST["said"] == "oui"
        return await get_response(request)

    if iscoroutinefunction(get_response):
        return markcoroutinefunction(asynchronous)
    return sync


reads_forms.async_capable = True  # type: ignore[attr-defined]
