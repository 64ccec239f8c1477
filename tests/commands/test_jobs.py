"""``teleservices jobs``: the works of the whole site, for who runs it."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from click.testing import CliRunner

from teleservices_core.commands.jobs import jobs
from teleservices_core.domain.jobs import LEASE, JobState
from teleservices_core.domain.staff import Role
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.world import World
from teleservices_core.usecases.jobs import ask_job
from teleservices_core.usecases.working import _viewer, tend, work_once


@pytest.fixture
def asked(services):
    """The letters of a school, where nobody has an account."""
    world = World(services)
    world.establishment()

    class Asked:
        asked_by = world.staff(Role.SCHOOL_OFFICE, COLLEGE).id

    me = _viewer(services.site, Asked)
    input_ = {"which": "never", "class_group": "", "audience": "", "document": "pdf"}

    def ask():
        id_ = uuid4()
        return ask_job(
            services.site, me, "core.letters", COLLEGE, id_=id_, about=COLLEGE.code, input_=input_
        )

    return ask


def run(services, *words, code=0):
    """What the command prints."""
    outcome = CliRunner().invoke(jobs, words, obj=lambda: services)
    assert outcome.exit_code == code, outcome.output
    return outcome.output.replace("\N{NO-BREAK SPACE}", " ")


def test_list(services, asked):
    """Who has asked for what, when; who has it; that nobody would do it."""
    assert "Aucun travail." in run(services, "list")
    job, site = asked(), services.site
    said = run(services, "list")
    assert f"{job.id}  {COLLEGE}  Édition de notifications : en attente, demandé le" in said
    assert "par Claude DURAND" in said
    assert "Aucun worker ne tourne" in said
    tend(site)
    with site.database.writing() as tx:
        tx.jobs.claim(uuid4(), site.now(), site.now() + LEASE)
    said = run(services, "list")
    assert "un worker l’a jusqu’au" in said
    assert "Aucun worker" not in said
    (told,) = json.loads(run(services, "list", "--json"))["jobs"]
    assert (told["state"], told["is_held"], told["asked_by"]) == ("running", True, "Claude DURAND")
    site.clock.advance(seconds=LEASE.total_seconds() + 60)
    assert "s’est tu il y a 1 minute, un autre le reprendra" in run(services, "list")
    work_once(site)
    assert "terminé" in run(services, "list")
    assert "terminé" not in run(services, "list", "--number", "0")


def test_stop_and_resume(services, asked):
    """Journalled without anybody's name; what is over is not stopped, what was done not resumed."""
    job, site = asked(), services.site
    assert "Arrêté." in run(services, "stop", str(job.id))
    assert "déjà terminé" in run(services, "stop", str(job.id), code=1)
    assert "Repris" in run(services, "resume", str(job.id))
    assert "ne peut pas être repris" in run(services, "resume", str(job.id), code=1)
    with site.database.writing() as tx:
        tx.jobs.claim(uuid4(), site.now(), site.now() + LEASE)
    assert "fin de l’étape" in run(services, "stop", str(job.id))
    site.clock.advance(seconds=LEASE.total_seconds())
    work_once(site)
    with site.database.reading() as tx:
        assert tx.jobs.get(job.id).state is JobState.STOPPED
        acts = [(entry.action, entry.actor) for entry in tx.audit.latest(3)]
    assert [action for action, _actor in acts] == ["job.stopped", "job.resumed", "job.stopped"]
    assert not any(actor for _action, actor in acts[1:])


def test_one_that_failed(services, asked):
    """Its reason is said; for as long as what it made is kept it can be taken up again."""
    job, site = asked(), services.site
    with site.database.writing() as tx:
        taken = tx.jobs.claim(uuid4(), site.now(), site.now() + LEASE)
        tx.jobs.end(taken, JobState.FAILED, site.now(), {"reason": "tries"})
    assert "Plusieurs essais ont échoué" in run(services, "list")
    assert json.loads(run(services, "list", "--json"))["jobs"][0]["reason"] == "tries"
    site.clock.advance(seconds=timedelta(days=3).total_seconds())
    assert "ne peut pas être repris" in run(services, "resume", str(job.id), code=1)


def test_unknown(services):
    """A number that nobody has, and what is none."""
    assert "Aucun travail de ce numéro" in run(services, "stop", str(uuid4()), code=1)
    assert "is not a valid UUID" in run(services, "resume", "12", code=2)
