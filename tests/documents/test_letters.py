"""Credential letters: PDF files are really made, then read back."""

from __future__ import annotations

import csv
import io
import stat
import sys
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pypdf import PageObject, PdfReader

from teleservices_core.documents.letters import (
    SHOWN_CHILDREN,
    UNPRINTABLE,
    LetterHead,
    LetterSheet,
    MissingExtraError,
    SheetChild,
    letters_csv,
    printable,
    render_letters,
    write_letters,
)
from teleservices_core.documents.mail_merge import neutralized
from teleservices_core.domain.accounts import Audience
from teleservices_core.errors import InvalidValueError

HEAD = LetterHead(
    academie_name="Académie de Dijon",
    establishment_name="Collège Marcelle-Pardé",
    establishment_address=("18 rue Condorcet", "21000 DIJON"),
    phone="03 80 00 00 00",
    email="secretariat@college-parde.example",
    site_address="https://teleservices.ac-exemple.example",
    hotline_phone="03 80 44 88 09",
    hotline_hours="du lundi au vendredi, 8 h – 18 h",
    town="Dijon",
)
SHEET = LetterSheet(
    recipient_name="Mme Nadia BENALI",
    recipient_address=("Résidence des Tilleuls", "4 allée du Parc", "21000 DIJON"),
    audience=Audience.GUARDIAN,
    login_name="nadia.benali",
    code="H7KP-3MWX-Q9TC",
    children=(SheetChild("Léa MARTIN", "6e B"), SheetChild("Tom MARTIN", "4e A")),
    issued_on=date(2026, 11, 24),
    valid_until=date(2027, 2, 24),
)
STUDENT = attrs.evolve(
    SHEET,
    recipient_name="Léa MARTIN",
    recipient_address=(),
    audience="student",
    login_name="lea.martin",
    children=(SheetChild("Léa MARTIN", "6e B"),),
)
STAFF = attrs.evolve(STUDENT, recipient_name="Mme DURAND", audience="staff", children=())


def sheet(**changes: Any) -> LetterSheet:
    return attrs.evolve(SHEET, **changes)


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def pages(*sheets: LetterSheet, head: LetterHead = HEAD) -> list[str]:
    """The text of each page, on one line; no-break spaces and hyphens made plain."""
    (pdf,) = render_letters(head, sheets, batch=len(sheets))
    plain = str.maketrans({"\u2011": "-"})
    return [" ".join(page.extract_text().translate(plain).split()) for page in read(pdf).pages]


def heights(page: PageObject) -> list[tuple[str, float]]:
    """The runs of text of a page, each with its height above the bottom, in mm."""
    runs: list[tuple[str, float]] = []

    def visit(text: str, cm: list[float], tm: list[float], _font: object, _size: float) -> None:
        if text.strip():
            points = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
            runs.append((text, points * 25.4 / 72))

    page.extract_text(visitor_text=visit)
    return runs


def squeezed(text: str) -> str:
    """The text without spaces: where a line is cut is the page's affair."""
    return "".join(text.split())


@pytest.mark.faq("F10")
def test_guardian_letter_says_what_a_parent_needs() -> None:
    (text,) = pages(SHEET)
    for said in (
        "Académie de Dijon".upper(),
        "Collège Marcelle-Pardé",
        "4 allée du Parc",
        "Fait à Dijon, le 24 novembre 2026",
        "Identifiant nadia.benali",
        "Mot de passe provisoire H7KP-3MWX-Q9TC",
        "Vos enfants Léa MARTIN – 6e B Tom MARTIN – 4e A",
        "https://teleservices.ac-exemple.example",
        "d’au moins 12 caractères",
        "Elle est obligatoire",
        "suivez le lien de confirmation",
        "Chaque responsable reçoit la sienne",
    ):
        assert said in text


@pytest.mark.faq("F13")
def test_student_letter_recommends_an_address_without_requiring_it() -> None:
    (text,) = pages(STUDENT)
    assert "Ce n’est pas obligatoire, mais vivement recommandé" in text
    assert "Élève Léa MARTIN – 6e B" in text
    assert "Remis par l’établissement" in text
    assert "plusieurs notifications" not in text


