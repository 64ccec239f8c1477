"""« J’ai vu ces notes », all children at a glance, and what the school sees of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from attrs import evolve
from sqlalchemy import select

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.delegations import Delegation
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.roster import Level
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Ine
from teleservices_core.errors import NotAllowedError, NotFoundError
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    YEAR,
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD, World, person_id
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.signing_in import resume, sign_in
from teleservices_notes.model import Course, Outcome, TeachingService
from teleservices_notes.rules import succeed
from teleservices_notes.store import ClassMarks, DigestMarks, MarkStore
from teleservices_notes.store.reader_tables import readers_table
from teleservices_notes.testing import FRENCH, MATHS, an_entry
from teleservices_notes.usecases.class_reading import class_reading, classes_read

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
READERS = f"/ecole/{COLLEGE}/notes/vu/"


def entry(school, value=12, *, days=2, **changes):
    return an_entry(
        value, student_id=school.student.id, entered_at=NOW - timedelta(days=days), **changes
    )


def press(school):
    school.browser.get(school.path)
    return school.browser.submit("notes-vues")


def viewer(services, login_name):
    return resume(services.site, sign_in(services.site, login_name, PASSWORD, source="x").secret)


def test_nothing_is_noted_by_reading(school, engine):
    """Only the button writes; it says what is new from then on, and what was corrected."""
    school.clock.set(NOW)
    first, second = entry(school, 12, title="Fractions"), entry(school, 8, title="Aires")
    school.record(first, second)
    page = school.browser.get(school.path)
    assert "nouvelle</span>" not in page.text
    with engine.connect() as connection:
        assert connection.execute(select(readers_table)).all() == []
    page = press(school)
    assert "C’est noté" in page.text
    assert "Rien de nouveau depuis votre « vu » du" in page.text.replace("\u00a0", " ")
    school.at(NOW + timedelta(days=3))
    third = entry(school, 15, days=-1, title="Volumes")
    corrected = succeed(
        second.mark,
        Outcome(second.mark.outcome.status, second.mark.outcome.value + 1, NOW + timedelta(days=1)),
        "",
        school.services.site.academie.zone,
    )
    school.record(third, evolve(second, mark=corrected))
    page = school.browser.get(school.path)
    assert page.text.count("nouvelle</span>") == 1
    assert page.text.count("corrigée depuis</span>") == 1
    assert "1 nouvelle note et 1 note corrigée" in page.text.replace("\u00a0", " ")
    assert "nouvelle</span>" not in press(school).text


def test_what_appeared_after_the_page_is_not_seen(school):
    """The form says which marks were read; what an import added meanwhile is shown first."""
    school.clock.set(NOW)
    school.record(entry(school))
    school.browser.get(school.path)
    school.record(entry(school, 3, days=1, title="Parue entre-temps"))
    page = school.browser.submit("notes-vues")
    assert "Les notes ont changé entre-temps" in page.text
    assert "Parue entre-temps" in page.text
    assert "Dites-le d’un bouton" in page.text
    assert "C’est noté" in school.browser.submit("notes-vues").text


def test_a_child_page_keeps_to_four_statements(school):
    """What was seen comes with the marks."""
    school.clock.set(NOW)
    school.record(*(entry(school, n % 20, title=str(n)) for n in range(30)))
    press(school)
    with counted(school.services.engine) as run:
        school.browser.get(school.path)
    assert len(run) <= 4


@pytest.fixture
def family(school):
    """The mother has a second child at another school, where « Notes » is closed."""
    world = World(school.services)
    world.establishment(an_establishment(LYCEE, name="Lycée du Parc"))
    lou = a_student(first_name="Lou", born_on=date(2010, 3, 1))
    world.student(lou, a_schooling(lou.id, LYCEE, class_group="2 A"))
    with school.services.site.database.reading() as tx:
        account = tx.accounts.by_login(school.login_name)
    world.link(a_link(lou.id, person_id(account)))
    school.clock.set(NOW)
    return lou


def open_at(services, uai):
    set_opening(
        services.site, None, Scope.establishment(uai), "notes", Audience.GUARDIAN, Stance.OPEN
    )


def record_for(services, student, uai, *entries):
    with services.site.database.writing() as tx:
        MarkStore(tx.connection).save([e.assessment for e in entries], [e.mark for e in entries])


def test_all_children_at_a_glance(school, family, shown):
    """Latest marks and average of each; a closed module says why and leads to more."""
    school.record(
        entry(school, 14, title="Fractions"), entry(school, 9, days=0, title="Pas encore")
    )
    page = school.browser.get("/notes/")
    text = shown(page)
    assert "14,00 /20 de moyenne générale sur l’année" in text
    assert "Fractions" in text
    assert "Pas encore" not in text
    assert "Lycée du Parc" in text
    assert "« Notes » est fermé pour le moment" in text
    assert f'href="/eleves/{family.id}/notes/"' in page.text
    assert school.browser.get(f"/eleves/{family.id}/notes/").status_code == 403
    assert 'href="/notes/"' in school.browser.get("/").text


def test_the_page_of_all_children_takes_a_fixed_number_of_statements(school, family):
    """Whatever the number of children and establishments."""
    school.record(entry(school))
    school.browser.get("/notes/")
    with counted(school.services.engine) as run:
        school.browser.get("/notes/")
    one = len(run)
    open_at(school.services, LYCEE)
    for number in range(3):
        record_for(
            school.services,
            family,
            LYCEE,
            an_entry(
                number,
                uai=LYCEE,
                class_group="2 A",
                student_id=family.id,
                entered_at=NOW - timedelta(days=3),
                subject=FRENCH,
            ),
        )
    with counted(school.services.engine) as run:
        page = school.browser.get("/notes/")
    assert page.text.count("de moyenne générale") == 2
    assert len(run) == one <= 8


@pytest.fixture
def staff(school):
    """The head, a teacher of the class, one of another, a clerk with the module and one without."""
    world = World(school.services)
    accounts = {
        "head": world.staff(Role.HEAD, COLLEGE),
        "teacher": world.staff(Role.TEACHER, COLLEGE),
        "colleague": world.staff(Role.TEACHER, COLLEGE),
        "delegate": world.staff(Role.SCHOOL_OFFICE, COLLEGE),
        "office": world.staff(Role.SCHOOL_OFFICE, COLLEGE),
        "other_head": world.staff(Role.HEAD, LYCEE),
    }
    with school.services.site.database.writing() as tx:
        tx.delegations.add(
            Delegation(
                id=uuid4(),
                uai=COLLEGE,
                staff_id=person_id(accounts["delegate"]),
                module_id="notes",
                from_on=date(2026, 9, 1),
                until_on=date(2027, 6, 30),
                given_by="",
                given_at=NOW,
            )
        )
        ClassMarks(tx.connection).replace_services(
            [],
            [
                TeachingService(Course(COLLEGE, YEAR, group, MATHS), who, person_id(accounts[who]))
                for group, who in (("6 B", "teacher"), ("5 A", "colleague"))
            ],
        )
    school.clock.set(NOW)
    return {who: account.login_name for who, account in accounts.items()}


def test_the_school_sees_who_has_seen(school, staff, shown):
    """Pupil by pupil, with what is still to be seen; nothing that is not yet published counts."""
    world = World(school.services)
    father = an_adult(first_name="Luc")
    world.adult(father, a_link(school.student.id, father.id))
    neighbour = an_adult(first_name="Voisine")
    world.adult(neighbour, a_link(school.student.id, neighbour.id, level=Level.CONTACT))
    school.record(
        entry(school, title="A"), entry(school, title="B"), entry(school, days=0, title="C")
    )
    press(school)
    site, uai = school.services.site, COLLEGE
    head = viewer(school.services, staff["head"])
    reading = class_reading(site, head, uai, "6 B", DigestMarks)
    (pupil,) = reading.pupils
    assert [(r.name, r.has_account, r.unseen) for r in pupil.responsibles] == [
        ("Anne MARTIN", True, 0),
        ("Luc MARTIN", False, None),
    ]
    assert (reading.begun, reading.current) == (1, 1)
    school.clock.set(NOW + timedelta(days=1))
    reading = class_reading(site, head, uai, "6 B", DigestMarks)
    assert reading.pupils[0].responsibles[0].unseen == 1
    assert (reading.begun, reading.current) == (1, 0)
    browser = Browser(school.services)
    browser.sign_in(staff["teacher"], PASSWORD)
    assert "1 sur 1" in shown(browser.get(READERS))
    text = shown(browser.get(f"{READERS}?classe=6+B"))
    assert "Anne MARTIN Vu le 24 novembre 2026 1 note à voir" in text
    assert "Luc MARTIN Compte non activé" in text


def test_a_teacher_looks_into_his_classes_only(school, staff):
    """The head and who the module is entrusted to look into all; others into none."""
    site = school.services.site

    def asks(who, group="6 B"):
        return class_reading(
            site, viewer(school.services, staff[who]), COLLEGE, group, DigestMarks
        ).class_group

    assert asks("head") == asks("teacher") == asks("delegate") == "6 B"
    for who in ("colleague", "office", "other_head"):
        with pytest.raises(NotAllowedError):
            asks(who)
    with pytest.raises(NotFoundError):
        asks("head", "9 Z")
    listed = {
        who: [
            each.class_group
            for each in classes_read(
                site, viewer(school.services, staff[who]), COLLEGE, DigestMarks
            )
        ]
        for who in ("head", "teacher", "colleague")
    }
    assert listed == {"head": ["6 B"], "teacher": ["6 B"], "colleague": []}


def test_the_pages_of_the_school_take_a_fixed_number_of_statements(school, staff, classmates):
    """Whatever the number of pupils and of responsible persons."""
    school.record(entry(school))
    browser = Browser(school.services)
    browser.sign_in(staff["head"], PASSWORD)

    def spent():
        with counted(school.services.engine) as run:
            assert browser.get(f"{READERS}?classe=6+B").status_code == 200
        return len(run)

    spent()
    before = spent()
    world = World(school.services)
    for pupil in classmates(range(100, 110)):
        adult = an_adult(first_name="Sam")
        world.adult(adult, a_link(pupil.id, adult.id))
        world.account(adult, Audience.GUARDIAN)
    assert spent() == before <= 16


def test_another_account_s_seen_is_not_mine(school):
    """Each reader has his own: what the mother has seen is new to the father."""
    world = World(school.services)
    father = an_adult(first_name="Luc")
    world.adult(father, a_link(school.student.id, father.id))
    account = world.account(father, Audience.GUARDIAN)
    school.clock.set(NOW)
    school.record(entry(school))
    press(school)
    his = Browser(school.services)
    his.sign_in(account.login_name, PASSWORD)
    assert "Dites-le d’un bouton" in his.get(school.path).text
    stranger = a_student(ine=Ine.rnie(7))
    world.student(stranger, a_schooling(stranger.id))
    token = his.forms()[-1][1]["csrf_token"]
    answer = his.client.post(
        f"/eleves/{stranger.id}/notes-vues",
        data={"csrf_token": token},
        base_url="http://localhost",
    )
    assert answer.status_code == 404
