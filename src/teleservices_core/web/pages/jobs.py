"""Long works of an establishment: how far one is, stop it, fetch what it made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.documents.archive import zipped
from teleservices_core.domain.jobs import Job, JobState
from teleservices_core.errors import ConflictError
from teleservices_core.i18n import _
from teleservices_core.usecases.jobs import fetch, my_jobs, resume_job, see_job, stop_job
from teleservices_core.web.context import Context
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.responses import Download, Page, Redirect
from teleservices_core.words.jobs import JOB_STATES, show_failure

_MEDIA_TYPES: Final = {".pdf": "application/pdf", ".csv": "text/csv; charset=utf-8"}
_KINDS: Final = {
    JobState.DONE: "success",
    JobState.FAILED: "error",
    JobState.REFUSED: "error",
    JobState.STOPPED: "warning",
}


@frozen
class JobLine:
    """A job of the list."""

    label: str
    href: str
    job: Job
    state: str
    kind: str


def jobs(context: Context, uai: str) -> Page:
    """What one has asked for lately."""
    establishment = establishment_of(context, uai)
    kinds = context.site.catalogue.jobs
    return Page(
        "school/jobs.html",
        {
            "establishment": establishment,
            "jobs": [
                JobLine(
                    kinds[each.kind].label() if each.kind in kinds else each.kind,
                    context.urls.to("core.job", uai=uai, job_id=each.id),
                    each,
                    JOB_STATES[each.state](),
                    _KINDS.get(each.state, "info"),
                )
                for each in my_jobs(context.site, context.me, establishment.uai)
            ],
        },
    )


def job(context: Context, uai: str, job_id: UUID) -> Page:
    """How far one is, what it did, and what to do next."""
    establishment = establishment_of(context, uai)
    seen = see_job(context.site, context.me, establishment.uai, job_id)
    found, kind = seen.job, seen.kind
    failure = show_failure(found)
    page = kind.page(found) if kind else None
    return Page(
        "school/job.html",
        {
            "establishment": establishment,
            "job": found,
            "label": kind.label() if kind else found.kind,
            "state": JOB_STATES[found.state](),
            "notice_kind": _KINDS.get(found.state, "info"),
            "told": kind.tell(found.said) if kind and found.said and not failure else "",
            "failure": failure,
            "is_alone": found.state.is_open and not seen.has_worker,
            "silent_since": seen.silent_since,
            "can_go_on": seen.can_go_on,
            "every": context.site.settings.worker.every_minutes,
            "files": seen.files,
            "days": context.site.settings.durations.result_days,
            "page": context.urls.to(page[0], **page[1]) if page else None,
        },
    )


def stop(context: Context, uai: str, job_id: UUID) -> Redirect:
    """Have one stopped."""
    establishment = establishment_of(context, uai)
    try:
        found = stop_job(context.site, context.me, establishment.uai, job_id)
    except ConflictError:
        context.tell("info", _("Ce travail est déjà terminé."))
    else:
        if found.state.is_open:
            context.tell("info", _("Le travail s’arrêtera à la fin de l’étape en cours."))
        else:
            context.tell("success", _("Le travail est arrêté."))
    return context.redirect("core.job", uai=uai, job_id=job_id)


def resume(context: Context, uai: str, job_id: UUID) -> Redirect:
    """Have one that ended before its end taken up where it was."""
    establishment = establishment_of(context, uai)
    try:
        resume_job(context.site, context.me, establishment.uai, job_id)
    except ConflictError:
        context.tell("info", _("Ce travail ne peut pas être repris : demandez-le à nouveau."))
    else:
        context.tell("success", _("Le travail reprend où il en était."))
    return context.redirect("core.job", uai=uai, job_id=job_id)


def result(context: Context, uai: str, job_id: UUID) -> Download:
    """What one made: the file, or a zip file of several."""
    establishment = establishment_of(context, uai)
    found, files = fetch(context.site, context.me, establishment.uai, job_id)
    named = [(_file_name(name), content) for name, content in files.items()]
    if len(named) == 1:
        ((name, content),) = named
        media_type = _MEDIA_TYPES.get(name[-4:], "application/octet-stream")
        return Download(_begun(content), name, media_type)
    title = f"{found.kind.rpartition('.')[2]}-{uai}"
    return Download(_begun(zipped(named)), f"{title}.zip", "application/zip")


def _begun(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The same, the first one read: a refusal is still a page, not a broken file."""
    return chain([next(parts)], parts)


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name)


ROUTES: Final = (
    Route("core.jobs", "/ecole/<uai>/travaux/", jobs, Access.SCHOOL),
    Route("core.job", "/ecole/<uai>/travaux/<uuid:job_id>", job, Access.SCHOOL),
    Route(
        "core.stop_job",
        "/ecole/<uai>/travaux/<uuid:job_id>/arreter",
        stop,
        Access.SCHOOL,
        ("POST",),
    ),
    Route(
        "core.resume_job",
        "/ecole/<uai>/travaux/<uuid:job_id>/reprendre",
        resume,
        Access.SCHOOL,
        ("POST",),
    ),
    Route(
        "core.job_result",
        "/ecole/<uai>/travaux/<uuid:job_id>/resultat",
        result,
        Access.SCHOOL,
        ("POST",),
    ),
)
