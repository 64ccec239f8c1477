"""The pages of a school's office: accounts, letters, ticks."""

from __future__ import annotations

import re
from io import BytesIO
from zipfile import ZipFile

import pytest
from attrs import evolve
from pypdf import PdfReader
from sqlalchemy import text

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.staff import Role
from teleservices_core.domain.standing import LetterChoice
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases import letters as letters_usecase
from teleservices_core.usecases.handing_over import class_sheet
from teleservices_core.usecases.working import tend, work_once
from teleservices_core.web.pages import letters as letters_page

HERE = f"/ecole/{COLLEGE}"
CODE = r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}"


@pytest.fixture
def world(services):
    """A school with two classes of one family each, without letters."""
    world = World(services)
    world.establishment()
    for class_group, name in (("3 A", "PETIT"), ("6 B", "MARTIN")):
        add_family(world, name, class_group)
    return world


def add_family(world, name, class_group="6 B", **state):
    """A child and a mother; her account."""
    child, mother = a_student(last_name=name), an_adult(last_name=name)
    world.student(child, a_schooling(child.id, class_group=class_group))
    world.adult(mother, a_link(child.id, mother.id))
    state = state or {"state": AccountState.NEW, "password_hash": None, "email": None}
    world.account(child, Audience.STUDENT, **state)
    return world.account(mother, Audience.GUARDIAN, **state)


@pytest.fixture
def office(services, world):
    """The secretariat, signed in."""
    browser = Browser(services)
    browser.sign_in(world.staff(Role.SCHOOL_OFFICE, COLLEGE).login_name, PASSWORD)
    return browser


