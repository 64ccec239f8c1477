"""What a school evaluates beside marks: chosen by its head, offered to teachers."""

from __future__ import annotations

import pytest

from teleservices_core.domain.staff import Role
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, YEAR
from teleservices_core.testing.world import PASSWORD, World
from teleservices_notes.model import Competency, PublicationPlan
from teleservices_notes.store import MarkStore

PAGE = f"/ecole/{COLLEGE}/notes/competences"
TWO = "D1.1 Comprendre à l’oral\r\n\r\nD4  Raisonner \r\n"
FOUND = (Competency("D1.1", "Comprendre à l’oral"), Competency("D4", "Raisonner"))


def plan(services) -> PublicationPlan:
    with services.site.database.reading() as tx:
        return MarkStore(tx.connection).plan(COLLEGE, YEAR).plan


def staff(services, role=Role.HEAD) -> Browser:
    browser = Browser(services)
    browser.sign_in(World(services).staff(role, COLLEGE).login_name, PASSWORD)
    return browser


def test_from_the_head_to_the_grid(room, shown):
    """Typed one to a line; then each assessment chooses among them, and each student has levels."""
    head = room.browser("head")
    head.get(PAGE)
    page = head.submit("competences", competencies=TWO, levels="Non acquis\nAcquis")
    assert "sont enregistrées" in shown(page)
    assert "D4 Raisonner" in shown(page)
    found = plan(room.services)
    assert (found.competencies, found.levels) == (FOUND, ("Non acquis", "Acquis"))
    given = room.assessment(competencies=("D4",))
    teacher = room.browser()
    page = teacher.get(f"/ecole/{COLLEGE}/notes/evaluations/{given.id}/notes")
    assert "D4 : Raisonner. Niveaux : 1, Non acquis ; 2, Acquis." in shown(page)
    teacher.submit("notes", mark=["12", "nn"], level=["2", "1"])
    assert [dict(each.levels) for each in room.outcomes(given).values()] in (
        [{"D4": 2}, {"D4": 1}],
        [{"D4": 1}, {"D4": 2}],
    )
    with room.services.site.database.reading() as tx:
        entry = next(e for e in tx.audit.latest(5) if e.action == "notes.publication_set")
    said = [line.replace("\u00a0", " ") for line in entry.detail["after"]]
    assert "Compétence D4 : Raisonner" in said
    assert "Niveaux : Non acquis, Acquis" in said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"competencies": "D1 Lire\nD2"}, "Ligne 2 : écrivez un code, une espace"),
        ({"competencies": "D1 Lire\n\nD1 Écrire"}, "Ligne 3 : le code D1 est déjà pris"),
        ({"competencies": "D1=3 Lire"}, "sans virgule"),
        ({"competencies": "x" * 21 + " Lire"}, "code de plus de 20"),
        ({"competencies": "\n".join(f"D{n} Lire" for n in range(61))}, "Au plus 60"),
        ({"competencies": "x" * 20_001}, "trop long"),
        ({"levels": "Acquis"}, "De 2 à 9 niveaux"),
        ({"levels": "\n".join(["Acquis"] * 10)}, "De 2 à 9 niveaux"),
    ],
)
def test_faulty(school, typed, said, shown):
    """Named with its line, and nothing is recorded; what was typed is still there."""
    head = staff(school.services)
    head.get(PAGE)
    page = head.submit("competences", **typed)
    assert page.status_code == 422
    assert said in shown(page)
    assert plan(school.services) == PublicationPlan()


def test_two_at_once(school, shown):
    """The second sees what the first has chosen above what he has typed, and may go on."""
    head, deputy = staff(school.services), staff(school.services, Role.DEPUTY)
    for browser in (head, deputy):
        browser.get(PAGE)
    head.submit("competences", competencies="D1 Lire")
    page = deputy.submit("competences", competencies=TWO)
    assert page.status_code == 409
    assert "Lire" in shown(page)
    assert "D4  Raisonner" in page.text
    assert plan(school.services).competencies == (Competency("D1", "Lire"),)
    deputy.submit("competences")
    assert plan(school.services).competencies == FOUND


def test_the_office_reads(school, shown):
    """And changes nothing."""
    office = staff(school.services, Role.SCHOOL_OFFICE)
    page = office.get(PAGE)
    assert "Aucune compétence" in shown(page)
    assert not [fields for _action, fields in office.forms() if "levels" in fields]
