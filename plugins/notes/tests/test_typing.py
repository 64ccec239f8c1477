"""What a teacher types while things change under his hands: his session, his class, his page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from attrs import evolve
from click.testing import CliRunner
from sqlalchemy import update

from teleservices_core.errors import NotAllowedError
from teleservices_core.storage.tables import schoolings
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.world import PASSWORD
from teleservices_notes.commands import notes
from teleservices_notes.model import MarkStatus, Outcome, TypedRow
from teleservices_notes.rules.entering import NOTHING
from teleservices_notes.store import ClassMarks
from teleservices_notes.usecases.entering import EnteredRow, keep_typed


def test_a_level_without_a_cell(room):
    """A competency taken off an assessment: saving the page again corrects nothing."""
    given, (one, two) = room.assessment(), room.pupils
    leveled = evolve(given, competencies=("D1",))
    with room.services.site.database.writing() as tx:
        ClassMarks(tx.connection).save([leveled], ())
    at = datetime(2026, 11, 24, tzinfo=UTC)
    outcome = Outcome(MarkStatus.MARK, Decimal(12), at, levels={"D1": 3})
    room.enter(leveled, EnteredRow(one.id, NOTHING, outcome))
    with room.services.site.database.writing() as tx:
        ClassMarks(tx.connection).save([given], ())
    browser = room.browser()
    browser.get(f"/ecole/{COLLEGE}/notes/evaluations/{given.id}/notes")
    page = browser.submit("notes", mark=["12", "8"])
    assert "1 note enregistrée." in page.text.replace("\u00a0", " ")
    assert room.outcomes(given)[one.id].levels == {"D1": 3}
    assert room.outcomes(given)[two.id].value == Decimal(8)


def test_a_student_leaves_meanwhile(room):
    """The others' marks are recorded, and his is said not to be."""
    given, (one, two) = room.assessment(), room.pupils
    browser = room.browser()
    browser.get(f"/ecole/{COLLEGE}/notes/evaluations/{given.id}/notes")
    left_on = room.services.site.academie.today(room.services.site.now())
    with room.services.site.database.writing() as tx:
        his = schoolings.c.student_id == one.id
        tx.connection.execute(update(schoolings).where(his).values(left_on=left_on))
    page = browser.submit("notes", mark=["9", "13"])
    told = page.text.replace("\u00a0", " ")
    assert "1 note enregistrée." in told
    assert "vient de quitter la classe" in told
    assert set(room.outcomes(given)) == {two.id}


def test_the_session_ends_while_one_types(room):
    """What was typed waits for its author alone; recording it, or dropping it, ends the wait."""
    given, (one, two) = room.assessment(), room.pupils
    address = f"/ecole/{COLLEGE}/notes/evaluations/{given.id}/notes"
    browser = room.browser()
    browser.get(f"{address}?tout=1")
    room.clock.advance(hours=1)
    page = browser.submit("notes", mark=["14,5", "seize"], remark=["Bien", ""])
    assert page.request.path == "/connexion"
    assert "est gardé" in page.text
    assert room.outcomes(given) == {}
    head = room.browser("head")
    assert 'value="seize"' not in head.get(address).text
    browser.sign_in(room.accounts["teacher"].login_name, PASSWORD)
    assert address in browser.get(f"/ecole/{COLLEGE}/notes/classes/").text
    page = browser.get(f"{address}?tout=1")
    assert "Votre saisie vous attendait" in page.text
    assert 'value="14,5"' in page.text
    assert 'value="seize"' in page.text
    page = browser.submit("notes", mark=["14,5", "16"])
    assert "2 notes enregistrées" in page.text.replace("\u00a0", " ")
    assert room.outcomes(given)[one.id].remark == "Bien"
    assert room.outcomes(given)[two.id].value == Decimal(16)
    assert "vous attendait" not in browser.get(address).text
    room.clock.advance(hours=1)
    browser.submit("notes", mark=["1", "2"])
    browser.sign_in(room.accounts["teacher"].login_name, PASSWORD)
    browser.get(address)
    page = browser.submit("notes", choice="forget")
    assert 'value="14,5"' in page.text
    assert room.outcomes(given)[two.id].value == Decimal(16)


def test_the_session_ends_while_one_describes_an_assessment(room):
    """Its description is given back, to be copied."""
    browser = room.browser()
    browser.get(f"/ecole/{COLLEGE}/notes/classes/evaluation?classe=6+B&matiere=MATHS")
    room.clock.advance(hours=1)
    page = browser.submit("evaluation", title="Fractions", description="Pages 30 à 42.")
    assert page.status_code == 403
    given_back = re.findall(r"<blockquote>(.*?)</blockquote>", page.text)
    assert given_back == ["Fractions", "Pages 30 à 42."]


def test_what_is_typed_late_waits_a_day(room):
    """Then nobody finds it, and the daily run removes it."""
    given = room.assessment()
    address = f"/ecole/{COLLEGE}/notes/evaluations/{given.id}/notes"
    browser = room.browser()
    browser.get(address)
    room.clock.advance(hours=1)
    browser.submit("notes", mark=["14,5", ""])
    room.clock.advance(hours=24, seconds=1)
    browser.sign_in(room.accounts["teacher"].login_name, PASSWORD)
    assert "vous attendait" not in browser.get(address).text
    done = CliRunner().invoke(notes, ["purge"], obj=lambda: room.services)
    assert done.exit_code == 0, done.output
    with room.services.site.database.reading() as tx:
        kept = tx.connection.exec_driver_sql("SELECT count(*) FROM notes_typed").scalar()
    assert kept == 0


@pytest.mark.parametrize("who", ["colleague", "office"])
def test_who_may_not_enter_keeps_nothing(room, who):
    """The page of another's class does not exist, whenever its form is sent."""
    given, site = room.assessment(), room.services.site
    rows = {room.pupils[0].id: TypedRow(NOTHING, "20", "")}
    with pytest.raises(NotAllowedError):
        keep_typed(site, room.accounts[who], COLLEGE, given.id, rows, ClassMarks)
    stranger = {uuid4(): TypedRow(NOTHING, "20", "")}
    keep_typed(site, room.accounts["teacher"], COLLEGE, given.id, stranger, ClassMarks)
    with site.database.reading() as tx:
        kept = tx.connection.exec_driver_sql("SELECT count(*) FROM notes_typed").scalar()
    assert kept == 0
