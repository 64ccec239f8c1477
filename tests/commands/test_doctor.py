"""``teleservices doctor`` names what is wrong, and nothing else."""

from __future__ import annotations

import json
import types
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from attrs import evolve
from click.testing import CliRunner
from sqlalchemy import text
from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.cli import main
from teleservices_core.clock import SystemClock
from teleservices_core.doctor import Severity, examine
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import Academie
from teleservices_core.domain.identities import ExternalIdentity
from teleservices_core.domain.jobs import Job
from teleservices_core.domain.second_factor import Authenticator
from teleservices_core.domain.security_keys import SecurityKey
from teleservices_core.domain.staff import Role
from teleservices_core.hookspecs import HOOK_API
from teleservices_core.i18n import show_date
from teleservices_core.ports.upkeep import Parcel
from teleservices_core.settings import (
    DatabaseSettings,
    Hotline,
    MailSettings,
    SecondFactorSettings,
    WorkerSettings,
)
from teleservices_core.storage.engine import make_engine
from teleservices_core.storage.inspection import LIMITS
from teleservices_core.storage.migrate import upgrade
from teleservices_core.storage.revisions import config
from teleservices_core.testing.builders import COLLEGE, an_adult
from teleservices_core.testing.migrations import a_source
from teleservices_core.testing.world import World
from teleservices_core.usecases.cut_offs import cut_off
from teleservices_core.usecases.lifecycle import run_lifecycle
from teleservices_core.usecases.working import tend


@pytest.fixture
def sound(services, tmp_path):
    """A site in good order, on the machine's own clock."""
    settings = evolve(
        services.settings,
        base_url="https://services.example.fr",
        mail=MailSettings(sender="Téléservices <services@ac-dijon.fr>"),
        privacy_contact="dpd@ac-dijon.fr",
        ledger=tmp_path / "site.ledger",
    )
    return again(services, settings=settings, clock=SystemClock())


def again(services, *, settings=None, clock=None, **options):
    """The same site, set up otherwise."""
    return Teleservices(
        settings or services.settings,
        engine=options.pop("engine", services.engine),
        clock=clock or services.site.clock,
        hasher=services.site.hasher,
        **options,
    )


def found(services):
    """(check, severity) of each finding."""
    return {(each.check, each.severity) for each in examine(services)}


def test_a_sound_site(sound):
    """Nothing to say."""
    assert examine(sound) == []


@pytest.mark.parametrize(
    ("changes", "check", "severity"),
    [
        ({"base_url": "http://services.example.fr"}, "address", Severity.ERROR),
        ({"hotline": Hotline()}, "hotline", Severity.WARNING),
        ({"privacy_contact": ""}, "privacy_contact", Severity.WARNING),
        ({"mail": MailSettings("S <s@ac-x.fr>", folder=Path("x"))}, "mail_folder", Severity.ERROR),
        ({"mail": MailSettings()}, "mail_sender", Severity.ERROR),
        ({"academie": Academie("07", "Dijon", ZoneInfo("UTC"))}, "zone", Severity.ERROR),
    ],
)
def test_settings(sound, changes, check, severity):
    """Each setting that families or safety miss, by name, with what to do."""
    site = again(sound, settings=evolve(sound.settings, **changes))
    assert found(site) == {(check, severity)}
    assert all(each.text and each.next_step for each in examine(site))


def test_a_site_that_is_tried(sound):
    """On the machine itself neither https nor a mail server is asked for."""
    settings = evolve(
        sound.settings, base_url="http://localhost:8000", mail=MailSettings(folder=Path("x"))
    )
    assert found(again(sound, settings=settings)) == set()


def test_plugins_set_aside(sound):
    """Incompatible or failing ones are errors; one switched off is only said."""
    old = types.ModuleType("old")
    old.HOOK_API = HOOK_API + 1
    assert found(again(sound, plugins={"old": old})) == {("plugin", Severity.ERROR)}
    settings = evolve(sound.settings, disabled_plugins=("notes",))
    checks = found(again(sound, settings=settings))
    assert ("plugin", Severity.NOTE) in checks


def test_what_a_removed_plugin_leaves(sound, tmp_path):
    """Its tables are named, its version table too; empty ones less loudly than data."""
    settings = evolve(sound.settings, disabled_plugins=("notes",))
    site = again(sound, settings=settings)
    assert ("orphan_tables", Severity.NOTE) in found(site)
    with sound.engine.begin() as connection:
        connection.execute(text("CREATE TABLE host_things (id INTEGER)"))
        connection.execute(text("CREATE TABLE host_version (version_num VARCHAR(32))"))
    made = ("CREATE TABLE gone_marks (id INTEGER)", "INSERT INTO gone_marks VALUES (1)")
    upgrade(sound.engine, [a_source(tmp_path / "gone", "gone_", made)])
    (finding,) = [each for each in examine(sound) if each.check == "orphan_tables"]
    assert finding.severity is Severity.WARNING
    assert "gone_marks, gone_version" in finding.text
    assert "Remettez l’extension" in finding.next_step
    assert not any("host_" in each.text for each in examine(site))


