"""What an import settles: the changes that the school base says by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from teleservices_core.errors import InvalidValueError
from teleservices_fiche.model import FieldDef, PersonKind, Proposal, ProposalState, Value, canonical
from teleservices_fiche.rules.catalogue import field_of
from teleservices_fiche.rules.merging import Comparison, Values, compare, own_only

Key = tuple[UUID, str]
"""A person and a field."""


def key_of(proposal: Proposal) -> Key:
    """What a proposal is about."""
    return proposal.person.id, proposal.field


def known_field(proposal: Proposal) -> FieldDef | None:
    """The field of a proposal; None when the catalogue no longer has it."""
    try:
        return field_of(proposal.person, proposal.field)
    except (KeyError, InvalidValueError):
        return None


def base_value(base: Values, proposal: Proposal) -> Value:
    """What the school base says of the field that a proposal changes."""
    return base.get(proposal.person, {}).get(proposal.field)


def accepted_by_key(proposals: Iterable[Proposal]) -> dict[Key, Proposal]:
    """The changes in force."""
    return {key_of(each): each for each in proposals if each.state is ProposalState.ACCEPTED}


def compare_now(proposal: Proposal, base: Values, accepted: Proposal | None) -> Comparison:
    """What a proposal would do now, where ``accepted`` is in force of the same field.

    A family reads the base's value with what was accepted before; what was
    accepted since, of somebody else, it has not seen.
    """
    found = compare(proposal.seen, proposal.proposed, base_value(base, proposal))
    if accepted is None or accepted.id == proposal.id:
        return found
    if canonical(accepted.proposed) == canonical(proposal.proposed):
        return Comparison.ALREADY
    is_others = accepted.maker.person != proposal.maker.person
    if is_others and accepted.decided_at and accepted.decided_at >= proposal.made_at:
        return Comparison.CONFLICT
    # It takes the place of what is in force, even where it asks for the base's own value.
    return Comparison.CONFLICT if found is Comparison.CONFLICT else Comparison.APPLIES


def as_read(base: Values, guardians: Iterable[Mapping[str, Value]]) -> Values:
    """The base as families read it: nothing of a student that is a guardian's as well."""
    theirs = list(guardians)
    return {
        person: own_only(values, theirs) if person.kind is PersonKind.STUDENT else values
        for person, values in base.items()
    }


def settled(
    proposals: Sequence[Proposal], base: Values, carried: Collection[Key]
) -> list[Proposal]:
    """Those of the open proposals that the base says by now.

    ``carried`` are the keys of replaced changes that a delta has taken to the
    base, where they may still arrive: what replaced them waits for a delta of
    its own, even where the base seems to agree already.
    """
    in_force = accepted_by_key(proposals)
    return [each for each in proposals if _is_settled(each, base, in_force, carried)]


def _is_settled(
    proposal: Proposal, base: Values, in_force: dict[Key, Proposal], carried: Collection[Key]
) -> bool:
    field = known_field(proposal)
    if proposal.person not in base or field is None or not field.in_base:
        return False
    agrees = canonical(proposal.proposed) == canonical(base_value(base, proposal))
    if proposal.state is ProposalState.ACCEPTED:
        return agrees and (proposal.batch is not None or key_of(proposal) not in carried)
    # What waits against a change in force is for the school to settle, whatever the base says.
    return agrees and key_of(proposal) not in in_force and key_of(proposal) not in carried
