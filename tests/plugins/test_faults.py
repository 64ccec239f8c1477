"""Every way a plugin may fail, on every page: its own part is left out, named, and nothing else.

In the ordinary profile each fault is tried under one name, that sorts first or last, on the pages
that are reached first; with ``FAULTS=all`` under both names, on every page.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
import types
from asyncio import CancelledError
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, product
from typing import Any, Final

import pytest
from attrs import evolve, frozen

from teleservices_core import hookspecs, plugins
from teleservices_core.app import Teleservices
from teleservices_core.contributions import (
    Access,
    Banner,
    BannerLink,
    ContributedRule,
    HelpEntry,
    HelpLink,
    MailTemplate,
    NavItem,
    PersonalData,
    Route,
    StaffPage,
    Step,
    Words,
)
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import ABSTAIN, ActivationRule, Effect, Vote
from teleservices_core.domain.modules import ModuleDefinition, OpeningMode
from teleservices_core.domain.staff import Role
from teleservices_core.errors import EscapedError
from teleservices_core.failures import contained
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.hookspecs import hookimpl
from teleservices_core.plugins import PluginState
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.databases import Databases
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.cut_offs import restore
from teleservices_core.web.responses import Page

FIRST, LAST = "aaa", "zzz"


def plugin(name: str, **hooks: Callable[..., Any]) -> Any:
    """A plugin of a module of its own, and of hooks."""
    module = types.ModuleType(name)
    module.HOOK_API = hookspecs.HOOK_API
    sound = {"modules": lambda: [a_module(name)], "routes": lambda: [a_route(name)]}
    for hook, function in {**sound, **hooks}.items():
        setattr(module, f"teleservices_{hook}", hookimpl(function))
    return module


def a_module(name: str, **changes: Any) -> ModuleDefinition:
    values = {"title": "Cantine", "summary": "Les menus.", "opening_mode": OpeningMode.AUTOMATIC}
    return ModuleDefinition(name, **{**values, **changes})


def a_route(name: str, part: str = "child", **changes: Any) -> Route:
    values = {
        "rule": f"/eleves/<uuid:student_id>/{name}/",
        "handler": lambda context, student_id: Page("help.html", {"entries": []}),
        "access": Access.CHILD,
        "module_id": name,
    }
    return Route(f"{name}.{part}", **{**values, **changes})


def a_page(name: str, rule: str = "", **changes: Any) -> Route:
    rule = rule or f"/{name}/menus"
    values = {"rule": rule, "access": Access.PUBLIC, "module_id": None}
    handler = lambda context: Page("help.html", {"entries": []})  # noqa: E731
    return a_route(name, "page", **{**values, "handler": handler, **changes})


def an_item(name: str, **changes: Any) -> NavItem:
    values = {"label": lambda: "Menus", "route": f"{name}.page", "shown_to": lambda _viewer: True}
    return NavItem(**{**values, **changes})


def an_entry(name: str, **changes: Any) -> HelpEntry:
    values = {"question": lambda: "Et la cantine ?", "answer": lambda _figures: "Chaque jour."}
    return HelpEntry(f"{name}.help", **{**values, **changes})


def data(name: str, **changes: Any) -> PersonalData:
    values = {
        "title": lambda: "Régimes",
        "content": lambda _figures: "Ce que vous indiquez.",
        "keep_for": lambda _figures: "Un an.",
        "export": lambda _tx, _scope: {},
    }
    return PersonalData(f"{name}.data", **{**values, **changes})


def a_rule(name: str, vote: Any, codes: tuple[str, ...] = ("closed",)) -> ContributedRule:
    words = Words(lambda: "Fermé.", lambda: "Revenez.", lambda: "Règle.")
    return ContributedRule(
        ActivationRule(f"{name}.rule", vote), {f"{name}.{code}": words for code in codes}
    )


def boom(*_args: Any, **_named: Any) -> Any:
    raise RuntimeError("boom")


def leave(*_args: Any, **_named: Any) -> Any:
    sys.exit("away")


def sleep(*_args: Any, **_named: Any) -> Any:
    time.sleep(0.06)
    return "Menus"


def deep(*args: Any, **_named: Any) -> Any:
    return deep(*args)


class Own(BaseException):
    """What a plugin may raise, and nobody expects."""


def raising(kind: type[BaseException]) -> Callable[..., Any]:
    """It raises that, with words that nobody is to read."""

    def call(*_args: Any, **_named: Any) -> Any:
        raise kind("boom")

    return call


class Evil(str):
    """A text until it is shown."""

    __slots__ = ()
    __html__ = __str__ = __format__ = __hash__ = boom


class Html(str):
    """A text that says it is safe."""

    __slots__ = ()

    def __html__(self) -> str:
        return "<script>boom</script>"


class Later:
    """What fails when it is looked at."""

    __bool__ = __iter__ = __len__ = __getitem__ = boom


class EvilNumber(int):
    """A number until it is compared."""

    __lt__ = __gt__ = __eq__ = __hash__ = __index__ = boom


@frozen
class Fault:
    """A plugin made faulty, and what is to be said of it."""

    make: Callable[[str], Any]
    said: str
    """In the report when it is set aside, or in the diagnostics while it runs."""
    is_loaded: bool = True


def nav(**changes: Any) -> Callable[[str], Any]:
    return lambda name: plugin(
        name,
        routes=lambda: [a_route(name), a_page(name)],
        navigation=lambda: [an_item(name, **changes)],
    )


def routes(*make: Callable[[str], Route]) -> Callable[[str], Any]:
    return lambda name: plugin(name, routes=lambda: [a_route(name), *(one(name) for one in make)])


def hook(hook_name: str, make: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda name: plugin(name, **{hook_name: lambda: make(name)})


def staff(**changes: Any) -> Callable[[str], Any]:
    def make(name: str) -> Any:
        page = StaffPage(
            **{
                "title": lambda: "Menus",
                "summary": lambda: "Les menus.",
                "route": f"{name}.page",
                "module_id": name,
                **changes,
            }
        )
        route = a_page(
            name, f"/ecole/<uai>/{name}", access=Access.SCHOOL, handler=lambda context, uai: None
        )
        return plugin(name, routes=lambda: [a_route(name), route], staff_pages=lambda: [page])

    return make


def step(**changes: Any) -> Callable[[str], Any]:
    def make(name: str) -> Any:
        values = {
            "label": lambda: "Lire les menus",
            "route": f"{name}.page",
            "concerns": lambda _viewer: True,
            "is_open": lambda _question: False,
        }
        declared = Step(f"{name}.step", **{**values, **changes})
        page = a_page(name, access=Access.SIGNED_IN)
        return plugin(name, routes=lambda: [a_route(name), page], steps=lambda: [declared])

    return make


def rule(vote: Any) -> Callable[[str], Any]:
    return hook("activation_rules", lambda name: [a_rule(name, vote)])


def asked(hook_name: str, give: Callable[[], Any]) -> Callable[[str], Any]:
    def make(name: str) -> Any:
        module = plugin(name)
        if hook_name == "page_template":
            module.teleservices_page_template = hookimpl(lambda template: give())
        else:
            module.teleservices_banner = hookimpl(lambda viewer: give())
        return module

    return make


def flaky(texts: list[Any]) -> Callable[[], Any]:
    """Right when the plugin is loaded, wrong ever after."""
    calls = iter(texts)

    def say() -> Any:
        return next(calls, None) or boom()

    return say


ASIDE: Final = {
    "declaring raises": Fault(hook("navigation", boom), "RuntimeError"),
    "declaring exits": Fault(hook("navigation", leave), "SystemExit"),
    "declaring gives no list": Fault(hook("navigation", lambda name: 5), "TypeError"),
    "declaring gives something else": Fault(hook("navigation", lambda name: ["x"]), "not NavItem"),
    "a hook that there is not": Fault(hook("navigaton", lambda name: []), "unknown hook"),
    "an entry to an unknown route": Fault(nav(route="nowhere.at_all"), "unknown route"),
    "a label that raises": Fault(nav(label=boom), "RuntimeError"),
    "a label that is no text": Fault(nav(label=lambda: 5), "expected a text"),
    "a label that is not called": Fault(nav(label="Menus"), "NavItem.label"),
    "a position that is no number": Fault(nav(position="first"), "NavItem.position"),
    "an address that is none": Fault(
        routes(lambda n: a_page(n, rule="/menus/<oops")), "no address"
    ),
    "an address without a slash": Fault(routes(lambda n: a_page(n, rule="menus")), "no address"),
    "a converter that there is not": Fault(
        routes(lambda n: a_page(n, rule="/menus/<week:x>", handler=lambda c, x: 0)), "no address"
    ),
    "a variable twice": Fault(
        routes(lambda n: a_page(n, rule="/m/<int:x>/<int:x>", handler=lambda c, x: 0)), "twice"
    ),
    "a handler of other variables": Fault(
        routes(lambda n: a_page(n, rule="/menus/<int:week>")), "does not take"
    ),
    "a handler that is none": Fault(routes(lambda n: a_page(n, handler="page")), "Route.handler"),
    "a method that there is not": Fault(routes(lambda n: a_page(n, methods=("FETCH",))), "FETCH"),
    "an access that is a text": Fault(routes(lambda n: a_page(n, access="public")), "Route.access"),
    "a child's page of no child": Fault(
        routes(lambda n: a_page(n, access=Access.CHILD)), "student_id"
    ),
    "a school's page of no school": Fault(
        routes(lambda n: a_page(n, access=Access.SCHOOL)), "no uai"
    ),
    "a route of somebody else": Fault(
        routes(lambda n: evolve(a_page(n), name="core.menus")), "must start with"
    ),
    "the core's address": Fault(routes(lambda n: a_page(n, rule="/aide")), "declared by core"),
    "a look without words": Fault(
        routes(lambda n: a_page(n, consults=f"{n}.looked")), "no words for"
    ),
    "the core's reason": Fault(
        hook(
            "activation_rules",
            lambda n: [
                evolve(
                    a_rule(n, lambda m, q: ABSTAIN),
                    words={"core.not_opened": Words(boom, boom, boom)},
                )
            ],
        ),
        "must start with",
    ),
    "a rule of somebody else": Fault(
        hook("activation_rules", lambda n: [a_rule("core", lambda m, q: ABSTAIN)]),
        "must start with",
    ),
    "reasons without words": Fault(
        hook(
            "activation_rules",
            lambda n: [evolve(a_rule(n, lambda m, q: ABSTAIN), words={f"{n}.closed": "Fermé"})],
        ),
        "needs Words",
    ),
    "a question that raises": Fault(
        hook("help_entries", lambda n: [an_entry(n, question=boom)]), "RuntimeError"
    ),
    "help that leads nowhere": Fault(
        hook("help_entries", lambda n: [an_entry(n, link=HelpLink(lambda: "x", "no.where"))]),
        "no page without variables",
    ),
    "help that leads to a page of variables": Fault(
        hook("help_entries", lambda n: [an_entry(n, link=HelpLink(lambda: "x", f"{n}.child"))]),
        "no page without variables",
    ),
    "data whose title raises": Fault(
        hook("personal_data", lambda n: [data(n, title=boom)]), "RuntimeError"
    ),
    "data of an unknown module": Fault(
        hook("personal_data", lambda n: [data(n, module_id="nothing")]), "unknown module"
    ),
    "a staff page whose title raises": Fault(staff(title=boom), "RuntimeError"),
    "a staff page of no route": Fault(staff(route="core.home"), "not of its own module"),
    "a mail of somebody else": Fault(
        hook("mail_templates", lambda n: [MailTemplate("core.reset", lambda: "x", lambda: "x")]),
        "must start with",
    ),
    "words of acts that raise": Fault(
        hook("audit_words", lambda n: {f"{n}.done": boom}), "RuntimeError"
    ),
    "a module of the core's plugin": Fault(
        hook("modules", lambda n: [a_module("notes")]), "declared by notes"
    ),
    **{
        f"{where} raises {kind.__name__}": Fault(make(raising(kind)), kind.__name__)
        for kind, (where, make) in product(
            (CancelledError, GeneratorExit, KeyboardInterrupt, Own),
            {
                "a hook that": lambda call: hook("navigation", call),
                "a label that": lambda call: nav(label=call),
                "a generator that": lambda call: hook(
                    "help_entries", lambda _name: (call() for _once in "x")
                ),
                "a staff page whose title": lambda call: staff(title=call),
            }.items(),
        )
    },
    "words of acts that fail when they are read": Fault(
        hook("audit_words", lambda n: Later()), "RuntimeError"
    ),
    "a module that needs itself": Fault(
        hook("modules", lambda n: [a_module(n, requires=(n,))]), "require each other"
    ),
}


def endless() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["again"] = found
    return found


class ShyError(Exception):
    """Fails when anything is asked of it."""

    orig = sqlstate = is_impersonal = property(boom)
    __str__ = boom


PLACES: Final = {
    "a condition that": (lambda call: nav(shown_to=call), "navigation to"),
    "values that": (lambda call: nav(values=call), "navigation to"),
    "a banner that": (lambda call: asked("banner", call), "teleservices_banner"),
    "a template that": (lambda call: asked("page_template", call), "page_template"),
    "an answer that": (
        lambda call: hook("help_entries", lambda n: [an_entry(n, answer=call)]),
        "help entry",
    ),
    "a rule that": (rule, "rule"),
    "data whose content": (
        lambda call: hook("personal_data", lambda n: [data(n, content=call)]),
        "personal data",
    ),
    "a step whose concern": (lambda call: step(concerns=call), "step"),
    "a step whose rule": (lambda call: step(is_open=call), "step"),
}
"""Where a plugin is asked while a page is made, and what it is called there."""
RUNNING: Final = {
    "a label that raises later": Fault(
        lambda name: nav(label=flaky(["Menus"]))(name), "navigation to"
    ),
    "a condition that raises": Fault(nav(shown_to=boom), "navigation to"),
    "a condition that exits": Fault(nav(shown_to=leave), "navigation to"),
    "a condition that never ends": Fault(nav(shown_to=deep), "navigation to"),
    "values that raise": Fault(nav(values=boom), "navigation to"),
    "values that are none": Fault(nav(values=lambda _viewer: 5), "navigation to"),
    "values that lack one": Fault(
        lambda name: plugin(name, navigation=lambda: [an_item(name, route=f"{name}.child")]),
        "navigation to",
    ),
    "a slow label": Fault(nav(label=sleep), "navigation to"),
    "an answer that raises": Fault(
        hook("help_entries", lambda n: [an_entry(n, answer=boom)]), "help entry"
    ),
    "an answer of an unknown figure": Fault(
        hook("help_entries", lambda n: [an_entry(n, answer=lambda known: known["lunch"])]),
        "help entry",
    ),
    "an answer that is no text": Fault(
        hook("help_entries", lambda n: [an_entry(n, answer=lambda _known: None)]), "help entry"
    ),
    "help whose link fails later": Fault(
        hook(
            "help_entries",
            lambda n: [an_entry(n, link=HelpLink(flaky(["Menus"]), "core.help"))],
        ),
        "help entry",
    ),
    "data whose content raises": Fault(
        hook("personal_data", lambda n: [data(n, content=boom)]), "personal data"
    ),
    "data whose length raises": Fault(
        hook("personal_data", lambda n: [data(n, keep_for=boom)]), "personal data"
    ),
    "a staff page whose title fails later": Fault(
        lambda name: staff(title=flaky(["Menus"]))(name), "staff page"
    ),
    "a rule that raises": Fault(rule(boom), "rule"),
    "a rule that gives nothing": Fault(rule(lambda module, question: None), "rule"),
    "a rule that gives a truth": Fault(rule(lambda module, question: True), "rule"),
    "a rule that exits": Fault(rule(leave), "rule"),
    "the core's reason in a vote": Fault(
        rule(lambda module, question: Vote(Effect.DENY, "core.not_opened")), "rule"
    ),
    "a banner that raises": Fault(asked("banner", boom), "teleservices_banner"),
    "a banner of a wrong type": Fault(asked("banner", lambda: "Essai"), "teleservices_banner"),
    "a banner that sleeps": Fault(asked("banner", sleep), "teleservices_banner"),
    "a banner whose text is none": Fault(asked("banner", lambda: Banner(5)), "teleservices_banner"),
    "a banner that leads nowhere": Fault(
        asked("banner", lambda: Banner("Essai", (BannerLink("x", "no.where"),))),
        "teleservices_banner",
    ),
    "a template that is missing": Fault(
        asked("page_template", lambda: "nothing.html"), "template nothing.html"
    ),
    "a template that is no name": Fault(asked("page_template", lambda: 5), "page_template"),
    "a template that raises": Fault(asked("page_template", boom), "page_template"),
    **{
        f"{where} raises {kind.__name__}": Fault(make(raising(kind)), said)
        for kind, (where, (make, said)) in product(
            (CancelledError, GeneratorExit, KeyboardInterrupt, Own), PLACES.items()
        )
    },
    **{
        f"{where} gives what fails when it is looked at": Fault(make(lambda *_args: Later()), said)
        for where, (make, said) in PLACES.items()
    },
    "values without end": Fault(nav(values=lambda _viewer: endless()), "navigation to"),
    "a vote whose detail is none": Fault(
        rule(lambda module, question: Vote(Effect.DENY, f"{module.plugin}.closed", detail=5)),
        "rule",
    ),
    "an exception that fails itself": Fault(
        asked("banner", raising(ShyError)), "teleservices_banner"
    ),
    "a template that fails": Fault(
        # It wants what other pages do not give.
        asked("page_template", lambda: "academy/journal.html"),
        "template academy/journal.html",
    ),
}
NAMES: Final = (FIRST, LAST)
WHOLE: Final = os.environ.get("FAULTS") == "all"
_MANY: Final = re.compile("raises (?:GeneratorExit|KeyboardInterrupt|Own)|looked at")
"""In the ordinary profile, of many alike one in eight."""
CASES: Final = [
    (what, name)
    for number, what in enumerate((*ASIDE, *RUNNING))
    if WHOLE or not _MANY.search(what) or number % 8 == 0
    for name in (NAMES if WHOLE else (NAMES[number % 2],))
]


@frozen
class Bench:
    """A site of one school without the faulty plugin, and who looks at it."""

    site: Teleservices
    logins: tuple[str, ...]
    pages: dict[str, dict[str, int]]
    """The status of each page that a visitor reaches by links, by visitor."""


def browser_of(site: Teleservices, login: str) -> Browser:
    browser = Browser(site)
    if login:
        browser.sign_in(login, PASSWORD)
    return browser


def walk(browser: Browser) -> Iterator[tuple[str, int]]:
    """Every page that links lead to, one of each kind."""
    waiting, seen = ["/", "/aide", "/donnees-personnelles", "/connexion"], set()
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\?.*", "", path)
        if kind in seen or kind.startswith(("/static", "/deconnexion")):
            continue
        seen.add(kind)
        page = browser.get(path)
        yield path, page.status_code
        if "html" in page.content_type:
            waiting += re.findall(r'href="(/[^"#]*)"', page.text.replace("&amp;", "&"))


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    url = databases.make("sqlite")
    site = Teleservices(make_settings(url), hasher=Argon2Hasher.cheapest())
    world = World(site)
    world.establishment()
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    accounts = [
        world.account(mother, Audience.GUARDIAN),
        world.staff(Role.HEAD, COLLEGE),
        world.staff(Role.TEACHER, COLLEGE),
        world.staff(Role.ACADEMY_ADMIN),
        world.staff(Role.HOTLINE),
    ]
    logins = ("", *(each.login_name for each in accounts))
    pages = {login: dict(walk(browser_of(site, login))) for login in logins}
    yield Bench(site, logins, pages)
    site.engine.dispose()


def of(bench: Bench, extra: dict[str, Any]) -> Teleservices:
    """The same site with more plugins."""
    hasher = bench.site.site.hasher
    return Teleservices(bench.site.settings, engine=bench.site.engine, plugins=extra, hasher=hasher)


def compare(bench: Bench, site: Teleservices, *, few: bool = False) -> None:
    """Every page answers as without the plugin; some of them in the ordinary profile."""
    for login, known in bench.pages.items():
        pages = dict(islice(known.items(), None if WHOLE else 2 if few else 9))
        browser = browser_of(site, login)
        assert {path: browser.get(path).status_code for path in pages} == pages


@pytest.fixture
def never_cut(monkeypatch):
    """It goes on failing."""
    monkeypatch.setattr(plugins.PluginHost, "exhausted", lambda _self: [])


@pytest.mark.parametrize(("what", "name"), CASES)
def test_everything_else_answers(bench, never_cut, monkeypatch, what, name):
    """As before, on every page, for everybody; and the fault is named."""
    fault = (ASIDE | RUNNING)[what]
    is_slow = "slow" in what or "sleeps" in what
    if is_slow:
        monkeypatch.setattr(plugins, "SLOW", 0.05)
    site = of(bench, {name: fault.make(name)})
    report = next(each for each in site.plugins.reports if each.name == name)
    if what in ASIDE:
        assert report.state is PluginState.FAILED
        assert fault.said in report.reason
        assert site.plugins.catalogue.declared.keys() == {"core", "fiche", "notes"}
    else:
        assert report.state is PluginState.LOADED, report.reason
    compare(bench, site, few=is_slow or what in ASIDE)
    if what in RUNNING:
        named = {(each.plugin, each.where) for each in site.plugins.failures}
        # On a busy machine anybody is as slow as that.
        assert is_slow or {plugin for plugin, _where in named} == {name}
        assert any(fault.said in where for _plugin, where in named)
        console = browser_of(site, bench.logins[4]).get("/academie/").text
        assert name in console
        assert "boom" not in console


HARMLESS: Final = {
    "a label": nav(label=lambda: Evil("Menus")),
    "a safe label": nav(label=lambda: Html("Menus")),
    "a position": nav(position=EvilNumber(3)),
    "a banner": asked(
        "banner", lambda: Banner(Evil("Essai"), (BannerLink(Html("x"), "core.help"),))
    ),
    "a template": asked("page_template", lambda: Evil("help.html")),
    "help": hook(
        "help_entries", lambda n: [an_entry(n, answer=lambda _known: Evil("Chaque jour."))]
    ),
    "data": hook("personal_data", lambda n: [data(n, content=lambda _known: Evil("Tout."))]),
    "a module": lambda n: plugin(n, modules=lambda: [a_module(n, title=Evil("Cantine"))]),
    "a staff page": staff(title=lambda: Evil("Menus"), summary=lambda: Html("Les menus.")),
    "a step": step(is_open=lambda _question: [], label=lambda: Evil("Lire")),
    "acts": hook("audit_words", lambda n: {f"{n}.done": lambda: Evil("Fait")}),
    "a vote": rule(
        lambda module, question: Vote(
            Effect.DENY, Evil(f"{module.plugin}.closed") if module.plugin in NAMES else "core.x"
        )
    ),
}


@pytest.mark.parametrize("what", list(HARMLESS))
def test_a_value_of_a_class_of_its_own_is_taken_for_what_it_says(bench, never_cut, what):
    """As if it were of Python's own: nothing of the plugin runs when it is shown."""
    name = NAMES[list(HARMLESS).index(what) % 2]
    site = of(bench, {name: HARMLESS[what](name)})
    report = next(each for each in site.plugins.reports if each.name == name)
    assert report.state is PluginState.LOADED, report.reason
    compare(bench, site, few=what == "a template")
    assert "<script>boom" not in browser_of(site, bench.logins[2]).get("/").text


