"""Adults of an import: who they are and what changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from teleservices_core.domain.differences import Change, Difference, Subject, field_changes
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.identity import Relative, recognize
from teleservices_core.domain.likeness import Sameness, compare_adults
from teleservices_core.domain.matches import MatchKind
from teleservices_core.domain.records import AdultRecord, Identified
from teleservices_core.domain.roster import Adult
from teleservices_core.i18n import _
from teleservices_core.usecases.importing.alike import doubtful
from teleservices_core.usecases.importing.context import PAGE, Import, Question


def identify_adults(run: Import) -> None:
    """Find whom each record is about: by its key, else by a child known elsewhere (F40)."""
    for page in run.staged.adults(PAGE):
        by_key = run.state.adults_by_key(run.uai, [record.siecle_id for record in page])
        keyed = [
            (record, by_key[record.siecle_id]) for record in page if record.siecle_id in by_key
        ]
        run.staged.identify_adults(_keyed(run, keyed))
        run.counted.add(len(page))
    run.staged.reject_adults(
        run.staged.clashing_adults(),
        _("deux enregistrements désignent la même personne déjà connue : vérifiez dans SIECLE"),
    )
    recognized: set[str] = set()
    for strangers in run.staged.strangers(PAGE):
        known = {id_ for _record, children in strangers for id_, _kinship in children}
        relatives = _relatives(run, known)
        arrived = []
        for record, children in strangers:
            adult_id = recognize(record, children, relatives)
            if adult_id is not None:
                recognized.add(record.siecle_id)
            arrived.append(
                Identified(record.siecle_id, adult_id or run.new_id(), adult_id is not None)
            )
        run.staged.identify_adults(arrived)
    # Two records that look like the same adult: none of them is, since a name
    # that two persons bear identifies neither.
    run.staged.identify_adults(
        Identified(key, run.new_id(), is_known=False)
        for key in run.staged.clashing_adults()
        if key in recognized
    )


def _keyed(run: Import, keyed: Sequence[tuple[AdultRecord, Adult]]) -> list[Identified]:
    """Those whose key means somebody still; who is not certain is somebody new, and asked about."""
    found, unclear = [], []
    for record, adult in keyed:
        if compare_adults(record, adult, same_key=True).sameness is Sameness.SAME:
            found.append(Identified(record.siecle_id, adult.id, is_known=True))
        else:
            unclear.append((record, adult))
    if not unclear:
        return found
    children = run.staged.children_of([record.siecle_id for record, _adult in unclear])
    linked = run.state.links({id_ for ids in children.values() for id_ in ids})
    questions = []
    for record, adult in unclear:
        share_child = any(
            each.link.adult_id == adult.id
            for id_ in children.get(record.siecle_id, ())
            for each in linked.get(id_, ())
        )
        said = compare_adults(record, adult, same_key=True, share_child=share_child)
        if said.sameness is Sameness.SAME:
            found.append(Identified(record.siecle_id, adult.id, is_known=True))
        elif said.sameness is Sameness.UNCERTAIN:
            person_id = run.new_id()
            found.append(Identified(record.siecle_id, person_id, is_known=False))
            questions.append(Question(person_id, adult.id, said, doubtful(record)))
    run.ask(MatchKind.ADULT, questions)
    return found


def _relatives(run: Import, student_ids: set[UUID]) -> dict[UUID, list[Relative]]:
    found: dict[UUID, list[Relative]] = defaultdict(list)
    if student_ids:
        for each in run.state.relatives(student_ids, run.uai):
            found[each.student_id].append(each)
    return found


def save_adults(run: Import) -> None:
    """Compare each adult with what is known, and write what differs."""
    for page in run.staged.identified_adults(PAGE):
        known = run.state.adults([who.entity_id for _record, who in page if who.is_known])
        adults = []
        for record, who in page:
            before = known.get(who.entity_id)
            after = _adult(record, who.entity_id, before)
            if before is None:
                run.findings.add(Difference(Subject.ADULT, Change.ADDED, after.id, after.full_name))
            elif changes := field_changes(before, after):
                run.renamed[after.id] = after.full_name
                run.findings.add(
                    Difference(Subject.ADULT, Change.CHANGED, after.id, after.full_name, changes)
                )
            if before != after:
                adults.append(after)
        run.writes.save_adults(adults)
        run.save_keys("adult", [who for _record, who in page])
        run.counted.add(len(page))


def _adult(record: AdultRecord, id_: UUID, before: Adult | None) -> Adult:
    address = record.address
    if address is None:
        address = before.address if before else PostalAddress()
    return Adult(
        id=id_,
        last_name=record.last_name,
        first_name=record.first_name,
        title=record.title,
        usage_name=record.usage_name,
        email=record.email,
        mobile=record.mobile,
        phone=record.phone,
        address=address,
        work_phone=record.work_phone,
        accepts_sms=record.accepts_sms,
        shares_contact=record.shares_contact,
        occupation=record.occupation,
    )
