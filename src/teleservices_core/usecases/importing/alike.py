"""Adults who look like one: a base may know the same parent under several PERSONNE_IDs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from teleservices_core.domain.likeness import (
    Comparison,
    Sameness,
    Trait,
    compare_adults,
    plain,
    surnames,
)
from teleservices_core.domain.matches import MatchKind
from teleservices_core.domain.records import AdultRecord, Alert, Family, Identified
from teleservices_core.i18n import _
from teleservices_core.usecases.importing.context import PAGE, Import, Question
from teleservices_core.usecases.importing.stores import HeldLink

Name = tuple[str, str]


def ask_about_alike(run: Import) -> None:
    """Ask about guardians of one name in the files: each beside the one known longest."""
    keys: dict[Name, set[str]] = defaultdict(set)
    for page in run.staged.identified_guardians(PAGE):
        for record, _who in page:
            for name in _names(record):
                keys[name].add(record.siecle_id)
    shared = {name: found for name, found in keys.items() if len(found) > 1}
    wanted = {key for found in shared.values() for key in found}
    if not wanted:
        return
    alike = {
        record.siecle_id: (record, who)
        for page in run.staged.identified_guardians(PAGE)
        for record, who in page
        if record.siecle_id in wanted
    }
    children = run.staged.children_of(wanted)
    questions: list[Question] = []
    for name in sorted(shared):
        questions += _questions([alike[key] for key in sorted(shared[name])], children)
    run.ask(MatchKind.ADULT, questions)


def _names(record: AdultRecord) -> set[Name]:
    """Without a first name it is a service, of which there may be several."""
    first = plain(record.first_name)
    return {(first, plain(name)) for name in surnames(record)} if first else set()


def _questions(
    group: Sequence[tuple[AdultRecord, Identified]], children: Mapping[str, list[UUID]]
) -> Iterator[Question]:
    (first, kept), *others = sorted(group, key=lambda each: each[1].entity_id)
    for record, who in others:
        shared = set(children.get(first.siecle_id, ())) & set(children.get(record.siecle_id, ()))
        said = compare_adults(first, record, share_child=bool(shared))
        if said.sameness is Sameness.UNCERTAIN and who.entity_id != kept.entity_id:
            yield Question(who.entity_id, kept.entity_id, said, doubtful(record))


def doubtful(record: AdultRecord) -> Alert:
    """Says where the record of an adult is who may be somebody known."""
    name = f"{record.first_name} {record.usage_name or record.last_name}".strip()
    return _alert(record.file, record.line, "PERSONNE", record.siecle_id, name)


def _alert(file: str, line: int, element: str, key: str, name: str) -> Alert:
    reason = _(
        "{name} : ressemble à une autre personne de l’établissement ; répondez dans "
        "« Rapprochements à vérifier »"
    )
    return Alert(file, line, element, key, reason.format(name=name))


_NAMESAKE = Comparison(Sameness.UNCERTAIN, (Trait.LAST_NAME, Trait.FIRST_NAME, Trait.CHILD))


def namesakes(family: Family, others: Sequence[HeldLink]) -> Iterator[Question]:
    """A child's adults of one name, one of whom another establishment's files describe."""
    for held in others:
        for link, adult_id, name in family.links:
            if name and plain(name) == plain(held.adult_name):
                key = f"{link.student_id}/{link.adult_id}"
                alert = _alert(link.file, link.line, "RESPONSABLE_ELEVE", key, name)
                yield Question(adult_id, held.link.adult_id, _NAMESAKE, alert)
