"""Nothing that one guardian does, or reads, tells another guardian's contact data."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy import select, update

from teleservices_core.errors import ConflictError
from teleservices_core.storage import tables as core
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.world import PASSWORD
from teleservices_core.usecases.mailing import deliver
from teleservices_fiche.model import ProposalState
from teleservices_fiche.store import FicheStore
from teleservices_fiche.store.school import FicheSchoolStore
from teleservices_fiche.usecases.deciding import Wanted, decide, list_proposals, look_at

MARKERS = ("marqueur", "639980002", "353019902", "353019903", "639980042", "639980043", "beaune")
"""The father's, of the base and of what he asks for, as digits run and in small letters."""


def found(text):
    """The markers in a text, however telephones are spaced."""
    run = re.sub(r"(?<=\d)[\s\u00a0.+()-]+(?=\d)", "", text.lower())
    return [marker for marker in MARKERS if marker in run]


def texts(answer):
    """Everything readable in an answer."""
    if answer.mimetype == "application/pdf":
        return "\n".join(page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages)
    if answer.mimetype == "application/zip":
        with ZipFile(BytesIO(answer.data)) as archive:
            return "\n".join(archive.read(name).decode() for name in archive.namelist())
    return answer.text


class Outbox:
    """Keeps what is sent."""

    def __init__(self):
        self.sent = []

    def send(self, message):
        """See the port."""
        self.sent.append(message)


def fathers_doings(family):
    """All that the father can leave about himself: waiting, refused, accepted, typed, reported."""
    for number, state in (("42", ProposalState.ACCEPTED), ("43", ProposalState.REFUSED)):
        family.change("father", phone_mobile=f"06399800{number}")
        with family.services.site.database.writing() as tx:
            store = FicheStore(tx.connection).proposals
            (sent,) = (e for e in store.open_about([family.father.id], COLLEGE) if not e.decided_at)
            store.decide(sent, state, family.clock.now(), reason="marqueur")
    family.change("father", email="marqueur-b2@example.org")
    browser = family.browser("father", "modifier/vos-coordonnees/")
    browser.submit("modifier", address_line1="marqueur en cours", leave="1")
    browser.get(family.path + "signaler/guardian/last_name/")
    browser.submit("signaler", message="marqueur")
    family.change("father", "eleve", email="marqueur-b@example.org")


STEPS = {
    "vos-coordonnees": ("phone_mobile", "phone_home", "email", "address_line1"),
    "votre-situation": ("profession",),
    "eleve": ("phone_mobile", "phone_home", "email", "address_line1"),
    "urgence": ("emergency_name", "emergency_phone"),
}
TYPED = ("0639980007", "0639980099", "x@example.org", "3 place Verte", "34", "", "n'importe quoi")


def acts():
    """What the mother may do next, as a function of her browser and the sheet's path."""
    step = st.sampled_from(sorted(STEPS)).flatmap(
        lambda slug: st.tuples(
            st.just(slug), st.dictionaries(st.sampled_from(STEPS[slug]), st.sampled_from(TYPED))
        )
    )
    simple = st.sampled_from(
        ["send", "withdraw", "confirm", "discard", "report", "history", "receipts", "data", "stray"]
    )
    others = st.sampled_from(["father", "accept", "refuse"])
    return st.one_of(step, simple, others)


def others_do(family, act):
    """Meanwhile, the father asks about himself and about the child; or the school answers."""
    site = family.services.site
    if act == "father":
        browser = family.browser("father", "modifier/vos-coordonnees/")
        browser.submit("modifier", phone_home="0639980043")
        browser.get(family.path + "modifier/eleve/")
        browser.submit("modifier", phone_mobile="0639980042")
        browser.get(family.path + "envoyer/")
        if any("envoyer" in action for action, _fields in browser.forms()):
            browser.submit("envoyer")
        return
    wanted = list_proposals(site, None, COLLEGE, Wanted(), FicheSchoolStore)
    looks = look_at(site, None, COLLEGE, [slip.id for slip in wanted.slips], FicheSchoolStore)
    for look in looks:
        with suppress(ConflictError):
            decide(
                site,
                None,
                COLLEGE,
                look.proposal.id,
                accept=act == "accept",
                reason="" if act == "accept" else "Non.",
                seen=look.digest,
                opens=FicheSchoolStore,
            )


