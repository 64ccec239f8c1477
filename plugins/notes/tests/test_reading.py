"""What opens an average: its period, its class, its terms, its curve."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from teleservices_core.errors import SettingsError
from teleservices_core.testing.builders import COLLEGE, YEAR
from teleservices_core.usecases.module_options import save_options
from teleservices_notes.model import (
    Competency,
    Counting,
    Entry,
    GradingPeriod,
    GradingPeriodKind,
    Mark,
    MarkStatus,
    PublicationPlan,
)
from teleservices_notes.rules import chosen_period, outside, told_periods
from teleservices_notes.store import MarkStore
from teleservices_notes.testing import FRENCH, a_shown, an_entry, outcomes

from .test_pages import of, shown

TRIMESTER = GradingPeriodKind.TRIMESTER
PERIODS = (
    GradingPeriod(TRIMESTER, 1, date(2026, 9, 1), date(2026, 11, 13)),
    GradingPeriod(TRIMESTER, 2, date(2026, 11, 16), date(2027, 3, 15)),
    GradingPeriod(TRIMESTER, 3, date(2027, 3, 16), date(2027, 7, 7)),
)
PLAN = PublicationPlan(periods=PERIODS)
TUESDAY = date(2026, 11, 24)


def plan_of(school, plan):
    with school.services.site.database.writing() as tx:
        MarkStore(tx.connection).set_plan(COLLEGE, YEAR, plan, 0)


SPREAD = (8, 10, 12, 14, 16, 9, 11)


def compare(school, floor=5):
    values = {"class_figures": True, "class_floor": floor}
    save_options(school.services.site, None, COLLEGE, "notes", YEAR, values, seen_version=0)


def in_class(*values, student_id, **assessment):
    """The child's figure first, then one of each classmate."""
    mine = an_entry(values[0], student_id=student_id, **assessment)
    others = [
        Entry(
            mine.assessment,
            evolve(an_entry(v).mark, student_id=UUID(int=n), assessment_id=mine.assessment.id),
        )
        for n, v in enumerate(values[1:], 100)
    ]
    return [mine, *others]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("", PERIODS[1]), ("1", PERIODS[0]), ("3", PERIODS[2]), ("annee", None), ("9", None)],
)
def test_which_period(asked, expected):
    """The one under way unless another is asked for; the year for what nobody knows."""
    assert chosen_period(PLAN, asked, TUESDAY, [a_shown(given_on=TUESDAY)]) == expected


def test_period_under_way_without_a_mark():
    assert chosen_period(PLAN, "", TUESDAY, [a_shown(given_on=date(2026, 10, 1))]) is None
    assert chosen_period(PublicationPlan(), "", TUESDAY, [a_shown()]) is None


def test_told_and_outside():
    """Periods begun; marks of a day between two are in none."""
    assert told_periods(PLAN, TUESDAY, []) == PERIODS[:2]
    assert told_periods(PLAN, TUESDAY, [a_shown(given_on=date(2027, 4, 1))]) == PERIODS
    between = a_shown(given_on=date(2026, 11, 14))
    assert outside(PLAN, [between, a_shown()]) == [between]
    assert outside(PublicationPlan(), [between]) == []


def test_averages_by_period(school):
    """One tab for each period begun; every average says what it is of."""
    plan_of(school, PLAN)
    school.record(
        of(school, 8),
        of(school, 14, given_on=date(2026, 11, 17)),
        of(school, 17, given_on=date(2026, 11, 14), subject=FRENCH),
    )
    now = school.browser.get(school.path)
    assert 'aria-current="page">Trimestre 2' in now.text
    assert "Trimestre 3" not in now.text
    assert "14,00" in shown(now)
    assert "Français" in shown(now), "the latest marks are of the whole year"
    assert "1 note d’un jour hors de toute période ne compte que dans l’année." in shown(now)
    first, year = (shown(school.browser.get(f"{school.path}?periode={p}")) for p in ("1", "annee"))
    assert "8,00" in first
    assert "14,00" not in first
    assert "11,00" in year, "8 and 14"
    assert "14,00" in year, "11 and 17"
    subject = shown(school.browser.get(f"{school.path}MATHS/?periode=1"))
    assert "8 points ÷ 1 = 8,00" in subject
    assert "Trimestre 2 14,00" in subject
    assert "Année 11,00" in subject
    nothing = school.browser.get(f"{school.path}FRANC/?periode=1")
    assert "Aucune note publiée sur cette période" in nothing.text
    progress = shown(school.browser.get(f"{school.path}annee/evolution"))
    assert "Mathématiques 8,00 14,00 11,00" in progress
    assert "Français – – 17,00" in progress
    assert "Moyenne générale 8,00 14,00 14,00" in progress


