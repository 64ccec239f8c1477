"""Build the demonstration site with the commands an académie would use."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import click
from attrs import evolve, frozen

from academy_demo import personas
from academy_demo.personas import DemoPersona
from teleservices_core.app import Teleservices
from teleservices_core.cli import main as teleservices
from teleservices_core.domain.accounts import Account, AccountEvent
from teleservices_core.domain.values import Uai
from teleservices_core.files import private_folder, write_private
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.module_options import save_options
from teleservices_core.usecases.site import Site

PASSWORD: Final = "demo teleservices 2026"
"""Of the accounts already claimed; only ever used on invented people."""


@frozen
class Demo:
    """Where the demonstration lives."""

    folder: Path
    base_url: str = "http://127.0.0.1:8000"

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "teleservices.toml"

    @property
    def files(self) -> Path:
        """What the académie's schools exported."""
        return self.folder / "academie"

    @property
    def _people(self) -> Path:
        return self.folder / "personas.json"

    def personas(self) -> list[DemoPersona]:
        """Who can sign in."""
        return personas.load(self._people)

    def save(self, found: list[DemoPersona]) -> None:
        """Keep who can sign in; written last, it says that the demo is whole."""
        personas.save(self._people, found)


def ready(demo: Demo) -> bool:
    """Whether an earlier run finished."""
    return (demo.folder / "personas.json").exists()


_PUBLICATION: Final = (
    ("0", "periods", "T"),
    ("0", "set", "scheduled", "--division", "4 A"),
    ("0", "set", "immediate", "--division", "3 A", "--audience", "student"),
    ("1", "periods", "S"),
    ("1", "set", "after_period", "--days", "7"),
    ("2", "set", "scheduled"),
)
"""School by school, so that each way of publishing marks can be seen."""


def build(demo: Demo, *, pupils: int, seed: int) -> None:
    """Start from nothing: settings, schema, people, marks, letters."""
    if demo.folder.exists():
        shutil.rmtree(demo.folder)
    private_folder(demo.folder)
    write_private(demo.settings, _settings(demo))

    def run(*words: str) -> None:
        click.secho(f"$ teleservices {' '.join(words)}", dim=True)
        teleservices.main(
            ["--settings", str(demo.settings), *words],
            prog_name="teleservices",
            standalone_mode=False,
        )

    run("synth", "--pupils", str(pupils), "--seed", str(seed), "--out", str(demo.files))
    run("migrate")
    run("establishments", "import", str(demo.files / "etablissements.csv"))
    run("staff", "import", str(demo.files / "personnels.csv"))
    schools = sorted(folder for folder in demo.files.iterdir() if (folder / "notes.csv").exists())
    for folder in schools:
        run("import", "siecle", str(folder), "--establishment", folder.name)
    for folder in schools:
        run("notes", "import", str(folder / "notes.csv"), "--establishment", folder.name)
        run("notes", "services", str(folder / "services.csv"), "--establishment", folder.name)
    for words in _PUBLICATION:
        run("notes", "publication", *words[1:], "--establishment", schools[int(words[0])].name)
    # The others wait for their head, which is what the closed tiles show.
    run("modules", "open", "notes", "--establishment", schools[0].name)
    services = Teleservices.from_file(demo.settings)
    uai, year = Uai(schools[0].name), services.site.school_year()
    compared = {"class_figures": True}
    save_options(services.site, None, uai, "notes", year, compared, seen_version=0)
    demo.save(list(_people(services, demo)))


def _settings(demo: Demo) -> str:
    return f"""\
base_url = "{demo.base_url}"
database_url = "sqlite:///{(demo.folder / "teleservices.db").resolve()}"
secret_key = "{secrets.token_urlsafe(32)}"
privacy_contact = "Délégué à la protection des données, dpd@academie.example"

[academie]
code = "07"
name = "Dijon"
zone = "Europe/Paris"

[hotline]
phone = "03 80 44 88 09"
hours = "du lundi au vendredi, de 9 h à 17 h"

[[useful_links]]
title = "Service-public.fr : école, collège, lycée"
url = "https://www.service-public.fr/particuliers/vosdroits/N54"
hint = "Vos droits et vos démarches, expliqués."

[mail]
sender = "Téléservices <ne-pas-repondre@example.org>"
folder = "{(demo.folder / "mail").resolve()}"
"""


def _people(services: Teleservices, demo: Demo) -> Iterator[DemoPersona]:
    """Every persona with an account: claimed already, but for the first guardian."""
    cast = json.loads((demo.files / "personas.json").read_text(encoding="utf-8"))
    to_claim = next(each["key"] for each in cast if each["kind"] == "guardian")
    password_hash = services.site.hasher.hash_password(PASSWORD)
    for each in cast:
        account = _account(services.site, each)
        if account is None:
            continue
        code, shows = "", each["shows"]
        if each["key"] == to_claim:
            code = _hand_letter(services.site, Uai(each["uai"]), account)
            shows = f"première connexion avec sa notification. {shows}"
        else:
            _activate(services.site, account, password_hash)
        yield DemoPersona(each["key"], account.login_name, each["name"], shows, code)


def _account(site: Site, persona: Mapping[str, str]) -> Account | None:
    with site.database.reading() as tx:
        match persona["kind"]:
            case "guardian":
                person_id = tx.roster.by_siecle_id(
                    Uai(persona["uai"]), "adult", persona["source_id"]
                )
            case "student":
                person_id = tx.roster.by_siecle_id(
                    Uai(persona["uai"]), "student", persona["source_id"]
                )
            case _:
                person_id = tx.staff.by_email(persona["source_id"])
        account_id = tx.accounts.holders_of([person_id]).get(person_id) if person_id else None
        return tx.accounts.get(account_id) if account_id else None


def _hand_letter(site: Site, uai: Uai, account: Account) -> str:
    plan = plan_letters(site, uai)
    only = tuple(each for each in plan.candidates if each.account.id == account.id)
    (letter,) = issue_letters(site, evolve(plan, candidates=only))
    return letter.code


def _activate(site: Site, account: Account, password_hash: str) -> None:
    after = account
    for event in (AccountEvent.ISSUE_LETTER, AccountEvent.CLAIM, AccountEvent.COMPLETE):
        after = after.after(event)
    email = account.email or f"{account.login_name}@example.org"
    with site.database.writing() as tx:
        tx.accounts.replace(account, evolve(after, password_hash=password_hash, email=email))
