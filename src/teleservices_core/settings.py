"""Settings as frozen values, read from TOML; errors name the key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import cattrs
from attrs import Factory, evolve, field, frozen, validators
from cattrs import Converter, transform_error
from cattrs.v import format_exception

from teleservices_core.domain.establishments import Academie
from teleservices_core.domain.staff import Role
from teleservices_core.errors import SettingsError
from teleservices_core.secret_keys import MINIMUM, is_guessable

T = TypeVar("T")


@frozen
class Hotline:
    """The rectorat's help line, shown wherever the FAQ sends people to it."""

    phone: str = ""
    """As it is to be shown; without it, pages send to the secretariat."""
    hours: str = ""
    """When somebody answers, in words."""


@frozen
class Durations:
    """The FAQ's durations, with its values as defaults (F15, F31, F32, F34)."""

    letter_months: int = field(default=3, validator=validators.ge(1))
    """How long a letter is good, in calendar months."""
    email_link_days: int = field(default=7, validator=validators.ge(1))
    """How long the link that confirms an address works."""
    reset_link_days: int = field(default=7, validator=validators.ge(1))
    """How long the link that replaces a password works."""
    email_undo_days: int = field(default=7, validator=validators.ge(1))
    """How long the former address may undo its replacement."""
    grouping_undo_days: int = field(default=7, validator=validators.ge(1))
    """How long a grouping of accounts may be undone."""
    unclaimed_days: int = field(default=90, validator=validators.ge(1))
    """After which an account that is not claimed or not confirmed is closed."""
    unused_days: int = field(default=365, validator=validators.ge(1))
    """After which an account that is not used is closed."""
    closing_warnings_days: tuple[int, ...] = field(default=(30, 7))
    """Days before the last one on which who has an address is warned, the longest first."""
    dead_links_days: int = field(default=30, validator=validators.ge(1))
    """How long a used or expired link is remembered."""
    old_mails_days: int = field(default=30, validator=validators.ge(2))
    """How long a mail that has left, or never will, is remembered."""
    result_days: int = field(default=2, validator=validators.ge(1))
    """How long what a long work made, such as the letters of a whole school, can be fetched."""
    undo_import_days: int = field(default=60, validator=validators.ge(1))
    """How long what an import changed is kept, so that it can be taken back, and what it set
    aside."""
    former_people_days: int = field(default=365, validator=validators.ge(1))
    """After the end of a student's last school year, after which the student and the family are
    forgotten, unless an account is in use or a téléservice keeps something about them."""
    journal_days: int | None = field(
        default=None, validator=validators.optional(validators.ge(180))
    )
    """How long the journal keeps what was done by and about people; for good by default.
    Decisions of schools and of the académie are kept in any case."""
    session_idle_minutes: int = field(default=30, validator=validators.ge(1))
    """Without a request, after which a session ends."""
    session_hours: int = field(default=12, validator=validators.ge(1))
    """After which a session ends in any case."""
    proof_minutes: int = field(default=60, validator=validators.ge(1))
    """After a password or a second factor, during which a member of staff does grave acts, such as
    the letters of a school or a delegation, without giving it again."""

    @closing_warnings_days.validator
    def _validate_warnings(self, _attribute: object, days: tuple[int, ...]) -> None:
        if not days or days[-1] < 1 or list(days) != sorted(set(days), reverse=True):
            raise ValueError("closing_warnings_days: expected days such as [30, 7], longest first")


@frozen
class MailSettings:
    """How mail leaves: an SMTP server, or a folder where each message is a file."""

    sender: str = "Téléservices <ne-pas-repondre@example.org>"
    """The name and address that mails come from."""
    reply_to: str = ""
    """Where an answer goes; empty for the sender."""
    bounces_to: str = ""
    """Where servers report what they could not deliver; empty for the sender."""
    host: str = "localhost"
    """The SMTP server."""
    port: int = 25
    starttls: bool = False
    """Whether the connection is encrypted before anything is said."""
    user: str = ""
    """Empty where the server asks for nobody."""
    password: str = field(default="", repr=False)
    folder: Path | None = None
    """For demonstrations and tests: write ``.eml`` files there instead of sending."""


def _seconds(default: int) -> Any:
    return field(default=default, validator=validators.ge(0))


