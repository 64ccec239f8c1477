"""A plugin that misbehaves takes down its own module only, and is named."""

from __future__ import annotations

import sys
import types
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from teleservices_core import builtin, hookspecs, plugins
from teleservices_core.app import Teleservices
from teleservices_core.contributions import (
    Access,
    ContributedRule,
    MigrationSource,
    PersonalData,
    Route,
    SettingsSection,
    TemplateSource,
    Words,
)
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import ABSTAIN, ActivationRule
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.hookspecs import hookimpl
from teleservices_core.plugins import PluginHost, PluginState
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    a_link,
    a_module,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.personal_data import data_of
from teleservices_core.usecases.site import audited


def a_plugin(**hooks):
    """A plugin module with some hooks."""
    module = types.ModuleType("a_plugin")
    module.HOOK_API = hookspecs.HOOK_API
    for name, value in hooks.items():
        setattr(module, name, value)
    return module


def boom(*_args, **_kwargs):
    """Fail as a plugin would."""
    raise RuntimeError("boom")


def module_hook(module_id):
    """Declare one automatic module."""

    @hookimpl
    def teleservices_modules():
        return [a_module(module_id, opening_mode=OpeningMode.AUTOMATIC)]

    return teleservices_modules


def module_hook_of_head(module_id):
    """Declare one module that the head opens."""

    @hookimpl
    def teleservices_modules():
        return [a_module(module_id)]

    return teleservices_modules


def route_hook(name, handler, module_id):
    """Declare one page about a child."""

    @hookimpl
    def teleservices_routes():
        rule = f"/eleves/<uuid:student_id>/{name.partition('.')[0]}/"
        return [Route(name, rule, handler, Access.CHILD, module_id=module_id)]

    return teleservices_routes


def data_hook(data_id, module_id=None, **more):
    """Declare personal data."""

    @hookimpl
    def teleservices_personal_data():
        return [PersonalData(data_id, str, str, str, boom, module_id, **more)]

    return teleservices_personal_data


def folder_hook(source):
    @hookimpl
    def hook():
        return [source]

    return hook


def words_hook(words):
    """Name actions of the audit trail."""

    @hookimpl
    def teleservices_audit_words():
        return words

    return teleservices_audit_words


def the_report(host, name):
    """What became of a plugin."""
    return next(report for report in host.reports if report.name == name)


@hookimpl
def failing_hook():
    """Fail while declaring."""
    boom()


@pytest.mark.parametrize(
    ("plugin", "state", "reason"),
    [
        (
            a_plugin(teleservices_modules=failing_hook),
            PluginState.FAILED,
            "RuntimeError, plugins/test_host.py",
        ),
        (a_plugin(teleservices_modles=module_hook("x")), PluginState.FAILED, "teleservices_modles"),
        (a_plugin(teleservices_modules=list), PluginState.FAILED, "@hookimpl"),
        (a_plugin(HOOK_API=99), PluginState.INCOMPATIBLE, "99"),
        (
            a_plugin(teleservices_modules=module_hook("taken")),
            PluginState.FAILED,
            "declared by taken",
        ),
        (
            a_plugin(
                teleservices_modules=module_hook("mine"),
                teleservices_routes=route_hook("core.home2", boom, "mine"),
            ),
            PluginState.FAILED,
            "must start with",
        ),
        (
            a_plugin(teleservices_routes=route_hook("bad.page", boom, "unknown")),
            PluginState.FAILED,
            "unknown module",
        ),
        (
            a_plugin(teleservices_personal_data=data_hook("core.account")),
            PluginState.FAILED,
            "must start with bad.",
        ),
        (
            a_plugin(teleservices_personal_data=data_hook("other.data")),
            PluginState.FAILED,
            "must start with bad.",
        ),
        (
            a_plugin(teleservices_personal_data=data_hook("bad.data", "unknown")),
            PluginState.FAILED,
            "unknown module",
        ),
        (
            a_plugin(teleservices_personal_data=data_hook("bad.data", keep_days=365)),
            PluginState.FAILED,
            "needs a way to erase",
        ),
        (
            a_plugin(teleservices_audit_words=words_hook({"account.closed": str})),
            PluginState.FAILED,
            "must start with bad.",
        ),
        (
            a_plugin(teleservices_audit_words=words_hook({"bad.done": "fait"})),
            PluginState.FAILED,
            "must map actions to messages",
        ),
    ],
)
def test_a_faulty_plugin_is_set_aside(plugin, state, reason):
    """Whatever it declares wrongly, the others are kept and the report says why."""
    good = a_plugin(teleservices_modules=module_hook("taken"))
    host = PluginHost(builtin, extra={"taken": good, "bad": plugin}, discover=False)
    assert the_report(host, "bad").state is state
    assert reason in the_report(host, "bad").reason
    assert the_report(host, "taken").state is PluginState.LOADED
    assert [module.id for module in host.catalogue.modules] == ["taken"]


