"""The command line, as who runs an académie uses it."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from zipfile import ZipFile

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from teleservices_core.cli import main

SETTINGS = """
base_url = "http://localhost"
database_url = "sqlite:///{folder}/site.db"
secret_key = "a secret key for the tests, long enough"
[academie]
code = "07"
name = "Dijon"
zone = "Europe/Paris"
[mail]
folder = "{folder}/mail"
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site built from nothing by commands; a function that runs one more."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "site.toml").write_text(SETTINGS.format(folder=folder))

    def run(*words, code=0):
        outcome = CliRunner().invoke(main, ["--settings", str(folder / "site.toml"), *words])
        assert outcome.exit_code == code, outcome.output
        return outcome.output

    files = folder / "academie"
    run("synth", "--pupils", "120", "--out", str(files))
    run("migrate")
    run("establishments", "import", str(files / "etablissements.csv"))
    run("staff", "import", str(files / "personnels.csv"))
    return folder, run


def test_migrate_where_a_host_has_our_names(tmp_path):
    """Which tables, and what to do; no traceback, and nothing is written."""
    (tmp_path / "site.toml").write_text(SETTINGS.format(folder=tmp_path))
    with closing(sqlite3.connect(tmp_path / "site.db")) as host:
        host.execute("CREATE TABLE core_students (id INTEGER)")
        host.execute("CREATE TABLE core_version (id INTEGER, text TEXT)")
        said = CliRunner().invoke(main, ["--settings", str(tmp_path / "site.toml"), "migrate"])
        assert said.exit_code == 1
        assert "core_students, core_version. Donnez aux Téléservices une base à eux" in said.output
        assert "Rien n’a été changé." in said.output
        tables = host.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()
        assert tables == [("core_students",), ("core_version",)]


def school(folder):
    """The first establishment's code and files."""
    found = min(f for f in (folder / "academie").iterdir() if (f / "notes.csv").exists())
    return found.name, found


def test_migrate_twice(site):
    """Nothing is left to do."""
    _folder, run = site
    assert "à jour" in run("migrate")
    assert "à jour" in run("migrate", "--dry-run")


def test_plugins(site):
    """Every plugin is listed with its state."""
    _folder, run = site
    printed = run("plugins")
    assert re.search(r"core\s+loaded", printed)
    assert re.search(r"notes\s+loaded .*\[notes\]", printed)


def test_a_school_from_files_to_letters(site):
    """Import, a dry run that changes nothing, letters by class, and what is open."""
    folder, run = site
    uai, files = school(folder)
    before = run("import", "siecle", str(files), "--establishment", uai, "--dry-run")
    assert "rien n’a été écrit" in before
    assert "0 notification" in run("letters", "--establishment", uai, "--dry-run")
    run("import", "siecle", str(files), "--establishment", uai)
    assert "Rien à changer" in run("import", "siecle", str(files), "--establishment", uai)
    planned = run("letters", "--establishment", uai, "--dry-run")
    number = int(re.search(r"(\d+) notifications", planned).group(1))
    out = folder / "letters.pdf"
    printed = run("letters", "--establishment", uai, "--out", str(out))
    assert f"{number} notifications" in printed
    reader = PdfReader(out)
    assert len(reader.pages) == number
    text = reader.pages[0].extract_text()
    assert re.search(r"[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}", text)
    assert out.stat().st_mode & 0o077 == 0, "only its owner reads a file of passwords"
    assert "0 notification" in run("letters", "--establishment", uai)
    table = folder / "letters.csv"
    run("letters", "--establishment", uai, "--which", "unused", "--out", str(table))
    assert len(table.read_text(encoding="utf-8-sig").splitlines()) == number + 1


def test_letters_refuse_nonsense(site):
    """An unknown class names the classes; a wrong UAI names its letter."""
    folder, run = site
    uai, files = school(folder)
    run("import", "siecle", str(files), "--establishment", uai)
    assert "the classes are" in run("letters", "--establishment", uai, "--division", "9 Z", code=1)
    assert "check letter" in run("letters", "--establishment", "0219999A", code=2)
    assert "--staff" in run("letters", code=2)


def test_staff_letters(site):
    """Staff get letters too: the only way to a first account."""
    folder, run = site
    out = folder / "staff.pdf"
    assert "personnels" in run("letters", "--staff", "--out", str(out))
    assert len(PdfReader(out).pages) > 10


