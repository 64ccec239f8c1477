"""Marks files: what goes in, what is left out and said, and doing it twice."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.values import Ine, Uai
from teleservices_core.errors import ImportRefusedError, NotFoundError
from teleservices_core.testing.builders import COLLEGE, DIJON, YEAR
from teleservices_core.testing.statements import counted
from teleservices_notes.exchange import COLUMNS, read_marks
from teleservices_notes.model import Counting, MarkStatus
from teleservices_notes.store import ClassMarks
from teleservices_notes.usecases import Fault, MarkLine, import_marks

HEADER = ";".join(COLUMNS)
NOW = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
ANNE, BILAL, CHLOE = (Ine.rnie(number) for number in (100000001, 100000002, 100000003))


def line(ine=ANNE, note="14,5", saisie="07/10/2026 18:20", **changes):
    """A line of a file; changes by column."""
    values = {
        "classe": "6 B",
        "matiere": "MATHS",
        "libelle_matiere": "Mathématiques",
        "enseignant": "Mme R. Petit",
        "evaluation": "Contrôle 1 : Fractions",
        "date": "05/10/2026",
        "sur": "20",
        "coefficient": "2",
        "facultative": "non",
        "publication": "",
        "ine": str(ine),
        "note": note,
        "saisie_le": saisie,
    }
    return ";".join({**values, **changes}[name] for name in COLUMNS)


def plain(fault):
    """The reason, with plain spaces."""
    return fault.reason.replace("\u00a0", " ")


@pytest.fixture
def write(tmp_path):
    """Write a file of lines."""

    def write(*lines, encoding="utf-8", header=HEADER, newline="\n"):
        path = tmp_path / "notes.csv"
        path.write_bytes(newline.join([header, *lines, ""]).encode(encoding))
        return path

    return write


@pytest.fixture
def read(write):
    """Read lines without a database."""

    def read(*lines, **options):
        return list(read_marks(write(*lines, **options), COLLEGE, YEAR, DIJON, NOW))

    return read


@pytest.fixture
def take(school, classmates, write):
    """Import a file into a class of three."""
    classmates((100000001, 100000002, 100000003))
    site = school.services.site

    def take(*lines, dry_run=False, path: Path | None = None):
        path = path or write(*lines)
        found = read_marks(path, COLLEGE, YEAR, site.academie, NOW)
        return import_marks(site, None, COLLEGE, found, ClassMarks, dry_run=dry_run)

    return take


def recorded(school):
    """Every mark of the database, by INE."""
    with school.services.site.database.reading() as tx:
        rows = tx.connection.exec_driver_sql(
            "SELECT ine, value, status, entered_at FROM notes_marks"
            " JOIN core_students ON id = student_id ORDER BY ine"
        )
        return [tuple(row) for row in rows]


# -- reading -------------------------------------------------------------------------


def test_a_line(read):
    """Everything of a line, in its place."""
    (found,) = read(line(publication="19/10/2026", facultative="oui", sur="40"))
    assessment = found.assessment
    assert (found.line, found.ine, found.value) == (2, ANNE, Decimal("14.5"))
    assert found.entered_at == datetime(2026, 10, 7, 16, 20, tzinfo=UTC)
    assert (assessment.class_group, assessment.subject.code) == ("6 B", "MATHS")
    assert (assessment.teacher, assessment.title) == ("Mme R. Petit", "Contrôle 1 : Fractions")
    assert (assessment.out_of, assessment.weight, assessment.counting) == (40, 2, Counting.OPTIONAL)
    assert assessment.given_on == date(2026, 10, 5)
    assert assessment.publish_on == date(2026, 10, 19)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "iso-8859-15"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings(read, encoding, newline):
    """UTF-8 with or without its mark, or what older software writes."""
    (found,) = read(line(evaluation="Œuvre à l’oral"[:5]), encoding=encoding, newline=newline)
    assert found.assessment.subject.label == "Mathématiques"
    assert found.assessment.title == "Œuvre"


def test_words_identify(read):
    """Spaces and the way accents are coded do not make another assessment."""
    first, second = read(
        line(evaluation=" Contrôle  1 : Fractions"),
        line(BILAL, evaluation="Contro\u0302le 1 : Fractions"),
    )
    assert first.assessment == second.assessment
    (third,) = read(line(date="06/10/2026"))
    assert third.assessment.id != first.assessment.id


@pytest.mark.parametrize(
    ("note", "status", "value"),
    [
        ("14,5", MarkStatus.MARK, "14.5"),
        ("14.50", MarkStatus.MARK, "14.5"),
        (" 14 ", MarkStatus.MARK, "14"),
        ("7,250", MarkStatus.MARK, "7.25"),
        ("20", MarkStatus.MARK, "20"),
        ("0", MarkStatus.MARK, "0"),
        ("abs", MarkStatus.ABSENT, None),
        ("ABS.", MarkStatus.ABSENT, None),
        ("Disp", MarkStatus.EXEMPT, None),
        ("nn", MarkStatus.UNMARKED, None),
        ("nr", MarkStatus.NOT_SUBMITTED, None),
    ],
)
def test_marks(read, note, status, value):
    """Comma or point; the words of mark software."""
    (found,) = read(line(note=note))
    assert found.status is status
    assert found.value == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"note": "20,5"}, "note : 20,5 dépasse le barème, sur 20"),
        ({"note": "douze"}, "note : « douze » n’est pas un nombre"),
        ({"note": "12,345"}, "deux décimales au plus"),
        ({"note": "-1"}, "n’est pas un nombre"),
        ({"note": "1e1"}, "n’est pas un nombre"),
        ({"note": "²"}, "n’est pas un nombre"),
        ({"note": ""}, "note : vide"),
        ({"sur": "0"}, "barème ne peut pas être 0"),
        ({"sur": "1000"}, "sur : 1000 est trop grand"),
        ({"coefficient": ""}, "coefficient : «  » n’est pas un nombre"),
        ({"facultative": "peut-être"}, "ni oui ni non"),
        ({"date": "31/09/2026"}, "date : « 31/09/2026 » n’est pas une date"),
        ({"date": "2026-13-05"}, "n’est pas une date"),
        ({"date": "05/10/2025"}, "le 05/10/2025 n’est pas dans l’année 2026-2027"),
        ({"publication": "bientôt"}, "publication : « bientôt »"),
        ({"saisie_le": "07/10/2026"}, "jj/mm/aaaa hh:mm"),
        ({"saisie_le": "07/10/2026 25:10"}, "jj/mm/aaaa hh:mm"),
        ({"ine": "12"}, "ine : « 12 »"),
        ({"classe": ""}, "classe : vide"),
        ({"evaluation": "x" * 201}, "evaluation : plus de 200 caractères"),
        ({"matiere": "A/B"}, "matiere : « A/B » n’est pas un code"),
        ({"matiere": ".."}, "n’est pas un code"),
        ({"enseignant": '"Petit'}, "guillemets mal fermés"),
        ({"enseignant": "x" * 5000}, "ligne trop longue"),
        ({"saisie_le": "x;y", "note": "abs"}, "saisie_le"),
    ],
)
def test_bad_lines(read, changes, said):
    """Left out with its number and the reason; the lines around it are read."""
    before, bad, after = read(line(), line(**{"ine": BILAL, **changes}), line(CHLOE))
    assert isinstance(before, MarkLine)
    assert isinstance(after, MarkLine)
    assert isinstance(bad, Fault)
    assert bad.line == 3
    assert said in plain(bad)


def test_shapes(read):
    """Blank lines are nothing, short ones are said, quotes and other columns are fine."""
    found = read(
        "",
        "6 B;MATHS",
        line(enseignant='"Petit ; Durand"') + ";plus",
        header=HEADER + ";ailleurs",
    )
    assert [each.line for each in found] == [3, 4]
    assert found[0] == Fault(3, "2 colonnes au lieu de 13")
    assert found[1].assessment.teacher == "Petit ; Durand"


def test_columns_in_any_order(write):
    """By name, whatever the case."""
    path = write(";".join(reversed(line().split(";"))), header=";".join(reversed(COLUMNS)).upper())
    (found,) = read_marks(path, COLLEGE, YEAR, DIJON, NOW)
    assert found.ine == ANNE


@pytest.mark.parametrize("header", ["", "classe;note", '"classe'])
def test_not_a_marks_file(read, header):
    """Refused whole, before any line."""
    with pytest.raises(ImportRefusedError, match="line 1"):
        read(line(), header=header)


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_anything_is_read(tmp_path, junk):
    """No line can stop the reading of the others."""
    path = tmp_path / "junk.csv"
    path.write_bytes(b"\n".join([HEADER.encode(), *junk, line().encode(), b""]))
    *_others, last = read_marks(path, COLLEGE, YEAR, DIJON, NOW)
    assert isinstance(last, MarkLine)


def test_progress(write):
    """Adds up to the file, header aside."""
    path = write(*[line()] * 5000)
    told = []
    assert len(list(read_marks(path, COLLEGE, YEAR, DIJON, NOW, progress=told.append))) == 5000
    assert len(told) > 2
    assert sum(told) == path.stat().st_size - len(HEADER) - 1


# -- recording -----------------------------------------------------------------------


def test_import(school, take):
    """Three marks at one assessment."""
    report = take(line(), line(BILAL, "abs"), line(CHLOE, "9"))
    assert (report.assessments_added, report.marks_added, report.faults) == (1, 3, [])
    assert [row[:3] for row in recorded(school)] == [
        (ANNE.code, 1450, "mark"),
        (BILAL.code, None, "absent"),
        (CHLOE.code, 900, "mark"),
    ]


def test_twice_changes_nothing(school, take):
    """The same file again: no change, not even of entry times."""
    lines = [line(), line(BILAL, "abs"), line(evaluation="Oral", note="12"), line(CHLOE, "x")]
    take(*lines)
    before = recorded(school)
    again = take(*lines)
    assert again.changes == 0
    assert again.marks_unchanged == 3
    assert len(again.faults) == 1
    assert recorded(school) == before


def test_a_changed_mark(school, take):
    """A new figure takes its own entry time; an equal one keeps the old."""
    take(line(), line(BILAL, "11"))
    entered = {row[0]: row[3] for row in recorded(school)}
    report = take(
        line(ANNE, "15", saisie="12/10/2026 09:00"), line(BILAL, "11", saisie="12/10/2026 09:00")
    )
    assert (report.marks_changed, report.marks_unchanged, report.changes) == (1, 1, 1)
    after = {row[0]: row for row in recorded(school)}
    assert after[ANNE.code][1] == 1500
    assert after[ANNE.code][3] != entered[ANNE.code]
    assert after[BILAL.code][3] == entered[BILAL.code]


def test_an_older_file(school, take):
    """Yesterday's export by mistake does not undo today's correction."""
    take(line(ANNE, "15", saisie="12/10/2026 09:00"))
    report = take(line(ANNE, "14"))
    assert (report.marks_outdated, report.changes) == (1, 0)
    assert recorded(school)[0][1] == 1500


def test_a_changed_assessment(take):
    """The file's description replaces the recorded one."""
    take(line())
    report = take(line(coefficient="3", publication="01/12/2026"))
    assert (report.assessments_changed, report.assessments_added) == (1, 0)
    assert report.changes == 1


