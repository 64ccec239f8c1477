"""« Ce qui est conservé »: what a switch closes stays readable, as it stood, and to nobody else."""

from __future__ import annotations

import types
from datetime import date, timedelta

import pytest
from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.contributions import Access, PersonalData, Route
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear, Window
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.policy import Campaign, Stance
from teleservices_core.domain.roster import Level
from teleservices_core.domain.scopes import Scope
from teleservices_core.errors import NotFoundError
from teleservices_core.hookspecs import HOOK_API, hookimpl
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    YEAR,
    a_link,
    a_module,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.campaigns import write_round
from teleservices_core.usecases.cut_offs import cut_off
from teleservices_core.usecases.kept import kept_about, read_kept
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.participation import set_participation
from teleservices_core.usecases.personal_data import data_of
from teleservices_core.web.responses import Page

SCHOOL = Scope.establishment(COLLEGE)


def diary(**more):
    """A plugin that keeps entries in a list, and shows those written by an instant."""
    plugin = types.ModuleType("diary")
    plugin.HOOK_API = HOOK_API
    plugin.entries = []

    def export(_tx, scope):
        told = [
            {"le": at, "texte": text}
            for child in scope.children
            for year, at, text in plugin.entries
            if year == child.schooling.school_year and at <= scope.at
        ]
        return {"entrées": told}

    @hookimpl
    def teleservices_modules():
        return [
            a_module("diary", title="Carnet", **more),
            a_module("extra", title="Options", requires=("diary",)),
        ]

    @hookimpl
    def teleservices_routes():
        def show(_context, student_id):
            return Page("accessibility.html")

        rule = "/eleves/<uuid:student_id>/carnet"
        return [Route("diary.child", rule, show, Access.CHILD, module_id="diary")]

    @hookimpl
    def teleservices_personal_data():
        says = lambda _figures: "Carnet"  # noqa: E731
        return [
            PersonalData("diary.entries", lambda: "Carnet", says, says, export, "diary"),
            PersonalData("diary.options", lambda: "Options", says, says, export, "extra"),
        ]

    plugin.teleservices_modules = teleservices_modules
    plugin.teleservices_routes = teleservices_routes
    plugin.teleservices_personal_data = teleservices_personal_data
    return plugin


class Family:
    """A mother and her child in a collège that has the plugin, and what happens to them."""

    def __init__(self, services, clock, **module):
        self.plugin, self.clock = diary(**module), clock
        self.services = Teleservices(
            services.settings,
            engine=services.engine,
            clock=clock,
            hasher=services.site.hasher,
            plugins={"diary": self.plugin},
            discover=False,
        )
        self.site = self.services.site
        self.world = World(self.services)
        self.world.establishment()
        self.child = a_student()
        self.world.student(self.child, a_schooling(self.child.id))
        self.account = self.guardian()

    def guardian(self, **link):
        """A guardian's account."""
        person = an_adult(first_name=f"Anne{uuid7().hex[-6:]}")
        self.world.adult(person, a_link(self.child.id, person.id, **link))
        return self.world.account(person, Audience.GUARDIAN)

    def decide(self, stance, scope=SCHOOL, module="diary", year=YEAR, audience=Audience.GUARDIAN):
        """Record a choice, ten minutes after what came before."""
        self.clock.advance(minutes=10)
        set_opening(self.site, None, scope, module, audience, stance, year)

    def write(self, text, year=YEAR):
        """Write an entry, a minute after what came before."""
        self.clock.advance(minutes=1)
        self.plugin.entries.append((year, self.clock.now(), text))

    def kept(self, account=None, module="diary"):
        """The last instants at which it was open."""
        found = kept_about(self.site, account or self.account, self.child.id, module)
        return [each.at for each in found]

    def read(self, account=None):
        """The texts that are kept, or nothing."""
        try:
            _module, years = read_kept(self.site, account or self.account, self.child.id, "diary")
        except NotFoundError:
            return None
        values = [section.values["entrées"] for year in years for section in year.sections]
        return [entry["texte"] for entries in values for entry in entries]


