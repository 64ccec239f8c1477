"""The rectorat's help line: search, what to answer, what a family sees, and what may be done."""

from __future__ import annotations

import re
import types
from datetime import timedelta

import pytest
from attrs import evolve

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.diagnosis import Remedy
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.roster import Kinship
from teleservices_core.domain.staff import Role
from teleservices_core.errors import NotAllowedError, NotFoundError, RefusedError
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.claiming import look_at_link
from teleservices_core.usecases.hotline import family_view, note_consultation
from teleservices_core.usecases.hotline_acts import help_account
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.recovery import ask_reset
from teleservices_core.usecases.signing_in import resume, sign_in

ADDRESSES = ("anne@example.org", "neuve@example.org", "paul@canari.example", "0699999999")
CALL = {"caller": "elle-même", "reason": "Ne voit pas les notes"}


@pytest.fixture
def family(services):
    """Two guardians of two children, one of whom has an account; the help line."""
    world = World(services)
    world.establishment()
    child = a_student(first_name="Léa", last_name="MARTIN-PETIT")
    world.student(child, a_schooling(child.id))
    brother = a_student(first_name="Tom", last_name="MARTIN-PETIT")
    world.student(brother, a_schooling(brother.id, class_group="3 A"))
    mother = an_adult(email="anne@ecole.example", mobile="0611111111")
    father = an_adult(
        first_name="Paul",
        last_name="PETIT",
        mobile="0699999999",
        address=PostalAddress(("7 allée du Canari",), "21000", "Valmont"),
    )
    world.adult(mother, a_link(child.id, mother.id), a_link(brother.id, mother.id))
    world.adult(father, a_link(child.id, father.id, kinship=Kinship.FATHER))
    return types.SimpleNamespace(
        world=world,
        child=child,
        mother=world.account(
            mother, Audience.GUARDIAN, email="anne@example.org", pending_email="neuve@example.org"
        ),
        father=world.account(father, Audience.GUARDIAN, email="paul@canari.example"),
        hotline=world.staff(Role.HOTLINE, display_name="Dominique PETIT"),
        admin=world.staff(Role.ACADEMY_ADMIN),
        head=world.staff(Role.HEAD, COLLEGE),
    )


def entered(services, account, source="x"):
    """A viewer signed in."""
    done = sign_in(services.site, account.login_name, PASSWORD, source=source)
    return resume(services.site, done.secret)


@pytest.fixture
def desk(services, family):
    """The help line's browser."""
    browser = Browser(services)
    browser.sign_in(family.hotline.login_name, PASSWORD)
    return browser


def stored(services, account):
    """An account as it is now."""
    with services.site.database.reading() as tx:
        return tx.accounts.get(account.id)


def path(account, more=""):
    """The help line's page about an account."""
    return f"/assistance/comptes/{account.id}{more}"


def test_the_help_line_arrives_at_its_search(desk):
    """Its first page, and nothing of the schools' or the académie's consoles."""
    assert desk.page.request.path == "/assistance/"
    assert "Trouvez le compte" in desk.page.text
    for console in (f"/ecole/{COLLEGE}/", "/academie/", f"/ecole/{COLLEGE}/notifications"):
        assert desk.client.get(console).status_code == 404
        assert f'href="{console}"' not in desk.page.text


@pytest.mark.parametrize(
    ("typed", "uai", "found"),
    [
        ("anne.martin", "", {"anne.martin"}),
        (" ANNE.Martin ", "", {"anne.martin"}),
        ("Anne@Example.org", "", {"anne.martin"}),
        ("neuve@example.org", "", {"anne.martin"}),
        ("anne", "", set()),
        ("anne@example", "", set()),
        ("martin", "", set()),
        ("lea", COLLEGE.code, {"anne.martin", "paul.petit"}),
        ("MARTIN-PETIT Tom", COLLEGE.code, {"anne.martin"}),
        ("péTI pau", COLLEGE.code, {"paul.petit"}),
        ("martin", LYCEE.code, set()),
        ("martin", "0000000X", set()),
        ("claude.durand", "", set()),
    ],
)
def test_search(services, family, desk, typed, uai, found):
    """An identifier or address whole; a name, in part and without accents, in one school."""
    family.world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    page = desk.get(f"/assistance/?q={typed.replace(' ', '+')}&uai={uai}")
    logins = set(re.findall(r"(?:anne|paul|lea|claude)\.[a-z]+(?=</td>|<)", page.text))
    assert logins == found
    for address in ADDRESSES:
        assert address not in page.text.replace(f'value="{typed.strip()}"', "")
    assert ("Aucun compte ne correspond" in page.text) is not found


