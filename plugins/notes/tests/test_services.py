"""Who teaches what: a school's file, and what becomes of it."""

from __future__ import annotations

from io import BytesIO

import pytest
from click.testing import CliRunner

from teleservices_core.domain.staff import Assignment, Role, StaffMember
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.world import PASSWORD, World
from teleservices_notes.commands import notes
from teleservices_notes.exchange import SERVICE_COLUMNS, read_services, write_services
from teleservices_notes.store import ClassMarks
from teleservices_notes.usecases.teaching import import_services

HEADER = ";".join(SERVICE_COLUMNS)
PAGE = f"/ecole/{COLLEGE}/notes/services"
MATHS = "6 B;MATHS;Mathématiques;Mme R. Petit;petit@example.org"
FRENCH = "6 B;FRANC;Français;M. Roy;"


@pytest.fixture
def take(school, tmp_path):
    """Import lines; Mme Petit is of the staff."""
    site = school.services.site
    member = StaffMember(site.new_id(), "PETIT", "Rose", "petit@example.org")
    with site.database.writing() as tx:
        tx.staff.save(member, [Assignment(member.id, Role.TEACHER, COLLEGE)])

    def take(*lines, header=HEADER, **options):
        path = tmp_path / "services.csv"
        path.write_text("\n".join([header, *lines]), encoding="utf-8")
        return import_services(site, None, COLLEGE, read_services(path), ClassMarks, **options)

    return take


def recorded(school):
    """Class, subject, teacher, and whether he has an account."""
    site = school.services.site
    with site.database.reading() as tx:
        return [
            (e.course.class_group, e.course.subject.code, e.teacher, e.staff_id is not None)
            for e in ClassMarks(tx.connection).services(COLLEGE, site.school_year())
        ]


def test_the_file_says_all(school, take):
    """Added, then unchanged, then removed as it goes out of the file."""
    assert take(MATHS, FRENCH, dry_run=True).added == 2
    assert recorded(school) == []
    report = take(MATHS, FRENCH)
    assert (report.added, report.without_account) == (2, 1)
    assert recorded(school) == [
        ("6 B", "FRANC", "M. Roy", False),
        ("6 B", "MATHS", "Mme R. Petit", True),
    ]
    again = take(FRENCH, MATHS)
    assert (again.added, again.changed, again.removed, again.unchanged) == (0, 0, 0, 2)
    assert take(MATHS).removed == 1
    assert len(recorded(school)) == 1


def test_a_faulty_line_removes_nothing(school, take):
    """What is not understood may be what is missing."""
    take(MATHS, FRENCH)
    report = take(MATHS, "6 B;FRANC;Français;;", "6 B;LATIN;Latin;M. X;inconnu@example.org")
    assert [fault.line for fault in report.faults] == [3, 4]
    assert "aucun membre du personnel" in report.faults[1].reason.replace("\u00a0", " ")
    assert report.removed == 0
    assert len(recorded(school)) == 2


def test_usual_names_of_columns(school, take):
    """Other titles, another order, other separators."""
    header = "Professeur\tDivision\tCode matière\tE-mail"
    assert take("Mme R. Petit\t6 B\tMATHS\tPetit@Example.org", header=header).added == 1
    assert recorded(school) == [("6 B", "MATHS", "Mme R. Petit", True)]


def test_command(school, take, tmp_path):
    """Said in words, and listed."""
    take()
    path = tmp_path / "services.csv"
    path.write_text(f"{HEADER}\n{FRENCH}", encoding="utf-8")
    where = ["--establishment", str(COLLEGE)]
    for words in (["services", str(path), *where], ["services", *where]):
        done = CliRunner().invoke(notes, words, obj=lambda: school.services)
        assert done.exit_code == 0, done.output
    assert "6 B;Français;M. Roy (sans compte)" in done.output.replace("\u00a0", " ")


@pytest.fixture
def give(school, take):
    """Give lines on the page, as the head; gives what the page says."""
    browser = Browser(school.services)
    browser.sign_in(World(school.services).staff(Role.HEAD, COLLEGE).login_name, PASSWORD)

    def give(*lines, encoding="utf-8"):
        browser.get(PAGE)
        file = BytesIO("\n".join([HEADER, *lines]).encode(encoding))
        browser.submit("services", file=(file, "services.csv"))
        return browser

    return give


def test_page(school, give, shown):
    """Tried, then replaced by a file without a fault; with one, nothing is."""
    browser = give(MATHS, FRENCH, encoding="windows-1252")
    told = shown(browser.page)
    assert "Mathématiques (Mme R. Petit) ; Français (M. Roy, sans compte)" in told
    assert "Seraient retirés" not in told
    assert recorded(school) == []
    told = shown(browser.submit("services"))
    assert "Services nouveaux : 2, modifiés : 0, retirés : 0" in told
    assert [each[0:2] for each in recorded(school)] == [("6 B", "FRANC"), ("6 B", "MATHS")]
    told = shown(give(FRENCH, "6 B;;Latin;M. X;").page)
    assert "Rien n’est enregistré" in told
    assert "Ligne 3" in told
    assert len(recorded(school)) == 2
    assert "ne change rien" in shown(give(FRENCH, MATHS).page)
    browser = give(MATHS)
    assert "Seraient retirés 6 B : Français (M. Roy, sans compte)" in shown(browser.page)
    assert len(recorded(school)) == 2
    assert "retirés : 1" in shown(browser.submit("services"))
    assert len(recorded(school)) == 1


def test_two_lists_at_once(school, give, take, shown):
    """What was not shown is not removed: the second is told and sees what it would do now."""
    browser = give(MATHS)
    take(FRENCH)
    page = browser.submit("services")
    assert page.status_code == 409
    assert "Une autre personne a changé la liste" in shown(page)
    assert "Seraient retirés 6 B : Français" in shown(page)
    assert [each[1] for each in recorded(school)] == ["FRANC"]
    browser.submit("services")
    assert [each[1] for each in recorded(school)] == ["MATHS"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [([], "Ce n’est pas une liste de services"), (["x" * 200_000], "3 000 lignes au plus")],
)
def test_no_list(school, give, shown, lines, said, monkeypatch):
    """Refused whole, with the reason."""
    monkeypatch.setattr(f"{__name__}.HEADER", "Classe;Professeur")
    page = give(*lines).page
    assert page.status_code == 422
    assert said in shown(page)


def test_written_as_read(tmp_path):
    """What a page keeps until it is confirmed says the same."""
    path = tmp_path / "services.csv"
    path.write_text(f'{HEADER}\n{MATHS}\n6 B;LCA;"Latin ; grec";"M. ""X""";', encoding="utf-8")
    lines = list(read_services(path))
    path.write_text(write_services(lines), encoding="utf-8")
    assert list(read_services(path)) == lines
    assert len(lines) == 2
