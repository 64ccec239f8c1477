"""``teleservices jobs``: the long works of the whole site, stopped and taken up again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from teleservices_core.commands.options import as_json, print_json
from teleservices_core.domain.jobs import Job, JobState, is_silent
from teleservices_core.errors import ConflictError, NotFoundError
from teleservices_core.i18n import _, show_age, show_timestamp
from teleservices_core.usecases import jobs as asked
from teleservices_core.words.jobs import JOB_STATES, show_failure

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_core.usecases.jobs import AllJobs
    from teleservices_core.usecases.site import Site


@click.group()
def jobs() -> None:
    """Travaux longs demandés sur les pages : où ils en sont, les arrêter, les reprendre."""


@jobs.command("list")
@click.option(
    "--number", default=20, show_default=True, help=_("Combien de travaux terminés montrer.")
)
@as_json
@click.pass_obj
def list_jobs(services: Opener, number: int, as_json: bool) -> None:
    """Lister les travaux à faire, en cours, puis les derniers terminés.

    Aucun nom d’élève ni de parent n’y figure ; seul qui a demandé un travail peut télécharger
    ce qu’il a produit.
    """
    site = services().site
    found = asked.all_jobs(site, number)
    if as_json:
        print_json(_described(site, found))
        return
    for job in (*found.open, *found.ended):
        click.echo(_line(site, job))
    if not found.open and not found.ended:
        click.echo(_("Aucun travail."))
    if found.open and is_silent(found.beat, site.now(), site.settings.worker.every):
        click.echo(_("Aucun worker ne tourne : lancez teleservices worker."))


@jobs.command()
@click.argument("job_id", type=click.UUID)
@click.pass_obj
def stop(services: Opener, job_id: UUID) -> None:
    """Arrêter un travail, après l’étape en cours ; ce qui est fait le reste."""
    site = services().site
    job = _changed(lambda: asked.stop_any(site, job_id), _("Ce travail est déjà terminé."))
    if job.state.is_open:
        click.echo(_("Il s’arrêtera à la fin de l’étape en cours."))
    else:
        click.echo(_("Arrêté."))


@jobs.command()
@click.argument("job_id", type=click.UUID)
@click.pass_obj
def resume(services: Opener, job_id: UUID) -> None:
    """Reprendre où il en était un travail qui a échoué ou qui a été arrêté.

    Le droit de qui l’a demandé est vérifié à chaque étape.
    """
    site = services().site
    refusal = _(
        "Ce travail ne peut pas être repris : il n’a ni échoué ni été arrêté, ce qu’il avait fait "
        "est effacé, ou un autre du même objet est ouvert."
    )
    _changed(lambda: asked.resume_any(site, job_id), refusal)
    click.echo(_("Repris : le worker le fera à son tour."))


def _changed(change: Callable[[], Job], refusal: str) -> Job:
    try:
        return change()
    except NotFoundError:
        raise click.ClickException(
            _("Aucun travail de ce numéro : voyez teleservices jobs list.")
        ) from None
    except ConflictError:
        raise click.ClickException(refusal) from None


def _line(site: Site, job: Job) -> str:
    said = _("{id}  {uai}  {kind} : {state}, {steps}demandé le {when} par {who}{more}")
    return said.format(
        id=job.id,
        uai=job.uai,
        kind=_label(site, job),
        state=JOB_STATES[job.state](),
        steps=_("{done} étapes sur {total}, ").format(done=job.done, total=job.total)
        if job.total
        else "",
        when=show_timestamp(job.asked_at, site.academie.zone),
        who=job.asked_name,
        more=_more(site, job),
    )


def _more(site: Site, job: Job) -> str:
    now, zone = site.now(), site.academie.zone
    if job.is_held(now) and job.leased_until is not None:
        until = show_timestamp(job.leased_until, zone)
        return _(" ; un worker l’a jusqu’au {until}").format(until=until)
    if job.state is JobState.RUNNING and job.leased_until is not None:
        age = show_age(now - job.leased_until)
        return _(" ; celui qui l’avait s’est tu {age}, un autre le reprendra").format(age=age)
    if job.ended_at is not None:
        failure = show_failure(job)
        ended = _(" ; fini le {when}").format(when=show_timestamp(job.ended_at, zone))
        return f"{ended}. {failure}" if failure else ended
    return ""


def _label(site: Site, job: Job) -> str:
    kind = site.catalogue.jobs.get(job.kind)
    return kind.label() if kind else job.kind


def _described(site: Site, found: AllJobs) -> dict[str, Any]:
    now = site.now()
    return {
        "worker_seen_at": found.beat.isoformat() if found.beat else None,
        "jobs": [
            {
                "id": str(job.id),
                "kind": job.kind,
                "establishment": job.uai.code,
                "state": job.state.value,
                "done": job.done,
                "total": job.total,
                "asked_by": job.asked_name,
                "asked_at": job.asked_at.isoformat(),
                "tries": job.tries,
                "is_to_stop": job.is_to_stop,
                "leased_until": job.leased_until.isoformat() if job.leased_until else None,
                "is_held": job.is_held(now),
                "ended_at": job.ended_at.isoformat() if job.ended_at else None,
                "reason": job.said.get("reason") if job.state is JobState.FAILED else None,
            }
            for job in (*found.open, *found.ended)
        ],
    }
