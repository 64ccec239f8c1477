"""Failed attempts: counted in one place, before the hash, by device and by source."""

from __future__ import annotations

import ast
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from ipaddress import IPv6Address
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import teleservices_core
from teleservices_core.app import Teleservices
from teleservices_core.doctor import examine
from teleservices_core.domain import throttling
from teleservices_core.domain.accounts import Account, AccountState, Audience, Device
from teleservices_core.domain.staff import Role
from teleservices_core.domain.throttling import FORGET_AFTER, source_of
from teleservices_core.errors import RefusedError
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.ports import Check, Throttle
from teleservices_core.ports.academy import AuditSearch
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.clock import A_TUESDAY, FixedClock
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.recovery import ask_reset, open_renewal, renew_password
from teleservices_core.usecases.signing_in import resume, sign_in
from teleservices_core.usecases.throttling import device_digest, prove

SOMEBODY = UUID(int=7)
SOURCES = Path(teleservices_core.__file__).parent
DAY = timedelta(days=1)


@pytest.fixture
def mother(services):
    """An active account with a confirmed address."""
    return World(services).account(an_adult(), Audience.GUARDIAN, email="anne@example.org")


@pytest.fixture
def hashes(monkeypatch):
    """Every comparison of a secret with a hash, as it is made."""
    seen = []
    honest = Argon2Hasher._matches

    def counting(self, hasher, digest, secret):
        seen.append(digest)
        return honest(self, hasher, digest, secret)

    monkeypatch.setattr(Argon2Hasher, "_matches", counting)
    return seen


def attempt(services, login_name, secret="faux", source="1.2.3.4", **more):
    """The code of the refusal, or None when it opens a session."""
    try:
        sign_in(services.site, login_name, secret, source=source, **more)
    except RefusedError as refused:
        return refused.code
    return None


def test_secrets_are_compared_in_one_place():
    """No other module calls the hasher's comparison, whatever the way in."""
    users = set()
    for file in [*SOURCES.rglob("*.py"), *(SOURCES.parents[1] / "plugins").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "check":
                users |= {file.name for each in ast.walk(node.value) if _is_hasher(each)}
    assert users == {"throttling.py"}


def _is_hasher(node):
    return "hasher" in {getattr(node, "attr", ""), getattr(node, "id", "")}


# -- the bounds, proved on counters in memory ------------------------------------------


class Memory:
    """The counters as the port describes them."""

    def __init__(self):
        self.rows = {}

    def get(self, key):
        failures, _last_at, until = self.rows.get(key, (0, None, None))
        return Throttle(failures, until)

    def count(self, key, at, forget_before, account_id=None):
        failures, last_at, until = self.rows.get(key, (0, at, None))
        if until is not None and at < until:
            return None
        failures = 1 if last_at <= forget_before else failures + 1
        self.rows[key] = (failures, at, None)
        return failures

    def block(self, key, until):
        self.rows[key] = (*self.rows[key][:2], until)

    def take_back(self, key):
        failures, last_at, _until = self.rows.get(key, (0, None, None))
        if failures:
            self.rows[key] = (failures - 1, last_at, None)

    def clear(self, key):
        self.rows.pop(key, None)


class Guesses:
    """An account under attack: who knows it, and when a guess was really compared."""

    def __init__(self):
        self.clock, self.memory = FixedClock(), Memory()
        self.compared = defaultdict(list)
        self.account = Account(
            id=SOMEBODY,
            audience=Audience.GUARDIAN,
            login_name="anne.martin",
            state=AccountState.ACTIVE,
            holder_ids=(),
        )
        devices = [Device(SOMEBODY, device_digest("known", SOMEBODY), "", A_TUESDAY, A_TUESDAY)]
        self._tx = SimpleNamespace(
            accounts=SimpleNamespace(by_login=lambda _name: self.account),
            letters=SimpleNamespace(of_account=lambda _id: []),
            devices=SimpleNamespace(of_account=lambda _id: devices),
            throttles=self.memory,
        )
        self.database = SimpleNamespace(reading=self._transaction, writing=self._transaction)
        self.hasher = SimpleNamespace(check=self._check, turn=nullcontext)
        self.settings = make_settings("sqlite://")

    @contextmanager
    def _transaction(self):
        kept = dict(self.memory.rows)
        try:
            yield self._tx
        except RefusedError:
            self.memory.rows = kept
            raise

    def _check(self, _secret, **_hashes):
        self.compared[self.trying].append(self.now())
        return Check(password=False, letter=None)

    def now(self):
        return self.clock.now()

    def guess(self, source, device=""):
        """One guess; until when it must wait, or None when it was compared."""
        self.trying = (source, device)
        try:
            prove(self, "anne.martin", "faux", source=source, device=device)
        except RefusedError as refused:
            return refused.detail.get("until")

    def strangers(self):
        """Every guess compared from a source that the account does not know, in order."""
        return sorted(
            at for (_source, device), times in self.compared.items() if not device for at in times
        )


def most_in_a_day(times):
    """The most instants that any stretch of 24 hours holds."""
    return max((sum(start <= each < start + DAY for each in times) for start in times), default=0)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["", "", "", "known", "stolen elsewhere"]),
        st.sampled_from([0, 0, 0, 1, 2, 7, 60, 119, 121, 600, 1439, 1440, 1441]),
    ),
    max_size=250,
)


