"""The console of an establishment, through its pages."""

from __future__ import annotations

import types
from datetime import date, timedelta
from enum import StrEnum

import pytest
from attrs import field, frozen, validators

from teleservices_core.app import Teleservices
from teleservices_core.contributions import ModuleOptions
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Assignment, Role, StaffMember
from teleservices_core.domain.values import Mef
from teleservices_core.hookspecs import HOOK_API, hookimpl
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    YEAR,
    a_link,
    a_module,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.module_options import options_of
from teleservices_core.usecases.opening import set_opening

from .test_statements import counted

HOME = f"/ecole/{COLLEGE}/"


class Rhythm(StrEnum):
    """An enumeration of texts."""

    DAILY = "daily"
    WEEKLY = "weekly"


@frozen
class ClubOptions:
    """Options of each kind."""

    is_shown: bool = field(default=True, metadata={"label": lambda: "Montrer les clubs"})
    places: int = field(
        default=12, validator=validators.ge(1), metadata={"label": lambda: "Places"}
    )
    rhythm: Rhythm = field(
        default=Rhythm.WEEKLY,
        metadata={
            "label": lambda: "Rythme",
            "choices": {Rhythm.DAILY: lambda: "Chaque jour", Rhythm.WEEKLY: lambda: "Par semaine"},
        },
    )
    first_on: date = field(default=date(2026, 9, 1), metadata={"label": lambda: "Premier jour"})
    notice: str = field(default="", metadata={"label": lambda: "Mot", "hint": lambda: "Court."})


def clubs():
    """A plugin with one module and its options."""
    plugin = types.ModuleType("clubs")
    plugin.HOOK_API = HOOK_API

    @hookimpl
    def teleservices_modules():
        return [a_module("clubs", title="Clubs")]

    @hookimpl
    def teleservices_module_options():
        return [ModuleOptions("clubs", ClubOptions)]

    plugin.teleservices_modules = teleservices_modules
    plugin.teleservices_module_options = teleservices_module_options
    return plugin


@pytest.fixture
def site(services):
    """A site with « Clubs », a school of two levels and its people."""
    services = Teleservices(
        services.settings,
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
        plugins={"clubs": clubs()},
    )
    world = World(services)
    world.establishment()
    for code, mef in (("6 A", "10010012110"), ("6 B", "10010012110"), ("3 A", "10310019110")):
        child = a_student(first_name=f"Enfant{code[0]}{code[-1]}")
        world.student(child, a_schooling(child.id, class_group=code, mef=Mef(mef)))
        mother = an_adult(first_name=f"Mère{code[0]}{code[-1]}")
        world.adult(mother, a_link(child.id, mother.id))
        world.account(mother, Audience.GUARDIAN, login_name=f"mere.{code[0]}{code[-1]}".lower())
    return services


def enter(services, role=Role.HEAD, **changes):
    """A browser of a member of the staff."""
    browser = Browser(services)
    browser.sign_in(World(services).staff(role, COLLEGE, **changes).login_name, PASSWORD)
    return browser


def family(services, login):
    """What a mother reads on her first page."""
    browser = Browser(services)
    return browser.sign_in(login, PASSWORD).text


def flip(browser, **typed):
    """Press the switch of guardians for « Clubs »."""
    return browser.submit(
        "/modules", module_id="clubs", audience="guardian", **{"stance": "open", **typed}
    )


@pytest.mark.faq("F04")
def test_a_class_apart(site):
    """Open for the establishment, closed for one class: each family reads its own."""
    head = enter(site)
    head.get(HOME)
    assert "maintenant ouvert" in flip(head).text
    page = head.get(f"{HOME}modules/clubs")
    assert page.text.index("6e") < page.text.index("6 B") < page.text.index("3 A")
    page = flip(head, class_group="6 B", stance="closed")
    assert "maintenant fermé aux responsables (6 B)" in page.text
    assert "a fermé ce téléservice pour cette classe (6 B)" in family(site, "mere.6b")
    assert "a fermé" not in family(site, "mere.6a")
    assert "Sauf 1 niveau ou classe" in head.get(HOME).text
    head.get(f"{HOME}modules/clubs")
    assert "suit de nouveau" in flip(head, class_group="6 B", stance="inherited").text
    assert "a fermé" not in family(site, "mere.6b")


