"""« Fiche de renseignements » on a phone, without JavaScript; every page looked at by axe."""

from __future__ import annotations

from pathlib import Path

import pytest

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.roster import Kinship
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.settings import MailSettings
from teleservices_core.storage.engine import make_engine
from teleservices_core.testing.builders import a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.testing.world import PASSWORD, World

from .conftest import a_server
from .steps import fits, look, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A mother's account, her child's sheet, and where it is served."""
    folder: Path = tmp_path_factory.mktemp("fiche")
    url = f"sqlite:///{folder / 'site.db'}"
    with a_server() as server:
        base = f"http://127.0.0.1:{server.port}"
        settings = make_settings(url, base_url=base, mail=MailSettings(folder=folder / "mail"))
        services = Teleservices(
            settings,
            engine=make_engine(url),
            clock=FixedClock(),
            hasher=Argon2Hasher.cheapest(),
        )
        services.migrate()
        world = World(services)
        world.establishment()
        child = a_student()
        world.student(child, a_schooling(child.id))
        address = PostalAddress(("12 RUE DES LILAS",), "21000", "DIJON")
        mother = an_adult(mobile="0639980001", email="anne@example.org", address=address)
        father = an_adult(title="M.", first_name="Bruno")
        world.adult(mother, a_link(child.id, mother.id))
        world.adult(father, a_link(child.id, father.id, kinship=Kinship.FATHER))
        account = world.account(mother, Audience.GUARDIAN)
        server.app = services
        yield base, account.login_name, f"/eleves/{child.id}/fiche/"
        services.engine.dispose()


def test_change_send_confirm(chromium, home):
    """A wrong telephone, a pause, the rest, the receipt, « tout est exact »."""
    base, login_name, sheet = home
    context = chromium.new_context(
        viewport={"width": 360, "height": 740}, java_script_enabled=False, base_url=base
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    sign_in(page, login_name, PASSWORD)
    page.get_by_role("link", name="Fiche de renseignements").click()
    page.get_by_role("link", name="Modifier : Vos coordonnées").click()
    page.get_by_label("Téléphone portable").fill("06 39 98")
    page.get_by_label("Numéro et rue").fill("3 place Verte")
    page.get_by_role("button", name="Enregistrer et continuer").click()
    assert fits(page)
    assert page.get_by_label("Téléphone portable").input_value() == "06 39 98"
    page.get_by_label("Téléphone portable").fill("06 39 98 00 07")
    page.get_by_role("button", name="finir plus tard").click()
    page.get_by_role("link", name="Vérifier et envoyer").click()
    assert fits(page)
    assert "3 place Verte" in page.locator("main").inner_text()
    page.get_by_role("button", name="Envoyer à l’établissement").click()
    page.get_by_role("heading", name="Récépissé").wait_for()
    assert fits(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger en PDF").press("Enter")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    page.goto(sheet)
    assert fits(page)
    page.get_by_role("button", name="Retirer cette demande : Téléphone portable").click()
    page.get_by_role("button", name="Oui, tout est exact").click()
    assert "Fiche confirmée exacte" in page.locator("main").inner_text()
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_axe_finds_nothing(chromium, home, width, scheme):
    """On the pages of the sheet, an error and a receipt included."""
    base, login_name, sheet = home
    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        base_url=base,
        bypass_csp=True,
    )
    page = context.new_page()
    sign_in(page, login_name, PASSWORD)

    steps = ("vos-coordonnees", "votre-situation", "eleve", "urgence")[: 4 if width < 600 else 1]
    for path in ("", *(f"modifier/{step}/" for step in steps), "historique/"):
        page.goto(sheet + path)
        look(page)
    page.goto(sheet + "signaler/student/last_name/")
    page.get_by_role("button", name="Prévenir l’établissement").click()
    look(page)
    page.goto(sheet + "modifier/eleve/")
    page.get_by_label("Téléphone portable de l’élève").fill(f"0639980{width % 1000:03}")
    page.get_by_role("button", name="Enregistrer et continuer").click()
    page.goto(sheet + "envoyer/")
    look(page)
    page.get_by_role("button", name="Envoyer à l’établissement").click()
    page.get_by_role("heading", name="Récépissé").wait_for()
    look(page)
    page.goto("/fiche/verifier-un-recepisse/")
    page.get_by_role("button", name="Vérifier").click()
    look(page)
    context.close()
