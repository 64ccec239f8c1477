"""The pages of security keys; the only ones where browsers run a script of ours."""

from __future__ import annotations

import json
import re
from io import BytesIO
from zipfile import ZipFile

import pytest
from attrs import evolve

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.staff import Role
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.security_keys import SoftKey
from teleservices_core.testing.world import PASSWORD, World

MANAGE = "/compte/double-authentification"
ADD = f"{MANAGE}/cles/nouvelle"
PAPER = re.compile(r"<code>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})</code>")
SCRIPT = re.compile(r"<script([^>]*)>([^<]*)</script>")


@pytest.fixture
def person(services):
    """Somebody of the académie."""
    return World(services).staff(Role.ACADEMY_ADMIN, email="claude@example.org")


def signed_in(services, person):
    """A browser that has typed the password."""
    browser = Browser(services)
    browser.sign_in(person.login_name, PASSWORD)
    return browser


def asked(browser, path):
    """What the script is told to ask the key."""
    token = next(form["csrf_token"] for _action, form in browser.forms())
    answer = browser.client.post(path, data={"csrf_token": token}, base_url=browser.base_url)
    assert answer.status_code == 200
    return json.loads(answer.data)


def sent(browser, *, follow=True, **typed):
    """Send the form that a key answers in, as the script does."""
    action, form = next(found for found in browser.forms() if "answer" in found[1])
    browser.page = browser.client.post(
        action, data={**form, **typed}, base_url=browser.base_url, follow_redirects=follow
    )
    return browser.page


def added(browser, key, name="bleue"):
    """Add a key."""
    browser.get(ADD)
    answer = key.make(asked(browser, f"{ADD}/question"))
    return sent(browser, name=name, current=PASSWORD, answer=answer)


def signed(browser, key):
    """What a key says on the page that is shown."""
    return key.sign(asked(browser, f"{MANAGE}/cles/question"))


def test_from_end_to_end(services, person):
    """Added, asked at sign-in, named in « Mon compte », taken away."""
    key = SoftKey()
    browser = signed_in(services, person)
    assert ADD in browser.get(MANAGE).text
    assert len(PAPER.findall(added(browser, key, "clé <bleue>").text)) == 10
    assert "clé &lt;bleue&gt;" in browser.get(MANAGE).text
    again = signed_in(services, person)
    assert "Votre clé ou votre code" in again.get("/academie/journal?page=2").text
    page = sent(again, answer="{}")
    assert "La réponse de la clé ne convient pas" in page.text
    page = sent(again, follow=False, answer=signed(again, key))
    assert page.headers["Location"] == "/academie/journal?page=2"
    added(again, SoftKey(), "rouge")
    assert "La clé est ajoutée" in again.page.text
    (gone, _stays) = re.findall(rf"{MANAGE}/cles/[0-9a-f-]{{36}}", again.page.text)
    again.get(gone)
    assert "pas votre mot de passe actuel" in again.submit("/cles/", current="faux").text
    assert "est retirée" in again.submit("/cles/", current=PASSWORD).text
    assert again.get(gone).status_code == 404


def test_what_was_typed_stays(services, person):
    """A name is not typed twice because of a wrong password; the last key stays."""
    browser = signed_in(services, person)
    browser.get(ADD)
    page = sent(browser, name="  clé du bureau", current="faux", answer="{}")
    assert 'value="  clé du bureau"' in page.text
    added(browser, SoftKey())
    browser.get(MANAGE)
    (last,) = re.findall(rf"{MANAGE}/cles/[0-9a-f-]{{36}}", browser.page.text)
    browser.get(last)
    assert "Rien d’autre ne compléterait" in browser.submit("/cles/", current=PASSWORD).text


def test_codes_by_a_key(services, person):
    """New ones are signed for, where no code is typed; so is doing without again."""
    key = SoftKey()
    browser = signed_in(services, person)
    added(browser, key)
    browser.get(MANAGE)
    page = sent(browser, current=PASSWORD, answer=signed(browser, key))
    assert len(PAPER.findall(page.text)) == 10
    browser.get(MANAGE)
    (form,) = (form for action, form in browser.forms() if action.endswith("/codes"))
    data = {**form, "current": PASSWORD, "answer": signed(browser, key)}
    browser.client.post(f"{MANAGE}/retirer", data=data, base_url="http://localhost")
    assert "Pas encore installée" in browser.get(MANAGE).text


