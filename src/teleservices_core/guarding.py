"""Code of plugins that runs while a page is made: each piece of it guarded where it is declared.

Who shows a label or asks a condition calls it as if nothing could happen. What fails, takes too
long or gives something else is left out of the page, and named in the diagnostics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from attrs import evolve, frozen

from teleservices_core.catalogue import Declared
from teleservices_core.contributions import (
    ContributedRule,
    Figured,
    HelpEntry,
    JobKind,
    Message,
    NavItem,
    PersonalData,
    StaffPage,
    Words,
)
from teleservices_core.domain.activation import ABSTAIN, Question, Vote
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import PluginError

T = TypeVar("T")


class Watch(Protocol):
    """Runs a piece of a plugin: see :meth:`teleservices_core.plugins.PluginHost.watched`."""

    def __call__(self, where: str, call: Callable[[], T], kind: type[T]) -> T | None:
        """What it gives; None when it failed, which has been noted."""
        ...


def guarded(plugin: str, declared: Declared, watch: Watch) -> Declared:
    """The same declarations, of which no text, condition or rule raises on a page.

    A rule that fails still raises about the plugin's own modules, for that closes them, and has
    no say about others'. Its words raise too: the core has others in their place.
    """
    guard = _Guard(plugin, watch)
    return evolve(
        declared,
        navigation=tuple(map(guard.navigation, declared.navigation)),
        staff_pages=tuple(map(guard.staff_page, declared.staff_pages)),
        help_entries=tuple(map(guard.help_entry, declared.help_entries)),
        personal_data=tuple(map(guard.personal_data, declared.personal_data)),
        rules=tuple(map(guard.rule, declared.rules)),
        jobs=tuple(map(guard.job, declared.jobs)),
        audit_words={
            action: guard.text(f"audit action {action}", message, action)
            for action, message in declared.audit_words.items()
        },
    )


@frozen
class _Guard:
    plugin: str
    watch: Watch

    def text(self, where: str, message: Message, default: str = "") -> Message:
        return lambda: self.watch(where, message, str) or default

    def figured(self, where: str, message: Figured) -> Figured:
        return lambda figures: self.watch(where, lambda: message(figures), str) or ""

    def insisted(self, where: str, call: Callable[[], T], kind: type[T]) -> T:
        found = self.watch(where, call, kind)
        if found is None:
            raise PluginError(self.plugin, where)
        return found

    def navigation(self, item: NavItem) -> NavItem:
        where = f"navigation to {item.route}"

        def values(viewer: Viewer) -> Mapping[str, Any]:
            return self.watch(where, lambda: dict(item.values(viewer)), dict) or {}

        return evolve(
            item,
            label=self.text(where, item.label),
            shown_to=lambda viewer: bool(self.watch(where, lambda: item.shown_to(viewer), object)),
            values=values,
        )

    def staff_page(self, page: StaffPage) -> StaffPage:
        where = f"staff page {page.route}"
        return evolve(
            page, title=self.text(where, page.title), summary=self.text(where, page.summary)
        )

    def help_entry(self, entry: HelpEntry) -> HelpEntry:
        where, link = f"help entry {entry.id}", entry.link
        return evolve(
            entry,
            question=self.text(where, entry.question),
            answer=self.figured(where, entry.answer),
            link=link and evolve(link, label=self.text(where, link.label)),
        )

    def personal_data(self, data: PersonalData) -> PersonalData:
        where = f"personal data {data.id}"
        return evolve(
            data,
            title=self.text(where, data.title, data.id),
            content=self.figured(where, data.content),
            keep_for=self.figured(where, data.keep_for),
        )

    def job(self, job: JobKind) -> JobKind:
        """What is said of it; its work is the worker's to guard."""
        where = f"job {job.name}"
        return evolve(
            job,
            label=self.text(where, job.label, job.name),
            tell=lambda said: self.watch(where, lambda: job.tell(said), str) or "",
            page=lambda done: self.watch(where, lambda: job.page(done) or (), tuple) or None,
        )

    def rule(self, contributed: ContributedRule) -> ContributedRule:
        rule, where = contributed.rule, f"rule {contributed.rule.name}"

        def own(found: Vote) -> Vote:
            is_vote = isinstance(found, Vote) and found is not ABSTAIN
            if is_vote and not found.reason.startswith(f"{self.plugin}."):
                raise PluginError(self.plugin, f"{found.reason} is a reason of somebody else")
            return found

        def vote(module: ModuleDefinition, question: Question) -> Vote:
            found = self.watch(where, lambda: own(rule.vote(module, question)), Vote)
            if found is None and module.plugin == self.plugin:
                raise PluginError(self.plugin, where)
            return found or ABSTAIN

        words = {code: self.words(code, each) for code, each in contributed.words.items()}
        return ContributedRule(evolve(rule, vote=vote), words)

    def words(self, code: str, words: Words) -> Words:
        where = f"words of {code}"
        return Words(
            family=lambda: self.insisted(where, words.family, str),
            next_step=lambda: self.insisted(where, words.next_step, str),
            staff=lambda: self.insisted(where, words.staff, str),
        )
