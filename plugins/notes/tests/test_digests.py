"""Messages about new marks: each once, to who asked, of what he may see, and no figure in any."""

from __future__ import annotations

import json
import re
import warnings
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from attrs import define, evolve, field
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.roster import Level
from teleservices_core.domain.scopes import Scope
from teleservices_core.mailers import SmtpMailer
from teleservices_core.settings import MailSettings
from teleservices_core.storage import tables as t
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, YEAR, a_link, an_adult
from teleservices_core.testing.smtp import smtp_server
from teleservices_core.testing.world import World
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.opening import set_opening
from teleservices_notes.digest_commands import digest
from teleservices_notes.model import DigestChoice, Entry, Frequency, Known, PublicationPlan
from teleservices_notes.rules import Viewpoint, learn, may_write, news, next_due, succeed
from teleservices_notes.store import DigestMarks
from teleservices_notes.store.reader_tables import digests_table, readers_table
from teleservices_notes.testing import FRENCH, an_entry, entries, outcomes, plans
from teleservices_notes.usecases import digests
from teleservices_notes.usecases.digests import run_digests

SATURDAY = datetime(2026, 11, 28, 8, tzinfo=UTC)
"""Nine in the morning at Dijon."""
BEFORE = SATURDAY - timedelta(days=30)


def mails(services) -> list[tuple[str, str, dict[str, str]]]:
    with services.engine.connect() as connection:
        rows = connection.execute(select(t.outbox).order_by(t.outbox.c.id)).all()
    return [
        (row.to_address, row.kind, {name: plain(said) for name, said in row.context.items()})
        for row in rows
    ]


