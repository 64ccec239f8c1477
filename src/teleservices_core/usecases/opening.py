"""Open and close modules: heads in their establishment, the rectorat at any scope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import Decision, Question, decide
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.modules import ModuleDefinition, OpeningMode
from teleservices_core.domain.policy import Opening, Policy, Stance, settle
from teleservices_core.domain.scopes import Scope, chain
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.rights import require_academy, require_module
from teleservices_core.usecases.site import Site, audited
from teleservices_core.words import Told, tell

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
    None is the command line. Raises :exc:`NotFoundError` for an unknown module
    or establishment, :exc:`NotAllowedError` for who does not decide there,
    :exc:`RefusedError` ``not_yours`` where the head has no choice,
    :exc:`ConflictError` when somebody else decided meanwhile.
    """
    now = site.now()
    school_year = school_year or site.school_year()
    module = site.catalogue.module(module_id)
    if module is None or audience not in module.audiences:
        raise NotFoundError(f"no module {module_id!r} for {audience}")
    with site.database.writing() as tx:
        _require(site, tx, viewer, scope, module_id)
        uai = scope.uai
        policy = tx.policy.policy([uai], school_year) if uai else tx.policy.whole(school_year)
        before = policy.opening(scope, module_id, school_year, audience)
        if seen is not AS_IT_IS and seen != (before.stance if before else None):
            raise ConflictError("somebody else has decided meanwhile")
        opening = Opening(
            module_id=module_id,
            school_year=school_year,
            audience=audience,
            stance=stance or Stance.ALLOWED,
            scope=scope,
            set_by=viewer.name if viewer else "",
            set_at=now,
        )
        if scope.rank.is_heads and (
            not has_choice(module, policy, opening) or stance not in {None, *HEADS_STANCES}
        ):
            raise RefusedError("not_yours", module=module.title)
        if stance is not None:
            tx.policy.record(opening, before=before.stance if before else None)
        elif before is not None:
            tx.policy.forget(before)
        tx.audit.add(
            audited(
                f"module.{stance or 'inherited'}",
                now,
                viewer,
                uai=scope.uai,
                module=module_id,
                audience=audience,
                school_year=str(school_year),
                rank=scope.rank.name.lower(),
                place=scope.place,
                part=scope.part,
                before=before.stance if before else "",
            )
        )
    if stance is None:
        return None
    opened = stance in {Stance.OPEN, Stance.IMPOSED}
    hook = "opened" if opened else "closed"
    if stance is not Stance.ALLOWED:
        site.plugins.notify(f"teleservices_module_{hook}", now, opening=opening)
    return opening


def _require(
    site: Site, tx: Transaction, viewer: Viewer | None, scope: Scope, module_id: str
) -> None:
    uai = scope.uai
    if uai is not None and tx.roster.establishment(uai) is None:
        raise NotFoundError(f"no establishment {uai}")
    if viewer is None:
        return
    if scope.rank.is_heads and uai is not None:
        require_module(site, tx, viewer, uai, module_id)
    else:
        require_academy(site, tx, viewer)


def has_choice(module: ModuleDefinition, policy: Policy, opening: Opening) -> bool:
    """Whether a decision at a scope would count: nothing above it is final."""
    if opening.scope.rank.is_heads and module.opening_mode is OpeningMode.AUTOMATIC:
        return False
    uai = opening.scope.uai
    above = chain(uai) if uai else (Scope.academie(),)
    found = (
        policy.opening(scope, module.id, opening.school_year, opening.audience)
        for scope in above
        if scope.rank < opening.scope.rank
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


def switches(
    site: Site, establishment: Establishment, school_year: SchoolYear, scope: Scope | None = None
) -> list[ModuleSwitch]:
    """Every module of an establishment for each audience, with its state and its switch.

    ``scope`` is a level or a class, the whole establishment by default. One statement.
    """
    with site.database.reading() as tx:
        policy = tx.policy.policy([establishment.uai], school_year)
    scope = scope or Scope.establishment(establishment.uai)
    catalogue = {module.id: module for module in site.catalogue.modules}
    return [
        _switch(site, module, _question(site, establishment, school_year, audience, policy, scope))
        for module in catalogue.values()
        if establishment.kind in module.kinds
        for audience in AUDIENCES
        if audience in module.audiences
    ]


def _question(
    site: Site,
    establishment: Establishment,
    school_year: SchoolYear,
    audience: Audience,
    policy: Policy,
    scope: Scope,
) -> Question:
    return Question(
        establishment=establishment,
        school_year=school_year,
        audience=audience,
        at=site.now(),
        zone=site.academie.zone,
        policy=policy,
        asked_level=scope.class_level,
        asked_class=scope.class_group,
    )


def _switch(site: Site, module: ModuleDefinition, question: Question) -> ModuleSwitch:
    scope, year, audience = question.scopes[-1], question.school_year, question.audience
    catalogue = {each.id: each for each in site.catalogue.modules}
    decision = decide(module, question, site.catalogue.rules, catalogue)
    would = Opening(module.id, year, audience, Stance.OPEN, scope)
    choice = has_choice(module, question.policy, would)
    chosen = question.policy.opening(scope, module.id, year, audience)
    settled = settle(module, question.policy, question.scopes, year, audience)
    return ModuleSwitch(
        module=module,
        audience=audience,
        decision=decision,
        told=tell(decision, question, site.catalogue.words),
        chosen=chosen.stance if chosen else None,
        can_open=choice and not settled.is_open,
        can_close=choice and settled.is_open,
    )
