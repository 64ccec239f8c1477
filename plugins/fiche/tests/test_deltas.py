"""Deltas for the school base: what the files say, that they hold to the format, and come back."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.roster import FormerSchooling, Kinship, Level, Sex, StudentDetails
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Ine, Mef
from teleservices_core.storage import tables as core
from teleservices_core.storage.importing_rows import address_row
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_fiche.exchange.delta_csv import delta_csv
from teleservices_fiche.exchange.delta_xml import delta_xml
from teleservices_fiche.model import Address, Person, PersonKind, ProposalState
from teleservices_fiche.rules.typed import stored_phone
from teleservices_fiche.store import FicheStore
from teleservices_fiche.store import tables as t
from teleservices_fiche.store.school import FicheSchoolStore
from teleservices_fiche.testing import HOME, a_maker, a_proposal, addresses, later
from teleservices_fiche.usecases.exporting import open_delta, read_delta
from teleservices_fiche.usecases.reconciling import reconcile

HOME_BEFORE = PostalAddress(("12 RUE DES LILAS",), "21000", "DIJON")
GUARDIAN, STUDENT = PersonKind.GUARDIAN, PersonKind.STUDENT


class School:
    """A family that the school base knows well enough for its own import format."""

    def __init__(self, services):
        self.services = services
        world = World(services)
        world.establishment()
        self.child = a_student(ine=Ine.rnie(123456789), sex=Sex.FEMALE)
        details = StudentDetails(birth_country="100", birth_insee="21231", nationality="100")
        schooling = a_schooling(
            self.child.id,
            mef=Mef("10010012110"),
            boarding="2",
            from_on=date(2026, 9, 1),
            former=FormerSchooling("0219998D", "", "CM2 A", "1"),
        )
        world.student(self.child, schooling, details)
        self.mother = an_adult(mobile="0639980001", address=HOME_BEFORE, occupation="42")
        self.father = an_adult(title="M.", first_name="Bruno", last_name="DURAND")
        self.aunt = an_adult(first_name="Carole", last_name="DUVAL")
        id_ = self.child.id
        world.adult(self.mother, a_link(id_, self.mother.id, lodges=True, receives_aid=True))
        world.adult(self.father, a_link(id_, self.father.id, kinship=Kinship.FATHER))
        world.adult(self.aunt, a_link(id_, self.aunt.id, level=Level.CONTACT))
        world.siecle_key(self.child, "4821")
        self.world = world

    def accepted(self, *changes):
        """Put changes in force: (kind, field, value) of the mother or of the child."""
        ids = {GUARDIAN: self.mother.id, STUDENT: self.child.id}
        proposals = [
            a_proposal(
                value,
                person=Person(kind, ids[kind]),
                student_id=self.child.id,
                field=field,
                seen=None,
                state=ProposalState.ACCEPTED,
                decided_at=later(1),
                maker=a_maker(self.mother.id),
            )
            for kind, field, value in changes
        ]
        with self.services.site.database.writing() as tx:
            FicheStore(tx.connection).proposals.add("R", proposals)

    def leave(self):
        """A new delta."""
        batch = open_delta(self.services.site, None, COLLEGE, FicheSchoolStore)
        return read_delta(self.services.site, None, COLLEGE, batch.number, FicheSchoolStore)

    def xml(self, delta):
        pieces = delta_xml(self.services.site, delta, FicheSchoolStore)
        return None if pieces is None else b"".join(pieces)

    def csv(self, delta):
        text = b"".join(delta_csv(self.services.site, delta, FicheSchoolStore)).decode("utf-8-sig")
        text = text.replace("\u00a0", " ")
        return list(csv.DictReader(io.StringIO(text), delimiter=";"))


@pytest.fixture
def school(services):
    """On each database."""
    return School(services)


# --- The format, as the ministry describes it (version 3.1) ----------------------------

_DATE = r"\d{4}-\d{2}-\d{2}"
_TEXT = {n: rf".{{1,{n}}}" for n in (2, 3, 8, 10, 20, 32, 38, 100, 254)}
_BIT = r"[01]"
_ADDRESS = [
    *((f"LIGNE{n}_ADRESSE", _TEXT[38], "?") for n in range(1, 5)),
    ("CODE_POSTAL", r"\d{5}", "?"),
    ("LL_POSTAL", _TEXT[32], "?"),
    ("COMMUNE_ETRANGERE", _TEXT[32], "?"),
    ("CODE_PAYS", _TEXT[3], ""),
]
_CONTACTS = [
    ("TEL_PERSONNEL", _TEXT[20], "?"),
    ("TEL_PROFESSIONNEL", _TEXT[20], "?"),
    ("TEL_PORTABLE", _TEXT[20], "?"),
    ("ACCEPTE_SMS", _BIT, "?"),
    ("EMAIL", _TEXT[254], "?"),
]
_NAMES = [
    ("NOM_DE_FAMILLE", _TEXT[100], ""),
    ("NOM_USAGE", _TEXT[100], "?"),
    ("PRENOM", _TEXT[100], ""),
]
_CONTACT = [("ID_PRV_PER", r"\d{1,5}", ""), ("CODE_PARENTE", r"\d{2}", "")]
_IN_CHARGE = [
    *_CONTACT,
    ("PAIE_FRAIS_SCOLAIRES", _BIT, ""),
    ("HEBERGE_ELEVE", _BIT, ""),
    ("A_CONTACTER_EN_PRIORITE", _BIT, ""),
]
SCHEMA = {
    "IMPORT_ELEVES": [("PARAMETRES", None, ""), ("DONNEES", None, "")],
    "PARAMETRES": [
        ("UAJ", r"\w{8}", ""),
        ("ANNEE_SCOLAIRE", r"\d{4}", ""),
        ("DATE_IMPORT", r"\d{2}/\d{2}/\d{4}", ""),
        ("NUM_ENVOI", r"\d{1,5}", ""),
        ("LOGICIEL", _TEXT[10], ""),
    ],
    "DONNEES": [("PERSONNES", None, ""), ("ELEVES", None, "")],
    "PERSONNES": [("PERSONNE", None, "+")],
    "ELEVES": [("ELEVE", None, "+")],
    "PERSONNE": [
        ("ID_PRV_PER", r"\d{1,5}", ""),
        ("CODE_CIVILITE", r"\d", ""),
        *_NAMES,
        ("ADRESSE", None, "?"),
        ("COMMUNICATION_ADRESSE", _BIT, "?"),
        ("CODE_PROFESSION", _TEXT[2], ""),
        *_CONTACTS,
    ],
    "ADRESSE": _ADDRESS,
    "ELEVE": [
        ("ID_PRV_ELE", r"\w+", ""),
        ("ID_NATIONAL", r"\w{11}", "?"),
        *_NAMES,
        ("CODE_PAYS_NAT", _TEXT[3], ""),
        ("DATE_NAISS", _DATE, ""),
        ("CODE_SEXE", r"[12]", ""),
        ("CODE_PAYS", _TEXT[3], ""),
        ("CODE_COMMUNE_INSEE_NAISS", r"\w{5}", "?"),
        ("VILLE_NAISS", _TEXT[32], "?"),
        ("DATE_ENTREE", _DATE, "?"),
        ("ADRESSE", None, "?"),
        *_CONTACTS,
        ("ADHESION_TRANSPORT", _BIT, ""),
        ("CODE_REGIME", _TEXT[2], ""),
        ("DOUBLEMENT", _BIT, ""),
        ("RESPONSABLES_ELEVE", None, ""),
        ("SCOLARITE_ACTIVE", None, ""),
        ("ETABLISSEMENT_AN_DERNIER", None, ""),
    ],
    "RESPONSABLES_ELEVE": [
        ("LEGAL", None, "{1,2}"),
        ("PERSONNE_EN_CHARGE", None, "*"),
        ("CONTACT", None, "*"),
    ],
    "LEGAL": [*_IN_CHARGE[:4], ("PERCOIT_LES_AIDES", _BIT, ""), _IN_CHARGE[4]],
    "PERSONNE_EN_CHARGE": _IN_CHARGE,
    "CONTACT": _CONTACT,
    "SCOLARITE_ACTIVE": [
        ("CODE_MEF", r"\w{11}", ""),
        ("CODE_DIVISION", _TEXT[8], "?"),
        ("CODE_STATUT", _TEXT[2], ""),
        ("DATE_DEB_SCO", _DATE, ""),
        ("DATE_FIN_SCO", _DATE, "?"),
    ],
    "ETABLISSEMENT_AN_DERNIER": [
        ("CODE_RNE", r"\w{8}", ""),
        ("CODE_PROVENANCE", r"\w", ""),
        ("CODE_MEF", r"\w{11}", "?"),
        ("CODE_DIVISION", _TEXT[8], "?"),
    ],
}


def validated(content):
    """The root of a file that holds to the format: order, number and form of every element."""
    assert content.startswith(b'<?xml version="1.0" encoding="ISO-8859-15"?>')
    root = ET.fromstring(content)
    assert (root.tag, root.attrib) == ("IMPORT_ELEVES", {"VERSION": "3.1"})
    _validate(root)
    numbers = [each.text for each in root.iterfind(".//PERSONNE/ID_PRV_PER")]
    assert len(numbers) == len(set(numbers)), "ID_PRV_PER is a key"
    named = {each.text for each in root.iterfind(".//RESPONSABLES_ELEVE//ID_PRV_PER")}
    assert named <= set(numbers), "and those of pupils lead to a person"
    for tag in ("ID_PRV_ELE", "ID_NATIONAL"):
        found = [each.text for each in root.iterfind(f".//ELEVE/{tag}")]
        assert len(found) == len(set(found)), f"{tag} is a key"
    return root


def _validate(element):
    rules = SCHEMA[element.tag]
    pattern = "".join(f"(?:<{tag}>){count}" for tag, _form, count in rules)
    found = "".join(f"<{each.tag}>" for each in element)
    assert re.fullmatch(pattern, found), (element.tag, found)
    forms = {tag: form for tag, form, _count in rules}
    for each in element:
        if forms[each.tag] is None:
            _validate(each)
        else:
            assert re.fullmatch(forms[each.tag], each.text or "", re.DOTALL), (each.tag, each.text)
    if element.tag == "ADRESSE":
        is_french = element.find("CODE_PAYS").text == "100"
        assert (element.find("CODE_POSTAL") is not None) is is_french
        assert (element.find("COMMUNE_ETRANGERE") is None) is is_french


# --- What the files say -----------------------------------------------------------------


def test_what_leaves(school):
    """The accepted values, in a whole and valid file; a table for people, with all of them."""
    school.accepted(
        (GUARDIAN, "phone_mobile", "+33639980007"),
        (GUARDIAN, "address", Address(("3 place de l'Œuvre",), "21200", "Beaune")),
        (STUDENT, "email", "camille@example.org"),
        (STUDENT, "emergency_name", "Odile MARTIN"),
    )
    delta = school.leave()
    root = validated(school.xml(delta))
    assert root.findtext(".//NUM_ENVOI") == "1"
    people = {each.findtext("PRENOM"): each for each in root.iterfind(".//PERSONNE")}
    assert people["Anne"].findtext("TEL_PORTABLE") == "0639980007"
    assert people["Anne"].findtext("ADRESSE/LL_POSTAL") == "Beaune"
    assert people["Anne"].findtext("CODE_PROFESSION") == "42", "what nobody changed goes back"
    assert people.keys() == {"Anne", "Bruno", "Carole"}
    (pupil,) = root.iterfind(".//ELEVE")
    assert pupil.findtext("EMAIL") == "camille@example.org"
    assert pupil.findtext("ETABLISSEMENT_AN_DERNIER/CODE_RNE") == "0219998D"
    kinds = [each.tag for each in pupil.find("RESPONSABLES_ELEVE")]
    assert kinds == ["LEGAL", "LEGAL", "CONTACT"]
    lines = school.csv(delta)
    assert [line["Rubrique"] for line in lines].count("Adresse postale") == 1
    told = {line["Rubrique"]: line for line in lines}
    assert told["Téléphone portable"]["Après"] == "06 39 98 00 07"
    assert told["Téléphone portable"]["ELEVE_ID"] == "4821"
    assert told["Téléphone portable"]["Fichier pour SIECLE"] == "oui"
    assert told["Urgence : personne à prévenir"]["Fichier pour SIECLE"].startswith("non")


def test_the_same_again(school):
    """A delta is replayed as it was, after what followed it."""
    school.accepted((GUARDIAN, "phone_mobile", "+33639980007"))
    first = school.leave()
    files = school.xml(first), school.csv(first)
    school.accepted((GUARDIAN, "phone_mobile", "+33639980008"))
    second = school.leave()
    assert second.batch.number == 2
    again = read_delta(school.services.site, None, COLLEGE, 1, FicheSchoolStore)
    assert (school.xml(again), school.csv(again)) == files
    assert b"0639980008" in school.xml(second)
    assert open_delta(school.services.site, None, COLLEGE, FicheSchoolStore) is None


def test_a_formula_is_text(school):
    """A spreadsheet runs nothing that a family typed."""
    school.accepted((STUDENT, "emergency_name", "=HYPERLINK(1)"))
    (line,) = school.csv(school.leave())
    assert line["Après"] == "'=HYPERLINK(1)"


def test_what_the_format_asks_and_nobody_knows(school):
    """No invented data: the table says what is missing, and the file leaves the pupil out."""
    with school.services.engine.begin() as connection:
        connection.execute(update(core.schoolings).values(former_uai="", boarding=""))
    school.accepted((GUARDIAN, "phone_mobile", "+33639980007"))
    delta = school.leave()
    assert school.xml(delta) is None
    (line,) = school.csv(delta)
    assert "régime" in line["Fichier pour SIECLE"]
    assert "établissement de l’an dernier" in line["Fichier pour SIECLE"]


def test_a_third_legal_guardian(school):
    """The format takes two: the third goes as a person in charge."""
    other = an_adult(first_name="Zoé", last_name="TIERS")
    school.world.adult(other, a_link(school.child.id, other.id))
    school.accepted((GUARDIAN, "phone_mobile", "+33639980007"))
    root = validated(school.xml(school.leave()))
    kinds = [each.tag for each in root.find(".//RESPONSABLES_ELEVE")]
    assert kinds == ["LEGAL", "LEGAL", "PERSONNE_EN_CHARGE", "CONTACT"]


def test_from_the_console(school):
    """Prepared by a button, downloaded as often as needed."""
    head = school.world.staff(Role.HEAD, COLLEGE)
    browser = Browser(school.services)
    browser.sign_in(head.login_name, PASSWORD)
    path = f"/ecole/{COLLEGE}/fiche/envois"
    assert "Rien à envoyer" in browser.get(path).text
    school.accepted((GUARDIAN, "phone_mobile", "+33639980007"))
    assert "1 modification" in browser.get(path).text.replace("\u00a0", " ")
    browser.submit("envois/nouveau")
    assert "L’envoi 1 est prêt" in browser.page.text.replace("\u00a0", " ")
    for _again in range(2):
        page = browser.get(f"{path}/1.xml")
        assert page.headers["Content-Disposition"].endswith(f"fiches-{COLLEGE}-1.xml")
        validated(page.data)
        assert browser.get(f"{path}/1.csv").data.startswith(b"\xef\xbb\xbf")
    assert browser.get(f"{path}/2.csv").status_code == 404
    assert browser.get(f"{path}/1.exe").status_code == 404


# --- Export, then import ------------------------------------------------------------------


def _integrated(school, root):
    """Do to the roster what the school base does with the file, and an export then says."""
    people = {"Anne": school.mother.id, "Bruno": school.father.id, "Carole": school.aunt.id}
    with school.services.engine.begin() as connection:
        for each in root.iterfind(".//PERSONNE"):
            said = _contacts(each) | {
                "occupation": each.findtext("CODE_PROFESSION"),
                "shares_contact": each.findtext("COMMUNICATION_ADRESSE") == "1",
            }
            of = core.adults.c.id == people[each.findtext("PRENOM")]
            connection.execute(update(core.adults).where(of).values(said))
        for each in root.iterfind(".//ELEVE"):
            of = core.students.c.ine == each.findtext("ID_NATIONAL")
            connection.execute(update(core.students).where(of).values(_contacts(each)))


def _contacts(element):
    home = element.find("ADRESSE")
    address = PostalAddress()
    if home is not None:
        country = home.findtext("CODE_PAYS")
        lines = [home.findtext(f"LIGNE{n}_ADRESSE") for n in range(1, 5)]
        address = PostalAddress(
            tuple(line.upper() for line in lines if line),
            home.findtext("CODE_POSTAL") or "",
            (home.findtext("LL_POSTAL") or home.findtext("COMMUNE_ETRANGERE")).upper(),
            "" if country == "100" else "Ailleurs",
            "" if country == "100" else country,
        )
    return address_row(address) | {
        "phone": element.findtext("TEL_PERSONNEL") or "",
        "mobile": element.findtext("TEL_PORTABLE") or "",
        "work_phone": element.findtext("TEL_PROFESSIONNEL") or "",
        "accepts_sms": element.findtext("ACCEPTE_SMS") == "1",
        "email": element.findtext("EMAIL") or "",
    }


_PHONES = st.none() | st.sampled_from(
    ("+33639980007", "+33353019909", "+262639123456", "+3225550123")
)
_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        (GUARDIAN, "phone_mobile"): _PHONES,
        (GUARDIAN, "phone_home"): _PHONES,
        (GUARDIAN, "phone_work"): _PHONES,
        (GUARDIAN, "email"): st.none() | st.sampled_from(("a@example.org", "É.b@example.org")),
        (GUARDIAN, "accepts_sms"): st.booleans(),
        (GUARDIAN, "shares_contact"): st.booleans(),
        (GUARDIAN, "profession"): st.sampled_from((None, "21")),
        (GUARDIAN, "address"): addresses() | st.just(HOME),
        (STUDENT, "phone_mobile"): _PHONES,
        (STUDENT, "accepts_sms"): st.booleans(),
        (STUDENT, "address"): st.none() | addresses(),
    },
).filter(bool)


@pytest.mark.parametrize("backend", ["sqlite"])
@settings(max_examples=25)
@given(changes=_CHANGES)
def test_what_leaves_comes_back_as_it_was_accepted(services, changes):
    """Export, then import: the base says what was accepted, and nothing else has moved."""
    with services.engine.begin() as connection:
        for table in (t.proposals, core.schoolings, core.responsibilities, core.siecle_keys):
            connection.execute(delete(table))
        connection.execute(delete(core.students))
        connection.execute(delete(core.adults))
    school = School(services)
    before = _known(school)
    school.accepted(*((kind, field, value) for (kind, field), value in changes.items()))
    delta = school.leave()
    root = validated(school.xml(delta))
    _integrated(school, root)
    with services.engine.connect() as connection:
        carried = connection.scalars(select(t.proposals.c.id)).all()
    assert reconcile(services.site.database, COLLEGE, later(9), FicheSchoolStore) == len(carried)
    after = _known(school)
    ids = {GUARDIAN: school.mother.id, STUDENT: school.child.id}
    wanted = {(ids[kind], field): value for (kind, field), value in changes.items()}
    for key, value in after.items():
        assert _same(value, wanted.get(key, before[key])), key


def _known(school):
    with school.services.site.database.reading() as tx:
        base = FicheStore(tx.connection).base
        year = a_schooling(school.child.id).school_year
        people = base.students([school.child.id], COLLEGE, year)
        people |= base.guardians([school.child.id])[school.child.id]
    return {
        (person.id, field): value for person, of in people.items() for field, value in of.items()
    }


def _same(one, other):
    if isinstance(one, Address) and isinstance(other, Address):
        upper = evolve(other, lines=tuple(each.upper() for each in other.lines))
        return one == evolve(upper, town=upper.town.upper())
    if isinstance(one, str) and isinstance(other, str):
        return stored_phone(one) == stored_phone(other)
    return one == other
