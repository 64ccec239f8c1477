"""The JSON API: the same answers as pages, described, cached, and shared with nobody unasked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from uuid6 import uuid7
from werkzeug.test import Client

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.localtime import Window
from teleservices_core.domain.policy import Campaign, Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.errors import SettingsError
from teleservices_core.settings import Settings, structure
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    YEAR,
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.fixtures import SECRET_KEY
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.opening import set_opening
from teleservices_core.web.api.openapi import schema_of

API = "/api/v1"
ENT = "https://ent.example.fr"


def with_settings(services: Teleservices, **changes) -> Teleservices:
    """The same site, set up otherwise."""
    return Teleservices(
        evolve(services.settings, **changes),
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
    )


@pytest.fixture
def family(services):
    """A mother of two, in two schools, signed in; « Notes » is open in one."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée Évariste-Galois"))
    younger, elder = a_student(), a_student(first_name="Lou")
    world.student(younger, a_schooling(younger.id))
    world.student(elder, a_schooling(elder.id, LYCEE, class_group="2DE 1"))
    mother = an_adult()
    world.adult(mother, *(a_link(child.id, mother.id) for child in (younger, elder)))
    account = world.account(mother, Audience.GUARDIAN)
    set_opening(
        services.site,
        None,
        Scope.establishment(COLLEGE),
        "notes",
        Audience.GUARDIAN,
        Stance.OPEN,
    )
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    return browser, younger, elder


def described(services):
    """The description of the API."""
    return Client(services).get(f"{API}/openapi.json").json


def is_valid(document, name, value):
    """Whether a value is as the description says."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    Draft202012Validator(schema).validate(value)
    return True


def test_the_description_is_openapi(services):
    """A valid OpenAPI 3.1 document, which names every route of the API and no other."""
    document = described(services)
    OpenAPIV31SpecValidator(document).validate()
    routes = {
        route.rule.replace("<uai>", "{uai}")
        for route in services.site.catalogue.routes
        if route.rule.startswith("/api/")
    }
    assert {API + path for path in document["paths"]} == routes
    assert document["servers"] == [{"url": f"http://localhost{API}"}]


def test_a_field_without_schema_is_refused():
    """A type that the description cannot say is an error, not a gap in it."""
    with pytest.raises(TypeError, match="no schema for"):
        schema_of(bytes, {})


def test_answers_are_as_described(services, family):
    """Each answer, and each error, satisfies its schema."""
    browser, _younger, _elder = family
    document = described(services)
    for path, name in (
        ("/etablissements", "Establishments"),
        (f"/etablissements/{COLLEGE}", "Offering"),
        ("/moi", "Family"),
    ):
        answer = browser.client.get(API + path)
        assert answer.content_type == "application/json"
        assert is_valid(document, name, answer.json)
    for path, status in (
        ("/nowhere", 404),
        ("/etablissements/0219999Z", 404),
        ("/etablissements?page=0", 404),
    ):
        answer = browser.client.get(API + path)
        assert answer.content_type == "application/problem+json"
        assert is_valid(document, "Problem", answer.json)
        assert answer.json["status"] == answer.status_code == status


@pytest.mark.faq("F03")
def test_the_offer(services, family, clock):
    """What is open, to whom, since when; what will open, and when."""
    client = Client(services)
    (listed,) = client.get(f"{API}/etablissements?q=rivieres").json["establishments"]
    assert listed["open_modules"] == ["notes", "fiche"]
    assert listed["establishment"]["href"] == f"/etablissements/{COLLEGE}"
    found = client.get(f"{API}/etablissements/{COLLEGE}").json
    (notes,) = (each for each in found["modules"] if each["id"] == "notes")
    assert notes["state"] == "open"
    to_guardians, to_students = notes["offers"]
    assert to_guardians["audiences"] == ["guardian"]
    assert to_guardians["answer"]["since"] == clock.now().isoformat()
    assert to_students["answer"]["is_open"] is False
    assert to_students["answer"]["reason"] == "core.not_opened"
    assert to_students["answer"]["next_step"]
    opens = clock.now() + timedelta(days=2)
    campaign = Campaign("notes", YEAR, Window(opens, opens + timedelta(days=1)), id=uuid7())
    with services.site.database.writing() as tx:
        tx.policy.add_campaign(campaign)
    found = client.get(f"{API}/etablissements/{COLLEGE}").json
    (notes,) = (each for each in found["modules"] if each["id"] == "notes")
    assert notes["state"] == "coming"
    assert notes["offers"][0]["answer"]["until"] == opens.isoformat()


def test_the_family(services, family):
    """Each child's modules, with the address of what is open, as on the home page."""
    browser, younger, elder = family
    found = browser.client.get(f"{API}/moi").json
    assert found["audience"] == "guardian"
    tiles = {
        (child["id"], tile["id"]): tile for child in found["children"] for tile in child["modules"]
    }
    opened = tiles[str(younger.id), "notes"]
    assert opened["answer"]["is_open"] is True
    assert browser.client.get(opened["href"]).status_code == 200
    closed = tiles[str(elder.id), "notes"]
    assert closed["href"] is None
    home = browser.get("/").text
    assert closed["answer"]["words"] in home
    assert closed["answer"]["next_step"] in home