def test_modules(site):
    """Open, list with reasons as JSON, close."""
    folder, run = site
    uai, _files = school(folder)
    run("modules", "open", "notes", "--establishment", uai, "--audience", "guardian")
    states = json.loads(run("modules", "list", "--establishment", uai, "--json"))
    by_audience = {each["audience"]: each for each in states if each["module"] == "notes"}
    assert by_audience["guardian"]["is_open"]
    assert by_audience["student"]["reason"] == "core.not_opened"
    run("modules", "close", "notes", "--establishment", uai)
    assert "fermé" in run("modules", "list", "--establishment", uai)
    assert "no module" in run("modules", "open", "nothing", "--establishment", uai, code=1)


def test_faulty_csv(site, tmp_path):
    """A faulty line refuses the whole file, with its number; nothing is half taken."""
    folder, run = site
    good = (folder / "academie" / "etablissements.csv").read_text(encoding="utf-8").splitlines()
    bad = tmp_path / "bad.csv"
    bad.write_text(
        "\n".join([good[0], good[1].replace("Collège", "Autre"), "0219999A;x;college;;;;;;;"])
    )
    assert "bad.csv, line 3" in run("establishments", "import", str(bad), code=1)
    assert "Autre" not in run("establishments", "list")
    bad.write_text("uai;nom\n")
    assert "colonnes manquantes" in run("establishments", "import", str(bad), code=1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("Europe/Paris", "Europe/Dijon"), "academie.zone"),
        (('code = "07"', "code = 7"), "academie.code"),
        (("http://localhost", "localhost"), "base_url"),
        (("a secret key for the tests, long enough", "short"), "secret_key"),
        (("[mail]", "[mial]"), "mial"),
        (("[mail]", "[mail"), "teleservices.toml"),
    ],
)
def test_settings_errors_name_the_key(tmp_path, change, said):
    """A mistake in the settings is named by its key, and nothing starts."""
    path = tmp_path / "teleservices.toml"
    path.write_text(SETTINGS.format(folder=tmp_path).replace(*change))
    outcome = CliRunner().invoke(main, ["--settings", str(path), "migrate"])
    assert outcome.exit_code == 1
    assert said in outcome.output
    assert not (tmp_path / "site.db").exists()


def test_help_of_every_command():
    """Each command and option is explained."""

    def walk(command, path):
        assert command.help, path
        for parameter in command.params:
            if parameter.param_type_name == "option" and parameter.name != "help":
                shown = getattr(parameter, "help", None) or parameter.name in {"host", "port"}
                assert shown, (path, parameter.name)
        for name in getattr(command, "commands", {}):
            walk(command.commands[name], [*path, name])

    walk(main, ["teleservices"])
    outcome = CliRunner().invoke(main, ["--help"])
    assert "notes" in outcome.output, "plugins add their commands"


def test_data_export(site):
    """A written request: the same copy as the page gives, and the journal says so."""
    folder, run = site
    with closing(sqlite3.connect(folder / "site.db")) as base:
        ((login,),) = base.execute("SELECT MIN(login_name) FROM core_accounts").fetchall()
    out = folder / "copie.zip"
    assert "copie.zip" in run("data", "export", login.upper(), "--out", str(out))
    with ZipFile(out) as archive:
        told = json.loads(archive.read("donnees.json"))
        assert login in archive.read("donnees.html").decode()
    assert told["identifiant"] == login
    (act,) = told["rubriques"]["core.journal"]["donnees"]["actes"]
    assert act["acte"] == "Copie des données remise"
    assert "nobody.here" in run("data", "export", "nobody.here", code=1)


def test_lifecycle(site):
    """Simulate, run, and show the last runs; nothing is due on a young site."""
    _folder, run = site
    assert "rien n’a été écrit" in run("lifecycle", "run", "--dry-run")
    assert json.loads(run("lifecycle", "run", "--dry-run", "--json"))["refusal"] is None
    assert "Aucun passage" in run("lifecycle", "last")
    assert "Rien à faire" in run("lifecycle", "run")
    recorded = json.loads(run("lifecycle", "run", "--json"))
    assert recorded["finished_at"]
    runs = json.loads(run("lifecycle", "last", "--json"))
    assert len(runs) == 2
    assert recorded in runs
    assert "Rien à faire" in run("lifecycle", "last", "--number", "1")
