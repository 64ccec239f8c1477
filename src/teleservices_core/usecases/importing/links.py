"""Links between students and adults: added, changed, ended; dated, never deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from attrs import evolve

from teleservices_core.domain.differences import (
    Change,
    Difference,
    FieldChange,
    Subject,
    field_changes,
)
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.matches import MatchKind
from teleservices_core.domain.records import Alert, Family, IdentifiedStudent, LinkRecord
from teleservices_core.domain.roster import Responsibility, Schooling
from teleservices_core.i18n import _
from teleservices_core.usecases.importing.alike import namesakes
from teleservices_core.usecases.importing.context import PAGE, Import, Question
from teleservices_core.usecases.importing.stores import HeldLink

Write = tuple[Responsibility, str]


def identify_linked_students(run: Import) -> None:
    """Without a file of students, find those that links name by their keys."""
    since = SchoolYear(min(run.school_year, run.current_year).start)
    for page in run.staged.linked_strangers(PAGE):
        known = run.state.students_by_key(run.uai, page)
        schoolings = run.state.schoolings([student.id for student in known.values()], since)
        run.staged.identify_students(
            IdentifiedStudent(
                key,
                student.id,
                is_known=True,
                has_ine=student.ine is not None,
                is_present=any(
                    each.uai == run.uai and not run.is_past(each.left_on)
                    for each in schoolings.get(student.id, ())
                ),
                name=student.full_name,
            )
            for key, student in known.items()
        )
        run.staged.reject_links_of(
            (key for key in page if key not in known),
            _("élève inconnu : importez aussi le fichier des élèves"),
        )


def compare_links(run: Import) -> None:
    """Compare each student's links with what is known, and write what differs."""
    since = SchoolYear(min(run.school_year, run.current_year).start)
    waiting = run.waiting(MatchKind.ADULT)
    for page in run.staged.families(PAGE):
        ids = [family.student.entity_id for family in page if family.student.is_known]
        held = run.state.links(ids)
        schoolings = run.state.schoolings(ids, since)
        writes: list[Write] = []
        questions: list[Question] = []
        for family in page:
            student_id = family.student.entity_id
            known = {each.link.adult_id: _named(run, each) for each in held.get(student_id, ())}
            run.findings.links_in_force += sum(
                not run.is_past(each.link.until_on) for each in known.values()
            )
            if not run.staged.has_students and _is_somebody_else(family, known):
                _warn_of_stranger(run, family)
                continue
            writes += _described(run, family, known)
            if family.student.is_present and not family.is_unsure:
                described = {adult_id for _link, adult_id, _name in family.links}
                # Who may be one of those described, under another identity, is not gone.
                kept = described | {older for older, newer in waiting if newer in described}
                others = [each for adult, each in known.items() if adult not in kept]
                questions += namesakes(family, [each for each in others if _holds(run, each)])
                elsewhere = _attends_elsewhere(run, schoolings.get(student_id, ()))
                writes += _ended(run, family.student, others, elsewhere=elsewhere)
        run.writes.save_links(writes)
        run.ask(MatchKind.ADULT, questions)
        run.counted.add(len(page))


def _named(run: Import, held: HeldLink) -> HeldLink:
    name = run.renamed.get(held.link.adult_id)
    return held if name is None else evolve(held, adult_name=name)


def _holds(run: Import, held: HeldLink) -> bool:
    return not held.link.is_barred and not run.is_past(held.link.until_on)


def _is_somebody_else(family: Family, known: dict[UUID, HeldLink]) -> bool:
    """Whether nobody of the file is linked to the student yet, though others are.

    Without the file of students only the key says who the student is, and a base
    made anew gives its keys to others.
    """
    described = {adult_id for _link, adult_id, _name in family.links}
    return bool(described and known) and described.isdisjoint(known)


def _warn_of_stranger(run: Import, family: Family) -> None:
    reason = _(
        "{name} : aucun des responsables décrits n’est connu de nous ; liens laissés comme ils "
        "étaient, importez aussi le fichier des élèves"
    )
    link, _adult_id, _name = family.links[0]
    run.staged.remark(
        Alert(
            link.file,
            link.line,
            "RESPONSABLE_ELEVE",
            link.student_id,
            reason.format(name=family.student.name),
        )
    )


def _described(run: Import, family: Family, known: dict[UUID, HeldLink]) -> Iterator[Write]:
    for record, adult_id, adult_name in family.links:
        before = known.get(adult_id)
        label = f"{adult_name} → {family.student.name}"
        if before is not None and before.link.is_barred:
            _warn_of_barred(run, record, label)
            continue
        # A link that joins a student already there gives rights from today only.
        from_on = run.today if family.student.is_known else None
        after = _responsibility(
            record,
            family.student.entity_id,
            adult_id,
            from_on=before.link.from_on if before else from_on,
        )
        if before is None:
            run.findings.add(Difference(Subject.LINK, Change.ADDED, adult_id, label))
        elif changes := field_changes(before.link, after):
            run.findings.add(Difference(Subject.LINK, Change.CHANGED, adult_id, label, changes))
        if before is None or before.link != after or before.uai != run.uai.code:
            yield after, run.uai.code


def _warn_of_barred(run: Import, record: LinkRecord, label: str) -> None:
    reason = _("{link} : lien écarté par l’établissement, encore décrit par le fichier")
    key = f"{record.student_id}/{record.adult_id}"
    run.staged.remark(
        Alert(record.file, record.line, "RESPONSABLE_ELEVE", key, reason.format(link=label))
    )


def _responsibility(
    record: LinkRecord, student_id: UUID, adult_id: UUID, *, from_on: date | None
) -> Responsibility:
    return Responsibility(
        student_id=student_id,
        adult_id=adult_id,
        level=record.level,
        kinship=record.kinship,
        pays_fees=record.pays_fees,
        receives_aid=record.receives_aid,
        lodges=record.lodges,
        contact_first=record.contact_first,
        from_on=from_on,
    )


def _attends_elsewhere(run: Import, schoolings: Sequence[Schooling]) -> bool:
    return any(
        each.uai != run.uai
        and each.school_year >= run.current_year
        and not run.is_past(each.left_on)
        for each in schoolings
    )


def _ended(
    run: Import, student: IdentifiedStudent, others: Sequence[HeldLink], *, elsewhere: bool
) -> Iterator[Write]:
    """End links that the establishment answers for and no longer describes.

    It answers for its own, and for those of an establishment that the student
    has left. A link that no file described is somebody's decision, and stays.
    """
    for held in others:
        over = run.is_past(held.link.until_on)
        answers = held.uai == run.uai.code or (held.uai and not elsewhere)
        if over or not answers:
            continue
        change = FieldChange("until_on", held.link.until_on, run.today)
        label = f"{held.adult_name} → {student.name}"
        run.findings.add(
            Difference(Subject.LINK, Change.ENDED, held.link.adult_id, label, (change,))
        )
        yield evolve(held.link, until_on=run.today), held.uai
