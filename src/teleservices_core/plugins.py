"""Everything the core knows about plugins. Nothing else touches pluggy's manager.

A plugin that cannot be loaded, was written for another version, or declares
something wrong is set aside whole, named in the report, and the others go on.
"""

from __future__ import annotations

import logging
import types
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from importlib.metadata import EntryPoint, entry_points
from time import perf_counter
from typing import Any, Final, TypeVar

import cattrs
import pluggy
from attrs import evolve, frozen

from teleservices_core import hookspecs
from teleservices_core.catalogue import BUILTIN, Catalogue, Declared
from teleservices_core.checking import banner_fault, check, check_together
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
from teleservices_core.errors import (
    PluginError,
    SettingsError,
    UnavailableError,
    WrongValueError,
)
from teleservices_core.failures import brief, contained, trace
from teleservices_core.guarding import guarded
from teleservices_core.plain import declared as as_declared
from teleservices_core.plain import made_of, text
from teleservices_core.settings import structure

log = logging.getLogger(__name__)
T = TypeVar("T")


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


TOO_OFTEN: Final = 100
"""Failures on pages of others within :data:`_REMEMBERED` after which a plugin is cut off."""
_REMEMBERED: Final = timedelta(minutes=10)
SLOW: Final = 1.0
"""Seconds after which a label, a condition or a rule has failed, whatever it gives."""
_SLOW_COUNTS: Final = 20
"""Failures that a slow call counts for: everybody waits for it."""

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
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._settings = settings or {}
        self.failures: deque[PluginFailure] = deque(maxlen=200)
        self._recent: dict[str, deque[datetime]] = defaultdict(lambda: deque(maxlen=TOO_OFTEN))
        self.count_failure: Callable[[str], None] = lambda _plugin: None
        """Told of each, for who counts them."""
        self.cut_offs: Mapping[str, CutOff] = {}
        """As this process last read them: see :mod:`teleservices_core.usecases.cut_offs`."""
        self.cut_offs_read_at: datetime | None = None
        self._now = now
        self._reports: dict[str, PluginReport] = {}
        self._declared: dict[str, Declared] = {}
        given = {BUILTIN: builtin, **(extra or {})}
        for name, plugin in given.items():
            self._load(PluginReport(name, PluginState.LOADED), plugin)
        if discover:
            for point in installed():
                if point.name not in given:
                    self._load_entry_point(point, frozenset(disabled))
        for name, reason in check_together(self._declared).items():
            self._manager.unregister(name=name)
            del self._declared[name]
            self._set_aside(self._reports[name], PluginState.FAILED, reason)
        self.catalogue = Catalogue({name: self._kept(name) for name in self._declared})

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
            plugin = contained(point.load)
        except Exception as error:  # noqa: BLE001 - a plugin does what it wants
            log.error("plugin %s cannot be imported\n%s", point.name, trace(error))
            self._set_aside(report, PluginState.FAILED, f"import: {brief(error)}")
            return
        self._load(report, plugin)

    def _load(self, report: PluginReport, plugin: Any) -> None:
        name = report.name
        try:
            if reason := contained(partial(self._incompatible, plugin)):
                return self._set_aside(report, PluginState.INCOMPATIBLE, reason)
            declared = contained(partial(self._examine, name, plugin))
        except Exception as error:
            if name == BUILTIN:
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

    def _incompatible(self, plugin: Any) -> str:
        written_for = getattr(plugin, "HOOK_API", None)
        if written_for == hookspecs.HOOK_API:
            return ""
        return f"HOOK_API is {written_for!r}, this core has {hookspecs.HOOK_API!r}"

    def _examine(self, name: str, plugin: Any) -> Declared:
        self._register(name, plugin)
        declared = self._collect(name)
        check(name, declared)
        return declared

    def _kept(self, name: str) -> Declared:
        declared = self._declared[name]
        # The core's own texts and rules are ours to mend, and cost nothing more.
        return declared if name == BUILTIN else guarded(name, declared, partial(self.watched, name))

    def _set_aside(self, report: PluginReport, state: PluginState, reason: str) -> None:
        self._reports[report.name] = evolve(report, state=state, reason=reason, modules=())

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
        if not isinstance(words, Mapping):
            raise PluginError(plugin, "teleservices_audit_words must map actions to messages")
        copied: Mapping[str, Message] = as_declared(words)
        if not all(map(callable, copied.values())):
            raise PluginError(plugin, "teleservices_audit_words must map actions to messages")
        return copied

    def _items(self, plugin: str, hook: str, kind: type[Any], **arguments: Any) -> Iterator[Any]:
        for value in self._call(plugin, hook, **arguments) or ():
            if not issubclass(type(value), kind):
                raise PluginError(
                    plugin, f"{hook} returned {type(value).__name__}, not {kind.__name__}"
                )
            yield as_declared(value)

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

    def watched(
        self, plugin: str, where: str, call: Callable[[], object], make: Callable[[Any], T]
    ) -> T | None:
        """Run a piece of a plugin for a page: what ``make`` makes of what it gives, or None.

        ``make`` copies it, so that nothing of the plugin is left in it: see :mod:`.plain`.
        Each failure is kept for the diagnostics. One that is slow is one too, though what it
        gives is taken: nothing can be stopped in the middle. Too many cut the plugin off.
        """
        begun = perf_counter()
        try:
            found = contained(lambda: make(call()))
        except UnavailableError:
            return None
        except Exception as error:  # noqa: BLE001 - a plugin does what it wants
            self.record_failure(plugin, where, error, self._now())
            self._weigh(plugin, 1)
            return None
        if (took := perf_counter() - begun) > SLOW:
            self._note(plugin, where, f"{took:.1f} s", self._now())
            self._weigh(plugin, _SLOW_COUNTS)
        return found

    def notify(self, hook_name: str, at: datetime, **arguments: Any) -> None:
        """Tell every plugin, after the commit; failures are recorded, never raised."""
        for plugin in self._running():
            call = partial(self._call, plugin, hook_name, at=at, **arguments)
            self.watched(plugin, hook_name, call, lambda _ignored: None)

    def _running(self) -> list[str]:
        return [name for name in sorted(self._declared) if name not in self.cut_offs]

    def _ask(
        self, hook_name: str, make: Callable[[Any], T], **arguments: Any
    ) -> Iterator[tuple[str, T]]:
        # Asked on every page: a plugin that fails here must not take the page down.
        for plugin in self._running():
            call = partial(self._call, plugin, hook_name, **arguments)
            answer = self.watched(plugin, hook_name, call, partial(_if_any, make))
            if answer is not None:
                yield plugin, answer

    def page_templates(self, template: str) -> Iterator[tuple[str, str]]:
        """(plugin, template) of those who would show another than the one asked for."""
        return self._ask("teleservices_page_template", text, template=template)

    def banner(self, viewer: Viewer | None) -> Banner | None:
        """The bar to show above every page, if a plugin gives one."""
        found = self._ask("teleservices_banner", self._sound_banner, viewer=viewer)
        return next((banner for _plugin, banner in found), None)

    def _sound_banner(self, found: object) -> Banner:
        banner = made_of(Banner)(found)
        if fault := banner_fault(banner, self.catalogue):
            raise WrongValueError(fault)
        return banner

    def record_failure(self, plugin: str, where: str, error: BaseException, at: datetime) -> None:
        """Keep a failure for the diagnostics, and for the log without its words."""
        log.error("plugin %s failed in %s\n%s", plugin, where, trace(error))
        self._note(plugin, where, brief(error), at)

    def _note(self, plugin: str, where: str, said: str, at: datetime) -> None:
        self.failures.append(PluginFailure(plugin, where, said, at))
        self.count_failure(plugin)

    def _weigh(self, plugin: str, weight: int) -> None:
        """Count towards cutting off what was on everybody's pages; a page of its own is not."""
        at, recent = self._now(), self._recent[plugin]
        recent.extend([at] * weight)
        while recent and at - recent[0] > _REMEMBERED:
            recent.popleft()

    def exhausted(self) -> list[tuple[str, str]]:
        """(plugin, where it failed last) of those that fail too often: to be cut off, once."""
        found = [
            name
            for name, recent in self._recent.items()
            if len(recent) >= TOO_OFTEN and name in self._declared and name != BUILTIN
        ]
        for name in found:
            self._recent[name].clear()
        last = {each.plugin: each.where for each in self.failures}
        return [(name, last[name]) for name in found]

    @property
    def reports(self) -> tuple[PluginReport, ...]:
        """What became of every plugin, the core first."""
        found = (self._today(report) for report in self._reports.values())
        return tuple(sorted(found, key=lambda r: (r.name != BUILTIN, r.name)))

    def _today(self, report: PluginReport) -> PluginReport:
        cut_off = self.cut_offs.get(report.name)
        if cut_off is None or report.state is not PluginState.LOADED:
            return report
        return evolve(report, state=PluginState.CUT, reason=cut_off.reason)


def _if_any(make: Callable[[Any], T], found: object) -> T | None:
    return None if found is None else make(found)
