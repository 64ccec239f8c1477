"""Students of an import: who they are, what changes, who left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from attrs import evolve, frozen

from teleservices_core.domain.differences import (
    Change,
    Difference,
    FieldChange,
    Subject,
    field_changes,
)
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.identity import Candidate, Doubt, identify_student
from teleservices_core.domain.likeness import Identity, Trait
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.matches import MatchKind
from teleservices_core.domain.records import Alert, IdentifiedStudent, StudentRecord
from teleservices_core.domain.roster import (
    FormerSchooling,
    Schooling,
    Sex,
    Student,
    StudentDetails,
)
from teleservices_core.i18n import _
from teleservices_core.usecases.importing.context import PAGE, Import, Question


def identify_students(run: Import) -> None:
    """Find whom each record is about, before anything is compared.

    A record that may be about somebody known, but not for certain, is somebody
    of its own until a person has answered.
    """
    doubted: list[Doubted] = []
    for page in run.staged.students(PAGE):
        by_ine = run.state.students_by_ine(
            {ine.code for record in page for ine in (record.ine, record.former_ine) if ine}
        )
        by_key = run.state.students_by_key(run.uai, [record.siecle_id for record in page])
        ids = {each.id for each in (*by_ine.values(), *by_key.values())}
        known, pairs = _candidates(run, ids), run.matches.known_pairs(ids) if ids else set()
        found: list[IdentifiedStudent] = []
        for record in page:
            ines = [ine.code for ine in (record.ine, record.former_ine) if ine]
            keyed = by_key.get(record.siecle_id)
            who = identify_student(
                record,
                by_key=known[keyed.id] if keyed else None,
                by_ine={ine: known[by_ine[ine].id] for ine in ines if ine in by_ine},
                asked={id_ for pair in pairs if keyed and keyed.id in pair for id_ in pair},
            )
            student_id = who.student_id or run.new_id()
            doubted += (
                Doubted(record, student_id, doubt, known[doubt.other_id].identities[0])
                for doubt in who.doubts
            )
            found.append(
                IdentifiedStudent(
                    record.siecle_id,
                    student_id,
                    is_known=who.student_id is not None,
                    has_ine=who.is_vouched,
                    is_present=not run.is_past(record.left_on),
                    name=_name(record),
                    takes_ine=who.takes_ine,
                )
            )
        run.staged.identify_students(found)
        run.counted.add(len(page))
    run.staged.reject_students(
        run.staged.clashing_students(),
        _("deux enregistrements désignent le même élève déjà connu : vérifiez dans SIECLE"),
    )
    _ask(run, _still_doubted(run, doubted))


@frozen
class Doubted:
    """A record, to whom it was given, and whom else it may be about."""

    record: StudentRecord
    student_id: UUID
    doubt: Doubt
    other: Identity


def _still_doubted(run: Import, doubted: Sequence[Doubted]) -> list[Doubted]:
    """Those whose number somebody else keeps: who has another one in these files gives it up.

    Numbers that were swapped in the base are put right that way.
    """
    given_up = run.staged.numbers({each.doubt.other_id for each in doubted})
    still, freed = [], []
    for each in doubted:
        number, own = given_up.get(each.doubt.other_id), Identity.of_record(each.record).ines
        if number is not None and number not in own and not own.isdisjoint(each.other.ines):
            freed.append(each)
        else:
            still.append(each)
    held = {each.student_id for each in still if Trait.INE in each.doubt.comparison.agreeing}
    run.staged.take_ines([e.record.siecle_id for e in freed if e.student_id not in held])
    run.released.update(each.doubt.other_id for each in freed)
    run.writes.release_ines(run.released)
    return still


def _candidates(run: Import, ids: set[UUID]) -> Mapping[UUID, Candidate]:
    known = run.matches.identities(ids) if ids else {}
    return {id_: Candidate(id_, tuple(identities)) for id_, identities in known.items()}


def _ask(run: Import, doubted: Sequence[Doubted]) -> None:
    if not doubted:
        return
    places = run.matches.places({each.doubt.other_id for each in doubted})
    questions = []
    for each in doubted:
        record, other_id = each.record, each.doubt.other_id
        others = places.get(other_id, [])
        other_uai = others[0] if others and run.uai not in others else None
        reason = (
            _("{name} : ressemble à un élève d’un autre établissement sans que tout concorde ; ")
            if other_uai
            else _("{name} : ressemble à un élève déjà connu sans que tout concorde ; ")
        ) + _("répondez dans « Rapprochements à vérifier »")
        questions.append(
            Question(
                each.student_id,
                other_id,
                each.doubt.comparison,
                Alert(
                    record.file,
                    record.line,
                    "ELEVE",
                    record.siecle_id,
                    reason.format(name=_name(record)),
                ),
                other_uai,
                (Identity.of_record(record), each.other),
            )
        )
    run.ask(MatchKind.STUDENT, questions)


def _name(record: StudentRecord) -> str:
    return f"{record.first_name} {record.usage_name or record.last_name}"


def compare_students(run: Import) -> None:
    """Compare each student and schooling with what is known, and write what differs."""
    since = SchoolYear(min(run.school_year, run.current_year).start - 1)
    for page in run.staged.identified_students(PAGE):
        ids = [who.entity_id for _record, who in page if who.is_known]
        known = run.state.students(ids)
        details = run.state.student_details(ids)
        schoolings = run.state.schoolings(ids, since)
        students, attended = [], []
        for record, who in page:
            before = known.get(who.entity_id)
            if before is not None and before.id in run.released:
                before = evolve(before, ine=None)
            after = _student(record, who, before)
            held = details.get(who.entity_id)
            told = _details(record, held)
            mine = schoolings.get(who.entity_id, [])
            here = next((s for s in mine if _is_here(run, s)), None)
            schooling = _schooling(run, record, who.entity_id, here)
            if before != after or held != told:
                students.append((after, told))
            if here != schooling:
                attended.append(schooling)
            learnt = field_changes(held, told) if held else ()
            for difference in _differences(run, before, after, mine, schooling, learnt):
                run.findings.add(difference)
        run.writes.save_students(students)
        run.writes.save_schoolings(attended)
        run.save_keys("student", [who for _record, who in page])
        run.counted.add(len(page))


def _student(record: StudentRecord, who: IdentifiedStudent, before: Student | None) -> Student:
    known = before.ine if before is not None else None
    return Student(
        id=who.entity_id,
        last_name=record.last_name,
        first_name=record.first_name,
        born_on=record.born_on,
        usage_name=record.usage_name,
        # What a file leaves out is not unlearned.
        sex=record.sex if record.sex is not Sex.UNKNOWN or before is None else before.sex,
        ine=record.ine if record.ine is not None and who.takes_ine else known,
    )


def _details(record: StudentRecord, before: StudentDetails | None) -> StudentDetails:
    address = record.address
    if address is None:
        address = before.address if before else PostalAddress()
    return StudentDetails(
        address=address,
        phone=record.phone,
        mobile=record.mobile,
        work_phone=record.work_phone,
        accepts_sms=record.accepts_sms,
        email=record.email,
        birth_country=record.birth_country,
        birth_town=record.birth_town,
        birth_insee=record.birth_insee,
        nationality=record.nationality,
    )


def _is_here(run: Import, schooling: Schooling) -> bool:
    return schooling.uai == run.uai and schooling.school_year == run.school_year


def _schooling(
    run: Import, record: StudentRecord, student_id: UUID, before: Schooling | None
) -> Schooling:
    after = Schooling(
        student_id=student_id,
        uai=run.uai,
        school_year=run.school_year,
        class_group=record.class_group or "",
        mef=record.mef,
        status=record.status,
        boarding=record.boarding,
        from_on=record.entered_on,
        left_on=record.left_on,
        repeats=record.repeats,
        uses_transport=record.uses_transport,
        former=FormerSchooling(
            record.former_uai, record.former_mef, record.former_class_group, record.origin
        ),
    )
    if before is None:
        return after
    return evolve(
        after,
        class_group=before.class_group if record.class_group is None else record.class_group,
        from_on=record.entered_on or before.from_on,
    )


def _differences(
    run: Import,
    before: Student | None,
    after: Student,
    schoolings: Sequence[Schooling],
    schooling: Schooling,
    learnt: tuple[FieldChange, ...],
) -> Iterator[Difference]:
    here = next((each for each in schoolings if _is_here(run, each)), None)
    earlier = [s for s in schoolings if s.school_year <= run.school_year and s is not here]
    if before is None or (here is None and not earlier):
        yield Difference(Subject.STUDENT, Change.ADDED, after.id, after.full_name)
        return
    changes = field_changes(before, after) + learnt
    compared = field_changes(here or earlier[-1], schooling, ignored={"student_id"})
    changes += compared if here else _only(compared, {"uai", "school_year", "class_group"})
    if not changes:
        return
    fields: Mapping[str, FieldChange] = {change.field: change for change in changes}
    if here is None or "class_group" in fields:
        change = Change.MOVED
    elif "left_on" in fields and fields["left_on"].after is not None:
        change = Change.LEFT
    else:
        change = Change.CHANGED
    yield Difference(Subject.STUDENT, change, after.id, after.full_name, changes)


def _only(changes: tuple[FieldChange, ...], names: set[str]) -> tuple[FieldChange, ...]:
    return tuple(change for change in changes if change.field in names)


def close_missing(run: Import) -> None:
    """Close the schooling of those whom the file no longer lists. Nobody is deleted."""
    for page in run.staged.missing(PAGE):
        for each in page:
            run.findings.add(
                Difference(
                    Subject.STUDENT,
                    Change.LEFT,
                    each.student_id,
                    each.name,
                    (FieldChange("left_on", None, run.today),),
                )
            )
        run.writes.close_schoolings(
            [each.student_id for each in page], run.uai, run.school_year, run.today
        )
