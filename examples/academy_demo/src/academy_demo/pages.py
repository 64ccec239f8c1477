"""The demo's own pages."""

from __future__ import annotations

import re

from academy_demo import personas as kept
from academy_demo.build import PASSWORD
from teleservices_core.mailers import FolderMailer
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Page


def personas(context: Context) -> Page:
    """Who can sign in, and what each shows."""
    folder = context.site.settings.mail.folder
    found = kept.load(folder.parent / "personas.json") if folder else []
    return Page("demo/personas.html", {"personas": found, "password": PASSWORD})


def mailbox(context: Context) -> Page:
    """Every mail sent, the newest first, with its links to follow."""
    folder = context.site.settings.mail.folder
    messages = FolderMailer(folder).messages() if folder else []
    shown = [
        {
            "to": str(message["To"]),
            "subject": str(message["Subject"]),
            "date": str(message["Date"]),
            "parts": _with_links(message.get_content()),
        }
        for message in messages[:50]
    ]
    return Page("demo/mailbox.html", {"messages": shown})


def _with_links(text: str) -> list[tuple[str, str]]:
    """The text in (text, link) parts."""
    pieces = re.split(r"(https?://\S+)", text)
    return [("", piece) if piece.startswith("http") else (piece, "") for piece in pieces]