def plain(text: str) -> str:
    """With ordinary spaces, and « for what a page writes so."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def run(services, **options):
    return run_digests(services.site, DigestMarks, **options)


def entry(school, value=12, *, before=timedelta(days=2), **changes):
    return an_entry(value, student_id=school.student.id, entered_at=SATURDAY - before, **changes)


def choose(services, account, frequency, weekday=5, due_at=None):
    with services.site.database.writing() as tx:
        DigestMarks(tx.connection).enroll(
            [
                (
                    account.id,
                    DigestChoice(frequency, weekday),
                    None if frequency is Frequency.OFF else due_at or SATURDAY,
                )
            ]
        )


def set_plan(services, plan, version):
    with services.site.database.writing() as tx:
        DigestMarks(tx.connection).set_plan(COLLEGE, YEAR, plan, version)


@pytest.fixture
def mother(school):
    school.at(SATURDAY)
    with school.services.site.database.reading() as tx:
        return tx.accounts.by_login(school.login_name)


def test_a_message_says_how_many_and_where_never_what(school, mother):
    """Once a week unless chosen otherwise; the same run again, or another day, says nothing."""
    school.record(
        entry(school, "17.25", title="Fractions", subject=FRENCH),
        entry(school, 4, title="Aires"),
        entry(school, 5, title="Volumes"),
        entry(school, 6, title="Saisie ce matin", before=timedelta(minutes=5)),
    )
    report = run(school.services)
    assert (report.mails, report.marks, report.is_finished) == (1, 3, True)
    ((address, kind, context),) = mails(school.services)
    assert (address, kind) == (mother.email, "notes.digest")
    assert context == {
        "name": mother.display_name,
        "title": "3 nouvelles notes",
        "lines": "3 nouvelles notes pour Camille : Français (1), Mathématiques (2)",
    }
    assert run(school.services).due == 0
    school.clock.set(SATURDAY + timedelta(days=6))
    assert run(school.services).mails == 0
    school.clock.set(SATURDAY + timedelta(days=7))
    assert run(school.services).marks == 1


def test_a_correction_is_announced_as_such(school, mother):
    """To who was written of the outcome before, or had seen it."""
    choose(school.services, mother, Frequency.DAILY)
    first = entry(school, 12)
    school.record(first)
    run(school.services)
    outcome = evolve(first.mark.outcome, value=first.mark.outcome.value + 1, entered_at=SATURDAY)
    zone = school.services.site.academie.zone
    school.record(evolve(first, mark=succeed(first.mark, outcome, "", zone)))
    school.clock.set(SATURDAY + timedelta(days=1))
    run(school.services)
    assert mails(school.services)[1][2]["lines"] == (
        "1 note corrigée pour Camille : Mathématiques (1)"
    )


def test_what_was_seen_is_not_announced(school, mother):
    """« J’ai vu ces notes » is enough."""
    school.record(entry(school))
    school.browser.get(school.path)
    school.browser.submit("notes-vues")
    assert run(school.services).mails == 0
    assert mails(school.services) == []


def test_only_who_may_see_and_can_be_reached(school, mother):
    """No contact, no ended link, no address to confirm, no account that is not in use."""
    world, services = World(school.services), school.services
    school.record(entry(school))
    choose(services, mother, Frequency.OFF)

    def parent(name, link=None, **account):
        adult = an_adult(first_name=name)
        world.adult(adult, a_link(school.student.id, adult.id, **(link or {})))
        world.account(
            adult, Audience.GUARDIAN, email=f"{name}@example.org", created_at=BEFORE, **account
        )

    parent("reached")
    parent("contact", {"level": Level.CONTACT})
    parent("ended", {"until_on": date(2026, 11, 1)})
    parent("grouped", state=AccountState.GROUPED)
    adult = an_adult(first_name="Sans")
    world.adult(adult, a_link(school.student.id, adult.id))
    world.account(
        adult,
        Audience.GUARDIAN,
        email=None,
        pending_email="pas@confirmee.example",
        created_at=BEFORE,
    )
    world.account(school.student, Audience.STUDENT, email="camille@example.org", created_at=BEFORE)
    run(services)
    told = {address: context["lines"] for address, _kind, context in mails(services)}
    assert told == {
        "reached@example.org": "1 nouvelle note pour Camille : Mathématiques (1)",
        "camille@example.org": "1 nouvelle note : Mathématiques (1)",
    }


def test_a_closed_module_says_nothing_and_reopened_says_it_once(school, mother):
    """What appeared meanwhile is news to who could not see it."""
    choose(school.services, mother, Frequency.DAILY)
    school.record(entry(school))

    def stance(which):
        set_opening(
            school.services.site,
            None,
            Scope.establishment(COLLEGE),
            "notes",
            Audience.GUARDIAN,
            which,
        )

    stance(Stance.CLOSED)
    assert run(school.services).mails == 0
    stance(Stance.OPEN)
    for day, number in ((1, 1), (2, 0)):
        school.clock.set(SATURDAY + timedelta(days=day))
        assert run(school.services).mails == number


@pytest.mark.parametrize(("hour", "held"), [(5, True), (6, False), (19, False), (20, True)])
def test_nobody_is_woken(school, mother, hour, held):
    """From 7 h to 21 h at Dijon; at once means at once the next morning."""
    choose(school.services, mother, Frequency.IMMEDIATE, due_at=SATURDAY - timedelta(days=9))
    school.record(entry(school))
    school.clock.set(SATURDAY.replace(hour=hour))
    report = run(school.services)
    assert (report.is_held, report.mails) == (held, 0 if held else 1)


def test_a_dry_run_writes_nothing(school, mother, engine):
    """It counts, and the real run finds the same."""
    school.record(entry(school))
    report = run(school.services, dry_run=True)
    with engine.connect() as connection:
        assert connection.execute(select(readers_table)).all() == []
        assert connection.execute(select(digests_table)).all() == []
    assert mails(school.services) == []
    assert run(school.services) == report


def test_a_run_that_dies_leaves_nothing_half_done(school, mother, monkeypatch):
    """Mails, what was told and when to come back commit together."""
    school.record(entry(school))

    def dies(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(DigestMarks, "postpone", dies)
        with pytest.raises(KeyboardInterrupt):
            run(school.services)
    assert mails(school.services) == []
    assert run(school.services).mails == 1


def test_a_run_can_be_stopped_and_goes_on(school, mother, monkeypatch):
    """Between two batches; the next run does the rest."""
    world = World(school.services)
    monkeypatch.setattr(digests, "BATCH", 1)
    for number in range(2):
        adult = an_adult(first_name=f"P{number}")
        world.adult(adult, a_link(school.student.id, adult.id))
        world.account(adult, Audience.GUARDIAN, created_at=BEFORE)
    school.record(entry(school))
    seen = []
    first = run(
        school.services,
        progress=lambda *done: seen.append(done),
        is_stopping=lambda: bool(seen),
    )
    assert (first.looked_at, first.mails, first.is_finished) == (1, 1, False)
    assert seen == [(1, 3)]
    assert run(school.services).mails == 2


def test_two_runs_side_by_side_write_once(school, mother):
    """Whoever holds an account first writes to it."""
    world = World(school.services)
    for number in range(30):
        adult = an_adult(first_name=f"P{number}")
        world.adult(adult, a_link(school.student.id, adult.id))
        world.account(adult, Audience.GUARDIAN, email=f"p{number}@example.org", created_at=BEFORE)
    school.record(entry(school))
    barrier, failures = Barrier(3), []

    def one():
        barrier.wait()
        try:
            run(school.services)
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [Thread(target=one) for _n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    addresses = [address for address, _kind, _context in mails(school.services)]
    assert len(addresses) == len(set(addresses)) == 31


def test_who_wanted_nothing_is_told_of_what_comes(school, mother):
    """Not of what he had not wanted; the page keeps what another device chose."""
    choose(school.services, mother, Frequency.OFF)
    school.record(entry(school, title="Avant"))
    page = school.browser.get("/notes/messages/")
    assert 'value="off" checked' in page.text
    school.browser.submit("/notes/messages/", frequency="daily", weekday="3")
    assert "C’est enregistré" in school.browser.page.text
    school.record(entry(school, title="Après", before=timedelta(hours=-1)))
    school.clock.set(SATURDAY + timedelta(days=1))
    run(school.services)
    assert [context["title"] for _a, _k, context in mails(school.services)] == ["1 nouvelle note"]


def test_two_devices_at_once(school, mother):
    """The second is told, and its answer is kept."""
    page = school.browser.get("/notes/messages/")
    (fields,) = [fields for _action, fields in school.browser.forms() if "before" in fields]
    school.browser.submit("messages", frequency="off", weekday="5")
    answer = school.browser.client.post(
        "/notes/messages/",
        data={**fields, "frequency": "daily"},
        base_url="http://localhost",
    )
    assert page.status_code == 200
    assert answer.status_code == 409
    assert "Il est maintenant" in answer.text
    assert 'value="daily" checked' in answer.text


@pytest.mark.parametrize("frequency", ["", "often"])
def test_an_answer_that_is_none_is_told(school, mother, frequency):
    """Named at its field."""
    school.browser.get("/notes/messages/")
    page = school.browser.submit("messages", frequency=frequency)
    assert page.status_code == 422
    assert "#field-frequency" in page.text


def test_a_mail_is_stopped_without_signing_in(school, mother):
    """Through a real server: the link, its header, one button; a mail scanner stops nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from aiosmtpd.handlers import Message

    class Keep(Message):
        def __init__(self):
            super().__init__()
            self.received = []

        def handle_message(self, message):
            self.received.append(message)

    school.record(entry(school, "17.25"))
    run(school.services)
    keep = Keep()
    with smtp_server(keep) as port:
        mailer = SmtpMailer(evolve(MailSettings(), host="127.0.0.1", port=port))
        assert deliver(school.services.site, mailer).sent == 1
    (message,) = keep.received
    text = plain(message.get_payload(decode=True).decode())
    assert "1 nouvelle note pour Camille" in text
    assert "17" not in text.split("Pour changer")[0]
    assert "http://localhost/notes/\n" in text.replace("\r", "")
    stop = message["List-Unsubscribe"].strip("<>")
    assert stop in text
    scanner = Browser(school.services)
    path = stop.removeprefix("http://localhost")
    assert "Ne plus recevoir ces messages ?" in plain(scanner.get(path).text)
    with school.services.site.database.reading() as tx:
        assert DigestMarks(tx.connection).choice(mother.id).frequency is Frequency.WEEKLY
    assert "C’est fait" in scanner.submit(path).text
    school.record(entry(school, 3, title="Autre"))
    school.clock.set(SATURDAY + timedelta(days=8))
    assert run(school.services).mails == 0
    assert scanner.get(f"{path[:-1]}x").status_code == 410
    assert scanner.get(path.replace(str(mother.id), str(school.student.id))).status_code == 410


