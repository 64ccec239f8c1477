"""« Voir comme »: what a family of an establishment would see, on a given day."""

from __future__ import annotations

from datetime import datetime

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import Question
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.usecases.answers import ModuleAnswer, answers
from teleservices_core.usecases.site import Site


def preview(
    site: Site,
    establishment: Establishment,
    audience: Audience,
    at: datetime,
    *,
    level: ClassLevel | None = None,
    class_group: str = "",
) -> tuple[ModuleAnswer, ...]:
    """The modules that a family of a class would find at an instant, open or closed and why.

    Decided as for a student who is there and a guardian whose link holds. The
    school year is the one under way at that instant. One statement.
    """
    year = site.academie.school_year(at)
    with site.database.reading() as tx:
        policy = tx.policy.policy([establishment.uai], year)
    question = Question(
        establishment=establishment,
        school_year=year,
        audience=audience,
        at=at,
        zone=site.academie.zone,
        policy=policy,
        asked_level=level,
        asked_class=class_group,
    )
    return answers(site, question)
