"""The rectorat's console: choices with their preview, establishments, years, the journal."""

from __future__ import annotations

import re
import types

import pytest

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Uai
from teleservices_core.hookspecs import HOOK_API, hookimpl
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    YEAR,
    a_module,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.opening import set_opening

NIEVRE = Uai.from_digits("0580001")
GUARDIAN = Audience.GUARDIAN


@pytest.fixture
def world(services):
    """Three establishments of two départements."""
    world = World(services)
    world.establishment()
    world.establishment(
        an_establishment(LYCEE, name="Lycée des Quatre-Vents", kind=EstablishmentKind.LYCEE)
    )
    world.establishment(an_establishment(NIEVRE, name="Collège de la Loire", town="Nevers"))
    return world


@pytest.fixture
def rectorat(services, world):
    """The académie's staff, signed in."""
    browser = Browser(services)
    browser.sign_in(world.staff(Role.ACADEMY_ADMIN).login_name, PASSWORD)
    return browser


def text(page):
    """The words of a page, with plain spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text.replace("\u00a0", " ")))


def recorded(services, year=YEAR):
    """(scope, audience) → stance, about « Notes »."""
    with services.site.database.reading() as tx:
        found = tx.policy.whole(year).openings
    return {(o.scope, o.audience): o.stance for o in found}


CHOICE = "/academie/modules/notes?portee={}&uai={}&public=guardian&decision={}"


def test_a_choice_is_previewed_then_made(services, rectorat):
    """Nothing is written by the preview; confirming writes, and the journal tells it."""
    page = rectorat.get(CHOICE.format("academie", "", "imposed"))
    assert "3 établissements passent de fermé à ouvert" in text(page)
    assert "Collège de la Loire, Nevers" in text(page)
    assert recorded(services) == {}
    page = rectorat.submit("/decision", decision="imposed")
    assert "C’est décidé pour 2026-2027, toute l’académie : imposé." in text(page)
    assert recorded(services) == {(Scope.academie(), GUARDIAN): Stance.IMPOSED}
    page = rectorat.get("/academie/journal?module=notes")
    assert "« Notes » pour les responsables, toute l’académie, 2026-2027 : imposé" in text(page)
    assert "Claude DURAND, administration de l’académie" in text(page)
    page = rectorat.get("/academie/modules")
    assert "3 sur 3" in text(page)


def test_a_choice_can_be_undone(services, rectorat):
    """The link of a decision in force previews its undoing."""
    set_opening(services.site, None, Scope.named(COLLEGE), "notes", GUARDIAN, Stance.IMPOSED)
    page = rectorat.get("/academie/modules/notes")
    (href,) = re.findall(r'href="([^"]*decision=inherited[^"]*)"', page.text)
    page = rectorat.get(href.replace("&amp;", "&"))
    assert "1 établissement passe d’ouvert à fermé" in text(page)
    rectorat.submit("/decision", decision="inherited")
    assert recorded(services) == {}


def test_heads_who_lose_their_choice_are_counted(services, rectorat):
    """Forbidding tells which establishments had opened it themselves."""
    set_opening(services.site, None, Scope.establishment(COLLEGE), "notes", GUARDIAN, Stance.OPEN)
    page = rectorat.get(CHOICE.format("academie", "", "forbidden"))
    assert "1 choix d’établissement ne comptera plus" in text(page)
    assert "Collège des Trois-Rivières, « Notes » : ouvert" in text(page)


def test_somebody_else_decided_meanwhile(services, rectorat):
    """Nothing is overwritten; the preview is shown again, up to date."""
    rectorat.get(CHOICE.format("academie", "", "imposed"))
    set_opening(services.site, None, Scope.academie(), "notes", GUARDIAN, Stance.FORBIDDEN)
    page = rectorat.submit("/decision", decision="imposed")
    assert "Quelqu’un d’autre vient de décider" in text(page)
    assert "Interdit" in text(page)
    assert "Ce qui changerait" in text(page)
    assert recorded(services) == {(Scope.academie(), GUARDIAN): Stance.FORBIDDEN}
    rectorat.submit("/decision", decision="imposed")
    assert recorded(services) == {(Scope.academie(), GUARDIAN): Stance.IMPOSED}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (("999", "", "imposed"), "Choisissez où la décision s’applique"),
        (("etablissement", "", "imposed"), "Indiquez l’UAI ou le nom"),
        (("etablissement", "Collège", "imposed"), "2 établissements correspondent"),
        (("etablissement", "Introuvable", "imposed"), "Aucun établissement de l’académie"),
        (("academie", "", "bizarre"), "Choisissez une décision"),
    ],
)
def test_incomplete_choices(rectorat, query, said):
    """Each mistake is named beside its field, and what was typed stays."""
    page = rectorat.get(CHOICE.format(*query))
    assert page.status_code == 422
    assert said in text(page)
    assert f'value="{query[1]}"' in page.text or not query[1]


def test_a_departement_and_one_establishment(services, rectorat):
    """A choice reaches its département, or the one establishment whose name was typed."""
    page = rectorat.get(CHOICE.format("058", "", "imposed"))
    assert "1 établissement passe de fermé à ouvert" in text(page)
    rectorat.submit("/decision", decision="imposed")
    rectorat.get(CHOICE.format("etablissement", "quatre vents", "open"))
    rectorat.submit("/decision", decision="open")
    assert recorded(services) == {
        (Scope.departement("058"), GUARDIAN): Stance.IMPOSED,
        (Scope.named(LYCEE), GUARDIAN): Stance.OPEN,
    }


def test_only_the_rectorat_decides(services, world):
    """For a head or a family the addresses do not exist, and nothing changes."""
    accounts = (
        world.staff(Role.HEAD, COLLEGE),
        world.staff(Role.HOTLINE),
        world.account(an_adult(), GUARDIAN),
    )
    for account in accounts:
        browser = Browser(services)
        browser.sign_in(account.login_name, PASSWORD)
        browser.get("/compte")
        token = next(fields["csrf_token"] for _action, fields in browser.forms())
        choice = {"csrf_token": token, "public": "guardian", "decision": "imposed"}
        for path in (
            "/academie/modules/notes/decision",
            "/academie/etablissements",
            "/academie/annees",
            "/academie/campagnes",
        ):
            answer = browser.client.post(path, data=choice, base_url="http://localhost")
            assert answer.status_code == 404
    assert recorded(services) == {}


# --- two years -----------------------------------------------------------------------------


def test_two_years_and_a_copy(services, rectorat):
    """Side by side, then copied: what next year has already decided stays."""
    set_opening(services.site, None, Scope.academie(), "notes", GUARDIAN, Stance.IMPOSED)
    set_opening(services.site, None, Scope.named(COLLEGE), "notes", GUARDIAN, Stance.FORBIDDEN)
    set_opening(
        services.site, None, Scope.named(COLLEGE), "notes", GUARDIAN, Stance.CLOSED, YEAR.next
    )
    page = rectorat.get("/academie/annees?de=2026&vers=2027")
    assert "2 décisions de l’académie diffèrent" in text(page)
    assert "1 décision déjà prise pour 2027-2028 est gardée" in text(page)
    page = rectorat.submit("/academie/annees", vers="2027")
    assert "1 décision de 2026-2027 est reprise pour 2027-2028." in text(page)
    assert recorded(services, YEAR.next) == {
        (Scope.academie(), GUARDIAN): Stance.IMPOSED,
        (Scope.named(COLLEGE), GUARDIAN): Stance.CLOSED,
    }
    assert "Il n’y a rien à reprendre" in text(rectorat.page)


def test_the_past_is_not_written(rectorat):
    """A year that is over is compared, never copied to."""
    page = rectorat.get("/academie/annees?de=2026&vers=2025")
    assert page.status_code == 200
    assert rectorat.forms()[1:] == []
    assert rectorat.get("/academie/annees?de=abcd").status_code == 404


# --- establishments --------------------------------------------------------------------------


def test_several_establishments_at_once(services, rectorat):
    """A selection, or all that a search found, in one act with its preview."""
    base = "/academie/etablissements?module=notes&public=guardian&public=student&acte=imposed"
    page = rectorat.get(f"{base}&uai={COLLEGE}&uai={LYCEE}")
    assert "2 établissements choisis" in text(page)
    assert "2 établissements passent de fermé à ouvert" in text(page)
    page = rectorat.submit("/academie/etablissements", acte="imposed")
    assert "C’est fait : 4 changements." in text(page)
    rectorat.get(f"{base.replace('imposed', 'forbidden')}&tous=oui&departement=058")
    rectorat.submit("/academie/etablissements", acte="forbidden")
    found = recorded(services)
    assert {scope.place for scope, _audience in found} == {COLLEGE.code, LYCEE.code, NIEVRE.code}
    assert found[Scope.named(NIEVRE), GUARDIAN] is Stance.FORBIDDEN
    page = rectorat.get(f"{base}&uai={COLLEGE}")
    assert "il n’y a rien à changer" in text(page)


@pytest.mark.faq("F41")
def test_adherence_from_the_list(services, rectorat):
    """Leaving is previewed; doing it twice, or after somebody else, is told."""
    set_opening(services.site, None, Scope.academie(), "notes", GUARDIAN, Stance.IMPOSED)
    page = rectorat.get(f"/academie/etablissements?acte=quitter&uai={COLLEGE}&uai={NIEVRE}")
    assert "2 établissements passent d’ouvert à fermé" in text(page)
    form = rectorat.page
    rectorat.submit("/academie/etablissements", acte="quitter")
    page = rectorat.get("/academie/etablissements?adhere=non")
    assert "2 établissements" in text(page)
    assert "sur 3" in text(page)
    rectorat.page = form
    page = rectorat.submit("/academie/etablissements", acte="quitter")
    assert "Quelqu’un d’autre vient de décider" in text(page)
    journal = text(rectorat.get("/academie/journal?acte=establishment.left"))
    assert journal.count("Fin de l’adhésion aux téléservices") == 2 + 1, "and the choice of acts"
    assert "Collège de la Loire" in journal


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("acte=imposed&module=notes&public=guardian", "Cochez au moins un établissement"),
        ("acte=imposed&uai=0219999E&public=guardian", "Choisissez le module"),
        ("acte=imposed&uai=0219999E&module=notes", "Choisissez au moins un public"),
        ("acte=bizarre&uai=0219999E&module=notes&public=guardian", "Choisissez un acte"),
    ],
)
def test_incomplete_acts(rectorat, query, said):
    """What is missing is said, and nothing can be confirmed."""
    page = rectorat.get(f"/academie/etablissements?{query}")
    assert page.status_code == 422
    assert said in text(page)
    assert len(rectorat.forms()) == 1


def test_one_establishment_explains_everything(services, rectorat):
    """The state, the switch, each rule's words, and every recorded decision."""
    set_opening(services.site, None, Scope.establishment(COLLEGE), "notes", GUARDIAN, Stance.OPEN)
    set_opening(services.site, None, Scope.departement("021"), "notes", GUARDIAN, Stance.FORBIDDEN)
    page = text(rectorat.get(f"/academie/etablissements/{COLLEGE}"))
    assert "Se règle au rectorat, pour le département" in page
    assert "core.opening" in page
    assert "le département 21 : Interdit" in page
    assert "Collège des Trois-Rivières : Ouvert (ligne de commande)" in page
    for unknown in ("0219999A", "0990001X", "x"):
        assert rectorat.get(f"/academie/etablissements/{unknown}").status_code == 404


