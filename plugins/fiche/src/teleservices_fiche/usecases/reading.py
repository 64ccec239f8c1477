"""The sheet of a child, as one reader may know it.

Everything that a page, a mail, a receipt or a copy of one's data tells comes
from :func:`read_sheet`: it reads every adult of the student, because what is
theirs must not show on the student, and gives nothing of them further.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.families import Child
from teleservices_core.errors import NotFoundError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.home import module_of_child
from teleservices_core.usecases.module_options import options_of
from teleservices_core.usecases.site import Site
from teleservices_fiche.model import (
    Confirmation,
    ConfirmationRound,
    Draft,
    FicheOptions,
    FieldDef,
    Maker,
    Person,
    PersonKind,
    Proposal,
    ProposalState,
    Standing,
    Value,
)
from teleservices_fiche.rules.catalogue import catalogue
from teleservices_fiche.rules.merging import Values, in_force, own_only
from teleservices_fiche.rules.papers import digest_of_values
from teleservices_fiche.rules.reconciling import as_read
from teleservices_fiche.rules.standings import Part, parts
from teleservices_fiche.usecases.ports import Known, Opens, Store

MODULE: Final = "fiche"


@frozen
class Beside:
    """What another person of the family has asked for about the student, and nobody decided."""

    value: Value
    is_shown: bool
    """False: it is also a guardian's own, which is not the reader's to see."""


@frozen
class Line:
    """One field, with what becomes of it."""

    field: FieldDef
    base: Value
    """What the school base says; for the record, not for the reader."""
    value: Value
    """What is in force: the base's, or an accepted change that has not reached it."""
    mine: Proposal | None = None
    """The reader's change that waits."""
    accepted: Proposal | None = None
    refused: Proposal | None = None
    """The reader's last change, when the school refused it."""
    beside: tuple[Beside, ...] = ()


@frozen
class SheetPart:
    """One person of the sheet."""

    part: Part
    lines: tuple[Line, ...]

    @property
    def person(self) -> Person:
        """Whose data."""
        return self.part.person

    def line(self, code: str) -> Line | None:
        """One of the lines."""
        return next((each for each in self.lines if each.field.code == code), None)

    @property
    def editable(self) -> tuple[Line, ...]:
        """Lines that the reader may change."""
        return tuple(each for each in self.lines if self.part.may_edit(each.field.code))


@frozen
class Sheet:
    """All that one reader may know of a child's sheet."""

    child: Child
    maker: Maker
    """Who reads, as whom he writes."""
    parts: tuple[SheetPart, ...]
    options: FicheOptions
    draft: Draft
    confirmation: Confirmation | None
    """His own, of this year."""
    round: ConfirmationRound | None
    made: tuple[Proposal, ...]
    """All that he has proposed in this sheet, and what is open of another child's about
    himself; oldest first."""

    @property
    def may_confirm(self) -> bool:
        """Whether « tout est exact » is his to say: not a minor's."""
        return not any(each.part.standing is Standing.MINOR_SELF for each in self.parts)

    @property
    def seen(self) -> str:
        """The digest of what he reads: acts say which reading they follow."""
        return digest_of_values(
            {
                each.person: {
                    **{line.field.code: line.value for line in each.lines},
                    **{f"{ln.field.code}+": ln.mine.proposed for ln in each.lines if ln.mine},
                }
                for each in self.parts
            }
        )

    def part(self, kind: PersonKind) -> SheetPart | None:
        """The part about the student, or about the reader himself as a guardian."""
        return next((each for each in self.parts if each.person.kind is kind), None)


def maker_of(account: Account, child: Child) -> Maker:
    """Who acts: the account, as the student's guardian or as the student."""
    if child.link is None:
        person = Person(PersonKind.STUDENT, child.student.id)
    else:
        person = Person(PersonKind.GUARDIAN, child.link.adult_id)
    return Maker(account.id, person, account.display_name)


def sheet_of(site: Site, account: Account, child: Child, opens: Opens) -> Sheet:
    """The sheet of a child to whom the page's guard has let the account in: seven statements."""
    with site.database.reading() as tx:
        return sheet_about(site, tx, account, child, opens(tx.connection))


