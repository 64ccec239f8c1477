"""The rectorat's policy from the command line: as the guide prints it, whole, and again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from teleservices_core.cli import main
from teleservices_core.commands.options import chosen_audiences
from teleservices_core.domain.accounts import Audience

GUIDE = (Path(__file__).parents[2] / "docs/how-to/academy-policy.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
POLICY, WRONG = (code for language, code in BLOCKS if language == "toml")
SETTINGS = """
base_url = "http://localhost"
database_url = "sqlite:///{folder}/site.db"
secret_key = "a secret key for the tests, long enough"
[academie]
code = "07"
name = "Dijon"
"""
SCHOOLS = """\
uai;nom;type;adresse1;adresse2;code_postal;commune;telephone;courriel;adhere
0219999E;Collège des Trois-Rivières;college;;;21000;Valmont;;;oui
0580001L;Collège de la Loire;college;;;58000;Nevers;;;oui
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A site with two establishments, in the folder where commands run."""
    monkeypatch.chdir(tmp_path)
    Path("teleservices.toml").write_text(SETTINGS.format(folder=tmp_path))
    Path("schools.csv").write_text(SCHOOLS)
    Path("policy.toml").write_text(POLICY, encoding="utf-8")
    Path("wrong.toml").write_text(WRONG, encoding="utf-8")
    monkeypatch.setattr("teleservices_core.app.SystemClock", _clock)

    def run(*words, code=0):
        outcome = CliRunner().invoke(main, words)
        assert outcome.exit_code == code, outcome.output
        return outcome.output.replace("\u00a0", " ")

    run("migrate")
    run("establishments", "import", "schools.csv")
    return run


def _clock():
    from teleservices_core.testing.clock import FixedClock

    return FixedClock()


def test_the_guide_is_true(run):
    """Each command of the guide prints what the guide shows; an ellipsis stands for the rest."""
    done = 0
    for block in (code for language, code in BLOCKS if language == "console"):
        for command, expected in re.findall(
            r"^\$ teleservices ([^\n]*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE
        ):
            words = command.split()
            printed = run(*words, code=1 if "wrong.toml" in words else 0)
            lines = [line for line in expected.splitlines() if line != "…"]
            assert printed.splitlines()[: len(lines)] == lines, command
            if "…" not in expected:
                assert len(printed.splitlines()) >= len(lines)
            done += 1
    assert done == 8


def test_what_is_shown_is_read_back(run):
    """The file that « show » prints changes nothing when it is applied."""
    run("policy", "apply", "policy.toml")
    shown = run("policy", "show")
    Path("again.toml").write_text(shown, encoding="utf-8")
    assert "rien à changer" in run("policy", "apply", "again.toml")
    assert len(json.loads(run("policy", "show", "--json"))["rounds"]) == 2
    Path("empty.toml").write_text('year = "2026-2027"\n')
    told = json.loads(run("policy", "apply", "empty.toml", "--json"))
    assert len(told["changes"]) == 5
    assert all(change["after"] is None for change in told["changes"])
    assert [each["after"] for each in told["rounds"]] == [None, None]
    assert run("policy", "show") == 'year = "2026-2027"\n'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('decision = "open"', 'decision = "ouvert"'), "decisions[0].decision"),
        (('module = "notes"', "module = 3"), "decisions[0].module"),
        (('["guardian"]', '["guardians"]'), "decisions[0].audiences"),
        (('["guardian"]', '["staff"]'), "notes is not for staff @ decisions[0].audiences"),
        (('"0219999E"', '"0219999A"'), "decisions[2].establishment"),
        (('"2026-2027"', '"2026-2029"'), "year"),
        (('title = "Premier tour"\n', 'title = ""\n'), "'title' must be >= 1: 0 @ rounds[0]"),
        (("2027-06-29T14:30:00", "2027-06-29"), "rounds[0].opens"),
        (("2027-06-29T14:30:00", "2027-06-29T14:30:00Z"), "rounds[0].opens"),
        (("2027-06-29T14:30:00", "2027-03-28T02:30:00"), "rounds[0].opens"),
        (("[[rounds]]", "[[tours]]"), "tours"),
        (('departement = "58"', 'departement = "58"\nestablishment = "0580001L"'), "decisions[1]"),
        (('departement = "58"', 'decision_ = "58"'), "decision_"),
        (("year =", "year"), "policy.toml"),
    ],
)
def test_mistakes_are_named_and_nothing_is_written(run, change, said):
    """The file, the key and its place; the database stays as it was."""
    Path("policy.toml").write_text(POLICY.replace(*change, 1), encoding="utf-8")
    printed = run("policy", "apply", "policy.toml", code=1)
    assert said in printed
    assert "policy.toml" in printed
    assert run("policy", "show") == 'year = "2026-2027"\n'


def test_two_decisions_for_one_place(run):
    """Said twice the same, it is the same; said otherwise, it is named."""
    text = 'year = "2026"\n' + '[[decisions]]\nmodule = "notes"\ndecision = "open"\n' * 2
    Path("policy.toml").write_text(text)
    assert "C’est fait" in run("policy", "apply", "policy.toml")
    Path("policy.toml").write_text(text.replace("open", "closed", 1))
    assert "decided otherwise above @ decisions[1]" in run("policy", "apply", "policy.toml", code=1)


# --- one decision at a time ----------------------------------------------------------------


def states(run, *words):
    """module, audience → state, as JSON."""
    return {
        (each["module"], each["audience"]): each
        for each in json.loads(run("modules", "list", "--json", *words))
    }


def test_scopes(run):
    """Each option reaches its scope; the head's and the rectorat's are told apart."""
    school = ("--establishment", "0219999E")
    run("modules", "impose", "notes", "--departement", "58")
    run("modules", "open", "notes", *school, "--rectorat", "--audience", "guardian")
    run("modules", "close", "notes", *school, "--level", "6e")
    run("modules", "close", "notes", *school, "--division", "6 B")
    run("modules", "forbid", "notes", "--audience", "student")
    found = states(run)
    assert found["notes", "guardian"]["open"] == 2
    assert "le département 58 : imposé" in found["notes", "guardian"]["words"]
    assert "toute l’académie : interdit" in found["notes", "student"]["words"]
    here = states(run, *school)
    assert here["notes", "guardian"]["is_open"]
    assert here["notes", "student"]["reason"] == "core.forbidden"
    refused = run("modules", "open", "notes", *school, "--audience", "student", code=1)
    assert "ne revient pas à cet établissement" in refused
    told = json.loads(run("modules", "inherit", "notes", "--departement", "58", "--json"))
    assert {change["before"] for change in told["changes"]} == {"imposed"}
    assert "rien à changer" in run("modules", "inherit", "notes", "--departement", "58")
    told = json.loads(run("modules", "allow", "notes", *school, "--dry-run", "--json"))
    assert {change["rank"] for change in told["changes"]} == {"named"}


@pytest.mark.parametrize(
    "words",
    [
        ("open", "notes", "--level", "6e"),
        ("open", "notes", "--departement", "58", "--establishment", "0219999E"),
        ("impose", "notes", "--establishment", "0219999E", "--division", "6 B"),
        ("open", "notes", "--year", "2026-2029"),
    ],
)
def test_options_that_do_not_go_together(run, words):
    """Refused before anything is read."""
    run("modules", *words, code=2)


def test_unknown_places(run):
    """An unknown département, establishment or module is told."""
    assert "999" in run("modules", "impose", "notes", "--departement", "999", code=1)
    assert "no module" in run("modules", "impose", "nothing", code=1)


def test_next_year(run):
    """A decision for the year to come leaves this one alone."""
    run("modules", "impose", "notes", "--year", "2027-2028")
    assert states(run)["notes", "guardian"]["open"] == 0
    assert states(run, "--year", "2027")["notes", "guardian"]["open"] == 2


def test_explain(run):
    """The decision, each vote, since when, until when, and who can change it; at any instant."""
    run("policy", "apply", "policy.toml")
    loire = ("modules", "explain", "0580001L", "notes")
    told = json.loads(run(*loire, "--json"))
    assert not told["is_open"]
    assert told["reason"] == "core.campaign_coming"
    assert told["flips_at"] == "2027-06-29T12:30:00+00:00"
    votes = {vote["rule"]: vote for vote in told["votes"]}
    assert votes["core.opening"]["effect"] == "allow"
    assert "rectorat" in votes["core.opening"]["lever"]
    printed = run(*loire, "--at", "2027-06-29T14:30")
    assert "ouvert jusqu’au vendredi 2 juillet 2027 à 23 h 59" in printed
    assert "* ouvre" in printed
    before = run(*loire, "--at", "2027-06-29T12:29:59+00:00").splitlines()[0]
    assert "ouvre le mardi 29 juin 2027 à 14 h 30" in before
    assert "attendu" in run(*loire, "--at", "demain", code=2)
    assert "no class" in run(*loire, "--division", "9 Z", code=1)
    assert "no student" in run(*loire, "--student", "123", code=1)
    assert "no module" in run("modules", "explain", "0580001L", "nothing", code=1)
    printed = run("modules", "explain", "0219999E", "notes", "--level", "6e")
    assert "Interdit par l’académie" in printed


def test_campaigns(run):
    """Added, extended for one, listed, cancelled; nonsense is refused in words."""
    add = ("campaign", "add", "notes", "--opens", "2026-11-27 14:30", "--closes")
    assert "Simulation" in run(*add, "2026-11-30 23:59", "--dry-run")
    assert run("campaign", "list").startswith("Aucun tour pour 20")
    told = json.loads(run(*add, "2026-11-30 23:59", "--title", "Premier tour", "--json"))
    assert told["after"]["until_at"] == "2026-11-30T23:00:00+00:00"
    assert any("qu" in doubt for doubt in told["doubts"])
    tour = told["after"]["id"]
    assert "se termine avant" in run(*add, "2026-11-27 14:29", code=1)
    assert "n’existe pas" in run(*add, "2027-03-28 02:30", code=1)
    run(*add, "bientôt", code=2)
    run(*add, "2026-11-30T23:59+01:00", code=2)
    extend = ("campaign", "extend", tour, "--establishment", "0580001L", "--closes")
    assert "plus tardive" in run(*extend, "2026-11-29 12:00", code=1)
    assert "C’est fait" in run(*extend, "2026-12-02 12:00")
    assert "0580001L" in run("campaign", "list")
    assert len(json.loads(run("campaign", "list", "--json"))) == 2
    assert "- " in run("campaign", "cancel", tour)
    assert "no round" in run("campaign", "cancel", tour, code=1)


def test_audiences_of_a_module():
    """« all » means those of the module."""
    assert chosen_audiences("all", [Audience.GUARDIAN]) == (Audience.GUARDIAN,)
    assert chosen_audiences("student", [Audience.GUARDIAN]) == ()
