"""Who of the staff reads what is kept about families: written down, told to them, counted."""

from __future__ import annotations

import types
from typing import Final

import pytest
from attrs import evolve
from click.testing import CliRunner

from teleservices_core.app import Teleservices
from teleservices_core.commands.doctor import doctor
from teleservices_core.contributions import Access
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.staff import Role
from teleservices_core.errors import UnavailableError
from teleservices_core.storage.journal import Audit
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.consultations import MANY, many_consultations

SHOWS_NO_FAMILY: Final = {
    "core.school": "modules and their figures",
    "core.module": "one module",
    "core.module_options": "its options",
    "core.see_as": "a family that does not exist",
    "core.school_year": "choices of the year",
    "core.welcome": "a text and contacts of the school",
    "core.delegations": "members of staff",
    "core.letters": "figures by class",
    "core.issue_letters": "letters, whose making is an act of its own",
    "core.job_result": "what its asker had made",
    "core.teaching": "pages of teachers",
    "core.hotline_family": "written with its reason before it is shown",
    "core.imports": "files and figures",
    "core.academy_imports": "files and figures",
    "core.jobs": "works and their progress",
    "core.job": "one of them; its result is for who asked",
    "core.lost_factor": "members of staff",
    "core.academy": "acts of schools",
    "core.academy_modules": "choices",
    "core.academy_module": "choices",
    "core.academy_years": "dates",
    "core.academy_schools": "establishments",
    "core.academy_school": "figures",
    "core.academy_campaigns": "dates",
    "core.academy_campaign": "dates",
    "core.academy_journal": "acts, for who oversees those who consult",
    "core.incidents": "plugins and acts",
    "core.renewal": "figures",
    "core.closing": "figures",
    "core.lifecycle": "figures",
    "fiche.round": "dates and figures by class",
    "fiche.deltas": "numbers of files",
    "notes.courses": "a teacher's classes",
    "notes.course": "marks that the class's own teacher gave",
    "notes.new_assessment": "an assessment",
    "notes.assessment": "an assessment",
    "notes.grid": "marks that the class's own teacher gives",
    "notes.imports": "files",
    "notes.import": "the file that the person has just sent",
    "notes.services": "members of staff",
    "notes.publication": "choices and figures",
    "notes.publication_assessments": "assessments",
    "notes.assessment_publication": "an assessment",
    "notes.competencies": "names of competencies",
}
"""Pages of the staff that write nothing down, and why."""
_STAFF: Final = {Access.SCHOOL, Access.HEAD, Access.TEACHER, Access.ACADEMY, Access.HOTLINE}


@pytest.fixture
def people(services):
    """Families of one child each, a head, the help line and the académie."""
    world = World(services)
    world.establishment()
    families = []
    for number in range(4):
        child = a_student(first_name=f"Élève{'abcd'[number]}")
        world.student(child, a_schooling(child.id))
        adult = an_adult(last_name=f"FAMILLE{'ABCD'[number]}")
        world.adult(adult, a_link(child.id, adult.id))
        account = world.account(adult, Audience.GUARDIAN)
        families.append(types.SimpleNamespace(child=child, account=account))
    return types.SimpleNamespace(
        families=families,
        head=world.staff(Role.HEAD, COLLEGE, display_name="Claude DURAND"),
        hotline=world.staff(Role.HOTLINE, display_name="Dominique PETIT"),
        academy=world.staff(Role.ACADEMY_ADMIN, display_name="Lou BLANC"),
    )


def signed_in(services, account):
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    return browser


def file_of(account):
    return f"/ecole/{COLLEGE}/comptes/{account.id}"


def looks(services, *actions):
    with services.site.database.reading() as tx:
        entries = tx.audit.latest(200)
    known = actions or services.plugins.catalogue.consultations
    return [e for e in entries if e.action in known]


def shows_something(route):
    """A page or a file: a form that is refused comes back on one."""
    answers = route.handler.__annotations__["return"]
    return "GET" in route.methods or "Page" in answers or "Download" in answers


def test_every_page_of_the_staff_says_whether_it_shows_families(services):
    """A new one has to be thought of."""
    catalogue = services.plugins.catalogue
    pages = [r for r in catalogue.routes if r.access in _STAFF and shows_something(r)]
    declared = {route.name for route in pages if route.consults}
    assert {route.name for route in pages} == declared | SHOWS_NO_FAMILY.keys()
    assert not declared & SHOWS_NO_FAMILY.keys()
    assert all(route.access in _STAFF for route in catalogue.routes if route.consults)


def test_a_family_reads_who_opened_its_account(services, people, clock):
    """Once in a quarter of an hour; by whom, in which function and school."""
    one, other, *_rest = people.families
    desk = signed_in(services, people.head)
    for _again in range(3):
        desk.get(file_of(one.account))
    assert len(looks(services)) == 1
    said = signed_in(services, one.account).get("/compte/consultations").text
    assert said.count("Fiche du compte consultée") == 1
    assert "Claude DURAND, direction de l’établissement, Collège des Trois-Rivières" in said
    assert "Personne pour le moment" in (
        signed_in(services, other.account).get("/compte/consultations").text
    )
    clock.advance(minutes=15)
    desk.get(file_of(one.account))
    assert len(looks(services)) == 2


