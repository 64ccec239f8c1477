"""Files that only their owner reads: databases, exports, letters, backups, mails.

Every file that the product writes is made here, so that none is forgotten.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
_WORKSHOP: Final = ".teleservices-"
_UNHELD: Final = ".new-teleservices-"
OTHERS: Final = 0o077
"""What nobody but the owner is to have."""


def private_folder(path: Path) -> Path:
    """Make a folder, and the missing ones above it, for the owner only."""
    for each in (*reversed(path.parents), path):
        if not each.is_dir():
            each.mkdir(mode=FOLDER_MODE, exist_ok=True)
    return path


def make_private(path: Path) -> None:
    """Make an empty file for the owner only, unless there is one, which is not opened.

    Whoever closes a database's file by himself drops the locks that SQLite holds on it in this
    process: two could write at once, and spoil it.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDONLY, FILE_MODE))


@contextmanager
def private_file(path: Path, mode: str = "wb", **options: Any) -> Iterator[IO[Any]]:
    """Write a file for the owner only, which appears whole, and on disk, or not at all.

    ``mode`` and ``options`` are those of :func:`open`. What a killed process had written of one
    goes when the next file is written to the folder.
    """
    with _drafts(path.absolute().parent) as folder:
        draft = folder / "draft"
        make_private(draft)
        with draft.open(mode, **options) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def write_private(path: Path, content: bytes | str) -> None:
    """The same for a content at hand; text is written in UTF-8."""
    with private_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def held(file: IO[Any]) -> Iterator[None]:
    """Wait until no other process of this machine holds a file, and hold it."""
    import fcntl  # Unknown to Windows, which everything else runs on.

    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def workshop(parent: Path) -> Iterator[Path]:
    """A folder inside another, for drafts, that goes with the process.

    One that was killed leaves its own behind, with what people gave: the next removes it.
    """
    private_folder(parent)
    with _drafts(parent) as folder:
        yield folder


@contextmanager
def _drafts(parent: Path) -> Iterator[Path]:
    if os.name == "nt":
        with tempfile.TemporaryDirectory(dir=parent, prefix=_WORKSHOP) as name:
            yield Path(name)
        return
    import fcntl

    for left in parent.glob(f"{_WORKSHOP}*"):
        with suppress(OSError), _open_folder(left) as folder:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left)
    made = Path(tempfile.mkdtemp(dir=parent, prefix=_UNHELD))
    with _open_folder(made) as folder:
        fcntl.flock(folder, fcntl.LOCK_EX)
        # Only now has it a name that others look for, and it is held.
        made = made.rename(parent / made.name.replace(_UNHELD, _WORKSHOP, 1))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _open_folder(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def is_exposed(path: Path) -> bool:
    """Whether others than the owner may do something with a file that exists."""
    try:
        return bool(path.stat().st_mode & OTHERS)
    except FileNotFoundError:
        return False