def read_sheet(
    site: Site,
    tx: Transaction,
    account: Account,
    student_id: UUID,
    store: Store,
    *,
    or_closed: bool = False,
) -> Sheet:
    """The sheet in a transaction under way, rights and decision included.

    What every act checks again before it commits. Raises :exc:`NotFoundError`
    where the account has no sheet to read. ``or_closed`` also reads one that
    only a choice of the school closes, for what is kept and shown to nobody.
    """
    child, answer = module_of_child(site, tx, account, student_id, MODULE)
    decision = None if answer is None else answer.decision
    if decision is None or not (decision.is_open or (or_closed and decision.is_switched_off)):
        raise NotFoundError("the sheet is not open to this account")
    return sheet_about(site, tx, account, child, store)


def sheet_about(site: Site, tx: Transaction, account: Account, child: Child, store: Store) -> Sheet:
    """The sheet of a child whose right to be read is already checked."""
    uai, year = child.schooling.uai, child.schooling.school_year
    options = options_of(site, tx, uai, MODULE, year).options
    maker = maker_of(account, child)
    base: Known = dict(store.base.students([child.student.id], uai, year))
    base |= store.base.guardians([child.student.id])[child.student.id]
    persons = [person.id for person in base]
    found = store.proposals.of_sheet(persons, uai, maker.person.id, child.student.id)
    read = _Reading(maker, base, tuple(found))
    return Sheet(
        child=child,
        maker=maker,
        parts=tuple(
            SheetPart(part, tuple(read.line(part.person, f) for f in part.fields))
            for part in parts(child, site.now(), site.academie.zone, catalogue(), options)
        ),
        options=options,
        draft=store.drafts.get(account.id, child.student.id, year),
        confirmation=store.papers.confirmations(child.student.id, uai, year).get(maker.person.id),
        round=store.papers.round(uai, year),
        made=tuple(each for each in found if each.maker.person == maker.person),
    )


class _Reading:
    """What is known of everybody around the student, told one field at a time."""

    def __init__(self, maker: Maker, base: Known, found: tuple[Proposal, ...]) -> None:
        self.maker = maker
        self.found = found
        self._base = as_read(base, _of_guardians(base))
        force = in_force(base, found)
        # Also what the base still repeats of a number that has changed, or is about to.
        self._theirs = [
            *_of_guardians(base),
            *_of_guardians(force),
            *({e.field: e.proposed} for e in found if e.person.kind is PersonKind.GUARDIAN),
        ]
        self._force = as_read(force, self._theirs)

    def line(self, person: Person, field: FieldDef) -> Line:
        """One field of the student, or of the reader."""
        code = field.code
        about = [e for e in self.found if e.person == person and e.field == code]
        accepted = _last(about, ProposalState.ACCEPTED)
        value = self._force.get(person, {}).get(code)
        mine = [e for e in about if e.maker.person == self.maker.person]
        if accepted is not None and accepted in mine:
            # He wrote it himself: to hide it would tell that it is somebody else's too.
            value = accepted.proposed
        return Line(
            field,
            base=self._base.get(person, {}).get(code),
            value=value,
            mine=_last(mine, ProposalState.WAITING),
            accepted=accepted,
            refused=mine[-1] if mine and mine[-1].state is ProposalState.REFUSED else None,
            beside=tuple(
                self._beside(each)
                for each in about
                if each.state is ProposalState.WAITING and each not in mine
            ),
        )

    def _beside(self, each: Proposal) -> Beside:
        shown = own_only({each.field: each.proposed}, self._theirs)[each.field]
        return Beside(shown, shown == each.proposed)


def _last(found: Iterable[Proposal], state: ProposalState) -> Proposal | None:
    return next((each for each in reversed(tuple(found)) if each.state is state), None)


def _of_guardians(values: Values) -> list[Mapping[str, Value]]:
    return [of for person, of in values.items() if person.kind is PersonKind.GUARDIAN]
