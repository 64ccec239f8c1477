"""Long works: asked once, done once at a time, in steps, whatever dies meanwhile."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from uuid6 import uuid7

from teleservices_core.contributions import JobKind
from teleservices_core.domain.jobs import LEASE, LISTED, MOST_TRIES, JobState, left_alone
from teleservices_core.domain.staff import Role
from teleservices_core.errors import ConflictError, NotAllowedError, NotFoundError
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.world import World
from teleservices_core.usecases.core_data import CORE_DATA
from teleservices_core.usecases.exporting import scope_of
from teleservices_core.usecases.jobs import ask_job, fetch, resume_job, see_job, stop_job
from teleservices_core.usecases.lifecycle import run_lifecycle
from teleservices_core.usecases.rights import require_school
from teleservices_core.usecases.working import Working, _viewer, tend, work_once

STEPS = 4


class KilledError(BaseException):
    """As SIGKILL: nothing after it runs."""


class Work:
    """A job of some steps, that can be killed before or after each is committed."""

    def __init__(self):
        self.kill_at = None
        self.runs = []

    def __call__(self, work):
        self.runs.append(work.job.done)
        for number in range(work.job.done, STEPS):
            if work.is_stopping():
                break
            self.die((number, "before"))
            with work.writing() as tx:
                work.keep(tx, "file.csv", b"%d" % number)
                work.advance(tx, number + 1, STEPS, {"at": number})
                self.die((number, "inside"))
            self.die((number, "after"))
        return {"done": work.job.done}

    def die(self, at):
        if self.kill_at == at:
            self.kill_at = None
            raise KilledError


@pytest.fixture
def work(services, monkeypatch):
    """A kind of job, declared."""
    done = Work()
    kind = JobKind("core.tried", lambda: "Essai", done, require_school)
    monkeypatch.setitem(services.site.catalogue.jobs, "core.tried", kind)
    return done


@pytest.fixture
def world(services):
    """A school."""
    world = World(services)
    world.establishment()
    return world


@pytest.fixture
def me(services, world):
    """Its secretary."""
    return viewer(services, world.staff(Role.SCHOOL_OFFICE, COLLEGE))


def viewer(services, account):
    """As the worker sees who has asked."""

    class Asked:
        asked_by = account.id

    return _viewer(services.site, Asked)


def ask(services, me, **others):
    """Ask for it."""
    asked = {"id_": uuid7(), "about": "it", "input_": {}, **others}
    return ask_job(services.site, me, "core.tried", COLLEGE, **asked)


def test_asked_twice(services, me, work):
    """The same form, or another about the same, finds the job that is open; later, a new one."""
    first = ask(services, me)
    assert ask(services, me, id_=first.id).id == first.id
    assert ask(services, me).id == first.id
    work_once(services.site)
    assert ask(services, me, id_=first.id).id == first.id
    assert ask(services, me).id != first.id


def test_of_somebody_else(services, world, me, work):
    """Neither seen, nor stopped, nor fetched, nor joined."""
    job = ask(services, me)
    other = viewer(services, world.staff(Role.HEAD, COLLEGE))
    for act in (see_job, stop_job, fetch):
        with pytest.raises(NotFoundError):
            act(services.site, other, COLLEGE, job.id)
    with pytest.raises(ConflictError):
        ask(services, other)
    with pytest.raises(ConflictError):
        ask(services, other, id_=job.id, about="else")


def test_result(services, me, work):
    """Fetched once it is over, encrypted meanwhile, erased after its time."""
    job = ask(services, me)
    with pytest.raises(NotFoundError):
        fetch(services.site, me, COLLEGE, job.id)
    work_once(services.site)
    _job, files = fetch(services.site, me, COLLEGE, job.id)
    assert {name: b"".join(parts) for name, parts in files.items()} == {"file.csv": b"0123"}
    with services.site.database.reading() as tx:
        stored = tx.jobs.part(job.id, 0)
        assert stored != b"0"
        actions = {entry.action for entry in tx.audit.latest(10)}
    assert {"job.asked", "job.done", "job.fetched"} <= actions
    services.site.clock.advance(days=services.settings.durations.result_days, seconds=1)
    tend(services.site)
    with pytest.raises(NotFoundError):
        fetch(services.site, me, COLLEGE, job.id)


def test_stopped(services, me, work):
    """After the step under way; what was done stays."""
    job = ask(services, me)
    work.die = lambda at: at == (1, "before") and stop_job(services.site, me, COLLEGE, job.id)
    work_once(services.site)
    seen = see_job(services.site, me, COLLEGE, job.id)
    assert (seen.job.state, seen.job.done, seen.files) == (JobState.STOPPED, 2, ("file.csv",))
    with pytest.raises(ConflictError):
        stop_job(services.site, me, COLLEGE, job.id)


def test_the_worker_is_to_end(services, me, work):
    """The job waits for the next, which goes on; that was no failed try."""
    job = ask(services, me)
    ends = iter([False, True])
    work_once(services.site, lambda: next(ends))
    found = see_job(services.site, me, COLLEGE, job.id).job
    assert (found.state.is_open, found.done, found.tries) == (True, 1, 0)
    work_once(services.site)
    assert work.runs == [0, 1]


def test_rights_lost_meanwhile(services, me, work, monkeypatch):
    """Each step asks again: nothing more is done, and the job says why."""
    job = ask(services, me)

    def refuse(*_args):
        raise NotAllowedError("no more")

    kind = services.site.catalogue.jobs["core.tried"]
    lost = evolve(kind, require=refuse)
    monkeypatch.setitem(services.site.catalogue.jobs, "core.tried", lost)
    work_once(services.site)
    monkeypatch.setitem(services.site.catalogue.jobs, "core.tried", kind)
    found = see_job(services.site, me, COLLEGE, job.id).job
    assert (found.state, found.done) == (JobState.REFUSED, 0)


def test_a_fault_each_time(services, me, work):
    """So many tries, then it has failed, in words; the next job is done meanwhile."""
    job = ask(services, me)
    other = ask(services, me, about="other")

    def broken(at):
        if at == (2, "before") and services.site.catalogue:
            raise ZeroDivisionError

    work.die = broken
    for _try in range(MOST_TRIES + 3):
        work_once(services.site)
        work_once(services.site)
        services.site.clock.advance(seconds=LEASE.total_seconds() + 1)
    for each in (job, other):
        found = see_job(services.site, me, COLLEGE, each.id).job
        assert (found.state, found.said["reason"]) == (JobState.FAILED, "tries")
    assert len(work.runs) == 2 * MOST_TRIES


def test_taken_for_dead(services, me, work):
    """A worker that wakes up after its lease writes nothing more."""
    job = ask(services, me)
    site = services.site
    with site.database.writing() as tx:
        taken = tx.jobs.claim(site.new_id(), site.now(), site.now() + LEASE)
    sleeper = Working(site, taken, me, site.catalogue.jobs["core.tried"], lambda: False)
    assert work_once(site) is None, "it is another's"
    services.site.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert work_once(site) is not None
    with pytest.raises(Exception, match="is another's"), sleeper.writing():
        pass
    assert see_job(site, me, COLLEGE, job.id).job.state is JobState.DONE


def test_no_worker(services, me, work):
    """The page knows, and since when."""
    job = ask(services, me)
    assert not see_job(services.site, me, COLLEGE, job.id).has_worker
    tend(services.site)
    assert see_job(services.site, me, COLLEGE, job.id).has_worker
    services.site.clock.advance(minutes=3)
    seen = see_job(services.site, me, COLLEGE, job.id)
    assert (seen.has_worker, seen.silent_since is not None) == (False, True)


def test_its_turn(services, me, work):
    """Behind another that is done, a job waits; alone for longer than a worker stays away, not."""
    site, every = services.site, services.settings.worker.every
    first, second = ask(services, me), ask(services, me, about="second")

    def alone():
        with site.database.reading() as tx:
            return [job.id for job in left_alone(tx.jobs.unfinished(), site.now(), every)]

    assert alone() == []
    site.clock.advance(minutes=2, seconds=1)
    assert alone() == [first.id, second.id]
    with site.database.writing() as tx:
        tx.jobs.claim(site.new_id(), site.now(), site.now() + LEASE)
    assert alone() == []
    site.clock.advance(minutes=2)
    assert alone() == [second.id], "who had the first may have died a moment ago"
    site.clock.advance(minutes=2, seconds=1)
    assert alone() == [first.id, second.id]
    assert left_alone([first], first.asked_at + LEASE, timedelta(hours=1)) == []


def test_a_worker_at_a_long_job_is_there(services, me, work):
    """It says so between two steps, and writes that twice a minute at most."""
    site, seen = services.site, []

    def slow(at):
        if at[1] == "after":
            site.clock.advance(seconds=50)
            seen.append(see_job(site, me, COLLEGE, job.id).has_worker)

    job, work.die = ask(services, me), slow
    work_once(site)
    assert seen == [True] * STEPS
    written = []
    event.listen(services.engine, "before_cursor_execute", lambda *a: written.append(a[2]))
    for _pass in range(20):
        tend(site)
        site.clock.advance(seconds=5)
    assert sum("core_heartbeats (" in each for each in written) == 3


def test_nothing_to_do(services, me, work):
    """Takes no lock: a worker that looks every few seconds holds nobody up."""
    begun = []
    event.listen(services.engine, "before_cursor_execute", lambda *a: begun.append(a[2]))
    assert work_once(services.site) is None
    assert all(each.startswith("SELECT EXISTS") for each in begun), begun


@pytest.mark.parametrize("ends", ["stopped", "failed"])
def test_taken_up_again(services, me, work, ends):
    """Where it was: what it had made is still there, and each step is done once."""
    site, job = services.site, ask(services, me)

    def end(at):
        if at == (2, "before") and ends == "stopped":
            stop_job(site, me, COLLEGE, job.id)
        elif at == (2, "before"):
            raise ZeroDivisionError

    usual, work.die = work.die, end
    for _try in range(MOST_TRIES):
        work_once(site)
        site.clock.advance(seconds=LEASE.total_seconds() + 1)
    work.die = usual
    seen = see_job(site, me, COLLEGE, job.id)
    assert (seen.job.state, seen.can_go_on) == (JobState(ends), True)
    other = ask(services, me)
    with pytest.raises(ConflictError):
        resume_job(site, me, COLLEGE, job.id)
    stop_job(site, me, COLLEGE, other.id)
    assert resume_job(site, me, COLLEGE, job.id).state is JobState.ASKED
    with pytest.raises(ConflictError):
        resume_job(site, me, COLLEGE, job.id)
    work_once(site)
    found, files = fetch(site, me, COLLEGE, job.id)
    assert (found.state, found.memo) == (JobState.DONE, {})
    assert b"".join(files["file.csv"]) == b"0123"
    with pytest.raises(ConflictError):
        resume_job(site, me, COLLEGE, job.id)


def test_kept_no_longer(services, me, work):
    """Though no worker runs: nothing is given any more, and the daily run erases it."""
    site = services.site
    done, stopped = ask(services, me), ask(services, me, about="other")
    work_once(site)
    stop_job(site, me, COLLEGE, stopped.id)
    site.clock.advance(days=services.settings.durations.result_days)
    with pytest.raises(NotFoundError):
        fetch(site, me, COLLEGE, done.id)
    assert see_job(site, me, COLLEGE, done.id).files == ()
    with pytest.raises(ConflictError):
        resume_job(site, me, COLLEGE, stopped.id)
    site.clock.advance(seconds=1)
    run = run_lifecycle(site)
    assert run.counts["jobs"] == STEPS
    with site.database.reading() as tx:
        assert tx.jobs.part(done.id, 0) is None
        assert len(tx.jobs.ended(10)) == 2
    site.clock.advance(days=LISTED.days)
    assert run_lifecycle(site).counts["jobs"] == 2


def test_in_the_copy_of_ones_data(services, me, work):
    """In words, and whole; what was made is not in it."""
    ask(services, me)
    site = services.site
    (heading,) = [each for each in CORE_DATA if each.id == "core.jobs"]
    with site.database.reading() as tx:
        given = heading.export(tx, scope_of(site, me.account, (), site.now()))
    ((told,),) = given.values()
    assert list(told.values()) == ["Essai", COLLEGE.code, site.now(), "en attente", None]


def test_whose_account_is_closed(services, me, work):
    """What was asked and made goes with it; a worker at it writes nothing more."""
    site, job = services.site, ask(services, me)
    ask(services, me, about="other")
    work_once(site)
    with site.database.writing() as tx:
        taken = tx.jobs.claim(site.new_id(), site.now(), site.now() + LEASE)
        tx.lifecycle.erase([me.account.id])
        assert tx.jobs.of_account(me.account.id) == []
        assert tx.jobs.part(job.id, 0) is None
    late = Working(site, taken, me, site.catalogue.jobs["core.tried"], lambda: False)
    with pytest.raises(Exception, match="is another's"), late.writing():
        pass


_WHERE = st.tuples(st.integers(0, STEPS - 1), st.sampled_from(["before", "inside", "after"]))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kills=st.lists(_WHERE, max_size=MOST_TRIES - 1), early=st.booleans())
def test_killed(services, me, work, kills, early):
    """Wherever it dies, each step is done once, in order, by one worker at a time."""
    job = ask(services, me, about=str(uuid4()))
    for kill in kills:
        work.kill_at = kill
        try:
            work_once(services.site)
        except KilledError:
            if early:
                assert work_once(services.site) is None, "its lease still runs"
            services.site.clock.advance(seconds=LEASE.total_seconds() + 1)
    work.kill_at = None
    work_once(services.site)
    found = see_job(services.site, me, COLLEGE, job.id).job
    assert (found.state, found.done) == (JobState.DONE, STEPS)
    _job, files = fetch(services.site, me, COLLEGE, job.id)
    assert b"".join(files["file.csv"]) == b"0123"


def test_after_a_restore(services, me, work):
    """What was asked before is not done, and what was made then is gone."""
    done = ask(services, me)
    work_once(services.site)
    ask(services, me)
    with services.site.database.writing() as tx:
        tx.restoring.end_everything(services.site.now())
    assert work_once(services.site) is None
    assert see_job(services.site, me, COLLEGE, done.id).files == ()
