"""A password or a second factor given again, before staff does what is grave."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from teleservices_core.contributions import Step
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases.factor_proof import Given
from teleservices_core.usecases.passwords import require_password
from teleservices_core.usecases.second_factor import enter
from teleservices_core.usecases.signing_in import SignedIn, as_proved, replace_session
from teleservices_core.usecases.site import Site

CONFIRM: Final = Step(
    "core.confirm_owner",
    lambda: _("Confirmer que c’est vous"),
    "core.confirm_owner",
    lambda viewer: viewer.account.audience is Audience.STAFF,
    lambda _question: True,
    also=("core.ask_key",),
)
"""Stands before a grave act, and before nothing else: no step of the catalogue."""


def must_confirm(viewer: Viewer, at: datetime, minutes: int) -> bool:
    """Whether somebody of staff proved too long ago who is there; pure.

    A session begins by a proof, and each further one puts another in its place.
    """
    age = at - viewer.session.created_at
    return viewer.in_full and CONFIRM.concerns(viewer) and age >= timedelta(minutes=minutes)


def confirm_owner(site: Site, viewer: Viewer, given: Given, password: str) -> SignedIn:
    """Go on under a new session: by the second factor where there is one, else the password.

    Raises as :func:`.factor_proof.proved`, or :func:`.passwords.require_password`;
    :exc:`RefusedError` ``sign_in_again`` to who has neither.
    """
    if viewer.account.factor_since is not None:
        return enter(site, viewer, given)
    if viewer.account.password_hash is None:
        raise RefusedError("sign_in_again")
    require_password(site, viewer.account, password)
    with site.database.writing() as tx:
        return replace_session(site, tx, viewer, as_proved(tx, viewer.account))
