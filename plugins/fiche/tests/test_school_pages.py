"""The school's side in its console: list, compare, decide, answer."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from sqlalchemy import select

from teleservices_core.domain.staff import Role
from teleservices_core.storage import tables as core
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_schooling, a_student
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD
from teleservices_fiche.model import ProposalState
from teleservices_fiche.store import tables as t

PILE = f"/ecole/{COLLEGE}/fiche"


def plain(page):
    """The page's text without tags and non-breaking spaces."""
    text = re.sub(r"<[^>]+>", " ", page.text.replace("\u00a0", " ").replace("\u202f", " "))
    return re.sub(r"\s+", " ", text)


def rows(services, table):
    with services.engine.connect() as connection:
        return connection.execute(select(table)).all()


def states(services):
    """State of each proposal, by field and first name of who made it."""
    return {
        (row.field, row.holder_name.split()[0]): ProposalState(row.state)
        for row in rows(services, t.proposals)
    }


def mails(services, kind):
    return [row for row in rows(services, core.outbox) if row.kind == kind]


@pytest.fixture
def office(family):
    """The secretary's browser, on what waits."""
    staff = family.world.staff(Role.SCHOOL_OFFICE, COLLEGE)
    browser = Browser(family.services)
    browser.sign_in(staff.login_name, PASSWORD)
    browser.get(PILE)
    return browser


def picked(browser):
    """The boxes of the list."""
    return re.findall(r'name="picked" value="([^"]+)"', browser.page.text)


def test_listed_accepted_and_told(family, office):
    """From the console's first page to the family's: nothing is retyped."""
    assert "Rien à traiter" in plain(office.page)
    family.change(phone_mobile="06 39 98 00 07")
    assert "Demandes des familles" in office.get(f"/ecole/{COLLEGE}/").text
    page = office.get(PILE)
    assert "06 39 98 00 01 → devient 06 39 98 00 07" in plain(page)
    (box,) = picked(office)
    page = office.submit("/fiche", picked=box)
    assert "1 demande acceptée" in plain(page)
    assert states(family.services) == {("phone_mobile", "Anne"): ProposalState.ACCEPTED}
    assert "06 39 98 00 07" in plain(family.browser().page)
    (mail,) = mails(family.services, "fiche.decided")
    assert mail.to_address == "anne@example.org"
    assert "Téléphone portable\u00a0: accepté" in mail.context["lines"]
    assert "06" not in mail.context["lines"], "no value travels by mail"
    page = office.get(f"{PILE}?pile=accepted")
    assert "06 39 98 00 07" in plain(page)


@pytest.mark.parametrize("case", ["accepted", "straight", "barred", "of_age"])
def test_the_other_guardian_is_told(family, office, case):
    """Of what concerns the child, once it is in force: the fields, no value and no name."""
    if case == "straight":
        family.let(straight_phones=True)
    family.change(phone_mobile="06 39 98 00 07")
    family.change(step="eleve", phone_mobile="06 39 98 00 21")
    with family.services.engine.begin() as connection:
        if case == "barred":
            fathers = core.responsibilities.c.adult_id == family.father.id
            connection.execute(core.responsibilities.update().where(fathers).values(is_barred=True))
        if case == "of_age":
            connection.execute(core.students.update().values(born_on=date(2008, 11, 24)))
    if case != "straight":
        assert mails(family.services, "fiche.informed") == [], "nothing is in force yet"
        office.get(PILE)
        office.submit("/fiche", picked=picked(office), decision="accept")
    told = mails(family.services, "fiche.informed")
    assert [mail.to_address for mail in told] == (
        ["bruno@example.org"] if case in {"accepted", "straight"} else []
    )
    for mail in told:
        assert mail.context["lines"].strip() == "- Téléphone portable de l’élève"
        assert "Anne" not in json.dumps(mail.context)


def test_refused_with_a_reason(family, office):
    """No refusal without a word for the family; what was typed is kept."""
    family.change(address_line1="3 place Verte")
    office.get(PILE)
    (box,) = picked(office)
    page = office.submit("/fiche", picked=box, decision="refuse", reason=" ")
    assert page.status_code == 422
    assert "Écrivez pourquoi" in plain(page)
    assert f'value="{box}" checked' in page.text
    page = office.submit("/fiche", decision="refuse", reason="Justificatif à apporter.")
    assert "1 demande refusée" in plain(page)
    (mail,) = mails(family.services, "fiche.decided")
    assert "Justificatif à apporter." in mail.context["lines"]
    assert "Justificatif à apporter." in plain(family.browser().page)
    assert "12 RUE DES LILAS" in family.browser().page.text


def test_nothing_picked(family, office):
    """The message says what to do."""
    family.change(phone_mobile="06 39 98 00 07")
    office.get(PILE)
    page = office.submit("/fiche", decision="accept")
    assert page.status_code == 422
    assert "Cochez d’abord" in plain(page)


