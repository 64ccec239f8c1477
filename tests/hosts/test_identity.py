"""People whom the host has signed in: through every host, and by each way of the documentation."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.domain.identities import ExternalIdentity, read_keys
from teleservices_core.settings import IdentitySettings, structure
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.identities import link_by_secret

from .applications import HOSTS, configure_django, django_wsgi
from .base import AsgiClient, Client, WsgiClient
from .test_documentation import SETTINGS
from .test_pages import field

PREFIX = "/teleservices"
COOKIE = "ent-user"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "identity.md"
ISSUER = "https://ent.example.fr"


def by_cookie(environ: Any) -> ExternalIdentity | None:
    """The host's own cookie says who is there."""
    morsel = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(COOKIE)
    return ExternalIdentity(ISSUER, morsel.value) if morsel else None


def link(services: Teleservices, subject: str, **names: str) -> Account:
    """Somebody with an account, and an identity linked to it."""
    account = World(services).account(an_adult(**names), Audience.GUARDIAN)
    identity = ExternalIdentity(ISSUER, subject)
    link_by_secret(services.site, identity, account.login_name, PASSWORD, source="x")
    return account


@pytest.fixture(scope="module")
def ent_site(make_site: Callable[..., Teleservices]) -> Teleservices:
    """A site whose host signs people in."""
    services = make_site("Mâcon", identify=by_cookie)
    link(services, "anne")
    link(services, "paul", first_name="Paul")
    return services


@pytest.mark.parametrize("host_name", sorted(HOSTS))
def test_the_host_signs_in(host_name: str, ent_site: Teleservices) -> None:
    """In, another person, out, and a form in between: the same through every host."""
    client = HOSTS[host_name]({PREFIX: ent_site})
    assert client.get(f"{PREFIX}/compte").header("Location") == f"{PREFIX}/connexion"
    client.jar["/", COOKIE] = "anne"
    answer = client.get(f"{PREFIX}/compte")
    assert "Anne MARTIN" in answer.text
    (session,) = (cookie for name, cookie in answer.cookies.items() if "session" in name)
    assert session["path"] == PREFIX
    token = field(answer, "csrf_token")
    client.jar["/", COOKIE] = "paul"
    assert client.post(f"{PREFIX}/compte/courriel", {"csrf_token": token}).status == 403
    assert "Paul MARTIN" in client.get(f"{PREFIX}/compte").text
    client.jar["/", COOKIE] = "somebody"
    assert client.get(f"{PREFIX}/compte").header("Location") == f"{PREFIX}/relier"
    del client.jar["/", COOKIE]
    assert client.get(f"{PREFIX}/compte").header("Location") == f"{PREFIX}/connexion"


def snippet(heading: str, language: str = "python") -> str:
    """The code of a section of the documentation."""
    section = PAGE.read_text().split(f"{heading}\n", 1)[1]
    found = re.search(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


Run = Callable[[str], dict[str, Any]]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_database: Callable[[str], str]
) -> Iterator[Run]:
    """Run a snippet beside its settings file; the site it makes knows Anne, as ``a1``."""
    text = SETTINGS.format(database=make_database("sqlite"))
    (tmp_path / "teleservices.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    opened: list[Teleservices] = []
    make = Teleservices.from_file

    def from_file(path: str, **adapters: Any) -> Teleservices:
        opened.append(make(path, discover=False, **adapters))
        link(opened[-1], "a1")
        return opened[-1]

    monkeypatch.setattr(Teleservices, "from_file", from_file)

    def execute(code: str) -> dict[str, Any]:
        names: dict[str, Any] = {"__name__": "host", "your_routes": your_routes()}
        exec(compile(code, str(PAGE), "exec"), names)
        return names

    yield execute
    for services in opened:
        services.engine.dispose()


def your_routes() -> list[Any]:
    """The sign-in page of a Starlette ENT."""
    routing = pytest.importorskip("starlette.routing")
    responses = pytest.importorskip("starlette.responses")

    async def enter(request: Any) -> Any:
        request.session["user"] = {"id": "a1", "name": "Anne"}
        return responses.PlainTextResponse("entrez")

    return [routing.Route("/enter", enter)]


def shows_anne(client: Client) -> bool:
    """Whether she is signed in."""
    return "Anne MARTIN" in client.get(f"{PREFIX}/compte").text


def test_flask(run: Run) -> None:
    """Flask's own session."""
    flask = pytest.importorskip("flask", reason="Flask is not installed")
    app = run(snippet("### Flask"))["app"]

    @app.get("/enter")
    def enter() -> str:
        flask.session["user"] = {"id": "a1", "name": "Anne"}
        return "entrez"

    client = WsgiClient(app)
    assert not shows_anne(client)
    client.get("/enter")
    assert shows_anne(client)


def test_starlette(run: Run) -> None:
    """Starlette's session middleware."""
    pytest.importorskip("itsdangerous", reason="itsdangerous is not installed")
    client = AsgiClient(run(snippet("### Starlette and FastAPI"))["app"])
    assert not shows_anne(client)
    client.get("/enter")
    assert shows_anne(client)


class User:
    """What Django's middleware puts on a request."""

    pk = "a1"

    def __init__(self, *, is_authenticated: bool) -> None:
        self.is_authenticated = is_authenticated

    def get_full_name(self) -> str:
        return "Anne Martin"


def signs_in(get_response: Any) -> Any:
    """A middleware in the place of Django's, which wants a database."""

    def middleware(request: Any) -> Any:
        request.user = User(is_authenticated="user" in request.COOKIES)
        return get_response(request)

    return middleware


def test_django(run: Run) -> None:
    """The user of Django's request."""
    configure_django()
    from django.test import override_settings

    patterns = run(snippet("### Django"))["urlpatterns"]
    with override_settings(MIDDLEWARE=[f"{signs_in.__module__}.{signs_in.__name__}"]):
        client = django_wsgi({}, patterns)
    assert not shows_anne(client)
    client.jar["/", "user"] = "anne"
    assert shows_anne(client)


def test_a_server_that_signs_in(run: Run) -> None:
    """What Apache's modules put in the environ; a header of the same name says nothing."""
    names = run(snippet("### A server that signs people in"))
    identify = names["identify"]
    assert identify({"HTTP_REMOTE_USER": "a1", "HTTP_X_REMOTE_USER": "a1"}) is None
    vectors = "2|MARTIN|Anne|1001|0219999E;2|MARTIN|Anne|1002|0219999E"
    identity = identify({"REMOTE_USER": "a1", "MELLON_FrEduVecteur": vectors})
    assert len(read_keys(identity.claims).vectors) == 2


def test_what_an_identity_is(run: Run) -> None:
    """The example of the contract proves what it says."""
    identity = run(snippet("## What an identity is"))["identity"]
    (vector,) = read_keys(identity.claims).vectors
    assert vector.student.siecle_id == "1001"


@pytest.mark.parametrize(
    "heading", ["## What pages say of the host", "## An OpenID Connect provider"]
)
def test_settings(heading: str) -> None:
    """The settings are taken as they are printed."""
    told = tomllib.loads(snippet(heading, "toml"))["identity"]
    assert structure(told, IdentitySettings, "identity").name
