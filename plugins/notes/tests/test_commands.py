"""``teleservices notes``, as an operator types it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from teleservices_core.plugins import PluginState
from teleservices_core.testing.builders import COLLEGE
from teleservices_notes.commands import notes
from teleservices_notes.exchange import COLUMNS

INE = "123456789"


@pytest.fixture
def run(school):
    """Run a command and give back its exit code and its words, spaces made plain."""

    def run(*arguments):
        result = CliRunner().invoke(notes, [str(a) for a in arguments], obj=lambda: school.services)
        return result.exit_code, result.output.replace("\u00a0", " ")

    return run


@pytest.fixture
def file(school, tmp_path):
    """A mark of the child, and a line that is none."""
    row = "6 B;MATHS;Mathématiques;Mme Petit;Contrôle;05/10/2026;20;1;non;;{};{};07/10/2026 18:20"
    path = tmp_path / "notes.csv"
    rows = [";".join(COLUMNS), row.format(school.student.ine, "14,5"), row.format("?", "2")]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_import(run, file, school):
    """What went in, what was left out and why; a second time, nothing."""
    code, said = run("import", file, "--establishment", COLLEGE)
    assert code == 0
    assert "Notes : 1 nouvelles, 0 modifiées, 0 inchangées." in said
    assert "notes.csv, ligne 3 : ine : « ? »" in said
    assert "1 ligne laissée de côté." in said
    assert "14,5" in school.browser.get(school.path).text
    assert (
        "Notes : 0 nouvelles, 0 modifiées, 1 inchangées."
        in run("import", file, "--establishment", COLLEGE)[1]
    )


def test_dry_run(run, file, school):
    """Says so, writes nothing."""
    code, said = run("import", file, "--establishment", COLLEGE, "--dry-run")
    assert code == 0
    assert "rien n’a été écrit" in said
    assert "14,5" not in school.browser.get(school.path).text


def test_publication(run, school):
    """Shown and chosen, in words; recorded in the audit trail."""
    assert "au fil de l’eau" in run("publication", "show", "--establishment", COLLEGE)[1]
    code, said = run("publication", "set", "scheduled", "--establishment", COLLEGE)
    assert code == 0, said
    assert "à échéance" in said
    assert "à échéance" in run("publication", "show", "--establishment", COLLEGE)[1]
    with school.services.site.database.reading() as tx:
        entry = tx.audit.latest(1)[0]
    assert (entry.action, entry.uai) == ("notes.publication_set", COLLEGE)
    assert (entry.detail["before"], entry.detail["after"]) == ("rolling", "scheduled")


def test_bad_arguments(run, file):
    """A wrong UAI or mode is refused before anything is opened."""
    assert run("import", file, "--establishment", "0219999X")[0] == 2
    assert run("publication", "set", "sometimes", "--establishment", COLLEGE)[0] == 2


def test_plugin_is_loaded(services):
    """Found by its entry point, with nothing set aside."""
    (report,) = [each for each in services.plugins.reports if each.name == "notes"]
    assert report.state is PluginState.LOADED
    assert report.modules == ("notes",)