def test_the_command_says_what_it_did(school, mother):
    """In words, in JSON, and without writing."""
    school.record(entry(school))

    def says(*options):
        done = CliRunner().invoke(digest, options, obj=lambda: school.services)
        assert done.exit_code == 0, done.output
        return plain(done.stdout)

    assert "Simulation : rien n’a été écrit." in says("--dry-run")
    assert json.loads(says("--json"))["mails"] == 1
    school.clock.set(SATURDAY.replace(hour=22))
    assert "Rien n’est envoyé de 21 h à 7 h." in says()


def clean(services):
    with services.engine.begin() as connection:
        for table in (readers_table, digests_table, t.outbox):
            connection.execute(delete(table))


@pytest.fixture
def on_sqlite(backend):
    """The rule is the same on both; the test above races them on each."""
    if backend != "sqlite":
        pytest.skip("one database is enough for the calendar")


@settings(max_examples=25)
@given(st.data())
def test_no_mail_depends_on_what_its_reader_may_not_see(on_sqlite, school, mother, data):
    """Whatever is hidden changes at random: the outbox is the same to the byte."""
    found = data.draw(st.lists(entries(), min_size=1, max_size=5, unique_by=_id))
    plan = data.draw(plans())
    at = data.draw(st.sampled_from([22, 23, 24, 25]))
    at = datetime(2026, 11, at, data.draw(st.integers(7, 18)), tzinfo=UTC)
    found = [_of(school, each) for each in found]

    def outbox(which):
        school.forget()
        clean(school.services)
        school.clock.set(at)
        choose(school.services, mother, Frequency.IMMEDIATE, due_at=at)
        set_plan(school.services, plan, 0)
        school.record(*which)
        run(school.services)
        return mails(school.services)

    eyes = Viewpoint(plan, Audience.GUARDIAN, at, school.services.site.academie.zone)

    def other(each):
        shown = eyes.seen(each.assessment, each.mark)
        if shown is not None and shown.outcome == each.mark.outcome:
            return each
        changed = data.draw(outcomes(each.mark.outcome.entered_at, each.assessment.out_of))
        return evolve(each, mark=evolve(each.mark, outcome=changed))

    assert outbox(found) == outbox([other(each) for each in found])