@pytest.mark.parametrize("number", [1, 30])
def test_statements_of_the_search(services, family, desk, number):
    """Session, roles, schools, looks, and one or two for the search, however many are found."""
    desk.get("/assistance/")
    for n in range(number):
        adult = an_adult(first_name=f"Zoé{n}", last_name="CANARI")
        family.world.adult(adult, a_link(family.child.id, adult.id))
        family.world.account(adult, Audience.GUARDIAN, email="zoe@example.org")
    with counted(services.engine) as seen:
        page = desk.get("/assistance/?q=zoe@example.org")
    assert page.text.count("zoe") >= number
    assert len(seen) == 5, seen
    with counted(services.engine) as seen:
        desk.get(f"/assistance/?q=canari&uai={COLLEGE}")
    assert len(seen) == 6, seen


def test_account_page(services, family, desk):
    """State and dates, what to answer, what became of mails: no address, no content, no child."""
    services.mailer.folder.mkdir(parents=True, exist_ok=True)
    ask_reset(services.site, family.mother.login_name, source="x")
    deliver(services.site, services.mailer)
    page = desk.get(path(family.mother)).text
    for shown in ("Que répondre", "Le compte est en ordre", "Changer votre mot de passe", "Actif"):
        assert shown in page
    assert "envoyé" in page
    assert "en attente d’envoi" not in page
    for hidden in (*ADDRESSES, "nouveau-mot-de-passe/", "Léa", "6 B"):
        assert hidden not in page
    with counted(services.engine) as seen:
        desk.get(path(family.mother))
    assert len(seen) == 12, seen


@pytest.mark.faq("F16")
def test_an_expired_letter_is_explained(services, family, desk, clock):
    """The date, and the school's office with its telephone."""
    world = family.world
    newcomer = an_adult(first_name="Zoé", last_name="NOUVEL")
    world.adult(newcomer, a_link(family.child.id, newcomer.id))
    account = world.account(
        newcomer, Audience.GUARDIAN, state=AccountState.NEW, password_hash=None, email=None
    )
    assert "Aucune notification n’a encore été éditée" in desk.get(path(account)).text
    list(issue_letters(services.site, plan_letters(services.site, COLLEGE)))
    assert "est valable jusqu’au 24 février 2027" in desk.get(path(account)).text
    clock.advance(days=100)
    desk.sign_in(family.hotline.login_name, PASSWORD)
    page = desk.get(path(account)).text
    assert "Sa notification du 24 novembre 2026 a expiré le 24 février 2027." in page
    assert "nouvelle au secrétariat de l’établissement (Collège des Trois-Rivières, 03" in page


def test_only_families_are_found(services, family, desk):
    """The accounts of the staff are not the help line's business."""
    assert desk.get(path(family.head)).status_code == 404
    viewer = entered(services, family.hotline)
    for act in (
        lambda: note_consultation(services.site, viewer, family.head.id, "pourquoi", "qui"),
        lambda: help_account(
            services.site, viewer, family.admin.id, Remedy.LOCK, "pourquoi", "qui appelle"
        ),
    ):
        with pytest.raises(RefusedError if act is None else (NotFoundError, RefusedError)):
            act()
    assert stored(services, family.admin).state is AccountState.ACTIVE


