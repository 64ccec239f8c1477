"""A file given on the school's page: tried, confirmed or dropped, and what is kept of it."""

from __future__ import annotations

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