def test_an_average_opens_to_its_terms(school):
    """Remarks, levels, reasons; the overall average too."""
    plan = evolve(PLAN, periods=(), competencies=(Competency("C1", "Calculer"),))
    plan_of(school, plan)
    entry = of(school, 15, description="Chapitres 1 à 3", competencies=("C1",))
    outcome = evolve(entry.mark.outcome, remark="Très soigné.", levels={"C1": 4, "C9": 9})
    school.record(
        Entry(entry.assessment, evolve(entry.mark, outcome=outcome)),
        of(school, 20, weight=Decimal(0), title="Pour rire"),
        of(school, 14, counting=Counting.BONUS, title="Défi"),
        of(school, None, status=MarkStatus.ABSENT, title="Oral"),
        of(school, 10, subject=FRENCH),
    )
    text = shown(school.browser.get(f"{school.path}MATHS/"))
    for said in (
        "19 points ÷ 1 = 19,00",
        "Appréciation : « Très soigné. »",
        "Chapitres 1 à 3",
        "Calculer : Très bonne maîtrise",
        "C9 : 9",
        "Coefficient 0",
        "Bonus : les points au-dessus de 10 s’ajoutent",
        "(14 − 10) × 1 = 4",
        "Absent : ni zéro ni coefficient",
    ):
        assert said in text
    assert "29 points ÷ 2 = 14,50" in shown(school.browser.get(school.path))


def test_the_curve(school):
    """A drawing with a name and words, its figures in a table, no style attribute."""
    days = [date(2026, 9, 15), date(2026, 10, 2), date(2026, 10, 20)]
    school.record(*(of(school, 10 + 2 * n, given_on=day) for n, day in enumerate(days)))
    for path in (f"{school.path}MATHS/", f"{school.path}annee/evolution"):
        page = school.browser.get(path)
        assert 'role="img" aria-labelledby="chart-title chart-words"' in page.text
        assert page.text.count("<circle") == (4 if "MATHS" in path else 1)
        assert "style=" not in page.text
        assert "De 10,00 à 12,00" in shown(page)
        assert "2 octobre 2026 11,00" in shown(page)


def test_class_figures_are_the_schools_choice(school):
    """Nothing before the head says so: not a classmate's mark is even read."""
    school.record(*in_class(*SPREAD, student_id=school.student.id))
    page = school.browser.get(f"{school.path}MATHS/")
    assert "classe" not in shown(page).split("Toutes les notes")[1].lower().split("publication")[0]
    with school.services.site.database.reading() as tx:
        assert MarkStore(tx.connection).comparison(COLLEGE, YEAR, "6 B", "MATHS") == (0, [])
    compare(school)
    text = shown(school.browser.get(f"{school.path}MATHS/"))
    assert "Classe : 11,4" in text
    assert text.index("8,00 /20") < text.index("Notes publiées"), "the answer comes first"
    assert "Moyenne de la classe : 11,4, faite" in text


def test_under_the_floor(school):
    compare(school, floor=5)
    school.record(*in_class(12, 8, 17, 15, student_id=school.student.id))
    text = shown(school.browser.get(f"{school.path}MATHS/"))
    assert "Pas assez de notes" in text
    assert "Classe :" not in text


@pytest.mark.parametrize("floor", [4, 31])
def test_no_school_goes_under_the_floor(school, floor):
    with pytest.raises(SettingsError, match="class_floor"):
        compare(school, floor=floor)


@pytest.mark.faq("F50")
def test_a_classmates_unpublished_mark_changes_no_byte(school):
    """Whatever it is, on the page of the subject, with the class beside it."""
    compare(school)
    plan_of(school, PLAN)
    work = in_class(*SPREAD, student_id=school.student.id)
    school.record(*work)
    given_ = work[0].assessment
    path = f"{school.path}MATHS/"
    before = school.browser.get(path).data
    today = datetime(2026, 11, 24, 8, tzinfo=UTC)

    @settings(max_examples=10)
    @given(outcomes(today), st.booleans())
    def same(outcome, is_correction):
        # Entered today, seen tomorrow: a new mark, or a correction of a seen one.
        student_id = UUID(int=100 if is_correction else 200)
        mark = Mark.first(given_.id, student_id, outcome)
        if is_correction:
            seen = work[1].mark
            mark = evolve(seen, outcome=outcome, prior=seen.outcome)
        school.record(Entry(given_, mark))
        assert school.browser.get(path).data == before

    same()
