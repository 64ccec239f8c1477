"""The copy of a person's data as a file to keep: JSON for machines, a page for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from teleservices_core import i18n
from teleservices_core.settings import Settings
from teleservices_core.usecases.personal_data import PersonalCopy
from teleservices_core.words.values import teach_values


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
    teach_values(environment, settings.academie.zone)
    page: str = environment.get_template("personal_data.html").render(settings=settings, copy=copy)
    return page
