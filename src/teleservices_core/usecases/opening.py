"""Open and close modules: heads in their establishment, the rectorat at any scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import Decision, Question
from teleservices_core.domain.changes import Change, fingerprint, present_state
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.modules import ModuleDefinition, OpeningMode
from teleservices_core.domain.policy import Opening, Policy, Stance, settle
from teleservices_core.domain.scopes import Rank, Scope
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.ports.academy import AuditEntry
from teleservices_core.usecases.answers import answer
from teleservices_core.usecases.cut_offs import notify
from teleservices_core.usecases.once_more import once_more
from teleservices_core.usecases.rights import require_academy, require_module
from teleservices_core.usecases.site import Site, audited
from teleservices_core.words.telling import Told

AUDIENCES: Final[Sequence[Audience]] = (Audience.GUARDIAN, Audience.STUDENT)
HEADS_STANCES: Final = frozenset({Stance.OPEN, Stance.CLOSED})
AS_IT_IS: Final = object()
"""Do not compare with what was seen: for commands, which show nothing before."""


def set_opening(
    site: Site,
    viewer: Viewer | None,
    scope: Scope,
    module_id: str,
    audience: Audience,
    stance: Stance | None,
    school_year: SchoolYear | None = None,
    *,
    seen: object = AS_IT_IS,
) -> Opening | None:
    """Record a choice for a scope, an audience and a school year (F04, F42).

    ``stance`` None undoes the choice made there: what is inherited holds again.
    ``seen`` is the stance recorded there when the person decided. ``viewer``
    None is the command line. Raises as :func:`set_openings`.
    """
    change = Change(scope, module_id, audience, stance)
    known = seen is None or isinstance(seen, Stance)
    expected = fingerprint([(change, seen)]) if known else None  # type: ignore[list-item]
    recorded = set_openings(site, viewer, [change], school_year, seen=expected)
    return recorded[0] if recorded else None


def set_openings(
    site: Site,
    viewer: Viewer | None,
    changes: Sequence[Change],
    school_year: SchoolYear | None = None,
    *,
    seen: str | None = None,
) -> tuple[Opening, ...]:
    """Record choices in one transaction, all or none; returns those not undone.

    ``seen`` is the :func:`.fingerprint` of what was recorded at their scopes
    when the person decided, None not to compare: who has just made the same choices is
    in no conflict with himself, and nothing is recorded. Raises :exc:`NotFoundError`
    for an unknown module, establishment or département, :exc:`NotAllowedError`
    for who does not decide there, :exc:`RefusedError` ``not_yours`` where the
    head has no choice, :exc:`ConflictError` when somebody else decided meanwhile.
    """
    year = school_year or site.school_year()

    def act() -> tuple[Opening, ...]:
        with site.database.writing() as tx:
            return record_changes(site, tx, viewer, changes, year, seen=seen)

    openings = once_more(act)
    tell_plugins(site, openings)
    return openings


def record_changes(
    site: Site,
    tx: Transaction,
    viewer: Viewer | None,
    changes: Sequence[Change],
    year: SchoolYear,
    *,
    seen: str | None = None,
) -> tuple[Opening, ...]:
    """The same inside a transaction; once committed, call :func:`tell_plugins`."""
    modules = [_module(site, change) for change in changes]
    _require(site, tx, viewer, changes)
    uais = [uai for change in changes if (uai := change.scope.uai) is not None]
    alone = len(uais) == len(changes)
    policy = tx.policy.policy(uais, year) if alone else tx.policy.whole(year)
    if seen is not None and seen != present_state(changes, policy, year):
        if viewer and all(_has_chosen(viewer, change, policy, year) for change in changes):
            return ()
        raise ConflictError("somebody else has decided meanwhile")
    now, recorded = site.now(), []
    for change, module in zip(changes, modules, strict=True):
        if change.scope.rank.is_heads and not _is_heads(module, policy, change, year):
            raise RefusedError("not_yours", module=module.title)
        opening = evolve(change.opening(year), set_by=viewer.name if viewer else "", set_at=now)
        before = policy.opening(change.scope, module.id, year, change.audience)
        if change.stance is not None:
            tx.policy.record(opening, before=before.stance if before else None)
            recorded.append(opening)
        elif before is not None:
            tx.policy.forget(before)
        policy = change.applied(policy, year)
        tx.audit.add(_noted(change, viewer, now, year, before))
    return tuple(recorded)


def tell_plugins(site: Site, openings: Iterable[Opening]) -> None:
    """After the commit, let plugins know what was opened and closed."""
    for opening in openings:
        if opening.stance is Stance.ALLOWED:
            continue
        hook = "opened" if opening.stance in {Stance.OPEN, Stance.IMPOSED} else "closed"
        notify(site, f"teleservices_module_{hook}", opening=opening)


def _module(site: Site, change: Change) -> ModuleDefinition:
    module = site.catalogue.module(change.module_id)
    if module is None or change.audience not in module.audiences:
        raise NotFoundError(f"no module {change.module_id!r} for {change.audience}")
    return module


def _has_chosen(viewer: Viewer, change: Change, policy: Policy, year: SchoolYear) -> bool:
    found = policy.opening(change.scope, change.module_id, year, change.audience)
    return found is not None and (found.stance, found.set_by) == (change.stance, viewer.name)


def _is_heads(module: ModuleDefinition, policy: Policy, change: Change, year: SchoolYear) -> bool:
    return change.stance in {None, *HEADS_STANCES} and has_choice(
        module, policy, change.opening(year)
    )


def _noted(
    change: Change,
    viewer: Viewer | None,
    at: datetime,
    year: SchoolYear,
    before: Opening | None,
) -> AuditEntry:
    return audited(
        f"module.{change.stance or 'inherited'}",
        at,
        viewer,
        uai=change.scope.uai,
        module=change.module_id,
        audience=change.audience,
        school_year=str(year),
        rank=change.scope.rank.name.lower(),
        place=change.scope.place,
        part=change.scope.part,
        before=before.stance if before else "",
    )


def _require(site: Site, tx: Transaction, viewer: Viewer | None, changes: Sequence[Change]) -> None:
    places = tx.roster.places()
    known = {"", *places, *(code[:3] for code in places)}
    for place in {change.scope.place for change in changes} - known:
        raise NotFoundError(f"no establishment or département {place}")
    if viewer is None:
        return
    if any(not change.scope.rank.is_heads for change in changes):
        require_academy(site, tx, viewer.account)
    theirs = {(c.scope.uai, c.module_id) for c in changes if c.scope.rank.is_heads}
    for uai, module_id in theirs:
        if uai is not None:
            require_module(site, tx, viewer.account, uai, module_id)


def has_choice(module: ModuleDefinition, policy: Policy, opening: Opening) -> bool:
    """Whether a decision at a scope would count: nothing above it is final."""
    if opening.scope.rank.is_heads and module.opening_mode is OpeningMode.AUTOMATIC:
        return False
    found = (
        policy.opening(scope, module.id, opening.school_year, opening.audience)
        for scope in opening.scope.path[:-1]
    )
    return not any(each.stance.is_final for each in found if each is not None)


@frozen
class ModuleSwitch:
    """One module for one audience at a scope of an establishment, as its head sees it."""

    module: ModuleDefinition
    audience: Audience
    decision: Decision
    told: Told
    chosen: Stance | None
    """What was decided at this very scope."""
    can_open: bool
    can_close: bool
    exceptions: int = 0
    """Levels and classes of the establishment for which something else was chosen."""


def switches(
    site: Site, establishment: Establishment, school_year: SchoolYear
) -> list[ModuleSwitch]:
    """Every module of an establishment for each audience, with its state and its switch.

    One statement.
    """
    with site.database.reading() as tx:
        policy = tx.policy.policy([establishment.uai], school_year)
    return [
        _switch(site, module, _question(site, establishment, school_year, audience, policy))
        for module in site.catalogue.modules
        if establishment.kind in module.kinds
        for audience in AUDIENCES
        if audience in module.audiences
    ]


@frozen
class ScopedSwitch:
    """A switch for a level or a class, with the scope that it sets."""

    scope: Scope
    switch: ModuleSwitch


def class_switches(
    site: Site, establishment: Establishment, module: ModuleDefinition, school_year: SchoolYear
) -> list[ScopedSwitch]:
    """One module for every level and class of an establishment. Two statements."""
    uai, today = establishment.uai, site.academie.today(site.now())
    with site.database.reading() as tx:
        policy = tx.policy.policy([uai], school_year)
        classes = tx.roster.classes(uai, school_year, today)
    levels = dict.fromkeys(each.level for each in classes if each.level is not None)
    asked: list[tuple[ClassLevel | None, str]] = [(level, "") for level in levels]
    asked += [(each.level, each.code) for each in classes]
    questions = (
        _question(site, establishment, school_year, audience, policy, level, code)
        for level, code in asked
        if module.levels is None or level in module.levels
        for audience in AUDIENCES
        if audience in module.audiences
    )
    return [ScopedSwitch(q.scopes[-1], _switch(site, module, q)) for q in questions]


def _question(
    site: Site,
    establishment: Establishment,
    school_year: SchoolYear,
    audience: Audience,
    policy: Policy,
    level: ClassLevel | None = None,
    class_group: str = "",
) -> Question:
    return Question(
        establishment=establishment,
        school_year=school_year,
        audience=audience,
        at=site.now(),
        zone=site.academie.zone,
        policy=policy,
        asked_level=level,
        asked_class=class_group,
    )


def _switch(site: Site, module: ModuleDefinition, question: Question) -> ModuleSwitch:
    scope, year, audience = question.scopes[-1], question.school_year, question.audience
    answered = answer(site, module, question)
    would = Opening(module.id, year, audience, Stance.OPEN, scope)
    choice = has_choice(module, question.policy, would)
    chosen = question.policy.opening(scope, module.id, year, audience)
    settled = settle(module, question.policy, question.scopes, year, audience)
    return ModuleSwitch(
        module=module,
        audience=audience,
        decision=answered.decision,
        told=answered.told,
        chosen=chosen.stance if chosen else None,
        can_open=choice and not settled.is_open,
        can_close=choice and settled.is_open,
        exceptions=sum(
            each.scope.rank > Rank.ESTABLISHMENT
            and each.scope.place == scope.place
            and (each.module_id, each.audience) == (module.id, audience)
            for each in question.policy.openings
        ),
    )
