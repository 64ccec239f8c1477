"""The steps that stand before who owes a second factor, or must set one up."""

from __future__ import annotations

from datetime import date
from typing import Final

from teleservices_core.contributions import Step, StepQuestion
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import local_date
from teleservices_core.domain.second_factor import required_from
from teleservices_core.domain.viewers import Viewer
from teleservices_core.i18n import _
from teleservices_core.settings import Settings
from teleservices_core.usecases.site import Site


def imposed_from(settings: Settings, viewer: Viewer) -> date | None:
    """The local day from which the viewer needs a second factor; None: never."""
    asked, account = settings.second_factor, viewer.account
    began_at = account.claimed_at or account.created_at
    return required_from(
        (role for role, _uai in viewer.roles),
        asked.imposed_on,
        asked.since,
        asked.grace_days,
        local_date(began_at, settings.academie.zone) if began_at else None,
    )


def is_imposed(site: Site, viewer: Viewer) -> bool:
    """Whether the viewer cannot do without one, days of grace left aside."""
    return imposed_from(site.settings, viewer) is not None


def _owes_code(question: StepQuestion) -> bool:
    return question.viewer.session.factor_at is None


def _lacks_one(question: StepQuestion) -> bool:
    day = imposed_from(question.settings, question.viewer)
    return day is not None and day <= question.today and _owes_code(question)


FACTOR_STEPS: Final = (
    Step(
        "core.enter_factor",
        lambda: _("Donner votre code"),
        "core.enter_factor",
        lambda viewer: viewer.account.factor_since is not None,
        _owes_code,
        also=("core.ask_key",),
        position=10,
    ),
    Step(
        "core.set_up_factor",
        lambda: _("Installer la double authentification"),
        "core.set_up_factor",
        lambda viewer: (
            viewer.account.audience is Audience.STAFF and viewer.account.factor_since is None
        ),
        _lacks_one,
        also=("core.add_key", "core.ask_new_key"),
        position=20,
    ),
)
