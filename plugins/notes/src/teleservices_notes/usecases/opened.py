"""To whom « Notes » is closed, so that who enters marks is not told that families see them."""

from __future__ import annotations

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import Question, decide
from teleservices_core.ports import Transaction
from teleservices_core.usecases.site import Site
from teleservices_notes.model import FAMILIES, Course
from teleservices_notes.usecases.publication import MODULE_ID, require_establishment


def shut_to(site: Site, tx: Transaction, course: Course) -> frozenset[Audience]:
    """The audiences to which the module is closed now for a class: three statements."""
    modules, now = site.catalogue.by_id, site.now()
    uai, year = course.uai, course.school_year
    establishment = require_establishment(tx, uai)
    classes = tx.roster.classes(uai, year, site.academie.today(now))
    level = next((each.level for each in classes if each.code == course.class_group), None)
    policy = tx.policy.policy([uai], year)
    questions = {
        audience: Question(
            establishment=establishment,
            school_year=year,
            audience=audience,
            at=now,
            zone=site.academie.zone,
            policy=policy,
            asked_level=level,
            asked_class=course.class_group,
        )
        for audience in FAMILIES
    }
    return frozenset(
        audience
        for audience, question in questions.items()
        if not decide(modules[MODULE_ID], question, site.catalogue.rules, modules).is_open
    )
