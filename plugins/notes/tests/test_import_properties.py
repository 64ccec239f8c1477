"""Any marks file: twice changes nothing, any order makes the same, a bad line costs itself only."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from teleservices_core.domain.values import Ine
from teleservices_core.testing.builders import COLLEGE, YEAR
from teleservices_notes.exchange import COLUMNS, read_marks
from teleservices_notes.store import ClassMarks
from teleservices_notes.usecases import import_marks

NOW = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
HEADER = ";".join((*COLUMNS, "appreciation", "bonus"))
INES = [Ine.rnie(number) for number in (100000001, 100000002, 100000003)]
TESTS = ("Oral", "Dictée", "Fractions")


@pytest.fixture
def site(school, classmates):
    """A class of three."""
    classmates((100000001, 100000002, 100000003))
    return school.services.site


@pytest.fixture
def take(school, site, tmp_path):
    """Import lines, by batches of a few."""

    def take(lines, **options):
        path = tmp_path / "notes.csv"
        path.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
        found = read_marks(path, COLLEGE, YEAR, site.academie, NOW)
        return import_marks(site, None, COLLEGE, found, ClassMarks, **options)

    return take


@st.composite
def good_lines(draw):
    """A file that describes each assessment one way and each mark once."""
    lines = []
    for test in draw(st.sets(st.sampled_from(TESTS), min_size=1)):
        scale = draw(st.sampled_from(["20", "10"]))
        bonus = draw(st.sampled_from(["oui", "non"]))
        for ine in draw(st.sets(st.sampled_from(INES))):
            mark = draw(st.sampled_from(["8", "9,5", "abs", "nn"]))
            day = draw(st.integers(1, 20))
            remark = draw(st.sampled_from(["", "Bien"]))
            lines.append(
                f"6 B;MATHS;Mathématiques;Mme P;{test};05/10/2026;{scale};1;non;;{ine};{mark};"
                f"{day:02}/11/2026 18:20;{remark};{bonus}"
            )
    return lines


BAD = st.sampled_from(
    [
        "n'importe quoi",
        f"6 B;MATHS;Maths;Mme P;Oral;05/10/2026;20;1;non;;{INES[0]};douze;01/11/2026 18:20;;non",
        f"6 B;MATHS;Maths;Mme P;Oral;05/10/1999;20;1;non;;{INES[0]};12;01/11/2026 18:20;;non",
        '6 B;"MATHS',
        "6 B;MATHS;Mathématiques;Mme P;Neuve;05/10/2026;20;1;non;;?;12;01/11/2026 18:20;;non",
    ]
)


def snapshot(site):
    """Every mark and assessment, whole."""
    with site.database.reading() as tx:
        return [
            [tuple(row) for row in tx.connection.execute(text(asked))]
            for asked in (
                "SELECT * FROM notes_marks ORDER BY student_id, assessment_id",
                "SELECT * FROM notes_assessments ORDER BY id",
            )
        ]


@settings(max_examples=15)
@given(lines=good_lines(), bad=st.lists(BAD, max_size=3), data=st.data())
def test_any_file(school, site, take, monkeypatch, lines, bad, data):
    """The three promises, over batches smaller than the file."""
    monkeypatch.setattr("teleservices_notes.usecases.importing.BATCH", 2)
    school.forget()
    take(lines)
    alone = snapshot(site)
    assert len(alone[0]) == len(lines)

    mixed = data.draw(st.permutations([*lines, *bad]))
    again = take(mixed)
    assert again.changes == 0
    assert snapshot(site) == alone
    assert len(again.faults) == len(bad)

    school.forget()
    report = take(mixed)
    assert snapshot(site) == alone
    assert (report.marks_added, len(report.faults)) == (len(lines), len(bad))


def test_stopped_then_again(school, site, take, monkeypatch):
    """Stopped after a batch: it is recorded as such, and the same file goes on from there."""
    monkeypatch.setattr("teleservices_notes.usecases.importing.BATCH", 2)
    lines = [
        f"6 B;MATHS;Maths;Mme P;{test};05/10/2026;20;1;non;;{ine};12;01/11/2026 18:20;;non"
        for test in TESTS
        for ine in INES
    ]
    stopped = take(lines, stopping=lambda: True, file_name="notes.csv")
    assert stopped.is_stopped
    assert len(snapshot(site)[0]) == 2
    report = take(lines)
    assert (report.marks_unchanged, report.marks_added) == (2, 7)
    with site.database.reading() as tx:
        runs = ClassMarks(tx.connection).imports(COLLEGE)
    assert {run.state for run in runs} == {"stopped", "done"}


def test_an_import_and_a_teacher(school, site, take):
    """What the file does not know, remarks and descriptions, is not lost by importing it."""
    columns = ";".join(COLUMNS)
    row = f"6 B;MATHS;Maths;Mme P;Oral;05/10/2026;20;1;non;;{INES[0]};{{}};{{}}"
    full = row.format("12", "01/11/2026 18:20") + ";Bien travaillé;non"
    take([full])
    path_lines = [row.format("13", "02/11/2026 18:20")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.HEADER", columns)
        assert take(path_lines).marks_changed == 1
    ((mark, *_),) = [snapshot(site)[0]]
    assert 1300 in mark
    assert "Bien travaillé" in mark
