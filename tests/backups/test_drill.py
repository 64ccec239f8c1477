"""The drill: a site is saved, life goes on, the backup is brought back.

What was dead stays dead, who was erased stays erased, the rest is as it was.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, inspect, select, text, update

from teleservices_core.backups.ledger import keep_ledger, note_acts, read_ledger
from teleservices_core.backups.making import make_backup
from teleservices_core.backups.restoring import restore
from teleservices_core.doctor import Severity, examine
from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Ine
from teleservices_core.errors import RefusedError
from teleservices_core.storage import tables as t
from teleservices_core.storage.migrate import downgrade
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_schooling, a_student, an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.claiming import choose_password, confirm_email
from teleservices_core.usecases.erasing import erase_about, erasure_request
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.lifecycle import run_lifecycle
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.my_account import change_email, change_password
from teleservices_core.usecases.recovery import ask_reset, look_at_reset, open_renewal
from teleservices_core.usecases.sealing import check_journal, seal_journal
from teleservices_core.usecases.signing_in import resume, sign_in
from teleservices_notes.store.marks import MarkStore
from teleservices_notes.testing import an_entry

# What differs from one database to the other is in the drill itself.
ON_ONE = pytest.mark.parametrize("backend", ["sqlite"])
INE = Ine.rnie(123456789)
NEW = "quatre chats sur le toit"


def enter(services, login_name, password=PASSWORD, device="tablet"):
    """A session's secret."""
    return sign_in(services.site, login_name, password, source="home", device_secret=device).secret


def refused(services, login_name, password):
    """Why somebody does not get in."""
    with pytest.raises(RefusedError) as error:
        enter(services, login_name, password)
    return error.value.code


def reset_link(services, login_name):
    """The secret of the newest link that was mailed."""
    ask_reset(services.site, login_name, source="x")
    deliver(services.site, services.mailer)
    (text,) = [
        each.get_content()
        for each in services.mailer.messages()
        if login_name in each.get_content() and "nouveau-mot-de-passe" in each.get_content()
    ][:1]
    return re.search(r"/nouveau-mot-de-passe/(\S+)", text).group(1)


def account(services, login_name):
    """As it stands."""
    with services.site.database.reading() as tx:
        return tx.accounts.by_login(login_name)


def marks(services):
    """Students with marks."""
    with services.engine.connect() as connection:
        found = connection.execute(text("SELECT DISTINCT student_id FROM notes_marks"))
        return len(found.all())


@pytest.fixture
def life(site, clock, tmp_path):
    """The site just after a backup, and what happened after it."""
    world = World(site)
    world.establishment()
    child, other = a_student(ine=INE), a_student(first_name="Zoé", ine=None)
    for student in (child, other):
        world.student(student, a_schooling(student.id))
        with site.site.database.writing() as tx:
            entry = an_entry(12, student_id=student.id)
            MarkStore(tx.connection).save([entry.assessment], [entry.mark])
    for name in ("anne", "bob", "eve", "frank"):
        world.account(an_adult(first_name=name.title()), Audience.GUARDIAN,
                      login_name=name, email=f"{name}@example.org")  # fmt: skip
    dead = clock.now() - timedelta(days=400)
    world.account(an_adult(first_name="Dan"), Audience.GUARDIAN, login_name="dan",
                  last_used_at=dead, warned_at=clock.now() - timedelta(days=20))  # fmt: skip
    world.account(other, Audience.STUDENT, login_name="chloe", state=AccountState.NEW,
                  password_hash=None, email=None)  # fmt: skip
    (letter,) = issue_letters(
        site.site, plan_letters(site.site, COLLEGE, audiences=(Audience.STUDENT,))
    )
    stolen = enter(site, "anne")
    used, outstanding = reset_link(site, "eve"), reset_link(site, "frank")
    clock.advance(minutes=5)
    backup = tmp_path / "backups" / "site.zip"
    made = make_backup(site, backup)
    clock.advance(hours=3)

    after = enter(site, "bob")
    change_password(site.site, resume(site.site, enter(site, "anne")), PASSWORD, NEW)
    open_renewal(site.site, used)
    viewer = resume(site.site, enter(site, "chloe", letter.code))
    choose_password(site.site, viewer, NEW)
    change_email(site.site, resume(site.site, enter(site, "frank")), PASSWORD, "f@new.example.org")
    deliver(site.site, site.mailer)
    (text,) = [e.get_content() for e in site.mailer.messages() if "/confirmer/" in e.get_content()]
    confirm_email(site.site, re.search(r"/confirmer/(\S+)", text).group(1), None)
    later = reset_link(site, "bob")
    run_lifecycle(site.site, force=True)
    request = erasure_request(site.site, INE.code)
    assert erase_about(site.site, request, ["notes.marks"], reason="Mme Martin")["notes.marks"]
    assert (account(site, "dan").state, marks(site)) == (AccountState.CLOSED, 1)
    clock.advance(hours=1)
    return SimpleNamespace(
        services=site, backup=backup, made=made, letter=letter,
        sessions=(stolen, after), links=(used, outstanding, later),
    )  # fmt: skip


