"""Answers made on threads of their own, for servers that read requests without any."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from functools import partial
from http import HTTPStatus
from threading import Semaphore
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import define, field, frozen

from teleservices_core.app import Intake
from teleservices_core.hosts.bodies import Body, TooLongError, TooSlowError, announced
from teleservices_core.queues import WAITING, cores_of_process, page_turn

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LONGEST_BODY: Final = 20_000_000
"""Bytes, for an application that says nothing of its requests."""
STALE: Final = 10.0
"""Seconds after which nobody waits for a page any more: it is not made, and the next is in time."""


class Services(Protocol):
    """What :class:`~teleservices_core.app.Teleservices` says of its requests."""

    def intake(self, environ: WSGIEnvironment) -> Intake:
        """How much of a body is read."""

    def refuse(self, status: int) -> WSGIApplication:
        """What answers a request that is not read."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request that is read."""


@frozen
class _Other:
    """Any other WSGI application, with one bound for all its requests."""

    application: WSGIApplication

    def intake(self, _environ: WSGIEnvironment) -> Intake:
        return Intake("", LONGEST_BODY)

    def refuse(self, status: int) -> WSGIApplication:
        line = f"{status} {HTTPStatus(status).phrase}"

        def application(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
            start_response(line, [("Content-Type", "text/plain")])
            return [line.encode()]

        return application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.application(environ, start_response)


def as_services(application: WSGIApplication) -> Services:
    """An application that can be asked what it takes in."""
    asked: Any = application
    return asked if hasattr(asked, "intake") else _Other(application)


async def receive(environ: WSGIEnvironment, body: Body, max_body: int) -> int:
    """Put the body where WSGI reads it; 0, or the status to refuse the request with.

    Raises :exc:`ConnectionError` when the client has left.
    """
    try:
        environ["wsgi.input"] = await body.read(announced=announced(environ), max_body=max_body)
    except TooLongError:
        # What came is not kept: the length says that it was too long.
        environ["CONTENT_LENGTH"] = str(max(announced(environ) or 0, max_body + 1))
        return 413
    except TooSlowError:
        return 408
    return 0


@frozen
class Answer:
    """A whole answer: who reads it slowly keeps no thread."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def run(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Run a WSGI application to the end of its answer."""
    code, lines, body = 500, list[tuple[str, str]](), list[bytes]()

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        nonlocal code, lines
        code, lines = int(status[:3]), headers
        return body.append

    chunks = application(environ, start_response)
    try:
        body.extend(chunks)
    finally:
        getattr(chunks, "close", lambda: None)()
    return Answer(code, lines, b"".join(body))


@define
class PageThreads:
    """Threads that make pages, ``turns`` at once; more only wait for a core to hash on."""

    services: Services
    turns: int
    _turns: Semaphore = field(init=False)
    _pool: ThreadPoolExecutor = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._turns = Semaphore(self.turns)
        most = self.turns + WAITING + cores_of_process()
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="teleservices")

    async def make(
        self,
        environ: WSGIEnvironment,
        refused: int = 0,
        *,
        then: Callable[[Answer], object] = lambda _answer: None,
    ) -> Answer:
        """Have an answer made, and ``then`` done with it, on one of the threads.

        ``refused`` is the status of a request that is not read, or 0. The context
        variables of who asks follow the request: tracing, log fields.
        """
        services = self.services.refuse(refused) if refused else self.services
        job = partial(copy_context().run, self._make, services, environ, then, time.monotonic())
        return await asyncio.get_running_loop().run_in_executor(self._pool, job)

    def _make(
        self,
        application: WSGIApplication,
        environ: WSGIEnvironment,
        then: Callable[[Answer], object],
        asked: float,
    ) -> Answer:
        with page_turn(self._turns), closing(environ["wsgi.input"]):
            if time.monotonic() - asked > STALE:
                application = self.services.refuse(503)
            answer = run(application, environ)
            then(answer)
            return answer
