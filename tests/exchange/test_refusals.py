"""Files that are not taken at all, and why (T66, T67, T68)."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ImportRefusedError
from teleservices_core.exchange.sources import Limits
from teleservices_core.exchange.staging import stage

UAI = Uai("0219999E")
YEAR = SchoolYear(2026)
STUDENT = (
    '<ELEVE ELEVE_ID="1"><NOM>A</NOM><PRENOM>B</PRENOM><DATE_NAISS>01/02/2013</DATE_NAISS></ELEVE>'
)


def students_file(
    body: str = STUDENT,
    *,
    before: str = "",
    uai: str = UAI.code,
    year: str = "2026",
    root: str = "BEE_ELEVES",
    encoding: str = "ISO-8859-15",
) -> bytes:
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n{before}'
        f"<{root}><PARAMETRES><UAJ>{uai}</UAJ><ANNEE_SCOLAIRE>{year}</ANNEE_SCOLAIRE></PARAMETRES>\n"
        f"<DONNEES><ELEVES>\n{body}\n</ELEVES></DONNEES></{root}>\n"
    ).encode(encoding)


def zipped(*contents: bytes, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"../{number}.xml", content)
    return buffer.getvalue()


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[..., ImportRefusedError]:
    """Import bytes that are to be refused, and return the error."""

    def refused(content: bytes, name: str = "Eleves.xml", **limits: int) -> ImportRefusedError:
        path = tmp_path / name
        path.write_bytes(content)
        with (
            pytest.raises(ImportRefusedError) as caught,
            stage([path], UAI, [YEAR, YEAR.next], limits=Limits(**limits)),
        ):
            pass
        assert caught.value.file == name
        return caught.value

    return refused


Refusal = Callable[..., ImportRefusedError]


def test_a_sound_file_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "Eleves.xml"
    path.write_bytes(students_file())
    with stage([path], UAI, [YEAR]) as staged:
        assert staged.count("students") == 1


BOMB = (
    "<!DOCTYPE b [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY a{n} '&a{n - 1 or ''};&a{n - 1 or ''};'>" for n in range(1, 40))
    + "]>\n"
)


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE BEE_ELEVES>\n",
        '<!DOCTYPE BEE_ELEVES SYSTEM "http://127.0.0.1/evil.dtd">\n',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n',
        '<!DOCTYPE r [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>\n',
        BOMB,
    ],
    ids=["bare", "external", "xxe", "parameter", "bomb"],
)
def test_a_document_type_is_refused_as_such(refusal: Refusal, doctype: str) -> None:
    error = refusal(students_file(before=doctype))
    assert "DOCTYPE" in error.reason
    assert error.line == 2


def test_a_document_type_cannot_hide_in_another_encoding(refusal: Refusal) -> None:
    text = students_file(before=BOMB).decode("iso-8859-15").replace("ISO-8859-15", "UTF-16")
    assert "UTF-16" in refusal(text.encode("utf-16")).reason


def test_an_undeclared_entity_is_refused(refusal: Refusal) -> None:
    error = refusal(students_file(STUDENT.replace("<NOM>A", "<NOM>&evil;")))
    assert "mal formé" in error.reason
    assert error.line == 4


def test_another_establishment_is_refused(refusal: Refusal) -> None:
    error = refusal(students_file(uai="0589999D"))
    assert "0589999D" in error.reason
    assert "0219999E" in error.reason


@pytest.mark.parametrize("year", ["2025", "2028", "", "année"])
def test_another_year_is_refused(refusal: Refusal, year: str) -> None:
    assert year in refusal(students_file(year=year)).reason


def test_the_next_year_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "Eleves.xml"
    path.write_bytes(students_file(year="2027"))
    with stage([path], UAI, [YEAR, YEAR.next]) as staged:
        assert staged.school_year == YEAR.next


def test_an_unknown_root_is_refused(refusal: Refusal) -> None:
    assert "STS_EDT" in refusal(students_file(root="STS_EDT")).reason


def test_a_file_without_header_is_refused(refusal: Refusal) -> None:
    assert "PARAMETRES" in refusal(b"<BEE_ELEVES><DONNEES/></BEE_ELEVES>").reason


def test_records_before_the_header_are_refused(refusal: Refusal) -> None:
    content = f"<BEE_ELEVES><DONNEES><ELEVES>{STUDENT}</ELEVES></DONNEES></BEE_ELEVES>"
    assert "PARAMETRES" in refusal(content.encode()).reason


def test_a_file_cut_short_is_refused(refusal: Refusal) -> None:
    assert "mal formé" in refusal(students_file()[:-30]).reason


def test_what_is_not_xml_is_refused(refusal: Refusal) -> None:
    refusal(b"%PDF-1.7 \xe2\xe3")
    refusal(b"")


def test_two_files_of_a_kind_are_refused(tmp_path: Path) -> None:
    for name in ("ElevesAvecAdresses.xml", "ElevesSansAdresses.xml"):
        (tmp_path / name).write_bytes(students_file())
    with (
        pytest.raises(ImportRefusedError, match="ElevesAvecAdresses"),
        stage([tmp_path], UAI, [YEAR]),
    ):
        pass


def test_files_of_two_years_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(students_file())
    (tmp_path / "b.xml").write_bytes(students_file("", root="BEE_RESPONSABLES", year="2027"))
    with (
        pytest.raises(ImportRefusedError, match="2026-2027"),
        stage([tmp_path], UAI, [YEAR, YEAR.next]),
    ):
        pass


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError), stage([tmp_path], UAI, [YEAR]):
        pass


class TestSizes:
    """Nothing grows without bound."""

    def test_of_the_file(self, refusal: Refusal) -> None:
        assert "Mo" in refusal(students_file(STUDENT * 1_000), size=10_000).reason

    def test_of_a_field(self, refusal: Refusal) -> None:
        huge = STUDENT.replace("<NOM>A", "<NOM>" + "A" * 5_000)
        assert "champ" in refusal(students_file(huge)).reason

    def test_of_a_tag(self, refusal: Refusal) -> None:
        huge = STUDENT.replace('"1"', '"' + "1" * 3_000_000 + '"')
        assert "balise" in refusal(students_file(huge)).reason

    def test_of_attributes(self, refusal: Refusal) -> None:
        one = f'<X A="{"x" * 5_000}"/>'
        assert "balise" in refusal(students_file(STUDENT.replace("<NOM>", one + "<NOM>"))).reason

    @pytest.mark.parametrize("name", ["X{0:05}", "X Y{0:05}='1'"])
    def test_of_names(self, refusal: Refusal, name: str) -> None:
        many = "".join(f"<{name.format(n)}/>" for n in range(10_000))
        assert "différentes" in refusal(students_file(many)).reason

    def test_of_a_name(self, refusal: Refusal) -> None:
        assert "balise" in refusal(students_file(f"<{'X' * 300}/>")).reason

    def test_of_what_is_not_understood(self, refusal: Refusal) -> None:
        error = refusal(students_file(STUDENT + '<ELEVE ELEVE_ID="2"/>\n' * 4), unread=3)
        assert "plus de 3 fiches ne peuvent pas être lues" in error.reason
        assert error.line == 7

    def test_of_a_record(self, refusal: Refusal) -> None:
        huge = STUDENT.replace("<NOM>", "<X/>" * 2_000 + "<NOM>")
        assert "enregistrement" in refusal(students_file(huge)).reason

    @pytest.mark.parametrize("place", ["inside", "outside"])
    def test_of_depth(self, refusal: Refusal, place: str) -> None:
        deep = "<X>" * 50 + "</X>" * 50
        body = STUDENT.replace("<NOM>", deep + "<NOM>") if place == "inside" else deep
        assert "profond" in refusal(students_file(body)).reason


class TestZip:
    """A zip is one file, and what it says of itself is not believed."""

    def test_of_one_file_is_taken(self, tmp_path: Path) -> None:
        path = tmp_path / "eleves.zip"
        path.write_bytes(zipped(students_file()))
        with stage([path], UAI, [YEAR]) as staged:
            assert staged.count("students") == 1
            assert staged.files[0].name == "eleves.zip"
        assert list(tmp_path.parent.glob("*.xml")) == []

    def test_of_two_files_is_refused(self, refusal: Refusal) -> None:
        assert "seul" in refusal(zipped(students_file(), b""), "e.zip").reason

    def test_of_none_is_refused(self, refusal: Refusal) -> None:
        refusal(zipped(), "e.zip")

    def test_of_many_files_is_refused_before_they_are_listed(self, refusal: Refusal) -> None:
        many = zipped(*[b""] * 70_000)
        assert "seul" in refusal(many, "e.zip").reason

    def test_in_a_zip_is_refused(self, refusal: Refusal) -> None:
        assert "zip dans un zip" in refusal(zipped(zipped(students_file())), "e.zip").reason

    def test_bomb_is_refused(self, refusal: Refusal) -> None:
        bomb = students_file("<X>" + " " * 50_000_000 + "</X>")
        assert "gonfle" in refusal(zipped(bomb), "e.zip").reason

    def test_that_lies_about_its_size_is_refused(self, refusal: Refusal) -> None:
        content = bytearray(zipped(students_file("<X>" + " " * 50_000_000 + "</X>")))
        directory = content.rfind(b"PK\x01\x02")
        content[directory + 24 : directory + 28] = (1_000).to_bytes(4, "little")
        refusal(bytes(content), "e.zip")

    def test_cut_short_is_refused(self, refusal: Refusal) -> None:
        refusal(zipped(students_file())[:-40], "e.zip")

    def test_of_another_compression_is_refused(self, refusal: Refusal) -> None:
        assert (
            "compression"
            in refusal(zipped(students_file(), compression=zipfile.ZIP_BZIP2), "e.zip").reason
        )


HOSTILE = """
import json, resource, sys, tempfile
from pathlib import Path
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ImportRefusedError
from teleservices_core.exchange.staging import stage

