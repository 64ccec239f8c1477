"""Continuity of access (F40 to F42): real imports, real sign-ins, real pages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from attrs import evolve

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.establishments import Establishment, EstablishmentKind
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.roster import Kinship, Level
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.importing import import_siecle
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.synth import (
    SynthAdult,
    SynthHousehold,
    SynthLink,
    SynthSchool,
    SynthStudent,
    write_siecle,
)
from teleservices_core.testing.synth.memory import export_time
from teleservices_core.usecases.claiming import (
    choose_password,
    confirm_email,
    give_email,
    skip_email,
)
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.lifecycle import run_lifecycle
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.signing_in import resume, sign_in

YEAR = SchoolYear(2026)
HERE = Establishment(Uai.from_digits("0219001"), "Collège Un", EstablishmentKind.COLLEGE)
THERE = Establishment(
    Uai.from_digits("0219002"), "Collège Deux", EstablishmentKind.COLLEGE, phone="0380000002"
)
ZOE = SynthStudent(1, "MARTIN", "Zoé", date(2013, 2, 1), ine=Ine.rnie(1), class_group="6 A")
LEO = SynthStudent(2, "MARTIN", "Léo", date(2014, 3, 1), ine=Ine.rnie(2), class_group="6 B")
MOTHER = SynthAdult(10, "MARTIN", "Ève", "MME")
FATHER = SynthAdult(11, "DURAND", "Luc", "M.")
CHOSEN = "quatre chats sur le toit"
LOGINS = ("zoe.martin", "leo.martin", "eve.martin", "luc.durand")


def family(*students, base=0):
    """The household in a school's base; each base numbers persons its own way."""
    links = tuple(
        SynthLink(student.id + base, adult.id + base, Level.LEGAL, kinship)
        for student in students
        for adult, kinship in ((MOTHER, Kinship.MOTHER), (FATHER, Kinship.FATHER))
    )
    return SynthHousehold(
        tuple(evolve(each, id=each.id + base) for each in students),
        tuple(evolve(each, id=each.id + base) for each in (MOTHER, FATHER)),
        links,
    )


@pytest.fixture
def load(services, tmp_path):
    """Import a school's base, as its secretariat exported it."""

    def load(establishment, *households, year=YEAR):
        folder = tmp_path / f"exports{len(list(tmp_path.iterdir()))}"
        write_siecle(folder, SynthSchool(establishment, year, export_time(year), households))
        paths = sorted(folder.glob("*.xml"))
        import_siecle(services.site, establishment.uai, paths, allow_departures=True)

    with services.site.database.writing() as tx:
        tx.roster.save_establishments([HERE, THERE])
    return load


def claim_all(services, uai):
    """Hand out the letters of a school and go through every first login."""
    site = services.site
    for letter in list(issue_letters(site, plan_letters(site, uai))):
        account = letter.candidate.account
        viewer = resume(site, sign_in(site, account.login_name, letter.code, source="x").secret)
        viewer = resume(site, choose_password(site, viewer, CHOSEN).secret)
        if account.audience is Audience.STUDENT:
            skip_email(site, viewer)
            continue
        give_email(site, viewer, f"{account.login_name}@example.org")
        deliver(site, services.mailer)
        text = services.mailer.messages()[0].get_content()
        confirm_email(site, text.split("/confirmer/")[1].split()[0], None)


def open_notes(services, establishment, year=YEAR):
    scope = Scope.establishment(establishment.uai)
    for audience in (Audience.GUARDIAN, Audience.STUDENT):
        set_opening(services.site, None, scope, "notes", audience, Stance.OPEN, year)


def home(services, login_name):
    """What the home page shows after a sign-in with the password chosen once."""
    browser = Browser(services)
    page = browser.sign_in(login_name, CHOSEN)
    assert page.request.path == "/", page.text
    return page.text


def sections(page):
    """The part of the home page about each child."""
    _head, *parts = page.split("<section")
    return {name: part for part in parts for name in ("Zoé", "Léo") if name in part.split(">")[0]}


def accounts(services):
    with services.site.database.reading() as tx:
        found = [tx.accounts.by_login(name) for name in LOGINS]
    return [each for each in found if each is not None]


def known(services):
    """What must not change: who has which account, and its password."""
    return [
        (each.id, each.holder_ids, each.password_hash, each.state) for each in accounts(services)
    ]


