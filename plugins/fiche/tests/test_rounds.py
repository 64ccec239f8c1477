"""The yearly confirmation: dates, figures, reminders; and the command line."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.storage import tables as core
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, YEAR, a_schooling, a_student
from teleservices_core.testing.world import PASSWORD
from teleservices_core.usecases.opening import set_opening
from teleservices_fiche.commands import fiche
from teleservices_fiche.model import ConfirmationRound
from teleservices_fiche.store import tables as t

ROUND = f"/ecole/{COLLEGE}/fiche/confirmation"
PARIS = ZoneInfo("Europe/Paris")


def plain(page):
    text = re.sub(r"<[^>]+>", " ", page.text.replace("\u00a0", " ").replace("\u202f", " "))
    return re.sub(r"\s+", " ", text)


@pytest.fixture
def office(family):
    """The secretary's browser, on the dates."""
    staff = family.world.staff(Role.SCHOOL_OFFICE, COLLEGE)
    browser = Browser(family.services)
    browser.sign_in(staff.login_name, PASSWORD)
    browser.get(ROUND)
    return browser


def run(family, *words):
    """A command's JSON."""
    done = CliRunner().invoke(fiche, [*words, "--json"], obj=lambda: family.services)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def reminders(family):
    with family.services.engine.connect() as connection:
        kind = core.outbox.c.kind == "fiche.reminder"
        return connection.execute(select(core.outbox).where(kind)).all()


def ask(office, opens="2026-11-24", closes="2026-12-08", **ticks):
    return office.submit("confirmation", opens_on=opens, closes_on=closes, **ticks)


def at(family, day, hour=9):
    family.clock.set(datetime(2026, 12, day, hour, tzinfo=PARIS))


def test_dates_and_figures(family, office):
    """Asked for, said by a family, counted for its class."""
    other = a_student(first_name="Zoé")
    family.world.student(other, a_schooling(other.id, class_group="3 A"))
    assert "Aucune confirmation n’est demandée" in plain(office.page)
    page = ask(office)
    assert "jusqu’au mardi 8 décembre" in plain(page)
    assert "Tout l’établissement 0 sur 2" in plain(page)
    browser = family.browser()
    browser.submit("confirmer")
    told = plain(office.get(ROUND))
    assert "Tout l’établissement 1 sur 2 50 %" in told
    assert "6 B 1 sur 1 100 %" in told
    assert "3 A 0 sur 1" in told


@pytest.mark.parametrize(
    ("opens", "closes", "said"),
    [
        ("2026-12-08", "2026-12-01", "Le dernier jour est avant le premier"),
        ("2026-11-24", "2027-06-30", "au plus 120 jours"),
        ("2025-11-24", "2025-12-08", "l’année scolaire en cours"),
        ("2026-11-24", "demain", "Choisissez un jour"),
    ],
)
def test_dates_that_cannot_be(family, office, opens, closes, said):
    """What was typed is kept, and the message names the field."""
    page = ask(office, opens, closes)
    assert page.status_code == 422
    assert said in plain(page)
    assert f'value="{opens}"' in page.text


def test_two_secretaries(family, office):
    """The second one is told, and changes nothing."""
    late = Browser(family.services)
    late.sign_in(family.world.staff(Role.HEAD, COLLEGE).login_name, PASSWORD)
    late.get(ROUND)
    ask(office)
    page = ask(late, closes="2026-12-20")
    assert page.status_code == 422
    assert "Un collègue vient de changer ces dates" in plain(page)
    with family.services.engine.connect() as connection:
        assert str(connection.scalar(select(t.rounds.c.closes_on))) == "2026-12-08"


def test_reminders_leave_once(family, office):
    """On the days ticked, to legal guardians who have not confirmed; run twice, sent once."""
    ask(office, reminder_7="1", reminder_2="1")
    family.browser("mother").submit("confirmer")
    assert run(family, "remind")["reminders"] == []
    at(family, 1)
    dry = run(family, "remind", "--dry-run")["reminders"]
    assert dry == [{"establishment": COLLEGE.code, "mails": 1, "left": True}]
    assert reminders(family) == []
    assert run(family, "remind")["reminders"] == dry
    at(family, 1, 20)
    assert run(family, "remind")["reminders"][0]["left"] is False
    (mail,) = reminders(family)
    assert mail.to_address == "bruno@example.org"
    assert mail.context["students"] == "Camille"
    assert mail.context["day"] == "mardi 8 décembre 2026"
    at(family, 6)
    run(family, "remind")
    assert len(reminders(family)) == 2, "the other day ticked"


