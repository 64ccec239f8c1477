"""The yearly « tout est exact »: dates, figures for each class, reminders."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Final

from attrs import frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import show_day
from teleservices_core.ports import Transaction
from teleservices_core.usecases.opening import switches
from teleservices_core.usecases.site import Site, audited
from teleservices_fiche.model import MADE_UP, ConfirmationRound
from teleservices_fiche.rules.standings import born_by
from teleservices_fiche.usecases.mails import send_all
from teleservices_fiche.usecases.rights import require_console
from teleservices_fiche.usecases.school_ports import ClassProgress, SchoolOpens, Unconfirmed

LONGEST: Final = 120
"""Days that a round may last."""
MODULE: Final = "fiche"


@frozen
class RoundPage:
    """What the school sees of its round, this year."""

    round: ConfirmationRound | None
    classes: list[ClassProgress]

    @property
    def students(self) -> int:
        """All those present."""
        return sum(each.students for each in self.classes)

    @property
    def confirmed(self) -> int:
        """Those whose sheet somebody has confirmed."""
        return sum(each.confirmed for each in self.classes)


@frozen
class Reminded:
    """The reminders of an establishment on a day."""

    uai: Uai
    mails: int
    """Sent, or to be sent."""
    left: bool = True
    """False: they had left already, or nobody may open the sheet."""


def look_at_round(site: Site, viewer: Viewer | None, uai: Uai, opens: SchoolOpens) -> RoundPage:
    """The round with its figures. Two statements beside the rights."""
    year, today = site.school_year(), site.academie.today(site.now())
    with site.database.reading() as tx:
        require_console(site, tx, viewer, uai)
        store = opens(tx.connection).rounds
        return RoundPage(store.get(uai, year), store.progress(uai, year, today))


def save_round(
    site: Site,
    viewer: Viewer | None,
    uai: Uai,
    *,
    opens_on: date,
    closes_on: date,
    reminders: Iterable[int],
    seen_version: int,
    opens: SchoolOpens,
) -> ConfirmationRound:
    """Set the dates, over the version that was seen (0: none).

    Raises :exc:`NotAllowedError`, :exc:`ConflictError`, or :exc:`RefusedError`
    ``backwards``, ``too_long``, ``other_year`` or ``bad_reminder``.
    """
    year, now = site.school_year(), site.now()
    days = tuple(sorted(set(reminders), reverse=True))
    if closes_on < opens_on:
        raise RefusedError("backwards")
    if (closes_on - opens_on).days > LONGEST:
        raise RefusedError("too_long")
    starts = site.academie.year_starts
    if any(SchoolYear.on(day, starts=starts) != year for day in (opens_on, closes_on)):
        raise RefusedError("other_year")
    if not all(0 <= each <= (closes_on - opens_on).days for each in days):
        raise RefusedError("bad_reminder")
    with site.database.writing() as tx:
        require_console(site, tx, viewer, uai)
        asked = ConfirmationRound(uai, year, opens_on, closes_on, days)
        saved = opens(tx.connection).rounds.save(asked, seen_version)
        tx.audit.add(
            audited(
                "fiche.round",
                now,
                viewer,
                uai=uai,
                opens_on=opens_on.isoformat(),
                closes_on=closes_on.isoformat(),
            )
        )
    return saved


def remind(
    site: Site,
    opens: SchoolOpens,
    *,
    only: Uai | None = None,
    dry_run: bool = False,
) -> list[Reminded]:
    """Queue the reminders due today, of every establishment with a round under way.

    Run every day. Safe to run twice, side by side: what leaves is noted in the
    transaction that queues it. Days without a run are made up for, see
    :meth:`.ConfirmationRound.reminder_due`.
    """
    today = site.academie.today(site.now())
    with site.database.reading() as tx:
        rounds = opens(tx.connection).rounds
        found = rounds.open_on(today)
        left = rounds.reminders_left(today - MADE_UP)
    reminded = []
    for each in found:
        planned_on = each.reminder_due(today) if only in {None, each.uai} else None
        if planned_on is None:
            continue
        if (each.uai, each.school_year, planned_on) not in left:
            reminded.append(_remind(site, each, planned_on, today, opens, dry_run=dry_run))
        elif planned_on == today:
            reminded.append(Reminded(each.uai, 0, left=False))
    return reminded


def _remind(
    site: Site,
    asked: ConfirmationRound,
    planned_on: date,
    today: date,
    opens: SchoolOpens,
    *,
    dry_run: bool,
) -> Reminded:
    audiences = _open_to(site, asked.uai)
    if dry_run:
        with site.database.reading() as tx:
            return Reminded(asked.uai, len(_unconfirmed(tx, asked, today, audiences, opens)))
    with site.database.writing() as tx:
        rounds = opens(tx.connection).rounds
        if not audiences or not rounds.take_reminder(asked, planned_on):
            return Reminded(asked.uai, 0, left=False)
        school = tx.roster.establishment(asked.uai)
        words = {"school": school.name if school else "", "day": show_day(asked.closes_on)}
        number = send_all(
            site,
            tx,
            "fiche.reminder",
            (
                (each.to, {**words, "students": ", ".join(each.students)})
                for each in _unconfirmed(tx, asked, today, audiences, opens)
            ),
        )
        tx.audit.add(audited("fiche.reminded", site.now(), None, uai=asked.uai, number=number))
    return Reminded(asked.uai, number)


def _open_to(site: Site, uai: Uai) -> frozenset[Audience]:
    """To whom the sheet is open there: nobody is sent to a closed page."""
    with site.database.reading() as tx:
        school = tx.roster.establishment(uai)
    if school is None or not school.takes_part:
        return frozenset()
    return frozenset(
        each.audience
        for each in switches(site, school, site.school_year())
        if each.module.id == MODULE and each.decision.is_open
    )


def _unconfirmed(
    tx: Transaction,
    asked: ConfirmationRound,
    today: date,
    audiences: Collection[Audience],
    opens: SchoolOpens,
) -> list[Unconfirmed]:
    found = opens(tx.connection).rounds.unconfirmed(
        asked.uai, asked.school_year, today, born_by(today)
    )
    return [each for audience in audiences for each in found.get(audience, ())]
