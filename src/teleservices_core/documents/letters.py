"""Credential letters: the sheet that an establishment hands out (F10).

One A4 page for each account, for a window envelope or for handing over, as
PDF/UA-1 made with typst, or as lines of a CSV file (``mail_merge``). Letters
come in the order given. The wording and the look are in ``letters.typ``.

A letter holds a provisional password. Nothing here keeps it: files are made
readable by their owner only, and typst's caches are emptied after each batch.
"""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from teleservices_core.documents.mail_merge import letters_csv
from teleservices_core.documents.sheets import (
    UNPRINTABLE,
    LetterHead,
    LetterSheet,
    SheetChild,
    at_most,
    printable,
)
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.credentials import PASSWORD_MIN, PASSWORD_MIN_STAFF
from teleservices_core.domain.localtime import add_months
from teleservices_core.errors import InvalidValueError, MissingExtraError
from teleservices_core.files import write_private
from teleservices_core.i18n import show_date

if TYPE_CHECKING:
    import typst

__all__ = [
    "LETTERS_PER_BATCH",
    "LETTERS_PER_FILE",
    "SHOWN_CHILDREN",
    "UNPRINTABLE",
    "LetterHead",
    "LetterSheet",
    "MissingExtraError",
    "SheetChild",
    "letters_csv",
    "printable",
    "render_letters",
    "write_letters",
]

LETTERS_PER_BATCH: Final = 60
"""Letters compiled at once, some two classes: the process stays near 95 MB."""
LETTERS_PER_FILE: Final = 500
"""Letters in one file: typst takes 0.7 MB of memory a page until the file is made."""
SHOWN_CHILDREN: Final = 8
"""More children than this are counted in the letter, not named: one page each."""

_NUMBERS: Final = (
    *("un", "deux", "trois", "quatre", "cinq", "six"),
    *("sept", "huit", "neuf", "dix", "onze", "douze"),
)
_PASSWORD_MIN: Final = {
    Audience.GUARDIAN: PASSWORD_MIN,
    Audience.STUDENT: PASSWORD_MIN,
    Audience.STAFF: PASSWORD_MIN_STAFF,
}


def render_letters(
    head: LetterHead, sheets: Iterable[LetterSheet], *, batch: int = LETTERS_PER_BATCH
) -> Iterator[bytes]:
    """Make PDF files of at most ``batch`` letters each, one page a letter, as they are asked for.

    The same letters give the same bytes, on any machine with the same typst.
    Give the letters of one class to have one file a class. Raises
    :exc:`MissingExtraError` at the call when typst is not installed.
    """
    if batch < 1:
        raise InvalidValueError("batch", batch, "expected one letter or more")
    compiler = _compiler()
    return (_compile(head, letters, compiler) for letters in _parts(sheets, batch))


def write_letters(
    head: LetterHead,
    sheets: Iterable[LetterSheet],
    target: Path | BinaryIO,
    progress: Callable[[int], None] | None = None,
    *,
    per_file: int = LETTERS_PER_FILE,
) -> tuple[Path, ...]:
    """Write the letters to one PDF, or to numbered parts when there are many.

    Up to ``per_file`` letters go to ``target``; beyond, ``letters.pdf`` becomes
    ``letters-01.pdf``, ``letters-02.pdf``… Joining finished files would lose
    the tags that PDF/UA requires, so that one file is one compilation, whose
    memory bounds its pages (:data:`LETTERS_PER_FILE`). Each file appears whole
    or not at all, and only its owner may read it.

    ``progress`` is told how many letters are written, after each file. Returns
    the files written, none for no letters or for a stream. Raises
    :exc:`InvalidValueError` when a stream would need several files, before
    anything is written to it; :exc:`MissingExtraError` without typst.
    """
    if per_file < 1:
        raise InvalidValueError("letters in a file", per_file, "expected one or more")
    compiler = _compiler()
    parts = _parts(sheets, per_file)
    known = list(islice(parts, 2))
    if len(known) > 1 and not isinstance(target, Path):
        raise InvalidValueError("letters", f"over {per_file}", "too many for one stream")
    done = 0
    written: list[Path] = []
    for number, letters in enumerate(chain(known, parts), 1):
        pdf = _compile(head, letters, compiler)
        if isinstance(target, Path):
            numbered = target.with_stem(f"{target.stem}-{number:02}")
            written.append(numbered if len(known) > 1 else target)
            write_private(written[-1], pdf)
        else:
            target.write(pdf)
        done += len(letters)
        if progress is not None:
            progress(done)
    return tuple(written)


