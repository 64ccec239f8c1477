"""The synthetic academy: reproducible, valid, and shaped as the real exports."""

import csv
import hashlib
import json
import re
import tracemalloc
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

import pytest
from defusedxml.ElementTree import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.errors import InvalidValueError
from teleservices_core.testing import strategies
from teleservices_core.testing.synth import (
    AcademySummary,
    SynthSchool,
    households,
    synth_school,
    write_academy,
    write_faults,
    write_siecle,
)
from teleservices_core.testing.synth.plan import plan

YEAR = SchoolYear(2026)
FILES = (
    "ElevesAvecAdresses.xml",
    "Nomenclature.xml",
    "ResponsablesAvecAdresses.xml",
    "Structures.xml",
)


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> AcademySummary:
    return write_academy(tmp_path_factory.mktemp("academy"), pupils=1500, seed=7, year=YEAR)


@pytest.fixture(scope="module")
def trees(academy: AcademySummary) -> dict[str, dict[str, ET.Element]]:
    return {
        one.uai.code: {
            name: parse(academy.folder / one.uai.code / name).getroot() for name in FILES
        }
        for one in academy.establishments
    }


def all_of(trees: dict[str, dict[str, ET.Element]], file: str, path: str) -> list[ET.Element]:
    return [element for files in trees.values() for element in files[file].iterfind(path)]


def test_same_arguments_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_academy(tmp_path / name, pupils=120, seed=3, year=YEAR, faults=True)
    write_academy(tmp_path / "c", pupils=120, seed=4, year=YEAR, faults=True)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert digest(tmp_path / "a") != digest(tmp_path / "c")


def test_default_shape(academy):
    assert [one.kind.value for one in academy.establishments] == [
        "college",
        "lycee",
        "college",
        "lycee_pro",
    ]
    assert academy.students == 1500
    listed = rows(academy.folder / "etablissements.csv")
    assert [row["uai"] for row in listed] == [one.uai.code for one in academy.establishments]
    assert {row["adhere"] for row in listed} == {"oui"}
    roles = Counter(row["role"] for row in rows(academy.folder / "personnels.csv"))
    assert roles == {
        "head": 4,
        "deputy": 4,
        "school_office": 4,
        "academy_admin": 2,
        "hotline": 2,
        "teacher": 12,
    }
    for row in rows(academy.folder / "personnels.csv"):
        assert bool(row["uai"]) == (row["role"] not in {"academy_admin", "hotline"})


@pytest.mark.parametrize(
    ("pupils", "establishments", "number"),
    [(1, None, 4), (1500, None, 4), (10_000, None, 20), (100_000, None, 203), (10_000, 1, 1)],
)
def test_plan_holds_exactly_the_pupils(pupils, establishments, number):
    plots = [plot for sector in plan(pupils, establishments) for plot in sector]
    assert len(plots) == number
    assert sum(plot.places for plot in plots) == pupils
    assert len({plot.establishment.uai for plot in plots}) == number


def test_largest_plan_has_distinct_uais():
    plots = [plot for sector in plan(3_000_000, 3984) for plot in sector]
    assert len({plot.establishment.uai for plot in plots}) == 3984
    assert all(re.match(r"(021|058|071|089)9", plot.establishment.uai.code) for plot in plots)


@pytest.mark.parametrize(("pupils", "establishments"), [(0, None), (10, 0), (10, 5000)])
def test_impossible_plans_are_refused(pupils, establishments):
    with pytest.raises(InvalidValueError):
        plan(pupils, establishments)


def test_naive_export_time_is_refused(tmp_path):
    with pytest.raises(InvalidValueError):
        write_academy(
            tmp_path,
            pupils=4,
            seed=1,
            year=YEAR,
            exported_at=datetime(2026, 11, 1),
        )


def test_headers_and_encoding(academy, trees):
    roots = ("BEE_ELEVES", "BEE_NOMENCLATURES", "BEE_RESPONSABLES", "BEE_STRUCTURES")
    for uai, files in trees.items():
        assert tuple(files[name].tag for name in FILES) == roots
        for name, tree in files.items():
            assert tree.findtext("PARAMETRES/UAJ") == uai
            assert tree.findtext("PARAMETRES/ANNEE_SCOLAIRE") == "2026"
            assert tree.findtext("PARAMETRES/DATE_EXPORT") == "10/11/2026"
            assert tree.findtext("PARAMETRES/HORODATAGE") == "10/11/2026 18:02:46"
            content = (academy.folder / uai / name).read_bytes()
            assert content.startswith(b'<?xml version="1.0" encoding="ISO-8859-15"?>\n')
            assert "é".encode("iso-8859-15") in content or name == "Structures.xml"
    sections = [section.tag for section in trees[uai]["ElevesAvecAdresses.xml"].find("DONNEES")]
    assert sections == ["ELEVES", "OPTIONS", "STRUCTURES", "BOURSES", "ADRESSES"]
    sections = [one.tag for one in trees[uai]["ResponsablesAvecAdresses.xml"].find("DONNEES")]
    assert sections == ["PERSONNES", "RESPONSABLES", "ADRESSES"]


