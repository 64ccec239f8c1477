"""Write docs/reference/settings.md from the classes of ``settings.py`` and their docstrings."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs

from teleservices_core import settings
from teleservices_core.domain.establishments import Academie

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "reference" / "settings.md"
HEAD = """\
# Settings

Made by `python docs/make_settings.py` from `settings.py`; a test checks that it is up to date.

One TOML file for a site (`teleservices.toml`, `--settings FILE` or `TELESERVICES_SETTINGS`). An
unknown key, a missing one or a wrong value is refused with its name. Each plugin has its own
section, `[plugins.NAME]`, described in its README.
"""
SECTIONS: tuple[tuple[str, type[Any]], ...] = (
    ("", settings.Settings),
    ("[academie]", Academie),
    ("[hotline]", settings.Hotline),
    ("[[useful_links]]", settings.UsefulLink),
    ("[durations]", settings.Durations),
    ("[mail]", settings.MailSettings),
    ("[database]", settings.DatabaseSettings),
    ("[serving]", settings.ServingSettings),
    ("[second_factor]", settings.SecondFactorSettings),
    ("[logs]", settings.LogSettings),
    ("[worker]", settings.WorkerSettings),
    ("[monitoring]", settings.MonitoringSettings),
    ("[identity]", settings.IdentitySettings),
    ("[identity.oidc]", settings.OidcSettings),
)


def _inline(text: str) -> str:
    return " ".join(text.split()).replace("``", "`")


def _said(kind: type[Any]) -> dict[str, str]:
    """The docstring below each field, on one line."""
    (tree,) = ast.parse(inspect.getsource(kind)).body
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    return {
        field.target.id: _inline(str(text.value.value))
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }


def _default(field: attrs.Attribute[Any]) -> str:
    if field.default is attrs.NOTHING:
        return "required"
    value = field.default.factory() if isinstance(field.default, attrs.Factory) else field.default
    if value in ("", (), {}, None):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    return f'`"{value}"`' if not isinstance(value, int) else f"`{value}`"


def _section(title: str, kind: type[Any]) -> Iterator[str]:
    if title:
        yield f"\n## `{title}`\n\n{_inline(kind.__doc__ or '')}\n"
    yield "\n| key | default | what it is |\n| --- | --- | --- |\n"
    known, nested = _said(kind), {each for _title, each in SECTIONS}
    for field in attrs.fields(attrs.resolve_types(kind)):
        if field.type in nested or field.name in {"useful_links", "plugins", "oidc"}:
            continue
        yield f"| `{field.name}` | {_default(field)} | {known.get(field.name, '')} |\n"


def page() -> str:
    """The whole page."""
    return HEAD + "".join(line for title, kind in SECTIONS for line in _section(title, kind))


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{TARGET.relative_to(ROOT)} written\n")