@pytest.fixture
def family(services, clock):
    """A family whose school opened the diary."""
    made = Family(services, clock)
    made.decide(Stance.OPEN)
    made.write("avant")
    return made


def test_closed_by_the_head(family):
    """The page explains, leads to what is kept, and shows it as it stood: in six statements."""
    family.decide(Stance.CLOSED)
    closed_at = family.clock.now()
    family.write("après")
    browser = Browser(family.services)
    home = browser.sign_in(family.account.login_name, PASSWORD)
    path = f"/eleves/{family.child.id}/carnet"
    assert path in home.text, "the closed tile leads to its explanation"
    with counted(family.services.engine) as seen:
        page = browser.get(path)
    assert page.status_code == 403
    assert len(seen) == 6, seen
    kept = f"/eleves/{family.child.id}/garde/diary/"
    assert kept in page.text
    with counted(family.services.engine) as seen:
        page = browser.get(kept)
    assert page.status_code == 200
    assert len(seen) == 5, seen
    assert "Lecture seule, tel qu’au mardi 24 novembre 2026" in page.text.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert "avant" in page.text
    assert "après" not in page.text
    assert family.kept() == [closed_at - timedelta(microseconds=1)]
    family.decide(Stance.OPEN)
    assert family.kept() == [], "open again: its own page shows it"
    assert browser.client.get(kept).status_code == 404


def forbid(family):
    """The académie forbids it."""
    family.decide(Stance.FORBIDDEN, Scope.academie())


def leave(family):
    """The school leaves the téléservices."""
    family.clock.advance(minutes=10)
    set_participation(family.site, None, [COLLEGE], takes_part=False)


def close_class(family):
    """The head closes it for the class."""
    family.decide(Stance.CLOSED, Scope.division(COLLEGE, "6 B"))


def undo(family):
    """The head's choice is undone."""
    family.decide(None)


@pytest.mark.parametrize("close", [forbid, leave, close_class, undo])
def test_every_switch(family, close):
    """The académie, the school's leaving, one class, a choice undone: all leave it readable."""
    close(family)
    closed_at = family.clock.now()
    family.write("après")
    assert family.read() == ["avant"]
    assert family.kept() == [closed_at - timedelta(microseconds=1)]
    (section,) = (
        each
        for each in data_of(family.site, family.account.login_name).sections
        if each.data.id == "diary.entries"
    )
    (before,) = section.values["montré auparavant"]
    assert before["données"]["entrées"][0]["texte"] == "avant"
    assert before["tel qu’au"] < closed_at


def test_a_module_that_it_requires(family):
    """Closing one closes the other, and both stay readable."""
    family.decide(Stance.OPEN, module="extra")
    family.decide(Stance.CLOSED)
    assert family.kept(module="extra") == family.kept() != []


@pytest.mark.parametrize("stance", [Stance.CLOSED, Stance.OPEN])
def test_what_was_never_open_reveals_nothing(services, clock, stance):
    """« Fermé » on what was never open, or opened for students only: nothing."""
    family = Family(services, clock)
    family.write("jamais montré")
    family.decide(stance, audience=Audience.STUDENT)
    family.decide(Stance.CLOSED)
    assert family.read() is None
    copy = data_of(family.site, family.account.login_name)
    assert "jamais montré" not in str([section.values for section in copy.sections])


def test_the_end_of_a_round(services, clock):
    """After a campaign, between two of them, and when a round is cancelled while it runs."""
    family = Family(services, clock, opening_mode=OpeningMode.AUTOMATIC, has_campaign=True)
    start = clock.now()
    family.write("avant")

    def a_round(opens, closes):
        window = Window(start + timedelta(days=opens), start + timedelta(days=closes))
        return Campaign("diary", YEAR, window, id=uuid7())

    def write(before, after):
        with family.site.database.writing() as tx:
            write_round(family.site, tx, None, before, after)

    first, second = a_round(1, 2), a_round(4, 9)
    write(None, first)
    assert family.read() is None, "not yet open"
    clock.set(start + timedelta(days=3))
    family.write("après")
    assert family.read() == ["avant"]
    write(None, second)
    assert family.read() == ["avant"], "waiting for the next round"
    assert family.kept() == [first.window.until_at - timedelta(microseconds=1)]
    clock.set(start + timedelta(days=5))
    family.write("second tour")
    clock.advance(minutes=1)
    write(second, None)
    assert family.read() == ["avant", "après", "second tour"]
    assert family.kept() == [clock.now() - timedelta(microseconds=1)]


