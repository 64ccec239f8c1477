"""The family's pages, from reading the sheet to the receipt."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.storage import tables as core
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_schooling, a_student
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD
from teleservices_core.usecases.opening import set_opening
from teleservices_fiche.model import ProposalState
from teleservices_fiche.store import FicheStore
from teleservices_fiche.store import tables as t


def plain(page):
    """The page's text without non-breaking spaces."""
    return re.sub(r"\s+", " ", page.text.replace("\u00a0", " "))


@pytest.mark.faq("F06")
def test_open_until_the_head_closes_it(family):
    """Nobody has to open the sheet; the head may close it."""
    browser = family.browser()
    assert browser.page.status_code == 200
    home = browser.get("/")
    assert family.path in home.text
    close(family)
    closed = browser.get(family.path)
    assert closed.status_code == 403
    assert "06 39 98 00 01" not in plain(closed)


@pytest.mark.faq("F01")
def test_from_reading_to_the_receipt(family):
    """Change, correct an error, verify, send, keep the receipt, have it checked."""
    browser = family.browser()
    assert "06 39 98 00 01" in plain(browser.page)
    browser.get(family.path + "modifier/vos-coordonnees/")
    page = browser.submit("modifier", phone_mobile="06 39 98", address_line1="3 place Verte")
    assert page.status_code == 422
    assert "06 39 98" in page.text
    assert "3 place Verte" in page.text
    page = browser.submit("modifier", phone_mobile="06 39 98 00 07")
    assert page.request.path.endswith("votre-situation/")
    browser.get(family.path + "envoyer/")
    assert "06 39 98 00 07" in plain(browser.page)
    # A real clock is never on a whole second.
    family.clock.advance(microseconds=123_456)
    page = browser.submit("envoyer")
    assert page.status_code == 200
    number = re.search(r"recepisses/([0-9A-Z]{10})/", page.request.path)[1]
    digest = re.search(r"[0-9A-F]{4}(?: [0-9A-F]{4}){3}", page.text)[0]

    pdf = browser.get(page.request.path.rstrip("/") + ".pdf")
    text = PdfReader(BytesIO(pdf.data)).pages[0].extract_text()
    assert number in text
    assert "3 place Verte" in text

    overview = browser.get(family.path)
    assert plain(overview).count("En attente") == 2
    assert "06 39 98 00 01" in plain(overview), "nothing has changed yet"
    anybody = Browser(family.services)
    anybody.get("/fiche/verifier-un-recepisse/")
    assert "authentique" in anybody.submit("verifier", number=number, digest=digest).text
    assert "authentique" not in anybody.submit("verifier", number=number, digest="0" * 16).text
    assert "authentique" not in anybody.submit("verifier", number="0" * 10, digest=digest).text
    assert "MARTIN" not in anybody.page.text


def test_take_back(family):
    """A waiting change can be withdrawn; twice is once."""
    family.change(phone_mobile="0639980007")
    browser = family.browser()
    twice = family.browser()
    assert "est retirée" in browser.submit("retirer").text
    assert "est retirée" in twice.submit("retirer").text
    assert "En attente" not in browser.get(family.path).text
    assert "Retirée" in browser.get(family.path + "historique/").text


def test_who_clicks_twice(family):
    """Sends, confirms, tells and discards once; both pages lead where one click leads."""

    def clicked(path, action, **typed):
        first, second = family.browser(), family.browser()
        first.get(path)
        second.get(path)
        with ThreadPoolExecutor(2) as pool:
            pages = list(pool.map(lambda b: b.submit(action, **typed), (first, second)))
        pages.append(second.get(pages[0].request.path))
        found = {(page.status_code, page.request.path) for page in pages}
        assert len(found) == 1, found
        return found.pop()[1]

    browser = family.browser()
    browser.get(family.path + "modifier/vos-coordonnees/")
    browser.submit("modifier", phone_mobile="06 39 98 00 07")
    assert "/recepisses/" in clicked(family.path + "envoyer/", "envoyer")
    assert "/recepisses/" in clicked(family.path, "confirmer")
    told = re.search(rf"{family.path}signaler/[^\"]+", family.browser().page.text)[0]
    clicked(told, "signaler", message="Le nom est mal écrit.")
    browser.get(family.path + "modifier/vos-coordonnees/")
    browser.submit("modifier", phone_mobile="06 39 98 00 08")
    clicked(family.path, "effacer")
    with family.services.engine.connect() as connection:
        receipts = connection.execute(select(t.receipts.c.kind)).scalars().all()
        reports = connection.execute(select(t.reports)).all()
    assert sorted(receipts) == ["confirmation", "proposals"]
    assert len(reports) == 1


