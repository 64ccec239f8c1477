"""Records as values: both dialects, encodings, flags; and what is set aside, with its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.records import Rejected
from teleservices_core.domain.roster import Kinship, Level, Sex
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.errors import ImportRefusedError
from teleservices_core.exchange.scratch import dump_address, load_address
from teleservices_core.exchange.staged import Staged
from teleservices_core.exchange.staging import stage
from teleservices_core.testing.synth import synth_school, write_faults, write_siecle

UAI = Uai("0219999E")
YEAR = SchoolYear(2026)

Read = Callable[..., AbstractContextManager[Staged]]


def a_file(root: str, data: str, encoding: str = "ISO-8859-15", *, declared: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="{declared or encoding}"?>\n'
        f"<{root}>\n<PARAMETRES><UAJ>{UAI}</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE>"
        f"<DATE_EXPORT>10/11/2026</DATE_EXPORT></PARAMETRES>\n"
        f"<DONNEES>\n{data}\n</DONNEES>\n</{root}>\n"
    ).encode(encoding)


def an_element(tag: str, attributes: str = "", **fields: str) -> str:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f"<{tag} {attributes}>{inner}</{tag}>"


def a_student(number: int = 1, **changes: str) -> str:
    fields = {
        "ID_NATIONAL": Ine.rnie(900_000_000 + number).code,
        "NOM_DE_FAMILLE": "MARTIN",
        "PRENOM": "Zoé",
        "DATE_NAISS": "01/02/2013",
        **changes,
    }
    return an_element("ELEVE", f'ELEVE_ID="{number}"', **fields)


def students(*lines: str, structures: str = "") -> str:
    return (
        "<ELEVES>\n" + "\n".join(lines) + f"\n</ELEVES>\n<STRUCTURES>\n{structures}\n</STRUCTURES>"
    )


def adults(persons: str, links: str = "", addresses: str = "") -> str:
    return (
        f"<PERSONNES>\n{persons}\n</PERSONNES>\n<RESPONSABLES>\n{links}\n</RESPONSABLES>"
        f"\n<ADRESSES>\n{addresses}\n</ADRESSES>"
    )


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Stage files given by their bytes."""

    def read(**files: bytes) -> AbstractContextManager[Staged]:
        for name, content in files.items():
            (tmp_path / f"{name}.xml").write_bytes(content)
        return stage([tmp_path], UAI, [YEAR])

    return read


