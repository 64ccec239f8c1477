"""Code of plugins that runs while a page is made: each piece of it guarded where it is declared.

Who shows a label or asks a condition calls it as if nothing could happen. What fails, takes too
long or gives something else is left out of the page, and named in the diagnostics. What it gives
is copied (:mod:`.plain`): nothing of a plugin is left that could fail when it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar
from uuid import UUID

from attrs import evolve, frozen

from teleservices_core.catalogue import Declared
from teleservices_core.contributions import (
    ContributedRule,
    Figured,
    HelpEntry,
    JobKind,
    MailTemplate,
    Message,
    NavItem,
    PersonalData,
    StaffPage,
    Step,
    StudentRows,
    Words,
)
from teleservices_core.domain.activation import ABSTAIN, Effect, Lever, LeverKind, Question, Vote
from teleservices_core.domain.jobs import Job
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import PluginError
from teleservices_core.failures import contained
from teleservices_core.plain import made_of, number, plain, text

T = TypeVar("T")

_vote = made_of(Vote)
_mapping: Callable[[Any], Mapping[str, Any]] = made_of(Mapping)  # type: ignore[type-abstract]


class Watch(Protocol):
    """Runs a piece of a plugin: see :meth:`teleservices_core.plugins.PluginHost.watched`."""

    def __call__(
        self, where: str, call: Callable[[], object], make: Callable[[Any], T]
    ) -> T | None:
        """What is made of what it gives; None when it failed, which has been noted."""
        ...


def guarded(plugin: str, declared: Declared, watch: Watch) -> Declared:
    """The same declarations, of which no text, condition or rule raises on a page.

    A rule that fails still raises about the plugin's own modules, for that closes them, and has
    no say about others'. Its words raise too: the core has others in their place. So does what
    reads or writes the plugin's data: who asked for it undoes the whole, or says what is missing.
    """
    guard = _Guard(plugin, watch)
    return evolve(
        declared,
        navigation=tuple(map(guard.navigation, declared.navigation)),
        staff_pages=tuple(map(guard.staff_page, declared.staff_pages)),
        steps=tuple(map(guard.step, declared.steps)),
        help_entries=tuple(map(guard.help_entry, declared.help_entries)),
        mails=tuple(map(guard.mail, declared.mails)),
        personal_data=tuple(map(guard.personal_data, declared.personal_data)),
        rules=tuple(map(guard.rule, declared.rules)),
        jobs=tuple(map(guard.job, declared.jobs)),
        audit_words={
            action: guard.text(f"audit action {action}", message, action)
            for action, message in declared.audit_words.items()
        },
    )


def raising(call: Callable[..., Any], make: Callable[[Any], T]) -> Callable[..., T]:
    """The same, whose failures are exceptions and whose answer is made of what it gives."""

    def run(*args: Any, **named: Any) -> T:
        return contained(lambda: make(call(*args, **named)))

    return run


@frozen
class _Guard:
    plugin: str
    watch: Watch

    def text(self, where: str, message: Message, default: str = "") -> Message:
        return lambda: self.watch(where, message, text) or default

    def figured(self, where: str, message: Figured) -> Figured:
        return lambda figures: self.watch(where, lambda: message(figures), text) or ""

    def asked(self, where: str, condition: Callable[[T], bool]) -> Callable[[T], bool]:
        return lambda about: self.watch(where, lambda: condition(about), bool) or False

    def insisted(self, where: str, message: Message) -> Message:
        def say() -> str:
            found = self.watch(where, message, text)
            if found is None:
                raise PluginError(self.plugin, where)
            return found

        return say

    def navigation(self, item: NavItem) -> NavItem:
        where = f"navigation to {item.route}"

        def values(viewer: Viewer) -> Mapping[str, Any]:
            return self.watch(where, lambda: item.values(viewer), _mapping) or {}

        return evolve(
            item,
            label=self.text(where, item.label),
            shown_to=self.asked(where, item.shown_to),
            values=values,
        )

    def staff_page(self, page: StaffPage) -> StaffPage:
        where = f"staff page {page.route}"
        return evolve(
            page, title=self.text(where, page.title), summary=self.text(where, page.summary)
        )

    def step(self, step: Step) -> Step:
        """One that fails holds nobody up: its rule is told nothing, and not asked."""
        where = f"step {step.name}"
        return evolve(
            step,
            label=self.text(where, step.label, step.name),
            concerns=self.asked(where, step.concerns),
            is_open=self.asked(where, step.is_open),
            facts=step.facts and raising(step.facts, _as_it_is),
        )

    def help_entry(self, entry: HelpEntry) -> HelpEntry:
        where, link = f"help entry {entry.id}", entry.link
        return evolve(
            entry,
            question=self.text(where, entry.question),
            answer=self.figured(where, entry.answer),
            link=link and evolve(link, label=self.text(where, link.label)),
        )

    def mail(self, mail: MailTemplate) -> MailTemplate:
        """One without its words does not leave: the worker tries again, and says so."""
        where = f"mail {mail.kind}"
        return evolve(
            mail, subject=self.insisted(where, mail.subject), body=self.insisted(where, mail.body)
        )

    def personal_data(self, data: PersonalData) -> PersonalData:
        where = f"personal data {data.id}"
        return evolve(
            data,
            title=self.text(where, data.title, data.id),
            content=self.figured(where, data.content),
            keep_for=self.figured(where, data.keep_for),
            export=raising(data.export, _mapping),
            erase=data.erase and raising(data.erase, number),
            student_rows=tuple(map(_student_rows, data.student_rows)),
        )

    def job(self, job: JobKind) -> JobKind:
        """What is said of it is left out when it fails; its work is the worker's to guard."""
        where = f"job {job.name}"

        def tell(said: Mapping[str, Any]) -> str:
            return self.watch(where, lambda: job.tell(said), text) or ""

        def page(done: Job) -> tuple[str, Mapping[str, Any]] | None:
            return self.watch(where, lambda: job.page(done) or (), _address) or None

        return evolve(
            job,
            label=self.text(where, job.label, job.name),
            run=raising(job.run, _mapping),
            require=raising(job.require, _as_it_is),
            tell=tell,
            page=page,
        )

    def rule(self, contributed: ContributedRule) -> ContributedRule:
        rule, where = contributed.rule, f"rule {contributed.rule.name}"

        def own(found: object) -> Vote:
            if found is ABSTAIN:
                return ABSTAIN
            vote = _sound(_vote(found))
            if not vote.reason.startswith(f"{self.plugin}."):
                raise PluginError(self.plugin, f"{vote.reason} is a reason of somebody else")
            return vote

        def vote(module: ModuleDefinition, question: Question) -> Vote:
            found = self.watch(where, lambda: rule.vote(module, question), own)
            if found is None and module.plugin == self.plugin:
                raise PluginError(self.plugin, where)
            return found or ABSTAIN

        words = {code: self.words(code, each) for code, each in contributed.words.items()}
        return ContributedRule(evolve(rule, vote=vote), words)

    def words(self, code: str, words: Words) -> Words:
        where = f"words of {code}"
        insisted = partial(self.insisted, where)
        return Words(insisted(words.family), insisted(words.next_step), insisted(words.staff))


def _sound(vote: Vote) -> Vote:
    """What tells it to a family counts on the type of each of its parts."""
    parts = [(vote.effect, Effect), (vote.lever, Lever), (vote.lever.kind, LeverKind)]
    parts += [(each, str) for each in (vote.reason, vote.set_by, *vote.detail.values())]
    for part, kind in parts:
        made_of(kind)(part)
    for cause in vote.causes:
        _sound(cause)
    return vote


def _student_rows(rows: StudentRows) -> StudentRows:
    return evolve(
        rows,
        bring=raising(rows.bring, _rows),
        named=raising(rows.named, _persons),
        give_back=raising(rows.give_back, _as_it_is),
    )


def _address(found: Any) -> tuple[str, Mapping[str, Any]] | tuple[()]:
    if not found:
        return ()
    route, values = found
    return text(route), _mapping(values)


def _rows(found: Any) -> Sequence[Any]:
    return list(plain(found))


def _persons(found: Any) -> set[UUID]:
    return set(plain(found))


def _as_it_is(found: T) -> T:
    return found
