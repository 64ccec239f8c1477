"""The statement of marks: a real PDF, read back."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given, settings
from pypdf import PdfReader

from teleservices_core.domain.accounts import Audience
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, YEAR
from teleservices_core.testing.world import PASSWORD, World
from teleservices_notes.model import (
    Counting,
    Entry,
    GradingPeriod,
    GradingPeriodKind,
    Mark,
    MarkStatus,
    PublicationPlan,
)
from teleservices_notes.store import MarkStore
from teleservices_notes.testing import FRENCH, outcomes

from .test_pages import of, year_of_marks

PERIODS = (
    GradingPeriod(GradingPeriodKind.SEMESTER, 1, date(2026, 9, 1), date(2026, 10, 31)),
    GradingPeriod(GradingPeriodKind.SEMESTER, 2, date(2026, 11, 1), date(2027, 7, 7)),
)


def ask(school, query="", browser=None):
    return (browser or school.browser).get(f"{school.path}annee/releve.pdf{query}")


def read(answer):
    assert answer.content_type == "application/pdf"
    return PdfReader(io.BytesIO(answer.data))


def text(answer):
    found = " ".join(page.extract_text() for page in read(answer).pages)
    return " ".join(found.replace("\u00a0", " ").replace("\u202f", " ").split())


def test_what_it_says(school):
    """Every mark with its reasons, the averages with their working, the instant."""
    # A real clock is never on a whole second.
    school.clock.advance(microseconds=123_456)
    noted = of(school, 15)
    remarked = evolve(noted.mark, outcome=evolve(noted.mark.outcome, remark="Très soigné."))
    school.record(
        Entry(noted.assessment, remarked),
        of(school, 7, out_of=Decimal(10), title="Interrogation", weight=Decimal(2)),
        of(school, 3, title="Défi", counting=Counting.OPTIONAL),
        of(school, None, status=MarkStatus.EXEMPT, subject=FRENCH, title="Oral"),
    )
    answer = ask(school)
    said = text(answer)
    for expected in (
        "Relevé de notes de Camille MARTIN",
        "Classe 6 B, année scolaire 2026-2027",
        "Notes publiées au mardi 24 novembre 2026 à",
        "Mathématiques",
        "43 points ÷ 3 = 14,33 (arrondi au centième)",
        "Appréciation : « Très soigné. »",
        "14 × 2 = 28",
        "Facultative : elle n’augmente pas la moyenne",
        "dispensé",
        "Il n’est ni un bulletin",
    ):
        assert expected in said
    assert "releve-camille-martin-ann%C3%A9e.pdf" in answer.headers["Content-Disposition"]


def test_tagged_for_screen_readers(school):
    """PDF/UA-1: the standard's mark, a tag tree, a title, a language."""
    school.record(*year_of_marks(school, 60))
    pdf = read(ask(school))
    catalog = pdf.trailer["/Root"]
    assert b"pdfuaid:part" in catalog["/Metadata"].get_object().get_data()
    assert catalog["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in catalog
    assert str(catalog["/Lang"]).startswith("fr")
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Relevé de notes de Camille MARTIN"
    assert len(pdf.pages) > 1


def test_of_a_period(school):
    """Its marks only, its name, and the student has the same document as the guardian."""
    with school.services.site.database.writing() as tx:
        plan = PublicationPlan(periods=PERIODS)
        MarkStore(tx.connection).set_plan(COLLEGE, YEAR, plan, 0)
    school.record(of(school, 8), of(school, 14, given_on=date(2026, 11, 17), title="Deuxième"))
    first = text(ask(school, "?periode=1"))
    assert "Semestre 1" in first
    assert "Deuxième" not in first
    assert "Deuxième" in text(ask(school, "?periode=annee"))
    account = World(school.services).account(school.student, Audience.STUDENT)
    own = Browser(school.services)
    own.sign_in(account.login_name, PASSWORD)
    assert ask(school, "?periode=1", own).data == ask(school, "?periode=1").data


def test_the_figures_of_the_page(school):
    """A year of 180 marks: each on paper, under the average that the page shows."""
    school.record(*year_of_marks(school))
    page = school.browser.get(school.path)
    averages = re.findall(r'class="num"><strong>(\d+,\d\d)</strong>', page.text)
    (overall,) = re.findall(r"<strong>(\d+,\d\d)<small>/20", page.text)
    said = text(ask(school))
    assert re.findall(r"Moyenne : (\d+,\d\d)/20", said) == averages
    assert len(averages) == 12
    assert f"Moyenne générale : {overall}/20" in said
    assert len(re.findall(r"Contrôle \d+ : un chapitre du programme", said)) == 180


def test_nothing_yet(school):
    assert "Aucune note publiée" in text(ask(school))


@pytest.mark.faq("F50")
def test_what_is_not_published_changes_no_byte(school):
    """A mark of today, whatever it is, is not in the document of today."""
    school.record(of(school, 12))
    before = ask(school).data
    today = datetime(2026, 11, 24, 8, tzinfo=UTC)
    hidden = of(school, title="Demain")

    @settings(max_examples=5)
    @given(outcomes(today))
    def same(outcome):
        mark = Mark.first(hidden.assessment.id, school.student.id, outcome)
        school.record(Entry(hidden.assessment, mark))
        assert ask(school).data == before

    same()


def test_texts_are_only_values(school):
    """What looks like typst's markup is printed as it is."""
    school.record(of(school, title='#panic("x") *gras* $x$ \\ 漢字'))
    assert '#panic("x") *gras* $x$ \\ □□' in text(ask(school))