def test_typing_the_present_value_takes_back(family):
    """Back to what it was: the waiting change goes, and nothing new is asked."""
    family.change(phone_mobile="0639980007")
    family.change(phone_mobile="0639980001")
    assert {each.state for each in family.sheet().made} == {ProposalState.WITHDRAWN}


def test_straight_through(family):
    """What the school lets through is in force at once, and is listed as such."""
    family.let(straight_phones=True)
    family.change(phone_mobile="0639980007", email="new@example.org")
    browser = family.browser()
    assert "06 39 98 00 07" in plain(browser.page)
    states = {each.field: each for each in family.sheet().made}
    assert states["phone_mobile"].state is ProposalState.ACCEPTED
    assert states["phone_mobile"].passed_straight
    assert states["email"].state is ProposalState.WAITING


def test_what_was_read_is_what_the_receipt_says(family):
    """An accepted change was in force: that is what stood there before the next one."""
    family.let(straight_phones=True)
    family.change(phone_mobile="0639980007")
    family.clock.advance(minutes=1)
    second = family.change(phone_mobile="0639980008")
    told = plain(second.page)
    assert "06 39 98 00 07" in told
    assert "06 39 98 00 01" not in told
    sent = family.sheet().made[-1]
    assert (sent.seen, sent.shown) == ("+33639980001", "+33639980007")


def test_the_others_change_about_the_child_is_shown(family):
    """Both parents see that another value is asked for, and the school chooses."""
    family.let(straight_emergency=True)
    family.change("father", "urgence", emergency_name="Jeanne MARTIN")
    assert family.sheet().parts[1].line("emergency_name").value == "Jeanne MARTIN"
    page = family.browser().page
    assert "Jeanne MARTIN" in page.text


def test_two_ask_for_different_values(family):
    """The second does not go straight through: somebody must choose."""
    family.change("father", "eleve", phone_mobile="0639980011")
    family.let(straight_phones=True)
    browser = family.browser(path="modifier/eleve/")
    browser.submit("modifier", phone_mobile="0639980012")
    review = browser.get(family.path + "envoyer/")
    assert "l’établissement choisira" in review.text
    browser.submit("envoyer")
    sent = family.sheet().made[-1]
    assert sent.state is ProposalState.WAITING
    assert "06 39 98 00 12" in plain(family.browser("father").page)
    assert "06 39 98 00 11" in plain(family.browser("mother").page)


def test_confirm(family):
    """« Tout est exact » once, with a receipt."""
    browser = family.browser()
    page = browser.submit("confirmer")
    assert "/recepisses/" in page.request.path
    assert "confirmé cette fiche" in plain(browser.get(family.path))
    assert family.sheet().confirmation is not None
    assert family.sheet("father").confirmation is None


def test_confirm_what_is_read(family):
    """Not what has changed since the page was shown."""
    browser = family.browser()
    family.let(straight_emergency=True)
    family.change("father", "urgence", emergency_name="Jeanne MARTIN")
    page = browser.submit("confirmer")
    assert "a changé pendant votre lecture" in plain(page)
    assert family.sheet().confirmation is None


