"""How fast credential letters are made, and in how much memory.

python benchmarks/letters.py --letters 1000
"""

from __future__ import annotations

import argparse
import io
import resource
import time
from collections.abc import Iterator
from datetime import date

from teleservices_core.documents.letters import (
    LETTERS_PER_BATCH,
    LETTERS_PER_FILE,
    LetterHead,
    LetterSheet,
    SheetChild,
    render_letters,
    write_letters,
)
from teleservices_core.domain.credentials import (
    LETTER_ALPHABET,
    LETTER_LENGTH,
    show_letter_code,
)

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


def sheets(count: int) -> Iterator[LetterSheet]:
    """Guardians of one to three children; no two letters say the same."""
    for number in range(count):
        code = "".join(
            LETTER_ALPHABET[(number * 7 + place * place * 11) % len(LETTER_ALPHABET)]
            for place in range(LETTER_LENGTH)
        )
        yield LetterSheet(
            recipient_name=f"Mme Nadia BENALI-{number}",
            recipient_address=(f"{number} allée du Parc", "21000 DIJON"),
            audience="guardian",
            login_name=f"nadia.benali{number}",
            code=show_letter_code(code),
            children=tuple(
                SheetChild(f"Léa BENALI-{number}-{child}", f"{6 - child}e B")
                for child in range(1 + number % 3)
            ),
            issued_on=date(2026, 11, 24),
            valid_until=date(2027, 2, 24),
        )


def peak() -> int:
    """The most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def report(what: str, count: int, size: int, since: float) -> None:
    seconds = time.perf_counter() - since
    print(
        f"{what}: {count} letters in {seconds:.2f} s, {count / seconds:.0f} pages/s, "
        f"{size / count / 1024:.1f} kB a page, peak {peak()} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=1000, metavar="N")
    parser.add_argument("--batch", type=int, default=LETTERS_PER_BATCH, metavar="N")
    options = parser.parse_args()

    since = time.perf_counter()
    next(render_letters(HEAD, sheets(1)))
    print(f"first letter: {1000 * (time.perf_counter() - since):.0f} ms")
    since = time.perf_counter()
    next(render_letters(HEAD, sheets(1)))
    print(f"one letter: {1000 * (time.perf_counter() - since):.0f} ms")

    since = time.perf_counter()
    size = sum(map(len, render_letters(HEAD, sheets(options.letters), batch=options.batch)))
    report(f"batches of {options.batch}", options.letters, size, since)

    count = min(options.letters, LETTERS_PER_FILE)
    since = time.perf_counter()
    stream = io.BytesIO()
    write_letters(HEAD, sheets(count), stream)
    report("one file", count, stream.tell(), since)


if __name__ == "__main__":
    main()
