"""What handlers return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import Factory, frozen


@frozen
class Page:
    """A template and the values it shows."""

    template: str
    view: Mapping[str, Any] = Factory(dict)
    status: int = 200
    runs_script: bool = False
    """Whether its template loads a script of ours: browsers refuse them on every other page."""


@frozen
class Redirect:
    """Go to a route, as an answer to a form (303)."""

    route: str
    values: Mapping[str, Any] = Factory(dict)


@frozen
class Json:
    """A value to write in JSON: an attrs instance, or plain mappings."""

    value: Any
    is_public: bool = False
    """The same for everybody: it may be kept, and is answered by 304 while it is so."""


@frozen
class Download:
    """A document to save; given in parts, it leaves as it is made."""

    body: bytes | Iterable[bytes]
    filename: str
    media_type: str