def _compiler() -> typst.Compiler:
    """A typst that knows its own fonts only; one by call, as it serves one thread at a time."""
    try:
        import typst
    except ImportError as error:
        raise MissingExtraError("letters", "Making letters") from error
    return typst.Compiler(ignore_system_fonts=True)


def _parts(sheets: Iterable[LetterSheet], size: int) -> Iterator[list[LetterSheet]]:
    remaining = iter(sheets)
    while part := list(islice(remaining, size)):
        yield part


def _compile(head: LetterHead, letters: list[LetterSheet], compiler: typst.Compiler) -> bytes:
    """One PDF; dated by its first letter, so that the same letters give the same bytes."""
    pdf = compiler.compile(
        importlib.resources.files(__package__).joinpath("letters.typ").read_bytes(),
        format="pdf",
        sys_inputs={"letters": json.dumps(_document(head, letters))},
        pdf_standards=["ua-1"],
        timestamp=datetime.combine(letters[0].issued_on, time(), UTC),
    )
    _forget(compiler)
    return cast("bytes", pdf)


def _forget(compiler: typst.Compiler) -> None:
    """Empty typst's caches, which keep what the last ten compilations used.

    Takes some 40 ms for 60 letters, and holds memory at one batch instead of ten.
    """
    for _ in range(11):
        compiler.compile(b"", format="pdf", sys_inputs=None)


def _document(head: LetterHead, sheets: list[LetterSheet]) -> dict[str, Any]:
    """The data of the template, in JSON's types."""
    return {
        "title": f"Notifications de compte Téléservices – {_shown(head.establishment_name, 120)}",
        "password_min": _PASSWORD_MIN,
        "head": {
            "academie_name": _shown(head.academie_name.upper(), 80),
            "establishment_name": _shown(head.establishment_name, 120),
            "establishment_address": [
                _shown(line, 80) for line in at_most(6, head.establishment_address)
            ],
            "phone": _shown(head.phone, 30),
            "email": _shown(head.email, 100),
            "site_address": head.site_address,
            "hotline_phone": _shown(head.hotline_phone, 30),
            "hotline_hours": _shown(head.hotline_hours, 100),
        },
        "sheets": [_sheet(head, sheet) for sheet in sheets],
    }


def _sheet(head: LetterHead, sheet: LetterSheet) -> dict[str, Any]:
    issued = _french_date(sheet.issued_on)
    shown = sheet.children[:SHOWN_CHILDREN]
    if sheet.audience is Audience.GUARDIAN:
        label = "Vos enfants" if len(sheet.children) > 1 else "Votre enfant"
    else:
        label = "Élèves" if len(sheet.children) > 1 else "Élève"
    return {
        "recipient_name": _shown(sheet.recipient_name, 120),
        "recipient_address": [_shown(line, 80) for line in at_most(7, sheet.recipient_address)],
        "audience": sheet.audience,
        "login_name": sheet.login_name,
        "code": sheet.code,
        "children_label": label,
        "children": [
            {"name": _shown(child.name, 60), "class_group": _shown(child.class_group, 24)}
            for child in shown
        ],
        "more_children": len(sheet.children) - len(shown),
        "made_on": f"Fait {_at_town(_shown(head.town, 60))}, le {issued}"
        if head.town
        else f"Le {issued}",
        "valid_until": _french_date(sheet.valid_until),
        "validity": _months_between(sheet.issued_on, sheet.valid_until),
    }


def _shown(text: str, length: int) -> str:
    """A text fit for the page, cut at a length no real one reaches."""
    text = printable(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _french_date(on: date) -> str:
    """A date in full, its parts kept together: "1er décembre 2026"."""
    return show_date(on).replace(" ", "\N{NO-BREAK SPACE}")


def _months_between(start: date, end: date) -> str:
    """Give " (trois mois)" when the dates lie whole calendar months apart, else nothing (F15)."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if not 1 <= months <= len(_NUMBERS) or add_months(start, months) != end:
        return ""
    return f" ({_NUMBERS[months - 1]} mois)"


def _at_town(town: str) -> str:
    """The town after "à", which contracts with an article: "au Creusot"."""
    article, _, rest = town.partition(" ")
    contracted = {"le": "au", "les": "aux"}.get(article.lower())
    return f"{contracted} {rest}" if contracted and rest else f"à {town}"
