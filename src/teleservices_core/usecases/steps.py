"""Which step stands between a session in full and going on."""

from __future__ import annotations

from attrs import evolve

from teleservices_core.catalogue import BUILTIN
from teleservices_core.contributions import Step, StepQuestion
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import UnavailableError
from teleservices_core.usecases.site import Site


def open_step(site: Site, viewer: Viewer) -> Step | None:
    """The first step that is open for a viewer; None where he may go on.

    A step of the core that fails lets nobody through. One of a plugin that fails, or that
    is cut off, holds nobody up: the rest of the site does not depend on it.
    """
    if not viewer.in_full:
        return None
    return next((step for step in site.catalogue.steps if _is_open(site, step, viewer)), None)


def _is_open(site: Site, step: Step, viewer: Viewer) -> bool:
    owner = step.name.partition(".")[0]
    if owner in site.plugins.cut_offs:
        return False
    try:
        return _ask(site, step, viewer)
    except UnavailableError:
        raise
    except Exception as error:
        if owner == BUILTIN:
            raise
        site.plugins.record_failure(owner, step.name, error, site.now())
        return False


def _ask(site: Site, step: Step, viewer: Viewer) -> bool:
    if not step.concerns(viewer):
        return False
    now = site.now()
    question = StepQuestion(viewer, now, site.academie.today(now), site.settings)
    if step.facts is not None:
        with site.database.reading() as tx:
            question = evolve(question, facts=step.facts(tx, viewer))
    return step.is_open(question)