@given(STEPS)
def test_bounds_whatever_the_pace(steps):
    """Any stretch of 24 hours: 25 guesses from one source or known device, 100 by strangers."""
    game = Guesses()
    for source, device, minutes in steps:
        game.guess(f"192.0.2.{source}", device)
        game.clock.advance(minutes=minutes)
    by_counter = defaultdict(list)
    for (source, device), times in game.compared.items():
        by_counter["known" if device == "known" else source] += times
    assert all(most_in_a_day(sorted(times)) <= 25 for times in by_counter.values())
    assert most_in_a_day(game.strangers()) <= 100


@pytest.mark.parametrize("sources", [1, 2, 4, 5, 30, 150])
def test_bounds_for_who_never_lets_a_chance_pass(sources):
    """Who tries from every source as soon as allowed, for three days, gets no more."""
    game = Guesses()
    end = game.now() + 3 * DAY
    while game.now() < end:
        waits = [game.guess(f"192.0.2.{n}") for n in range(sources)]
        if all(waits):
            game.clock.set(min(waits))
    assert most_in_a_day(game.strangers()) <= min(100, 25 * sources)
    assert most_in_a_day(game.strangers()) >= min(100, 20 * sources), "the attack is a real one"
    assert game.guess("192.0.2.1", "known") is None, "the family's device never waited"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["count", "block", "take_back", "clear"]),
            st.sampled_from("ab"),
            st.sampled_from([0, 1, 30, 24 * 60 - 1, 24 * 60, 24 * 60 + 1]),
        ),
        max_size=20,
    )
)
def test_memory_and_database_agree(services, acts):
    """The counters that the bounds are proved on are those of the database."""
    memory, at = Memory(), A_TUESDAY
    with services.site.database.writing() as tx:
        for key in "ab":
            tx.throttles.clear(key)
    for act, key, minutes in acts:
        at += timedelta(minutes=minutes)
        if act == "block" and key not in memory.rows:
            continue
        given_ = {
            "count": (key, at, at - FORGET_AFTER),
            "block": (key, at + timedelta(minutes=30)),
        }.get(act, (key,))
        with services.site.database.writing() as tx:
            assert getattr(tx.throttles, act)(*given_) == getattr(memory, act)(*given_)
            assert {k: tx.throttles.get(k) for k in "ab"} == {k: memory.get(k) for k in "ab"}


# -- on real databases -----------------------------------------------------------------


