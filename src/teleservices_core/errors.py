"""Every exception the library raises on purpose.

A message says what is wrong, where, and what to do; the same facts are
attributes, so that a page or a command can word them for its reader.
"""

from __future__ import annotations


class TeleservicesError(Exception):
    """Base of all errors of the library. Never raised itself."""

    is_impersonal = False
    """Whether its words name no person and repeat nothing that was typed: logs may have them."""


class InvalidValueError(TeleservicesError, ValueError):
    """A value that cannot exist, such as a UAI with a wrong check letter."""

    def __init__(self, what: str, value: object, reason: str) -> None:
        self.what = what
        self.value = value
        self.reason = reason
        super().__init__(f"{what} {value!r}: {reason}")


class SettingsError(TeleservicesError):
    """A settings file or mapping that cannot be used; names each faulty key."""

    is_impersonal = True

    def __init__(self, problems: list[str], source: str = "settings") -> None:
        self.problems = problems
        self.source = source
        super().__init__(f"{source}: " + "; ".join(problems))


class TransitionError(TeleservicesError):
    """An event that the life cycle does not allow in the present state."""

    is_impersonal = True

    def __init__(self, state: object, event: object) -> None:
        self.state = state
        self.event = event
        super().__init__(f"{event} is not possible in state {state}")


class ConflictError(TeleservicesError):
    """Somebody else changed the same thing first; nothing was written.

    Raised by compare-and-set writes. Reload, show what changed, try again.
    """


class BusyError(TeleservicesError):
    """Something scarce is wanted by too many at once; nothing was done. Try again soon."""

    retry_after = 5
    """Seconds, for whoever asks again."""


class UnavailableError(TeleservicesError):
    """The database does not answer: away, out of connections, or held by somebody else too long.

    ``reason`` is what it said, without a word of what it was asked. What it ended was not
    written, but for a commit whose answer was lost.
    """

    is_impersonal = True

    retry_after = 30
    """Seconds, for whoever asks again."""

    def __init__(self, reason: str, *, may_repeat: bool = False) -> None:
        self.reason = reason
        self.may_repeat = may_repeat
        """Its transaction was certainly undone, and would do as well at once: a deadlock, a
        connection that was closed between two statements."""
        super().__init__(reason)


class NotFoundError(TeleservicesError, LookupError):
    """No such thing, or none that this person may know of."""


class NotAllowedError(TeleservicesError):
    """The person has no right to this act at this instant."""


class RefusedError(TeleservicesError):
    """An act refused for a reason the person can read and act upon.

    ``code`` is stable and names the reason; ``detail`` holds what its wording
    needs (a date, an establishment).
    """

    def __init__(self, code: str, **detail: object) -> None:
        self.code = code
        self.detail = detail
        super().__init__(code if not detail else f"{code}: {detail}")


class ImportRefusedError(TeleservicesError):
    """A file that is not taken at all: wrong kind, school, year, size or form."""

    def __init__(self, file: str, reason: str, *, line: int | None = None) -> None:
        self.file = file
        self.reason = reason
        self.line = line
        where = file if line is None else f"{file}, line {line}"
        super().__init__(f"{where}: {reason}")


class MigrationRefusedError(TeleservicesError):
    """Migrations that must not run, or must not stay: nothing of them was kept.

    ``code`` says why, ``names`` what: tables of somebody else that have the names of ours
    (``taken``), what a distribution changed that is not its own (``strays``), a revision of a
    later version (``newer``), a folder whose files make no row of revisions
    (``unreadable``), or the database's code for a statement that fails (``fails``).
    """

    is_impersonal = True

    def __init__(self, prefix: str, code: str, names: tuple[str, ...]) -> None:
        self.prefix = prefix
        self.code = code
        self.names = names
        super().__init__(f"migrations of {prefix}: {code}: {', '.join(names)}")


class PluginError(TeleservicesError):
    """A plugin that declares something the core cannot accept; names it."""

    is_impersonal = True

    def __init__(self, plugin: str, reason: str) -> None:
        self.plugin = plugin
        self.reason = reason
        super().__init__(f"plugin {plugin!r}: {reason}")


class WrongValueError(TeleservicesError):
    """Something else than what a plugin had to give. Says no more of it than its type."""

    is_impersonal = True


class EscapedError(TeleservicesError):
    """What a plugin raised that is no :exc:`Exception`, such as an exit; ``orig`` is that."""

    def __init__(self, orig: BaseException) -> None:
        self.orig = orig
        super().__init__(type(orig).__name__)


class MissingExtraError(TeleservicesError, ImportError):
    """An optional dependency that is not installed; names the extra that brings it."""

    is_impersonal = True

    def __init__(self, extra: str, purpose: str) -> None:
        self.extra = extra
        super().__init__(
            f'{purpose} needs the extra "{extra}": pip install "teleservices-core[{extra}]"'
        )
