"""``teleservices notes``, as an operator types it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from click.testing import CliRunner

from teleservices_core.domain.accounts import Audience
from teleservices_core.plugins import PluginState
from teleservices_core.testing.builders import COLLEGE
from teleservices_notes.commands import notes
from teleservices_notes.exchange import COLUMNS
from teleservices_notes.model import Publication, PublicationMode, PublicationRule
from teleservices_notes.store import MarkStore

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
    assert "Notes nouvelles : 1, modifiées : 0, inchangées : 0." in said
    assert "notes.csv, ligne 3 : ine : « ? »" in said
    assert "1 ligne laissée de côté." in said
    assert "14,5" in school.browser.get(school.path).text
    assert (
        "Notes nouvelles : 0, modifiées : 0, inchangées : 1."
        in run("import", file, "--establishment", COLLEGE)[1]
    )


@pytest.mark.faq("F50")
def test_import_of_a_correction(run, file, school, shown):
    """It waits its turn beside what families saw; an assessment's own rule is not the file's."""
    here = ("--establishment", COLLEGE)
    run("import", file, *here)
    rows = file.read_text(encoding="utf-8").replace(";14,5;", ";15,5;").replace(";20;1;", ";20;3;")
    file.write_text(rows.replace("07/10/2026 18:20", "24/11/2026 08:20"), encoding="utf-8")
    with school.services.site.database.reading() as tx:
        found = tx.connection.exec_driver_sql("SELECT id FROM notes_assessments").scalar_one()
    own = ("--assessment", str(found), *here)
    run("publication", "set", "immediate", "--audience", "student", *own)
    assert "Évaluations nouvelles : 0, modifiées : 1" in run("import", file, *here)[1]
    with school.services.site.database.reading() as tx:
        (assessment,) = MarkStore(tx.connection).assessments([UUID(str(found))]).values()
    assert assessment.weight == 3
    rule = PublicationRule(Publication(PublicationMode.IMMEDIATE), Audience.STUDENT)
    assert assessment.own_rules == (rule,)
    today = shown(school.browser.get(school.path))
    assert "14,50" in today
    assert "15,5" not in today
    assert "corrigée" not in today
    school.at(datetime(2026, 11, 24, 23, tzinfo=UTC))
    tomorrow = shown(school.browser.get(school.path))
    assert "15,50" in tomorrow
    assert "corrigée" in tomorrow
    assert "modifiées : 0, inchangées : 1" in run("import", file, *here)[1]


def test_a_class_where_nobody_is(run, file):
    """Named: a group, or a slip."""
    here = ("--establishment", COLLEGE)
    assert "personne n’est inscrit" not in run("import", file, *here)[1]
    file.write_text(file.read_text(encoding="utf-8").replace("6 B;", "6 Z;"), encoding="utf-8")
    code, said = run("import", file, *here)
    assert code == 0
    assert "personne n’est inscrit (groupes, ou fautes de frappe ?) : 6 Z" in said


def test_dry_run(run, file, school):
    """Says so, writes nothing."""
    code, said = run("import", file, "--establishment", COLLEGE, "--dry-run")
    assert code == 0
    assert "rien n’a été écrit" in said
    assert "14,5" not in school.browser.get(school.path).text


@pytest.fixture
def publish(run):
    """``notes publication``, its JSON read."""

    def publish(*arguments):
        code, said = run("publication", *arguments, "--establishment", COLLEGE, "--json")
        assert code == 0, said
        return json.loads(said)

    return publish


def test_publication(run, school):
    """Shown and chosen, in words; recorded in the audit trail."""
    here = ("--establishment", COLLEGE)
    assert "Les familles : au fil de l’eau" in run("publication", "show", *here)[1]
    code, said = run("publication", "set", "scheduled", *here)
    assert code == 0, said
    assert "C’est fait" in said
    assert "Les familles : à échéance" in said
    assert "à échéance" in run("publication", "show", *here)[1]
    assert "C’est déjà ainsi" in run("publication", "set", "scheduled", *here)[1]
    with school.services.site.database.reading() as tx:
        entry = tx.audit.latest(1)[0]
    assert (entry.action, entry.uai) == ("notes.publication_set", COLLEGE)


def test_publication_is_tried(run, file, school, publish):
    """A dry run says what would turn and writes nothing."""
    run("import", file, "--establishment", COLLEGE)
    tried = publish("set", "scheduled", "--division", "6 B", "--audience", "student", "--dry-run")
    assert tried["dry_run"] is True
    assert tried["shown"] == []
    (hidden,) = tried["hidden"]
    assert (hidden["class_group"], hidden["marks"], hidden["assessments"]) == ("6 B", 1, 1)
    assert publish("show")["version"] == 0
    said = run("publication", "set", "scheduled", "--division", "6 B", "--establishment", COLLEGE)[
        1
    ]
    assert "N’est plus visible" in said
    assert "6 B, pour les familles : 1 note" in said
    assert publish("show")["plan"] == {
        "exceptions": [{"publication": {"mode": "scheduled"}, "class_group": "6 B"}]
    }
    back = publish("unset", "--division", "6 B")
    assert [each["marks"] for each in back["shown"]] == [1]
    assert publish("show")["plan"] == {}


def test_publication_of_one_assessment(run, file, school, publish):
    """By its number, at a date of its own; back with its class."""
    run("import", file, "--establishment", COLLEGE)
    with school.services.site.database.reading() as tx:
        text = tx.connection.exec_driver_sql("SELECT id FROM notes_assessments").scalar_one()
    one = ("--assessment", str(text))
    done = publish("set", "scheduled", "--on", "2026-12-04", *one)
    assert [line.replace("\u00a0", " ") for line in done["after"]] == [
        "Les familles : à échéance, le 4 décembre 2026"
    ]
    assert [each["marks"] for each in done["hidden"]] == [1]
    assert publish("unset", *one, "--dry-run")["after"] == []
    assert [each["marks"] for each in publish("unset", *one)["shown"]] == [1]
    unknown = ("--assessment", "0" * 32, "--establishment", COLLEGE)
    assert run("publication", "unset", *unknown)[0] == 2


def test_periods(run, publish):
    """The usual ones, one's own, none; never outside the school year."""
    usual = publish("periods", "S")["after"]
    assert usual[1].endswith("au 31 janvier 2027")
    own = publish("periods", "S", "--end", "2027-01-22", "--end", "2027-07-02")["after"]
    assert own[1].endswith("au 22 janvier 2027")
    assert publish("periods", "none")["after"] == own[:1]
    here = ("--establishment", COLLEGE)
    code, said = run("publication", "periods", "S", "--end", "2028-01-22", *here)
    assert code == 1
    assert "n’est pas dans l’année scolaire" in said
    assert run("publication", "periods", "S", "--end", "2026-01-22", *here)[0] == 2


def test_bad_arguments(run, file):
    """A wrong UAI or mode is refused before anything is opened."""
    assert run("import", file, "--establishment", "0219999X")[0] == 2
    assert run("publication", "set", "sometimes", "--establishment", COLLEGE)[0] == 2
    assert run("publication", "set", "rolling", "--days", "3", "--establishment", COLLEGE)[0] == 2


def test_plugin_is_loaded(services):
    """Found by its entry point, with nothing set aside."""
    (report,) = [each for each in services.plugins.reports if each.name == "notes"]
    assert report.state is PluginState.LOADED
    assert report.modules == ("notes",)