HEAD = (
    "<BEE_ELEVES><PARAMETRES><UAJ>0219999E</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE></PARAMETRES>"
    "<DONNEES><ELEVES>"
)
SIZE = 10_000_000
def filled(unit):
    return HEAD + unit * (SIZE // len(unit))
def numbered(unit):
    return HEAD + "".join(unit.format(n) for n in range(SIZE // len(unit)))
one = '<ELEVE ELEVE_ID="1">'
FILES = {
    "names": lambda: numbered("<x{0:07}/>"),
    "names of attributes": lambda: numbered("<x a{0:07}='1'/>"),
    "attributes of a record": lambda: HEAD + one + f"<X A='{'x' * 100_000}'/>" * 100,
    "children of a record": lambda: HEAD + one + "<X/>" * 2_000_000,
    "deep": lambda: filled("<a>"),
    "deep in a record": lambda: HEAD + one + "<a>" * 3_000_000,
    "comments": lambda: filled("<!--x-->"),
    "one comment": lambda: HEAD + "<!--" + "x" * SIZE,
    "instructions": lambda: filled("<?x y?>"),
    "text": lambda: filled("x"),
    "references": lambda: HEAD + one + "<NOM>" + "&#65;" * 2_000_000,
    "records without a name": lambda: filled(one + "</ELEVE>"),
    "entities": lambda: "<!DOCTYPE a [" + "".join(
        f'<!ENTITY e{n} "{("&e%d;" % (n - 1)) * 10}">' for n in range(1, 20)
    ) + "]>" + filled("&e19;"),
    "nothing": lambda: chr(0) * SIZE,
}
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss // 1024
path = Path(tempfile.mkdtemp()) / "Eleves.xml"
for name, made in FILES.items():
    path.write_bytes(made().encode())
    before = spent()
    try:
        with stage([path], Uai("0219999E"), [SchoolYear(2026)]):
            said = "taken"
    except ImportRefusedError as refused:
        said = refused.reason
    after = spent()
    print(json.dumps([name, said, after[0] - before[0], after[1] - before[1]]))
"""


def test_hostile_files() -> None:
    """Ten megabytes of anything: refused, for little time and memory."""
    done = subprocess.run(
        [sys.executable, "-c", HOSTILE], capture_output=True, text=True, check=True
    )
    for name, said, seconds, megabytes in map(json.loads, done.stdout.splitlines()):
        assert said != "taken", name
        assert seconds < 5, (name, seconds)
        assert megabytes < 150, (name, megabytes)