def test_two_heads_at_one_switch(site):
    """The second sees what the first did instead of undoing it unawares."""
    first, second = enter(site), enter(site, Role.DEPUTY, display_name="Lou PETIT")
    first.get(HOME)
    second.get(HOME)
    flip(first)
    page = flip(second)
    assert "Une autre personne vient de changer ce réglage" in page.text


def test_the_year_in_preparation(site):
    """Choices of next year are made apart, or copied but for classes."""
    head = enter(site)
    school = Scope.establishment(COLLEGE)
    for scope in (school, Scope.division(COLLEGE, "6 B")):
        set_opening(site.site, None, scope, "clubs", Audience.GUARDIAN, Stance.OPEN)
    page = head.get(f"{HOME}annee?annee={YEAR.next.start}")
    assert "Reprendre 1 choix de l’année précédente" in page.text
    page = head.submit("reprendre")
    assert "1 choix de l’année précédente est repris" in page.text
    with site.site.database.reading() as tx:
        copied = tx.policy.policy([COLLEGE], YEAR.next).openings
    assert [(each.scope, each.stance) for each in copied] == [(school, Stance.OPEN)]
    assert "Reprendre" not in head.get(f"{HOME}annee?annee={YEAR.next.start}").text
    assert head.get(f"{HOME}annee?annee=2031").status_code == 404


def test_see_as_a_family_at_a_date(site, clock):
    """What a class will find later, without changing anything; in the year of that day."""
    head = enter(site)
    set_opening(
        site.site,
        None,
        Scope.establishment(COLLEGE),
        "clubs",
        Audience.GUARDIAN,
        Stance.OPEN,
        SchoolYear(2027),
    )
    now = head.get(f"{HOME}voir-comme")
    assert "n’a pas encore ouvert" in now.text
    later = head.get(f"{HOME}voir-comme?public=guardian&classe=6+A&le=2027-10-04&heure=09%3A30")
    assert "Ouvert par l’établissement" in later.text
    assert "4 octobre 2027" in later.text
    assert "Date ou heure illisible" in head.get(f"{HOME}voir-comme?le=demain").text


def test_welcome_and_contacts(site):
    """Families read them at once; a second writer loses nothing."""
    office, head = enter(site, Role.SCHOOL_OFFICE), enter(site)
    office.get(f"{HOME}accueil")
    head.get(f"{HOME}accueil")
    office.submit(
        "accueil",
        welcome="Réunion le 3.\n<b>À 18 h</b>",
        office_phone="03 80 11 22 33",
        office_email="Bureau@Exemple.FR",
        office_hours="le matin",
    )
    page = family(site, "mere.6a")
    assert "Réunion le 3.\n&lt;b&gt;À 18 h&lt;/b&gt;" in page
    assert page.count("Réunion le 3.") == 1
    page = head.submit("accueil", welcome="Autre message")
    assert page.status_code == 422
    assert "Une autre personne a enregistré entre-temps" in page.text
    assert "Autre message" in page.text
    assert "Réunion le 3." in page.text
    assert head.submit("accueil", welcome="Autre message").status_code == 200
    with site.site.database.reading() as tx:
        found = tx.roster.establishment(COLLEGE)
    assert found.welcome == "Autre message"
    assert found.phone == "03 53 01 00 01", "an empty contact leaves the académie's"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("office_phone", "appelez-nous", "Écrivez un numéro"),
        ("office_email", "bureau", "prenom@exemple.fr"),
        ("welcome", "a" * 2_001, "trop long"),
    ],
)
def test_faulty_contacts_are_refused(site, field, value, said):
    """The field is named, the text is kept, nothing is stored."""
    office = enter(site, Role.SCHOOL_OFFICE)
    office.get(f"{HOME}accueil")
    page = office.submit("accueil", **{"welcome": "Bonjour", field: value})
    assert page.status_code == 422
    assert said in page.text
    assert value in page.text
    with site.site.database.reading() as tx:
        assert tx.school_pages.page(COLLEGE).version == 0