def test_who_owes_one_reaches_nothing_else(services, person):
    """The question of a key is part of the step; that of a new key is not."""
    added(signed_in(services, person), SoftKey())
    waiting = signed_in(services, person)
    for path in (ADD, MANAGE, f"{MANAGE}/telephone"):
        assert "Votre clé ou votre code" in waiting.get(path).text
    waiting.get("/connexion/code")
    token = waiting.forms()[1][1]["csrf_token"]
    answer = waiting.client.post(
        f"{ADD}/question", data={"csrf_token": token}, base_url="http://localhost"
    )
    assert b"challenge" not in answer.data


@pytest.mark.parametrize("path", [f"{ADD}/question", f"{MANAGE}/cles/question"])
def test_questions_are_forms_of_ours(services, person, path):
    """Without the token of a page, or by GET, none is asked; nor to families."""
    browser = signed_in(services, person)
    assert browser.client.post(path, base_url="http://localhost").status_code == 403
    assert browser.client.get(path, base_url="http://localhost").status_code == 405
    mother = World(services).account(World(services).adult(an_adult()), Audience.GUARDIAN)
    family = signed_in(services, mother)
    family.get("/compte")
    token = family.forms()[0][1]["csrf_token"]
    answer = family.client.post(path, data={"csrf_token": token}, base_url="http://localhost")
    assert answer.status_code == 404


def test_where_browsers_run_a_script(services, person):
    """Where a key is asked; it is ours, from a file, and every other page refuses any."""
    key = SoftKey()
    browser = signed_in(services, person)
    added(browser, key)
    waiting = signed_in(services, person)
    for page in (browser.get(ADD), browser.get(MANAGE), waiting.get("/connexion/code")):
        policy = page.headers["Content-Security-Policy"]
        assert "script-src 'self'; connect-src 'self'" in policy
        assert "unsafe" not in policy
        ((attributes, inside),) = SCRIPT.findall(page.text)
        assert inside == ""
        assert " on" not in attributes
        address = re.search(r'src="([^"]+)"', attributes)[1]
    script = browser.client.get(address, base_url="http://localhost")
    assert script.status_code == 200
    assert script.headers["Content-Type"].split(";")[0] in (
        "text/javascript",
        "application/javascript",
    )
    assert script.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/", "/compte", f"{MANAGE}/installer", f"{MANAGE}/telephone", "/aide", "/x"):
        page = browser.get(path)
        assert "script-src" not in page.headers["Content-Security-Policy"]
        assert "<script" not in page.text


def test_only_where_there_is_a_key(services, person):
    """Who has none is shown no script at sign-in, nor in « Mon compte »."""
    page = signed_in(services, person).get(MANAGE)
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text


def test_under_a_mount(services, person, clock):
    """The site's address names it to keys, whatever the request says; files are found there."""
    settings = evolve(services.settings, base_url="https://ent.example.fr/services")
    site = Teleservices(
        settings, engine=services.engine, clock=clock, hasher=Argon2Hasher.cheapest()
    )

    def mounted(environ, start):
        environ["SCRIPT_NAME"], environ["HTTP_HOST"] = "/services", "mechant.example"
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/services")
        return site(environ, start)

    browser = Browser(mounted, base_url="https://ent.example.fr")
    browser.get("/services/connexion")
    browser.submit("/connexion", login_name=person.login_name, password=PASSWORD)
    browser.get(f"/services{ADD}")
    question = re.search(r'data-key-question="([^"]+)"', browser.page.text)[1]
    assert question == f"/services{ADD}/question"
    told = asked(browser, question)
    assert told["rp"]["id"] == "ent.example.fr"
    assert told["attestation"] == "none"
    assert told["authenticatorSelection"]["userVerification"] == "preferred"
    key = SoftKey(origin="https://ent.example.fr")
    page = sent(browser, name="bleue", current=PASSWORD, answer=key.make(told))
    assert len(PAPER.findall(page.text)) == 10


def test_at_an_ip_address(services, person, clock):
    """Keys are not offered where browsers let none answer."""
    settings = evolve(services.settings, base_url="http://127.0.0.1:8000")
    site = Teleservices(
        settings, engine=services.engine, clock=clock, hasher=Argon2Hasher.cheapest()
    )
    browser = Browser(site, base_url="http://127.0.0.1:8000")
    browser.sign_in(person.login_name, PASSWORD)
    assert ADD not in browser.get(MANAGE).text
    assert ADD not in browser.get(f"{MANAGE}/installer").text


def test_the_copy_of_personal_data_names_them(services, person):
    """By name and dates, without what is of the key."""
    browser = signed_in(services, person)
    added(browser, SoftKey(), "clé du bureau")
    browser.get("/compte/donnees")
    page = browser.submit("donnees", current=PASSWORD)
    with ZipFile(BytesIO(page.data)) as copy:
        assert any("clé du bureau" in copy.read(name).decode() for name in copy.namelist())