class TestStudents:
    """BEE_ELEVES."""

    def test_fields_of_today(self, read: Read) -> None:
        data = students(
            a_student(
                NOM_USAGE="DURAND",
                CODE_SEXE="2",
                CODE_REGIME="2",
                CODE_STATUT="ST",
                CODE_MEF="10310019110",
                DATE_ENTREE="01/09/2026",
                DATE_SORTIE="",
                INE_BEA="1234567890V",
            ),
            structures='<STRUCTURES_ELEVE ELEVE_ID="1">'
            + an_element("STRUCTURE", CODE_STRUCTURE="3 A", TYPE_STRUCTURE="D")
            + an_element("STRUCTURE", CODE_STRUCTURE="3AGL", TYPE_STRUCTURE="G")
            + "</STRUCTURES_ELEVE>",
        )
        with read(e=a_file("BEE_ELEVES", data)) as staged:
            ((student,),) = staged.students(10)
            assert student.siecle_id == "1"
            assert (student.last_name, student.usage_name) == ("MARTIN", "DURAND")
            assert student.first_name == "Zoé"
            assert student.born_on == date(2013, 2, 1)
            assert student.sex is Sex.FEMALE
            assert student.class_group == "3 A"
            assert student.entered_on == date(2026, 9, 1)
            assert student.left_on is None
            assert student.former_ine == Ine("1234567890V")
            assert student.line == 6
            assert list(staged.alerts()) == []

    def test_contacts_and_birth(self, read: Read) -> None:
        data = students(
            a_student(
                CODE_PAYS="139",
                VILLE_NAISS="Braga",
                CODE_PAYS_NAT="100",
                MEL="zoe@example.org",
                TEL_PORTABLE="06 39 98 00 01",
                ACCEPTE_SMS="1",
                ADRESSE_ID="4",
                DOUBLEMENT="1",
                CODE_PROVENANCE="1",
            ).replace(
                "</ELEVE>",
                "<SCOLARITE_AN_DERNIER><CODE_RNE>0219998D</CODE_RNE>"
                "<CODE_STRUCTURE>7 A</CODE_STRUCTURE></SCOLARITE_AN_DERNIER></ELEVE>",
            ),
            a_student(2, CODE_COMMUNE_INSEE_NAISS="21231", CODE_PAYS="100"),
        )
        home = an_element(
            "ADRESSE",
            'ADRESSE_ID="4"',
            LIGNE1_ADRESSE="2 rue Basse",
            COMMUNE_ETRANGERE="Tournai",
            CODE_PAYS="131",
            LL_PAYS="BELGIQUE",
        )
        data += f"<ADRESSES>{home}</ADRESSES>"
        with read(e=a_file("BEE_ELEVES", data)) as staged:
            ((zoe, other),) = staged.students(10)
            assert zoe.address == PostalAddress(("2 rue Basse",), "", "Tournai", "BELGIQUE", "131")
            assert (zoe.mobile, zoe.accepts_sms, zoe.email) == (
                "0639980001",
                True,
                "zoe@example.org",
            )
            assert (zoe.birth_country, zoe.birth_town, zoe.nationality) == ("139", "Braga", "100")
            assert (other.birth_insee, other.accepts_sms) == ("21231", False)
            assert (zoe.repeats, zoe.origin) == (True, "1")
            assert (zoe.former_uai, zoe.former_class_group) == ("0219998D", "7 A")
            assert (other.repeats, other.former_mef) == (False, "")
            assert other.address == PostalAddress()

    def test_without_addresses_the_known_one_stays(self, read: Read) -> None:
        with read(e=a_file("BEE_ELEVES", students(a_student(ADRESSE_ID="4")))) as staged:
            ((student,),) = staged.students(10)
            assert student.address is None

    def test_names_before_2016(self, read: Read) -> None:
        old = a_student(NOM="ANCIEN").replace("<NOM_DE_FAMILLE>MARTIN</NOM_DE_FAMILLE>", "")
        with read(e=a_file("BEE_ELEVES", students(old))) as staged:
            ((student,),) = staged.students(10)
            assert student.last_name == "ANCIEN"

    def test_an_odd_key_is_an_alert(self, read: Read) -> None:
        with read(e=a_file("BEE_ELEVES", students(a_student(ID_NATIONAL="123456789AA")))) as staged:
            ((student,),) = staged.students(10)
            assert student.ine == Ine("123456789AA")
            (alert,) = (alert for alert in staged.alerts() if alert.key)
            assert (alert.key, alert.line) == ("1", 6)
            assert "123456789AA" in alert.reason

    @pytest.mark.parametrize(
        ("changes", "about"),
        [
            ({"DATE_NAISS": "31/02/2013"}, "31/02/2013"),
            ({"DATE_NAISS": ""}, "DATE_NAISS"),
            ({"NOM_DE_FAMILLE": ""}, "NOM_DE_FAMILLE"),
            ({"PRENOM": "x" * 101}, "100"),
            ({"ID_NATIONAL": "court"}, "court"),
            ({"CODE_SEXE": "3"}, "CODE_SEXE"),
            ({"DATE_SORTIE": "demain"}, "demain"),
            ({"CODE_MEF": "1"}, "CODE_MEF"),
            ({"DATE_ENTREE": "01/13/2026", "ADRESSE_ID": "5"}, "01/13/2026"),
        ],
    )
    def test_what_cannot_be_read_is_set_aside_with_its_line(
        self, read: Read, changes: dict[str, str], about: str
    ) -> None:
        data = students(a_student(1), a_student(2, **changes), a_student(3))
        with read(e=a_file("BEE_ELEVES", data)) as staged:
            assert [s.siecle_id for page in staged.students(10) for s in page] == ["1", "3"]
            (rejected,) = staged.rejected()
            assert (rejected.file, rejected.line) == ("e.xml", 7)
            assert (rejected.element, rejected.key) == ("ELEVE", "2")
            assert about in rejected.reason

    def test_of_two_that_share_a_key_neither_is_taken(self, read: Read) -> None:
        data = students(a_student(1), a_student(2), a_student(1), a_student(3))
        with read(e=a_file("BEE_ELEVES", data)) as staged:
            assert [r.line for r in staged.rejected()] == [6, 8]
            assert staged.count("students") == 2

    def test_an_ine_that_two_share_is_neither_s(self, read: Read) -> None:
        same = Ine.rnie(1).code
        data = students(
            a_student(1, ID_NATIONAL=same), a_student(2, ID_NATIONAL=same), a_student(3)
        )
        with read(e=a_file("BEE_ELEVES", data)) as staged:
            assert not list(staged.rejected())
            told = [a for a in staged.alerts() if "deux fois" in a.reason]
            assert [(a.line, a.key) for a in told] == [(6, "1"), (7, "2")]
            (page,) = staged.students(10)
            assert [record.ine is None for record in page] == [True, True, False]

    def test_without_division_is_taken_with_an_alert(self, read: Read) -> None:
        classed = (
            '<STRUCTURES_ELEVE ELEVE_ID="1"><STRUCTURE><CODE_STRUCTURE>6A</CODE_STRUCTURE>'
            "<TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE></STRUCTURES_ELEVE>"
        )
        data = students(a_student(1), a_student(2), structures=classed)
        with read(e=a_file("BEE_ELEVES", data)) as staged:
            assert [s.class_group for page in staged.students(10) for s in page] == ["6A", ""]
            (alert,) = staged.alerts()
            assert (alert.key, alert.line) == ("2", 7)

    def test_a_file_without_any_division_says_nothing_of_classes(self, read: Read) -> None:
        with read(e=a_file("BEE_ELEVES", students(a_student(1)))) as staged:
            ((student,),) = staged.students(10)
            assert student.class_group is None

    def test_a_structure_of_nobody_is_set_aside(self, read: Read) -> None:
        data = students(a_student(1), structures='<STRUCTURES_ELEVE ELEVE_ID="9"/>')
        with read(e=a_file("BEE_ELEVES", data)) as staged:
            (rejected,) = staged.rejected()
            assert (rejected.element, rejected.key, rejected.line) == ("STRUCTURES_ELEVE", "9", 9)


