"""Why a module is open or closed: for a school, a class or one student, at any instant."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from teleservices_core.domain.accounts import Account, AccountState, Audience
from teleservices_core.domain.activation import Question
from teleservices_core.domain.families import Child
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Level, Responsibility
from teleservices_core.domain.values import Uai
from teleservices_core.errors import NotFoundError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.answers import ModuleAnswer, answer
from teleservices_core.usecases.site import Site


@frozen
class Asked:
    """What is asked about a module; what is empty does not count."""

    uai: Uai
    module_id: str
    audience: Audience = Audience.GUARDIAN
    at: datetime | None = None
    """Now by default."""
    level: ClassLevel | None = None
    class_group: str = ""
    siecle_id: str = ""
    """A student, by the ELEVE_ID of the school base; a guardian's link is taken as legal."""


def explain(site: Site, asked: Asked) -> ModuleAnswer:
    """The decision with every vote, in words: at most four statements.

    Raises :exc:`NotFoundError` for an unknown establishment, module, class or student.
    """
    module = site.catalogue.by_id.get(asked.module_id)
    if module is None:
        known = ", ".join(sorted(site.catalogue.by_id))
        raise NotFoundError(f"no module {asked.module_id!r}; the modules are {known}")
    at = asked.at or site.now()
    year = site.academie.school_year(at)
    with site.database.reading() as tx:
        establishment = tx.roster.establishment(asked.uai)
        if establishment is None:
            raise NotFoundError(f"no establishment {asked.uai}")
        child = _child(site, tx, asked, year) if asked.siecle_id else None
        level = asked.level
        if asked.class_group:
            level = _level_of(tx, asked, year, at)
        policy = tx.policy.policy([asked.uai], year)
    link = None
    if child is not None and asked.audience is Audience.GUARDIAN:
        link = Responsibility(child.student.id, child.student.id, Level.LEGAL)
    question = Question(
        establishment=establishment,
        school_year=year,
        audience=asked.audience,
        at=at,
        zone=site.academie.zone,
        policy=policy,
        student=child.student if child else None,
        schooling=child.schooling if child else None,
        link=link,
        asked_level=level,
        asked_class=asked.class_group,
    )
    return answer(site, module, question)


def _child(site: Site, tx: Transaction, asked: Asked, year: SchoolYear) -> Child:
    student_id = tx.roster.by_siecle_id(asked.uai, "student", asked.siecle_id)
    if student_id is None:
        raise NotFoundError(f"no student {asked.siecle_id!r} in {asked.uai}")
    # Schoolings are read through an account: the student's own, whether he has one or not.
    own = Account(
        id=student_id,
        audience=Audience.STUDENT,
        login_name="",
        state=AccountState.NEW,
        holder_ids=(student_id,),
        created_at=site.now(),
    )
    child = tx.roster.child(own, student_id, year)
    if child is None:
        raise NotFoundError(f"student {asked.siecle_id!r} was not in school by {year}")
    return child


def _level_of(tx: Transaction, asked: Asked, year: SchoolYear, at: datetime) -> ClassLevel | None:
    classes = {each.code: each for each in tx.roster.classes(asked.uai, year, at.date())}
    if asked.class_group not in classes:
        known = ", ".join(classes) or "none"
        raise NotFoundError(
            f"no class {asked.class_group!r} in {asked.uai} in {year}; the classes are {known}"
        )
    return classes[asked.class_group].level
