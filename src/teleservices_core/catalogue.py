"""What the plugins left standing declare, checked against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import Factory, field, frozen

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