class TestAdults:
    """BEE_RESPONSABLES."""

    def test_fields_of_today(self, read: Read) -> None:
        data = adults(
            an_element(
                "PERSONNE",
                'PERSONNE_ID="7"',
                LC_CIVILITE="MME",
                NOM_DE_FAMILLE="MARTIN",
                PRENOM="Ève",
                TEL_PERSONNEL="03 80.44-88",
                TEL_PORTABLE="+33 6 00",
                TEL_PROFESSIONNEL="03 80 00 00 00",
                ACCEPTE_SMS="true",
                COMMUNICATION_ADRESSE="0",
                CODE_PROFESSION="42",
                MEL="eve@example.org",
                ADRESSE_ID="3",
            ),
            an_element(
                "RESPONSABLE_ELEVE",
                ELEVE_ID="1",
                PERSONNE_ID="7",
                NIVEAU_RESPONSABILITE="2",
                CODE_PARENTE="10",
                PAIE_FRAIS_SCOLAIRES="1",
                PERCOIT_LES_AIDES="true",
                HEBERGE_ELEVE="false",
                A_CONTACTER_EN_PRIORITE="0",
            ),
            an_element(
                "ADRESSE",
                'ADRESSE_ID="3"',
                LIGNE1_ADRESSE="1 rue de l’Île",
                LIGNE2_ADRESSE="",
                CODE_POSTAL="21000",
                LIBELLE_POSTAL="DIJON",
                CODE_PAYS="100",
                LL_PAYS="FRANCE",
            ).replace("’", "'"),
        )
        with read(r=a_file("BEE_RESPONSABLES", data)) as staged:
            ((adult,),) = staged.adults(10)
            assert (adult.title, adult.phone, adult.mobile) == ("MME", "03804488", "+33600")
            assert (adult.work_phone, adult.occupation) == ("0380000000", "42")
            assert (adult.accepts_sms, adult.shares_contact) == (True, False)
            assert adult.email == "eve@example.org"
            assert adult.address == PostalAddress(("1 rue de l'Île",), "21000", "DIJON")
            assert list(staged.rejected()) == []
            assert staged.count("links") == 1

    @pytest.mark.parametrize(
        ("fields", "level", "kinship", "flags"),
        [
            (
                {
                    "RESP_LEGAL": "1",
                    "CODE_PARENTE": "1",
                    "RESP_FINANCIER": "1",
                    "PERS_PAIMENT": "1",
                },
                Level.LEGAL,
                Kinship.FATHER,
                (True, True, False, False),
            ),
            (
                {"RESP_LEGAL": "2", "CODE_PARENTE": "2", "PERS_CONTACT": "1"},
                Level.LEGAL,
                Kinship.MOTHER,
                (False, False, False, True),
            ),
            (
                {"RESP_LEGAL": "0", "CODE_PARENTE": "7"},
                Level.CONTACT,
                Kinship.SELF,
                (False, False, False, False),
            ),
            (
                {"NIVEAU_RESPONSABILITE": "2", "RESP_LEGAL": "1", "CODE_PARENTE": "50"},
                Level.IN_CHARGE,
                Kinship.TUTOR,
                (False, False, False, False),
            ),
            (
                {
                    "NIVEAU_RESPONSABILITE": "1",
                    "HEBERGE_ELEVE": "TRUE",
                    "PAIE_FRAIS_SCOLAIRES": "0",
                },
                Level.LEGAL,
                Kinship.OTHER,
                (False, False, True, False),
            ),
        ],
    )
    def test_links_old_and_new(
        self,
        read: Read,
        fields: dict[str, str],
        level: Level,
        kinship: Kinship,
        flags: tuple[bool, ...],
    ) -> None:
        link = read_link(read, fields)
        assert (link.level, link.kinship) == (level, kinship)
        assert (link.pays_fees, link.receives_aid, link.lodges, link.contact_first) == flags

    @pytest.mark.parametrize(
        ("fields", "about"),
        [
            ({}, "NIVEAU_RESPONSABILITE"),
            ({"NIVEAU_RESPONSABILITE": "7"}, "7"),
            ({"NIVEAU_RESPONSABILITE": "1", "HEBERGE_ELEVE": "peut-être"}, "HEBERGE_ELEVE"),
        ],
    )
    def test_links_that_cannot_be_read(
        self, read: Read, fields: dict[str, str], about: str
    ) -> None:
        with read(**a_family(fields)) as staged:
            (rejected,) = staged.rejected()
            assert (rejected.element, rejected.key) == ("RESPONSABLE_ELEVE", "1/7")
            assert about in rejected.reason

    def test_an_unknown_kinship_is_an_alert(self, read: Read) -> None:
        with read(**a_family({"NIVEAU_RESPONSABILITE": "1", "CODE_PARENTE": "99"})) as staged:
            assert staged.count("links") == 1
            assert any("99" in alert.reason for alert in staged.alerts())

    def test_links_to_nobody_are_set_aside(self, read: Read) -> None:
        files = a_family({"NIVEAU_RESPONSABILITE": "1"})
        more = "\n".join(
            an_element(
                "RESPONSABLE_ELEVE", ELEVE_ID=student, PERSONNE_ID=adult, NIVEAU_RESPONSABILITE="1"
            )
            for student, adult in (("1", "8"), ("9", "7"))
        )
        files["r"] = files["r"].replace(b"\n</RESPONSABLES>", f"\n{more}\n</RESPONSABLES>".encode())
        with read(**files) as staged:
            found = [(r.key, r.line, r.reason) for r in staged.rejected()]
            assert [(key, line) for key, line, _reason in found] == [("1/8", 10), ("9/7", 11)]
            assert staged.count("links") == 1

    def test_a_missing_address_leaves_the_known_one(self, read: Read) -> None:
        persons = an_element("PERSONNE", 'PERSONNE_ID="7"', NOM="A", ADRESSE_ID="5")
        other = an_element("ADRESSE", 'ADRESSE_ID="3"', LIBELLE_POSTAL="DIJON")
        with read(r=a_file("BEE_RESPONSABLES", adults(persons, "", other))) as staged:
            ((adult,),) = staged.adults(10)
            assert adult.address is None
            assert "ADRESSE_ID" in next(staged.alerts()).reason

    def test_legal_guardians_too_few_or_too_many(self, read: Read) -> None:
        persons = "\n".join(
            an_element("PERSONNE", f'PERSONNE_ID="{n}"', NOM=f"N{n}") for n in (1, 2, 3)
        )
        links = "\n".join(
            an_element(
                "RESPONSABLE_ELEVE", ELEVE_ID="1", PERSONNE_ID=f"{n}", NIVEAU_RESPONSABILITE="1"
            )
            for n in (1, 2, 3)
        )
        files = {
            "e": a_file("BEE_ELEVES", students(a_student(1), a_student(2))),
            "r": a_file("BEE_RESPONSABLES", adults(persons, links)),
        }
        with read(**files) as staged:
            assert staged.count("links") == 3
            reasons = {alert.key: alert.reason for alert in staged.alerts() if alert.key}
            assert "plus de deux" in reasons["1"]
            assert "aucun" in reasons["2"]