@pytest.mark.parametrize("backend", ["postgresql"])
def test_parallel_guesses_do_not_slip_through(services, mother, hashes):
    """Of a hundred at once, five reach the hash, and the counter says five."""
    barrier = Barrier(100)

    def guess(number):
        barrier.wait()
        return attempt(services, mother.login_name, f"essai numéro {number}")

    with ThreadPoolExecutor(100) as pool:
        codes = list(pool.map(guess, range(100)))
    assert codes.count("wrong_credentials") == 5
    assert codes.count("throttled") == 95
    assert len(hashes) == 5 * 3
    with services.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT failures FROM core_throttles").scalars()
        assert list(found) == [5] * 4, (
            "this source at this account, the account, the source, the site"
        )
    assert attempt(services, mother.login_name, PASSWORD) == "throttled"
    services.site.clock.advance(minutes=1)
    assert attempt(services, mother.login_name, PASSWORD) is None


@pytest.mark.faq("F34")
def test_a_stranger_does_not_shut_a_parent_out(services, mother):
    """After a hundred failures strangers wait; the family's tablet and the mailed link do not."""
    tablet = {"source": "home", "device_secret": "tablet"}
    assert attempt(services, mother.login_name, PASSWORD, **tablet) is None
    for number in range(120):
        attempt(services, mother.login_name, source=f"192.0.2.{number}")
    assert attempt(services, mother.login_name, PASSWORD, source="a new phone") == "throttled"
    assert attempt(services, mother.login_name, PASSWORD, **tablet) is None
    ask_reset(services.site, mother.login_name, source="a new phone")
    deliver(services.site, services.mailer)
    mail = services.mailer.messages()[0].get_content()
    secret = mail.split("/nouveau-mot-de-passe/")[1].split()[0]
    viewer = resume(services.site, open_renewal(services.site, secret).secret)
    renew_password(services.site, viewer, "quatre chats sur le toit")
    assert (
        attempt(services, mother.login_name, "quatre chats sur le toit", source="a new phone")
        is None
    )


def test_a_success_clears_its_own_mistakes_only(services, mother):
    """The parent's sign-in does not give a stranger new tries, nor the reverse."""
    for _n in range(5):
        attempt(services, mother.login_name, source="thief")
        attempt(services, mother.login_name, source="home")
    services.site.clock.advance(minutes=1)
    assert attempt(services, mother.login_name, PASSWORD, source="home") is None
    assert attempt(services, mother.login_name, source="thief") == "wrong_credentials"
    assert attempt(services, mother.login_name, source="thief") == "throttled"
    assert attempt(services, mother.login_name, source="home") == "wrong_credentials"


def test_counters_outlive_the_process(services, mother):
    """Another process, or the same after a restart, goes on counting where this one was."""
    other = Teleservices(
        services.settings,
        engine=services.engine,
        clock=services.site.clock,
        hasher=Argon2Hasher.cheapest(),
    )
    codes = [attempt([services, other][n % 2], mother.login_name) for n in range(6)]
    assert codes == ["wrong_credentials"] * 5 + ["throttled"]


def test_a_school_shares_one_source(services, mother, monkeypatch):
    """Any number may sign in from one address; many failures there wait a minute at a time."""
    assert [bool(throttling.wait_of_source(n)) for n in (299, 300)] == [False, True]
    monkeypatch.setattr(throttling, "SOURCE_FAILURES", 30)
    tablet = {"source": "school", "device_secret": "tablet"}
    assert attempt(services, mother.login_name, PASSWORD, **tablet) is None
    pupil = World(services).account(an_adult(first_name="Zoé"), Audience.STUDENT, email=None)
    for _n in range(35):
        assert attempt(services, pupil.login_name, PASSWORD, source="school") is None
    for number in range(30):
        assert attempt(services, f"eleve.{number}", source="school") == "wrong_credentials"
    assert attempt(services, mother.login_name, PASSWORD, source="school") == "throttled"
    assert attempt(services, mother.login_name, PASSWORD, **tablet) is None
    assert attempt(services, mother.login_name, PASSWORD, source="elsewhere") is None
    services.site.clock.advance(minutes=1)
    assert attempt(services, mother.login_name, PASSWORD, source="school") is None


def test_a_letter_is_counted_like_a_password(services):
    """Provisional passwords share the counters: five tries, then the wait."""
    fresh = {"state": AccountState.NEW, "password_hash": None, "email": None}
    account = World(services).account(an_adult(), Audience.GUARDIAN, **fresh)
    codes = [attempt(services, account.login_name, "ABCD-EFGH-JKLM") for _n in range(7)]
    assert codes == ["wrong_credentials"] * 5 + ["throttled"] * 2