def do(browser, path, act):
    """One act; every answer on the way."""
    if isinstance(act, tuple):
        slug, typed = act
        page = browser.get(f"{path}modifier/{slug}/")
        yield page
        if page.status_code == 200:
            asked = next(fields for action, fields in browser.forms() if "modifier" in action)
            yield browser.submit("modifier", **{k: v for k, v in typed.items() if k in asked})
        return
    if act == "receipts":
        page = browser.get(path + "historique/")
        for address in set(re.findall(r'href="([^"]+recepisses/[^"]+)"', page.text)):
            yield browser.get(address)
            yield browser.get(address.rstrip("/") + ".pdf")
        return
    if act == "data":
        browser.get("/compte/donnees")
        yield browser.submit("donnees", current=PASSWORD)
        return
    if act == "stray":
        for stray in ("modifier/nulle-part/", "signaler/guardian/email/", "recepisses/AAAAAAAAAA/"):
            yield browser.get(path + stray)
        return
    at = {"send": "envoyer/", "report": "signaler/student/last_name/", "history": "historique/"}
    action = {"send": "envoyer", "withdraw": "retirer", "confirm": "confirmer"}
    action |= {"discard": "effacer", "report": "signaler"}
    yield browser.get(path + at.get(act, ""))
    if any(action.get(act, "-") in target for target, _fields in browser.forms()):
        yield browser.submit(action[act])


@pytest.mark.parametrize("who", ["mother", "carer", "student"])
def test_no_sequence_of_acts_tells_anything(family, backend, who):
    """Pages, errors, receipts, mails and copies of anybody else, whatever all of them do."""
    fathers_doings(family)
    box = Outbox()
    deliver(family.services.site, box)
    box.sent.clear()

    @settings(max_examples={"mother": 8}.get(who, 3) if backend == "sqlite" else 1)
    @given(st.lists(acts(), max_size=6))
    def nothing_tells(sequence):
        browser = family.browser(who)
        answers = [browser.page]
        for act in [*sequence, "history", "receipts", "data"]:
            if act in ("father", "accept", "refuse"):
                others_do(family, act)
            elif (who, act) != ("student", "data"):
                # The student's copy has his own record as the base has it: it is his to read.
                answers += do(browser, family.path, act)
        answers.append(browser.get(family.path))
        for answer in answers:
            assert not found(texts(answer)), (sequence, answer.request.path)
        deliver(family.services.site, box)
        for message in box.sent:
            assert not found(message.as_string() + message.get_content()), sequence

    nothing_tells()
    with family.services.site.database.reading() as tx:
        audit = tx.connection.execute(select(core.audit.c.detail)).scalars().all()
    assert not found(json.dumps(audit)), "nor the journal, which values have no business in"


def test_a_number_that_changes_stays_secret(family):
    """The base repeats the father's telephone on the child, still when the father has another."""
    family.let(straight_phones=True)
    family.change("father", phone_home="0639980043")
    for who in ("mother", "student", "carer"):
        assert not found(texts(family.browser(who).page)), who


def test_the_markers_are_there(family):
    """The test above would see them: the father's own pages have them all."""
    fathers_doings(family)
    browser = family.browser("father")
    seen = texts(browser.page) + texts(browser.get(family.path + "modifier/vos-coordonnees/"))
    assert {"marqueur", "639980042", "353019902", "353019903"} <= set(found(seen))


@st.composite
def somebody(draw):
    """Contact data that are not the child's."""
    digits = st.integers(100, 999).map("0639981{}".format)
    return {
        "email": draw(st.sampled_from(["", "a@b.example", "c@d.example"])),
        "mobile": draw(digits),
        "phone": draw(digits),
        "work_phone": draw(digits),
        "address_lines": draw(st.sampled_from(["", "1 RUE A", "2 RUE B\nBAT C"])),
        "town": draw(st.sampled_from(["", "DIJON"])),
        "postal_code": draw(st.sampled_from(["", "21000"])),
        "occupation": draw(st.sampled_from(["", "10", "99"])),
        "accepts_sms": draw(st.booleans()),
        "shares_contact": draw(st.booleans()),
    }


def test_pages_do_not_depend_on_the_other_guardian(family, backend):
    """The same bytes, whatever the father's data are."""
    browser = family.browser()
    paths = ("", "historique/", "envoyer/", *(f"modifier/{slug}/" for slug in STEPS))

    def pages():
        return [
            re.sub(r'name="csrf_token" value="[^"]*"', "", browser.get(family.path + path).text)
            for path in paths
        ]

    def become(data):
        with family.services.site.database.writing() as tx:
            tx.connection.execute(
                update(core.adults).where(core.adults.c.id == family.father.id).values(**data)
            )
            # Nothing of the child is anybody's.
            tx.connection.execute(
                update(core.students)
                .where(core.students.c.id == family.child.id)
                .values(address_lines="", town="", postal_code="", phone="")
            )

    become({"mobile": "0639981000"})
    before = pages()

    @settings(max_examples=10 if backend == "sqlite" else 3)
    @given(somebody())
    def same(data):
        become(data)
        assert pages() == before

    same()


@pytest.mark.parametrize("who", ["carer", "student", "mother"])
def test_what_the_base_repeats_on_the_child(family, who):
    """The child's address and telephone are the father's in the base: nobody reads them there."""
    assert not found(texts(family.browser(who).page))
    assert not found(texts(family.browser(who, "historique/").page))