def test_faults_of_the_school(take):
    """Unknown student, twice the same student, two descriptions of one assessment."""
    report = take(
        line(),
        line(Ine.rnie(999999999)),
        line(ANNE, "16"),
        line(BILAL, coefficient="1"),
        line(CHLOE, "x"),
        line(CHLOE),
    )
    assert report.marks_added == 2
    assert report.lines == 6
    assert [(fault.line, plain(fault)) for fault in report.faults] == [
        (3, f"aucun élève de l’établissement n’a l’INE {Ine.rnie(999999999)} en 2026-2027"),
        (4, "cet élève a déjà une note à cette évaluation"),
        (5, "la ligne 2 décrit autrement cette évaluation"),
        (6, "note : « x » n’est pas un nombre à deux décimales au plus"),
    ]


def test_dry_run(school, take):
    """Says the same and writes nothing."""
    lines = (line(), line(BILAL, "x"), line(CHLOE))
    dry = take(*lines, dry_run=True)
    assert recorded(school) == []
    assert dry == take(*lines)
    assert dry.changes == 3


def test_statements_by_batch(school, classmates, write, monkeypatch):
    """A handful of statements for each batch, not for each line."""
    monkeypatch.setattr("teleservices_notes.usecases.importing.BATCH", 50)
    students = classmates(range(200000000, 200000050))
    lines = [
        line(student.ine, evaluation=f"Contrôle {number}", note=str(number))
        for number in range(4)
        for student in students
    ]
    site = school.services.site
    with counted(school.services.engine) as run:
        found = read_marks(write(*lines), COLLEGE, YEAR, site.academie, NOW)
        report = import_marks(site, None, COLLEGE, found, ClassMarks)
    assert report.marks_added == 200
    reads = [sql for sql in run if sql.startswith("SELECT")]
    counts = {
        table: sum(f" {table}" in sql for sql in reads)
        for table in ("core_students", "notes_assessments", "notes_marks")
    }
    assert counts == {
        "core_students": 1,  # the class is known after the first batch
        "notes_assessments": 4,
        "notes_marks": 0,  # none can be there at new assessments
    }
    with counted(school.services.engine) as run:
        found = read_marks(write(*lines), COLLEGE, YEAR, site.academie, NOW)
        assert import_marks(site, None, COLLEGE, found, ClassMarks).changes == 0
    reads = [sql for sql in run if sql.startswith("SELECT")]
    assert sum(" notes_marks" in sql for sql in reads) == 4


def test_audit_trail(school, take):
    """Who imported how much stands in the same commit."""
    take(line(), line(BILAL, "x"))
    with school.services.site.database.reading() as tx:
        entry = tx.audit.latest(1)[0]
    assert (entry.action, entry.uai) == ("notes.imported", COLLEGE)
    assert entry.detail["counts"]["marks_added"] == 1
    assert entry.detail["counts"]["faults"] == 1


def test_unknown_establishment(services):
    """Named before anything is read."""
    with pytest.raises(NotFoundError):
        import_marks(services.site, None, Uai.from_digits("0210001"), [], ClassMarks)
