"""Passwords are hashed behind a short queue; a full one says so, and nothing else waits for it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from teleservices_core.domain.accounts import Audience
from teleservices_core.errors import BusyError
from teleservices_core.queues import ShortQueue, cores_of_process, page_turn
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.signing_in import resume, sign_in

CHOSEN = "quatre chats sur le toit"


@contextmanager
def full(services):
    """Every place of the site's queue taken."""
    places, taken = services.site.hasher.queue._places, 0
    while places.acquire(blocking=False):
        taken += 1
    try:
        yield
    finally:
        places.release(taken)


@pytest.fixture
def mother(services):
    """An active account with a confirmed address."""
    return World(services).account(an_adult(), Audience.GUARDIAN, email="anne@example.org")


def test_one_hash_for_each_core_at_a_time():
    """Whoever comes meanwhile waits, and no more at once than there are cores."""
    queue, seen, inside = ShortQueue(cores=2, waiting=20, patience=10), [], threading.Semaphore(0)

    def hash_something(_number):
        with queue.turn():
            inside.release()
            seen.append(inside._value)
            threading.Event().wait(0.005)
            inside.acquire()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(hash_something, range(30)))
    assert max(seen) == 2


def test_a_full_queue_says_so_at_once():
    """Whoever finds every place taken is not kept."""
    queue = ShortQueue(cores=1, waiting=0, patience=60)
    with queue.turn(), pytest.raises(BusyError, match="as many"), queue.turn():
        pass
    with queue.turn():
        pass


def test_nobody_waits_longer_than_the_queue_allows():
    """A place is given back by whoever has waited in vain."""
    queue = ShortQueue(cores=1, waiting=1, patience=0.01)
    with queue.turn():
        for _ in range(3):
            with pytest.raises(BusyError, match=r"within 0\.01 s"), queue.turn():
                pass


def test_pages_are_made_while_somebody_waits_for_a_core():
    """The only turn to make pages is lent for the time of a hash, and comes back."""
    turns, queue = threading.Semaphore(1), ShortQueue(cores=1, waiting=1, patience=10)
    hashing, made = threading.Event(), threading.Event()

    def a_sign_in():
        with page_turn(turns), queue.turn():
            hashing.set()
            assert made.wait(10)

    with ThreadPoolExecutor(1) as pool:
        signing_in = pool.submit(a_sign_in)
        assert hashing.wait(10)
        with page_turn(turns):
            made.set()
        signing_in.result()
    assert turns.acquire(blocking=False)
    assert not turns.acquire(blocking=False)


def test_processes_share_the_cores(monkeypatch):
    """As many hashes as cores, however many processes there are; at least one each."""
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    alone = cores_of_process()
    monkeypatch.setenv("WEB_CONCURRENCY", str(alone))
    assert cores_of_process() == 1
    monkeypatch.setenv("WEB_CONCURRENCY", str(alone + 1))
    assert cores_of_process() == 1


def test_a_busy_sign_in_answers_the_same_to_all(services, mother):
    """503, words, when to come back: the same for an account that does not exist."""
    pages = []
    with full(services):
        for login_name in (mother.login_name, "anne.inconnue"):
            browser = Browser(services)
            page = browser.sign_in(login_name, "faux")
            assert page.status_code == 503
            assert page.headers["Retry-After"] == "5"
            assert "Attendez quelques secondes" in page.text
            shown = page.text.replace(login_name, "")
            pages.append(shown.replace(page.headers["X-Request-ID"], ""))
            assert browser.get("/aide").status_code == 200
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("address", "typed"),
    [
        ("/compte/mot-de-passe", {"current": PASSWORD, "password": CHOSEN, "again": CHOSEN}),
        ("/compte/courriel", {"current": PASSWORD, "email": "autre@example.org"}),
        ("/compte/enfants/regrouper", {"login_name": "x", "secret": "y", "current": PASSWORD}),
    ],
)
def test_every_entrance_waits_in_the_queue(services, mother, address, typed):
    """Whoever proves again who he is meets the same page, and finds nothing changed."""
    browser = Browser(services)
    browser.sign_in(mother.login_name, PASSWORD)
    browser.get(address)
    with full(services):
        assert browser.submit(address, **typed).status_code == 503
    browser.get(address)
    assert browser.submit(address, **typed).status_code in {200, 422}


def test_an_attempt_that_was_not_made_is_not_counted(services, mother):
    """Who met a full queue ten times has all his tries left."""
    with full(services):
        for _ in range(10):
            with pytest.raises(BusyError):
                sign_in(services.site, mother.login_name, "faux", source="1.2.3.4")
    done = sign_in(services.site, mother.login_name, PASSWORD, source="1.2.3.4")
    assert resume(services.site, done.secret) is not None