def test_migrations(sound):
    """Behind, or ahead of the program: each is an error, with its own advice."""
    core = sound.plugins.catalogue.migrations[0]
    with sound.engine.begin() as connection:
        command.downgrade(config(core, connection), "core_0002")
    behind = [each for each in examine(sound) if each.check == "migrations"]
    assert "core_0003" in behind[0].text
    assert "teleservices migrate" in behind[0].next_step
    sound.migrate()
    with sound.engine.begin() as connection:
        connection.execute(text("UPDATE core_version SET version_num = 'core_9999'"))
    (ahead,) = [each for each in examine(sound) if each.check == "migrations"]
    assert "core_9999" in ahead.text
    assert "plus récente" in ahead.text


def test_clock(sound):
    """A site whose clock is not the database's opens campaigns at another time."""

    class Late(SystemClock):
        def now(self):
            return super().now() - timedelta(minutes=2)

    assert found(again(sound, clock=Late())) == {("clock", Severity.ERROR)}


def test_what_runs_beside(sound):
    """Mails that nobody sends, a daily run that does not come, a plugin cut off."""
    now = sound.site.now()
    long_ago = now - timedelta(hours=2)
    World(sound).account(an_adult(), Audience.GUARDIAN)
    with sound.site.database.writing() as tx:
        tx.outbox.add(Parcel(uuid7(), "confirm", "a@example.org", {}, long_ago, long_ago))
    assert found(sound) == {
        ("outbox", Severity.ERROR),
        ("daily_run", Severity.WARNING),
        ("worker", Severity.WARNING),
    }
    run_lifecycle(sound.site)
    tend(sound.site)
    assert found(sound) == {("outbox", Severity.ERROR)}
    cut_off(sound.site, None, "notes", "Essai")
    assert ("cut_off", Severity.WARNING) in found(sound)


def test_a_worker_that_is_silent(services, sound):
    """Since when; not where a timer that is declared comes less often. What waits for it, too."""
    world = World(sound)
    world.establishment()
    account = world.staff(Role.SCHOOL_OFFICE, COLLEGE)
    run_lifecycle(sound.site)
    now = sound.site.now()
    job = Job(uuid7(), "core.letters", COLLEGE, "it", {}, account.id, "Anne", now)
    with sound.site.database.writing() as tx:
        tx.jobs.beat(now - timedelta(minutes=20))
        tx.jobs.add(evolve(job, asked_at=now - timedelta(minutes=10)))
    assert found(sound) == {("worker", Severity.ERROR), ("jobs", Severity.ERROR)}
    said = {each.check: each.text for each in examine(sound)}["jobs"]
    assert said.startswith("1 travail que personne ne fait")
    assert f"Édition de notifications ({COLLEGE})" in said
    timer = evolve(sound.settings, worker=WorkerSettings(every_minutes=15))
    assert found(again(sound, settings=timer)) == set()


def test_a_database_that_does_not_answer(sound):
    """One error, and the settings are examined all the same."""
    engine = make_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    settings = evolve(sound.settings, privacy_contact="")
    site = again(sound, settings=settings, engine=engine)
    assert found(site) == {("database", Severity.ERROR), ("privacy_contact", Severity.WARNING)}
    engine.dispose()


@pytest.mark.parametrize("backend", ["postgresql"])
def test_limits_behind_a_pooler(sound):
    """Nothing is asked of its connections: the role must have them."""
    settings = evolve(sound.settings, database=DatabaseSettings(pooler=True))
    url = sound.engine.url
    engine = make_engine(url, settings.database)
    assert found(again(sound, settings=settings, engine=engine)) == {("limits", Severity.WARNING)}
    engine.dispose()
    with sound.engine.begin() as connection:
        for name in LIMITS:
            connection.exec_driver_sql(f"ALTER DATABASE {url.database} SET {name} = '9s'")
    engine = make_engine(url, settings.database)
    assert found(again(sound, settings=settings, engine=engine)) == set()
    engine.dispose()
    with sound.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {url.database} RESET ALL")