def lose(services):
    """The database is gone; an empty one takes its place."""
    for source in reversed(services.plugins.catalogue.migrations):
        downgrade(services.engine, source)
    with services.engine.begin() as connection:
        for name in inspect(connection).get_table_names():
            connection.execute(text(f'DROP TABLE "{name}"'))


@pytest.mark.parametrize("is_lost", [False, True])
def test_the_drill(life, is_lost, clock):
    """With the present database at hand, and with nothing but the backup and the ledger."""
    services = life.services
    if is_lost:
        # The worker and the daily run do it.
        note_acts(services.site)
        lose(services)
    _manifest, done = restore(services, life.backup)

    # What was dead stays dead.
    assert not any(resume(services.site, secret) for secret in life.sessions)
    for secret in life.links:
        with pytest.raises(RefusedError, match="link_"):
            look_at_reset(services.site, secret)
    assert refused(services, "anne", PASSWORD) == "wrong_credentials", "changed since"
    assert refused(services, "anne", NEW) == "wrong_credentials", "nobody knows it any more"
    assert refused(services, "chloe", life.letter.code) == "letter_expired"
    assert refused(services, "frank", PASSWORD) == "wrong_credentials"
    assert account(services, "frank").state is AccountState.CLOSED, "another's mailbox, perhaps"
    with services.engine.connect() as connection:
        assert connection.execute(select(t.devices)).all() == []
    # Who was erased stays erased.
    assert account(services, "dan").state is AccountState.CLOSED
    assert account(services, "dan").email is None
    assert marks(services) == 1
    # The way back in.
    viewer = resume(services.site, open_renewal(services.site, reset_link(services, "anne")).secret)
    assert viewer.in_renewal
    # The others go on; where not all is known, by a mailed link.
    if is_lost:
        assert refused(services, "bob", PASSWORD) == "wrong_credentials"
    else:
        assert resume(services.site, enter(services, "bob"))
    assert done.is_complete is not is_lost
    assert done.epoch == 1
    assert done.not_erased == ()
    assert done.counts["passwords"] == 1 + 2 * is_lost, "Anne's; the letter had left Chloé none"
    assert done.counts["erased"] == 1
    assert check_journal(services.site).faults == ()


@ON_ONE
def test_what_doctor_says(life, clock):
    """What was done, what is still to do; for a month."""
    services = life.services
    before = {each.check for each in examine(services)}
    assert "restored" not in before
    assert "ledger" not in before
    restore(services, life.backup)
    (finding,) = [each for each in examine(services) if each.check == "restored"]
    assert finding.severity is Severity.WARNING
    for said in ("comptes supprimés de nouveau", "éteints", "lignes effacées de nouveau"):
        assert said in finding.text
    assert "letters --which expired" in finding.next_step
    assert "Aucun acte d’un établissement" in finding.next_step
    assert "ledger" not in {each.check for each in examine(services)}
    clock.advance(days=31)
    assert "restored" not in {each.check for each in examine(services)}


@ON_ONE
def test_restored_by_other_means(life):
    """A database older than the ledger: everything lives again, and doctor says so."""
    services = life.services
    run_lifecycle(services.site)
    note_acts(services.site)
    with services.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER core_seals_no_delete"))
        connection.execute(delete(t.seals))
    (finding,) = [each for each in examine(services) if each.check == "ledger"]
    assert finding.severity is Severity.ERROR
    assert "teleservices restore" in finding.next_step
    restore(services, life.backup)
    assert "ledger" not in {each.check for each in examine(services)}


@ON_ONE
def test_again_and_again(life):
    """A second restore raises the epoch once more; the first one's sessions die too."""
    services = life.services
    restore(services, life.backup)
    secret = enter(services, "bob")
    assert resume(services.site, secret)
    _manifest, done = restore(services, life.backup)
    assert done.epoch == 2
    assert not resume(services.site, secret)
    assert marks(services) == 1


@ON_ONE
def test_again_after_the_database_was_lost(life):
    """What the first restore could not know, the second does not know either."""
    services = life.services
    note_acts(services.site)
    lose(services)
    restore(services, life.backup)
    _manifest, done = restore(services, life.backup)
    assert not done.is_complete
    assert refused(services, "bob", PASSWORD) == "wrong_credentials"


