"""The school's console of publication: a change is tried, then made, and told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from attrs import evolve

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.staff import Role
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, YEAR
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD, World
from teleservices_notes.model import (
    GradingPeriodKind,
    Publication,
    PublicationMode,
    PublicationPlan,
    PublicationRule,
    proposed_periods,
)
from teleservices_notes.store import MarkStore
from teleservices_notes.testing import FRENCH, an_entry

AT_ONCE, ROLLING, SCHEDULED, AFTER_PERIOD = map(Publication, PublicationMode)
CONSOLE = f"/ecole/{COLLEGE}/notes/publication"
TODAY = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture
def head(school):
    """The head's browser."""
    return staff(school, Role.HEAD)


def staff(school, role):
    account = World(school.services).staff(role, COLLEGE)
    browser = Browser(school.services)
    browser.sign_in(account.login_name, PASSWORD)
    return browser


def recorded(school):
    with school.services.site.database.reading() as tx:
        return MarkStore(tx.connection).plan(COLLEGE, YEAR)


def own_rules(school, entry):
    with school.services.site.database.reading() as tx:
        (found,) = MarkStore(tx.connection).assessments([entry.assessment.id]).values()
    return found.own_rules


@pytest.fixture
def marks(school):
    """Two of long ago, one published today, and one of this morning."""
    mine = {"student_id": school.student.id}
    found = [
        an_entry(12, title="Fractions", **mine),
        an_entry(13, title="Dictée", subject=FRENCH, publish_on=date(2026, 11, 20), **mine),
        an_entry(17, title="Poésie", subject=FRENCH, entered_at=TODAY, **mine),
    ]
    school.record(*found)
    return found


@pytest.mark.faq("F51")
def test_a_change_is_tried_then_made(school, head, marks, shown):
    """What would be hidden is told class by class; nothing changes before it is confirmed."""
    head.get(CONSOLE)
    page = shown(head.submit(CONSOLE, default_mode="scheduled"))
    assert "Aujourd’hui Les familles : au fil de l’eau" in page
    assert "Ensuite Les familles : à échéance" in page
    assert "Ne serait plus visible 6 B , pour les familles : 1 note" in page
    assert "Fractions (Mathématiques, 5 octobre 2026)" in page
    assert "Dictée" not in page
    assert recorded(school).version == 0
    assert "12,00" in shown(school.browser.get(school.path))
    done = shown(head.submit(CONSOLE))
    assert "les familles le voient dès maintenant" in done
    assert recorded(school).plan == PublicationPlan(SCHEDULED)
    family = shown(school.browser.get(school.path))
    assert "12,00" not in family
    assert "13,00" in family
    assert "Les familles : au fil de l’eau → devient Les familles : à échéance" in done


def test_an_exception_and_back(school, head, marks, shown):
    """For students of a class alone: the others keep theirs; removing it says what turns back."""
    head.get(CONSOLE)
    page = shown(
        head.submit(CONSOLE, part="rule", class_group="6 B", audience="student", mode="immediate")
    )
    assert "S’afficherait aussitôt 6 B , pour les élèves : 1 note" in page
    head.submit(CONSOLE)
    rule = PublicationRule(AT_ONCE, Audience.STUDENT, "6 B")
    assert recorded(school).plan.exceptions == (rule,)
    page = shown(head.submit(CONSOLE, part="remove"))
    assert "Ne serait plus visible 6 B , pour les élèves : 1 note" in page
    head.submit(CONSOLE)
    assert recorded(school).plan == PublicationPlan()


def test_periods(school, head, marks, shown):
    """Dates are proposed, checked and kept when they are wrong."""
    head.get(CONSOLE)
    page = head.submit(CONSOLE, part="periods", kind="T", end_2="2026-11-01")
    assert page.status_code == 422
    assert "La fin doit venir après le 1er décembre 2026" in shown(page)
    assert 'value="2026-11-01"' in page.text
    page = head.submit(CONSOLE, part="periods", kind="T", end_2="2027-03-15", end_3="2027-10-01")
    assert "Le 1er octobre 2027 n’est pas dans l’année scolaire." in shown(page)
    page = head.submit(CONSOLE, part="periods", kind="T", end_3="bientôt")
    assert "Écrivez une date" in shown(page)
    page = shown(head.submit(CONSOLE, part="periods", kind="T", end_3="2027-07-07"))
    assert "Trimestre 1 : du 1er septembre 2026 au 30 novembre 2026" in page
    head.submit(CONSOLE)
    expected = proposed_periods(GradingPeriodKind.TRIMESTER, YEAR, (9, 1))
    assert recorded(school).plan.periods == expected
    page = shown(
        head.submit(CONSOLE, part="default", default_mode="after_period", default_days="7")
    )
    assert "Les familles : 7 jours après la période" in page
    head.submit(CONSOLE)
    family = shown(school.browser.get(school.path))
    assert "Trimestre 1 : à partir du 8 décembre 2026" in family
    assert "Aucune note publiée" in family


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"part": "default", "default_mode": "sometimes"}, "Choisissez quand les notes"),
        (
            {"part": "default", "default_mode": "after_period", "default_days": "61"},
            "un nombre de jours, de 0 à 60",
        ),
        ({"part": "rule", "mode": "immediate"}, "Choisissez une classe ou un public"),
        ({"part": "rule", "class_group": "6 B"}, "Choisissez quand les notes"),
        (
            {"part": "rule", "class_group": "6 B", "mode": "immediate", "audience": "staff"},
            "Choisissez dans la liste",
        ),
        ({"part": "rule", "class_group": "x" * 21}, "trop longue"),
    ],
)
def test_faulty_answers(school, head, typed, said, shown):
    """Named beside the field; nothing is recorded."""
    head.get(CONSOLE)
    page = head.submit(CONSOLE, **typed, confirmed="1")
    assert page.status_code == 422
    assert said in shown(page)
    assert recorded(school).version == 0