# -- sources, and the site as a whole ---------------------------------------------------


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_a_subscriber_is_one_source(address, inside):
    """All the addresses of a /64 are one; another /64 is another."""
    if address.ipv4_mapped is not None:
        return
    prefix = int(address) >> 64
    neighbour = IPv6Address((prefix << 64) | inside)
    beyond = IPv6Address(((prefix ^ 1) << 64) | inside)
    if neighbour.ipv4_mapped is None:
        assert source_of(str(neighbour)) == source_of(str(address))
    assert source_of(str(beyond)) != source_of(str(address))


@given(st.ip_addresses(v=4))
def test_an_address_of_four_bytes(address):
    """Each is a source, however it is dressed."""
    assert source_of(str(address)) == source_of(f"::ffff:{address}") == str(address)


@pytest.mark.parametrize("odd", ["", "unix:", "fe80::1%eth0", "x" * 50])
def test_what_is_no_address(odd):
    """It is counted as it is."""
    assert source_of(odd) in {odd, "fe80::/64"}


def test_names_tried_from_one_subscriber(services, monkeypatch):
    """Three hundred names from as many addresses of a /64 are slowed down as from one."""
    monkeypatch.setattr(throttling, "SOURCE_FAILURES", 12)
    answers = []
    for n in range(14):
        browser = Browser(services)
        fields = {"REMOTE_ADDR": f"2001:db8:1:2::{n:x}"}
        browser.get("/connexion")
        data = {**browser.forms()[0][1], "login_name": f"nom.{n}", "password": "faux"}
        page = browser.client.post(
            "/connexion", base_url="http://localhost", data=data, environ_overrides=fields
        )
        answers.append("Trop d’essais" in page.text)
    assert answers == [False] * 12 + [True] * 2


@pytest.fixture
def watched(services, clock):
    """The same site, where twenty failures are many."""
    settings = evolve(services.settings, many_failures=20)
    return Teleservices(
        settings, engine=services.engine, clock=clock, hasher=Argon2Hasher.cheapest()
    )


def test_the_whole_site_is_watched(watched, mother, clock, caplog):
    """People are told once, in the log, by doctor and on the académie's page; nobody waits."""
    services = watched

    def alerts():
        with services.site.database.reading() as tx:
            return tx.audit.search(AuditSearch(actions=("site.many_failures",)), 9)

    for n in range(19):
        assert attempt(services, f"nom.{n}", source=f"10.0.0.{n}") == "wrong_credentials"
    # Successes are no failures.
    assert attempt(services, mother.login_name, PASSWORD, source="home") is None
    assert len(alerts()) <= 1
    for n in range(10):
        assert attempt(services, f"autre.{n}", source=f"10.0.1.{n}") == "wrong_credentials"
    assert len(alerts()) == 1
    assert caplog.text.count("sign-ins have failed") == 1
    assert attempt(services, mother.login_name, PASSWORD, source="elsewhere") is None
    assert "many_failures" in {each.check for each in examine(services)}
    browser = Browser(services)
    office = World(services).staff(Role.ACADEMY_ADMIN)
    browser.sign_in(office.login_name, PASSWORD)
    page = browser.get("/academie/").text
    assert "20 connexions au moins ont échoué en cinq minutes" in page
    assert "quelqu’un essaie peut-être" in page
    clock.advance(days=2)
    assert "many_failures" not in {each.check for each in examine(services)}


@pytest.mark.parametrize("backend", ["postgresql"])
def test_the_site_is_told_once(watched):
    """However many fail at the same instant."""
    services = watched
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: attempt(services, f"nom.{n}", source=f"10.0.0.{n}"), range(40)))
    with services.site.database.reading() as tx:
        found = tx.audit.search(AuditSearch(actions=("site.many_failures",)), 9)
    assert [(each.actor, each.detail["number"]) for each in found] == [("Téléservices", 20)]
