"""Nothing but a form's own controls is taken: every column, every form, every role."""

from __future__ import annotations

from uuid import UUID

import attrs
import pytest
from sqlalchemy import func, select
from werkzeug import Request
from werkzeug.exceptions import BadRequest
from werkzeug.test import EnvironBuilder

from teleservices_core.domain.staff import CONSOLE_ROLES
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.world import PASSWORD
from teleservices_core.web.forms import read_form
from teleservices_fiche.model import PersonKind, Section, Standing
from teleservices_fiche.pages.family import Button, CheckForm, Reading, ReportForm, _form_of
from teleservices_fiche.pages.school import DecisionForm, PickedForm
from teleservices_fiche.pages.school_papers import REMINDERS, AnswerForm, RoundForm
from teleservices_fiche.rules.catalogue import catalogue
from teleservices_fiche.rules.typed import controls
from teleservices_fiche.store import metadata
from teleservices_fiche.store import tables as t

FIELDS = catalogue().fields
COLUMNS = {column.name for table in metadata.tables.values() for column in table.c}
CONTROLS = {name for field in FIELDS for name in controls(field)}
OTHERS = {"student.email", "guardian.email", "is_admin", "passed_straight[]", "leave2"}
EVERY_NAME = sorted(COLUMNS | CONTROLS | {field.code for field in FIELDS} | OTHERS)
STANDINGS = {
    "grown": {Standing.ADULT_SELF},
    "mother": {Standing.LEGAL_SELF, Standing.LEGAL_CHILD},
    "carer": {Standing.IN_CHARGE_SELF, Standing.IN_CHARGE_CHILD},
    "student": {Standing.MINOR_SELF},
}
STEPS = {
    "vos-coordonnees": (PersonKind.GUARDIAN, Section.CONTACT),
    "votre-situation": (PersonKind.GUARDIAN, Section.SITUATION),
    "eleve": (PersonKind.STUDENT, Section.CONTACT),
    "urgence": (PersonKind.STUDENT, Section.EMERGENCY),
}


def account_of(family, who):
    """Whose account a role is; « grown » is the student, years later."""
    if who != "grown":
        return who
    family.clock.set(family.clock.now().replace(year=2032))
    return "student"


def allowed(who, slug):
    """The controls of a step for a role, from the catalogue alone."""
    kind, section = STEPS[slug]
    return {
        name
        for field in FIELDS
        if (field.person, field.section) == (kind, section) and field.edited_by & STANDINGS[who]
        for name in controls(field)
        if field.code != "image_consent"  # asked by no school here
    }


def forms(family, who):
    """Each form that a role may send: address and what it takes."""
    found = {
        f"{family.path}modifier/{slug}/": allowed(who, slug) | {"version", "seen", "was", "leave"}
        for slug in STEPS
        if allowed(who, slug)
    }
    found |= {
        family.path + name: {"version", "seen"} for name in ("envoyer/", "effacer/", "confirmer/")
    }
    found[f"{family.path}retirer/{UUID(int=1)}/"] = set()
    found[family.path + "signaler/student/last_name/"] = {"message"}
    found["/fiche/verifier-un-recepisse/"] = {"number", "digest"}
    return found


FAMILY_FORMS = (Reading, ReportForm, CheckForm, Button)
SCHOOL_FORM_CLASSES = (PickedForm, DecisionForm, AnswerForm, RoundForm)


def rows(family):
    """How many rows the plugin has."""
    with family.services.site.database.reading() as tx:
        return [
            tx.connection.scalar(select(func.count()).select_from(table))
            for table in metadata.sorted_tables
        ]


@pytest.mark.parametrize("who", sorted(STANDINGS))
def test_every_name_on_every_form(who):
    """Each form class refuses every name but its own: the one reader that handlers have."""
    steps = [_form_of(tuple(sorted(allowed(who, slug)))) for slug in STEPS if allowed(who, slug)]
    for kind in (*steps, *FAMILY_FORMS, *SCHOOL_FORM_CLASSES):
        taken = {attribute.name for attribute in attrs.fields(kind)}
        for name in EVERY_NAME:
            request = Request(EnvironBuilder(method="POST", data={name: "1"}).get_environ())
            if name in taken:
                read_form(request, kind)
                continue
            with pytest.raises(BadRequest):
                read_form(request, kind)


def refuses(family, account, taken_by):
    """Through the real pages: each of some names is refused, and nothing is written."""
    browser = Browser(family.services)
    browser.sign_in(account.login_name, PASSWORD)
    token = browser.get("/compte").text.split('name="csrf_token" value="')[1].split('"')[0]
    before = rows(family)
    for path, taken in taken_by.items():
        for name in {"state", "person_id", "proposed", "phone_mobile", "uai"} - taken:
            data = {"csrf_token": token, name: "1"}
            answer = browser.client.post(path, data=data, base_url="http://localhost")
            assert answer.status_code == 400, (path, name)
    assert rows(family) == before


@pytest.mark.parametrize("who", sorted(STANDINGS))
def test_names_sent_to_the_pages(family, who):
    """Each page of a family reads its form through its class, and nothing beside."""
    refuses(family, family.accounts[account_of(family, who)], forms(family, who))


SCHOOL_FORMS = {
    "": {"picked", "decision", "reason"},
    "/{proposal}": {"decision", "reason", "seen"},
    "/signalements/{report}": {"answer"},
    "/confirmation": {"opens_on", "closes_on", "version"}
    | {f"reminder_{days}" for days in REMINDERS},
    "/envois/nouveau": set(),
}


@pytest.mark.parametrize("role", sorted(CONSOLE_ROLES))
def test_names_sent_to_the_console(family, role):
    """The school decides with its own few words: it writes no value and no name of anybody."""
    family.change("mother", phone_mobile="0639980007")
    browser = family.browser("mother", "signaler/student/last_name/")
    browser.submit("signaler", message="Il manque un tréma.")
    with family.services.site.database.reading() as tx:
        ids = {
            "proposal": tx.connection.scalar(select(t.proposals.c.id)),
            "report": tx.connection.scalar(select(t.reports.c.id)),
        }
    console = f"/ecole/{COLLEGE}/fiche"
    refuses(
        family,
        family.world.staff(role, COLLEGE),
        {console + form.format(**ids): taken for form, taken in SCHOOL_FORMS.items()},
    )


@pytest.mark.parametrize("who", sorted(STANDINGS))
def test_the_page_asks_for_what_may_be_sent(family, who):
    """The controls of each step are those that the catalogue lets the role change."""
    account = account_of(family, who)
    for slug in STEPS:
        browser = family.browser(account, f"modifier/{slug}/")
        if not allowed(who, slug):
            assert browser.page.status_code == 404, slug
            continue
        (fields,) = (fields for action, fields in browser.forms() if "modifier" in action)
        radios = {f.code for f in FIELDS if f.kind.value == "boolean"}
        sent = set(fields) - {"csrf_token", "version", "seen", "was", "leave"}
        assert sent | radios >= allowed(who, slug)
        assert sent <= allowed(who, slug)


def test_no_control_writes_another_persons_field(family):
    """A guardian's form about the child, sent with the child's own address name: the child's."""
    family.change("mother", "eleve", email="camille@example.org")
    (sent,) = family.sheet().made
    assert (sent.person.id, sent.field) == (family.child.id, "email")
