"""Force renewal, close sessions, cut a plugin off: who is concerned, who is not, and how fast."""

from __future__ import annotations

import json
import types
from datetime import timedelta

import pytest
from attrs import evolve
from click.testing import CliRunner

from teleservices_core.app import Teleservices
from teleservices_core.commands.incident import incident
from teleservices_core.commands.operations import plugins
from teleservices_core.contributions import Access, NavItem, Route
from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.incidents import Population, RenewalCounts
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, NotAllowedError, NotFoundError, RefusedError
from teleservices_core.hookspecs import HOOK_API, hookimpl
from teleservices_core.plugins import PluginState
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    a_link,
    a_module,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.races import TRIALS, race
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.cut_offs import KNOWN_FOR, cut_off, known_cut_offs, notify, restore
from teleservices_core.usecases.home import family_home
from teleservices_core.usecases.incidents import close_sessions, force_renewal, plan
from teleservices_core.usecases.signing_in import resume, sign_in
from teleservices_core.web.responses import Page

ALL = Population()


@pytest.fixture
def people(services):
    """One family in each of two schools, a head, and staff of the rectorat."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    accounts = {}
    for name, uai in (("college", COLLEGE), ("lycee", LYCEE)):
        child, mother = a_student(first_name=f"Enfant {name}"), an_adult(first_name=f"Mère {name}")
        world.student(child, a_schooling(child.id, uai=uai))
        world.adult(mother, a_link(child.id, mother.id))
        accounts[f"mother {name}"] = world.account(mother, Audience.GUARDIAN)
        accounts[f"child {name}"] = world.account(child, Audience.STUDENT)
    accounts["head"] = world.staff(Role.HEAD, COLLEGE)
    accounts["academy"] = world.staff(Role.ACADEMY_ADMIN)
    return accounts


def change(services, account, **changes):
    """Change an account in the database."""
    with services.site.database.writing() as tx:
        known = tx.accounts.get(account.id)
        tx.accounts.replace(known, evolve(known, **changes))


def entered(services, account):
    """A viewer signed in."""
    return resume(
        services.site, sign_in(services.site, account.login_name, PASSWORD, source="x").secret
    )


def flagged(services, people):
    """Who must renew."""
    with services.site.database.reading() as tx:
        return {name for name, account in people.items() if tx.accounts.get(account.id).must_renew}


@pytest.mark.parametrize(
    ("population", "expected"),
    [
        (
            ALL,
            {"mother college", "child college", "mother lycee", "child lycee", "head", "academy"},
        ),
        (Population(COLLEGE), {"mother college", "child college", "head"}),
        (Population(LYCEE), {"mother lycee", "child lycee"}),
        (Population(COLLEGE, Audience.GUARDIAN), {"mother college"}),
        (Population(audience=Audience.STUDENT), {"child college", "child lycee"}),
        (Population(LYCEE, Audience.STAFF), set()),
    ],
)
def test_population(services, people, population, expected):
    """An establishment's students of the year, their guardians, its staff; or an audience."""
    before = plan(services.site, None, population)
    done = force_renewal(services.site, None, population)
    assert flagged(services, people) == expected
    assert done.accounts == before.to_renew == len(expected)
    assert plan(services.site, None, population).to_renew == 0
    assert plan(services.site, None, population).already == len(expected)


def test_exclusions(services, people, clock):
    """Never claimed, without a password of ours, or chosen since a day: left alone, and counted."""
    change(services, people["mother college"], password_at=clock.now())
    change(services, people["child college"], password_hash=None)
    change(services, people["mother lycee"], state=AccountState.ISSUED, password_hash=None)
    change(services, people["child lycee"], must_renew=True)
    change(services, people["head"], state=AccountState.GROUPED)
    since = Population(changed_since=clock.now())
    assert plan(services.site, None, since) == RenewalCounts(
        to_renew=2, already=1, changed_since=1, federated=1, unclaimed=1, sessions=0
    )
    assert force_renewal(services.site, None, since).accounts == 2
    assert flagged(services, people) == {"child lycee", "head", "academy"}
    assert plan(services.site, None, Population(changed_since=clock.now() + timedelta(seconds=1)))
    assert force_renewal(services.site, None, ALL).accounts == 1, "the mother's, this time"


def test_sessions_end_with_it(services, people):
    """Of those who must renew, and of no other; who acts stays here, and renews next time."""
    change(services, people["mother lycee"], password_at=services.site.now())
    mother, other = (entered(services, people[f"mother {x}"]) for x in ("college", "lycee"))
    here, there = entered(services, people["academy"]), entered(services, people["academy"])
    done = force_renewal(services.site, here, Population(changed_since=services.site.now()))
    assert done.sessions == 2
    with services.site.database.reading() as tx:
        left = {
            name
            for name, viewer in {"m": mother, "o": other, "here": here, "there": there}.items()
            if tx.sessions.find(viewer.session.id_hash, services.site.now())
        }
    assert left == {"o", "here"}
    assert entered(services, people["academy"]).in_renewal
    with services.site.database.reading() as tx:
        entry = tx.audit.latest(20)
    (noted,) = [each for each in entry if each.action == "incident.renewal"]
    assert noted.detail["accounts"] == done.accounts
    assert noted.detail["sessions"] == 2
    assert noted.actor == here.name


