"""Who is there: a session of ours, and the identity that the host vouches for.

The host's word wins. A session that an identity opened ends with it. A session
opened by a password stands beside an identity linked to no account, but gives
way to one linked to another account: on a shared computer, who signed in to
the host last is who is there.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Final

from werkzeug import Response

from teleservices_core.contributions import Route
from teleservices_core.domain.identities import ExternalIdentity
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import RefusedError, UnavailableError
from teleservices_core.failures import trace
from teleservices_core.hashing import keyed
from teleservices_core.ports.identities import Identify
from teleservices_core.usecases.identities import account_of, sign_in_by_identity
from teleservices_core.usecases.signing_in import resume, sign_out
from teleservices_core.web.context import Context

log = logging.getLogger(__name__)

_WAITS: Final = timedelta(minutes=10)
_OPENS_NOTHING: Final = frozenset({"core.signed_out"})


def who_is_there(context: Context, route: Route, identify: Identify | None) -> bool:
    """Fill in ``viewer`` and ``identity``; whether somebody else is signed in than before.

    No statement more for a session whose identity is the one that it knows.
    """
    secret = context.cookies.get(context.request, "session")
    if secret is not None:
        context.viewer = resume(context.site, secret)
    before = context.viewer
    if identify is None:
        if before is None:
            _recall(context)
    else:
        context.identity = _ask(identify, context)
        _settle(context, str(secret), may_enter=route.name not in _OPENS_NOTHING)
    return context.viewer is not before


def _settle(context: Context, secret: str, *, may_enter: bool) -> None:
    viewer, identity = context.viewer, context.identity
    if viewer is not None and viewer.session.identity_hash is not None:
        if identity is not None and identity.digest == viewer.session.identity_hash:
            return
        _leave(context, viewer)
    if identity is None or not may_enter:
        return
    if context.viewer is None or not _stands_beside(context, secret, identity):
        _enter(context, identity)


def wait_for_link(context: Context, identity: ExternalIdentity, refusal: str) -> None:
    """Remember, for ten minutes, an identity that a provider has just vouched for.

    Its browser keeps it, sealed: what it is worth is settled when it is linked.
    """
    until = (context.site.now() + _WAITS).timestamp()
    known = [identity.issuer, identity.subject, identity.name, refusal, until]
    context.waiting = context.cookies.seal("identity", known)


def _recall(context: Context) -> None:
    known = context.cookies.unseal("identity", context.cookies.get(context.request, "identity"))
    if known is None:
        return
    issuer, subject, name, refusal, until = known
    if context.site.now().timestamp() < until:
        context.identity = ExternalIdentity(issuer, subject, {"name": name})
        context.refusal = refusal


def keep_marks(context: Context, response: Response) -> None:
    """Set the cookies that remember what was settled about identities."""
    cookies = context.cookies
    if context.beside is not None:
        cookies.set(response, "beside", context.beside)
    if context.waiting:
        cookies.set(response, "identity", context.waiting)
    elif cookies.get(context.request, "identity") and (
        context.waiting is not None or context.signed_in is not None
    ):
        cookies.delete(response, "identity")


def _ask(identify: Identify, context: Context) -> ExternalIdentity | None:
    try:
        return identify(context.request.environ)
    except Exception as error:  # noqa: BLE001 - whatever the host's code does
        # Nobody is let in by mistake, and passwords still work.
        log.error("the host's identify function failed\n%s", trace(error))
        return None


def _leave(context: Context, viewer: Viewer) -> None:
    with suppress(UnavailableError):
        # Without its cookie nobody has that session any more, and it lapses by itself.
        sign_out(context.site, viewer, waits=False)
    context.viewer = None
    context.signed_out = True


def _stands_beside(context: Context, secret: str, identity: ExternalIdentity) -> bool:
    """Whether a session opened by a password stays, the identity being no other account's.

    The answer is kept in a cookie bound to both, so that it is asked once. A
    step of a first login, or of a reset, is an act begun here, and goes on.
    """
    site = context.site
    if not context.me.in_full:
        return True
    mark = keyed(site.settings.secret_key, "beside", f"{secret}\0{identity.digest}")
    if context.cookies.get(context.request, "beside") == mark:
        return True
    account = account_of(site, identity)
    if account is not None and account.id != context.me.account.id:
        _leave(context, context.me)
        return False
    context.beside = mark
    return True


def _enter(context: Context, identity: ExternalIdentity) -> None:
    try:
        context.signed_in = sign_in_by_identity(context.site, identity, device=context.device)
    except RefusedError as refused:
        context.refusal = refused.code
    else:
        context.viewer = resume(context.site, context.signed_in.secret)
