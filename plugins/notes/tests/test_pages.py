"""The family's pages, through the real application, on both databases."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from attrs import evolve

from teleservices_core.domain.accounts import Audience
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, YEAR, a_schooling, a_student
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD, World
from teleservices_notes.model import (
    Competency,
    Counting,
    Entry,
    MarkStatus,
    Outcome,
    Publication,
    PublicationMode,
    PublicationPlan,
    Subject,
)
from teleservices_notes.rules import succeed
from teleservices_notes.store import MarkStore
from teleservices_notes.testing import FRENCH, MATHS, an_entry
from teleservices_notes.usecases import publication_plan


def of(school, value=12, **changes):
    """A mark of the child."""
    return an_entry(value, student_id=school.student.id, **changes)


def shown(page):
    """The page's text, tags left out, spaces made plain."""
    text = re.sub(r"<[^>]+>", " ", page.text)
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


def choose(school, mode):
    site = school.services.site
    recorded = publication_plan(site, COLLEGE, MarkStore)
    plan = evolve(recorded.plan, default=Publication(mode))
    with site.database.writing() as tx:
        MarkStore(tx.connection).set_plan(COLLEGE, YEAR, plan, recorded.version)


def year_of_marks(school, number=180):
    """A whole year for twelve subjects."""
    subjects = [Subject(f"SUBJ{n:02}", f"Matière numéro {n}") for n in range(12)]
    return [
        of(
            school,
            Decimal(n % 41) / 2,
            subject=subjects[n % 12],
            title=f"Contrôle {n // 12 + 1} : un chapitre du programme",
            given_on=date(2026, 9, 10) + timedelta(days=n // 3),
            entered_at=datetime(2026, 9, 12, 17, tzinfo=UTC) + timedelta(days=n // 3, minutes=n),
            weight=Decimal(n % 3 + 1),
        )
        for n in range(number)
    ]


def test_child_page(school):
    """Latest marks, subjects with their averages, the overall average."""
    school.record(
        of(school, "14.5"),
        of(school, 7, out_of=Decimal(10), title="Interrogation", weight=Decimal(2)),
        of(school, 11, subject=FRENCH, title="Dictée"),
        of(school, None, status=MarkStatus.ABSENT, subject=FRENCH, title="Oral"),
        of(school, 3, subject=FRENCH, title="Poésie", counting=Counting.OPTIONAL),
    )
    text = shown(school.browser.get(school.path))
    assert "Camille MARTIN" in text
    assert "14,5 /20" in text
    assert "7 /10" in text
    assert "absent" in text
    assert "14,5 · 7/10" in text
    assert "11 · abs. · (3)" in text
    assert "14,17" in text, "(14.5 + 14 × 2) / 3"
    assert "11,00" in text
    assert "12,58" in text, "the mean of the two, unrounded"
    assert "abs. = absent" in text
    assert "entre parenthèses = note facultative ou bonus" in text


def test_subject_page(school):
    """The working of the average, every term and its part in it."""
    school.record(
        of(school, "14.5"),
        of(school, 7, out_of=Decimal(10), title="Interrogation", weight=Decimal(2)),
        of(school, None, status=MarkStatus.EXEMPT, title="Oral"),
        of(school, 3, title="Défi", counting=Counting.OPTIONAL),
    )
    text = shown(school.browser.get(f"{school.path}MATHS/"))
    assert "Comment cette moyenne est calculée" in text
    assert "42,5 points ÷ 3 = 14,17 (arrondi au centième)" in text
    assert "dispensé" in text
    assert "Facultative : elle n’augmente pas la moyenne" in text
    assert "14 × 2 = 28" in text
    assert text.count("ne compte pas") == 2
    assert "Mme R. Petit" in text


def test_links_lead_to_subjects(school):
    """Each subject's link opens its page."""
    school.record(of(school), of(school, subject=Subject("ED. PHY-1", "EPS")))
    found = re.findall(r'href="([^"]+/notes/[^"/]+/)"', school.browser.get(school.path).text)
    assert len(found) == 2
    for path in found:
        assert school.browser.get(path).status_code == 200


@pytest.mark.faq("F50")
def test_rolling_to_the_second(school):
    """Entered today, hidden until midnight in Dijon, there at midnight."""
    school.record(of(school, "17.25", entered_at=datetime(2026, 11, 24, 9, tzinfo=UTC)))
    school.at(datetime(2026, 11, 24, 22, 59, 59, tzinfo=UTC))
    assert "Aucune note publiée" in shown(school.browser.get(school.path))
    assert school.browser.get(f"{school.path}MATHS/").status_code == 404
    school.clock.advance(seconds=1)
    assert "17,25" in school.browser.get(school.path).text
    assert school.browser.get(f"{school.path}MATHS/").status_code == 200


@pytest.mark.faq("F50")
def test_a_correction_waits_its_turn(school):
    """« Le lendemain de leur saisie »: until then, what the family saw yesterday."""
    entry = of(school, 8)
    school.record(entry)
    correction = Outcome(MarkStatus.MARK, Decimal("18.5"), school.clock.now())
    corrected = succeed(entry.mark, correction, "", school.services.site.academie.zone)
    school.record(Entry(entry.assessment, corrected))
    today = shown(school.browser.get(school.path))
    assert "8,00" in today
    assert "18,5" not in today
    school.at(datetime(2026, 11, 24, 23, 0, tzinfo=UTC))
    assert "18,50" in shown(school.browser.get(school.path))


@pytest.mark.faq("F51")
def test_scheduled(school):
    """Only the marks whose date has come."""
    choose(school, PublicationMode.SCHEDULED)
    school.record(
        of(school, "15.25", publish_on=date(2026, 11, 24)),
        of(school, "16.25", publish_on=date(2026, 11, 25), title="Demain"),
        of(school, "17.25", title="Sans date"),
    )
    text = shown(school.browser.get(school.path))
    assert "15,25" in text
    assert "16,25" not in text
    assert "17,25" not in text


@pytest.mark.faq("F52")
@pytest.mark.parametrize("mode", PublicationMode)
@pytest.mark.parametrize("with_marks", [True, False])
def test_mode_and_whom_to_ask(school, mode, with_marks):
    """Said on the page, with or without a mark, and how to reach the school."""
    words = {
        PublicationMode.ROLLING: ("au fil de l’eau", "le lendemain de sa saisie"),
        PublicationMode.SCHEDULED: ("à échéance", "à la date de publication"),
        PublicationMode.IMMEDIATE: ("dès la saisie", "dès que l’enseignant la saisit"),
        PublicationMode.AFTER_PERIOD: ("après la période", "une fois qu’il est fini"),
    }
    choose(school, mode)
    with_marks = with_marks and mode is not PublicationMode.AFTER_PERIOD
    if with_marks:
        school.record(of(school, publish_on=date(2026, 10, 10)))
    page = school.browser.get(school.path)
    text = shown(page)
    for said in words[mode]:
        assert said in text
    assert "secrétariat" in text
    assert 'href="tel:0353010001"' in page.text
    assert 'href="mailto:secretariat@trois-rivieres.example"' in page.text
    assert ("Aucune note publiée" in text) is not with_marks


@pytest.mark.faq("F50")
@pytest.mark.faq("F51")
@pytest.mark.faq("F52")
def test_help_says_the_same(school):
    """The help page takes its sentences from where the pages do."""
    text = shown(school.browser.get("/aide"))
    assert "« au fil de l’eau » : chaque note s’affiche le lendemain de sa saisie." in text
    assert "« à échéance » : chaque note s’affiche à la date de publication" in text
    assert "« après la période » : les notes d’un trimestre ou d’un semestre" in text
    assert "jusque-là, la note d’avant reste affichée" in text
    assert "secrétariat ou au chef d’établissement" in text


def test_closed(closed_school):
    """Not open: the reason instead, and not a mark."""
    closed_school.record(of(closed_school, "17.25"))
    page = closed_school.browser.get(closed_school.path)
    assert page.status_code == 403
    assert "17,25" not in page.text
    assert "ouvert ce téléservice" in shown(page)


def test_nobody_elses_child(school, classmates):
    """Another family's child does not exist."""
    (other,) = classmates([300000001])
    school.record(an_entry(17, student_id=other.id))
    assert school.browser.get(f"/eleves/{other.id}/notes/").status_code == 404
    assert school.browser.get(f"/eleves/{uuid4()}/notes/").status_code == 404
    assert Browser(school.services).get(school.path).request.path == "/connexion"


def test_the_student_himself(school):
    """The same page for the student's own account."""
    world = World(school.services)
    account = world.account(school.student, Audience.STUDENT)
    school.record(of(school, "17.25"))
    own = Browser(school.services)
    own.sign_in(account.login_name, PASSWORD)
    page = own.get(school.path)
    assert "17,25" in page.text
    assert "saura que vous les suivez" not in shown(page), "the school sees what guardians say"
    assert "saura que vous les suivez" in shown(school.browser.get(school.path))
    assert "Toutes mes notes" in shown(own.get("/notes/"))


def test_levels_without_a_mark(school):
    """Judged, so never « non noté »; the school's words for the competency, or its code."""
    plan = PublicationPlan(competencies=(Competency("D1", "Lire"),))
    with school.services.site.database.writing() as tx:
        MarkStore(tx.connection).set_plan(COLLEGE, YEAR, plan, 0)
    judged = of(school, None, title="Exposé", competencies=("D1", "X9"))
    outcome = evolve(judged.mark.outcome, levels={"D1": 4, "X9": 1})
    school.record(evolve(judged, mark=evolve(judged.mark, outcome=outcome)))
    text = shown(school.browser.get(school.path))
    assert "compétences" in text
    assert "comp. = compétences évaluées sans note." in text
    subject = shown(school.browser.get(f"{school.path}MATHS/"))
    assert "Évaluation sans note" in subject
    assert "Lire : Très bonne maîtrise" in subject
    assert "Compétence X9 : Maîtrise insuffisante" in subject
    for said in (text, subject, shown(school.browser.get("/notes/"))):
        assert "non noté" not in said.replace("travail non noté", "")
        assert "n.n." not in said


def test_unknown_subject(school):
    """Not found, like a subject of which nothing is published."""
    assert school.browser.get(f"{school.path}LATIN/").status_code == 404


def test_words_are_escaped(school):
    """Text of a file is text, on every page."""
    school.record(
        of(school, title="<script>alert(1)</script>", teacher="<b>", subject=MATHS),
        of(school, subject=Subject("X", "<i>X</i>"), title='"><img>'),
    )
    for path in (school.path, f"{school.path}MATHS/", f"{school.path}X/"):
        text = school.browser.get(path).text
        assert not re.search(r"<script|<b>|<i>|<img>", text)


@pytest.mark.parametrize("number", [0, 1, 180])
def test_statements(school, number):
    """Session, child, policy, and one of ours, whatever the number; one more for the class."""
    school.record(*year_of_marks(school, number))
    paths = {school.path: 4, f"{school.path}annee/evolution": 4, f"{school.path}SUBJ00/": 5}
    for path, most in paths.items():
        if path.endswith("SUBJ00/") and not number:
            continue
        school.browser.get(path)
        with counted(school.services.engine) as run:
            assert school.browser.get(path).status_code == 200
        assert len(run) == most
        assert sum("notes_" in statement for statement in run) == most - 3


def test_size(school):
    """180 marks fit in 30 kB, before compression."""
    school.record(*year_of_marks(school))
    page = school.browser.get(school.path)
    assert shown(page).count(" · ") >= 150
    assert len(page.data) < 30_000


def test_last_year_stays_apart(school):
    """A child without a schooling this year is shown with last year's marks."""
    world = World(school.services)
    student = a_student(first_name="Noé")
    last_year = evolve(a_schooling(student.id).school_year, start=2025)
    world.student(student, a_schooling(student.id, school_year=last_year))
    account = world.account(student, Audience.STUDENT)
    school.record(
        an_entry("17.25", student_id=student.id),
        an_entry("9.75", student_id=student.id, school_year=last_year),
    )
    own = Browser(school.services)
    own.sign_in(account.login_name, PASSWORD)
    text = own.get(f"/eleves/{student.id}/notes/").text
    assert "9,75" in text
    assert "2025-2026" in text
    assert "17,25" not in text
