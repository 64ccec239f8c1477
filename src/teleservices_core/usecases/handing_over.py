"""Letters handed over, class by class, and how far each class is."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.funnel import Funnel, Stage, stage_of
from teleservices_core.domain.standing import Situation, Standing
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError
from teleservices_core.ports.office import OfficeAccount
from teleservices_core.usecases.rights import require_school
from teleservices_core.usecases.site import Site, audited


@frozen
class ClassProgress:
    """The funnels of a class; families are counted in their first child's class."""

    class_group: str
    guardians: Funnel
    students: Funnel
    expired: int
    """Letters too old to open anything."""

    @property
    def whole(self) -> Funnel:
        """Both together."""
        return self.guardians + self.students


def class_progress(site: Site, uai: Uai) -> list[ClassProgress]:
    """The funnels of every class of a school, by class."""
    grouped = groupby(_accounts(site, uai), lambda account: account.class_group)
    return [_progress(site, class_group, list(filed)) for class_group, filed in grouped]


def _progress(site: Site, class_group: str, accounts: list[OfficeAccount]) -> ClassProgress:
    now = site.now()
    stages: dict[Audience, list[Stage]] = {Audience.GUARDIAN: [], Audience.STUDENT: []}
    expired = 0
    for each in accounts:
        standing = each.situation(now).standing
        expired += standing is Standing.EXPIRED
        stages[each.audience].append(stage_of(standing, each.letter, each.email))
    return ClassProgress(
        class_group,
        guardians=Funnel.of(stages[Audience.GUARDIAN]),
        students=Funnel.of(stages[Audience.STUDENT]),
        expired=expired,
    )


def _accounts(site: Site, uai: Uai) -> list[OfficeAccount]:
    with site.database.reading() as tx:
        return tx.office.accounts(uai, site.school_year(), site.academie.today(site.now()))


@frozen
class SheetLine:
    """Somebody on the check list of a class."""

    account: OfficeAccount
    situation: Situation
    tickable: UUID | None
    """The letter that the school may tick: its own, and not used yet."""

    @property
    def is_handed(self) -> bool:
        """Whether the person has the letter."""
        return self.account.letter is not None and self.account.letter.is_handed


@frozen
class ClassSheet:
    """The check list of a class."""

    class_group: str
    classes: tuple[str, ...]
    """Every class of the school that has accounts."""
    lines: tuple[SheetLine, ...]
    """In the order in which letters are printed."""


def class_sheet(site: Site, uai: Uai, class_group: str | None = None) -> ClassSheet:
    """Who the letters of a class go to; of the first class unless one is named.

    Raises :exc:`NotFoundError` for an unknown class.
    """
    now, accounts = site.now(), _accounts(site, uai)
    classes = tuple(dict.fromkeys(each.class_group for each in accounts))
    if class_group is None:
        class_group = next(iter(classes), "")
    elif class_group not in classes:
        raise NotFoundError(f"no class {class_group!r} in {uai}")
    filed = (each for each in accounts if each.class_group == class_group)
    lines = (SheetLine(each, each.situation(now), _tickable(each, uai)) for each in filed)
    return ClassSheet(class_group, classes, tuple(lines))


def _tickable(account: OfficeAccount, uai: Uai) -> UUID | None:
    letter = account.letter
    if letter is None or letter.uai != uai.code or letter.used_at is not None:
        return None
    return letter.id


def note_handed(
    site: Site, viewer: Viewer, uai: Uai, *, ticked: Collection[UUID], unticked: Collection[UUID]
) -> tuple[int, int]:
    """Tick letters as handed over, and untick others; returns how many of each.

    What a colleague ticked meanwhile stays. Raises :exc:`NotAllowedError`.
    """
    now = site.now()
    with site.database.writing() as tx:
        require_school(site, tx, viewer.account, uai)
        handed = tx.office.hand_over(uai, ticked, now, viewer.name)
        taken_back = tx.office.take_back(uai, unticked)
        for action, number in (("letters.handed", handed), ("letters.taken_back", taken_back)):
            if number:
                tx.audit.add(audited(action, now, viewer, uai=uai, number=number))
    return handed, taken_back
