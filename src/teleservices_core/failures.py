"""What is said of an exception: its type, its code and its place, never its words.

The words of an exception repeat what was being done: the address of a constraint, the row of
a statement, the value that could not be read. Logs and pages are read by people who must not
learn it, and kept longer than it.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

_FRAMES: Final = 20
_WORDS: Final = 3
"""Letters: what is shorter is no word of anybody's."""


def brief(error: BaseException) -> str:
    """In a line, for a page: ``UniqueViolation 23505, storage/accounts.py:88``."""
    innermost = list(_chain(error))[-1]
    frames = traceback.extract_tb(innermost.__traceback__ or error.__traceback__, limit=-1)
    if not frames:
        return kind(innermost)
    last = frames[-1]
    return f"{kind(innermost)}, {'/'.join(Path(last.filename).parts[-2:])}:{last.lineno}"


def trace(error: BaseException) -> str:
    """For a log: each exception of the chain with its frames, the first cause first."""
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
