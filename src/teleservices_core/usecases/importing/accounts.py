"""Accounts for the students and guardians who have none; contacts get none (domain 1.5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Final

from teleservices_core.domain.accounts import Account, AccountState, Audience
from teleservices_core.domain.credentials import login_stem
from teleservices_core.usecases.importing.context import PAGE, Import
from teleservices_core.usecases.importing.stores import Person

_SPARE: Final = 8
"""Further numbers asked about when a name is in use; four times more at each round."""


def open_accounts(run: Import) -> None:
    """Create an account, with a login name of its own, for each person without one.

    Students who attend, and adults responsible for one of them at level 1 or 2.
    """
    if run.staged.has_students:
        for page in run.staged.present_students(PAGE):
            _open(run, page, Audience.STUDENT)
    if run.staged.has_adults:
        for page in run.staged.present_guardians(PAGE):
            _open(run, page, Audience.GUARDIAN)


def _open(run: Import, page: Sequence[Person], audience: Audience) -> None:
    have = run.state.with_account([person[0] for person in page])
    persons = [person for person in page if person[0] not in have]
    stems = [login_stem(first, last) for _id, first, last, _name in persons]
    names = login_names(stems, lambda asked: {*run.state.taken(asked), *run.named & set(asked)})
    run.named.update(names)
    run.findings.counts["accounts"] += len(persons)
    run.writes.add_accounts(
        [
            Account(
                id=run.new_id(),
                audience=audience,
                login_name=login_name,
                state=AccountState.NEW,
                holder_ids=(person_id,),
                display_name=display_name[:200],
                created_at=run.now,
            )
            for (person_id, _first, _last, display_name), login_name in zip(
                persons, names, strict=True
            )
        ]
    )


def login_names(
    stems: Sequence[str], taken: Callable[[Collection[str]], Collection[str]]
) -> list[str]:
    """A free login name for each stem, in order: "camille.martin", then "camille.martin2".

    ``taken`` tells which of some names are in use. Names are asked for by
    equality, a few at a time, so that each question is answered by the index
    whatever the number of accounts.
    """
    wanted: dict[str, list[int]] = defaultdict(list)
    for position, stem in enumerate(stems):
        wanted[stem].append(position)
    found: dict[int, str] = {}
    given: set[str] = set()
    reached = dict.fromkeys(wanted, 1)
    spare = 0
    while wanted:
        asked = {
            stem: [_numbered(stem, reached[stem] + n) for n in range(len(positions) + spare)]
            for stem, positions in wanted.items()
        }
        used = taken([name for names in asked.values() for name in names])
        for stem, names in asked.items():
            for name in names:
                # A stem may itself end with a number, and meet another one's.
                if wanted[stem] and name not in used and name not in given:
                    found[wanted[stem].pop(0)] = name
                    given.add(name)
            reached[stem] += len(names)
        wanted = {stem: positions for stem, positions in wanted.items() if positions}
        spare = spare * 4 or _SPARE
    return [found[position] for position in range(len(stems))]


def _numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}{number}"
