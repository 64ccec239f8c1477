"""The documentation says what is."""

from __future__ import annotations

import inspect
import re
import runpy
import shlex
from pathlib import Path

import click
import pytest

from teleservices_core import hookspecs
from teleservices_core.cli import main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    *sorted(DOCS.rglob("*.md")),
    *sorted(ROOT.glob("plugins/*/README.md")),
    *sorted(ROOT.glob("examples/*/README.md")),
]


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
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("folder", ["decisions", "how-to", "reference", "fr", "."])
def test_no_page_is_empty(folder):
    """Each page has a title and something below it."""
    for page in sorted((DOCS / folder).glob("*.md")):
        title, _, text = page.read_text(encoding="utf-8").partition("\n")
        assert title.startswith("# "), page.name
        assert text.strip(), page.name


def test_every_decision_is_listed_once():
    """Each under its own number, in order."""
    decisions = DOCS / "decisions"
    readme = (decisions / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^(\d+)\. \[.+\]\((.+)\)$", readme, re.MULTILINE)
    files = sorted(page.name for page in decisions.glob("*.md") if page.name != "README.md")
    assert listed == [(str(int(name[:4])), name) for name in files]


def _typed(page):
    """The lines of a page's code blocks that call ``teleservices``, as lists of words."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    lines = (re.sub(r"^(\$ |\.venv/bin/)", "", line) for line in "".join(blocks).splitlines())
    for line in lines:
        if line.startswith("teleservices "):
            for command in line.partition(" #")[0].replace("[", "").replace("]", "").split(" & "):
                yield shlex.split(command.removesuffix(" &"))[1:]


def _unknown(words):
    """The first word that is neither a command nor an option of it."""
    command, context = main, click.Context(main)
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            command = command.get_command(context, word)
            if command is None:
                return word
        elif word.startswith("--") and not any(word in each.opts for each in command.params):
            return word
    return None


def test_commands_shown_exist():
    """Every command line of the documentation names commands and options that are there."""
    shown = [words for page in PAGES for words in _typed(page)]
    assert len(shown) > 50
    assert [words for words in shown if _unknown(words)] == []


def test_the_settings_are_up_to_date():
    """Every key of the settings file, its default and what it is."""
    made = runpy.run_path(str(DOCS / "make_settings.py"))["page"]()
    assert (DOCS / "reference" / "settings.md").read_text(encoding="utf-8") == made, (
        "run: python docs/make_settings.py"
    )
