"""The composition root: one object for one site, every adapter an argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from attrs import frozen
from sqlalchemy import Engine

from teleservices_core import builtin
from teleservices_core.clock import SystemClock
from teleservices_core.domain.localtime import instant
from teleservices_core.domain.values import Uai
from teleservices_core.errors import SettingsError
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.mailers import make_mailer
from teleservices_core.metrics import Metrics
from teleservices_core.plugins import PluginHost
from teleservices_core.ports import Clock, Mailer, PasswordHasher
from teleservices_core.ports.identities import Identify
from teleservices_core.settings import Settings, load_settings
from teleservices_core.storage.engine import discreet, make_engine
from teleservices_core.storage.migrate import pending, upgrade
from teleservices_core.storage.unit_of_work import SqlDatabase
from teleservices_core.storage.watching import SqlProbe
from teleservices_core.usecases.site import Site
from teleservices_core.usecases.watching import Watch

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from teleservices_core.domain.accounts import Account, Audience
    from teleservices_core.usecases.answers import ModuleAnswer
    from teleservices_core.usecases.offers import Offering


@frozen
class Intake:
    """What an address takes in: see :meth:`Teleservices.intake`."""

    route: str
    """Its name; empty for none."""
    max_body: int
    """Bytes."""
    waits: bool = False
    """Whether its page may wait for a writer or for another system."""


class Teleservices:
    """One académie's téléservices: a WSGI application and the API behind its pages.

    >>> services = Teleservices(load_settings("teleservices.toml"))  # doctest: +SKIP

    ``engine``, ``clock``, ``mailer`` and ``hasher`` replace the defaults;
    ``identify`` says whom the host has signed in (docs/how-to/identity.md);
    ``plugins`` adds plugin modules to those found by entry points, which
    ``discover=False`` leaves out.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        engine: Engine | None = None,
        clock: Clock | None = None,
        mailer: Mailer | None = None,
        hasher: PasswordHasher | None = None,
        identify: Identify | None = None,
        plugins: Mapping[str, Any] | None = None,
        discover: bool = True,
    ) -> None:
        self.settings = settings
        self.engine = (
            discreet(engine) if engine else make_engine(settings.database_url, settings.database)
        )
        self.identify = identify
        clock = clock or SystemClock()
        self.mailer = mailer or make_mailer(settings.mail)
        self.plugins = PluginHost(
            builtin,
            extra={**(plugins or {}), **self._provider(clock)},
            discover=discover,
            disabled=settings.disabled_plugins,
            settings=settings.plugins,
            now=clock.now,
        )
        self.site = Site(
            settings=settings,
            clock=clock,
            database=SqlDatabase(self.engine),
            hasher=hasher or Argon2Hasher(),
            plugins=self.plugins,
            watch=Watch(SqlProbe(self.engine, self.plugins.catalogue.migrations)),
            metrics=Metrics() if settings.monitoring.token else None,
        )
        if self.site.metrics is not None:
            self.plugins.count_failure = self.site.metrics.failed

    def _provider(self, clock: Clock) -> Mapping[str, Any]:
        settings = self.settings.identity.oidc
        if settings is None:
            return {}
        if self.identify is not None:
            raise SettingsError(["identity.oidc: the host's identify function does this already"])
        from teleservices_core.oidc.plugin import NAME, make_plugin

        return {NAME: make_plugin(settings, clock)}

    @classmethod
    def from_file(cls, path: Path | str, **adapters: Any) -> Teleservices:
        """A site from its settings file. Raises :exc:`SettingsError` naming the key."""
        return cls(load_settings(path), **adapters)

    @cached_property
    def wsgi(self) -> Any:
        """The WSGI application, built at the first request."""
        from teleservices_core.web.application import Application

        return Application(self.site, self.identify)

    def intake(self, environ: WSGIEnvironment) -> Intake:
        """What a server may read of a request before it asks for the answer."""
        found = self.wsgi.find(environ)
        return Intake(found.name, found.request.max_content_length, waits=found.waits)

    def refuse(self, status: int) -> WSGIApplication:
        """What answers a request that is not read: 408, 411, 413 or 503."""
        refusing: WSGIApplication = self.wsgi.refuse(status)
        return refusing

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI request."""
        answer: Iterable[bytes] = self.wsgi(environ, start_response)
        return answer

    @overload
    def decide(
        self,
        module_id: str,
        *,
        account: Account | UUID | str,
        student: UUID,
        at: datetime | None = None,
    ) -> ModuleAnswer: ...

    @overload
    def decide(
        self,
        module_id: str,
        *,
        establishment: Uai | str,
        audience: Audience,
        at: datetime | None = None,
    ) -> ModuleAnswer: ...

    def decide(
        self,
        module_id: str,
        *,
        account: Account | UUID | str | None = None,
        student: UUID | None = None,
        establishment: Uai | str | None = None,
        audience: Audience | None = None,
        at: datetime | None = None,
    ) -> ModuleAnswer:
        """Whether a module is open, and why: the decision that guards its pages.

        To one family about one child: ``account`` (the account, its id or its
        login name) and ``student`` (the id of a student it gives access to). Or
        in a school as a whole: ``establishment`` (its UAI) and ``audience``.
        ``at`` is an aware instant, now by default.

        The answer has ``is_open``, ``flips_at`` (when time alone turns it),
        ``decision`` with every vote, and ``told``, its words for families, for
        heads and for the help line. Raises :exc:`NotFoundError` for what does
        not exist or is not the account's, :exc:`InvalidValueError` for a UAI or
        an instant that cannot be, :exc:`TypeError` for another mix of arguments.
        """
        from teleservices_core.usecases.asking import ask_for_child, ask_for_school

        family, school = (account, student), (establishment, audience)
        if account is not None and student is not None and school == (None, None):
            return ask_for_child(self.site, module_id, account, student, at)
        if establishment is not None and audience is not None and family == (None, None):
            uai = Uai(str(establishment))
            return ask_for_school(self.site, module_id, uai, audience, at)
        raise TypeError("give account and student, or establishment and audience")

    def catalogue(self, establishment: Uai | str, *, at: datetime | None = None) -> Offering:
        """Every module that concerns an establishment, to whom each is open, now and soon.

        What the public page of the establishment shows; ``at`` is an aware
        instant, now by default. Two statements. Raises :exc:`NotFoundError` for
        an unknown establishment, :exc:`InvalidValueError` for a UAI or an
        instant that cannot be.
        """
        from teleservices_core.usecases.offers import offering

        when = instant(at) if at else None
        return offering(self.site, Uai(str(establishment)), at=when)

    def migrate(self) -> list[tuple[str, str]]:
        """Bring the database to the newest schema; returns (prefix, revision) of what ran."""
        return upgrade(self.engine, self.plugins.catalogue.migrations)

    def pending_migrations(self) -> list[tuple[str, str]]:
        """(prefix, revision) of what :meth:`migrate` would run."""
        return pending(self.engine, self.plugins.catalogue.migrations)