def words(page):
    """The text of a page on one line, with plain spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_accounts_are_searched_and_paged(world, office, services):
    """Fifty a page; filters and words are kept from page to page; nothing found says what to do."""
    for number in range(60):
        add_family(world, f"NOMBREUX{number:02}", "4 C")
    page = office.get(f"{HERE}/comptes?q=nombreux&public=guardian")
    assert "60 comptes" in words(page)
    assert "Page 1 sur 2" in words(page)
    assert page.text.count("<tr") == 51
    following = re.search(r'rel="next" href="([^"]+)"', page.text).group(1)
    page = office.get(following.replace("&amp;", "&"))
    assert "Page 2 sur 2" in words(page)
    assert page.text.count("<tr") == 11
    assert 'value="nombreux"' in page.text
    assert "Page 2 sur 2" in words(office.get(f"{HERE}/comptes?q=nombreux&public=guardian&page=99"))
    assert "Aucun compte ne correspond" in words(office.get(f"{HERE}/comptes?q=personne"))
    for nonsense in ("situation=riche", "public=staffs&page=x", "page=%C2%B2"):
        assert office.get(f"{HERE}/comptes?{nonsense}").status_code == 200
    assert office.get(f"{HERE}/comptes?adresse=%00").status_code == 400


def test_one_account(services, world, office):
    """Who, whose responsible, the masked address, and the acts in words."""
    mother = add_family(world, "SECRET", state=AccountState.ACTIVE, email="anne.secret@example.org")
    page = office.get(f"{HERE}/comptes/{mother.id}")
    said = words(page)
    assert "MME Anne SECRET" in said
    assert "Camille SECRET – 6 B" in said
    assert "an…@example.org" in said
    assert "anne.secret@example.org" not in page.text
    with services.site.database.reading() as tx:
        staff = tx.accounts.by_login("claude.durand")
    assert office.get(f"{HERE}/comptes/{staff.id}").status_code == 404, "of no family"


@pytest.mark.faq("F17")
def test_reissue(services, world, office):
    """Only with the identity checked; then a PDF, whose code opens the first login."""
    mother = add_family(world, "PERDUE", state=AccountState.ACTIVE, email="anne@example.org")
    office.get(f"{HERE}/comptes/{mother.id}")
    page = office.submit("/notification")
    assert page.status_code == 422
    assert "Cochez cette case après avoir vérifié" in words(page)
    assert 'href="#field-checked"' in page.text
    family = Browser(services)
    assert "Bonjour" in family.sign_in(mother.login_name, PASSWORD).text, "nothing has changed yet"
    answer = office.submit("/notification", checked="1")
    assert answer.headers["Content-Disposition"].endswith("notification-anne-perdue.pdf")
    (sheet,) = PdfReader(BytesIO(answer.data)).pages
    code = re.search(CODE, sheet.extract_text()).group()
    assert family.get("/compte").request.path == "/connexion", "her session is closed"
    assert "Choisissez votre mot de passe" in family.sign_in(mother.login_name, code).text
    said = words(office.get(f"{HERE}/comptes/{mother.id}"))
    assert "Nouvelle notification éditée, ancien mot de passe supprimé" in said
    assert code not in said


def test_a_first_letter_for_one_person_needs_no_box(services, world, office):
    """Nobody uses the account yet: there is nobody to take it from."""
    mother = add_family(world, "NOUVELLE")
    page = office.get(f"{HERE}/comptes/{mother.id}")
    assert "checkbox" not in page.text
    assert office.submit("/notification").mimetype == "application/pdf"


def test_resend_and_unlock(services, world, office):
    """Each button is there when it helps, and says what happened."""
    waiting = add_family(
        world, "ATTENTE", state=AccountState.CLAIMED, email=None, pending_email="an@example.org"
    )
    page = office.get(f"{HERE}/comptes/{waiting.id}")
    assert "Débloquer" not in page.text
    page = office.submit("/confirmation")
    assert "part de nouveau vers a…@example.org" in words(page)
    assert "attendez une minute" in words(office.submit("/confirmation"))
    locked = add_family(world, "BLOQUEE", state=AccountState.LOCKED)
    page = office.get(f"{HERE}/comptes/{locked.id}")
    assert "Renvoyer le message" not in page.text
    assert "est débloqué" in words(office.submit("/deblocage"))
    assert "Bonjour" in Browser(services).sign_in(locked.login_name, PASSWORD).text


def test_what_would_be_printed(world, office, clock):
    """How many sheets, for which classes, and what they would replace, before anything is done."""
    said = words(office.get(f"{HERE}/notifications/preparer"))
    assert "4 feuilles à imprimer" in said
    assert "3 A" in said
    office.submit("/editer")
    assert "Aucune notification pour ce choix" in words(
        office.get(f"{HERE}/notifications/preparer")
    )
    office.get(f"{HERE}/notifications/classe?classe=3+A&cocher=tout")
    office.submit("/remises")
    said = words(office.get(f"{HERE}/notifications/preparer?choix=unused"))
    assert "4 feuilles à imprimer" in said
    assert "2 personnes ont déjà leur notification en main" in said
    said = words(office.get(f"{HERE}/notifications/preparer?choix=not_handed&public=student"))
    assert "1 feuille à imprimer" in said
    clock.advance(days=100)
    office.sign_in("claude.durand", PASSWORD)
    said = words(office.get(f"{HERE}/notifications"))
    assert "4 notifications ont expiré sans servir" in said
    assert "4 feuilles" in words(office.get(f"{HERE}/notifications/preparer?choix=expired"))
    assert office.get(f"{HERE}/notifications/preparer?classe=9+Z").status_code == 404


def test_letters_for_a_mail_merge(world, office):
    """The same letters as lines of a table."""
    office.get(f"{HERE}/notifications/preparer?classe=6+B")
    answer = office.submit("/editer", class_group="6 B", document="csv")
    assert answer.mimetype == "text/csv"
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert "MME Anne MARTIN" in lines[1]
    assert re.search(CODE, lines[1])


def test_a_choice_that_is_none_issues_nothing(services, world, office):
    """A form tampered with is refused, and everything stays to be issued."""
    for wrong in ({"which": "all"}, {"document": "exe"}, {"class_group": "x" * 21}):
        office.get(f"{HERE}/notifications/preparer")
        fields = {**office.forms()[-1][1], **wrong}
        page = office.client.post(f"{HERE}/notifications/editer", data=fields)
        assert page.status_code == 303
    plan = letters_usecase.plan_letters(services.site, COLLEGE)
    assert len(plan.candidates) == 4


def test_an_account_used_meanwhile_is_named(services, world, office, monkeypatch):
    """Left as it is, it is named on the next page."""
    plan_letters = letters_page.plan_letters

    def late(*args, **kwargs):
        plan = plan_letters(*args, **kwargs)
        used = plan.candidates[0]
        with services.site.database.writing() as tx:
            tx.accounts.replace(used.account, evolve(used.account, last_used_at=None))
        return plan

    office.get(f"{HERE}/notifications/preparer?classe=3+A")
    monkeypatch.setattr(letters_page, "plan_letters", late)
    answer = office.submit("/editer", class_group="3 A")
    assert len(PdfReader(BytesIO(answer.data)).pages) == 1
    monkeypatch.undo()
    said = words(office.get(f"{HERE}/notifications"))
    assert "1 compte a servi pendant l’édition et garde ce qu’il a : MME Anne PETIT." in said


@pytest.fixture
def many(monkeypatch):
    """As if two letters were too many to be made while a page is waited for."""
    monkeypatch.setattr(letters_page, "AT_ONCE", 2)


def test_letters_of_a_school(services, world, office, many):
    """Asked on a page, made by the worker class by class, fetched when they are ready."""
    office.get(f"{HERE}/notifications/preparer")
    page = office.submit("/editer")
    assert "En attente" in words(page)
    assert "Le programme qui fait ces travaux ne répond pas" in words(page)
    tend(services.site)
    address = office.page.request.path
    assert "le travail continue" in words(office.get(address))
    assert work_once(services.site) is not None
    assert "4 notifications éditées." in words(office.get(address))
    answer = office.submit("/resultat")
    with ZipFile(BytesIO(answer.data)) as archive:
        assert archive.namelist() == ["3-A.pdf", "6-B.pdf"]
        for name in archive.namelist():
            assert len(PdfReader(BytesIO(archive.read(name))).pages) == 2
    assert "terminé" in words(office.get(f"{HERE}/travaux/"))


def test_letters_of_a_school_taken_up_again(services, world, office, many):
    """Stopped by its asker, then « Reprendre »; one that is over has no such button."""
    office.get(f"{HERE}/notifications/preparer")
    address = office.submit("/editer").request.path
    page = office.submit("/arreter")
    assert "« Reprendre » fait le reste" in words(page)
    page = office.submit("/reprendre")
    assert "Le travail reprend où il en était." in words(page)
    work_once(services.site)
    page = office.get(address)
    assert "4 notifications éditées." in words(page)
    assert not any("reprendre" in action for action, _fields in office.forms())


def test_a_letter_that_is_newer_is_kept(services, world, office, many):
    """What was issued by hand since the work was asked for is not voided when it goes on."""
    office.get(f"{HERE}/notifications/preparer?choix=unused")
    address = office.submit("/editer").request.path
    office.submit("/arreter")
    services.site.clock.advance(minutes=5)
    by_hand = {"which": LetterChoice.UNUSED, "class_group": "3 A"}
    plan = letters_usecase.plan_letters(services.site, COLLEGE, **by_hand)
    list(letters_usecase.issue_letters(services.site, plan))
    office.get(address)
    office.submit("/reprendre")
    work_once(services.site)
    assert "2 notifications éditées." in words(office.get(address))


def test_lines_of_a_school(services, world, office, many):
    """For a mail merge: one table, whose heading comes once."""
    office.get(f"{HERE}/notifications/preparer")
    address = office.submit("/editer", document="csv").request.path
    work_once(services.site)
    office.get(address)
    answer = office.submit("/resultat")
    assert answer.headers["Content-Disposition"].endswith("notifications.csv")
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert [line.startswith("Destinataire") for line in lines] == [True, False, False, False, False]


def test_letters_of_a_school_asked_twice(services, world, office, many):
    """A second click finds what the first has asked for; a colleague is told to wait."""
    office.get(f"{HERE}/notifications/preparer")
    (fields,) = [fields for action, fields in office.forms() if "editer" in action]
    first = office.client.post(f"{HERE}/notifications/editer", data=fields)
    again = office.client.post(f"{HERE}/notifications/editer", data=fields)
    assert first.location == again.location
    colleague = Browser(services)
    colleague.sign_in(world.staff(Role.HEAD, COLLEGE).login_name, PASSWORD)
    assert colleague.get(first.location).status_code == 404, "another's"
    colleague.get(f"{HERE}/notifications/preparer")
    assert "fait déjà éditer des notifications" in words(colleague.submit("/editer"))


def test_letters_of_a_school_stopped(services, world, office, many):
    """Before anybody does it: at once, and nothing was issued."""
    office.get(f"{HERE}/notifications/preparer")
    office.submit("/editer")
    assert "Le travail est arrêté." in words(office.submit("/arreter"))
    assert work_once(services.site) is None
    assert len(letters_usecase.plan_letters(services.site, COLLEGE).candidates) == 4


def test_rights_lost_before_the_work(services, world, office, many):
    """It is refused with words; nothing was issued."""
    office.get(f"{HERE}/notifications/preparer")
    address = office.submit("/editer").request.path
    with services.site.database.writing() as tx:
        tx.connection.execute(text("UPDATE core_assignments SET until_on = '2020-01-01'"))
    work_once(services.site)
    assert len(letters_usecase.plan_letters(services.site, COLLEGE).candidates) == 4
    with services.site.database.writing() as tx:
        tx.connection.execute(text("UPDATE core_assignments SET until_on = NULL"))
    assert "Vous n’aviez plus le droit" in words(office.get(address))


def handed(services, class_group="3 A"):
    """Who is noted as having the letter."""
    lines = class_sheet(services.site, COLLEGE, class_group).lines
    return [line.account.audience for line in lines if line.is_handed]


def test_ticks(services, world, office):
    """One save for a class; all ticked at once but the absent; undone as easily."""
    office.get(f"{HERE}/notifications/preparer?classe=3+A")
    office.submit("/editer", class_group="3 A")
    page = office.get(f"{HERE}/notifications/classe?classe=3+A")
    boxes = re.findall(r'name="ticked" value="([^"]+)"', page.text)
    assert len(boxes) == 2
    page = office.submit("/remises", ticked=boxes[:1])
    assert "1 remise enregistrée." in words(page)
    assert handed(services) == [Audience.GUARDIAN]
    assert "par Claude DURAND" in words(page)
    page = office.get(f"{HERE}/notifications/classe?classe=3+A&cocher=tout")
    assert "rien n’est encore noté" in words(page)
    assert handed(services) == [Audience.GUARDIAN], "looking changes nothing"
    assert "1 remise enregistrée." in words(office.submit("/remises"))
    assert len(handed(services)) == 2
    assert "Rien n’a changé." in words(office.submit("/remises"))
    office.get(f"{HERE}/notifications/classe?classe=3+A&cocher=rien")
    assert "2 remises annulées." in words(office.submit("/remises"))
    assert handed(services) == []


def test_two_people_tick_the_same_class(services, world, office):
    """Who saves second does not undo what the first has ticked."""
    office.get(f"{HERE}/notifications/preparer?classe=3+A")
    office.submit("/editer", class_group="3 A")
    colleague = Browser(services)
    colleague.sign_in(world.staff(Role.HEAD, COLLEGE).login_name, PASSWORD)
    page = colleague.get(f"{HERE}/notifications/classe?classe=3+A")
    boxes = re.findall(r'name="ticked" value="([^"]+)"', page.text)
    office.get(f"{HERE}/notifications/classe?classe=3+A")
    office.submit("/remises", ticked=boxes[:1])
    colleague.submit("/remises", ticked=boxes[1:])
    assert len(handed(services)) == 2


def test_ticks_that_cannot_be_read(services, world, office):
    """A form tampered with changes nothing and says so."""
    office.get(f"{HERE}/notifications/preparer?classe=3+A")
    office.submit("/editer", class_group="3 A")
    office.get(f"{HERE}/notifications/classe?classe=3+A")
    page = office.submit("/remises", ticked=["not an id"])
    assert "n’a pas pu être lue" in words(page)
    assert handed(services) == []
    assert office.get(f"{HERE}/notifications/classe?classe=9+Z").status_code == 404


def test_the_funnel_by_class(world, office):
    """For guardians and for students, with figures beside each bar."""
    page = office.get(f"{HERE}/notifications?public=student")
    assert "Adresses confirmées" in words(page)
    rows = re.findall(r"<tr role=\"row\">.*?</tr>", page.text, re.DOTALL)
    assert len(rows) == 3
    assert rows[1].count("<svg") == 4
    assert "sur 1" in words(page)