def test_staff_letter_asks_for_a_longer_password() -> None:
    (text,) = pages(STAFF)
    assert "d’au moins 15 caractères" in text
    assert "au service qui vous l’a remise" in text
    assert "Élève" not in text


@pytest.mark.faq("F15")
@pytest.mark.parametrize(
    ("issued_on", "valid_until", "said"),
    [
        (date(2026, 11, 24), date(2027, 2, 24), "jusqu’au 24 février 2027 inclus (trois mois)."),
        (date(2026, 11, 30), date(2027, 2, 28), "jusqu’au 28 février 2027 inclus (trois mois)."),
        (date(2026, 12, 1), date(2027, 1, 1), "jusqu’au 1er janvier 2027 inclus (un mois)."),
        (date(2026, 11, 24), date(2026, 12, 15), "jusqu’au 15 décembre 2026 inclus."),
    ],
)
def test_validity_is_the_one_given(issued_on: date, valid_until: date, said: str) -> None:
    assert said in pages(sheet(issued_on=issued_on, valid_until=valid_until))[0]


@pytest.mark.faq("F17")
def test_letter_that_fails_leads_to_the_secretariat() -> None:
    assert (
        "demandez une nouvelle notification au secrétariat de l’établissement "
        "(03 80 00 00 00 ou secretariat@college-parde.example)" in pages(SHEET)[0]
    )


def test_several_letters_are_explained() -> None:
    assert "chacune ouvre un compte, qui donne accès aux enfants qu’elle nomme" in pages(SHEET)[0]


@pytest.mark.faq("F20")
def test_missing_mail_leads_to_spam_then_hotline() -> None:
    (text,) = pages(SHEET)
    assert text.index("« spam »") < text.index("appelez l’assistance au 03 80 44 88 09")


@pytest.mark.parametrize(
    ("town", "said"),
    [
        ("Le Creusot", "Fait au Creusot, le 24"),
        ("LES ROUSSES", "Fait aux ROUSSES, le 24"),
        ("La Charité", "Fait à La Charité, le 24"),
        ("Lens", "Fait à Lens, le 24"),
        ("", "Le 24 novembre"),
    ],
)
def test_town_contracts_with_its_article(town: str, said: str) -> None:
    assert said in pages(SHEET, head=attrs.evolve(HEAD, town=town))[0]


def test_head_without_any_contact() -> None:
    bare = attrs.evolve(
        HEAD, phone="", email="", hotline_phone="", hotline_hours="", establishment_address=()
    )
    (text,) = pages(SHEET, head=bare)
    assert "au secrétariat de l’établissement. Elle" in text
    assert "signalez-le de la même façon." in text
    assert "Tél." not in text