def test_rare_letters_survive_the_encoding(trees):
    families = {one.text for one in all_of(trees, FILES[0], ".//NOM_DE_FAMILLE")}
    assert "D'ŒUVREY-L'HAŸ" in families


def test_identifiers_are_valid_and_unique(academy, trees):
    for one in academy.establishments:
        assert Uai(one.uai.code) == one.uai
        assert re.match(r"(021|058|071|089)9\d{3}[A-Z]", one.uai.code)
    students = all_of(trees, FILES[0], "DONNEES/ELEVES/ELEVE")
    codes = [element.findtext("ID_NATIONAL") for element in students]
    assert all(Ine(code).warning is None for code in codes if code)
    old = [one.text for one in all_of(trees, FILES[0], ".//INE_BEA")]
    assert old
    assert all(Ine(code).warning is None for code in old)
    # One persona changed school; nobody else is twice in the académie.
    assert [n for code, n in Counter(codes).items() if code and n > 1] == [2]
    assert 0 < codes.count(None) < 30
    for path in ("DONNEES/ELEVES/ELEVE", "DONNEES/PERSONNES/PERSONNE", "DONNEES/ADRESSES/ADRESSE"):
        name = f"{path.rsplit('/', 1)[1]}_ID"
        for file in (FILES[0], FILES[2]):
            found = [element.get(name) for element in all_of(trees, file, path)]
            assert len(found) == len(set(found))


def test_nobody_can_be_reached(trees):
    for element in all_of(trees, FILES[0], ".//MEL") + all_of(trees, FILES[2], ".//MEL"):
        assert re.search(r"@example\.(org|com)$", element.text)
    for tag in ("TEL_PERSONNEL", "TEL_PORTABLE", "TEL_PROFESSIONNEL"):
        for element in all_of(trees, FILES[0], f".//{tag}") + all_of(trees, FILES[2], f".//{tag}"):
            digits = re.sub(r"[ .]", "", element.text).replace("+33", "0")
            assert re.fullmatch(r"(063998|019900|035301)\d{4}", digits)


def test_links_are_consistent(trees):
    for files in trees.values():
        students = {one.get("ELEVE_ID") for one in files[FILES[0]].iterfind(".//ELEVE")}
        persons = {one.get("PERSONNE_ID"): one for one in files[FILES[2]].iterfind(".//PERSONNE")}
        addresses = {one.get("ADRESSE_ID") for one in files[FILES[2]].iterfind(".//ADRESSE")}
        homes = {one.get("ADRESSE_ID") for one in files[FILES[0]].iterfind(".//ADRESSE")}
        lived_in = {one.text for one in files[FILES[0]].iterfind(".//ELEVE/ADRESSE_ID")}
        assert lived_in == homes <= addresses
        assert homes
        legal, linked, pairs = Counter(), set(), Counter()
        for link in files[FILES[2]].iterfind(".//RESPONSABLE_ELEVE"):
            student, person = link.findtext("ELEVE_ID"), link.findtext("PERSONNE_ID")
            assert student in students
            assert person in persons
            pairs[student, person] += 1
            linked.add(person)
            legal[student] += link.findtext("NIVEAU_RESPONSABILITE") == "1"
            assert link.findtext("PAIE_FRAIS_SCOLAIRES") in {"0", "1"}
            assert link.findtext("HEBERGE_ELEVE") in {"true", "false"}
        assert all(1 <= legal[student] <= 2 for student in students)
        assert set(pairs.values()) == {1}
        assert linked == set(persons)
        used = [one.findtext("ADRESSE_ID") for one in persons.values()]
        assert {address for address in used if address} == addresses
        assert max(Counter(address for address in used if address).values()) > 1


