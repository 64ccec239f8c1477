"""Everything the core knows about plugins. Nothing else touches pluggy's manager.

A plugin that cannot be loaded, was written for another version, or declares
something wrong is set aside whole, named in the report, and the others go on.
"""

from __future__ import annotations

import logging
import types
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

import cattrs
import pluggy
from attrs import evolve, frozen

from teleservices_core import hookspecs
from teleservices_core.catalogue import BUILTIN, Catalogue, Declared, check
from teleservices_core.contributions import (
    Banner,
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
    SettingsSection,
    StaffPage,
    Step,
    TemplateSource,
)
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.policy import CutOff
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import PluginError, SettingsError
from teleservices_core.failures import brief, trace
from teleservices_core.settings import structure

log = logging.getLogger(__name__)


class PluginState(StrEnum):
    """What became of a plugin."""

    LOADED = "loaded"
    DISABLED = "disabled"
    INCOMPATIBLE = "incompatible"
    FAILED = "failed"
    CUT = "cut"
    """Switched off while the site runs."""


@frozen
class PluginReport:
    """One line of the diagnostics."""

    name: str
    state: PluginState
    distribution: str = ""
    version: str = ""
    reason: str = ""
    modules: tuple[str, ...] = ()


@frozen
class PluginFailure:
    """A plugin that failed while running: in a hook, a rule or a page."""

    plugin: str
    where: str
    error: str
    at: datetime


_DECLARE: Final[tuple[tuple[str, str, type[Any]], ...]] = (
    ("teleservices_modules", "modules", ModuleDefinition),
    ("teleservices_module_options", "options", ModuleOptions),
    ("teleservices_activation_rules", "rules", ContributedRule),
    ("teleservices_routes", "routes", Route),
    ("teleservices_navigation", "navigation", NavItem),
    ("teleservices_staff_pages", "staff_pages", StaffPage),
    ("teleservices_steps", "steps", Step),
    ("teleservices_help_entries", "help_entries", HelpEntry),
    ("teleservices_mail_templates", "mails", MailTemplate),
    ("teleservices_templates", "templates", TemplateSource),
    ("teleservices_migrations", "migrations", MigrationSource),
    ("teleservices_commands", "commands", Command),
    ("teleservices_jobs", "jobs", JobKind),
    ("teleservices_personal_data", "personal_data", PersonalData),
)


@lru_cache(maxsize=1)
def installed() -> tuple[EntryPoint, ...]:
    """The plugins installed beside the library, by name; looked for once in a process."""
    found = entry_points(group=hookspecs.PROJECT)
    return tuple(sorted(found, key=lambda point: point.name))


