"""The copy of a person's data as a file to keep: JSON for machines, a page for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from teleservices_core import i18n
from teleservices_core.i18n import _
from teleservices_core.settings import Settings
from teleservices_core.usecases.personal_data import PersonalCopy

_COLUMNS: Final = 10
"""A list is shown as a table up to so many columns."""


def data_archive(settings: Settings, copy: PersonalCopy) -> bytes:
    """A ZIP of ``donnees.json`` and ``donnees.html``, which opens without a network."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("donnees.json", data_json(settings, copy))
        archive.writestr("donnees.html", data_page(settings, copy))
    return packed.getvalue()


def data_json(settings: Settings, copy: PersonalCopy) -> str:
    """Every heading by its id; dates as ISO 8601, instants with the local offset."""
    zone = settings.academie.zone
    told = {
        "site": settings.base_url,
        "academie": settings.academie.full_name,
        "identifiant": copy.account.login_name,
        "date": copy.at,
        "complet": all(section.values is not None for section in copy.sections),
        "rubriques": {
            section.data.id: {"titre": section.data.title(), "donnees": section.values}
            for section in copy.sections
        },
    }
    return json.dumps(_plain(told, zone), ensure_ascii=False, indent=2)


def _plain(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(each, zone) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each, zone) for each in value]
    if isinstance(value, Decimal):
        return float(value)
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def data_page(settings: Settings, copy: PersonalCopy) -> str:
    """One page with no link to anything: it is read from a folder."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    install: Any = environment
    install.install_gettext_callables(i18n._, i18n.ngettext, newstyle=True)
    zone = settings.academie.zone
    environment.filters["shown"] = lambda value: _shown(value, zone)
    environment.filters["shown_short"] = lambda value: _shown_short(value, zone)
    environment.tests["table"] = _is_table
    page: str = environment.get_template("personal_data.html").render(settings=settings, copy=copy)
    return page


def _shown(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, datetime):
        return i18n.show_instant(value, zone)
    if isinstance(value, date):
        return i18n.show_date(value)
    if isinstance(value, Decimal):
        return format_decimal(value, locale=i18n.LOCALE)
    return "–" if value in {None, ""} else str(value)


def _shown_short(value: Any, zone: ZoneInfo) -> str:
    return i18n.show_timestamp(value, zone) if isinstance(value, datetime) else _shown(value, zone)


def _is_table(rows: Sequence[Any]) -> bool:
    """Whether rows have the same few columns, with nothing inside but text."""
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        return False
    first = list(rows[0])
    flat = all(
        not isinstance(each, (Mapping, list, tuple)) for row in rows for each in row.values()
    )
    return flat and len(first) <= _COLUMNS and all(list(row) == first for row in rows)
