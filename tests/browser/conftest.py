"""A demonstration académie served on loopback, and a real browser to look at it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from academy_demo.build import Demo, build
from werkzeug.serving import WSGIRequestHandler, make_server

from academy_demo import plugin
from teleservices_core.app import Teleservices

# The first has no windows, which nobody looks at here and which cost a third of the time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium of this machine.

    For one module: as long as it runs, Playwright's event loop runs in this thread.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(autouse=True, scope="session")
def clicks_arrive() -> Iterator[None]:
    """A click on a link or a button returns once its page is there, not the one before.

    On this site each of them leads somewhere, but for a security key that does not answer.
    """
    playwright = pytest.importorskip("playwright.sync_api")
    click = playwright.Locator.click

    def and_arrive(self: Any, **options: Any) -> None:
        if self.evaluate("element => element.closest('a[href], button') !== null"):
            with self.page.expect_navigation():
                click(self, **options)
        else:
            click(self, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(playwright.Locator, "click", and_arrive)
        yield


@contextmanager
def a_server() -> Iterator[Any]:
    """A server on loopback, running; what it serves is its ``app``."""
    server = make_server("127.0.0.1", 0, lambda _e, _s: [], threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demonstration built small, for modules to copy."""
    demo = Demo(tmp_path_factory.mktemp("built") / "site")
    build(demo, pupils=240, seed=7)
    return demo


@pytest.fixture(scope="module")
def host() -> str:
    """By which name this machine is called; a module may say another."""
    return "127.0.0.1"


@pytest.fixture(scope="module")
def demo(
    built: Demo, host: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Demo, Teleservices]]:
    """A demonstration of the module's own, served."""
    folder = tmp_path_factory.mktemp("demo") / "site"
    shutil.copytree(built.folder, folder)
    with a_server() as server:
        demo = Demo(folder, base_url=f"http://{host}:{server.port}")
        settings = built.settings.read_text("utf-8").replace(built.base_url, demo.base_url)
        demo.settings.write_text(settings.replace(str(built.folder), str(folder)), "utf-8")
        services = Teleservices.from_file(demo.settings, plugins={"demo": plugin})
        server.app = services
        yield demo, services
    services.engine.dispose()


@pytest.fixture
def phone(chromium: Any, demo: tuple[Demo, Teleservices]) -> Iterator[Any]:
    """A page at phone width, without JavaScript."""
    context = chromium.new_context(
        viewport={"width": 360, "height": 740},
        java_script_enabled=False,
        base_url=demo[0].base_url,
        locale="fr-FR",
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
