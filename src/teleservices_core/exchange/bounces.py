"""Read the reports of mail servers that could not deliver (RFC 3464).

Anybody may write to the address that receives them: nothing in a file is
believed but the Message-ID of one of our own mails, which only its recipient
and the servers on the way have seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, message_from_string
from email.message import Message
from pathlib import Path
from typing import Any, Final

from attrs import frozen

_LONGEST: Final = 2**18
"""Bytes read of a file: a report tells what matters first, and a megabyte made of nothing but
parts takes four seconds."""
_MESSAGE_ID: Final = re.compile(r"<([^<>\s]{1,200})>")


@frozen
class Bounce:
    """A mail that was not delivered, and never will be."""

    message_ids: tuple[str, ...]
    """Of the mail, without angle brackets; several where the report only refers to it."""
    reason: str
    """In the server's own words."""


@frozen
class BounceFile:
    """A file of the folder; ``bounce`` is None for one that reports no failure."""

    name: str
    bounce: Bounce | None = None
    is_readable: bool = True


def read_folder(folder: Path) -> Iterator[BounceFile]:
    """Read each message of a Maildir, or each ``.eml`` file of a folder. Changes nothing."""
    for path in _files(folder):
        try:
            with path.open("rb") as file:
                bounce = read_bounce(file.read(_LONGEST))
        except Exception:  # noqa: BLE001 - on hostile input the parser may raise anything
            yield BounceFile(path.name, is_readable=False)
        else:
            yield BounceFile(path.name, bounce)


def _files(folder: Path) -> list[Path]:
    boxes = [folder / "new", folder / "cur"]
    if all(box.is_dir() for box in boxes):
        found = [path for box in boxes for path in box.iterdir()]
    else:
        found = list(folder.glob("*.eml"))
    return sorted(path for path in found if path.is_file())


def read_bounce(data: bytes) -> Bounce | None:
    """The failure that a message reports, or None if it reports none.

    A delay, a relay or a success is no failure; nor is an automatic reply.
    """
    report = message_from_bytes(data)
    if report.get_content_type() != "multipart/report":
        return None
    failures = [
        fields
        for part in _parts(report, "message/delivery-status")
        for fields in _groups(part)
        if str(fields.get("Action", "")).strip().lower() == "failed"
    ]
    message_ids = tuple(dict.fromkeys(_message_ids(report)))
    if not failures or not message_ids:
        return None
    return Bounce(message_ids, _reason(failures[0]))


def _parts(report: Message[Any, Any], *kinds: str) -> list[Message[Any, Any]]:
    parts = report.get_payload()
    # Only its own parts: what a returned mail contains is not the server's word.
    return [
        part
        for part in (parts if isinstance(parts, list) else ())
        if isinstance(part, Message) and part.get_content_type() in kinds
    ]


def _groups(part: Message[Any, Any]) -> list[Message[Any, Any]]:
    groups = part.get_payload()
    return (
        [each for each in groups if isinstance(each, Message)] if isinstance(groups, list) else []
    )


def _message_ids(report: Message[Any, Any]) -> Iterator[str]:
    for part in _parts(report, "message/rfc822", "text/rfc822-headers"):
        for returned in _groups(part) or [message_from_string(str(part.get_payload()))]:
            yield from _MESSAGE_ID.findall(str(returned.get("Message-ID", "")))
    for header in ("In-Reply-To", "References"):
        yield from _MESSAGE_ID.findall(str(report.get(header, "")))


def _reason(fields: Message[Any, Any]) -> str:
    said = " ".join(str(fields.get(name, "")) for name in ("Status", "Diagnostic-Code"))
    return " ".join("".join(char if char.isprintable() else " " for char in said).split())[:300]
