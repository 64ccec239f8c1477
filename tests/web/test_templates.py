"""Every template: its text goes through gettext, its forms carry their token, no inline code."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.extract import extract_from_dir
from jinja2 import nodes

from teleservices_core.web.templating import make_environment

ROOT = Path(__file__).parents[2]
FOLDERS = (
    ROOT / "src/teleservices_core/web/templates",
    *sorted(ROOT.glob("plugins/*/src/*/templates")),
    ROOT / "examples/academy_demo/src/academy_demo/templates",
)
TEMPLATES = [file for folder in FOLDERS for file in sorted(folder.rglob("*.html"))]
ENVIRONMENT = make_environment(FOLDERS, ZoneInfo("Europe/Paris"))
_SENTENCE = re.compile(r"(?<![\w=\"'.#/&-])[A-ZÀÉÈa-zàéèêç]{2,} [a-zàéèêç]{2,}(?=[ .,:])")
_SHOWN_ATTRIBUTES = re.compile(r'(?:aria-label|title|placeholder|alt)="([^"]*[^\W\d_][^"]*)"')


def _visible(source):
    """Literal text of a template, outside of tags; conditions may cut a tag in pieces."""
    tree = ENVIRONMENT.parse(source)
    text = "\0".join(node.data for node in tree.find_all(nodes.TemplateData))
    return re.sub(r"<svg.*?</svg>|<[^<>]*>", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda f: f.name)
def test_text_goes_through_gettext(file):
    """No French sentence stands in a template outside of a translation."""
    source = file.read_text(encoding="utf-8")
    literal = re.sub(r"\{%-? ?trans.*?endtrans ?-?%\}", "", source, flags=re.DOTALL)
    words = re.findall(
        r"(?<![\w=\"'.#/&-])[A-ZÀÉÈa-zàéèêç]{2,} [a-zàéèêç]{2,}(?=[ .,:])", _visible(literal)
    )
    assert words == []
    for shown in _SHOWN_ATTRIBUTES.findall(re.sub(r"\{\{.*?\}\}", "", literal)):
        raise AssertionError(f"{shown!r} is not translated")


THE_SCRIPT = """<script src="{{ urls.static('security-keys.js') }}" defer></script>"""


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda f: f.name)
def test_forms_and_code(file):
    """Each POST form has its token; no script but one, no style attribute, no event handler."""
    source = file.read_text(encoding="utf-8")
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", source, flags=re.DOTALL):
        assert "csrf_field(" in form
    assert "<script" not in source.replace(THE_SCRIPT, "")
    assert not re.search(r"\s(style|on[a-z]+)=\"", source)
    assert "|safe" not in source


def test_messages_can_be_extracted():
    """Babel finds the sentences of the code and of the templates."""
    found = {
        message if isinstance(message, str) else message[0]
        for folder in (ROOT / "src/teleservices_core", *FOLDERS[1:])
        for _file, _line, message, _comments, _context in extract_from_dir(
            str(folder),
            [("**.py", "python"), ("**.html", "jinja2")],
            {"**.html": {"trimmed": "true"}},
        )
    }
    assert "Choisissez votre mot de passe" in found
    assert "Mes enfants" in found
    assert len(found) > 250


def test_the_check_sees_a_sentence():
    """A sentence left outside of gettext would be found."""
    assert _SENTENCE.findall(_visible("<p>Bonjour à tous les parents.</p>{{ _('x') }}"))


def test_a_long_list_is_folded():
    """Under what its first column repeats, with how many; a short or a varied one is not."""
    data = ENVIRONMENT.get_template("components/data.html").module.data
    rows = [{"matière": f"Matière {n % 3}", "note": n} for n in range(12)]
    folded = data(rows, "Notes")
    assert re.findall(r"<summary>(.*?)</summary>", folded) == [f"Matière {n} (4)" for n in range(3)]
    assert '<th role="columnheader" scope="col">Matière</th>' not in folded
    for flat in (rows[:8], [{"matière": f"Matière {n}", "note": n} for n in range(12)]):
        assert "<details>" not in data(flat, "Notes")
        assert "<table" in data(flat, "Notes")


def test_the_stylesheet_stays_small():
    """Under 25 kB, and one small script for keys: on a phone before a second has passed."""
    static = ROOT / "src/teleservices_core/web/static"
    assert len((static / "style.css").read_bytes()) < 25_000
    (script,) = static.glob("*.js")
    assert script.name == "security-keys.js"
    assert len(script.read_bytes()) < 4_000