# --- journal ---------------------------------------------------------------------------------


def test_the_journal_is_searched(services, world, rectorat):
    """By establishment, person, act, module and days; pages follow one another."""
    family = world.account(an_adult(first_name="Inès", last_name="ROY"), GUARDIAN)
    Browser(services).sign_in(family.login_name, PASSWORD)
    for number in range(60):
        stance = Stance.OPEN if number % 2 else Stance.CLOSED
        set_opening(services.site, None, Scope.establishment(COLLEGE), "notes", GUARDIAN, stance)
    page = rectorat.get("/academie/journal?uai=trois-rivieres&du=2026-11-24&au=2026-11-24")
    assert page.text.count("« Notes »".replace(" ", "\u00a0")) == 50
    (older,) = re.findall(r'rel="next" href="([^"]*)"', page.text)
    page = rectorat.get(older.replace("&amp;", "&"))
    assert page.text.count("« Notes »".replace(" ", "\u00a0")) == 10
    assert 'rel="next"' not in page.text
    assert "Rien ne correspond" in text(rectorat.get("/academie/journal?au=2026-11-23"))
    page = text(rectorat.get(f"/academie/journal?personne={family.login_name}"))
    assert "Connexion" in page
    assert "Inès ROY" in page
    assert "« Notes »" not in page
    page = rectorat.get("/academie/journal?personne=personne.inconnue&du=2026-02-31")
    assert page.status_code == 422
    assert "Aucun compte n’a cet identifiant" in text(page)
    assert "Cette date n’existe pas" in text(page)
    for mark in ("x", "1-x", "99999999999999999999999-" + "0" * 32):
        assert rectorat.get(f"/academie/journal?avant={mark}").status_code == 404