def test_what_the_family_sees(services, family, desk):
    """A reason first, in the journal before anything is shown; then each rule's word."""
    page = desk.get(path(family.mother, "/famille"))
    assert page.request.path == path(family.mother)
    assert "Notez d’abord qui appelle" in page.text
    assert "Léa" not in page.text
    page = desk.submit("/assistance/comptes", act="view", caller="elle-même", reason="")
    assert page.status_code == 422
    assert "Notez en quelques mots pourquoi" in page.text
    assert 'value="elle-même"' in page.text, "typed text survives"
    page = desk.submit("/assistance/comptes", act="view", caller="", reason="Ne voit pas")
    assert "Ne voit pas</textarea>" in page.text
    page = desk.submit("/assistance/comptes", act="view", **CALL)
    assert page.request.path == path(family.mother, "/famille")
    for shown in ("Léa MARTIN-PETIT", "Tom MARTIN-PETIT", "6 B", "3 A", "Ne voit pas les notes"):
        assert shown in page.text
    for module in services.site.catalogue.modules:
        assert page.text.count(module.title) >= 2
    if services.site.catalogue.modules:
        assert "core.opening" in page.text
        assert "Se règle par le chef d’établissement" in page.text
    for hidden in (*ADDRESSES, "Paul", "PETIT Paul", "0611111111", "12 mai 2014"):
        assert hidden not in page.text
    with services.site.database.reading() as tx:
        entries = [each for each in tx.audit.latest(10) if each.action == "hotline.viewed"]
    assert len(entries) == 3, "the account and each child"
    assert {each.role for each in entries} == {"hotline"}
    (own,) = (each for each in entries if each.subject_id == family.mother.id)
    assert own.detail == CALL
    assert all(not each.detail for each in entries if each is not own)


def test_the_family_reads_who_looked(services, family, desk):
    """The mother reads the reason; the father, that somebody looked, and not why."""
    desk.get(path(family.mother))
    desk.submit("/assistance/comptes", act="view", **CALL)
    mother, father = Browser(services), Browser(services)
    mother.sign_in(family.mother.login_name, PASSWORD)
    page = mother.get("/compte/consultations").text
    for shown in (
        "Page d’accueil consultée par l’assistance",
        "Dominique PETIT, assistance de l’académie",
        "Ne voit pas les notes",
        "elle-même",
    ):
        assert shown in page
    father.sign_in(family.father.login_name, PASSWORD)
    page = father.get("/compte/consultations").text
    assert "Dominique PETIT" in page
    assert ", pour Léa" in page
    for hidden in ("Ne voit pas les notes", "elle-même", "Anne", "Tom"):
        assert hidden not in page


@pytest.mark.parametrize(("seconds", "holds"), [(899, True), (900, False)])
def test_the_reason_holds_a_quarter_of_an_hour(services, family, clock, seconds, holds):
    """To the second, for who gave it and nobody else; a child come since asks it again."""
    hotline, admin = entered(services, family.hotline), entered(services, family.admin)
    note_consultation(services.site, hotline, family.mother.id, **CALL)
    with pytest.raises(RefusedError, match="not_noted"):
        family_view(services.site, admin, family.mother.id)
    with pytest.raises(RefusedError, match="not_noted"):
        family_view(services.site, hotline, family.father.id)
    clock.advance(seconds=seconds)
    if not holds:
        with pytest.raises(RefusedError, match="not_noted"):
            family_view(services.site, hotline, family.mother.id)
        return
    assert len(family_view(services.site, hotline, family.mother.id).answers) == 2
    baby = a_student(first_name="Noé")
    family.world.student(baby, a_schooling(baby.id))
    (holder,) = family.mother.holder_ids
    family.world.link(a_link(baby.id, holder))
    with pytest.raises(RefusedError, match="not_noted"):
        family_view(services.site, hotline, family.mother.id)


@pytest.mark.parametrize("who", ["head", "mother"])
def test_rights_are_read_again_in_the_act(services, family, who):
    """Whoever no longer answers the help line acts on nothing, whatever the page let through."""
    viewer = entered(services, getattr(family, who))
    before = stored(services, family.father)
    for remedy in Remedy:
        with pytest.raises(NotAllowedError):
            help_account(services.site, viewer, family.father.id, remedy, "motif", "appelant")
    with pytest.raises(NotAllowedError):
        note_consultation(services.site, viewer, family.father.id, "motif", "appelant")
    assert stored(services, family.father) == before


