"""What is a plugin's failure, and what is said of an exception: type, code and place, no words.

The words of an exception repeat what was being done: the address of a constraint, the row of
a statement, the value that could not be read. Logs and pages are read by people who must not
learn it, and kept longer than it.
"""

from __future__ import annotations

import dis
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

from teleservices_core.errors import EscapedError

T = TypeVar("T")

_RAISE: Final = dis.opmap["RAISE_VARARGS"]
_FRAMES: Final = 20
_WORDS: Final = 3
"""Letters: what is shorter is no word of anybody's."""


def contained(call: Callable[[], T]) -> T:
    """What a piece of a plugin gives; whatever it raises is an :exc:`Exception` from here on.

    Exits, cancellations and classes of its own included: who calls it need catch nothing else.
    Raises :exc:`EscapedError` for them. Only somebody's Ctrl-C goes through.
    """
    try:
        return call()
    except Exception:
        raise
    except BaseException as error:
        if _is_ctrl_c(error):
            raise
        raise EscapedError(error) from error


def _is_ctrl_c(error: BaseException) -> bool:
    """Whether a signal raised it: in the main thread, by no statement but one of a handler of ours.

    Python itself raises it between two instructions.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not isinstance(error, KeyboardInterrupt) or not in_main:
        return False
    raised = error.__traceback__
    while raised is not None and raised.tb_next is not None:
        raised = raised.tb_next
    if raised is None or raised.tb_frame.f_code.co_code[raised.tb_lasti] != _RAISE:
        return True
    return str(raised.tb_frame.f_globals.get("__name__")).startswith("teleservices_core.")


def brief(error: BaseException) -> str:
    """In a line, for a page: ``UniqueViolation 23505, storage/accounts.py:88``."""
    return _said(partial(_brief, error), error)


def _brief(error: BaseException) -> str:
    innermost = list(_chain(error))[-1]
    frames = traceback.extract_tb(innermost.__traceback__ or error.__traceback__, limit=-1)
    if not frames:
        return kind(innermost)
    last = frames[-1]
    return f"{kind(innermost)}, {'/'.join(Path(last.filename).parts[-2:])}:{last.lineno}"


def trace(error: BaseException) -> str:
    """For a log: each exception of the chain with its frames, the first cause first."""
    return _said(partial(_trace, error), error)


def _trace(error: BaseException) -> str:
    return "\n".join(
        f"{''.join(_frames(each.__traceback__))}{kind(each)}" for each in reversed([*_chain(error)])
    )


def kind(error: BaseException) -> str:
    """Its type and its code: ``UniqueViolation 23505``; its words if they name nobody."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    said = " ".join(filter(None, (type(cause).__name__, code)))
    return f"{said}: {error}" if getattr(error, "is_impersonal", False) else said


def without_words(text: str, error: BaseException) -> str:
    """A text by somebody else, with the types of the exceptions in the place of their words."""
    for each in _chain(error):
        if getattr(each, "is_impersonal", False):
            continue
        said = sorted({str(each), *map(str, each.args)}, key=len, reverse=True)
        for words in said:
            if len(words) >= _WORDS:
                text = text.replace(words, type(each).__name__)
    return text


def _said(say: Callable[[], str], error: BaseException) -> str:
    try:
        return contained(say)
    except Exception:  # noqa: BLE001 - a plugin's exception may fail when it is looked at
        return type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """From the last exception to the first one that caused it."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _frames(tb: TracebackType | None) -> list[str]:
    # The last ones: an endless recursion has a thousand alike.
    return traceback.format_list(traceback.extract_tb(tb, limit=-_FRAMES))
