"""What the plugins left standing declare, checked against each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import NOTHING, Factory, field, fields, frozen

from teleservices_core.contributions import (
    Access,
    Command,
    ContributedRule,
    HelpEntry,
    JobKind,
    MailTemplate,
    Message,
    MigrationSource,
    ModuleOptions,
    NavItem,
    PersonalData,
    Route,
    StaffPage,
    Step,
    TemplateSource,
    Words,
)
from teleservices_core.domain.activation import ActivationRule
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.errors import PluginError

BUILTIN: Final = "core"


@frozen
class Declared:
    """What one plugin declared, checked."""

    settings: Mapping[str, Any] = Factory(dict)
    modules: tuple[ModuleDefinition, ...] = ()
    options: tuple[ModuleOptions, ...] = ()
    rules: tuple[ContributedRule, ...] = ()
    routes: tuple[Route, ...] = ()
    navigation: tuple[NavItem, ...] = ()
    staff_pages: tuple[StaffPage, ...] = ()
    steps: tuple[Step, ...] = ()
    help_entries: tuple[HelpEntry, ...] = ()
    mails: tuple[MailTemplate, ...] = ()
    templates: tuple[TemplateSource, ...] = ()
    migrations: tuple[MigrationSource, ...] = ()
    commands: tuple[Command, ...] = ()
    jobs: tuple[JobKind, ...] = ()
    personal_data: tuple[PersonalData, ...] = ()
    audit_words: Mapping[str, Message] = Factory(dict)


@frozen
class Catalogue:
    """Everything that the plugins left standing declare, by plugin name."""

    declared: Mapping[str, Declared]

    def _all(self, kind: str) -> Iterator[Any]:
        for name in sorted(self.declared, key=lambda name: (name != BUILTIN, name)):
            yield from getattr(self.declared[name], kind)

    modules: tuple[ModuleDefinition, ...] = field(init=False)
    """In page order."""
    by_id: Mapping[str, ModuleDefinition] = field(init=False)
    options: Mapping[str, ModuleOptions] = field(init=False)
    rules: tuple[ActivationRule, ...] = field(init=False)
    words: Mapping[str, Words] = field(init=False)
    routes: tuple[Route, ...] = field(init=False)
    first_pages: Mapping[str, str] = field(init=False)
    """The route of each module's first page about a child: the first that it declares."""
    navigation: tuple[NavItem, ...] = field(init=False)
    staff_pages: tuple[StaffPage, ...] = field(init=False)
    steps: tuple[Step, ...] = field(init=False)
    """In order: the core's own come first."""
    help_entries: tuple[HelpEntry, ...] = field(init=False)
    mails: Mapping[str, MailTemplate] = field(init=False)
    migrations: tuple[MigrationSource, ...] = field(init=False)
    jobs: Mapping[str, JobKind] = field(init=False)
    personal_data: tuple[PersonalData, ...] = field(init=False)
    audit_words: Mapping[str, Message] = field(init=False)
    """What the actions of the audit trail are called."""
    consultations: tuple[str, ...] = field(init=False)
    """Those that are a look at what is kept about families."""

    @modules.default
    def _modules(self) -> tuple[ModuleDefinition, ...]:
        return tuple(sorted(self._all("modules"), key=lambda m: (m.position, m.id)))

    @by_id.default
    def _by_id(self) -> Mapping[str, ModuleDefinition]:
        return {module.id: module for module in self.modules}

    @options.default
    def _options(self) -> Mapping[str, ModuleOptions]:
        return {each.module_id: each for each in self._all("options")}

    @rules.default
    def _rules(self) -> tuple[ActivationRule, ...]:
        return tuple(each.rule for each in self._all("rules"))

    @words.default
    def _words(self) -> Mapping[str, Words]:
        return {code: words for each in self._all("rules") for code, words in each.words.items()}

    @routes.default
    def _routes(self) -> tuple[Route, ...]:
        return tuple(self._all("routes"))

    @first_pages.default
    def _first_pages(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for route in self.routes:
            if route.module_id and route.access is Access.CHILD and "GET" in route.methods:
                found.setdefault(route.module_id, route.name)
        return found

    @navigation.default
    def _navigation(self) -> tuple[NavItem, ...]:
        return tuple(sorted(self._all("navigation"), key=lambda item: item.position))

    @staff_pages.default
    def _staff_pages(self) -> tuple[StaffPage, ...]:
        return tuple(sorted(self._all("staff_pages"), key=lambda page: page.position))

    @steps.default
    def _steps(self) -> tuple[Step, ...]:
        return tuple(
            step
            for name in sorted(self.declared, key=lambda name: (name != BUILTIN, name))
            for step in sorted(self.declared[name].steps, key=lambda step: step.position)
        )

    @help_entries.default
    def _help_entries(self) -> tuple[HelpEntry, ...]:
        return tuple(self._all("help_entries"))

    @mails.default
    def _mails(self) -> Mapping[str, MailTemplate]:
        return {each.kind: each for each in self._all("mails")}

    @migrations.default
    def _migrations(self) -> tuple[MigrationSource, ...]:
        return tuple(self._all("migrations"))

    @jobs.default
    def _jobs(self) -> Mapping[str, JobKind]:
        return {each.name: each for each in self._all("jobs")}

    @personal_data.default
    def _personal_data(self) -> tuple[PersonalData, ...]:
        return tuple(self._all("personal_data"))

    @audit_words.default
    def _audit_words(self) -> Mapping[str, Message]:
        return {
            action: words
            for declared in self.declared.values()
            for action, words in declared.audit_words.items()
        }

    @consultations.default
    def _consultations(self) -> tuple[str, ...]:
        return tuple(sorted({route.consults for route in self.routes} - {""}))

    def module(self, module_id: str) -> ModuleDefinition | None:
        """The module of an identifier, or None when its plugin is not there."""
        return self.by_id.get(module_id)

    def owners(self) -> Mapping[str, str]:
        """The plugin that declared each route, by the route's name."""
        return {route.name: name for name, each in self.declared.items() for route in each.routes}


def check(name: str, declared: Declared, others: Catalogue) -> None:
    """Refuse what does not go with the other plugins. Raises :exc:`PluginError`."""
    data = [each.id for each in declared.personal_data]
    _unique(name, "module", [m.id for m in declared.modules], [m.id for m in others.modules])
    _unique(name, "route", [r.name for r in declared.routes], [r.name for r in others.routes])
    _unique(name, "address", list(map(_address, declared.routes)), map(_address, others.routes))
    _unique(name, "rule", [r.rule.name for r in declared.rules], [r.name for r in others.rules])
    _unique(name, "mail", [m.kind for m in declared.mails], others.mails)
    _unique(name, "job", [j.name for j in declared.jobs], others.jobs)
    _unique(name, "options of", [o.module_id for o in declared.options], others.options)
    _unique(name, "step", [s.name for s in declared.steps], [s.name for s in others.steps])
    _unique(name, "personal data", data, [each.id for each in others.personal_data])
    modules = (*others.modules, *declared.modules)
    _of_known_modules(name, declared, {module.id for module in modules})
    _no_circle(name, {module.id: module.requires for module in modules})
    _well_described(name, declared)
    _reachable(name, declared)
    _passable(name, declared)
    _unguarded(name, declared)
    _with_their_files(name, declared)
    _worded(name, declared)
    if name != BUILTIN:
        _under_its_name(name, declared)


def _of_known_modules(name: str, declared: Declared, known: set[str]) -> None:
    for route in declared.routes:
        if route.module_id is not None and route.module_id not in known:
            raise PluginError(name, f"route {route.name}: unknown module {route.module_id}")
        if route.module_id is not None and route.access is not Access.CHILD:
            raise PluginError(name, f"route {route.name}: a module's page is about a child")
    for data in declared.personal_data:
        if data.module_id is not None and data.module_id not in known:
            raise PluginError(name, f"personal data {data.id}: unknown module {data.module_id}")


def _well_described(name: str, declared: Declared) -> None:
    own = {module.id for module in declared.modules}
    for options in declared.options:
        if options.module_id not in own:
            raise PluginError(name, f"options of {options.module_id}: not a module of its own")
        for attribute in fields(options.type):
            if attribute.default is NOTHING or "label" not in attribute.metadata:
                where = f"{options.type.__name__}.{attribute.name}"
                raise PluginError(name, f"option {where}: needs a default and a label")
    for data in declared.personal_data:
        if data.keep_days is not None and (data.keep_days < 0 or data.erase is None):
            raise PluginError(name, f"personal data {data.id}: keep_days needs a way to erase")


def _reachable(name: str, declared: Declared) -> None:
    """Whether its staff pages are of its own modules, with an address that a UAI fills in."""
    own = {module.id for module in declared.modules}
    routes = {route.name: route for route in declared.routes}
    for page in declared.staff_pages:
        route = routes.get(page.route)
        if page.module_id not in own or route is None:
            raise PluginError(name, f"staff page {page.route}: not of its own module and routes")
        if route.access not in _OF_STAFF or _VARIABLES.findall(route.rule) != ["uai"]:
            raise PluginError(name, f"staff page {page.route}: its route is not for such staff")


def _passable(name: str, declared: Declared) -> None:
    """Whether who stands before a step of its own can reach its pages."""
    own = {route.name: route for route in declared.routes if route.access is Access.SIGNED_IN}
    for step in declared.steps:
        where = f"step {step.name}"
        if not step.routes <= own.keys():
            raise PluginError(name, f"{where}: its routes must be its own, and SIGNED_IN")
        first = own[step.route]
        if "GET" not in first.methods or _VARIABLES.search(first.rule):
            raise PluginError(name, f"{where}: {step.route} is no page that opens by itself")


def _unguarded(name: str, declared: Declared) -> None:
    """Whether what is answered to monitors, before any guard, is open to all and only read."""
    for route in declared.routes:
        is_open = route.access is Access.PUBLIC and set(route.methods) <= {"GET", "HEAD"}
        if route.is_for_monitors and not is_open:
            raise PluginError(name, f"route {route.name}: for monitors, so PUBLIC, and GET only")


def _worded(name: str, declared: Declared) -> None:
    """Whether a family can read what it is that somebody consulted."""
    for route in declared.routes:
        if route.consults and route.consults not in declared.audit_words:
            raise PluginError(name, f"route {route.name}: no words for {route.consults}")


def _with_their_files(name: str, declared: Declared) -> None:
    """Whether its folders came with the distribution: data files are easily left out of one."""
    for kind, pattern, sources in (
        ("revisions", "*.py", declared.migrations),
        ("templates", "**/*.*", declared.templates),
    ):
        for source in sources:
            if not any(source.folder.glob(pattern)):
                raise PluginError(name, f"folder of {kind} missing or empty: {source.folder}")


_OF_STAFF: Final = frozenset({Access.TEACHER, Access.SCHOOL, Access.HEAD})
_OF_OTHERS: Final = frozenset({"alembic_", "pg_", "sqlite_"})
_VARIABLES: Final = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")


def _under_its_name(name: str, declared: Declared) -> None:
    for what, names in (
        ("route", [route.name for route in declared.routes]),
        ("job", [job.name for job in declared.jobs]),
        ("step", [step.name for step in declared.steps]),
        ("personal data", [data.id for data in declared.personal_data]),
        ("audit action", list(declared.audit_words)),
    ):
        for each in names:
            if not each.startswith(f"{name}."):
                raise PluginError(name, f"{what} {each}: must start with {name}.")
    for source in declared.migrations:
        if source.prefix != f"{name}_":
            raise PluginError(name, f"migrations must have the prefix {name}_")
        if source.prefix in _OF_OTHERS:
            raise PluginError(name, f"the prefix {source.prefix} is of others: take another name")


def _address(route: Route) -> tuple[str, tuple[str, ...]]:
    return route.rule, route.methods


def _unique(plugin: str, what: str, mine: list[Any], others: Iterable[Any]) -> None:
    seen = set(others)
    for value in mine:
        if value in seen:
            raise PluginError(plugin, f"{what} {value!r} is declared twice")
        seen.add(value)


def _no_circle(plugin: str, requires: Mapping[str, tuple[str, ...]]) -> None:
    def visit(module_id: str, path: tuple[str, ...]) -> None:
        if module_id in path:
            raise PluginError(plugin, f"modules require each other: {' > '.join(path)}")
        for required in requires.get(module_id, ()):
            visit(required, (*path, module_id))

    for module_id in requires:
        visit(module_id, ())
