"""Issue credential letters: the secret is printed once and never stored."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import (
    AccountEvent,
    Audience,
    CredentialLetter,
    next_state,
)
from teleservices_core.domain.credentials import (
    letter_expires_at,
    new_letter_code,
    show_letter_code,
)
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.standing import LetterChoice, Standing
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotAllowedError, NotFoundError
from teleservices_core.ports import Transaction
from teleservices_core.ports.office import LetterCandidate
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.rights import require_school
from teleservices_core.usecases.site import Site, audited

FAMILIES: Final = (Audience.GUARDIAN, Audience.STUDENT)
BATCH: Final = 200
"""Letters issued in one transaction: a stop loses at most the batch under way."""


@frozen
class IssuedLetter:
    """A letter to print, with its provisional password in clear."""

    candidate: LetterCandidate
    code: str
    """As printed: ``ABCD-EFGH-JKMN``."""
    issued_on: date
    valid_until: date
    """Last day on which it works."""


@frozen
class LetterPlan:
    """What issuing would do."""

    establishment: Establishment | None
    """None for the staff of the académie."""
    candidates: tuple[LetterCandidate, ...]
    classes: tuple[str, ...] = ()
    """Every class of the establishment that has accounts."""

    def count(self, audience: Audience) -> int:
        """How many letters go to an audience."""
        return sum(each.account.audience is audience for each in self.candidates)

    def in_hand(self, at: datetime) -> int:
        """How many good letters, already handed over, issuing would kill."""
        return sum(
            each.letter is not None
            and each.letter.is_handed
            and each.situation(at).standing is Standing.ISSUED
            for each in self.candidates
        )


def plan_letters(
    site: Site,
    uai: Uai,
    *,
    which: LetterChoice = LetterChoice.NEVER,
    class_group: str | None = None,
    audiences: Collection[Audience] = FAMILIES,
) -> LetterPlan:
    """List who would receive a letter, by class; never an account already claimed.

    A class has the letters filed under it: a family's one letter goes with its
    first class; students without class are filed under "". Raises
    :exc:`NotFoundError` for an unknown establishment or class.
    """
    year, today, now = site.school_year(), site.academie.today(site.now()), site.now()
    with site.database.reading() as tx:
        establishment = tx.roster.establishment(uai)
        if establishment is None:
            raise NotFoundError(f"no establishment {uai}")
        found = tx.letters.candidates(uai, year, today)
    classes = tuple(dict.fromkeys(each.class_group for each in found))
    if class_group is not None and class_group not in classes:
        listed = ", ".join(classes)
        raise NotFoundError(f"no class {class_group!r} in {uai}; the classes are {listed}")
    return LetterPlan(
        establishment,
        tuple(
            each
            for each in found
            if each.account.audience in audiences
            and (class_group is None or each.class_group == class_group)
            and which.covers(each.situation(now).standing, each.letter)
        ),
        classes,
    )


def plan_staff_letters(site: Site, *, which: LetterChoice = LetterChoice.NEVER) -> LetterPlan:
    """The same for members of staff."""
    now = site.now()
    with site.database.reading() as tx:
        found = tx.letters.staff_candidates(site.academie.today(now))
    chosen = (each for each in found if which.covers(each.situation(now).standing, each.letter))
    return LetterPlan(None, tuple(chosen))


def issue_letters(
    site: Site,
    plan: LetterPlan,
    *,
    viewer: Viewer | None = None,
    progress: Callable[[int], None] = lambda _count: None,
    left_out: Callable[[LetterCandidate], None] = lambda _candidate: None,
) -> Iterator[IssuedLetter]:
    """Draw, hash and store new letters, batch by batch; earlier ones die (F10, F15, F17).

    An account used since the plan was made, perhaps claimed, keeps what it has:
    ``left_out`` receives it. ``progress`` receives the size of each batch, once
    stored.
    """
    uai = plan.establishment.uai if plan.establishment else None
    if viewer is not None and uai is None:
        raise NotAllowedError("only the command line issues letters to the staff")
    with ThreadPoolExecutor(max_workers=2) as pool:
        for start in range(0, len(plan.candidates), BATCH):
            batch = plan.candidates[start : start + BATCH]
            codes = [new_letter_code(secrets.choice) for _candidate in batch]
            hashes = list(pool.map(site.hasher.hash_letter, codes))
            issued = _store(site, uai, batch, codes, hashes, viewer)
            known = {each.candidate.account.id for each in issued}
            for candidate in batch:
                if candidate.account.id not in known:
                    left_out(candidate)
            yield from issued
            progress(len(batch))


def draw_letters(
    site: Site, uai: Uai | None, batch: Sequence[LetterCandidate]
) -> list[tuple[CredentialLetter, IssuedLetter]]:
    """New letters, drawn and hashed, that nobody can use until :func:`put_letters` stores them."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        codes = [new_letter_code(secrets.choice) for _candidate in batch]
        letters = [
            _letter(site, uai, *each)
            for each in zip(batch, pool.map(site.hasher.hash_letter, codes), strict=True)
        ]
    return [
        (letter, _issued(site, candidate, code, letter))
        for candidate, code, letter in zip(batch, codes, letters, strict=True)
    ]