def test_a_minor_does_not_confirm(family):
    """Nor sends what concerns more than his own contacts."""
    browser = family.browser("student")
    assert "Tout est exact" not in browser.page.text
    token = browser.forms()[0][1]["csrf_token"]
    answer = browser.client.post(
        family.path + "confirmer/", data={"csrf_token": token, "seen": family.sheet("student").seen}
    )
    assert answer.status_code == 404
    family.change("student", "eleve", email="camille@example.org")
    assert family.sheet().parts[1].line("email").beside


def test_report_an_error(family):
    """In what cannot be changed; a message is needed; ten are enough."""
    path = "signaler/student/last_name/"
    browser = family.browser(path=path)
    assert "MARTIN" in browser.page.text
    assert browser.submit("signaler", message=" ").status_code == 422
    page = browser.submit("signaler", message="Il manque un tréma.")
    assert "est prévenu" in page.text
    assert "Il manque un tréma." in browser.get(family.path + "historique/").text
    for number in range(9):
        browser.get(family.path + path)
        browser.submit("signaler", message=f"Encore {number}.")
    browser.get(family.path + path)
    assert browser.submit("signaler", message="Encore.").status_code == 422
    assert browser.get(family.path + "signaler/student/email/").status_code == 404
    assert browser.get(family.path + "signaler/guardian/nothing/").status_code == 404


def test_two_tabs(family):
    """The second to save is told, loses nothing, and replaces knowingly."""
    one = family.browser(path="modifier/vos-coordonnees/")
    other = family.browser(path="modifier/vos-coordonnees/")
    one.submit("modifier", phone_mobile="0639980007")
    page = other.submit("modifier", phone_mobile="0639980008", email="x@example.org")
    assert page.status_code == 409
    assert "autre fenêtre" in page.text
    assert "0639980008" in page.text
    assert "x@example.org" in page.text
    page = other.submit("modifier")
    assert page.request.path.endswith("votre-situation/")
    assert family.sheet().draft.typed["guardian.phone_mobile"] == "0639980008"


def test_two_tabs_on_different_fields(family):
    """What the other tab kept is in the form again: to go on loses neither."""
    one = family.browser(path="modifier/vos-coordonnees/")
    other = family.browser(path="modifier/vos-coordonnees/")
    one.submit("modifier", phone_mobile="0639980007", phone_home="03")
    page = other.submit("modifier", email="x@example.org", phone_home="0353019908")
    assert page.status_code == 409
    assert "Dans l’autre fenêtre\u00a0: 03" in page.text
    other.submit("modifier")
    assert family.sheet().draft.typed == {
        "guardian.phone_mobile": "0639980007",
        "guardian.phone_home": "0353019908",
        "guardian.email": "x@example.org",
    }


def test_an_old_page_undoes_nothing(family):
    """Its author changed one field: the other, which has moved since, is as it is now."""
    browser = family.browser(path="modifier/eleve/")
    family.let(straight_phones=True)
    family.change("father", "eleve", phone_mobile="0639980011")
    page = browser.submit("modifier", email="camille@example.org")
    assert page.status_code == 409
    assert "06 39 98 00 11" in plain(page)
    browser.submit("modifier")
    assert set(family.sheet().draft.typed) == {"student.email"}


def test_a_draft_does_not_undo_what_others_change(family):
    """Only what was changed is kept: the rest follows the sheet."""
    browser = family.browser(path="modifier/eleve/")
    browser.submit("modifier", email="camille@example.org")
    assert set(family.sheet().draft.typed) == {"student.email"}


def test_the_sheet_moves_while_one_types(family):
    """The other parent's change comes through: said, with the value of today, and kept."""
    browser = family.browser(path="modifier/eleve/")
    family.let(straight_phones=True)
    family.change("father", "eleve", phone_mobile="0639980011")
    page = browser.submit("modifier", phone_mobile="0639980012")
    assert page.status_code == 409
    assert "06 39 98 00 11" in plain(page)
    assert "0639980012" in page.text
    browser.submit("modifier")
    browser.get(family.path + "envoyer/")
    review = plain(browser.page)
    assert "06 39 98 00 11" in review
    assert "06 39 98 00 12" in review