# --- statements --------------------------------------------------------------------------------


def twelve_modules():
    """A plugin of as many modules as make twelve with « Notes »."""
    plugin = types.ModuleType("eleven")
    plugin.HOOK_API = HOOK_API

    @hookimpl
    def teleservices_modules():
        return [a_module(f"eleven_{n}") for n in range(11)]

    plugin.teleservices_modules = teleservices_modules
    return plugin


@pytest.mark.parametrize("number", [3, 300])
def test_statements(services, number):
    """300 establishments × 12 modules × 2 audiences cost as many statements as three."""
    services = Teleservices(
        services.settings,
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
        plugins={"eleven": twelve_modules()},
    )
    schools = [an_establishment(Uai.from_digits(f"021{n:04}")) for n in range(number)]
    with services.site.database.writing() as tx:
        tx.roster.save_establishments(schools)
    browser = Browser(services)
    browser.sign_in(World(services).staff(Role.ACADEMY_ADMIN).login_name, PASSWORD)
    spent = {}
    for path in (
        "/academie/modules",
        "/academie/modules/eleven_1?portee=academie&public=guardian&public=student&decision=open",
        "/academie/etablissements",
        "/academie/etablissements?tous=oui&acte=quitter",
        f"/academie/etablissements/{schools[0].uai}",
        "/academie/annees",
        "/academie/journal",
        "/academie/campagnes",
        "/academie/campagnes?acte=ajouter&module=eleven_1&ouvre=2026-12-01&ferme=2026-12-05",
    ):
        with counted(services.engine) as seen:
            assert browser.get(path).status_code == 200
        spent[path.partition("?")[0], "acte" in path] = len(seen)
    assert list(spent.values()) == [4, 4, 5, 6, 5, 8, 5, 4, 6], spent