def put_letters(
    site: Site,
    tx: Transaction,
    viewer: Viewer | None,
    uai: Uai | None,
    drawn: Sequence[tuple[CredentialLetter, IssuedLetter]],
) -> None:
    """Store letters with the step that keeps their document: all of them, or none.

    Raises :exc:`ConflictError` where one of the accounts was used meanwhile.
    """
    versions = {each.candidate.account.id: each.candidate.account.version for _l, each in drawn}
    done = tx.letters.issue([letter for letter, _issued in drawn], versions)
    if len(done) < len(drawn):
        raise ConflictError(f"{len(drawn) - len(done)} accounts have changed meanwhile")
    tx.audit.add(audited("letters.issued", site.now(), viewer, uai=uai, number=len(done)))


def _store(
    site: Site,
    uai: Uai | None,
    batch: Sequence[LetterCandidate],
    codes: Sequence[str],
    hashes: Sequence[str],
    viewer: Viewer | None,
) -> list[IssuedLetter]:
    letters = [_letter(site, uai, *each) for each in zip(batch, hashes, strict=True)]
    with site.database.writing() as tx:
        if viewer is not None and uai is not None:
            require_school(site, tx, viewer.account, uai)
        versions = {each.account.id: each.account.version for each in batch}
        done = tx.letters.issue(letters, versions)
        tx.audit.add(audited("letters.issued", site.now(), viewer, uai=uai, number=len(done)))
    return [
        _issued(site, candidate, code, letter)
        for candidate, code, letter in zip(batch, codes, letters, strict=True)
        if candidate.account.id in done
    ]


def _letter(
    site: Site, uai: Uai | None, candidate: LetterCandidate, code_hash: str
) -> CredentialLetter:
    now, months = site.now(), site.settings.durations.letter_months
    return CredentialLetter(
        id=site.new_id(),
        account_id=candidate.account.id,
        uai=uai.code if uai else "",
        code_hash=code_hash,
        issued_at=now,
        expires_at=letter_expires_at(now, months, site.academie.zone),
    )


def _issued(
    site: Site, candidate: LetterCandidate, code: str, letter: CredentialLetter
) -> IssuedLetter:
    last_day = site.academie.today(letter.expires_at - timedelta(seconds=1))
    issued_on = site.academie.today(letter.issued_at)
    return IssuedLetter(candidate, show_letter_code(code), issued_on, last_day)


def reissue(site: Site, viewer: Viewer, uai: Uai, account_id: UUID) -> IssuedLetter:
    """Issue a new letter for one person, whatever has become of the account (F16, F17).

    The present password, sessions and mailed links die at once, and so does any
    older letter; the confirmed address is told. Whoever hands the letter over
    has checked who the person is, face to face: nobody dictates a password.
    Raises :exc:`NotFoundError` for an account that is not the school's,
    :exc:`NotAllowedError`, :exc:`ConflictError` when it is used just then.
    """
    now, year = site.now(), site.school_year()
    code = new_letter_code(secrets.choice)
    code_hash = site.hasher.hash_letter(code)
    with site.database.writing() as tx:
        require_school(site, tx, viewer.account, uai)
        candidate = tx.letters.candidate(uai, year, site.academie.today(now), account_id)
        if candidate is None:
            raise NotFoundError(f"no account {account_id} in {uai}")
        account = candidate.account
        next_state(account.state, AccountEvent.ISSUE_LETTER)
        letter = _letter(site, uai, candidate, code_hash)
        if not tx.letters.issue([letter], {account.id: account.version}):
            raise ConflictError(f"account {account.login_name} has changed meanwhile")
        tx.audit.add(audited("account.reissued", now, viewer, uai=uai, subject_id=account.id))
        if account.email:
            mail = "core.letter_issued"
            send_mail(site, tx, mail, account.email, account=account, name=account.display_name)
    return _issued(site, candidate, code, letter)
