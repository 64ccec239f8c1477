"""How far a long work is, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from teleservices_core.contributions import Message
from teleservices_core.domain.jobs import Job, JobState
from teleservices_core.i18n import _

JOB_STATES: Final[Mapping[JobState, Message]] = {
    JobState.ASKED: lambda: _("en attente"),
    JobState.RUNNING: lambda: _("en cours"),
    JobState.DONE: lambda: _("terminé"),
    JobState.STOPPED: lambda: _("arrêté"),
    JobState.FAILED: lambda: _("échoué"),
    JobState.REFUSED: lambda: _("refusé"),
}

FAILURES: Final[Mapping[str, Message]] = {
    "tries": lambda: _(
        "Plusieurs essais ont échoué ; ce qui était fait le reste. Reprenez-le ; si cela "
        "recommence, appelez l’assistance."
    ),
    "unknown": lambda: _("Le téléservice qui devait le faire n’est plus installé."),
    "file": lambda: _("Le fichier n’a pas pu être lu : {said}."),
}
"""Why a work failed, and what to do next."""


def show_failure(job: Job) -> str:
    """Why a job failed, and what to do next; nothing for one that has not."""
    if job.state is not JobState.FAILED:
        return ""
    words = FAILURES.get(str(job.said.get("reason", "")), FAILURES["tries"])
    return words().format(said=job.said.get("said", ""))