def a_family(fields: dict[str, str]) -> dict[str, bytes]:
    link = an_element("RESPONSABLE_ELEVE", ELEVE_ID="1", PERSONNE_ID="7", **fields)
    person = an_element("PERSONNE", 'PERSONNE_ID="7"', NOM="A", PRENOM="B")
    return {
        "e": a_file("BEE_ELEVES", students(a_student(1))),
        "r": a_file("BEE_RESPONSABLES", adults(person, link)),
    }


def read_link(read: Read, fields: dict[str, str]):  # type: ignore[no-untyped-def]
    from uuid import uuid4

    from teleservices_core.domain.records import Identified, IdentifiedStudent

    with read(**a_family(fields)) as staged:
        staged.identify_students([IdentifiedStudent("1", uuid4(), is_known=False)])
        staged.identify_adults([Identified("7", uuid4(), is_known=False)])
        ((family,),) = staged.families(10)
        ((link, _adult_id, name),) = family.links
        assert name == "B A"
        return link


class TestEncodings:
    """The declaration is believed until the bytes contradict it."""

    @pytest.mark.parametrize(
        ("encoding", "declared", "warned"),
        [
            ("ISO-8859-15", "ISO-8859-15", False),
            ("ISO-8859-1", "ISO-8859-1", False),
            ("windows-1252", "windows-1252", False),
            ("UTF-8", "UTF-8", False),
            ("UTF-8", "ISO-8859-15", True),
            ("ISO-8859-15", "UTF-8", True),
            ("UTF-8-sig", "UTF-8", False),
        ],
    )
    def test_accents_survive(self, read: Read, encoding: str, declared: str, warned: bool) -> None:
        data = students(a_student(PRENOM="Chloé-Anaïs"))
        with read(e=a_file("BEE_ELEVES", data, encoding, declared=declared)) as staged:
            ((student,),) = staged.students(10)
            assert student.first_name == "Chloé-Anaïs"
            assert [a.file for a in staged.alerts() if "lu en" in a.reason] == ["e.xml"] * warned

    def test_the_ligature_of_iso_8859_15(self, read: Read) -> None:
        with read(e=a_file("BEE_ELEVES", students(a_student(PRENOM="Cœur")))) as staged:
            ((student,),) = staged.students(10)
            assert student.first_name == "Cœur"

    def test_an_unknown_encoding_is_refused(self, read: Read) -> None:
        with pytest.raises(ImportRefusedError, match="KOI8"):  # noqa: SIM117
            with read(e=a_file("BEE_ELEVES", students(), "ascii", declared="KOI8-R")):
                pass