@pytest.mark.parametrize("kind", ["migrations", "templates"])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_that_was_left_out_of_the_distribution(tmp_path, kind, is_there):
    """Empty or missing: the report names it."""
    folder = tmp_path if is_there else tmp_path / "missing"
    source = MigrationSource("bad_", folder) if kind == "migrations" else TemplateSource(folder)
    plugin = a_plugin(**{f"teleservices_{kind}": folder_hook(source)})
    report = the_report(PluginHost(builtin, extra={"bad": plugin}, discover=False), "bad")
    assert report.state is PluginState.FAILED
    assert f"missing or empty: {folder}" in report.reason


def test_import_failure_and_switch(monkeypatch):
    """A plugin that cannot be imported, and one switched off, are reported."""
    sys.modules["teleservices_fine"] = a_plugin(teleservices_modules=module_hook("fine"))
    found = EntryPoints(
        [
            EntryPoint("absent", "teleservices_nowhere.plugin", "teleservices"),
            EntryPoint("fine", "teleservices_fine", "teleservices"),
            EntryPoint("off", "teleservices_fine", "teleservices"),
        ]
    )
    monkeypatch.setattr(plugins, "installed", lambda: found)
    host = PluginHost(builtin, disabled=["off"])
    assert the_report(host, "absent").state is PluginState.FAILED
    assert "ModuleNotFoundError" in the_report(host, "absent").reason
    assert the_report(host, "off").state is PluginState.DISABLED
    assert the_report(host, "fine").modules == ("fine",)
    del sys.modules["teleservices_fine"]


def test_circle_of_requirements():
    """Modules that require each other are refused, with the circle."""

    @hookimpl
    def teleservices_modules():
        return [a_module("one", requires=("two",)), a_module("two", requires=("one",))]

    host = PluginHost(
        builtin,
        extra={"circle": a_plugin(teleservices_modules=teleservices_modules)},
        discover=False,
    )
    assert "one > two" in the_report(host, "circle").reason


def test_declarations_do_not_depend_on_registration_order():
    """Two plugins given in either order make the same catalogue."""
    one = a_plugin(teleservices_modules=module_hook("one"))
    two = a_plugin(teleservices_modules=module_hook("two"))
    first = PluginHost(builtin, extra={"a": one, "b": two}, discover=False)
    second = PluginHost(builtin, extra={"b": two, "a": one}, discover=False)
    assert first.catalogue.modules == second.catalogue.modules


@pytest.fixture
def site_with_a_failing_plugin(services: Teleservices):
    """A site where « bad » fails in every way at run time, and « good » works."""

    def page(context, student_id):
        from teleservices_core.web.responses import Page

        return Page("accessibility.html")

    @hookimpl
    def teleservices_activation_rules():
        words = Words(lambda: "non", lambda: "rien", lambda: "non")

        def vote(module, _question):
            return boom() if module.id == "worse" else ABSTAIN

        return [ContributedRule(ActivationRule("bad.rule", vote), {"bad.no": words})]

    @hookimpl
    def teleservices_modules():
        return [
            a_module("bad", opening_mode=OpeningMode.AUTOMATIC),
            a_module("worse", opening_mode=OpeningMode.AUTOMATIC),
        ]

    bad = a_plugin(
        teleservices_modules=teleservices_modules,
        teleservices_activation_rules=teleservices_activation_rules,
        teleservices_routes=route_hook("bad.page", boom, "bad"),
        teleservices_module_opened=hookimpl(lambda opening: boom()),
        teleservices_page_template=hookimpl(lambda template: boom()),
        teleservices_banner=hookimpl(lambda: boom()),
    )
    good = a_plugin(
        teleservices_modules=module_hook("good"),
        teleservices_routes=route_hook("good.page", page, "good"),
    )
    return Teleservices(
        services.settings,
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
        plugins={"bad": bad, "good": good},
        discover=False,
    )