def test_codes_used_are_described(trees):
    for files in trees.values():
        nomenclature, structures = files["Nomenclature.xml"], files["Structures.xml"]
        for used, section, attribute in (
            ("CODE_MEF", "MEFS/MEF", "CODE_MEF"),
            ("CODE_REGIME", "REGIMES/REGIME", "CODE_REGIME"),
            ("CODE_MOTIF_SORTIE", "MOTIFS_SORTIE/MOTIF_SORTIE", "CODE_MOTIF_SORTIE"),
            ("CODE_MATIERE", "MATIERES/MATIERE", "CODE_MATIERE"),
        ):
            known = {one.get(attribute) for one in nomenclature.iterfind(f"DONNEES/{section}")}
            assert {one.text for one in files[FILES[0]].iterfind(f".//{used}")} <= known
        for kind, path in (("D", "DIVISIONS/DIVISION"), ("G", "GROUPES/GROUPE")):
            known = {one.get("CODE_STRUCTURE") for one in structures.iterfind(f"DONNEES/{path}")}
            used = {
                one.findtext("CODE_STRUCTURE")
                for one in files[FILES[0]].iterfind(".//STRUCTURES_ELEVE/STRUCTURE")
                if one.findtext("TYPE_STRUCTURE") == kind
            }
            assert used == known
            assert all(len(code) <= 8 for code in used)
    assert "3 A" in {one.text for one in all_of(trees, FILES[0], ".//CODE_STRUCTURE")}


def test_oddities_are_there(trees):
    students = all_of(trees, FILES[0], "DONNEES/ELEVES/ELEVE")
    assert any(one.findtext("DATE_SORTIE") for one in students)
    in_class = {one.get("ELEVE_ID") for one in all_of(trees, FILES[0], ".//STRUCTURES_ELEVE")}
    assert {one.get("ELEVE_ID") for one in students} - in_class
    kinships = {one.text for one in all_of(trees, FILES[2], ".//CODE_PARENTE")}
    assert {"10", "20", "42", "50", "51", "70"} <= kinships
    assert {one.text for one in all_of(trees, FILES[2], ".//NIVEAU_RESPONSABILITE")} == set("123")
    assert all_of(trees, FILES[2], ".//COMMUNE_ETRANGERE")
    emails = Counter(one.text for one in all_of(trees, FILES[2], ".//MEL"))
    assert emails.most_common(1)[0][1] > 1
    persons = all_of(trees, FILES[2], ".//PERSONNE")
    assert any(one.find("MEL") is None for one in persons)
    assert any(one.find("TEL_PORTABLE") is None for one in persons)
    assert any(one.find("LC_CIVILITE") is None for one in persons)