def _id(each: Entry) -> object:
    return each.assessment.id.int & ((1 << 64) - 1)


def _of(school, each: Entry) -> Entry:
    mark = evolve(each.mark, student_id=school.student.id)
    # Recording never touches an assessment's own rules.
    return evolve(each, mark=mark, assessment=evolve(each.assessment, own_rules=()))


@define
class Calendar:
    """What should have been written, by a slow reading of the promise."""

    choice: DigestChoice
    due_at: datetime | None
    heard: Known = field(factory=Known)

    def expects(self, shown, at, zone) -> list[tuple[str, int, int]]:
        """The subjects of the mail of a run at an instant; moves on to the next."""
        if not may_write(at, zone) or self.due_at is None or self.due_at > at:
            return []
        self.due_at = next_due(self.choice, at, zone)
        found = [(each.subject.label, each.new, each.corrected) for each in news(shown, self.heard)]
        self.heard = learn(self.heard, shown)
        return found


_LINE = re.compile(r"(\d+) (nouvelle|note corr|notes corr)[^:]*: (.*)")


def read_back(context) -> list[tuple[str, int, int]]:
    """What a mail says, by subject."""
    counts: dict[str, list[int]] = {}
    for line in context["lines"].splitlines():
        said = _LINE.fullmatch(line)
        assert said, line
        for part in said[3].split(", "):
            label, number = part.rsplit(" (", 1)
            place = 0 if said[2] == "nouvelle" else 1
            counts.setdefault(label, [0, 0])[place] += int(number[:-1])
    return sorted((label, *numbers) for label, numbers in counts.items())


@settings(max_examples=12)
@given(st.data())
def test_each_outcome_is_announced_once_over_any_calendar(on_sqlite, school, mother, data):
    """Entries, corrections, rules that change, runs at any hour: all is told, nothing twice."""
    services, zone = school.services, school.services.site.academie.zone
    school.forget()
    clean(services)
    frequencies = st.sampled_from([Frequency.IMMEDIATE, Frequency.DAILY, Frequency.WEEKLY])
    choice = DigestChoice(data.draw(frequencies), data.draw(st.integers(0, 6)))
    at = datetime(2026, 11, 18, 6, tzinfo=UTC)
    choose(services, mother, choice.frequency, choice.weekday, due_at=at)
    calendar, plan, version = Calendar(choice, at), PublicationPlan(), 0
    recorded: dict[object, Entry] = {}
    sent = 0
    for _step in range(data.draw(st.integers(4, 14))):
        at += timedelta(minutes=data.draw(st.integers(1, 2 * 1440)))
        school.clock.set(at)
        match data.draw(st.sampled_from(["enter", "enter", "correct", "plan", "run", "run"])):
            case "enter":
                fresh = _of(school, data.draw(entries()))
                outcome = evolve(fresh.mark.outcome, entered_at=at)
                mark = evolve(fresh.mark, outcome=outcome, first_entered_at=at, prior=None)
                recorded.setdefault(_id(fresh), evolve(fresh, mark=mark))
                school.record(*recorded.values())
            case "correct" if recorded:
                key = data.draw(st.sampled_from(sorted(recorded)))
                before = recorded[key]
                outcome = data.draw(outcomes(at, before.assessment.out_of))
                mark = succeed(before.mark, outcome, "", zone)
                recorded[key] = evolve(before, mark=mark)
                school.record(*recorded.values())
            case "plan":
                plan = data.draw(plans())
                set_plan(services, plan, version)
                version += 1
            case _:
                run(services)
                eyes = Viewpoint(plan, Audience.GUARDIAN, at, zone)
                shown = eyes.look(recorded.values())
                expected = calendar.expects(shown, at, zone)
                fresh_mails = mails(services)[sent:]
                sent += len(fresh_mails)
                assert [read_back(context) for _a, _k, context in fresh_mails] == (
                    [sorted(expected)] if expected else []
                )