@frozen
class DatabaseSettings:
    """How long pages wait for the database, in seconds, before they say so; 0 for no limit.

    Commands wait longer: see ``patient``. A host that brings its own engine sets its own limits.
    """

    connect_seconds: int = field(default=3, validator=validators.ge(1))
    """For PostgreSQL to take a connection."""
    statement_seconds: int = _seconds(5)
    """For PostgreSQL to end one statement; a second more, and its connection is given up."""
    lock_seconds: int = _seconds(2)
    """For a row or a table that another transaction of PostgreSQL holds."""
    idle_in_transaction_seconds: int = _seconds(10)
    """How long PostgreSQL keeps a transaction in which nothing is asked."""
    busy_seconds: int = _seconds(5)
    """For SQLite's one writer to end."""
    pool_seconds: int = _seconds(3)
    """For one of this process' connections to come free."""
    pooler: bool = False
    """Whether a transaction pooler (PgBouncer) stands before PostgreSQL. Nothing is then asked
    of a connection: give its role the limits (``ALTER ROLE … SET``)."""

    @property
    def patient(self) -> DatabaseSettings:
        """For commands and the worker: long statements, half a minute for what others hold."""
        return evolve(
            self,
            statement_seconds=0,
            idle_in_transaction_seconds=0,
            lock_seconds=30,
            busy_seconds=30,
            pool_seconds=30,
        )


@frozen
class ServingSettings:
    """What ``teleservices serve`` bears from slow peers, for each of its processes.

    See ``docs/how-to/serve.md``; another server has limits of its own.
    """

    threads: int = field(default=8, validator=validators.ge(1))
    """Pages made at once, beside the quick ones; no more than the database has connections."""
    connections: int = field(default=4096, validator=validators.ge(1))
    """Connections held at once; more wait at the door. Never more than half of the files that
    the process may open."""
    head_seconds: int = field(default=20, validator=validators.ge(1))
    """How long the head of a request may take, and a connection stay silent between two."""
    body_seconds: int = field(default=20, validator=validators.ge(1))
    """How long its body may take, and a second more for each four kilobytes received; nor
    may nothing of it come for longer."""
    unread_seconds: int = field(default=60, validator=validators.ge(1))
    """How long somebody may take nothing of an answer before he is cut off (on Linux)."""
    stop_seconds: int = field(default=7, validator=validators.ge(1))
    """How long answers under way are waited for when the server stops."""


@frozen
class LogSettings:
    """The lines that ``teleservices`` and its server write to standard error."""

    level: str = field(
        default="WARNING", validator=validators.in_(("DEBUG", "INFO", "WARNING", "ERROR"))
    )
    """From ``INFO`` on, a line for each request: its route, status and time, never its address."""
    json: bool = False
    """An object on each line (``at``, ``level``, ``logger``, ``request``, ``text``)."""


@frozen
class WorkerSettings:
    """The program that sends mails and does long works: see ``docs/how-to/run-every-day.md``."""

    every_minutes: int = field(default=1, validator=validators.ge(1))
    """How often one comes, at the latest. Where a timer runs ``teleservices worker --once``, its
    period: one that is silent for twice as long is told of, and pages say how long a work waits."""

    @property
    def every(self) -> timedelta:
        """The same."""
        return timedelta(minutes=self.every_minutes)


@frozen
class MonitoringSettings:
    """What programs that watch the site may ask: see ``docs/how-to/watch-a-site.md``."""

    token: str = field(default="", repr=False)
    """At least 32 characters: opens the details of ``/sante/pret``, and the figures of
    ``/sante/mesures`` for Prometheus, to who sends ``Authorization: Bearer …``. Without one,
    nobody sees them. Needs the extra ``serve``."""

    @token.validator
    def _validate_token(self, _attribute: object, token: str) -> None:
        if token and (len(token) < MINIMUM or not token.isascii()):
            raise ValueError(f"token: expected at least {MINIMUM} ASCII characters")


def _is_address(_instance: object, attribute: Any, url: str) -> None:
    parts = urlsplit(url)
    local = url.startswith("/") and not url.startswith(("//", "/\\"))
    if url and not local and (parts.scheme not in {"http", "https"} or not parts.netloc):
        raise ValueError(f"{attribute.name}: expected an address, or a path from the root")


def _is_issuer(_instance: object, attribute: Any, url: str) -> None:
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if not parts.netloc or parts.query or parts.fragment or (parts.scheme != "https" and not local):
        raise ValueError(f"{attribute.name}: expected an https address, as the provider writes it")


def _are_origins(_instance: object, attribute: Any, origins: tuple[str, ...]) -> None:
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(f"{attribute.name}: expected an origin such as https://ent.example.fr")