def test_close_sessions(services, people):
    """Of one establishment, or of all but who acts; passwords stay."""
    for account in people.values():
        entered(services, account)
    here = entered(services, people["academy"])
    assert close_sessions(services.site, here, Population(COLLEGE)).sessions == 3
    assert close_sessions(services.site, here, ALL).sessions == 3
    assert plan(services.site, here, ALL).sessions == 1
    assert flagged(services, people) == set()


@pytest.mark.parametrize("who", ["head", "mother college"])
def test_only_the_academie(services, people, who):
    """Nobody else counts, renews, closes, cuts nor restores, whatever page he comes from."""
    viewer, site = entered(services, people[who]), services.site
    for act in (
        lambda: plan(site, viewer, ALL),
        lambda: force_renewal(site, viewer, Population(COLLEGE)),
        lambda: close_sessions(site, viewer, Population(COLLEGE)),
        lambda: cut_off(site, viewer, "notes", "essai"),
        lambda: restore(site, viewer, "notes"),
    ):
        with pytest.raises(NotAllowedError):
            act()
    with pytest.raises(NotFoundError):
        plan(site, None, Population(Uai("0753268V")))


@pytest.mark.parametrize("backend", ["postgresql"])
def test_signing_in_at_the_same_instant(services, people):
    """Whoever signs in while the password is flagged has no session in full afterwards."""
    account = people["mother college"]

    def trials():
        for _n in range(TRIALS // 5):
            change(services, account, must_renew=False)
            yield [
                lambda: sign_in(services.site, account.login_name, PASSWORD, source="x"),
                lambda: force_renewal(services.site, None, Population(COLLEGE)),
            ]

    met = 0
    for outcome in race(services.engine, trials(), before=["UPDATE core_accounts"]):
        met += outcome.met
        signed_in, done = outcome.results
        assert not isinstance(done, Exception), done
        if isinstance(signed_in, Exception):
            assert isinstance(signed_in, (ConflictError, RefusedError)), signed_in
        else:
            viewer = resume(services.site, signed_in.secret)
            assert viewer is None or viewer.in_renewal
    assert met


# -- plugins ---------------------------------------------------------------------------


def a_plugin(told):
    """A plugin with a module open to all, a page of its own, and hooks."""
    plugin = types.ModuleType("canteen")
    plugin.HOOK_API = HOOK_API

    @hookimpl
    def teleservices_modules():
        return [a_module("canteen", title="Cantine", opening_mode=OpeningMode.AUTOMATIC)]

    @hookimpl
    def teleservices_routes():
        return [
            Route(
                "canteen.menu",
                "/cantine/menu",
                lambda _c: Page("help.html", {"entries": []}),
                Access.PUBLIC,
            ),
            Route(
                "canteen.child",
                "/eleves/<uuid:student_id>/cantine/",
                lambda _context, student_id: Page("help.html", {"entries": []}),
                Access.CHILD,
                module_id="canteen",
            ),
        ]

    @hookimpl
    def teleservices_navigation():
        return [NavItem(lambda: "Menu", "canteen.menu", lambda _viewer: True)]

    @hookimpl
    def teleservices_module_opened(opening, at):
        told.append(opening)

    for hook in (
        teleservices_modules,
        teleservices_routes,
        teleservices_navigation,
        teleservices_module_opened,
    ):
        setattr(plugin, hook.__name__, hook)
    return plugin


@pytest.fixture
def told():
    """What the plugin's hook heard."""
    return []


@pytest.fixture
def process(services, told):
    """Another process of the site, with the plugin."""

    def make():
        return Teleservices(
            services.settings,
            engine=services.engine,
            clock=services.site.clock,
            hasher=services.site.hasher,
            plugins={"canteen": a_plugin(told)},
        )

    return make


def test_cut_off_in_every_process(process, people, clock, told):
    """Decisions close at once, pages and hooks within five seconds, and all of it comes back."""
    one, two = process(), process()
    mother = entered(one, people["mother college"])
    browser = Browser(two)
    browser.sign_in(people["mother college"].login_name, PASSWORD)
    child = family_home(two.site, mother)[0].child.student
    pages = ("/cantine/menu", f"/eleves/{child.id}/cantine/")
    assert [browser.get(path).status_code for path in pages] == [200, 200]
    assert ">Menu<" in browser.page.text
    cut_off(one.site, None, "canteen", "des menus d’une autre école s’affichent")
    (answer,) = [
        a for a in family_home(two.site, mother)[0].modules if a.decision.module.id == "canteen"
    ]
    assert not answer.is_open, "at once"
    assert "momentanément suspendu par l’académie" in answer.told.family
    assert "menus d’une autre école" in answer.told.staff
    assert "menus" not in answer.told.family
    assert timedelta(0) < KNOWN_FOR <= timedelta(seconds=5)
    clock.advance(KNOWN_FOR)
    for path in pages:
        page = browser.get(path)
        assert page.status_code == 503
        assert "momentanément suspendu" in page.text
        assert ">Menu<" not in page.text
    assert "momentanément suspendu" in browser.get("/").text
    assert "Enfant college" in browser.page.text, "the rest goes on"
    notify(two.site, "teleservices_module_opened", opening=None)
    assert told == []
    (report,) = [each for each in two.plugins.reports if each.name == "canteen"]
    assert report.state is PluginState.CUT
    assert "menus" in report.reason
    restore(one.site, None, "canteen")
    clock.advance(KNOWN_FOR)
    assert [browser.get(path).status_code for path in pages] == [200, 200]
    notify(two.site, "teleservices_module_opened", opening=None)
    assert told == [None]


def test_cutting_is_refused(process, people):
    """The core, an unknown plugin, no reason, twice; restoring what runs."""
    site = process().site
    for plugin, reason, error in (
        ("core", "x", RefusedError),
        ("nothing", "x", NotFoundError),
        ("canteen", "  ", RefusedError),
    ):
        with pytest.raises(error):
            cut_off(site, None, plugin, reason)
    with pytest.raises(RefusedError, match="not_cut"):
        restore(site, None, "canteen")
    cut_off(site, None, "canteen", "x")
    with pytest.raises(RefusedError, match="already_cut"):
        cut_off(site, None, "canteen", "x")
    assert set(known_cut_offs(site)) == {"canteen"}


def test_pages(services, people, clock):
    """Count first, then act; cut and restore, with the reason asked."""
    browser = Browser(services)
    browser.sign_in(people["academy"].login_name, PASSWORD)
    entered(services, people["mother college"])
    page = browser.get(
        f"/academie/incidents/renouvellement?uai={COLLEGE}&audience=&since=2026-01-02"
    )
    assert "Comptes qui devront changer</dt><dd>3<" in page.text
    assert flagged(services, people) == set(), "counting changes nothing"
    page = browser.submit("renouvellement")
    assert "3 comptes devront changer de mot de passe" in page.text
    assert flagged(services, people) == {"mother college", "child college", "head"}
    page = browser.get("/academie/incidents/connexions?uai=&audience=guardian")
    page = browser.submit("connexions")
    assert page.request.path == "/academie/incidents"
    for wrong in ("uai=x", "since=demain", "audience=all"):
        page = browser.get(f"/academie/incidents/renouvellement?{wrong}")
        assert "n’est pas valable" in page.text
    if "notes" not in services.site.catalogue.declared:
        return
    page = browser.submit("couper", plugin="notes")
    assert "Dites ce qui se passe" in page.text
    page = browser.submit("couper", plugin="notes", reason="notes mélangées")
    assert "notes mélangées" in page.text
    assert "Suspendu" in browser.get("/academie/").text
    browser.get("/academie/incidents")
    assert "remise en service" in browser.submit("remettre").text


def test_commands(services, people, monkeypatch):
    """The same from the command line, counted first, in words or in JSON."""

    def run(*words):
        done = CliRunner().invoke(incident, words, obj=lambda: services)
        return done.exit_code, done.output

    code, output = run("renew", "--establishment", COLLEGE.code, "--dry-run", "--json")
    assert code == 0, output
    assert json.loads(output)["to_renew"] == 3
    assert flagged(services, people) == set()
    assert run("renew")[0] == 2, "which accounts must be said"
    code, output = run("renew", "--all", "--audience", "student", "--changed-since", "2026-01-02")
    assert code == 0, output
    assert "2  comptes à renouveler" in output
    entered(services, people["head"])
    assert json.loads(run("close-sessions", "--all", "--dry-run", "--json")[1]) == {"sessions": 1}
    assert json.loads(run("close-sessions", "--all", "--json")[1]) == {"sessions": 1}
    assert "ne peut pas être coupé" in run("cut", "core", "--reason", "x")[1]
    if "notes" in services.site.catalogue.declared:
        assert "--reason" in run("cut", "notes")[1]
        assert run("cut", "notes", "--reason", "essai", "--dry-run")[0] == 0
        assert (
            json.loads(run("cut", "notes", "--reason", "essai", "--json")[1])["plugin"] == "notes"
        )
        # Just installed, another plugin has its tables still to be made.
        monkeypatch.setattr(services, "pending_migrations", lambda: [("other_", "other_0001")])
        shown = CliRunner().invoke(plugins, obj=lambda: services).output
        assert "cut" in shown
        assert "essai" in shown
        assert run("restore", "notes")[0] == 0
        assert "n’est pas coupée" in run("restore", "notes")[1]
