"""What a family reads of the rule that holds for it (F52)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from teleservices_core.domain.accounts import Audience
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, YEAR
from teleservices_core.testing.world import PASSWORD, World
from teleservices_notes.model import (
    Entry,
    GradingPeriod,
    GradingPeriodKind,
    MarkStatus,
    Outcome,
    Publication,
    PublicationMode,
    PublicationPlan,
    PublicationRule,
)
from teleservices_notes.rules import succeed
from teleservices_notes.store import MarkStore
from teleservices_notes.testing import an_entry

AT_ONCE, ROLLING, SCHEDULED, AFTER_PERIOD = map(Publication, PublicationMode)
STUDENT = Audience.STUDENT


@pytest.fixture
def card(school, shown):
    """What the child's page says once a plan is chosen."""

    def card(plan):
        with school.services.site.database.writing() as tx:
            MarkStore(tx.connection).set_plan(COLLEGE, YEAR, plan, 0)
        return shown(school.browser.get(school.path))

    return card


@pytest.mark.faq("F52")
def test_for_the_class_and_the_reader(card):
    """The rule of its own class and of guardians, and that the child's account has another."""
    rules = (PublicationRule(evolve(AFTER_PERIOD, days=7), Audience.GUARDIAN, "6 B"),)
    period = GradingPeriod(GradingPeriodKind.TRIMESTER, 1, date(2026, 9, 1), date(2026, 11, 30))
    text = card(PublicationPlan(SCHEDULED, rules, (period,)))
    assert "Publication « 7 jours après la période »" in text
    assert "C’est l’établissement qui l’a choisi pour les responsables de la classe 6 B." in text
    assert "Trimestre 1 : à partir du 8 décembre 2026" in text
    assert "Sur le compte de l’élève, la publication est différente : à échéance." in text


@pytest.mark.faq("F52")
def test_another_class_is_nobody_elses_business(card):
    """Rules of other classes are not told."""
    text = card(PublicationPlan(ROLLING, (PublicationRule(SCHEDULED, None, "5 A"),)))
    assert "Publication « au fil de l’eau »" in text
    assert "C’est l’établissement qui a choisi ce mode pour l’année." in text
    assert "échéance" not in text


@pytest.mark.faq("F52")
def test_the_student_reads_his_own(school, card, shown):
    """The student's rule on his account, and that his guardians' is another."""
    account = World(school.services).account(school.student, STUDENT)
    card(PublicationPlan(ROLLING, (PublicationRule(AT_ONCE, STUDENT),)))
    own = Browser(school.services)
    own.sign_in(account.login_name, PASSWORD)
    text = shown(own.get(school.path))
    assert "Publication « dès la saisie »" in text
    assert "qui l’a choisi pour les élèves." in text
    assert "Pour vos responsables, la publication est différente : au fil de l’eau." in text


def test_periods_without_dates(card):
    """Said, rather than a promise that nobody can keep."""
    text = card(PublicationPlan(AFTER_PERIOD))
    assert "L’établissement n’a pas encore donné les dates des périodes." in text


def test_a_line_of_its_own(school, shown):
    """An assessment's own rule, and a correction, beside the mark."""
    entry = an_entry(8, student_id=school.student.id)
    now = school.clock.now()
    better = Outcome(MarkStatus.MARK, Decimal(9), now - timedelta(days=1))
    zone = school.services.site.academie.zone
    school.record(Entry(entry.assessment, succeed(entry.mark, better, "", zone)))
    day = Publication(PublicationMode.SCHEDULED, on=date(2026, 11, 20))
    with school.services.site.database.writing() as tx:
        MarkStore(tx.connection).set_own_rules(entry.assessment, (PublicationRule(day),))
    for path in (school.path, f"{school.path}MATHS/"):
        text = shown(school.browser.get(path))
        assert "Note corrigée" in text
        assert "Publication propre à cette évaluation : à échéance, le 20 novembre 2026" in text