def test_two_heads_at_once(school, head, marks, shown):
    """The second is told, sees his choice beside what the first has chosen, and may go on."""
    deputy = staff(school, Role.DEPUTY)
    for browser in (head, deputy):
        browser.get(CONSOLE)
    head.submit(CONSOLE, part="default", default_mode="immediate")
    deputy.submit(CONSOLE, part="rule", class_group="6 B", mode="scheduled")
    head.submit(CONSOLE)
    page = deputy.submit(CONSOLE)
    assert page.status_code == 409
    text = shown(page)
    assert "Une autre personne a changé la publication entre-temps" in text
    assert "La classe 6 B : à échéance" in text
    assert recorded(school).plan == PublicationPlan(AT_ONCE)
    deputy.submit(CONSOLE)
    rule = PublicationRule(SCHEDULED, class_group="6 B")
    assert recorded(school).plan == PublicationPlan(AT_ONCE, (rule,))


def test_one_assessment(school, head, marks, shown):
    """Its own rule, a date for it alone, told to the family; then as its class again."""
    entry = marks[0]
    assert "Poésie" in shown(head.get(f"{CONSOLE}/evaluations?classe=6+B"))
    head.get(f"{CONSOLE}/evaluations/{entry.assessment.id}")
    page = head.submit("evaluations", mode="scheduled", on="lundi")
    assert page.status_code == 422
    assert "Écrivez une date" in shown(page)
    page = shown(head.submit("evaluations", mode="scheduled", on="2026-12-04"))
    assert "Aujourd’hui Comme la classe" in page
    assert "Ensuite Les familles : à échéance, le 4 décembre 2026" in page
    assert "Ne serait plus visible 6 B , pour les familles : 1 note" in page
    assert own_rules(school, entry) == ()
    page = shown(head.submit("evaluations"))
    assert "À échéance ; affichée à partir du 4 décembre 2026" in page
    rule = PublicationRule(evolve(SCHEDULED, on=date(2026, 12, 4)))
    assert own_rules(school, entry) == (rule,)
    assert "12,00" not in shown(school.browser.get(school.path))
    head.submit("evaluations", mode="")
    head.submit("evaluations")
    assert own_rules(school, entry) == ()


def test_one_assessment_two_heads(school, head, marks, shown):
    """Compare-and-set there too, and another school's assessment does not exist."""
    deputy, path = staff(school, Role.DEPUTY), f"{CONSOLE}/evaluations/{marks[0].assessment.id}"
    for browser, mode in ((head, "immediate"), (deputy, "scheduled")):
        browser.get(path)
        browser.submit("evaluations", mode=mode)
    head.submit("evaluations")
    page = deputy.submit("evaluations")
    assert page.status_code == 409
    assert "Aujourd’hui Les familles : dès la saisie" in shown(page)
    deputy.submit("evaluations")
    assert own_rules(school, marks[0]) == (PublicationRule(SCHEDULED),)
    assert head.get(f"{CONSOLE}/evaluations/{uuid4()}").status_code == 404


def test_who_may(school, head, marks, shown):
    """The office reads; only the head, a deputy or a delegate changes, checked in the act."""
    office = staff(school, Role.SCHOOL_OFFICE)
    page = office.get(CONSOLE)
    assert "au fil de l’eau" in shown(page)
    assert "Voir ce qui changerait" not in shown(page)
    head.get(CONSOLE)
    typed = next(fields for _action, fields in head.forms() if fields.get("part") == "default")
    token = office.forms()[0][1]["csrf_token"]
    sent = {**typed, "csrf_token": token, "default_mode": "immediate", "confirmed": "1"}
    assert office.client.post(CONSOLE, data=sent).status_code in {403, 404}
    assert recorded(school).version == 0


def test_journal(school, head, marks):
    """Who, before and after, in words."""
    head.get(CONSOLE)
    head.submit(CONSOLE, default_mode="scheduled")
    head.submit(CONSOLE)
    with school.services.site.database.reading() as tx:
        entry = tx.audit.latest(1)[0]
    assert (entry.action, entry.uai, entry.role) == ("notes.publication_set", COLLEGE, "head")
    told = [entry.detail["before"], entry.detail["after"]]
    plain = [[line.replace("\u00a0", " ") for line in lines] for lines in told]
    assert plain == [["Les familles : au fil de l’eau"], ["Les familles : à échéance"]]
    words = school.services.site.catalogue.audit_words[entry.action]()
    assert words == "Publication des notes changée"


def test_statements(school, head, classmates):
    """As many with a hundred assessments and a class as with one mark."""
    counts = []
    for number in (1, 100):
        students = classmates(range(400000000 + number, 400000000 + number + 3))
        school.record(
            *(
                an_entry(n % 20, student_id=students[n % 3].id, given_on=date(2026, 9, 10))
                for n in range(number)
            )
        )
        run = []
        head.get(CONSOLE)
        for step in (
            lambda: head.get(CONSOLE),
            lambda: head.submit(CONSOLE, part="default", default_mode="immediate"),
            lambda: head.get(f"{CONSOLE}/evaluations"),
        ):
            with counted(school.services.engine) as found:
                assert step().status_code == 200
            run.append(len(found))
        counts.append(run)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 11, counts


def test_nothing_to_change(school, head, shown):
    """Said; GET with a query changes nothing either."""
    head.get(CONSOLE)
    text = shown(head.submit(CONSOLE, part="default", default_mode="rolling"))
    assert "C’est déjà ainsi" in text
    head.get(f"{CONSOLE}?part=default&default_mode=immediate&confirmed=1")
    assert recorded(school).version == 0