def test_an_interrupt_of_somebody_goes_through():
    """Ctrl-C in the midst of a plugin ends the command, unlike one that the plugin raises."""
    with pytest.raises(KeyboardInterrupt):
        contained(lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(EscapedError):
        contained(raising(KeyboardInterrupt))
    with ThreadPoolExecutor() as pool, pytest.raises(EscapedError):
        pool.submit(contained, raising(KeyboardInterrupt)).result()


def test_there_are_pages_and_faults_enough(bench):
    """The table is a table."""
    assert len(ASIDE) + len(RUNNING) >= 60
    assert sum(map(len, bench.pages.values())) >= 90
    for login, known in bench.pages.items():
        assert all(status in {200, 403} for status in known.values()), (login, known)


def test_two_at_once(bench, never_cut):
    """Each is named, and everybody is answered."""
    one, other = RUNNING["a banner that leads nowhere"], RUNNING["a template that is missing"]
    site = of(bench, {FIRST: one.make(FIRST), LAST: other.make(LAST)})
    compare(bench, site)
    assert {each.plugin for each in site.plugins.failures} == {FIRST, LAST}


@pytest.mark.parametrize("name", NAMES)
def test_a_plugin_may_lean_on_another_whatever_its_name(bench, name):
    """A page about the marks of a child, from a plugin that sorts before « notes » or after."""
    route = a_route(
        name, "marks", rule=f"/eleves/<uuid:student_id>/{name}-notes/", module_id="notes"
    )
    site = of(bench, {name: plugin(name, routes=lambda: [a_route(name), route])})
    assert next(r for r in site.plugins.reports if r.name == name).state is PluginState.LOADED


@pytest.mark.parametrize("names", [(FIRST, LAST), (LAST, FIRST)])
def test_who_leans_on_one_that_is_set_aside_goes_too(bench, names):
    """In any order."""
    broken, leaning = names
    route = a_page(leaning, f"/eleves/<uuid:student_id>/{leaning}x/")
    route = evolve(route, access=Access.CHILD, module_id=broken, handler=lambda c, student_id: 0)
    site = of(
        bench,
        {
            broken: ASIDE["the core's address"].make(broken),
            leaning: plugin(leaning, routes=lambda: [a_route(leaning), route]),
        },
    )
    reasons = {each.name: each.reason for each in site.plugins.reports}
    assert "declared by core" in reasons[broken]
    assert "unknown module" in reasons[leaning]


@pytest.mark.parametrize("names", [(FIRST, LAST), (LAST, FIRST)])
def test_two_of_one_address(bench, names):
    """Neither is kept, whoever comes first, and each report names the other."""
    extra = {
        name: plugin(name, routes=lambda name=name: [a_route(name), a_page(name, "/menus")])
        for name in names
    }
    site = of(bench, extra)
    reasons = {each.name: each.reason for each in site.plugins.reports}
    assert f"declared by {LAST}" in reasons[FIRST]
    assert f"declared by {FIRST}" in reasons[LAST]


def test_who_fails_too_often_is_cut_off(bench, monkeypatch):
    """In every process, with the reason; put back, it may fail as often again."""
    monkeypatch.setattr(plugins, "TOO_OFTEN", 5)
    site = of(bench, {LAST: nav(shown_to=boom)(LAST)})
    browser = browser_of(site, bench.logins[1])
    for _page in range(6):
        assert browser.get("/").status_code == 200
    report = next(each for each in site.plugins.reports if each.name == LAST)
    assert report.state is PluginState.CUT
    assert f"navigation to {LAST}.page" in report.reason
    failures = len(site.plugins.failures)
    browser.get("/")
    assert len(site.plugins.failures) == failures, "it is asked nothing more"
    other = of(bench, {LAST: nav()(LAST)})
    browser_of(other, "").get("/aide")
    assert next(r for r in other.plugins.reports if r.name == LAST).state is PluginState.CUT
    restore(site.site, None, LAST)
    browser.get("/")
    assert next(r for r in site.plugins.reports if r.name == LAST).state is PluginState.LOADED


@pytest.mark.parametrize(
    "handler",
    [
        boom,
        leave,
        lambda context: None,
        lambda context: Page("nothing.html"),
        lambda context: Page("academy/journal.html"),
    ],
)
def test_a_page_of_its_own_that_fails(bench, handler):
    """Says so with a number, and the words of no exception."""
    site = of(bench, {LAST: routes(lambda n: a_page(n, handler=handler))(LAST)})
    browser = browser_of(site, "")
    for _again in range(plugins.TOO_OFTEN + 1):
        page = browser.get(f"/{LAST}/menus")
    assert page.status_code == 503
    assert next(r for r in site.plugins.reports if r.name == LAST).state is PluginState.LOADED
    assert "boom" not in page.text
    assert {each.plugin for each in site.plugins.failures} == {LAST}
