"""Real workers, two at once, killed in the middle of a large marks file."""

from __future__ import annotations

import signal
from random import Random

import pytest
from sqlalchemy import text

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.jobs import JobState
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Ine
from teleservices_core.testing.builders import COLLEGE, a_schooling, a_student
from teleservices_core.testing.workers import KILLS, Workers
from teleservices_core.testing.world import World
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.working import _viewer
from teleservices_notes.exchange import COLUMNS
from teleservices_notes.exchange.marks import content_reader
from teleservices_notes.store import ClassMarks
from teleservices_notes.usecases.importing import BATCH
from teleservices_notes.usecases.upload_job import ask_import
from teleservices_notes.usecases.uploads import try_upload

PUPILS, STEPS = 50, 6
ASSESSMENTS = STEPS * BATCH // PUPILS
ROW = "6 B;MATHS;Maths;Mme Petit;DS {n};{day};20;1;non;;{ine};{mark};{day} 00:01"


@pytest.fixture
def workers(tmp_path, databases, backend):
    """A school where « Notes » is open."""
    with Workers.at(tmp_path, databases.make(backend)) as workers:
        world, site = World(workers.services), workers.services.site
        world.establishment()
        for number in range(PUPILS):
            student = a_student(ine=Ine.rnie(number))
            world.student(student, a_schooling(student.id, school_year=site.school_year()))
        scope = Scope.establishment(COLLEGE)
        set_opening(site, None, scope, "notes", Audience.GUARDIAN, Stance.OPEN)
        yield workers


@pytest.fixture
def me(workers):
    """The head."""

    class Asked:
        asked_by = World(workers.services).staff(Role.HEAD, COLLEGE).id

    return _viewer(workers.services.site, Asked)


def a_file(day, mark: int) -> bytes:
    """A mark of each pupil at each assessment."""
    rows = (
        ROW.format(n=n, ine=Ine.rnie(pupil), mark=mark, day=f"{day:%d/%m/%Y}")
        for n in range(ASSESSMENTS)
        for pupil in range(PUPILS)
    )
    return "\n".join((";".join(COLUMNS), *rows)).encode()


@pytest.mark.timeout(120 + 60 * KILLS)
def test_killed(workers, me):
    """Another goes on: each mark is recorded once, and the work says how many in all."""
    drawn, site, engine = Random(), workers.services.site, workers.services.engine
    reads = content_reader(site)
    day = site.academie.today(site.now())
    for trial in range(KILLS):
        with engine.begin() as connection:
            for table in ("marks", "assessments", "imports"):
                connection.exec_driver_sql(f"DELETE FROM notes_{table}")
        content = a_file(day, trial % 20)
        run = try_upload(site, me, COLLEGE, "notes.csv", content, reads, ClassMarks)
        id_ = ask_import(site, me, run).id
        workers.start()
        workers.start()
        workers.wait_beyond(id_, drawn.randint(0, 1))
        workers.let_leases_run_out()
        workers.kill_beyond(id_, workers.job(id_).done + drawn.randint(0, 1))
        workers.let_leases_run_out()
        workers.start()
        seconds = workers.kill_beyond(
            id_, workers.job(id_).done + drawn.randint(0, 1), signal.SIGTERM
        )
        assert seconds < 10
        workers.start()
        job = workers.wait_for_end(id_)
        workers.kill_beyond(id_, 0, signal.SIGKILL)
        assert (job.state, job.done, job.total) == (JobState.DONE, STEPS, STEPS)
        assert job.said == {"marks": PUPILS * ASSESSMENTS}
        with engine.connect() as connection:
            recorded = connection.scalar(text("SELECT count(*) FROM notes_marks"))
            states = connection.scalars(text("SELECT state FROM notes_imports")).all()
            waiting = connection.scalar(text("SELECT count(*) FROM notes_uploads"))
            corrected = "SELECT count(*) FROM notes_marks WHERE first_entered_at IS NOT NULL"
            assert connection.scalar(text(corrected)) == 0
        assert (recorded, states, waiting) == (PUPILS * ASSESSMENTS, ["done"], 0)