def test_the_help_line_too(services, people):
    """Opening an account's file is a look, whether or not a reason is then noted."""
    one = people.families[0]
    signed_in(services, people.hotline).get(f"/assistance/comptes/{one.account.id}")
    said = signed_in(services, one.account).get("/compte/consultations").text
    assert "Fiche du compte consultée" in said
    assert "Dominique PETIT, assistance de l’académie" in said


def test_a_form_that_is_refused_shows_as_much(services, people, clock):
    """The whole file comes back with the error: that is one look more."""
    one, other, *_rest = people.families
    told = "consulted.account"
    for staff, page, target, account, typed in (
        (people.hotline, f"/assistance/comptes/{one.account.id}", "", one, {"act": "zzz"}),
        (people.head, file_of(other.account), "/notification", other, {}),
    ):
        desk = signed_in(services, staff)
        desk.get(page)
        clock.advance(minutes=15)
        before = len(looks(services, told))
        token = next(
            fields["csrf_token"] for _action, fields in desk.forms() if "csrf_token" in fields
        )
        refused = desk.client.post(
            page + target, data={"csrf_token": token, **typed}, base_url=desk.base_url
        )
        assert refused.status_code == 422
        assert account.account.display_name in refused.text
        assert len(looks(services, told)) == before + 1


def test_about_a_child(services, people):
    """His guardian reads it, with his name."""
    one = people.families[0]
    desk = signed_in(services, people.head)
    desk.get(f"/ecole/{COLLEGE}/rattachements/{one.child.id}")
    said = signed_in(services, one.account).get("/compte/consultations").text
    assert "Rattachements consultés" in said
    assert "pour Élèvea" in said


def test_a_list_is_about_nobody(services, people):
    """It is in the journal, not on every family's page."""
    signed_in(services, people.head).get(f"/ecole/{COLLEGE}/comptes")
    assert [(e.action, e.subject_id, e.uai) for e in looks(services)] == [
        ("consulted.accounts", None, COLLEGE)
    ]
    said = signed_in(services, people.families[0].account).get("/compte/consultations").text
    assert "Personne pour le moment" in said


def test_what_is_refused_is_no_look(services, people):
    """An account that is not of the school, a page that is not there, a family's own pages."""
    one = people.families[0]
    desk = signed_in(services, people.head)
    assert desk.get(file_of(people.academy)).status_code == 404
    assert desk.get(f"/assistance/comptes/{one.account.id}").status_code == 404
    family = signed_in(services, one.account)
    assert family.get(file_of(one.account)).status_code == 404
    for page in ("/", "/compte", "/compte/consultations"):
        family.get(page)
    assert looks(services) == []


def test_what_cannot_be_written_down_is_not_shown(services, people, monkeypatch):
    """Nothing of the account leaves."""
    one = people.families[0]
    desk = signed_in(services, people.head)

    def away(_self, _entry):
        raise UnavailableError("busy")

    monkeypatch.setattr(Audit, "add", away)
    page = desk.get(file_of(one.account))
    assert page.status_code == 503
    assert "FAMILLEA" not in page.text


def test_the_journal_finds_them(services, people):
    """All looks of one person at once, of every plugin."""
    desk = signed_in(services, people.head)
    desk.get(file_of(people.families[0].account))
    desk.get(f"/ecole/{COLLEGE}/fiche")
    console = signed_in(services, people.academy)
    asked = f"/academie/journal?acte=consulted&personne={people.head.login_name}"
    said = console.get(asked).text
    assert "Fiche du compte consultée" in said
    assert "Liste des modifications de fiches consultée" in said
    assert "Fiche du compte consultée" not in console.get("/academie/").text


def test_who_reads_many_families_is_told(services, people, clock):
    """To the académie and by doctor, once a day; the same persons again do not count."""
    site = Teleservices(
        evolve(services.settings, consultations_per_day=3),
        engine=services.engine,
        clock=clock,
        hasher=services.site.hasher,
    )
    desk = signed_in(site, people.head)
    for family in people.families[:2]:
        for _again in range(3):
            desk.get(file_of(family.account))
            clock.advance(minutes=16)
            desk = signed_in(site, people.head)
    desk.get(f"/ecole/{COLLEGE}/comptes")
    assert looks(site, MANY) == []
    for family in people.families[2:]:
        desk.get(file_of(family.account))
    (told,) = looks(site, MANY)
    assert (told.actor, told.detail) == (
        "Claude DURAND",
        {"number": 3, "login": people.head.login_name},
    )
    said = signed_in(site, people.academy).get("/academie/").text
    assert "a consulté plus de 3 personnes en un jour" in said
    assert f"personne={people.head.login_name}" in said
    found = CliRunner().invoke(doctor, obj=lambda: site).output
    assert "a consulté plus de 3 personnes en un jour" in found.replace("\u00a0", " ")
    clock.advance(days=1, minutes=1)
    desk = signed_in(site, people.head)
    for family in people.families:
        desk.get(file_of(family.account))
    assert len(looks(site, MANY)) == 2
    clock.advance(days=8)
    with site.site.database.reading() as tx:
        assert many_consultations(site.site, tx) == []
