"""Real workers, two at once, killed in the middle of the letters of a school."""

from __future__ import annotations

import csv
import io
import signal
from collections import Counter
from random import Random
from uuid import UUID, uuid4

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.jobs import JobState
from teleservices_core.domain.staff import Role
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import COLLEGE, a_schooling, a_student
from teleservices_core.testing.workers import KILLS, Workers
from teleservices_core.testing.world import World
from teleservices_core.usecases.jobs import ask_job, fetch
from teleservices_core.usecases.working import _viewer

CLASSES, EACH = 10, 4


@pytest.fixture
def workers(tmp_path, databases, backend):
    """A school whose students have no letter yet."""
    with Workers.at(tmp_path, databases.make(backend)) as workers:
        world, year = World(workers.services), workers.services.site.school_year()
        world.establishment()
        for number in range(CLASSES * EACH):
            student = a_student(first_name="Zoé", last_name=f"N{number}")
            name = f"6 {number // EACH}"
            world.student(student, a_schooling(student.id, school_year=year, class_group=name))
            nothing = {"password_hash": None, "email": None}
            world.account(student, Audience.STUDENT, state=AccountState.NEW, **nothing)
        yield workers


@pytest.fixture
def me(workers):
    """The secretary."""

    class Asked:
        asked_by = World(workers.services).staff(Role.SCHOOL_OFFICE, COLLEGE).id

    return _viewer(workers.services.site, Asked)


def asked(workers: Workers, me, document: str) -> UUID:
    """The letters of the whole school; those of before are void."""
    input_ = {"which": "unused", "class_group": "", "audience": "", "document": document}
    site = workers.services.site
    return ask_job(
        site, me, "core.letters", COLLEGE, id_=uuid4(), about=COLLEGE.code, input_=input_
    ).id


def check(workers: Workers, me, id_: UUID, document: str) -> None:
    """Each account once in the document, with the code that opens it; each step once."""
    site = workers.services.site
    job, files = fetch(site, me, COLLEGE, id_)
    assert (job.state, job.done, job.total) == (JobState.DONE, CLASSES, CLASSES)
    assert job.said == {"issued": CLASSES * EACH, "left": 0}
    with workers.services.engine.connect() as connection:
        counted = select(t.letters.c.account_id, func.count()).group_by(t.letters.c.account_id)
        latest = dict(connection.execute(counted).all())
        logins = set(
            connection.scalars(
                select(t.accounts.c.login_name).where(t.accounts.c.audience == "student")
            )
        )
        steps = connection.scalar(
            select(func.count()).where(
                t.audit.c.action == "letters.issued", t.audit.c.at >= job.asked_at
            )
        )
    assert len(latest) == CLASSES * EACH
    assert steps == CLASSES
    if document == "pdf":
        pages = {
            name: PdfReader(io.BytesIO(b"".join(parts))).pages for name, parts in files.items()
        }
        assert {name: len(each) for name, each in pages.items()} == {
            f"6 {number}.pdf": EACH for number in range(CLASSES)
        }
        texts = [page.extract_text() for each in pages.values() for page in each]
        assert all(sum(f" {login}" in f" {text}" for text in texts) for login in logins)
        return
    ((_name, parts),) = files.items()
    lines = list(csv.DictReader(io.StringIO(b"".join(parts).decode("utf-8-sig")), delimiter=";"))
    assert Counter(each["Identifiant"] for each in lines) == Counter(logins)
    for line in lines:
        with site.database.reading() as tx:
            account = tx.accounts.by_login(line["Identifiant"])
            letter = tx.letters.latest(account.id)
        code, hashes = line["Mot de passe provisoire"], [letter.code_hash]
        assert site.hasher.check(code, password_hash=None, letter_hashes=hashes).letter


@pytest.mark.timeout(120 + 30 * KILLS)
def test_killed(workers, me):
    """No letter that was issued is missing from the document, and none is there twice.

    Whoever has the job is killed, taken for dead by the other, or told to end; that takes
    seconds, and the next goes on at once, without waiting for a lease to run out.
    """
    drawn = Random()
    for trial in range(KILLS):
        document = ("csv", "pdf")[trial % 2]
        id_ = asked(workers, me, document)
        workers.start()
        workers.start()
        for _alive in range(2):
            workers.wait_beyond(id_, workers.job(id_).done + drawn.randint(0, 1))
            workers.let_leases_run_out()
        workers.kill_beyond(id_, workers.job(id_).done + drawn.randint(0, 1))
        workers.let_leases_run_out()
        workers.start()
        seconds = workers.kill_beyond(id_, workers.job(id_).done + 1, signal.SIGTERM)
        assert seconds < 10
        assert workers.job(id_).leased_until is None
        workers.start()
        workers.wait_for_end(id_)
        workers.kill_beyond(id_, 0)
        check(workers, me, id_, document)