class PluginHost:
    """Loads plugins, collects what they declare, notifies them and reports on them."""

    def __init__(
        self,
        builtin: types.ModuleType,
        *,
        extra: Mapping[str, Any] | None = None,
        discover: bool = True,
        disabled: Iterable[str] = (),
        settings: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._settings = settings or {}
        self.failures: deque[PluginFailure] = deque(maxlen=200)
        self.cut_offs: Mapping[str, CutOff] = {}
        """As this process last read them: see :mod:`teleservices_core.usecases.cut_offs`."""
        self.cut_offs_read_at: datetime | None = None
        self._reports: dict[str, PluginReport] = {}
        self._declared: dict[str, Declared] = {}
        self._load(BUILTIN, builtin, PluginReport(BUILTIN, PluginState.LOADED), required=True)
        for name, plugin in sorted((extra or {}).items()):
            self._load(name, plugin, PluginReport(name, PluginState.LOADED))
        if discover:
            for point in installed():
                self._load_entry_point(point, frozenset(disabled))
        self.catalogue = Catalogue(dict(self._declared))

    # -- loading ------------------------------------------------------------------

    def _load_entry_point(self, point: EntryPoint, disabled: frozenset[str]) -> None:
        report = PluginReport(
            point.name,
            PluginState.LOADED,
            distribution=point.dist.name if point.dist else "",
            version=point.dist.version if point.dist else "",
        )
        if point.name in disabled:
            self._set_aside(report, PluginState.DISABLED, "switched off in the settings")
            return
        try:
            plugin = point.load()
        except Exception as error:  # noqa: BLE001 - a plugin does what it wants
            log.error("plugin %s cannot be imported\n%s", point.name, trace(error))
            self._set_aside(report, PluginState.FAILED, f"import: {brief(error)}")
            return
        self._load(point.name, plugin, report)

    def _load(
        self, name: str, plugin: Any, report: PluginReport, *, required: bool = False
    ) -> None:
        written_for = getattr(plugin, "HOOK_API", None)
        if name in self._reports:
            return self._set_aside(report, PluginState.FAILED, "another plugin has this name")
        if written_for != hookspecs.HOOK_API:
            reason = f"HOOK_API is {written_for}, this core has {hookspecs.HOOK_API}"
            return self._set_aside(report, PluginState.INCOMPATIBLE, reason)
        try:
            self._register(name, plugin)
            declared = self._collect(name)
            check(name, declared, Catalogue(dict(self._declared)))
        except Exception as error:
            if required:
                raise
            log.error("plugin %s is set aside\n%s", name, trace(error))
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            reason = error.reason if isinstance(error, PluginError) else brief(error)
            return self._set_aside(report, PluginState.FAILED, reason)
        self._declared[name] = declared
        modules = tuple(module.id for module in declared.modules)
        self._reports[name] = evolve(report, modules=modules)
        return None

    def _set_aside(self, report: PluginReport, state: PluginState, reason: str) -> None:
        self._reports[report.name] = evolve(report, state=state, reason=reason)

    def _register(self, name: str, plugin: Any) -> None:
        known = {spec for spec in vars(hookspecs) if spec.startswith("teleservices_")}
        for attribute in vars(plugin) if isinstance(plugin, types.ModuleType) else dir(plugin):
            if not attribute.startswith("teleservices_"):
                continue
            value = getattr(plugin, attribute)
            if isinstance(value, types.ModuleType):
                continue
            if attribute not in known:
                raise PluginError(name, f"unknown hook {attribute}")
            if not hasattr(value, "teleservices_impl"):
                raise PluginError(name, f"{attribute} lacks the @hookimpl decorator")
        self._manager.register(plugin, name)
        for hook in self._manager.get_hookcallers(plugin) or ():
            for impl in hook.get_hookimpls():
                if impl.plugin_name == name and (impl.hookwrapper or impl.wrapper):
                    raise PluginError(name, f"{hook.name}: wrappers are not taken")

    # -- collecting ---------------------------------------------------------------

    def _call(self, plugin: str, hook_name: str, **arguments: Any) -> Any:
        hook: pluggy.HookCaller = getattr(self._manager.hook, hook_name)
        for impl in hook.get_hookimpls():
            if impl.plugin_name == plugin:
                return impl.function(*(arguments[name] for name in impl.argnames))
        return None

    def _collect(self, plugin: str) -> Declared:
        sections = {
            section.key: self._section(plugin, section)
            for section in self._items(plugin, "teleservices_settings", SettingsSection)
        }
        found: dict[str, Any] = {
            name: tuple(self._items(plugin, hook, kind, settings=sections))
            for hook, name, kind in _DECLARE
        }
        found["modules"] = tuple(evolve(each, plugin=plugin) for each in found["modules"])
        return Declared(settings=sections, audit_words=self._audit_words(plugin), **found)

    def _audit_words(self, plugin: str) -> Mapping[str, Message]:
        words = self._call(plugin, "teleservices_audit_words") or {}
        if not isinstance(words, Mapping) or not all(map(callable, words.values())):
            raise PluginError(plugin, "teleservices_audit_words must map actions to messages")
        return words

    def _items(self, plugin: str, hook: str, kind: type[Any], **arguments: Any) -> Iterator[Any]:
        for value in self._call(plugin, hook, **arguments) or ():
            if not isinstance(value, kind):
                raise PluginError(
                    plugin, f"{hook} returned {type(value).__name__}, not {kind.__name__}"
                )
            yield value

    def _section(self, plugin: str, section: SettingsSection) -> Any:
        if not section.key.startswith(plugin):
            raise PluginError(plugin, f"settings section {section.key!r} must start with its name")
        try:
            return structure(
                self._settings.get(section.key, {}), section.type, f"plugins.{section.key}"
            )
        except (SettingsError, cattrs.BaseValidationError) as error:
            raise PluginError(plugin, str(error)) from error

    # -- running -------------------------------------------------------------------

    def notify(self, hook_name: str, at: datetime, **arguments: Any) -> None:
        """Tell every plugin, after the commit; failures are recorded, never raised."""
        for plugin in self._running():
            try:
                self._call(plugin, hook_name, at=at, **arguments)
            except Exception as error:  # noqa: BLE001 - a plugin does what it wants
                log.error("plugin %s failed in %s\n%s", plugin, hook_name, trace(error))
                self.record_failure(plugin, hook_name, error, at)

    def _running(self) -> list[str]:
        return [name for name in sorted(self._declared) if name not in self.cut_offs]

    def _ask(self, hook_name: str, **arguments: Any) -> Any:
        # Asked on every page: a plugin that fails here must not take the page down.
        for plugin in self._running():
            try:
                answer = self._call(plugin, hook_name, **arguments)
            except Exception as error:  # noqa: BLE001 - a plugin does what it wants
                log.error("plugin %s failed in %s\n%s", plugin, hook_name, trace(error))
                continue
            if answer is not None:
                return answer
        return None

    def page_template(self, template: str) -> str:
        """The template to show: the first plugin's answer, or the one asked for."""
        answer: str | None = self._ask("teleservices_page_template", template=template)
        return answer or template

    def banner(self, viewer: Viewer | None) -> Banner | None:
        """The bar to show above every page, if a plugin gives one."""
        answer: Banner | None = self._ask("teleservices_banner", viewer=viewer)
        return answer

    def record_failure(self, plugin: str, where: str, error: Exception, at: datetime) -> None:
        """Keep a failure for the diagnostics."""
        self.failures.append(PluginFailure(plugin, where, brief(error), at))

    @property
    def reports(self) -> tuple[PluginReport, ...]:
        """What became of every plugin, the core first."""
        found = (self._now(report) for report in self._reports.values())
        return tuple(sorted(found, key=lambda r: (r.name != BUILTIN, r.name)))

    def _now(self, report: PluginReport) -> PluginReport:
        cut_off = self.cut_offs.get(report.name)
        if cut_off is None or report.state is not PluginState.LOADED:
            return report
        return evolve(report, state=PluginState.CUT, reason=cut_off.reason)