def test_nothing_to_send(family):
    """An empty draft, one that asks for nothing, and one that was sent already."""
    browser = family.browser(path="envoyer/")
    assert "Rien à envoyer" in browser.page.text
    browser.get(family.path + "modifier/vos-coordonnees/")
    browser.submit("modifier", address_line1="12, rue des Lilas", leave="1")
    assert not family.sheet().draft, "the same address in other letters"
    browser.get(family.path + "modifier/vos-coordonnees/")
    browser.submit("modifier", phone_mobile="0639980007")
    first, second, late = (family.browser(path="envoyer/") for _tab in range(3))
    first.submit("envoyer")
    assert "/recepisses/" in second.submit("envoyer").request.path, "twice at once is once"
    assert len(family.sheet().made) == 1
    family.clock.advance(minutes=2)
    assert late.submit("envoyer").status_code == 409


def test_give_up(family):
    """The draft goes, the sheet stays."""
    browser = family.browser(path="modifier/vos-coordonnees/")
    browser.submit("modifier", phone_mobile="1", leave="1")
    browser.get(family.path + "modifier/vos-coordonnees/")
    browser.submit("modifier", phone_mobile="12", leave="1")
    assert browser.page.status_code == 422
    browser.get(family.path)
    assert "commencé des changements" in browser.page.text
    assert "À corriger" not in browser.page.text
    review = family.browser(path="envoyer/")
    assert "à corriger avant" in plain(review.page)
    browser.submit("effacer")
    assert not family.sheet().draft


@pytest.mark.parametrize("who", ["carer", "student"])
def test_only_what_is_theirs(family, who):
    """A person in charge changes his own data; a minor his own contacts."""
    browser = family.browser(who)
    assert browser.page.status_code == 200
    steps = set(re.findall(r"/modifier/([a-z-]+)/", browser.page.text))
    assert steps == {"carer": {"vos-coordonnees", "votre-situation"}, "student": {"eleve"}}[who]
    assert browser.get(family.path + "modifier/urgence/").status_code == 404


def test_an_adult_student_decides(family):
    """From the eighteenth birthday the guardian reads less and changes nothing of the student."""
    family.clock.set(family.clock.now().replace(year=2032))
    site = family.services.site
    with site.database.reading() as tx:
        assert FicheStore(tx.connection).base.students(
            [family.child.id], COLLEGE, site.school_year()
        )
    sheet = family.sheet()
    assert not sheet.parts[1].editable
    assert sheet.parts[1].line("phone_mobile") is None
    assert family.sheet("student").may_confirm


def test_the_session_ends_while_one_types(family):
    """What was typed is kept for its owner, who signs in and finds it; nothing shows before."""
    browser = family.browser(path="modifier/vos-coordonnees/")
    family.clock.advance(hours=2)
    page = browser.submit("modifier", phone_mobile="06 39 98", address_line1="3 place Verte")
    assert page.request.path == "/connexion"
    assert "est gardé" in page.text
    assert "place Verte" not in page.text
    browser.submit("/connexion", login_name=family.accounts["mother"].login_name, password=PASSWORD)
    assert "commencé des changements" in browser.get(family.path).text
    page = browser.get(family.path + "modifier/vos-coordonnees/")
    assert "3 place Verte" in page.text
    assert 'value="06 39 98"' in page.text


def close(family, stance=Stance.CLOSED):
    """The head closes the sheet to guardians, or opens it again."""
    college = Scope.establishment(COLLEGE)
    set_opening(family.services.site, None, college, "fiche", Audience.GUARDIAN, stance)