@pytest.mark.faq("F20")
def test_resend_the_confirmation(services, family, desk, clock):
    """To the address that waits, no more often than the family may, and with its reason."""
    clock.advance(minutes=5)
    desk.get(path(family.mother))
    page = desk.submit("/assistance/comptes", act="resend", **CALL)
    assert "Un nouveau message de confirmation part" in page.text
    deliver(services.site, services.mailer)
    (mail,) = services.mailer.messages()
    assert str(mail["To"]) == "neuve@example.org"
    secret = re.search(r"/confirmer/(\S+)", mail.get_content()).group(1)
    assert look_at_link(services.site, secret)
    page = desk.submit("/assistance/comptes", act="resend", **CALL)
    assert page.status_code == 422
    assert "attendez une minute" in page.text
    with services.site.database.reading() as tx:
        entry = tx.audit.latest(1)[0]
    assert (entry.action, dict(entry.detail)) == ("hotline.resend", CALL)


@pytest.mark.faq("F34")
def test_send_a_reset_link(services, family, desk):
    """To the confirmed address only; three an hour, those the family asked for included."""
    ask_reset(services.site, family.mother.login_name, source="x")
    desk.get(path(family.mother))
    for _n in range(2):
        page = desk.submit("/assistance/comptes", act="reset", **CALL)
        assert "Un lien de mot de passe part" in page.text
    page = desk.submit("/assistance/comptes", act="reset", **CALL)
    assert page.status_code == 422
    assert "Trois liens" in page.text
    with services.site.database.reading() as tx:
        mails = tx.outbox.of_account(family.mother.id)
    assert {each.to_address for each in mails} == {"anne@example.org"}
    assert stored(services, family.mother).password_hash == family.mother.password_hash


def test_lock_then_unlock(services, family, desk):
    """Locked: sessions closed, mail sent, no password works. Unlocked: the same one works."""
    mother = Browser(services)
    mother.sign_in(family.mother.login_name, PASSWORD)
    desk.get(path(family.mother))
    page = desk.submit("/assistance/comptes", act="lock", **CALL)
    assert "Le compte est bloqué" in page.text
    assert stored(services, family.mother).state is AccountState.LOCKED
    assert mother.get("/compte").request.path == "/connexion"
    with pytest.raises(RefusedError, match="wrong_credentials"):
        entered(services, family.mother)
    deliver(services.site, services.mailer)
    mail = services.mailer.messages()[0]
    assert str(mail["To"]) == "anne@example.org"
    assert "par précaution" in mail["Subject"]
    page = desk.submit("/assistance/comptes", act="lock", **CALL)
    assert "Seul un compte actif peut être bloqué" in page.text
    page = desk.submit("/assistance/comptes", act="unlock", **CALL)
    assert "s’ouvre à nouveau" in page.text
    assert entered(services, family.mother).in_full
    page = desk.submit("/assistance/comptes", act="unlock", **CALL)
    assert "n’est pas bloqué" in page.text


def test_waits_are_shown_and_lifted(services, family, desk, clock):
    """A parent who mistyped too often: until when, in words; and signed in at once after."""
    for _n in range(6):
        with pytest.raises(RefusedError):
            sign_in(services.site, family.mother.login_name, "faux", source="home")
    with pytest.raises(RefusedError, match="throttled"):
        entered(services, family.mother, source="home")
    page = desk.get(path(family.mother)).text
    assert "Trop d’essais manqués" in page
    until = (clock.now() + timedelta(minutes=1)).astimezone(services.settings.academie.zone)
    assert f"{until.hour} h {until.minute:02}" in page.replace("\u00a0", " ")
    desk.submit("/assistance/comptes", act="unlock", **CALL)
    assert entered(services, family.mother, source="home").in_full


def test_unknown_act_and_honest_forms(services, family, desk):
    """A button that is not there does nothing."""
    desk.get(path(family.mother))
    page = desk.submit("/assistance/comptes", act="set_password", **CALL)
    assert page.status_code == 422
    assert "Choisissez l’un des boutons" in page.text
    page = desk.submit("/assistance/comptes", act="view", caller="x" * 101, reason="Pourquoi")
    assert "trop long" in page.text


def test_a_grouped_account_is_explained(services, family, desk):
    """It has no situation of its own, and says where its children are."""
    with services.site.database.writing() as tx:
        before = tx.accounts.get(family.father.id)
        tx.accounts.replace(before, evolve(before, state=AccountState.GROUPED))
    page = desk.get(path(family.father)).text
    assert "Regroupé" in page
    assert "regroupé dans un autre" in page
    assert "Regroupé" in desk.get("/assistance/?q=paul.petit").text