@pytest.mark.faq("F40")
@pytest.mark.parametrize("first", ["arrival", "departure"])
def test_a_change_of_school(services, load, clock, first):
    """Same identifiers and passwords for child and parents, whichever school imports first."""
    load(HERE, family(ZOE, LEO))
    open_notes(services, HERE)
    open_notes(services, THERE)
    claim_all(services, HERE.uai)
    before = known(services)
    assert len(before) == 4
    clock.advance(days=20)
    steps = [
        lambda: load(THERE, family(evolve(ZOE, class_group="6 Z"), base=700)),
        lambda: load(HERE, family(LEO)),
    ]
    for step in steps if first == "arrival" else reversed(steps):
        step()
    assert known(services) == before
    with services.site.database.reading() as tx:
        assert tx.accounts.in_use(LOGINS) == set(LOGINS)
    assert plan_letters(services.site, THERE.uai).candidates == (), "no letter is needed"
    for login in LOGINS[2:]:
        shown = sections(home(services, login))
        assert "Collège Deux" in shown["Zoé"]
        assert "6 Z" in shown["Zoé"]
        assert "Collège Un" in shown["Léo"]
        assert all("Ouvert" in part for part in shown.values())
    assert "Collège Deux" in home(services, "zoe.martin")
    assert "Collège Un" in home(services, "leo.martin")


@pytest.mark.faq("F40")
def test_a_move_before_the_first_login(services, load):
    """The letter of the former school still opens the account, which shows the new school."""
    load(HERE, family(ZOE))
    letters = list(issue_letters(services.site, plan_letters(services.site, HERE.uai)))
    load(THERE, family(ZOE, base=700))
    load(HERE, family(LEO))
    for letter in letters:
        login = letter.candidate.account.login_name
        assert sign_in(services.site, login, letter.code, source="x")


@pytest.mark.faq("F41")
def test_a_school_that_does_not_take_part(services, load):
    """Signing in works; the page says it for that child alone, with whom to ask."""
    with services.site.database.writing() as tx:
        tx.roster.set_participation([THERE.uai], takes_part=False)
    load(HERE, family(ZOE, LEO))
    open_notes(services, HERE)
    claim_all(services, HERE.uai)
    load(THERE, family(ZOE, base=700))
    load(HERE, family(LEO))
    shown = sections(home(services, "eve.martin"))
    assert "Collège Deux ne participe pas aux téléservices" in shown["Zoé"]
    assert "Votre compte reste valable" in shown["Zoé"]
    assert "03\u00a080\u00a000\u00a000\u00a002" in shown["Zoé"]
    assert "Ouvert" not in shown["Zoé"]
    assert "Ouvert" in shown["Léo"]
    assert "ne participe pas" not in shown["Léo"]
    assert "ne participe pas" in home(services, "zoe.martin")


@pytest.mark.faq("F42")
def test_a_new_school_year(services, load, clock):
    """Nothing to do for families: the same password; modules open once the school says so."""
    load(HERE, family(ZOE, LEO))
    open_notes(services, HERE)
    claim_all(services, HERE.uai)
    before = known(services)
    for month in (1, 3, 5):
        clock.set(datetime(2027, month, 15, 10, tzinfo=UTC))
        for login in LOGINS:
            home(services, login)
    clock.set(datetime(2027, 9, 1, 8, tzinfo=UTC))
    coming = YEAR.next
    shown = sections(home(services, "eve.martin"))
    assert set(shown) == {"Zoé", "Léo"}, "before the school has sent its new base"
    assert "2027-2028" in shown["Zoé"]
    load(
        HERE,
        family(evolve(ZOE, class_group="5 A"), evolve(LEO, class_group="5 B")),
        year=coming,
    )
    assert known(services) == before
    assert plan_letters(services.site, HERE.uai).candidates == ()
    shown = sections(home(services, "eve.martin"))
    assert "5 A" in shown["Zoé"]
    assert "n’a pas encore ouvert ce téléservice pour 2027-2028" in shown["Zoé"]
    open_notes(services, HERE, coming)
    assert all("Ouvert" in part for part in sections(home(services, "eve.martin")).values())
    run_lifecycle(services.site, force=True)
    assert {each.state for each in accounts(services)} == {AccountState.ACTIVE}