def test_file_is_pdf_ua_tagged_titled_french_and_bookmarked() -> None:
    (pdf,) = render_letters(HEAD, [SHEET, STUDENT])
    reader = read(pdf)
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"].startswith("fr")
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]["/K"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert reader.metadata is not None
    title = "Notifications de compte Téléservices – Collège Marcelle-Pardé"
    assert reader.metadata.title == title
    assert title in metadata
    outline: Any = reader.outline
    assert [entry.title for entry in outline] == ["Mme Nadia BENALI", "Léa MARTIN"]
    fonts = {
        font.get_object()["/BaseFont"].partition("+")[2]
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
    }
    assert all(name.startswith(("LibertinusSerif", "DejaVuSansMono")) for name in fonts)


def test_same_letters_give_the_same_bytes() -> None:
    assert list(render_letters(HEAD, [SHEET])) == list(render_letters(HEAD, [SHEET]))


def test_batches_keep_the_order_and_read_ahead_of_one_batch_only() -> None:
    asked = []

    def sheets() -> Any:
        for number in range(5):
            asked.append(number)
            yield sheet(login_name=f"login.{number}")

    batches = render_letters(HEAD, sheets(), batch=2)
    assert asked == []
    first = next(batches)
    assert asked == [0, 1]
    texts = [page.extract_text() for pdf in [first, *batches] for page in read(pdf).pages]
    assert len(texts) == 5
    assert all(f"login.{number}" in text for number, text in enumerate(texts))


def test_no_letters_make_no_file(tmp_path: Path) -> None:
    assert list(render_letters(HEAD, [])) == []
    assert write_letters(HEAD, [], tmp_path / "letters.pdf") == ()
    assert list(tmp_path.iterdir()) == []


def test_one_private_file(tmp_path: Path) -> None:
    told: list[int] = []
    target = tmp_path / "6e B.pdf"
    assert write_letters(HEAD, [SHEET, STUDENT], target, told.append, per_file=2) == (target,)
    assert list(tmp_path.iterdir()) == [target]
    assert len(PdfReader(target).pages) == 2
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert told == [2]


def test_numbered_parts_beyond_the_size_of_a_file(tmp_path: Path) -> None:
    told: list[int] = []
    written = write_letters(HEAD, [SHEET] * 5, tmp_path / "letters.pdf", told.append, per_file=2)
    assert [path.name for path in written] == [
        "letters-01.pdf",
        "letters-02.pdf",
        "letters-03.pdf",
    ]
    assert [len(PdfReader(path).pages) for path in written] == [2, 2, 1]
    assert told == [2, 4, 5]


def test_stream_takes_one_file_only() -> None:
    stream = io.BytesIO()
    assert write_letters(HEAD, [SHEET], stream) == ()
    assert len(PdfReader(stream).pages) == 1
    refused = io.BytesIO()
    with pytest.raises(InvalidValueError, match="too many for one stream"):
        write_letters(HEAD, [SHEET] * 3, refused, per_file=2)
    assert refused.getvalue() == b""


def test_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (target := tmp_path / "letters.pdf").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_letters(HEAD, [SHEET], target)
    assert list(tmp_path.iterdir()) == [target]


def test_missing_typst_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingExtraError, match=r"teleservices-core\[letters\]"):
        render_letters(HEAD, [SHEET])


# --- what must hold on one page


LONG_HEAD = LetterHead(
    academie_name="Académie de la Martinique et des établissements français de l’étranger",
    establishment_name="Lycée polyvalent général, technologique et professionnel "
    "Marguerite-Yourcenar – Simone-Veil de Sainte-Marie-aux-Mines",
    establishment_address=(
        "Groupement d’intérêt public des Hauts-de-Bourgogne",
        "145 bis boulevard du Maréchal-de-Lattre-de-Tassigny",
        "68160 SAINTE-MARIE-AUX-MINES CEDEX 09",
    ),
    phone="+33 (0)3 80 00 00 00",
    email="secretariat.eleves.marguerite-yourcenar-simone-veil@ac-strasbourg.example",
    site_address="https://teleservices.academie-de-strasbourg.example/etablissements/connexion",
    hotline_phone="03 80 44 88 09",
    hotline_hours="du lundi au vendredi de 8 h 30 à 12 h et de 13 h 30 à 18 h, sauf le mercredi",
    town="Sainte-Marie-aux-Mines",
)
LONG_NAME = "Mme Marie-Christine de la ROCHEFOUCAULD-MONTMORENCY épouse VAN DEN BERGHE"
LONG_ADDRESS = (
    "Chez Monsieur et Madame VAN DEN BERGHE",
    "Bâtiment C, escalier 4, appartement 1203",
    "Résidence du Parc de la Fontaine d’Ouche",
    "124 bis avenue du Maréchal de Lattre de Tassigny",
    "21490 SAINTE-MARIE-SUR-OUCHE CEDEX",
    "SUISSE",
)
CROWDED = [
    sheet(
        recipient_name=LONG_NAME,
        recipient_address=LONG_ADDRESS,
        login_name="mariechristine.delarochefoucauldmontmor12",
        children=tuple(SheetChild(f"{name} {i}", "Terminale STI2D groupe") for i in range(count)),
    )
    for count in (1, 2, 3, 4, 6, 8, 20)
    for name in ("Léa MARTIN", "Maximilien-Alexandre de la ROCHEFOUCAULD", "W" * 60)
]


