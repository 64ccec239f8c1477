"""What a change of the settings does to families, before it is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from attrs import evolve, frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import ActivationRule, Question, decide
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.policy import Opening, Policy, Stance, settle
from teleservices_core.domain.scopes import Rank, Scope
from teleservices_core.domain.values import Uai


@frozen
class Landscape:
    """Every establishment and setting of an académie for a school year, at an instant."""

    establishments: tuple[Establishment, ...]
    policy: Policy
    school_year: SchoolYear
    at: datetime
    zone: ZoneInfo

    def question(
        self, establishment: Establishment, audience: Audience, part: Scope | None = None
    ) -> Question:
        """What an audience of an establishment, or of one of its levels or classes, may open."""
        rank = part.rank if part else None
        return Question(
            establishment=establishment,
            school_year=self.school_year,
            audience=audience,
            at=self.at,
            zone=self.zone,
            policy=self.policy,
            asked_level=ClassLevel(part.part) if part and rank is Rank.LEVEL else None,
            asked_class=part.part if part and rank is Rank.DIVISION else "",
        )

    def having(self, establishments: Iterable[Establishment]) -> Landscape:
        """The same, with some establishments replaced."""
        changed = {each.uai: each for each in establishments}
        return evolve(
            self, establishments=tuple(changed.get(e.uai, e) for e in self.establishments)
        )


@frozen
class Flip:
    """A module that opens or closes for an audience of an establishment."""

    establishment: Establishment
    module: ModuleDefinition
    audience: Audience
    opens: bool
    parts: tuple[Scope, ...] = ()
    """The only levels and classes concerned; empty for the whole establishment."""


@frozen
class Consequence:
    """What would change, and what would not although it was asked for."""

    flips: tuple[Flip, ...] = ()
    waiting: tuple[Flip, ...] = ()
    """Opened by the settings, and still closed by something else, such as a date."""
    overruled: tuple[Opening, ...] = ()
    """Choices of heads that would no longer count."""

    @property
    def opened(self) -> tuple[Flip, ...]:
        """What opens."""
        return tuple(flip for flip in self.flips if flip.opens)

    @property
    def closed(self) -> tuple[Flip, ...]:
        """What closes."""
        return tuple(flip for flip in self.flips if not flip.opens)


def establishments_of(flips: Iterable[Flip]) -> tuple[Establishment, ...]:
    """The establishments of some flips, each once, in their order."""
    return tuple({flip.establishment.uai: flip.establishment for flip in flips}.values())


def consequence(
    before: Landscape,
    after: Landscape,
    modules: Sequence[ModuleDefinition],
    rules: Sequence[ActivationRule],
) -> Consequence:
    """Decide before and after whatever differs between them, and tell what turned.

    ``modules`` is the whole catalogue: a module that requires another follows
    it. Both landscapes have the same establishments, in the same order. Levels
    and classes are looked at where something was decided for them.
    """
    scopes, ids = _differences(before, after, modules)
    catalogue = {module.id: module for module in modules}
    parts = _parts(before.policy, after.policy)
    flips: list[Flip] = []
    waiting: list[Flip] = []
    for was, then in zip(before.establishments, after.establishments, strict=True):
        if not any(scope.covers(then.uai) for scope in scopes):
            continue
        for module, audience in _concerned(then, modules, ids):
            turned: dict[Scope | None, bool] = {}
            for part in (None, *parts.get((then.uai, audience), ())):
                old = before.question(was, audience, part)
                new = after.question(then, audience, part)
                opens = decide(module, new, rules, catalogue).is_open
                if opens is not decide(module, old, rules, catalogue).is_open:
                    turned[part] = opens
                elif part is None and not opens and _is_granted(module, old, new):
                    waiting.append(Flip(then, module, audience, opens=True))
            flips += _flips(then, module, audience, turned)
    return Consequence(tuple(flips), tuple(waiting), _overruled(before, after, catalogue))


def _differences(
    before: Landscape, after: Landscape, modules: Sequence[ModuleDefinition]
) -> tuple[set[Scope], set[str]]:
    """Where something differs, and the modules whose decisions may follow."""
    openings = set(before.policy.openings) ^ set(after.policy.openings)
    rounds = set(before.policy.campaigns) ^ set(after.policy.campaigns)
    scopes = {each.scope for each in openings}
    scopes |= {Scope.named(each.uai) if each.uai else Scope.academie() for each in rounds}
    ids = {each.module_id for each in openings} | {each.module_id for each in rounds}
    pairs = zip(before.establishments, after.establishments, strict=True)
    if moved := {then.uai for was, then in pairs if was != then}:
        scopes |= set(map(Scope.named, moved))
        ids = {module.id for module in modules}
    while more := {m.id for m in modules if ids & set(m.requires)} - ids:
        ids |= more
    return scopes, ids


def _parts(*policies: Policy) -> Mapping[tuple[Uai, Audience], list[Scope]]:
    """The levels and classes for which something is decided."""
    found: dict[tuple[Uai, Audience], set[Scope]] = {}
    for policy in policies:
        for opening in policy.openings:
            uai = opening.scope.uai
            if uai is not None and opening.scope.part:
                found.setdefault((uai, opening.audience), set()).add(opening.scope)
    return {key: sorted(scopes) for key, scopes in found.items()}


def _concerned(
    establishment: Establishment, modules: Sequence[ModuleDefinition], ids: set[str]
) -> Iterator[tuple[ModuleDefinition, Audience]]:
    for module in modules:
        if module.id in ids and establishment.kind in module.kinds:
            for audience in sorted(module.audiences):
                yield module, audience


def _is_granted(module: ModuleDefinition, old: Question, new: Question) -> bool:
    """Whether the settings turn to open."""
    was, then = (
        settle(module, q.policy, q.scopes, q.school_year, q.audience).is_open for q in (old, new)
    )
    return then and not was


def _flips(
    establishment: Establishment,
    module: ModuleDefinition,
    audience: Audience,
    turned: Mapping[Scope | None, bool],
) -> Iterator[Flip]:
    whole = turned.get(None)
    if whole is not None:
        yield Flip(establishment, module, audience, whole)
    for opens in (True, False):
        alone = tuple(part for part, to in turned.items() if part is not None and to is opens)
        if alone and opens is not whole:
            yield Flip(establishment, module, audience, opens, alone)


def _overruled(
    before: Landscape, after: Landscape, catalogue: Mapping[str, ModuleDefinition]
) -> tuple[Opening, ...]:
    """Choices of heads that stand, had their say before and have it no more."""
    standing = set(after.policy.openings)
    changed = {o.module_id for o in set(before.policy.openings) ^ standing}
    lost = []
    for opening in before.policy.openings:
        module = catalogue.get(opening.module_id)
        if module is None or module.id not in changed:
            continue
        if opening not in standing or not opening.scope.rank.is_heads:
            continue
        asked = (opening.scope.path, opening.school_year, opening.audience)
        was, then = (settle(module, each.policy, *asked) for each in (before, after))
        wanted = opening.stance is Stance.OPEN
        if was.by == opening and then.by != opening and then.is_open is not wanted:
            lost.append(opening)
    return tuple(lost)
