"""What importing costs, and that the public names exist."""

from __future__ import annotations

import subprocess
import sys

import pytest

import teleservices_core

HEAVY = ("sqlalchemy", "alembic", "werkzeug", "jinja2", "argon2", "typst", "psycopg")


@pytest.mark.parametrize(
    "module", ["teleservices_core", "teleservices_core.hookspecs", "teleservices_notes.plugin"]
)
def test_import_is_light(module):
    """The package, the hooks and a plugin load without database, web or documents."""
    code = f"import sys, {module}; print(*(m for m in {HEAVY} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_public_names():
    """Every public name can be had, and nothing else."""
    for name in teleservices_core.__all__:
        assert getattr(teleservices_core, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = teleservices_core.nothing
