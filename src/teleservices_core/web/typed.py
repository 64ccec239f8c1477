"""What somebody typed in a form that could not be taken."""

from __future__ import annotations

import re
from typing import Final

from werkzeug import Request
from werkzeug.exceptions import HTTPException

from teleservices_core.settings import Settings
from teleservices_core.web import csrf

_SECRET_FIELDS: Final = frozenset({csrf.FIELD, "password", "again", "current", "secret", "code"})
_PICKED: Final = re.compile(r"[a-z_]{1,20}|[0-9.,-]{1,8}|\d{4}-\d\d-\d\d|[0-9a-f-]{16,}")
"""Choices, figures, dates and digests: picked from the page, or soon typed again."""


def typed_text(settings: Settings, request: Request) -> list[str]:
    """What somebody typed in a form of ours, but for secrets; nothing that another site sent."""
    if request.method != "POST" or not csrf.is_from_here(settings, request):
        return []
    try:
        sent = list(request.form.items(multi=True))
    except HTTPException:
        # Too long to be read, or no form at all.
        return []
    return [
        value
        for name, value in sent
        if name not in _SECRET_FIELDS and value.strip() and not _PICKED.fullmatch(value)
    ]
