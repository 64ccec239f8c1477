"""Issue credential letters: the secret is printed once and never stored."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

from attrs import frozen

from teleservices_core.domain.accounts import AccountState, Audience, CredentialLetter
from teleservices_core.domain.credentials import (
    letter_expires_at,
    new_letter_code,
    show_letter_code,
)
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotAllowedError, NotFoundError
from teleservices_core.ports import LetterCandidate
from teleservices_core.usecases.rights import require_school
from teleservices_core.usecases.site import Site, audited

BATCH = 200
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

    def count(self, audience: Audience) -> int:
        """How many letters go to an audience."""
        return sum(each.account.audience is audience for each in self.candidates)


def plan_letters(
    site: Site,
    uai: Uai,
    *,
    class_group: str | None = None,
    audiences: Sequence[Audience] = (Audience.GUARDIAN, Audience.STUDENT),
    again: bool = False,
) -> LetterPlan:
    """List who would receive a letter: those who never had one, or all but the claimed ones.

    With ``again``, letters still out are replaced too. Accounts already
    claimed keep their password: re-issuing theirs is an act for one person.
    Raises :exc:`NotFoundError` for an unknown establishment or class.
    """
    wanted = {AccountState.NEW, AccountState.CLOSED} | ({AccountState.ISSUED} if again else set())
    year, today = site.school_year(), site.academie.today(site.now())
    with site.database.reading() as tx:
        establishment = tx.roster.establishment(uai)
        if establishment is None:
            raise NotFoundError(f"no establishment {uai}")
        if class_group is not None:
            known = [code for code, _number in tx.roster.class_groups(uai, year)]
            if class_group not in known:
                raise NotFoundError(
                    f"no class {class_group!r} in {uai}; the classes are {', '.join(known)}"
                )
        found = tx.letters.candidates(uai, year, today, class_group)
    kept = tuple(c for c in found if c.account.state in wanted and c.account.audience in audiences)
    return LetterPlan(establishment, kept)


@frozen
class LetterProgress:
    """Where the accounts of a class are, in numbers of accounts."""

    class_group: str
    audience: Audience
    total: int
    to_issue: int
    issued: int
    claimed: int
    active: int


def letter_progress(site: Site, uai: Uai) -> list[LetterProgress]:
    """The funnel of each class and audience, by class."""
    year, today = site.school_year(), site.academie.today(site.now())
    with site.database.reading() as tx:
        found = tx.letters.candidates(uai, year, today, None)
    counts: dict[tuple[str, Audience], Counter[AccountState]] = {}
    for candidate in found:
        key = (candidate.class_group, candidate.account.audience)
        counts.setdefault(key, Counter())[candidate.account.state] += 1
    return [
        LetterProgress(
            class_group=class_group,
            audience=audience,
            total=states.total(),
            to_issue=states[AccountState.NEW] + states[AccountState.CLOSED],
            issued=states[AccountState.ISSUED],
            claimed=states[AccountState.CLAIMED],
            active=states[AccountState.ACTIVE] + states[AccountState.LOCKED],
        )
        for (class_group, audience), states in sorted(counts.items())
    ]


def plan_staff_letters(site: Site, *, again: bool = False) -> LetterPlan:
    """The same for members of staff."""
    wanted = {AccountState.NEW, AccountState.CLOSED} | ({AccountState.ISSUED} if again else set())
    with site.database.reading() as tx:
        found = tx.letters.staff_candidates(site.academie.today(site.now()))
    return LetterPlan(None, tuple(c for c in found if c.account.state in wanted))


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


def _store(
    site: Site,
    uai: Uai | None,
    batch: Sequence[LetterCandidate],
    codes: Sequence[str],
    hashes: Sequence[str],
    viewer: Viewer | None,
) -> list[IssuedLetter]:
    now, zone = site.now(), site.academie.zone
    expires_at = letter_expires_at(now, site.settings.durations.letter_months, zone)
    letters = [
        CredentialLetter(
            id=site.new_id(),
            account_id=candidate.account.id,
            uai=uai.code if uai else "",
            code_hash=code_hash,
            issued_at=now,
            expires_at=expires_at,
        )
        for candidate, code_hash in zip(batch, hashes, strict=True)
    ]
    with site.database.writing() as tx:
        if viewer is not None and uai is not None:
            require_school(site, tx, viewer, uai)
        versions = {each.account.id: each.account.version for each in batch}
        done = tx.letters.issue(letters, versions)
        tx.audit.add(audited("letters.issued", now, viewer, uai=uai, number=len(done)))
    last_day = site.academie.today(expires_at - timedelta(seconds=1))
    return [
        IssuedLetter(candidate, show_letter_code(code), site.academie.today(now), last_day)
        for candidate, code in zip(batch, codes, strict=True)
        if candidate.account.id in done
    ]