@frozen
class OidcSettings:
    """An OpenID Connect provider; needs the extra ``oidc``."""

    issuer: str = field(validator=_is_issuer)
    client_id: str
    """As the provider registered the site."""
    client_secret: str = field(default="", repr=False)
    scope: str = "openid profile"
    hosts: tuple[str, ...] = ()
    """Hosts that the provider's addresses may name, beside the issuer's own."""
    claims: Mapping[str, str] = Factory(dict)
    """The provider's name for each of our claims, where it is not ours: ``name``,
    ``student_keys``, ``adult_keys``, ``FrEduVecteur``."""
    userinfo: bool = False
    """Whether the claims are at the provider's userinfo address."""
    timeout_seconds: int = field(default=5, validator=validators.ge(1))
    """How long the provider is waited for."""


@frozen
class UsefulLink:
    """An address that the académie recommends to families."""

    title: str
    url: str = field(validator=_is_address)
    hint: str = ""
    """What is found there, in a sentence."""


@frozen
class IdentitySettings:
    """The host's own sign-in, as pages speak of it: see ``docs/how-to/identity.md``."""

    name: str = ""
    """As families know it: "Mon ENT"."""
    sign_in_url: str = field(default="", validator=_is_address)
    """Where the button of the sign-in page leads; empty for none."""
    sign_out_url: str = field(default="", validator=_is_address)
    """Where who signs out here may sign out of the host too; empty for none."""
    oidc: OidcSettings | None = None
    """Its pages take the place of the two addresses."""


@frozen
class SecondFactorSettings:
    """The code of a telephone beside the password of staff: who must have one, from when.

    Anyone of staff may have one; families are never asked.
    """

    imposed_on: tuple[Role, ...] = ()
    """Functions that need it: ``academy_admin``, ``hotline``, ``head``, ``deputy``,
    ``school_office``, ``teacher``."""
    since: date | None = field(default=None)
    """The day from which they are asked for it."""
    grace_days: int = field(default=14, validator=validators.ge(0))
    """Days from then on, or from the first use of a later account, before nothing goes on
    without."""
    trusted: tuple[str, ...] = ()
    """What the host's identity says when it asked for more than a password itself: values of its
    claims ``amr`` or ``acr`` (RFC 8176), such as ``mfa``. It then stands for a second factor that
    is imposed; one that was set up here is asked for all the same."""

    @since.validator
    def _validate_since(self, _attribute: object, since: date | None) -> None:
        if self.imposed_on and since is None:
            raise ValueError("since: expected the day from which a second factor is imposed")


