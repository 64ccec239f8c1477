"""While the database is away: ask again where that is safe, else say so in plain words."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from random import uniform
from typing import Final

from werkzeug import Request, Response

from teleservices_core.errors import UnavailableError
from teleservices_core.queues import page_turn_lent
from teleservices_core.usecases.site import Site
from teleservices_core.web.api.answers import is_api, problem, share
from teleservices_core.web.headers import protect
from teleservices_core.web.pages.plain import unavailable, unavailable_words
from teleservices_core.web.typed import typed_text

log = logging.getLogger(__name__)

TRIES: Final = 3
_PAUSE: Final = (0.01, 0.05)
"""Seconds: whoever met in a deadlock must not meet again."""


def answer_or_say_away(
    site: Site, request: Request, respond: Callable[[Request], Response]
) -> Response:
    """Answer a request, whole, at most three times; else the page of a database that is away.

    It is answered again after a deadlock or a connection lost between two statements, and
    only while nothing of it has been committed.
    """
    begun = site.database.commits
    for last in (False,) * (TRIES - 1) + (True,):
        try:
            return respond(request)
        except UnavailableError as away:
            if last or not away.may_repeat or site.database.commits != begun:
                # Without the error itself: it may tell what the statement held.
                log.warning("the database does not answer: %s", away.reason)
                return _say_away(site, request, away)
        with page_turn_lent():
            time.sleep(uniform(*_PAUSE))  # noqa: S311 - no secret
        for sent in request.files.values():
            sent.stream.seek(0)
    raise AssertionError("the last try returns")


def _say_away(site: Site, request: Request, away: UnavailableError) -> Response:
    if is_api(request):
        words = unavailable_words()
        response = problem(503, words.title, f"{words.text} {words.next_step}")
        protect(response, cacheable=False)
        share(response, request, site.settings, is_public=False)
    else:
        response = unavailable(site.settings, typed=typed_text(site.settings, request))
    response.headers["Retry-After"] = str(away.retry_after)
    return response
