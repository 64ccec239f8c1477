"""Jinja as the pages need it: escaped, translated, strict about missing names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from teleservices_core import i18n
from teleservices_core.words.values import teach_values


def _said(sentence: str, /, **values: object) -> Markup:
    """A sentence of a template; its values are escaped."""
    said = Markup(i18n._(sentence))  # noqa: S704 - written in a template, not typed by anybody
    return said % values if values else said


@lru_cache(maxsize=16)
def make_environment(folders: tuple[Path, ...], zone: ZoneInfo) -> Environment:
    """Templates of the core and of every plugin; instants are shown in the académie's time.

    Sites of a process that have the same plugins share what was compiled for one of them.
    """
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    install: Any = environment
    install.install_gettext_callables(i18n._, i18n.ngettext, newstyle=True)
    # Jinja's own asks its context four times for each of a page's forty sentences.
    environment.globals["_"] = _said
    environment.filters.update(
        date=i18n.show_date,
        day=i18n.show_day,
        dial=i18n.dial,
        of_name=i18n.of_name,
        phone=i18n.show_phone,
        short_date=i18n.show_short_date,
        instant=lambda at: i18n.show_instant(at, zone),
        local_date=lambda at: i18n.show_local_date(at, zone),
        timestamp=lambda at: i18n.show_timestamp(at, zone),
    )
    teach_values(environment, zone)
    return environment