def test_a_right_that_is_missing_is_not_given_back(family):
    """A link that ended or weakened, a majority, a departure, a fault: nothing, page and copy."""
    day = family.site.academie.today(family.clock.now())
    former = family.guardian(until_on=day)
    contact = family.guardian(level=Level.CONTACT)
    stranger = family.world.account(an_adult(first_name="Zoé"), Audience.GUARDIAN)
    family.decide(Stance.CLOSED)
    assert family.read() == ["avant"]
    for account in (former, contact, stranger):
        assert family.read(account) is None
        copy = data_of(family.site, account.login_name)
        assert "avant" not in str([section.values for section in copy.sections])
    cut_off(family.site, None, "diary", "Essai")
    assert family.read() is None, "a plugin that is cut off is not asked"


def test_a_weak_link_a_majority_or_a_departure(services, clock):
    """The rules that say so say it here too."""
    family = Family(services, clock, least_level=Level.LEGAL, student_alone_when_adult=True)
    weak = family.guardian(level=Level.IN_CHARGE)
    family.decide(Stance.OPEN)
    family.write("avant")
    family.decide(Stance.CLOSED)
    assert family.read() == ["avant"]
    assert family.read(weak) is None
    grown = a_student(born_on=date(2008, 11, 26))
    family.world.student(grown, a_schooling(grown.id, left_on=date(2026, 11, 28)))
    person = an_adult(first_name="Luce")
    family.world.adult(person, a_link(grown.id, person.id))
    family.account, family.child = family.world.account(person, Audience.GUARDIAN), grown
    assert family.read() == ["avant"]
    clock.set(clock.now() + timedelta(days=2))
    assert family.read() is None, "of age"
    own = family.world.account(grown, Audience.STUDENT)
    family.decide(Stance.OPEN, audience=Audience.STUDENT)
    family.decide(Stance.CLOSED, audience=Audience.STUDENT)
    assert family.read(own) == ["avant"]
    clock.set(clock.now() + timedelta(days=3))
    assert family.read(own) is None, "left"


def test_past_school_years(family):
    """A new year takes back nothing: last year's school, to its last open instant."""
    family.world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    new = YEAR.next
    family.clock.set(family.site.academie.span(new).from_at)
    assert family.read() == ["avant"], "to the second"
    family.world.schooling(a_schooling(family.child.id, LYCEE, school_year=new))
    family.write("nouveau", year=new)
    assert family.read() == ["avant"]
    lycee = Scope.establishment(LYCEE)
    family.decide(Stance.OPEN, lycee, year=new)
    (section,) = (
        each
        for each in data_of(family.site, family.account.login_name).sections
        if each.data.id == "diary.entries"
    )
    assert [entry["texte"] for entry in section.values["entrées"]] == ["nouveau"]
    (before,) = section.values["montré auparavant"]
    assert before["année scolaire"] == str(YEAR)
    assert [entry["texte"] for entry in before["données"]["entrées"]] == ["avant"]
    family.decide(Stance.CLOSED, lycee, year=new)
    assert family.read() == ["nouveau", "avant"]
    with counted(family.services.engine) as seen:
        assert len(family.kept()) == 2
    assert len(seen) == 3, "whatever the number of years"


def test_a_plugin_that_fails_says_so(family, monkeypatch):
    """The page stands, and the copy says that it is not whole."""
    family.decide(Stance.CLOSED)
    family.plugin.entries.append((SchoolYear(2026), None, "illisible"))
    browser = Browser(family.services)
    browser.sign_in(family.account.login_name, PASSWORD)
    page = browser.get(f"/eleves/{family.child.id}/garde/diary/")
    assert "Lecture impossible pour le moment" in page.text
    copy = data_of(family.site, family.account.login_name)
    assert [s.values for s in copy.sections if s.data.id == "diary.entries"] == [None]