@ON_ONE
def test_who_reads_before_writes_nothing_after(life):
    """A page that was under way during the restore does not write what it had read."""
    services = life.services
    before = account(services, "bob")
    restore(services, life.backup)
    assert account(services, "bob").version > before.version + 1000


@ON_ONE
def test_a_journal_that_was_altered_is_not_believed(life):
    """Then nothing is taken from the present database for sure."""
    services = life.services
    with services.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER core_audit_no_update"))
        connection.execute(update(t.audit).values(actor="x"))
    _manifest, done = restore(services, life.backup)
    assert not done.is_complete
    assert done.counts["passwords"] == 3, "whoever a link can be mailed to"
    assert check_journal(services.site).faults == ()


@ON_ONE
def test_the_ledger_names_nobody(life, tmp_path):
    """Digests under the site's key; lines that the site did not write are told apart."""
    services = life.services
    path = services.settings.ledger
    ledger = note_acts(services.site)
    assert {act.action for act in ledger.acts} >= {
        "account.closed", "account.password_changed", "data.erased"
    }  # fmt: skip
    said = path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o077 == 0
    with services.engine.connect() as connection:
        for found in connection.scalars(select(t.accounts.c.id)):
            assert found.hex not in said.replace("-", "")
    assert note_acts(services.site).acts == ledger.acts, "nothing twice"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"act": "torn')
    assert note_acts(services.site).is_sound
    path.write_bytes(whole.replace(b"account.closed", b"account.opened", 1))
    assert not read_ledger(services.settings).is_sound
    assert ("ledger", Severity.ERROR) in {(e.check, e.severity) for e in examine(services)}


@ON_ONE
def test_doctor_looks_at_the_ledger(life, clock):
    """One that nobody keeps any more, or that cannot be written, is said."""
    services = life.services
    note_acts(services.site)
    clock.advance(days=3)
    assert ("ledger", Severity.WARNING) in {(e.check, e.severity) for e in examine(services)}
    keep_ledger(services.site)
    assert "ledger" not in {each.check for each in examine(services)}
    # A folder in its place cannot be written, even by an administrator.
    path = services.settings.ledger
    path.unlink()
    path.mkdir()
    keep_ledger(services.site)
    assert ("ledger", Severity.ERROR) in {(e.check, e.severity) for e in examine(services)}
    with pytest.raises(RefusedError, match="ledger"):
        restore(services, life.backup)


@ON_ONE
def test_a_database_that_went_back_says_so_for_good(life, tmp_path):
    """Nothing that the worker notes afterwards hides it; who restores then believes no password."""
    services = life.services
    seal_journal(services.site)
    note_acts(services.site)
    copy = tmp_path / "copy.zip"
    make_backup(services, copy)
    with services.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER core_seals_no_delete"))
        connection.execute(delete(t.seals))
    seal_journal(services.site)
    note_acts(services.site)
    assert ("ledger", Severity.ERROR) in {(e.check, e.severity) for e in examine(services)}
    _manifest, done = restore(services, life.backup)
    assert not done.is_complete
    assert "ledger" not in {each.check for each in examine(services)}


@ON_ONE
def test_side_by_side(life):
    """Workers that note at the same time leave one chain."""
    services = life.services
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _n: note_acts(services.site), range(8)))
    ledger = read_ledger(services.settings)
    assert ledger.is_sound
    assert len({act.id for act in ledger.acts}) == len(ledger.acts)


@ON_ONE
def test_who_is_told(life, clock):
    """The académie, each school, and whoever does not get in; for a month."""
    services = life.services
    world = World(services)
    for role, uai in ((Role.ACADEMY_ADMIN, None), (Role.HEAD, COLLEGE)):
        world.staff(role, uai, login_name=role.value)
    make_backup(services, life.backup.with_name("again.zip"))
    restore(services, life.backup.with_name("again.zip"))
    said = "Après un incident, le service est revenu le 24/11/2026 14:35"
    for role, path in ((Role.ACADEMY_ADMIN, "/academie/"), (Role.HEAD, f"/ecole/{COLLEGE}/")):
        browser = Browser(services)
        browser.sign_in(role.value, PASSWORD)
        assert said in browser.get(path).text
    browser = Browser(services)
    for nobody in ("anne", "nobody.at.all"):
        page = browser.sign_in(nobody, "wrong password").text
        assert said in page
        assert "Mot de passe oublié" in page
    clock.advance(days=31)
    assert said not in Browser(services).sign_in("anne", "wrong password").text