def test_links_follow_the_mount_point(services, family):
    """Under a prefix, every path starts with it."""
    browser, younger, _elder = family
    cookies = "; ".join(f"{c.key}={c.value}" for c in browser.client._cookies.values())
    environ = {"SCRIPT_NAME": "/ent/services", "HTTP_COOKIE": cookies}
    found = Client(services).get(f"{API}/etablissements", environ_overrides=environ).json
    hrefs = [each["establishment"]["href"] for each in found["establishments"]]
    assert all(href.startswith("/ent/services/etablissements/") for href in hrefs)
    refused = Client(services).get(f"{API}/moi", environ_overrides={"SCRIPT_NAME": "/ent/services"})
    assert refused.json["sign_in"] == "/ent/services/connexion"


@pytest.mark.parametrize("who", ["nobody", "first_login", "staff"])
def test_others_have_no_family(services, family, who):
    """Without a session in full: 401 in JSON, never a redirection; staff have no family."""
    browser = Browser(services)
    world = World(services)
    if who == "staff":
        head = world.staff(Role.HEAD, COLLEGE)
        browser.sign_in(head.login_name, PASSWORD)
    if who == "first_login":
        other = world.account(
            world.adult(an_adult(first_name="Zoé")), Audience.GUARDIAN, state=AccountState.CLAIMED
        )
        browser.sign_in(other.login_name, PASSWORD)
    answer = browser.client.get(f"{API}/moi")
    assert answer.status_code == (404 if who == "staff" else 401)
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "children" not in answer.text
    if who != "staff":
        assert answer.json["sign_in"] == "/connexion"
        assert answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("path", ["/etablissements", f"/etablissements/{COLLEGE}", "/openapi.json"])
def test_public_answers_are_revalidated(services, family, path):
    """The same answer is not sent twice; a changed one is, at once."""
    client = Client(services)
    first = client.get(API + path)
    assert first.headers["Cache-Control"] == "public, no-cache"
    assert "Cookie" not in first.headers.get("Vary", "")
    again = client.get(API + path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.text == ""
    set_opening(
        services.site, None, Scope.establishment(COLLEGE), "notes", Audience.STUDENT, Stance.OPEN
    )
    set_opening(
        services.site, None, Scope.establishment(COLLEGE), "notes", Audience.GUARDIAN, Stance.CLOSED
    )
    set_opening(services.site, None, Scope.academie(), "notes", Audience.STUDENT, Stance.FORBIDDEN)
    later = client.get(API + path, headers={"If-None-Match": first.headers["ETag"]})
    assert later.status_code == (304 if path == "/openapi.json" else 200)


def test_the_family_is_kept_nowhere(services, family):
    """No cache holds it, and it says that it depends on the cookie."""
    headers = family[0].client.get(f"{API}/moi").headers
    assert headers["Cache-Control"] == "no-store"
    assert "Cookie" in headers["Vary"]
    assert "ETag" not in headers


@pytest.mark.parametrize("path", ["/etablissements", "/moi", "/nowhere"])
def test_other_origins(services, family, path):
    """None may read by default; those of the settings may, compared to the letter."""
    headers = {"Origin": ENT}
    answer = Client(services).get(API + path, headers=headers)
    assert not [name for name, _value in answer.headers if name.startswith("Access-Control")]
    shared = Client(with_settings(services, api_origins=(ENT,)))
    answer = shared.get(API + path, headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] == ENT
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in answer.headers["Vary"]
    for other in (f"{ENT}.evil.example", "https://ent.example.fr:8443", ENT.upper(), "null", "*"):
        answer = shared.get(API + path, headers={"Origin": other})
        assert "Access-Control-Allow-Origin" not in answer.headers
    page = shared.get("/connexion", headers=headers)
    assert "Access-Control-Allow-Origin" not in page.headers


@pytest.mark.parametrize("origin", ["ent.example.fr", "https://ent.example.fr/", "*", "null"])
def test_an_origin_is_an_origin(origin):
    """A setting that would match nothing, or everything, is refused by name."""
    with pytest.raises(SettingsError, match="api_origins"):
        structure(
            {
                "academie": {"code": "07", "name": "Dijon"},
                "base_url": "https://x.example",
                "database_url": "sqlite://",
                "secret_key": SECRET_KEY,
                "api_origins": [origin],
            },
            Settings,
            "test",
        )


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_read_only(services, family, method):
    """Nothing but reading; the refusal is in JSON."""
    answer = Client(services).open(f"{API}/etablissements", method=method)
    assert answer.status_code == 405
    assert answer.content_type == "application/problem+json"
    assert "GET" in answer.headers["Allow"]


def test_statements(services, family):
    """Two for a public answer, three for a family, whatever their number."""
    browser, _younger, _elder = family
    for path, number in (("/etablissements", 2), (f"/etablissements/{COLLEGE}", 2)):
        with counted(services.engine) as seen:
            Client(services).get(API + path)
        assert len(seen) == number, seen
    with counted(services.engine) as seen:
        browser.client.get(f"{API}/moi")
    assert len(seen) == 3, seen
    with counted(services.engine) as seen:
        described(services)
    assert seen == []
