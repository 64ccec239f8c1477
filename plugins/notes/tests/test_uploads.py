"""A file given on the school's page: tried, confirmed or dropped, and what is kept of it."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from sqlalchemy import text

from teleservices_core.domain.staff import Role
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.working import work_once
from teleservices_notes.exchange import COLUMNS
from teleservices_notes.pages import imports as imports_page
from teleservices_notes.usecases import uploads

PATH = f"/ecole/{COLLEGE}/notes/imports/"
ROW = "6 B;MATHS;Mathématiques;Mme Petit;Contrôle;05/10/2026;20;1;non;;{};{};07/10/2026 18:20"


@pytest.fixture
def head(school):
    """The head, signed in."""
    browser = Browser(school.services)
    login_name = World(school.services).staff(Role.HEAD, COLLEGE).login_name
    browser.sign_in(login_name, PASSWORD)
    return browser


def give(browser, content, name="notes.csv"):
    """Choose a file and press the button."""
    browser.get(PATH)
    return browser.submit("imports/", file=(BytesIO(content.encode()), name))


def a_file(school, mark="14,5"):
    """A mark of the child, and a line that is none."""
    rows = [";".join(COLUMNS), ROW.format(school.student.ine, mark), ROW.format("?", "2")]
    return "\n".join(rows)


def told(page):
    """The page with plain spaces."""
    return page.text.replace("\u00a0", " ").replace("\u202f", " ")


def number_of(school, table):
    """How many rows a table has."""
    with school.services.site.database.reading() as tx:
        return tx.connection.scalar(text(f"SELECT count(*) FROM {table}"))


def test_try_then_confirm(school, head):
    """Nothing is written before the confirmation; then the file is gone and its report stays."""
    page = give(head, a_file(school))
    assert "Rien n’est encore enregistré" in told(page)
    assert "Ligne 3" in told(page)
    assert (number_of(school, "notes_marks"), number_of(school, "notes_uploads")) == (0, 1)
    address = page.request.path
    page = head.submit(address.rsplit("/", 1)[1], choice="confirm")
    assert "1 note enregistrée ou corrigée." in told(page)
    assert "Ligne 3" in told(page)
    assert (number_of(school, "notes_marks"), number_of(school, "notes_uploads")) == (1, 0)
    assert "14,5" in school.browser.get(school.path).text
    assert "terminé" in told(head.get(PATH))
    with school.services.site.database.reading() as tx:
        entry = tx.audit.latest(1)[0]
    assert (entry.action, entry.actor) == ("notes.imported", "Claude DURAND")


def test_a_large_file(school, head, monkeypatch):
    """Confirmed twice, it is one work of the worker's, which leads back to the import."""
    monkeypatch.setattr(imports_page, "AT_ONCE", 1)
    page = give(head, a_file(school))
    address = page.request.path
    page = head.submit(address.rsplit("/", 1)[1], choice="confirm")
    job = page.request.path
    assert "En attente" in told(page)
    head.get(address)
    assert head.submit(address.rsplit("/", 1)[1], choice="confirm").request.path == job
    assert number_of(school, "notes_marks") == 0
    assert work_once(school.services.site) is not None
    assert "1 note enregistrée ou corrigée." in told(head.get(job))
    assert (number_of(school, "notes_marks"), number_of(school, "notes_uploads")) == (1, 0)
    assert "terminé" in told(head.get(address))


def test_a_file_too_large_to_be_tried_at_once(school, head, monkeypatch):
    """Kept, tried by the worker, and from there as one that was tried on the page."""
    monkeypatch.setattr(imports_page, "TRIED_AT_ONCE", 100)
    job = give(head, a_file(school)).request.path
    assert "/travaux/" in job
    (number,) = re.findall(r'href="([^"]+/imports/[0-9a-f-]{36})"', head.get(PATH).text)
    assert "Ce fichier est à l’essai" in told(head.get(number))
    assert work_once(school.services.site) is not None
    page = head.get(job)
    assert "2 lignes lues. Rien n’est enregistré" in told(page)
    assert f'href="{number}"' in page.text
    page = head.get(number)
    assert "Rien n’est encore enregistré" in told(page)
    assert "Ligne 3" in told(page)
    head.submit(number.rsplit("/", 1)[1], choice="confirm")
    assert (number_of(school, "notes_marks"), number_of(school, "notes_uploads")) == (1, 0)


