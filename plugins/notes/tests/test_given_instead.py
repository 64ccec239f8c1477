"""What schools give instead of the CSV that is asked, and what Excel makes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from teleservices_core.domain.values import Ine
from teleservices_core.errors import ImportRefusedError
from teleservices_core.testing.builders import COLLEGE, DIJON, YEAR
from teleservices_notes.exchange import read_marks

NOW = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
ANNE = Ine.rnie(100000001)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "il est vide"),
        (b"\n\n", "sa première ligne est vide"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "c’est un PDF ; exportez"),
        (b"PK\x03\x04\x14\x00", "c’est un classeur ou un zip"),
        (b"\xd0\xcf\x11\xe0\xa1", "c’est un classeur ou un zip"),
        (b"\xef\xbb\xbf<html>", "c’est une page web ou un fichier XML"),
        (b"Nom;Classe;Moyenne\n", "manquantes : matiere, evaluation, date, ine, note"),
        (b"Nom;Classe;Moyenne\n", "(sa première ligne dit : Nom, Classe, Moyenne)"),
        (b"\x00\x01;\x02\n", "(sa première ligne dit : ?)"),
    ],
)
def test_what_was_given_instead(tmp_path, content, said):
    """Named, with what to do: not every file that ends in .csv is one."""
    path = tmp_path / "notes.csv"
    path.write_bytes(content)
    with pytest.raises(ImportRefusedError) as refused:
        read_marks(path, COLLEGE, YEAR, DIJON, NOW)
    assert said in refused.value.reason.replace("\u00a0", " ")


def test_titles_of_a_spreadsheet(tmp_path):
    """As a school writes them, in the encoding of Excel."""
    header = (
        "Classe;Code matière;Libellé matière;Professeur;Intitulé;Date du devoir;Barème;Coef;"
        "N° INE;Résultat"
    )
    row = f"6 B;MATHS;Mathématiques;Mme P;Évaluation d’œuvre;05/10/2026;20;2;{ANNE};13,5"
    path = tmp_path / "notes.csv"
    path.write_bytes(f"{header}\r\n{row}\r\n".encode("windows-1252"))
    (found,) = read_marks(path, COLLEGE, YEAR, DIJON, NOW)
    assert (found.ine, found.value) == (ANNE, Decimal("13.5"))
    assert found.assessment.title == "Évaluation d’œuvre"
    assert found.assessment.weight == 2
