"""To whom « Notes » is open in an establishment, so that nobody is told that families see marks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import Question, decide
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.errors import NotFoundError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.site import Site
from teleservices_notes.model import FAMILIES, Course

MODULE_ID: Final = "notes"


def require_establishment(tx: Transaction, uai: Uai) -> Establishment:
    """The establishment. Raises :exc:`NotFoundError` for an unknown one."""
    found = tx.roster.establishment(uai)
    if found is None:
        raise NotFoundError(f"no establishment {uai}")
    return found


def shut_to(site: Site, tx: Transaction, course: Course) -> frozenset[Audience]:
    """The audiences to which the module is closed now for a class: three statements."""
    return shut_by_class(site, tx, course.uai, course.school_year)(course.class_group)


def shut_by_class(
    site: Site, tx: Transaction, uai: Uai, year: SchoolYear
) -> Callable[[str], frozenset[Audience]]:
    """The same for any class of an establishment; the empty one is all that no rule sets apart."""
    modules, now = site.catalogue.by_id, site.now()
    establishment = require_establishment(tx, uai)
    classes = tx.roster.classes(uai, year, site.academie.today(now))
    levels = {each.code: each.level for each in classes}
    policy = tx.policy.policy([uai], year)

    def is_open(audience: Audience, class_group: str) -> bool:
        question = Question(
            establishment=establishment,
            school_year=year,
            audience=audience,
            at=now,
            zone=site.academie.zone,
            policy=policy,
            asked_level=levels.get(class_group),
            asked_class=class_group,
        )
        return decide(modules[MODULE_ID], question, site.catalogue.rules, modules).is_open

    return lambda group: frozenset(each for each in FAMILIES if not is_open(each, group))
