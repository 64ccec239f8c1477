"""The copy of one's data: everything of one's own, nothing of another guardian."""

from __future__ import annotations

import json
import types
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.contributions import PersonalData
from teleservices_core.documents.personal_data import data_archive
from teleservices_core.domain.accounts import Audience, SessionPurpose
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.grouping import Grouping
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.roster import Kinship, Level
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Ine
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.hookspecs import HOOK_API, hookimpl
from teleservices_core.testing.builders import (
    COLLEGE,
    a_link,
    a_module,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.my_account import change_email
from teleservices_core.usecases.personal_data import data_of, my_data
from teleservices_core.usecases.signing_in import open_session, resume, sign_in

INE = Ine.rnie(123456789)
CANARIES = (
    "papa@canari.example",
    "paul@ecole.example",
    "0699999999",
    "0388888888",
    "7 allée du Canari",
    "paul.martin",
)
"""Of the other guardian."""


@pytest.fixture
def family(services):
    """Two guardians of one child, who do not live together, and the child's own account."""
    world = World(services)
    world.establishment()
    child = a_student(ine=INE)
    world.student(child, a_schooling(child.id))
    mother = an_adult(email="anne@ecole.example", mobile="0611111111")
    father = an_adult(
        first_name="Paul",
        title="M.",
        email="paul@ecole.example",
        mobile="0699999999",
        phone="0388888888",
        address=PostalAddress(("7 allée du Canari",), "21000", "Valmont"),
    )
    world.adult(mother, a_link(child.id, mother.id, lodges=True))
    world.adult(father, a_link(child.id, father.id, kinship=Kinship.FATHER, pays_fees=True))
    return types.SimpleNamespace(
        world=world,
        child=child,
        mother=world.account(mother, Audience.GUARDIAN, email="anne@example.org"),
        father=world.account(father, Audience.GUARDIAN, email="papa@canari.example"),
        student=world.account(child, Audience.STUDENT, email=None),
    )


def entered(services, account):
    """A viewer signed in."""
    done = sign_in(services.site, account.login_name, PASSWORD, source="x", device="Firefox, Linux")
    return resume(services.site, done.secret)


def files(services, copy):
    """(the JSON read, the JSON's text, the page)."""
    with ZipFile(BytesIO(data_archive(services.settings, copy))) as archive:
        assert archive.namelist() == ["donnees.json", "donnees.html"]
        text, page = (archive.read(name).decode() for name in archive.namelist())
    return json.loads(text), text, page


def test_everything_of_ones_own(services, family):
    """Account, letter, sessions, identity, child and link, mails, journal; in both forms."""
    viewer = entered(services, family.mother)
    change_email(services.site, viewer, PASSWORD, "neuve@example.org")
    viewer = entered(services, family.mother)
    copy = my_data(services.site, viewer, PASSWORD)
    told, _text, page = files(services, copy)
    assert told["complet"] is True
    data = {key: each["donnees"] for key, each in told["rubriques"].items()}
    account = data["core.account"]
    assert account["identifiant"] == family.mother.login_name
    assert account["adresse électronique"] == "anne@example.org"
    assert account["adresse à confirmer"] == "neuve@example.org"
    assert "empreinte" in account["mot de passe"]
    (session, *_others) = data["core.sessions"]["connexions ouvertes"]
    assert session["appareil"] == "Firefox, Linux"
    assert session["ouverte le"].endswith("+01:00"), "local time, with its offset"
    (person,) = data["core.persons"]["personnes"]
    assert person["téléphone mobile"] == "0611111111"
    assert person["accepte les SMS"] is False
    (child,) = data["core.family"]["élèves"]
    assert child["classe"] == "6 B"
    assert child["né le"] == "2014-05-12"
    assert child["INE"] == INE.code
    assert child["votre lien"]["vous êtes"] == "mère"
    assert child["votre lien"]["l’élève habite chez vous"] is True
    mails = {each["objet"]: each for each in data["core.mails"]["messages"]}
    assert mails["Confirmez votre adresse électronique"]["adresse"] == "neuve@example.org"
    assert data["core.sessions"]["appareils reconnus"][0]["appareil"] == ("Firefox, Linux")
    acts = [each["acte"] for each in data["core.journal"]["actes"]]
    assert acts[0] == "Copie des données remise", "the act itself is in the journal"
    assert "Connexion" in acts
    for shown in ("12 mai 2014", "neuve@example.org", "0611111111", "mère", "Firefox, Linux"):
        assert shown in page
    assert "http" not in page, "it opens without a network"


def test_groupings_are_told(services, family, clock):
    """The accounts gathered in this one, until when that can be undone; nothing of the other."""
    other = family.world.account(
        an_adult(first_name="Anna", last_name="CANARI"), Audience.GUARDIAN, email=None
    )
    until = clock.now() + timedelta(days=7)
    with services.site.database.writing() as tx:
        tx.groupings.add(
            Grouping(uuid7(), family.mother.id, other.id, other.holder_ids, clock.now(), until)
        )
    told, text, _page = files(services, data_of(services.site, family.mother.login_name))
    account = told["rubriques"]["core.account"]["donnees"]
    (grouping,) = account["comptes regroupés dans celui-ci"]
    assert grouping["annulable jusqu’au"].startswith("2026-12-01T")
    assert other.login_name not in text


def test_no_secret_leaves(services, family):
    """Neither hash, nor link, nor the secret of a session."""
    viewer = entered(services, family.mother)
    change_email(services.site, viewer, PASSWORD, "neuve@example.org")
    _told, text, page = files(services, data_of(services.site, family.mother.login_name))
    for secret in ("argon2", viewer.session.id_hash, "confirmer/", str(family.child.id)):
        assert secret not in text + page


@pytest.mark.parametrize("who", ["mother", "student"])
def test_nothing_of_the_other_guardian(services, family, who):
    """Address, telephone, e-mail, identifier, acts: none of them in another's copy."""
    entered(services, family.father)
    change_email(services.site, entered(services, family.father), PASSWORD, "papa2@canari.example")
    _told, text, page = files(services, data_of(services.site, getattr(family, who).login_name))
    for canary in (*CANARIES, "Paul", "père", "papa2"):
        assert canary not in text
        assert canary not in page
    _told, text, _page = files(services, data_of(services.site, family.father.login_name))
    assert all(canary in text for canary in CANARIES), "the check can see them"


def test_a_link_that_ended_gives_nothing_of_the_child(services, family):
    """Only children with a right at that instant; the national number to legal guardians only."""
    world = family.world
    former, carer = an_adult(first_name="Luc"), an_adult(first_name="Zoé")
    day = services.site.academie.today(services.site.now())
    world.adult(former, a_link(family.child.id, former.id, until_on=day))
    world.adult(carer, a_link(family.child.id, carer.id, level=Level.IN_CHARGE))
    for person, sees in ((former, False), (carer, True)):
        account = world.account(person, Audience.GUARDIAN)
        _told, text, _page = files(services, data_of(services.site, account.login_name))
        assert ("Camille" in text) is sees
        assert INE.code not in text
    _told, text, _page = files(services, data_of(services.site, family.student.login_name))
    assert INE.code in text


def test_the_password_is_asked_again(services, family):
    """A session left open is not enough, and guesses are slowed."""
    viewer = entered(services, family.mother)
    codes = []
    for _n in range(6):
        with pytest.raises(RefusedError) as refused:
            my_data(services.site, viewer, "faux")
        codes.append(refused.value.code)
    assert codes == ["wrong_password"] * 5 + ["throttled"]
    with services.site.database.reading() as tx:
        assert "data.given" not in {entry.action for entry in tx.audit.latest(20)}


def test_without_a_password_a_fresh_session_is_enough(services, clock):
    """Who comes from the host's identity has none: ten minutes after signing in."""
    account = World(services).account(an_adult(), Audience.GUARDIAN, password_hash=None)
    with services.site.database.writing() as tx:
        opened = open_session(services.site, tx, account, SessionPurpose.FULL)
    viewer = resume(services.site, opened.secret)
    clock.advance(minutes=10)
    assert my_data(services.site, viewer, "").account == account
    clock.advance(seconds=1)
    with pytest.raises(RefusedError, match="sign_in_again"):
        my_data(services.site, viewer, "")


def test_modules_give_only_where_they_are_open(services, family):
    """A module's data concern the children for whom it is open; one that fails says so."""
    given = []

    def plugin(name, export, **module):
        made = types.ModuleType(name)
        made.HOOK_API = HOOK_API

        @hookimpl
        def teleservices_modules():
            return [a_module(name, **module)]

        @hookimpl
        def teleservices_personal_data():
            return [PersonalData(f"{name}.data", lambda: name, str, str, export, name)]

        made.teleservices_modules = teleservices_modules
        made.teleservices_personal_data = teleservices_personal_data
        return made

    def export(_tx, scope):
        given.append([child.student.first_name for child in scope.children])
        return {"élèves": given[-1]}

    def fail(_tx, _scope):
        raise RuntimeError("boom")

    services = Teleservices(
        services.settings,
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
        plugins={
            "open": plugin("open", export, opening_mode=OpeningMode.AUTOMATIC),
            "shut": plugin("shut", export),
            "faulty": plugin("faulty", fail, opening_mode=OpeningMode.AUTOMATIC),
        },
    )
    copy = data_of(services.site, family.mother.login_name)
    assert sorted(given) == [[], ["Camille"]]
    told, _text, page = files(services, copy)
    assert told["complet"] is False
    assert told["rubriques"]["faulty.data"]["donnees"] is None
    assert told["rubriques"]["shut.data"]["donnees"] == {"élèves": []}
    assert "n’a pas pu être lue" in page
    assert [failure.plugin for failure in services.plugins.failures] == ["faulty"]


def test_staff_have_their_own_data_too(services, family):
    """A head's copy holds the account, and no student."""
    head = family.world.staff(Role.HEAD, COLLEGE)
    told, text, _page = files(services, data_of(services.site, head.login_name))
    assert told["rubriques"]["core.account"]["donnees"]["type de compte"] == "personnel"
    assert "Camille" not in text


def test_unknown_account(services):
    """The command line names what it did not find."""
    with pytest.raises(NotFoundError, match=r"nobody\.here"):
        data_of(services.site, "nobody.here")