def test_a_large_file_that_is_none(school, head, monkeypatch):
    """What its beginning shows is said beside the field; what the worker finds, on its page."""
    monkeypatch.setattr(imports_page, "TRIED_AT_ONCE", 100)
    page = give(head, "bonjour;" * 100)
    assert page.status_code == 422
    assert "Ce n’est pas un fichier de notes" in told(page)
    monkeypatch.setattr(uploads, "_GLANCE", 1)
    job = give(head, a_file(school) + "\nx;" * 300).request.path
    work_once(school.services.site)
    page = head.get(job)
    assert "Le fichier n’a pas pu être lu : plus de 200 lignes" in told(page)
    assert "Reprendre" not in told(page)
    assert number_of(school, "notes_imports") == number_of(school, "notes_uploads") == 0


def test_stopped_and_taken_up_again(school, head, monkeypatch, clock):
    """The file is kept for it as long as one that waits to be confirmed, then removed."""
    monkeypatch.setattr(imports_page, "AT_ONCE", 1)
    number = give(head, a_file(school)).request.path
    job = head.submit(number.rsplit("/", 1)[1], choice="confirm").request.path
    site = school.services.site
    assert work_once(site, lambda: True) is not None
    head.get(job)
    head.submit("/arreter")
    head.get(job)
    head.submit("/reprendre")
    work_once(site)
    assert "1 note enregistrée ou corrigée." in told(head.get(job))
    assert number_of(school, "notes_uploads") == 0


def test_drop(school, head):
    """Dropped: no trace of the file."""
    page = give(head, a_file(school))
    head.submit(page.request.path.rsplit("/", 1)[1], choice="drop")
    assert number_of(school, "notes_imports") == number_of(school, "notes_uploads") == 0
    assert number_of(school, "notes_marks") == 0


def test_too_late(school, head, clock):
    """A day later it can no longer be confirmed, and the next file takes its place."""
    page = give(head, a_file(school))
    here = page.request.path
    clock.advance(hours=24, minutes=1)
    login_name = World(school.services).staff(Role.HEAD, COLLEGE).login_name
    head.sign_in(login_name, PASSWORD)
    assert "pas été confirmé à temps" in told(head.get(here))
    give(head, a_file(school))
    assert number_of(school, "notes_imports") == 1
    assert head.get(here).status_code == 404


@pytest.mark.parametrize("content", ["", "bonjour", "classe;note\n6 B;12"])
def test_not_a_marks_file(school, head, content):
    """Said beside the field; nothing is kept."""
    page = give(head, content)
    assert page.status_code == 422
    assert "Ce n’est pas un fichier de notes" in told(page)
    assert number_of(school, "notes_imports") == 0


def test_confirmed_twice(school, head):
    """The second is told; the marks are recorded once."""
    page = give(head, a_file(school))
    here = page.request.path
    again = dict(next(f for _a, f in head.forms() if "choice" in f))
    head.submit(here.rsplit("/", 1)[1], choice="confirm")
    head.page = head.client.post(here, data=again, follow_redirects=True)
    assert "n’est plus à confirmer" in told(head.page)
    assert number_of(school, "notes_marks") == 1


def test_a_class_where_nobody_is(school, head):
    """Named before the confirmation, since it is a group or a slip; the marks are not left out."""
    rows = [";".join(COLUMNS), ROW.format(school.student.ine, "12").replace("6 B", "6 Z")]
    page = give(head, "\n".join(rows))
    assert "Une classe inconnue : 6 Z" in told(page)
    page = head.submit(page.request.path.rsplit("/", 1)[1], choice="confirm")
    assert "1 note enregistrée ou corrigée." in told(page)
    assert "classe inconnue" not in told(give(head, a_file(school)))


def test_nothing_new(school, head):
    """A file that was taken already is said to change nothing."""
    page = give(head, a_file(school))
    head.submit(page.request.path.rsplit("/", 1)[1], choice="confirm")
    assert "ne changerait rien" in told(give(head, a_file(school)))
    assert "ne changerait rien" not in told(give(head, a_file(school, "9")))
