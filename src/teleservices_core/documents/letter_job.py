"""The letters of a whole school, class by class, away from the page that asks for them.

A class is one step: its letters are drawn, its document is made, then both are
stored at once. A stop, by force too, leaves no letter issued whose document is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final
from uuid import UUID

from teleservices_core.contributions import JobKind, Worked
from teleservices_core.documents.issued import letter_head, letter_sheet
from teleservices_core.documents.letters import LETTERS_PER_FILE, render_letters
from teleservices_core.documents.mail_merge import letters_csv
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.standing import LetterChoice
from teleservices_core.errors import ConflictError
from teleservices_core.i18n import _, ngettext
from teleservices_core.ports.office import LetterCandidate
from teleservices_core.usecases.letters import (
    FAMILIES,
    IssuedLetter,
    LetterPlan,
    draw_letters,
    plan_letters,
    put_letters,
)
from teleservices_core.usecases.rights import require_school

STEP: Final = 200
"""Letters of one step, where a class has more: what one transaction stores in a tenth of a second,
and what a stop loses at most."""
_TRIES: Final = 5
"""Of a step whose accounts are used meanwhile: each finds fewer of them."""


def issue_step_by_step(work: Worked) -> Mapping[str, Any]:
    """Issue the letters that the job's input chooses; returns how many, and how many are left."""
    if not work.job.memo:
        steps = [[name, list(map(str, ids))] for name, ids in _steps(_plan(work))]
        with work.writing() as tx:
            work.advance(tx, 0, len(steps), {"steps": steps, "issued": 0})
    for name, ids in work.job.memo["steps"][work.job.done :]:
        if work.is_stopping():
            break
        _issue(work, name, frozenset(map(UUID, ids)))
    return {"issued": work.job.memo["issued"], "left": work.job.total - work.job.done}


def _plan(work: Worked) -> LetterPlan:
    asked = work.job.input
    return plan_letters(
        work.site,
        work.job.uai,
        which=LetterChoice(asked["which"]),
        class_group=asked["class_group"] or None,
        audiences=(Audience(asked["audience"]),) if asked["audience"] else FAMILIES,
    )


def _steps(plan: LetterPlan) -> Iterator[tuple[str, Sequence[UUID]]]:
    """The class and the accounts of each step."""
    for name in dict.fromkeys(each.class_group for each in plan.candidates):
        ids = (each.account.id for each in plan.candidates if each.class_group == name)
        while some := list(islice(ids, STEP)):
            yield name, some


def _issue(work: Worked, name: str, ids: frozenset[UUID]) -> None:
    for _again in range(_TRIES):
        plan = _plan(work)
        batch = [each for each in plan.candidates if each.account.id in ids and _is_due(work, each)]
        drawn = draw_letters(work.site, work.job.uai, batch)
        if work.is_stopping():
            # The longest of a step is before and after this: what was drawn is nobody's yet.
            return
        parts = _documents(work, plan, name, [issued for _letter, issued in drawn])
        try:
            with work.writing() as tx:
                if drawn:
                    put_letters(work.site, tx, work.viewer, work.job.uai, drawn)
                for file_name, content in parts:
                    work.keep(tx, file_name, content)
                memo = work.job.memo
                issued = memo["issued"] + len(drawn)
                work.advance(tx, work.job.done + 1, work.job.total, {**memo, "issued": issued})
        except ConflictError:
            continue
        return
    raise ConflictError(f"the accounts of {name} change all the time")


def _is_due(work: Worked, candidate: LetterCandidate) -> bool:
    # One issued since the work was asked for is newer than it, and may be in hand.
    letter = candidate.letter
    return letter is None or letter.issued_at <= work.job.asked_at


def _documents(
    work: Worked, plan: LetterPlan, name: str, issued: Sequence[IssuedLetter]
) -> list[tuple[str, bytes]]:
    if not issued:
        return []
    head = letter_head(work.site.settings, plan.establishment)
    sheets = map(letter_sheet, issued)
    if work.job.input["document"] == "csv":
        lines = letters_csv(head, sheets)
        # One table: only its first part begins with the heading.
        is_first = not work.job.memo["issued"]
        text = "".join(chain("\ufeff", lines) if is_first else islice(lines, 1, None))
        return [(_("notifications") + ".csv", text.encode())]
    (pdf,) = render_letters(head, sheets, batch=LETTERS_PER_FILE)
    before = sum(step[0] == name for step in work.job.memo["steps"][: work.job.done])
    number = f"-{before + 1}" if before else ""
    return [(f"{name or _('Sans classe')}{number}.pdf", pdf)]


def _tell(said: Mapping[str, Any]) -> str:
    number = said.get("issued", 0)
    text = ngettext("{n} notification éditée.", "{n} notifications éditées.", number)
    return text.format(n=number)


LETTERS: Final = JobKind(
    "core.letters",
    lambda: _("Édition de notifications"),
    issue_step_by_step,
    require_school,
    _tell,
)