@given(
    st.sets(st.integers(0, 20), max_size=4),
    st.sets(st.integers(0, 16), min_size=1),
)
def test_a_missed_day_is_made_up_for(planned, runs):
    """Runs on some days only: each reminder leaves at most once, and never more than three late.

    One whose day has a run leaves that day. A missed one leaves on the next run, unless
    another is due by then: two mails on one morning would say the same.
    """
    first, day = date(2026, 12, 1), timedelta(days=1)
    asked = ConfirmationRound(COLLEGE, YEAR, first, first + 14 * day, tuple(planned))
    wanted = [asked.closes_on - n * day for n in planned if asked.closes_on - n * day in asked]
    left = {}
    for today in sorted(first + n * day for n in runs):
        due = asked.reminder_due(today)
        if due is not None and due not in left:
            left[due] = today
    assert set(left) <= set(wanted)
    assert all(today in asked and 0 <= (today - due).days <= 3 for due, today in left.items())
    for due in wanted:
        next_due = min((other for other in wanted if other > due), default=asked.closes_on + day)
        chances = [today for n in runs if due <= (today := first + n * day) < next_due]
        if chances and min(chances) - due <= 3 * day:
            assert left[due] == min(chances)


def test_reminders_of_a_morning_without_a_run(family, office):
    """They leave the next morning, once; after four days nobody is told any more."""
    ask(office, reminder_7="1")
    at(family, 3)
    dry = run(family, "remind", "--dry-run")["reminders"]
    assert dry == run(family, "remind")["reminders"]
    assert dry[0]["mails"] == len(reminders(family)) == 2
    for day in (3, 4):
        at(family, day, 20)
        assert run(family, "remind", "--dry-run")["reminders"] == []
        assert run(family, "remind")["reminders"] == []
    assert len(reminders(family)) == 2


def test_nobody_is_sent_to_a_closed_page(family, office):
    """The head has closed the module: no reminder."""
    ask(office, reminder_7="1")
    set_opening(
        family.services.site,
        None,
        Scope.establishment(COLLEGE),
        "fiche",
        Audience.GUARDIAN,
        Stance.CLOSED,
    )
    at(family, 1)
    assert run(family, "remind")["reminders"][0]["mails"] == 0
    assert reminders(family) == []


def test_of_age_the_student_is_reminded(family, office):
    """From the eighteenth birthday, the sheet is the student's to confirm."""
    with family.services.engine.begin() as connection:
        born = family.clock.now().date() - timedelta(days=19 * 365)
        connection.execute(update(core.students).values(born_on=born))
        mine = core.accounts.c.id == family.accounts["student"].id
        connection.execute(update(core.accounts).where(mine).values(email="camille@example.org"))
    ask(office, reminder_7="1")
    at(family, 1)
    run(family, "remind")
    assert [each.to_address for each in reminders(family)] == ["camille@example.org"]


# --- The command line -----------------------------------------------------------------------


def test_waiting_then_accepted(family):
    """Listed, tried, accepted; what needs a look stays."""
    school = ("--establishment", COLLEGE.code)
    family.change(phone_mobile="06 39 98 00 07", email="neuve@example.org")
    found = run(family, "waiting", *school)
    assert {each["field"] for each in found} == {"guardian.phone_mobile", "guardian.email"}
    assert run(family, "waiting", *school, "--division", "3 A") == []
    dry = run(family, "accept", *school, "--dry-run")
    assert dry == {"accepted": 2, "conflicts": 0, "changed": 0, "dry_run": True}
    assert len(run(family, "waiting", *school)) == 2
    with family.services.engine.begin() as connection:
        mother = core.adults.c.id == family.mother.id
        connection.execute(update(core.adults).where(mother).values(mobile="0639980055"))
    done = run(family, "accept", *school)
    assert (done["accepted"], done["conflicts"]) == (1, 1)
    (left,) = run(family, "waiting", *school)
    assert (left["field"], left["is_conflict"]) == ("guardian.phone_mobile", True)


def test_exported(family, tmp_path):
    """A delta by number, its files, and the same again."""
    school = ("--establishment", COLLEGE.code, "--to", str(tmp_path))
    family.let(straight_phones=True)
    family.change(phone_mobile="06 39 98 00 07")
    assert run(family, "export", *school, "--dry-run")["changes"] == 1
    done = run(family, "export", *school)
    assert (done["batch"], done["changes"], done["only_in_csv"]) == (1, 1, 1)
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    assert "06 39 98 00 07" in content.decode().replace("\u00a0", " ")
    assert run(family, "export", *school)["batch"] is None
    path.unlink()
    assert run(family, "export", *school, "--batch", "1")["files"] == [str(path)]
    assert path.read_bytes() == content