def test_two_parents_two_values(family, office):
    """About the child, both are shown side by side; none is decided by a tick."""
    step = "les-coordonnees-de-l-eleve"
    for who, number in (("mother", "06 39 98 00 21"), ("father", "06 39 98 00 22")):
        page = family.browser(who)
        step = re.search(r"modifier/([^/\"]*eleve[^/\"]*)/", page.page.text)[1]
        family.change(who, step, phone_mobile=number)
    page = office.get(PILE)
    assert "Demandes différentes" in plain(page)
    assert picked(office) == []
    (href, *_other) = re.findall(rf'href="({PILE}/[0-9a-f-]{{36}})"', page.text)
    page = office.get(href)
    told = plain(page)
    assert "06 39 98 00 21" in told
    assert "06 39 98 00 22" in told
    assert "À comparer avant de décider" in told
    page = office.submit(href, decision="accept")
    assert "C’est accepté" in plain(page)
    assert sorted(states(family.services).values()) == [
        ProposalState.ACCEPTED,
        ProposalState.WAITING,
    ]
    assert "La valeur a changé depuis" in plain(office.get(PILE)), "the other one is not lost"


def test_a_look_that_is_out_of_date_decides_nothing(family, office):
    """A colleague, the family or an import came first: the page says so and shows what is."""
    family.change(phone_mobile="06 39 98 00 07")
    page = office.get(PILE)
    href = re.search(rf'href="({PILE}/[0-9a-f-]{{36}})"', page.text)[1]
    office.get(href)
    with family.services.engine.begin() as connection:
        connection.execute(
            core.adults.update()
            .where(core.adults.c.id == family.mother.id)
            .values(mobile="0639980055")
        )
    page = office.submit(href, decision="accept")
    told = plain(page)
    assert "quelque chose a changé pendant que vous lisiez" in told
    assert "La valeur n’est plus celle que la famille avait" in told
    assert "06 39 98 00 55" in told
    assert states(family.services) == {("phone_mobile", "Anne"): ProposalState.WAITING}


def test_back_to_the_base(family, office):
    """What goes straight through is listed, and may still be refused, with a word."""
    family.let(straight_phones=True)
    family.change(phone_mobile="06 39 98 00 07")
    page = office.get(f"{PILE}?pile=straight")
    href = re.search(rf'href="({PILE}/[0-9a-f-]{{36}})"', page.text)[1]
    page = office.get(href)
    assert "d’office" in plain(page)
    page = office.submit(href, reason="Numéro injoignable.", decision="refuse")
    assert "C’est refusé" in plain(page)
    assert "06 39 98 00 01" in plain(family.browser().page)


def test_search_class_and_date(family, office):
    """By name without accents, by class, by day."""
    family.change(phone_mobile="06 39 98 00 07")
    assert "1 demande" in plain(office.get(f"{PILE}?q=camille"))
    assert "Aucune demande ne correspond" in plain(office.get(f"{PILE}?q=zoe"))
    assert "1 demande" in plain(office.get(f"{PILE}?classe=6+B&depuis=2026-11-24&tri=date"))
    assert "Aucune demande ne correspond" in plain(office.get(f"{PILE}?classe=-"))
    assert "Aucune demande ne correspond" in plain(office.get(f"{PILE}?depuis=2026-11-25"))


def test_an_error_told_gets_an_answer(family, office):
    """From the family's words to the school's, by mail; once."""
    browser = family.browser()
    path = re.search(rf'href="({family.path}signaler/[^"]+)"', browser.page.text)[1]
    browser.get(path)
    browser.submit("signaler", message="Mon nom s’écrit MARTIN-DUVAL.")
    page = office.get(f"{PILE}/signalements")
    assert "MARTIN-DUVAL" in page.text
    page = office.submit("signalements", answer=" ")
    assert page.status_code == 422
    page = office.submit("signalements", answer="Corrigé dans la base.")
    assert "Votre réponse part vers la famille" in plain(page)
    assert "Aucune erreur signalée" in plain(page)
    (mail,) = mails(family.services, "fiche.answered")
    assert mail.context["answer"] == "Corrigé dans la base."


def test_statements_do_not_grow(family, office):
    """As many for thirty changes as for one."""
    family.change(phone_mobile="06 39 98 00 07")
    with counted(family.services.engine) as one:
        office.get(PILE)
    for number in range(10):
        child = a_student(first_name=f"Élève{number}")
        family.world.student(child, a_schooling(child.id))
    family.change(address_line1="3 place Verte", phone_home="03 53 01 99 09", email="a@example.org")
    with counted(family.services.engine) as several:
        page = office.get(PILE)
    assert "4 demandes" in plain(page)
    assert len(several) == len(one) <= 13, several