@pytest.mark.parametrize("is_late", [False, True])
def test_the_module_closes_while_one_types(family, is_late):
    """The page says why, what was typed is kept, is read there, and waits for the reopening."""
    browser = family.browser(path="modifier/vos-coordonnees/")
    family.clock.advance(minutes=5)
    close(family)
    family.clock.advance(hours=2 if is_late else 0, minutes=5)
    page = browser.submit("modifier", phone_mobile="06 39 98", address_line1="3 place Verte")
    assert "Ce que vous veniez d’écrire est gardé" in page.text
    assert "place Verte" not in page.text
    if is_late:
        name = family.accounts["mother"].login_name
        browser.submit("/connexion", login_name=name, password=PASSWORD)
    page = browser.get(family.path)
    assert page.status_code == 403
    kept = browser.get(re.search(r'href="([^"]+)">Lire ce qui est conservé', page.text)[1])
    assert "3 place Verte, 21000 DIJON" in plain(kept)
    close(family, Stance.OPEN)
    assert "commencé des changements" in browser.get(family.path).text
    page = browser.get(family.path + "modifier/vos-coordonnees/")
    assert 'value="06 39 98"' in page.text


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_message_that_comes_too_late_is_given_back(family, is_closed):
    """No draft keeps it: it is shown on the page that says why it was not taken."""
    browser = family.browser(path="signaler/student/last_name/")
    if is_closed:
        close(family)
    else:
        family.clock.advance(hours=2)
    page = browser.submit("signaler", message="Il manque un tréma.")
    assert page.status_code == 403
    assert "<blockquote>Il manque un tréma.</blockquote>" in page.text


def test_a_form_is_not_kept_without_the_right(family):
    """The link to the child has ended: the sheet is nobody's to write in any more."""
    browser = family.browser(path="modifier/vos-coordonnees/")
    with family.services.engine.begin() as connection:
        connection.execute(core.responsibilities.update().values(is_barred=True))
    page = browser.submit("modifier", phone_mobile="0639980007")
    assert page.status_code in {403, 404}
    assert "est gardé" not in page.text
    with family.services.engine.connect() as connection:
        assert connection.execute(select(t.drafts)).all() == []


def test_a_late_form_takes_nothing_back(family):
    """What another tab had saved stays, wherever the late one says nothing new."""
    late = family.browser(path="modifier/vos-coordonnees/")
    other = family.browser(path="modifier/vos-coordonnees/")
    other.submit("modifier", phone_mobile="0639980007")
    family.clock.advance(hours=2)
    late.submit("modifier", email="x@example.org")
    typed = family.sheet().draft.typed
    assert typed == {"guardian.phone_mobile": "0639980007", "guardian.email": "x@example.org"}


@pytest.mark.parametrize("case", ["signed_out", "long_ago", "forged", "another", "unexpected"])
def test_a_late_form_that_is_not_kept(family, case):
    """A session closed by an act, or long ago; a form without token, or about another's child."""
    browser = family.browser(path="modifier/vos-coordonnees/")
    (form,) = (f for action, f in browser.forms() if "modifier" in action)
    path = family.path + "modifier/vos-coordonnees/"
    if case == "signed_out":
        with family.services.site.database.writing() as tx:
            tx.sessions.remove_all(family.accounts["mother"].id)
    family.clock.advance(hours=20 if case == "long_ago" else 2)
    if case == "forged":
        form["csrf_token"] = "x"
    if case == "unexpected":
        form["state"] = "accepted"
    if case == "another":
        other = family.world.student(child := a_student(), a_schooling(child.id))
        path = path.replace(str(family.child.id), str(other.id))
    typed = form | {"phone_mobile": "0639980007"}
    answer = browser.client.post(path, data=typed, base_url="http://localhost")
    assert answer.status_code in {303, 403}
    browser.get("/connexion")
    assert "est gardé" not in browser.page.text
    assert not family.sheet().draft


def test_few_statements(family):
    """However much was asked for, each page runs the same number of statements."""
    browser = family.browser()
    counts = []
    for _ in range(2):
        with counted(family.services.engine) as run:
            browser.get(family.path)
        counts.append(len(run))
        for number in range(3):
            family.change("father", "eleve", phone_mobile=f"063998001{number}")
            family.change("mother", "eleve", phone_mobile=f"063998002{number}")
    assert counts[0] == counts[1] <= 11