@pytest.mark.parametrize("head", [HEAD, LONG_HEAD], ids=["usual", "long"])
def test_crowded_letters_hold_on_their_page(head: LetterHead) -> None:
    (pdf,) = render_letters(head, CROWDED)
    reader = read(pdf)
    assert len(reader.pages) == len(CROWDED)
    for page in reader.pages:
        lines = heights(page)
        (last,) = {height for text, height in lines if "Cette notification est personn" in text}
        lowest = min(height for _, height in lines)
        above = min(height for _, height in lines if height > last)
        assert lowest >= 10, "too near the edge for an office printer"
        assert last - lowest < 9, "something stands below the last paragraph"
        assert above - last > 4, "something stands over the last paragraph"


def test_many_children_are_counted() -> None:
    children = tuple(SheetChild(f"Enfant {number}", "6e B") for number in range(20))
    (text,) = pages(sheet(children=children))
    assert f"Enfant {SHOWN_CHILDREN - 1} –" in text
    assert f"Enfant {SHOWN_CHILDREN} –" not in text
    assert f"… et {20 - SHOWN_CHILDREN} de plus" in text


def test_nothing_secret_above_the_fold() -> None:
    (pdf,) = render_letters(HEAD, [SHEET])
    lines = heights(read(pdf).pages[0])
    below = [height for text, height in lines if "H7KP" in text or "nadia." in text]
    assert len(below) == 2
    assert max(below) < 297 - 99
    (address,) = (height for text, height in lines if "allée du Parc" in text)
    assert 297 - 79 < address < 297 - 55


# --- hostile data


HOSTILE = [
    '#import "@preview/x:1.0.0": *',
    '#eval("1+1") #sys.inputs #panic()',
    "*gras* _italique_ `code` $x^2$",
    "<b>Léa</b> &amp; @ref <label>",
    "= Titre // commentaire /* bloc */",
    "\\u{41} \\ \\# ~ -- --- ... 'x' \"y\"",
    "https://exemple.example/?a=b",
    "{{ 7*7 }} ${7*7} %s {0}",
    "D’Ávila-Đặng ŞTEFĂNESCU Œuvrard fi ffl",
    "Νίκος Παπαδόπουλος Юлия Иванова",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_markup_in_names_prints_literally(name: str) -> None:
    child = SheetChild(name, "#c *6e*")
    (text,) = pages(
        sheet(recipient_name=name, recipient_address=(name,), children=(child,)),
        head=attrs.evolve(HEAD, establishment_name=name),
    )
    assert squeezed(text).count(squeezed(name)) == 5
    assert "#c *6e*" in text


names = st.lists(
    st.text(
        st.characters(max_codepoint=0x2122) | st.sampled_from("#*_`$<>@=\\~-'\"/&{}()[];:.,%|^"),
        min_size=1,
        max_size=50,
    ).filter(lambda text: printable(text) == text),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(names)
@example(["a" * 120])
@example(["Wm" * 60, "é " * 59 + "é"])
def test_every_name_reads_back_literally(names: list[str]) -> None:
    texts = pages(*(sheet(recipient_name=name, children=(SheetChild(name),)) for name in names))
    assert len(texts) == len(names)
    for name, text in zip(names, texts, strict=True):
        assert squeezed(text).count(squeezed(name[:60])) >= 2


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(max_size=150), min_size=1, max_size=6))
@example(["李小龍", "محمد", "👩‍👧", "\ud800", "\x00\x1b[31m", "\u202egpj", "", "e" + "\u0301" * 99])
def test_any_text_makes_one_page_a_letter(texts: list[str]) -> None:
    sheets = [
        sheet(
            recipient_name=SheetChild(text).name or "x",
            recipient_address=(text,) * 9,
            children=(SheetChild(text, text),) * 9,
        )
        for text in texts
    ]
    head = attrs.evolve(
        HEAD, academie_name=texts[0], establishment_name=texts[0], hotline_hours=texts[0]
    )
    assert len(pages(*sheets, head=head)) == len(texts)