def test_marks(academy, trees):
    total = 0
    for one in academy.establishments:
        folder = academy.folder / one.uai.code
        ines = {e.text for e in trees[one.uai.code][FILES[0]].iterfind(".//ID_NATIONAL")}
        marks = rows(folder / "notes.csv")
        total += len(marks)
        assert {row["ine"] for row in marks} <= ines
        for row in marks:
            on = datetime.strptime(row["date"], "%d/%m/%Y").replace(tzinfo=UTC)
            entered_at = datetime.strptime(row["saisie_le"], "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
            assert datetime(2026, 9, 7, tzinfo=UTC) <= on <= datetime(2026, 11, 10, tzinfo=UTC)
            assert on <= entered_at <= datetime(2026, 11, 10, 18, 2, tzinfo=UTC)
            if row["note"] not in {"abs", "disp", "nn", "nr"}:
                assert 0 <= float(row["note"].replace(",", ".")) <= float(row["sur"])
            assert not row["publication"] or re.fullmatch(r"\d\d/\d\d/\d{4}", row["publication"])
            assert row["facultative"] in {"oui", "non"}
        assert {"abs", "disp", "nn", "nr"} <= {row["note"] for row in marks}
        assert "" in {row["publication"] for row in marks}
        same = Counter(
            (row["classe"], row["matiere"], row["evaluation"], row["ine"]) for row in marks
        )
        assert set(same.values()) == {1}
    assert total == academy.marks > 20 * academy.students


def test_personas_are_found_in_the_files(academy, trees):
    personas = json.loads((academy.folder / "personas.json").read_text(encoding="utf-8"))
    assert [one["key"] for one in personas] == [one.key for one in academy.personas]
    assert len({one["key"] for one in personas}) == len(personas)
    staff = {row["courriel"]: row for row in rows(academy.folder / "personnels.csv")}
    for one in personas:
        assert one["shows"].endswith(".")
        for record in (one, *one["also"]):
            if one["kind"] == "student":
                found = trees[record["uai"]][FILES[0]].find(
                    f".//ELEVES/ELEVE[@ELEVE_ID='{record['source_id']}']"
                )
            elif one["kind"] == "guardian":
                found = trees[record["uai"]][FILES[2]].find(
                    f".//PERSONNE[@PERSONNE_ID='{record['source_id']}']"
                )
            else:
                assert staff[record["source_id"]]["role"] == one["kind"]
                assert staff[record["source_id"]]["uai"] == record["uai"]
                continue
            assert found is not None
            assert one["name"].endswith(found.findtext("NOM_DE_FAMILLE")) or record is not one


def persona(academy: AcademySummary, key: str):
    return next(one for one in academy.personas if one.key == key)


def children_of(trees, record) -> set[str]:
    links = trees[record.uai][FILES[2]].iterfind(".//RESPONSABLE_ELEVE")
    return {
        link.findtext("ELEVE_ID")
        for link in links
        if link.findtext("PERSONNE_ID") == record.source_id
    }


def test_one_mother_several_letters(academy, trees):
    mother = persona(academy, "fratrie_mere")
    assert [len(children_of(trees, record)) for record in (mother, *mother.also)] == [2, 1, 1]


def test_half_siblings_have_a_father_each(academy, trees):
    mother = children_of(trees, persona(academy, "recomposee_mere"))
    first = children_of(trees, persona(academy, "recomposee_pere"))
    second = children_of(trees, persona(academy, "recomposee_second_pere"))
    assert mother == first | second
    assert not first & second


def test_birthdays_of_the_personas(academy, trees):
    def born_on(key: str) -> date:
        one = persona(academy, key)
        path = f".//ELEVES/ELEVE[@ELEVE_ID='{one.source_id}']/DATE_NAISS"
        day, month, year = map(int, trees[one.uai][FILES[0]].findtext(path).split("/"))
        return date(year, month, day)

    assert born_on("eleve_majeur") < date(2008, 11, 10)
    assert born_on("bientot_majeure") == date(2008, 11, 30)
    assert born_on("fratrie_eleve") > date(2008, 11, 30)


def test_scenes_without_room_leave_no_trace(tmp_path):
    """One collège has no lycée persona, and still exactly its students."""
    seen: list[int] = []
    summary = write_academy(
        tmp_path, pupils=700, seed=1, year=YEAR, establishments=1, progress=seen.append
    )
    assert summary.students == 700
    assert seen[-1] == 700
    keys = {one.key for one in summary.personas}
    assert "separes_mere" in keys
    assert not keys & {"fratrie_mere", "eleve_majeur", "autonome_eleve"}
    tree = parse(tmp_path / summary.establishments[0].uai.code / FILES[0])
    assert len(tree.findall("DONNEES/ELEVES/ELEVE")) == 700


@pytest.mark.parametrize("pupils", [1, 5, 30])
def test_tiny_academies(tmp_path, pupils):
    assert write_academy(tmp_path, pupils=pupils, seed=1, year=YEAR).students == pupils


def test_memory_does_not_grow_with_the_files(tmp_path):
    def peak(pupils: int) -> int:
        tracemalloc.start()
        try:
            write_academy(
                tmp_path / str(pupils),
                pupils=pupils,
                seed=1,
                year=YEAR,
                establishments=1,
                marks=False,
            )
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(50)  # caches and imports
    assert peak(1600) < peak(400) * 1.2


def test_old_dialect(tmp_path):
    school = synth_school(5, pupils=40, year=SchoolYear(2015))
    write_siecle(tmp_path, school, dialect="2015")
    content = (tmp_path / FILES[0]).read_bytes()
    assert content.startswith(b'<?xml version="1.0" encoding="ISO-8859-1"?>')
    students, guardians = parse(tmp_path / FILES[0]).getroot(), parse(tmp_path / FILES[2]).getroot()
    assert students.get("VERSION") == "1.7"
    assert not students.findall(".//NOM_DE_FAMILLE")
    assert len(students.findall(".//ELEVE/NOM")) == 40
    assert not guardians.findall(".//NIVEAU_RESPONSABILITE")
    ranks = Counter(
        (link.findtext("ELEVE_ID"), link.findtext("RESP_LEGAL"))
        for link in guardians.iterfind(".//RESPONSABLE_ELEVE")
    )
    assert all(number == 1 for (_student, rank), number in ranks.items() if rank != "0")
    assert {rank for _student, rank in ranks} == {"0", "1", "2"}


def records(folder: Path) -> Counter[str]:
    return Counter(
        ET.tostring(record, encoding="unicode").strip()
        for name in FILES
        for record in parse(folder / name).getroot().iterfind("DONNEES/*/*")
    )


def test_shuffling_changes_the_order_only(tmp_path):
    school = synth_school(5, pupils=25)
    write_siecle(tmp_path / "a", school)
    write_siecle(tmp_path / "b", school, shuffle=Random(1))
    first, second = ((tmp_path / name / FILES[0]).read_bytes() for name in "ab")
    assert first != second
    assert records(tmp_path / "a") == records(tmp_path / "b")


def test_households_are_endless_and_reproducible():
    drawn = [
        [household for _rank, household in zip(range(600), households(9), strict=False)]
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1]
    ids = [student.id for household in drawn[0] for student in household.students]
    assert len(ids) == len(set(ids)) > 600


def test_faults_are_where_the_manifest_says(tmp_path):
    faults = write_faults(tmp_path, seed=2, year=YEAR)
    manifest = json.loads((tmp_path / "anomalies.json").read_text(encoding="utf-8"))
    assert [one["key"] for one in manifest["anomalies"]] == [one.key for one in faults]
    of_key = {one.key: one for one in faults}
    assert {
        "third_legal_guardian", "unknown_person", "unknown_student", "bad_date", "missing_name",
        "duplicate_student_id", "duplicate_ine", "no_guardian", "bad_level", "wrong_uai",
        "previous_year", "truncated", "doctype", "wrong_encoding",
    } == set(of_key)  # fmt: skip
    students = parse(tmp_path / "enregistrements" / FILES[0]).getroot()
    guardians = parse(tmp_path / "enregistrements" / FILES[2]).getroot()

    def found(key: str) -> list[ET.Element]:
        return students.findall(f".//ELEVES/ELEVE[@ELEVE_ID='{of_key[key].source_id}']")

    def levels(key: str) -> list[str]:
        return [
            link.findtext("NIVEAU_RESPONSABILITE")
            for link in guardians.iterfind(".//RESPONSABLE_ELEVE")
            if link.findtext("ELEVE_ID") == of_key[key].source_id
        ]

    assert found("bad_date")[0].findtext("DATE_NAISS").startswith("31/02/")
    assert found("missing_name")[0].find("NOM_DE_FAMILLE") is None
    assert len(found("duplicate_student_id")) == 2
    assert levels("third_legal_guardian").count("1") == 3
    assert levels("no_guardian") == []
    assert "7" in levels("bad_level")
    persons = {one.get("PERSONNE_ID") for one in guardians.iterfind(".//PERSONNE")}
    named = {one.text for one in guardians.iterfind(".//RESPONSABLE_ELEVE/PERSONNE_ID")}
    assert named - persons == {"9999901"}
    with pytest.raises(ET.ParseError):
        parse(tmp_path / "tronque" / FILES[0])
    other = parse(tmp_path / "mauvais_uaj" / FILES[0]).findtext("PARAMETRES/UAJ")
    assert other != manifest["uai"]
    past = parse(tmp_path / "annee_precedente" / FILES[0])
    assert past.findtext("PARAMETRES/ANNEE_SCOLAIRE") == "2025"


@given(school=strategies.schools(), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_any_school_can_be_written(tmp_path_factory, school: SynthSchool, seed: int):
    folder = tmp_path_factory.mktemp("school")
    for dialect in ("2019", "2015"):
        write_siecle(folder / dialect, school, dialect=dialect, shuffle=Random(seed))
        tree = parse(folder / dialect / FILES[0]).getroot()
        first_names = Counter(one.text for one in tree.iterfind(".//ELEVE/PRENOM"))
        assert first_names == Counter(student.first_name for student in school.students)
    assert 1 <= len(list(school.students)) <= 6
    assert len({student.id for student in school.students}) == len(list(school.students))


@given(school=strategies.schools(guarded=True))
@settings(max_examples=30, deadline=None)
def test_guarded_schools_have_a_guardian_for_each(school: SynthSchool):
    legal = {link.student_id for link in school.links if link.level == 1}
    assert legal == {student.id for student in school.students}


@given(
    strategies.uais(), strategies.ines(), strategies.zones(), strategies.instants(),
    strategies.students(),
)  # fmt: skip
def test_strategies_give_valid_values(uai, ine, zone, at, student):
    assert Uai(uai.code) == uai
    assert ine.warning is None
    assert at.tzinfo is UTC
    assert student.adult_at(zone).tzinfo is UTC
    assert student.full_name.strip()