def test_options_are_drawn_and_checked(site):
    """One control for each field; faults by field; typed answers kept; one version at a time."""
    head = enter(site)
    page = head.get(f"{HOME}modules/clubs/options")
    for shown in ("Montrer les clubs", "Par semaine", 'type="number"', 'value="2026-09-01"'):
        assert shown in page.text
    page = head.submit("options", places="douze", notice="À bientôt")
    assert page.status_code == 422
    assert "Écrivez un nombre entier" in page.text
    assert "À bientôt" in page.text
    page = head.submit("options", places="0", rhythm="daily")
    assert page.status_code == 422
    assert "Ce nombre n’est pas dans les limites indiquées" in page.text
    stale = enter(site, Role.DEPUTY)
    stale.get(f"{HOME}modules/clubs/options")
    saved = head.submit("options", places="20", rhythm="daily", first_on="2026-10-01")
    assert "Les options sont enregistrées" in saved.text
    assert "Une autre personne a enregistré" in stale.submit("options", places="30").text
    with site.site.database.reading() as tx:
        chosen = options_of(site.site, tx, COLLEGE, "clubs", YEAR)
        other = options_of(site.site, tx, COLLEGE, "clubs", YEAR.next)
    expected = ClubOptions(True, 20, Rhythm.DAILY, date(2026, 10, 1), "À bientôt")
    assert chosen.options == expected
    assert other.options == ClubOptions(), "a school year at a time"


def test_options_that_no_longer_fit(site, clock):
    """What an older plugin stored and a newer refuses: defaults hold, and it is said."""
    with site.site.database.writing() as tx:
        tx.school_pages.replace_options(
            COLLEGE, "clubs", YEAR, {"gone": 1}, version=0, set_by="", set_at=clock.now()
        )
    page = enter(site).get(f"{HOME}modules/clubs/options")
    assert "ne conviennent plus" in page.text
    assert 'value="12"' in page.text


def test_a_delegated_person_decides_for_a_time(site, clock):
    """Given by the head on his page; ends by itself or when taken back."""
    member = StaffMember(a_student().id, "BERNARD", "Luce", "luce@example.org")
    account = World(site).account(member, Audience.STAFF)
    with site.site.database.writing() as tx:
        tx.staff.save(member, [Assignment(member.id, Role.SCHOOL_OFFICE, COLLEGE)])
    luce = Browser(site)
    luce.sign_in(account.login_name, PASSWORD)
    head = enter(site)
    head.get(f"{HOME}delegations")
    page = head.submit("delegations", staff_id=str(member.id), module_id="clubs", until_on="hier")
    assert page.status_code == 422
    until = (clock.now() + timedelta(days=3)).date().isoformat()
    chosen = {"staff_id": str(member.id), "module_id": "clubs", "from_on": "2026-11-24"}
    assert "La délégation est donnée" in head.submit("delegations", **chosen, until_on=until).text
    luce.get(HOME)
    assert "maintenant ouvert" in flip(luce).text
    head.get(f"{HOME}delegations")
    assert "La délégation est retirée" in head.submit("/fin").text
    assert flip(luce, stance="closed").status_code == 403


def test_the_office_reads_only(site):
    """Without delegation, no switch can be pressed and no delegation page opens."""
    office = enter(site, Role.SCHOOL_OFFICE)
    assert "disabled" in office.get(HOME).text
    assert office.get(f"{HOME}delegations").status_code == 404
    assert "Fermer<" not in office.get(f"{HOME}modules/clubs").text


@pytest.mark.parametrize(
    ("path", "most"),
    [("", 6), ("modules/clubs", 6), ("voir-comme", 5), ("annee", 11), ("accueil", 4)],
)
def test_statements(site, path, most):
    """Session, roles, establishment, then what the page shows: whatever the number of classes."""
    head = enter(site)
    with counted(site.engine) as few:
        assert head.get(HOME + path).status_code == 200
    world = World(site)
    for number in range(12):
        child = a_student()
        world.student(child, a_schooling(child.id, class_group=f"5 {number}"))
    with counted(site.engine) as many:
        head.get(HOME + path)
    assert len(few) == len(many) <= most, many