@pytest.mark.faq("F02")
def test_a_failing_plugin_leaves_the_rest_working(site_with_a_failing_plugin):
    """Sign-in, home and the other module work; the failing one says it is unavailable."""
    services = site_with_a_failing_plugin
    world = World(services)
    world.establishment()
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    account = world.account(mother, Audience.GUARDIAN)
    browser = Browser(services)
    page = browser.sign_in(account.login_name, PASSWORD)
    assert page.status_code == 200
    assert "Good" in page.text
    assert "momentanément indisponible" in page.text, "the module whose rule fails is closed"
    assert browser.get(f"/eleves/{child.id}/good/").status_code == 200
    failed = browser.get(f"/eleves/{child.id}/bad/")
    assert failed.status_code == 503
    assert "Les autres téléservices fonctionnent normalement" in failed.text
    assert "boom" not in failed.text
    assert browser.get("/").status_code == 200
    places = {(failure.plugin, failure.where) for failure in services.plugins.failures}
    assert ("bad", "bad.page") in places


def test_failures_are_named_in_the_diagnostics(site_with_a_failing_plugin):
    """The académie's page names the plugin, the place and the error; notify hooks are isolated."""
    services = site_with_a_failing_plugin
    world = World(services)
    world.establishment()
    admin = world.staff(Role.ACADEMY_ADMIN)
    services.plugins.notify("teleservices_module_opened", services.site.now(), opening=None)
    browser = Browser(services)
    page = browser.sign_in(admin.login_name, PASSWORD)
    assert "teleservices_module_opened" in page.text
    assert "RuntimeError, plugins/test_host.py" in page.text
    assert "boom" not in page.text


def test_plugins_are_told_after_the_commit(services):
    """Opening and closing reach every plugin, with the decision and the instant."""
    told = []

    @hookimpl
    def teleservices_module_opened(opening, at):
        told.append(("opened", opening.module_id, at))

    @hookimpl
    def teleservices_module_closed(opening, at):
        told.append(("closed", opening.module_id, at))

    plugin = a_plugin(
        teleservices_modules=module_hook_of_head("x_module"),
        teleservices_module_opened=teleservices_module_opened,
        teleservices_module_closed=teleservices_module_closed,
    )
    told_services = Teleservices(
        services.settings,
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
        plugins={"listener": plugin},
        discover=False,
    )
    World(told_services).establishment()
    for stance in (Stance.OPEN, Stance.CLOSED):
        set_opening(
            told_services.site,
            None,
            Scope.establishment(COLLEGE),
            "x_module",
            Audience.GUARDIAN,
            stance,
        )
    now = services.site.now()
    assert told == [("opened", "x_module", now), ("closed", "x_module", now)]


def test_settings_of_a_plugin():
    """A plugin's section is structured into its own class; a bad key sets it aside, by name."""
    from attrs import frozen

    @frozen
    class Options:
        floor: int = 5

    @hookimpl
    def teleservices_settings():
        return [SettingsSection("listener", Options)]

    plugin = a_plugin(teleservices_settings=teleservices_settings)
    extra = {"listener": plugin}
    host = PluginHost(builtin, extra=extra, discover=False, settings={"listener": {"floor": 7}})
    assert host.catalogue.declared["listener"].settings == {"listener": Options(7)}
    host = PluginHost(builtin, extra=extra, discover=False, settings={"listener": {"flor": 7}})
    assert the_report(host, "listener").state is PluginState.FAILED
    assert "flor" in the_report(host, "listener").reason


def test_a_plugin_names_its_acts_in_the_journal(services):
    """Its words are shown and offered as a choice; an act without words goes by its code."""
    plugin = a_plugin(
        teleservices_modules=module_hook("listener"),
        teleservices_audit_words=words_hook({"listener.heard": lambda: "Écho entendu"}),
    )
    services = Teleservices(
        services.settings,
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
        plugins={"listener": plugin},
        discover=False,
    )
    admin = World(services).staff(Role.ACADEMY_ADMIN)
    with services.site.database.writing() as tx:
        for action in ("listener.heard", "removed.done"):
            tx.audit.add(audited(action, services.site.now(), None, subject_id=admin.id))
    browser = Browser(services)
    overview = browser.sign_in(admin.login_name, PASSWORD)
    assert "Écho entendu" in overview.text
    page = browser.get("/academie/journal")
    assert "Autre acte (removed.done)" in page.text
    assert "Listener : tout" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    heard = browser.get("/academie/journal?acte=listener").text
    assert "Écho entendu" in heard
    assert "removed.done" not in heard
    copy = data_of(services.site, admin.login_name)
    (journal,) = (each.values for each in copy.sections if each.data.id == "core.journal")
    acts = {each["acte"] for each in journal["actes"]}
    assert {"Écho entendu", "Autre acte (removed.done)"} <= acts
