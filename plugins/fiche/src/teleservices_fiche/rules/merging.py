"""Three values of a field: what was seen, what is proposed, what the school base says now.

The school base is never written here, and an import only ever changes the
third value. An accepted change stays in force until the base says the same, so
that nothing that nobody refused is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from teleservices_fiche.model import Person, Proposal, ProposalState, Value, canonical

Values = Mapping[Person, Mapping[str, Value]]
"""What is known of each person, by field."""


class Comparison(StrEnum):
    """What a proposal would do to the present value."""

    SAME = "same"
    """It asks for what was there: nothing."""
    APPLIES = "applies"
    """Nothing has moved since it was made."""
    ALREADY = "already"
    """The base says it by now."""
    CONFLICT = "conflict"
    """The base has moved to something else: somebody must look."""


def compare(seen: Value, proposed: Value, current: Value) -> Comparison:
    """Compare a proposal with the present value, capitals and accents aside."""
    was, wanted, is_now = canonical(seen), canonical(proposed), canonical(current)
    if was == wanted:
        return Comparison.SAME
    if wanted == is_now:
        return Comparison.ALREADY
    return Comparison.APPLIES if was == is_now else Comparison.CONFLICT


def effective(current: Value, accepted: Proposal | None) -> Value:
    """The value in force: the accepted one until the base says the same, else the base's.

    Even where the base has moved to a third value, which the school is shown:
    an import is no refusal.
    """
    return current if accepted is None else accepted.proposed


def in_force(base: Values, proposals: Iterable[Proposal]) -> dict[Person, dict[str, Value]]:
    """The values of some persons with the accepted changes laid over the base's."""
    found = {person: dict(values) for person, values in base.items()}
    for each in proposals:
        if each.state is ProposalState.ACCEPTED and each.person in found:
            values = found[each.person]
            values[each.field] = effective(values.get(each.field), each)
    return found


_OF_A_HOME = frozenset({"address", "phone_home", "phone_work", "phone_mobile", "email"})


def own_only(
    student: Mapping[str, Value], guardians: Iterable[Mapping[str, Value]]
) -> dict[str, Value]:
    """The student's contact data that are not a guardian's as well.

    The order asks for the student's address only where it differs from his
    guardians'. A school base often repeats one guardian's address or telephone
    on the student, where the other guardian would read it: so it is nobody's
    to see here.
    """
    taken = {
        canonical(value)
        for values in guardians
        for code, value in values.items()
        if code in _OF_A_HOME and value is not None
    }
    return {
        code: None if code in _OF_A_HOME and canonical(value) in taken else value
        for code, value in student.items()
    }
