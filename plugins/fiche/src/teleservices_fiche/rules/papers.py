"""Numbers and digests: what lets a family prove what it sent, and a form know what it showed."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from teleservices_core.domain.credentials import LETTER_ALPHABET
from teleservices_fiche.model import Confirmation, Proposal, Receipt, Value, plain
from teleservices_fiche.rules.merging import Values

NUMBER_LENGTH: Final = 10
SHOWN: Final = 16
"""Hexadecimal digits of a digest that a family copies: 64 bits, which nobody guesses."""


def digest_of(content: Any) -> str:
    """SHA-256 of a content in its one canonical writing."""
    written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(written.encode()).hexdigest()


def digest_of_values(values: Values) -> str:
    """Of what a page shows: another digest, another page."""
    return digest_of(
        {
            f"{person.kind}:{person.id}": {code: plain(value) for code, value in sorted(of.items())}
            for person, of in values.items()
        }
    )


def digest_of_look(base: Value, shown: Iterable[Proposal]) -> str:
    """Of a proposal beside what there is: whoever decides upon it says which look he had."""
    versions = [[str(each.id), each.version] for each in shown]
    return digest_of({"base": plain(base), "shown": versions})


def proposals_digest(number: str, at: datetime, proposals: list[Proposal]) -> str:
    """Of what was sent together."""
    lines = [
        {
            "person": f"{each.person.kind}:{each.person.id}",
            "field": each.field,
            "seen": plain(each.seen),
            "proposed": plain(each.proposed),
        }
        for each in proposals
    ]
    return digest_of({"number": number, "at": at.isoformat(), "lines": lines})


def confirmation_digest(confirmation: Confirmation) -> str:
    """Of « tout est exact », and of what was read when it was said."""
    return digest_of(
        {
            "number": confirmation.number,
            "at": confirmation.at.isoformat(),
            "student": str(confirmation.student_id),
            "read": confirmation.digest,
        }
    )


def show_digest(digest: str) -> str:
    """The digits that a family copies, by four: "9F3A 01C2 77B0 4D1E"."""
    digits = digest[:SHOWN].upper()
    return " ".join(digits[place : place + 4] for place in range(0, SHOWN, 4))


def read_number(text: str) -> str:
    """A number as it may be typed: spaces and small letters do not count."""
    return "".join(letter for letter in text.upper() if letter in LETTER_ALPHABET)


def is_genuine(receipt: Receipt | None, typed_digest: str) -> bool:
    """Whether a digest as typed is that of the receipt with the number typed beside it."""
    digits = "".join(letter for letter in typed_digest.lower() if letter in "0123456789abcdef")
    known = receipt.digest[:SHOWN] if receipt else "0" * SHOWN
    return hmac.compare_digest(digits[:SHOWN], known) and receipt is not None