@pytest.mark.parametrize("address", ["http://localhost", "http://services.example.fr"])
def test_command(tmp_path, address):
    """Words for people, JSON for programs, and an exit code for both."""
    settings = tmp_path / "site.toml"
    settings.write_text(
        f'base_url = "{address}"\nsecret_key = "{"k" * 32}"\n'
        f'database_url = "sqlite:///{tmp_path}/site.db"\n'
        '[academie]\ncode = "07"\nname = "Dijon"\n[mail]\nsender = "S <s@ac-x.fr>"\n'
    )

    def run(*words):
        return CliRunner().invoke(main, ["--settings", str(settings), *words])

    assert run("doctor").exit_code == 1, "not yet migrated"
    run("migrate")
    said = run("doctor")
    grave = address == "http://services.example.fr"
    assert said.exit_code == (1 if grave else 0)
    assert ("Erreur (address)" in said.output) is grave
    assert "Attention (hotline)" in said.output
    listed = json.loads(run("doctor", "--json").output)
    assert [each["check"] for each in listed] == ["address"] * grave + [
        "hotline",
        "privacy_contact",
    ]


def lacking(services):
    """What is told of second factors."""
    return [each for each in examine(services) if each.check == "second_factor"]


def test_each_function_without_the_second_factor_that_it_needs(sound):
    """How many, whose, and since when; who comes by the host is left to the host."""
    world, now = World(sound), sound.site.now()
    today = sound.site.academie.today(now)
    world.establishment()
    old, new = now - timedelta(days=40), now - timedelta(days=3)
    heads = [
        world.staff(Role.HEAD, COLLEGE, claimed_at=at, login_name=name)
        for name, at in (("neuve", new), ("ancienne", old))
    ]
    world.staff(Role.TEACHER, COLLEGE, claimed_at=old, login_name="prof")
    world.staff(Role.DEPUTY, COLLEGE, claimed_at=old, login_name="avec", factor_since=now)
    asked = SecondFactorSettings(
        imposed_on=(Role.HEAD, Role.DEPUTY), since=today - timedelta(days=20), grace_days=14
    )
    imposed = again(sound, settings=evolve(sound.settings, second_factor=asked))
    (told,) = lacking(imposed)
    assert "2 comptes (direction de l’établissement)" in told.text
    assert f"exigée depuis le {show_date(today - timedelta(days=6))}" in told.text
    assert "ancienne, neuve" in told.text
    later = evolve(asked, since=today)
    (told,) = lacking(again(sound, settings=evolve(sound.settings, second_factor=later)))
    assert f"exigée le {show_date(today + timedelta(days=14))}" in told.text
    identity = ExternalIdentity("https://ent.example", "x", {})
    with sound.site.database.writing() as tx:
        for head in heads:
            mine = evolve(identity, subject=head.login_name)
            tx.identities.link(mine, head.id, now, before=None)
    assert len(lacking(imposed)) == 1
    trusting = evolve(asked, trusted=("mfa",))
    assert lacking(again(sound, settings=evolve(sound.settings, second_factor=trusting))) == []


def test_keys_of_a_former_address(sound):
    """Who has nothing else is named; not who has a telephone too."""
    now = sound.site.now()
    accounts = [
        World(sound).staff(Role.HOTLINE, login_name=name, factor_since=now)
        for name in ("cle", "deux")
    ]
    with sound.site.database.writing() as tx:
        for account in accounts:
            credential = account.login_name.encode()
            tx.factors.add_key(
                SecurityKey(uuid7(), account.id, "x", "ancien.example", credential, b"", 0, now)
            )
        tx.factors.put(accounts[1].id, Authenticator("x", now))
    (told,) = (each for each in examine(sound) if each.check == "security_keys")
    assert (told.severity, "cle." in told.text) == (Severity.ERROR, True)
    assert "deux" not in told.text
    back = evolve(sound.settings, base_url="https://ancien.example/x")
    assert "security_keys" not in {check for check, _severity in found(again(sound, settings=back))}


def test_the_academy_without_a_second_factor(sound):
    """Named on a site in https, by identifier; not on one that is tried."""
    account = World(sound).staff(Role.ACADEMY_ADMIN)
    (told,) = (each for each in examine(sound) if each.check == "second_factor")
    assert told.severity is Severity.WARNING
    assert account.login_name in told.text
    tried = evolve(sound.settings, base_url="http://localhost")
    assert "second_factor" not in {
        check for check, _severity in found(again(sound, settings=tried))
    }
    with sound.site.database.writing() as tx:
        held = tx.accounts.get(account.id)
        tx.accounts.replace(held, evolve(held, factor_since=sound.site.now()))
    assert "second_factor" not in {check for check, _severity in found(sound)}