def test_every_printable_character_is_in_the_fonts() -> None:
    characters = [
        chr(code)
        for code in range(0x21, 0x2200)
        if len(text := printable(chr(code))) == 1 and text == chr(code)
    ]
    assert len(characters) > 1_200
    lines = ["".join(characters[start : start + 40]) for start in range(0, len(characters), 40)]
    assert len(pages(*(sheet(recipient_name=line, recipient_address=(line,)) for line in lines)))


def test_character_without_glyph_is_left_to_the_pen() -> None:
    assert printable("李 Anne") == f"{UNPRINTABLE} Anne"
    assert f"{UNPRINTABLE} Anne" in pages(sheet(recipient_name="李 Anne"))[0]


def test_texts_are_composed_and_put_on_one_line() -> None:
    assert sheet(recipient_name=" Le\u0301a\n\tMAR\u200bTIN ").recipient_name == "Léa MARTIN"
    assert sheet(recipient_address=("", " 4  rue ", "\n")).recipient_address == ("4 rue",)


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "H7KP3MWXQ9TC"},
        {"code": "h7kp-3mwx-q9tc"},
        {"code": "H7KP-3MWX-Q9T0"},
        {"code": "H7KP-3MWX"},
        {"recipient_name": " \u200b"},
        {"login_name": ""},
        {"login_name": "nadia benali"},
        {"login_name": "李"},
        {"login_name": "a" * 65},
        {"valid_until": date(2026, 11, 23)},
    ],
)
def test_sheet_that_nobody_could_use_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError) as refusal:
        sheet(**changes)
    assert "code" not in changes or changes["code"] not in str(refusal.value)


def test_code_stays_out_of_repr() -> None:
    assert "H7KP" not in repr(SHEET)


@pytest.mark.parametrize(
    "address",
    ["", "https://teleservices.example @evil.example", "https://ac-dijon.fr@evil.example", "аc.fr"],
)
def test_misleading_site_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidValueError):
        attrs.evolve(HEAD, site_address=address)


# --- mail merge


def rows(*sheets: LetterSheet) -> list[dict[str, str]]:
    text = "".join(letters_csv(HEAD, sheets))
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def test_csv_row() -> None:
    (row,) = rows(SHEET)
    assert row["Destinataire"] == "Mme Nadia BENALI"
    assert row["Adresse 3"] == "21000 DIJON"
    assert row["Adresse 4"] == ""
    assert row["Mot de passe provisoire"] == "H7KP-3MWX-Q9TC"
    assert row["Enfants"] == "Léa MARTIN (6e B), Tom MARTIN (4e A)"
    assert row["Valable jusqu’au (inclus)"] == "24/02/2027"


def test_csv_keeps_long_addresses() -> None:
    (row,) = rows(sheet(recipient_address=tuple("abcdefgh")))
    assert row["Adresse 5"] == "e"
    assert row["Adresse 6"] == "f, g, h"


@given(st.text())
@example('=HYPERLINK("http://x")')
@example("+33 3 80")
@example('a;b"c')
def test_csv_cells_are_never_formulas(text: str) -> None:
    (row,) = rows(sheet(recipient_name=SheetChild(text).name or "x", recipient_address=(text,)))
    name = SheetChild(text).name or "x"
    assert row["Destinataire"] in {name, f"'{name}"}
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())


@given(st.sampled_from("=+-@\t\r\n"), st.text())
def test_formula_starts_are_neutralized(start: str, rest: str) -> None:
    assert neutralized(start + rest) == f"'{start}{rest}"


@given(st.text(st.characters(exclude_characters="=+-@\t\r\n＝＋－＠")))
def test_other_cells_are_left_alone(cell: str) -> None:
    assert neutralized(cell) == cell
