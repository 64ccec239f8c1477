"""What a family sees: its children, and each child's modules, open or closed with the reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.activation import Question, decide
from teleservices_core.domain.families import Child
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Policy, opened_without_plugin
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.answers import ModuleAnswer, answer, answers
from teleservices_core.usecases.site import Site


@frozen
class ChildAnswer:
    """A child with every module that concerns him."""

    child: Child
    question: Question
    """What was decided upon, module by module."""
    modules: tuple[ModuleAnswer, ...]
    suspended: tuple[str, ...] = ()
    """Identifiers of modules that were opened and whose plugin is not there."""


def family_home(site: Site, viewer: Viewer) -> list[ChildAnswer]:
    """Every child of an account with its modules: two statements, whatever their number."""
    with site.database.reading() as tx:
        return family_of(site, tx, viewer.account)


def family_of(site: Site, tx: Transaction, account: Account) -> list[ChildAnswer]:
    """The same for an account that is not signed in."""
    year = site.school_year()
    children = known_children(site, tx, account)
    policy = tx.policy.policy((c.establishment.uai for c in children), year)
    return [_answer(site, account, child, policy, year) for child in children]


def known_children(site: Site, tx: Transaction, account: Account) -> list[Child]:
    """The students of whom an account may know something now."""
    now = site.now()
    return [c for c in tx.roster.children(account, site.school_year()) if may_know(site, c, now)]


def children_with(
    site: Site, tx: Transaction, accounts: Collection[Account], module_id: str
) -> Mapping[UUID, list[Child]]:
    """For many accounts, the students for whom a module is open to each now, by account.

    Three statements, whatever their number: for what is sent rather than asked for.
    """
    module, now, year = site.catalogue.module(module_id), site.now(), site.school_year()
    families = tx.roster.families(accounts, year)
    uais = {child.establishment.uai for found in families.values() for child in found}
    policy, rules = tx.policy.policy(uais, year), site.catalogue.rules

    def is_open(account: Account, child: Child) -> bool:
        if module is None or not may_know(site, child, now):
            return False
        question = question_about(site, account, child, policy, year, now)
        return decide(module, question, rules, site.catalogue.by_id).is_open

    return {
        account.id: [child for child in families[account.id] if is_open(account, child)]
        for account in accounts
    }


def may_know(site: Site, child: Child, at: datetime) -> bool:
    """Whether an account may know of a child at an instant.

    A link that has ended, or of a mere contact, shows nothing: not even the school.
    """
    today = site.academie.today(at)
    return child.link is None or (child.link.holds_on(today) and child.link.level < 3)


def question_about(
    site: Site, account: Account, child: Child, policy: Policy, year: SchoolYear, at: datetime
) -> Question:
    """What an account asks about a child in a school year, at an instant."""
    return Question(
        establishment=child.establishment,
        school_year=year,
        audience=account.audience,
        at=at,
        zone=site.academie.zone,
        policy=policy,
        student=child.student,
        schooling=child.schooling,
        link=child.link,
    )


def _answer(
    site: Site, account: Account, child: Child, policy: Policy, year: SchoolYear
) -> ChildAnswer:
    question = question_about(site, account, child, policy, year, site.now())
    known = site.catalogue.by_id
    gone = opened_without_plugin(policy, known, question.scopes, year, account.audience)
    return ChildAnswer(child, question, answers(site, question), gone)


def child_module(
    site: Site,
    account: Account,
    student_id: UUID,
    module_id: str | None,
    *,
    at: datetime | None = None,
) -> tuple[Child, ModuleAnswer | None]:
    """A child of the account, and the decision for one module: what guards its pages.

    ``at`` is now by default. Two statements. Raises :exc:`NotFoundError` for a
    student that is not the account's, or an unknown module: the same answer for both.
    """
    with site.database.reading() as tx:
        return module_of_child(site, tx, account, student_id, module_id, at=at)


def module_of_child(
    site: Site,
    tx: Transaction,
    account: Account,
    student_id: UUID,
    module_id: str | None,
    *,
    at: datetime | None = None,
) -> tuple[Child, ModuleAnswer | None]:
    """The same in a transaction under way: what an act asks again before it commits."""
    at = at or site.now()
    year = site.academie.school_year(at)
    child = tx.roster.child(account, student_id, year)
    if child is None or not may_know(site, child, at):
        raise NotFoundError("no such student for this account")
    if module_id is None:
        return child, None
    policy = tx.policy.policy([child.establishment.uai], year)
    module = site.catalogue.module(module_id)
    if module is None:
        raise NotFoundError(f"no module {module_id}")
    question = question_about(site, account, child, policy, year, at)
    return child, answer(site, module, question)