def test_class_groups_and_codes(read: Read) -> None:
    structures = (
        '<DIVISIONS><DIVISION CODE_STRUCTURE="3 A"><LIBELLE_LONG>Troisième A</LIBELLE_LONG>'
        "<MEFS_APPARTENANCE><MEF_APPARTENANCE><CODE_MEF>10310019110</CODE_MEF></MEF_APPARTENANCE>"
        "</MEFS_APPARTENANCE></DIVISION></DIVISIONS>"
        '<GROUPES><GROUPE CODE_STRUCTURE="3AGL"/></GROUPES>'
    )
    codes = (
        '<MATIERES><MATIERE CODE_MATIERE="020700"><CODE_GESTION>FRANC</CODE_GESTION>'
        "<LIBELLE_LONG>FRANCAIS</LIBELLE_LONG></MATIERE></MATIERES>"
        "<PROGRAMMES><PROGRAMME><CODE_MEF>1</CODE_MEF></PROGRAMME></PROGRAMMES>"
    )
    with read(
        s=a_file("BEE_STRUCTURES", structures), n=a_file("BEE_NOMENCLATURES", codes)
    ) as staged:
        division, group = staged.class_groups()
        assert (division.code, division.label, division.mef) == (
            "3 A",
            "Troisième A",
            "10310019110",
        )
        assert (group.kind, group.code) == ("group", "3AGL")
        (code,) = staged.nomenclature()
        assert (code.kind, code.code, code.long_label) == ("MATIERES", "020700", "FRANCAIS")


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    write_siecle(tmp_path, synth_school(1, pupils=20))
    seen: list[tuple[int, int]] = []
    school = synth_school(1, pupils=20)
    with stage(
        [tmp_path], school.establishment.uai, [YEAR], progress=lambda *step: seen.append(step)
    ):
        pass
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] == sum(p.stat().st_size for p in tmp_path.iterdir())


