"""Accounts, letters, links, grouping, closing and the clock, driven at random.

A small model says what each account may be at each instant; the site must say
the same. Whatever the sequence: no account sees a student without a right at
that instant, no link works twice, late or after what kills it, nobody is
erased early or kept late, and no account leaves the table of its life.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from attrs import define, evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import (
    Account,
    AccountState,
    Audience,
    SessionPurpose,
)
from teleservices_core.domain.credentials import read_letter_code
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Level
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.hashing import Argon2Hasher, digest
from teleservices_core.storage import tables as t
from teleservices_core.testing.account_life import LIFE
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    YEAR,
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.testing.world import World
from teleservices_core.usecases import claiming, grouping, my_account, recovery
from teleservices_core.usecases.home import child_module, family_home
from teleservices_core.usecases.letters import LetterPlan, issue_letters
from teleservices_core.usecases.lifecycle import run_lifecycle
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.signing_in import resume, sign_in

_S = AccountState
NEIGHBOURS = {
    state: {_S(after) for (before, _event), after in LIFE.items() if before == state}
    for state in AccountState
}
REACHABLE = {
    state: {state} | near | {far for each in near for far in NEIGHBOURS[each]}
    for state, near in NEIGHBOURS.items()
}
"""One act may hold two events: a claim that completes at once."""
LINK = re.compile(r"/(confirmer|nouveau-mot-de-passe|retablir|[\w-]*groupe[\w-]*)/(\S+)")
DELAYS = [
    timedelta(minutes=10),
    timedelta(hours=9),
    timedelta(days=1),
    timedelta(days=6),
    timedelta(days=8),
    timedelta(days=24),
    timedelta(days=61),
    timedelta(days=93),
    timedelta(days=340),
]


@define
class Letter:
    """A letter, as its holder knows it."""

    code: str
    expires_at: datetime
    dead: bool = False


@define
class Link:
    """A mailed link: which account, what for, until when, and the age of the account then."""

    kind: str
    secret: str
    account: str
    address: str
    expires_at: datetime
    age: int
    used: bool = False
    replaced: bool = False


@define
class Known:
    """What the model knows of an account."""

    account: Account
    state: AccountState = _S.NEW
    password: str | None = None
    letter: Letter | None = None
    age: int = 0
    """How many events have killed the links sent before."""
    holders: tuple[Any, ...] = ()
    asked_at: datetime | None = None


class Keeper:
    """A mailer that keeps what it is given."""

    def __init__(self):
        self.messages = []

    def send(self, message):
        """Keep it."""
        self.messages.append(message)


class Life(RuleBasedStateMachine):
    """Two schools, four students, five adults of whom two are one mother."""

    lend: Any = None
    entered = 0
    """How often somebody signed in, of all lives together."""

    def __init__(self):
        super().__init__()
        self.held = ExitStack()
        self.engine = self.held.enter_context(type(self).lend())
        self.clock, self.mailer = FixedClock(), Keeper()
        self.services = Teleservices(
            make_settings("sqlite://"),
            engine=self.engine,
            clock=self.clock,
            mailer=self.mailer,
            hasher=Argon2Hasher.cheapest(),
        )
        self.site = self.services.site
        self.known: dict[str, Known] = {}
        self.links: list[Link] = []
        self.sessions: list[tuple[str, str]] = []
        self.ties: dict[tuple[Any, Any], list[Any]] = {}
        """(adult, student) to [level, first day, day after the last]."""
        self.groupings: list[Any] = []
        self.codes: list[tuple[str, str]] = []
        self.before: dict[str, AccountState] = {}
        self.sources = self.passwords = 0

    def teardown(self):
        """Give the database back."""
        self.held.close()

    @initialize()
    def populate(self):
        """Everybody is known to the schools; nobody has a letter yet."""
        world = World(self.services)
        world.establishment()
        world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
        born = (date(2014, 5, 12), date(2013, 1, 1), date(2009, 3, 1), date(2008, 12, 20))
        places = (COLLEGE, COLLEGE, LYCEE, LYCEE)
        students = [a_student(first_name=f"Enfant{n}", born_on=day) for n, day in enumerate(born)]
        for student, uai in zip(students, places, strict=True):
            world.student(student, a_schooling(student.id, uai))
            for later in range(1, 8):
                year = SchoolYear(YEAR.start + later)
                world.schooling(a_schooling(student.id, uai, school_year=year))
        mother, again = an_adult(), an_adult(last_name="Mârtin", usage_name="DURAND")
        father, other = an_adult(first_name="Paul"), an_adult(first_name="Zoé", last_name="AUTRE")
        contact = an_adult(first_name="Luc")
        tied = (
            (mother, students[0], Level.LEGAL),
            (mother, students[1], Level.LEGAL),
            (father, students[0], Level.LEGAL),
            (again, students[2], Level.LEGAL),
            (other, students[3], Level.IN_CHARGE),
            (contact, students[1], Level.CONTACT),
        )
        for adult in (mother, again, father, other, contact):
            mine = [(s, level) for who, s, level in tied if who is adult]
            world.adult(adult, *(a_link(s.id, adult.id, level=level) for s, level in mine))
            for student, level in mine:
                self.ties[adult.id, student.id] = [level, None, None]
        self.students = students
        bare = {"state": _S.NEW, "password_hash": None, "email": None}
        people = [
            ("mother", mother, Audience.GUARDIAN),
            ("again", again, Audience.GUARDIAN),
            ("father", father, Audience.GUARDIAN),
            ("other", other, Audience.GUARDIAN),
            ("child", students[0], Audience.STUDENT),
            ("adult", students[3], Audience.STUDENT),
        ]
        for name, person, audience in people:
            account = world.account(person, audience, **bare)
            self.known[name] = Known(account, holders=(person.id,))
            self.before[name] = _S.NEW

    # --- reading ---------------------------------------------------------------------

    def stored(self, name: str) -> Account:
        """The account in the database."""
        with self.site.database.reading() as tx:
            account = tx.accounts.get(self.known[name].account.id)
        assert account is not None
        return account

    def name_of(self, account_id: Any) -> str:
        """The model's name of an account."""
        return next(n for n, each in self.known.items() if each.account.id == account_id)

    def read_mails(self):
        """Have the worker send what is due, and take the links out."""
        deliver(self.site, self.mailer)
        for message in self.mailer.messages:
            found = LINK.search(message.get_content())
            if not found:
                continue
            with self.site.database.reading() as tx:
                token = tx.tokens.find(digest(found.group(2)))
            if token is None:
                continue
            name = self.name_of(token.account_id)
            for older in self.links:
                if (older.kind, older.account) == (token.purpose, name):
                    older.replaced = True
            self.links.append(
                Link(
                    kind=token.purpose,
                    secret=found.group(2),
                    account=name,
                    address=str(message["To"]),
                    expires_at=token.expires_at,
                    age=self.known[name].age,
                )
            )
        self.mailer.messages.clear()

    def viewer(self, data, purpose, names=None):
        """Somebody in a session of a purpose: one still alive, or who signs in for it."""
        names = names or sorted(self.known)
        alive = [
            (viewer, name)
            for secret, name in self.sessions
            if name in names
            and (viewer := resume(self.site, secret)) is not None
            and viewer.session.purpose is purpose
        ]
        if alive and data.draw(st.booleans()):
            return data.draw(st.sampled_from(alive))
        wanted = {
            SessionPurpose.FULL: {_S.ACTIVE},
            SessionPurpose.FIRST_LOGIN: {_S.ISSUED, _S.CLAIMED},
        }.get(purpose, set())
        able = [name for name in names if self.known[name].state in wanted]
        if not able:
            return data.draw(st.sampled_from(alive)) if alive else (None, None)
        name = data.draw(st.sampled_from(able))
        known = self.known[name]
        secret = known.password or known.letter.code
        if not self.opens(known, secret):
            return None, None
        self.sources += 1
        login, source = known.account.login_name, f"v{self.sources}"
        self.sessions.append((sign_in(self.site, login, secret, source=source).secret, name))
        return resume(self.site, self.sessions[-1][0]), name

    def sees(self, name: str) -> set[Any]:
        """The students that an account has a right to see now."""
        known = self.known[name]
        if known.account.audience is Audience.STUDENT:
            return set(known.holders)
        today = self.site.academie.today(self.clock.now())
        return {
            student
            for (adult, student), (level, first, end) in self.ties.items()
            if adult in known.holders
            and level <= Level.IN_CHARGE
            and (first is None or first <= today)
            and (end is None or today < end)
        }

    def aged(self, name: str, *, state: AccountState | None = None):
        """An event that kills the links of an account, and perhaps changes its state."""
        self.known[name].age += 1
        if state is not None:
            self.known[name].state = state

    # --- time, schools and families -----------------------------------------------------

    @rule(delay=st.sampled_from(DELAYS))
    def wait(self, delay):
        """Time goes by, without the daily run."""
        if self.clock.now() < datetime(2031, 1, 1, tzinfo=self.clock.now().tzinfo):
            self.clock.advance(delay)

    @rule(data=st.data())
    def change_link(self, data):
        """A school's file ends a link, or brings it back."""
        adult, student = data.draw(st.sampled_from(sorted(self.ties)))
        tie = self.ties[adult, student]
        tie[2] = self.site.academie.today(self.clock.now()) if tie[2] is None else None
        with self.site.database.writing() as tx:
            tx.connection.execute(
                update(t.responsibilities)
                .where(
                    t.responsibilities.c.adult_id == adult,
                    t.responsibilities.c.student_id == student,
                )
                .values(until_on=tie[2])
            )

    @rule(data=st.data())
    def change_school(self, data):
        """A student moves to the other school of the académie: accounts and rights stay (F40)."""
        student = data.draw(st.sampled_from(self.students))
        with self.site.database.writing() as tx:
            s = t.schoolings.c
            uais = tx.connection.scalars(select(s.uai).where(s.student_id == student.id)).all()
            there = LYCEE.code if COLLEGE.code in uais else COLLEGE.code
            if LYCEE.code not in uais or COLLEGE.code not in uais:
                tx.connection.execute(
                    update(t.schoolings).where(s.student_id == student.id).values(uai=there)
                )

    @rule(data=st.data())
    def issue(self, data):
        """A school hands out a letter; what opened the account before is dead (F17)."""
        self.hand_letter(data.draw(st.sampled_from(sorted(self.known))))

    def hand_letter(self, name):
        """One letter to one account, if it is any school's to give."""
        known, now = self.known[name], self.clock.now()
        year, today = self.site.school_year(), self.site.academie.today(now)
        for uai in (COLLEGE, LYCEE):
            with self.site.database.reading() as tx:
                school = tx.roster.establishment(uai)
                found = tx.letters.candidates(uai, year, today)
            mine = [each for each in found if each.account.id == known.account.id]
            if not mine:
                continue
            (letter,) = issue_letters(self.site, LetterPlan(school, tuple(mine)))
            if known.letter is not None:
                known.letter.dead = True
            with self.site.database.reading() as tx:
                stored = tx.letters.latest(known.account.id)
            known.letter = Letter(letter.code, stored.expires_at)
            known.password = None
            self.codes.append((name, letter.code))
            self.aged(name, state=_S.ISSUED)
            return

    @rule(delay=st.sampled_from([timedelta(0), *DELAYS]))
    def run(self, delay):
        """The daily run, after a while: nobody early, nobody late (F31, F32)."""
        self.wait(delay)
        now = self.clock.now()
        before = {name: self.stored(name) for name in self.known}
        run_lifecycle(self.site, force=True)
        for name, known in self.known.items():
            was, after = before[name], self.stored(name)
            end = self.end_of(known, was)
            address = was.email or (was.pending_email if was.state is _S.CLAIMED else None)
            warnable = address is not None and was.state is not _S.GROUPED
            if after.state is _S.CLOSED and was.state is not _S.CLOSED:
                assert end is not None, f"{name} had no reason to close"
                assert now >= end, f"{name} closed early"
                if warnable:
                    assert was.warned_at is not None, f"{name} closed without a warning"
                    assert now - was.warned_at >= timedelta(days=7), f"{name} had no time"
                assert (after.password_hash, after.email, after.pending_email) == (None,) * 3
                known.password = None
                known.letter = None
                self.aged(name, state=_S.CLOSED)
                continue
            if end is not None and now >= end + timedelta(days=1):
                # Only a run that came late may keep it: its last warning is not a week old.
                last = was.warned_at
                waits = last is None or last < end - timedelta(days=9)
                waits = waits or now - last < timedelta(days=8)
                assert warnable, f"{name} is kept late"
                assert waits, f"{name} is kept late"

    def end_of(self, known, was):
        """When an account has no reason to stay: counted apart from the rule, in local days."""
        zone = self.site.academie.zone

        def after(start, days):
            day = start.astimezone(zone).date() + timedelta(days=days + 1)
            return datetime(day.year, day.month, day.day, tzinfo=zone)

        match was.state:
            case _S.ISSUED:
                return max(after(was.issued_at, 90), known.letter.expires_at)
            case _S.CLAIMED:
                return after(was.claimed_at, 90)
            case _S.ACTIVE | _S.LOCKED:
                return after(was.last_used_at or was.claimed_at, 365)
            case _S.GROUPED:
                return next(
                    each.until_at for each in reversed(self.groupings) if each.other_id == was.id
                )
        return None

    # --- the ways in ----------------------------------------------------------------------

    @rule(data=st.data())
    def enter(self, data):
        """Try a password, a letter of any age, or nonsense; only what is good opens."""
        # Half of the tries are made by who has something that opens.
        able = [n for n, k in self.known.items() if any(self.opens(k, s) for s in self.own(k))]
        is_able = bool(able) and data.draw(st.booleans())
        name = data.draw(st.sampled_from(sorted(able if is_able else self.known)))
        known = self.known[name]
        tries = ["n’importe quoi", *(code for who, code in self.codes if who == name)]
        tries += [each.password for each in self.known.values() if each.password]
        secret = data.draw(st.sampled_from(self.own(known) if is_able else tries))
        self.sources += 1
        try:
            done = sign_in(self.site, known.account.login_name, secret, source=f"s{self.sources}")
        except RefusedError:
            assert not self.opens(known, secret), f"{name} is refused by {known.state}"
            return
        assert self.opens(known, secret), f"{name} enters while {known.state}"
        self.sessions.append((done.secret, name))
        type(self).entered += 1
        expected = {_S.ACTIVE: SessionPurpose.FULL}.get(known.state, SessionPurpose.FIRST_LOGIN)
        assert done.session.purpose is expected

    def own(self, known):
        """The latest secrets of an account's owner."""
        return [each for each in (known.password, known.letter and known.letter.code) if each]

    def opens(self, known, secret):
        """Whether a secret opens an account now."""
        letter, now = known.letter, self.clock.now()
        if known.state is _S.ISSUED:
            good = letter is not None and not letter.dead and now < letter.expires_at
            return good and read_letter_code(secret) == read_letter_code(letter.code)
        return known.state in {_S.ACTIVE, _S.CLAIMED} and secret == known.password

    @rule(data=st.data())
    def settle_in(self, data):
        """Somebody goes through the whole first login, as most people do, and stays signed in."""
        able = [n for n, k in self.known.items() if k.state is not _S.ACTIVE and k.holders]
        if not able:
            return
        name = data.draw(st.sampled_from(sorted(able)))
        known = self.known[name]
        self.hand_letter(name)
        # No school may have one to give, and the one of before may be too old.
        if known.letter is None or not self.opens(known, known.letter.code):
            return
        self.sources += 1
        login, source = known.account.login_name, f"s{self.sources}"
        first = sign_in(self.site, login, known.letter.code, source=source)
        password = self.new_password()
        viewer = resume(self.site, first.secret)
        done = claiming.choose_password(self.site, viewer, password)
        known.password, known.letter.dead = password, True
        complete = viewer.account.email is not None
        self.aged(name, state=_S.ACTIVE if complete else _S.CLAIMED)
        if not complete:
            viewer = resume(self.site, done.secret)
            done = claiming.give_email(self.site, viewer, f"{name}@example.org")
            student = viewer.account.audience is Audience.STUDENT
            self.aged(name, state=_S.ACTIVE if student else None)
            self.read_mails()
            self.use(self.links[-1])
            self.links[-1].used = True
        self.sources += 1
        again = sign_in(self.site, login, password, source=f"s{self.sources}")
        self.sessions.append((again.secret, name))
        self.read_mails()

    def new_password(self):
        """One that nobody has had."""
        self.passwords += 1
        return f"quatre chats sur le toit {self.passwords}"

    @rule(data=st.data())
    def first_steps(self, data):
        """Whatever the first login asks next: a password, then an address."""
        viewer, name = self.viewer(data, SessionPurpose.FIRST_LOGIN)
        if viewer is None:
            return
        known = self.known[name]
        assert known.state is viewer.account.state
        if viewer.has_gone_further:
            done = claiming.go_on(self.site, viewer)
        elif viewer.account.state is _S.ISSUED:
            password = self.new_password()
            good = known.letter is not None and self.clock.now() < known.letter.expires_at
            try:
                done = claiming.choose_password(self.site, viewer, password)
            except RefusedError:
                assert not good
                return
            assert good
            known.password, known.letter.dead = password, True
            complete = viewer.account.email is not None
            self.aged(name, state=_S.ACTIVE if complete else _S.CLAIMED)
        elif data.draw(st.booleans()) and viewer.account.audience is Audience.STUDENT:
            done = claiming.skip_email(self.site, viewer)
            known.state = _S.ACTIVE
        else:
            address = data.draw(st.sampled_from(["un@example.org", "deux@example.org"]))
            done = claiming.give_email(self.site, viewer, address)
            student = viewer.account.audience is Audience.STUDENT
            self.aged(name, state=_S.ACTIVE if student else None)
        self.sessions.append((done.secret, name))
        self.read_mails()

    @precondition(lambda self: self.links)
    @rule(data=st.data())
    def follow(self, data):
        """Open any link ever mailed; only one that nothing has killed works, once."""
        link = data.draw(st.sampled_from(self.links))
        known = self.known[link.account]
        alive = (
            not link.used
            and not link.replaced
            and self.clock.now() < link.expires_at
            and (link.age == known.age or link.kind == "undo_email")
        )
        try:
            self.use(link)
        except (RefusedError, ConflictError, NotFoundError):
            assert not alive or link.kind == "undo_email", f"{link} should work"
            return
        assert alive, f"{link} should be dead"
        link.used = True
        self.read_mails()

    def use(self, link):
        """Do what a link is for."""
        known = self.known[link.account]
        match link.kind:
            case "confirm_email":
                claiming.confirm_email(self.site, link.secret, None)
                done = _S.ACTIVE if known.state is _S.CLAIMED else None
                self.aged(link.account, state=done)
                assert self.stored(link.account).email == link.address
            case "reset_password":
                opened = recovery.open_renewal(self.site, link.secret)
                self.sessions.append((opened.secret, link.account))
            case "undo_email":
                my_account.undo_email(self.site, link.secret)
                self.aged(link.account)
                assert self.stored(link.account).email == link.address
            case "undo_grouping":
                grouping.undo_by_link(self.site, link.secret)
                self.given_back(link.account)
            case kind:
                raise AssertionError(f"unknown link {kind}")

    @rule(data=st.data())
    def ask_reset(self, data):
        """« Mot de passe oublié »: a link leaves if there is an address, nothing else changes."""
        name = data.draw(st.sampled_from(sorted(self.known)))
        known, now = self.known[name], self.clock.now()
        if known.asked_at is not None and now - known.asked_at < timedelta(days=2):
            return
        known.asked_at = now
        had = len(self.links)
        self.sources += 1
        recovery.ask_reset(self.site, known.account.login_name, source=f"r{self.sources}")
        self.read_mails()
        usable = known.state in {_S.ACTIVE, _S.CLAIMED, _S.LOCKED}
        sent = [each for each in self.links[had:] if each.kind == "reset_password"]
        assert bool(sent) is (usable and self.stored(name).email is not None)

    @rule(data=st.data())
    def renew(self, data):
        """A session opened by a reset link can choose a password, and only that."""
        viewer, name = self.viewer(data, SessionPurpose.RENEWAL)
        if viewer is None:
            return
        password = self.new_password()
        done = recovery.renew_password(self.site, viewer, password)
        self.known[name].password = password
        self.aged(name)
        self.sessions.append((done.secret, name))
        self.read_mails()

    @rule(data=st.data(), what=st.sampled_from(["password", "address"]))
    def change(self, data, what):
        """« Mon compte »: the owner changes his password or asks for another address."""
        viewer, name = self.viewer(data, SessionPurpose.FULL)
        if viewer is None:
            return
        known = self.known[name]
        if what == "password":
            password = self.new_password()
            done = my_account.change_password(self.site, viewer, known.password, password)
            known.password = password
            self.sessions.append((done.secret, name))
        else:
            address = f"{name}{self.passwords}@example.org"
            if address == viewer.account.email:
                return
            my_account.change_email(self.site, viewer, known.password, address)
        self.aged(name)
        self.read_mails()

    # --- grouping -------------------------------------------------------------------------

    @rule(data=st.data())
    def group(self, data):
        """A guardian takes another account in: only his own, with both secrets (F18)."""
        # The one pair that may be grouped is tried more often than all others together.
        pair = ["mother", "again"]
        is_pair = data.draw(st.integers(0, 3)) > 0
        viewer, name = self.viewer(data, SessionPurpose.FULL, pair if is_pair else None)
        if viewer is None or not viewer.is_guardian:
            return
        target = data.draw(st.sampled_from(pair if is_pair else sorted(self.known)))
        other, mine = self.known[target], self.known[name]
        secrets = self.own(other)
        if not secrets:
            return
        secret = data.draw(st.sampled_from(secrets))
        self.sources += 1
        allowed = {target, name} == {"mother", "again"} and self.opens(other, secret)
        try:
            done = grouping.group(
                self.site,
                viewer,
                other.account.login_name,
                secret,
                mine.password,
                source=f"g{self.sources}",
            )
        except RefusedError:
            assert not allowed
            return
        if any(each.id == done.id and each.undone_at is None for each in self.groupings):
            assert {target, name} == {"mother", "again"}
            return  # Asked twice: it stays as it was.
        assert allowed, f"{name} took {target}"
        assert set(done.person_ids) == set(other.holders)
        mine.holders, other.holders = (*mine.holders, *other.holders), ()
        if other.state is _S.ISSUED:
            other.letter.dead = True
        self.groupings.append(done)
        self.aged(target, state=_S.GROUPED)
        self.read_mails()

    @precondition(lambda self: self.groupings)
    @rule(data=st.data())
    def ungroup(self, data):
        """Undone within seven days, from the account that took."""
        takers = {self.name_of(each.account_id) for each in self.groupings}
        viewer, name = self.viewer(data, SessionPurpose.FULL, sorted(takers))
        mine = [each for each in self.groupings if viewer and each.account_id == viewer.account.id]
        if not mine:
            return
        chosen = data.draw(st.sampled_from(mine))
        target = self.name_of(chosen.other_id)
        may = self.clock.now() < chosen.until_at and chosen.undone_at is None
        try:
            grouping.undo(self.site, viewer, chosen.id)
        except RefusedError:
            assert not may or self.known[target].state is not _S.GROUPED
            return
        if chosen.undone_at is not None:
            return  # Asked twice: it stays as it was.
        assert may
        self.given_back(target)
        self.read_mails()

    def given_back(self, target):
        """The persons are back; the account works if it did, else a new letter is needed."""
        stored = self.stored(target)
        known = self.known[target]
        last = next(g for g in reversed(self.groupings) if g.other_id == known.account.id)
        self.groupings[self.groupings.index(last)] = evolve(last, undone_at=self.clock.now())
        taker = self.known[self.name_of(last.account_id)]
        taker.holders = tuple(each for each in taker.holders if each not in last.person_ids)
        known.holders = tuple(last.person_ids)
        works = known.password is not None and stored.email is not None
        if not works:
            known.password, known.letter = None, None
        self.aged(target, state=_S.ACTIVE if works else _S.CLOSED)

    # --- what always holds -------------------------------------------------------------------

    @invariant()
    def table_is_kept(self):
        """States are the model's, and each step follows the table."""
        for name, known in self.known.items():
            state = self.stored(name).state
            assert state is known.state, f"{name}: {state}, not {known.state}"
            assert state in REACHABLE[self.before[name]], (name, self.before[name], state)
            self.before[name] = state

    @invariant()
    def persons_are_held_once(self):
        """Every person is held by exactly the account of the model."""
        with self.site.database.reading() as tx:
            rows = tx.connection.execute(select(t.account_holders)).all()
        assert {(row.person_id, row.account_id) for row in rows} == {
            (person, known.account.id) for known in self.known.values() for person in known.holders
        }

    @invariant()
    def only_rights_show(self):
        """Each browser signed in sees the students of its rights at this instant, and no other."""
        kept = []
        for secret, name in self.sessions:
            viewer = resume(self.site, secret)
            if viewer is None:
                continue
            kept.append((secret, name))
            assert viewer.account.state is not _S.GROUPED
            if not viewer.is_family:
                continue
            allowed = self.sees(name)
            shown = {each.child.student.id for each in family_home(self.site, viewer)}
            assert shown == allowed, f"{name} sees {shown}"
            for student in self.students:
                if student.id not in allowed:
                    with pytest.raises(NotFoundError):
                        child_module(self.site, viewer.account, student.id, None)
        self.sessions = kept


@pytest.mark.faq("F31")
@pytest.mark.faq("F32")
@pytest.mark.faq("F40")
@pytest.mark.parametrize(("backend", "share"), [("sqlite", 0.5), ("postgresql", 0.1)])
def test_life_of_accounts(databases, backend, share):
    """Half as many lives as the profile has examples on SQLite, some on PostgreSQL."""
    machine = type("Life", (Life,), {"lend": staticmethod(lambda: databases.lent(backend))})
    profile = settings.get_current_profile_name()
    examples = max(5, int(settings.get_profile(profile).max_examples * share))
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=40)
    )
    assert machine.entered, "nobody ever signed in: these lives prove nothing"
