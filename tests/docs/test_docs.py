"""The documentation says what is."""

from __future__ import annotations

import inspect
import re
import runpy
from pathlib import Path

import pytest

from teleservices_core import hookspecs

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_faq_contract_is_up_to_date():
    """The table is the one that the promises and the marks of the tests make."""
    made = runpy.run_path(str(DOCS / "make_faq_contract.py"))["contract"]()
    assert (DOCS / "faq-contract.md").read_text(encoding="utf-8") == made, (
        "run: python docs/make_faq_contract.py"
    )


def test_the_life_of_an_account_is_up_to_date():
    """The diagram and its table are made from the transitions themselves."""
    made = runpy.run_path(str(DOCS / "make_account_life.py"))["page"]()
    assert (DOCS / "reference" / "account-life.md").read_text(encoding="utf-8") == made, (
        "run: python docs/make_account_life.py"
    )


def _hooks():
    return [name for name in vars(hookspecs) if name.startswith("teleservices_")]


@pytest.mark.parametrize("name", _hooks())
def test_every_hook_is_documented(name):
    """The reference names each hook with its exact arguments."""
    arguments = ", ".join(inspect.signature(getattr(hookspecs, name)).parameters)
    reference = (DOCS / "reference" / "hooks.md").read_text(encoding="utf-8")
    assert f"### `{name}({arguments})`" in reference


def test_every_hook_has_a_test():
    """Each hook is implemented by some plugin of the tests, of the core or of the examples."""
    places = [ROOT / "tests", ROOT / "plugins", ROOT / "examples", ROOT / "src"]
    text = "".join(
        file.read_text(encoding="utf-8")
        for place in places
        for file in place.rglob("*.py")
        if file.name not in {"hookspecs.py", "test_docs.py"} and ".venv" not in file.parts
    )
    assert [name for name in _hooks() if name not in text] == []


def test_links_lead_somewhere():
    """Relative links between pages name files that exist."""
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