@pytest.mark.parametrize("dialect", ["2015", "2019"])
def test_a_made_up_school_is_read_whole(tmp_path: Path, dialect: str) -> None:
    school = synth_school(3, pupils=200)
    write_siecle(tmp_path, school, dialect)  # type: ignore[arg-type]
    with stage([tmp_path], school.establishment.uai, [YEAR]) as staged:
        assert staged.count("students") == len(list(school.students))
        assert staged.count("adults") == len(list(school.adults))
        assert staged.count("links") == len(list(school.links))
        assert staged.count("rejected") == 0


def test_planted_faults_are_found(tmp_path: Path) -> None:
    faults = write_faults(tmp_path, seed=5, year=YEAR)
    manifest = json.loads((tmp_path / "anomalies.json").read_text(encoding="utf-8"))
    uai = Uai(manifest["uai"])
    with stage([tmp_path / "enregistrements"], uai, [YEAR]) as staged:
        rejected = [each.key.split("/") for each in staged.rejected()]
        alerted = [each.key.split("/") for each in staged.alerts()]
    for fault in faults:
        if fault.folder == "enregistrements":
            found = rejected if fault.verdict == "quarantined" else alerted
            # A link to a student who does not exist names that one, not the victim.
            wanted = "9999901" if fault.key == "unknown_student" else fault.source_id
            assert any(wanted in keys for keys in found), fault
        elif fault.key == "wrong_encoding":
            # The design reads it and says so, since nothing is lost.
            with stage([tmp_path / fault.folder], uai, [YEAR]) as staged:
                assert any("ISO-8859-15" in alert.reason for alert in staged.alerts())
        else:
            with pytest.raises(ImportRefusedError), stage([tmp_path / fault.folder], uai, [YEAR]):
                pass


@given(
    st.builds(
        PostalAddress,
        st.lists(st.text(alphabet="abé '\n-", max_size=9).filter(bool), max_size=4).map(tuple),
        st.sampled_from(["", "21000"]),
        st.text(max_size=9).filter(lambda text: "\x1f" not in text),
        st.sampled_from(["", "Belgique"]),
    )
)
def test_addresses_survive_the_scratch(address: PostalAddress) -> None:
    assert load_address(dump_address(address)) == address


def test_rejections_are_values() -> None:
    assert Rejected("f", 1, "ELEVE", "1", "r") == Rejected("f", 1, "ELEVE", "1", "r")