@frozen
class Settings:
    """One site: an académie, its database and how people reach it."""

    academie: Academie
    base_url: str = field()
    """The public address, mount point included; every mailed link starts with it."""
    database_url: str
    """``sqlite:///var/teleservices.db``, or ``postgresql://user@host/base``."""
    secret_key: str = field(repr=False)
    """At least 32 characters drawn at random, as ``python -c "import secrets;
    print(secrets.token_urlsafe(32))"`` prints them; keys the digests of links and forms.
    A site in https refuses one with words in it, or that repeats itself."""
    ledger: Path | None = None
    """Where what no restore may bring back is noted, on another disk than the database
    if there is one; by default beside the settings file, ``teleservices.ledger``."""
    postgresql_tools: Path | None = None
    """The folder of ``pg_dump`` and ``pg_restore``, where they are not on the PATH, or are
    older than the server."""
    former_secret_keys: tuple[str, ...] = field(default=(), repr=False)
    """Keys that the site had before: they check the seals and the backups made with them,
    read the secrets of second factors that they sealed, and open nothing else."""
    site_name: str = "Téléservices"
    """At the top of every page, mail and letter."""
    hotline: Hotline = Hotline()
    useful_links: tuple[UsefulLink, ...] = ()
    """Shown on the page « Liens utiles » (F36)."""
    privacy_contact: str = ""
    """Who answers about personal data: an address or a telephone, as it is to be shown."""
    many_failures: int = field(default=1000, validator=validators.ge(1))
    """Failed sign-ins on the whole site, within five minutes, of which the académie and
    ``doctor`` are told; nobody waits for it."""
    durations: Durations = Durations()
    mail: MailSettings = MailSettings()
    database: DatabaseSettings = DatabaseSettings()
    serving: ServingSettings = ServingSettings()
    second_factor: SecondFactorSettings = SecondFactorSettings()
    logs: LogSettings = LogSettings()
    worker: WorkerSettings = WorkerSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    identity: IdentitySettings = IdentitySettings()
    api_origins: tuple[str, ...] = field(default=(), validator=_are_origins)
    """Other origins whose pages may read the JSON API, signed-in families' tiles
    included: ``https://ent.example.fr``, compared exactly. None by default."""
    disabled_plugins: tuple[str, ...] = ()
    """Names of installed plugins to leave aside; their data stay."""
    consultations_per_day: int = field(default=100, validator=validators.ge(1))
    """Persons whose files one member of staff consults within a day before the académie is told."""
    trusted_proxies: int = field(default=0, validator=validators.ge(0))
    """How many proxies in front add to X-Forwarded-For; 0 trusts none."""
    plugins: Mapping[str, Mapping[str, Any]] = Factory(dict)
    """Each plugin's own section, by its key."""

    @base_url.validator
    def _validate_url(self, _attribute: object, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError(
                "base_url: expected an address such as https://services.example.fr/prefix"
            )

    @secret_key.validator
    def _validate_key(self, _attribute: object, key: str) -> None:
        if len(key) < MINIMUM:
            raise ValueError(f"secret_key: expected at least {MINIMUM} characters")
        if self.is_secure and is_guessable(key):
            raise ValueError(
                "secret_key: an example, or easy to guess; draw another one with "
                'python -c "import secrets; print(secrets.token_urlsafe(32))"'
            )

    @property
    def origin(self) -> str:
        """Scheme and host of the public address."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_secure(self) -> bool:
        """Whether the site is reached over TLS."""
        return self.base_url.startswith("https://")


def _zone(name: object, _type: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"unknown time zone {name!r}") from error


def _date(value: Any, _type: object) -> date:
    # TOML has dates of its own; JSON writes them as text.
    return value if isinstance(value, date) else date.fromisoformat(_exactly(value, str))


def strict_converter() -> Converter:
    """A converter that refuses unknown keys and never turns one type into another."""
    converter = Converter(forbid_extra_keys=True)
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _exactly)
    converter.register_structure_hook(ZoneInfo, _zone)
    converter.register_structure_hook(date, _date)
    converter.register_structure_hook(Path, lambda value, _: Path(_exactly(value, str)))
    return converter


def _exactly(value: Any, kind: type[Any]) -> Any:
    # The hook of a type is also that of its enumerations.
    if issubclass(kind, Enum):
        return kind(value)
    if type(value) is not kind:
        raise TypeError(f"expected {kind.__name__}, not {type(value).__name__}")
    return value


_STRICT: Final = strict_converter()


def structure(
    mapping: Mapping[str, Any], kind: type[T], source: str, converter: Converter | None = None
) -> T:
    """Build a settings value. Raises :exc:`SettingsError` naming every faulty key.

    ``converter`` is a :func:`strict_converter` that knows more types.
    """
    try:
        return (converter or _STRICT).structure(mapping, kind)
    except cattrs.BaseValidationError as error:
        problems = transform_error(error, path="", format_exception=_say)
        raise SettingsError([_tidy(problem) for problem in problems], source) from None


def _tidy(problem: str) -> str:
    return problem.removesuffix(" @ ").replace(" @ .", " @ ")


def _say(error: BaseException, kind: type[Any] | None) -> str:
    # cattrs only says "invalid value"; what the value's own class says is better.
    own = isinstance(error, (ValueError, TypeError)) and str(error)
    return own or format_exception(error, kind)


_MOST: Final = 400_000
"""Bytes of settings or a policy: a decision for each of a thousand schools takes a quarter."""
_LONGEST_LINE: Final = 2_000
_LONG_KEY: Final = re.compile(
    rb"""(?:(?:[\w-]{1,60}|"[^"\n]{0,60}"|'[^'\n]{0,60}')[ \t]*\.[ \t]*){20}"""
)
"""Of more parts than any of ours: each part is a table in memory."""


def read_toml(path: Path | str) -> Mapping[str, Any]:
    """The content of a TOML file. Raises :exc:`SettingsError` naming the file."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(_MOST + 1)
        if len(content) > _MOST:
            raise SettingsError([f"more than {_MOST:,} bytes"], str(path))
        # Looked at before tomllib, which takes ages for a key of many parts.
        if max(map(len, content.splitlines()), default=0) > _LONGEST_LINE:
            raise SettingsError([f"a line of more than {_LONGEST_LINE:,} bytes"], str(path))
        if _LONG_KEY.search(content):
            raise SettingsError(["a key of more than 20 parts"], str(path))
        return tomllib.loads(content.decode())
    except FileNotFoundError:
        raise SettingsError(["no such file"], str(path)) from None
    except RecursionError:
        raise SettingsError(["lists or tables too deep inside each other"], str(path)) from None
    except ValueError as error:  # Not TOML, not UTF-8, a number of a million digits.
        raise SettingsError([str(error)], str(path)) from None


def load_settings(path: Path | str) -> Settings:
    """Read a TOML file. Raises :exc:`SettingsError` naming the file and the key."""
    settings = structure(read_toml(path), Settings, str(path))
    return settings if settings.ledger else evolve(settings, ledger=_beside(Path(path)))


def _beside(path: Path) -> Path:
    return path.absolute().with_suffix(".ledger")
