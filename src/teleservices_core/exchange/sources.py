"""A file to read, plain or zipped: bounded, examined once, opened as often as needed.

A first pass over the bytes gives what has to be known before parsing: the
digest, the true size (a zip's own figures are not believed) and whether the
declared encoding can be right.
"""

from __future__ import annotations

import codecs
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import SEEK_END, BufferedIOBase
from pathlib import Path
from typing import IO, Final

from attrs import frozen

from teleservices_core.errors import ImportRefusedError
from teleservices_core.i18n import _

CHUNK: Final = 64 * 1024
_ZIP: Final = b"PK\x03\x04"
_END_OF_DIRECTORY: Final = b"PK\x05\x06"
_ZIP64: Final = b"PK\x06\x07"
_DECLARED: Final = re.compile(rb"""\A<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_ENCODINGS: Final = {"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"}
"""Codec names of what is read; SIECLE writes ISO-8859-15."""
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}".encode()


@frozen
class Limits:
    """What a file may not exceed: far above any school's, far below any machine's."""

    size: int = 512 * 1024 * 1024
    """Bytes of XML. A lycée of 3,000 students writes 8 MB."""
    ratio: int = 100
    """Unzipped to zipped. These files reach 30; a bomb is beyond 1,000."""
    depth: int = 12
    field_characters: int = 4_000
    record_elements: int = 1_000
    token_bytes: int = 1024 * 1024
    names: int = 2_000
    """Different names of tags and attributes, which are kept to the end. SIECLE has 300."""
    name_characters: int = 200
    unread: int = 5_000
    """Records that cannot be understood; beyond, the file is another, or is to be made anew."""


@frozen
class Source:
    """A file that may be read."""

    path: Path
    size: int
    digest: str
    encoding: str | None
    """What to read it as when its declaration is wrong, else None."""
    remark: str = ""
    """What was odd about its encoding."""

    @property
    def name(self) -> str:
        """The name to show; the name inside a zip is nobody's business."""
        return self.path.name[:200]

    @contextmanager
    def open(self) -> Iterator[IO[bytes] | BufferedIOBase]:
        """The bytes of the XML."""
        with _opened(self.path) as stream:
            yield stream


def examine(path: Path, limits: Limits | None = None) -> Source:
    """Look at a file without parsing it.

    Raises :exc:`ImportRefusedError` when it cannot be opened or is too large,
    and for a zip that is not exactly one file or that swells suspiciously.
    """
    limits = limits or Limits()
    hasher, utf8 = sha256(), _Utf8Check()
    size, start, zipped_size = 0, b"", path.stat().st_size
    try:
        with _opened(path) as stream:
            is_zip = isinstance(stream, zipfile.ZipExtFile)
            while chunk := stream.read(CHUNK):
                start = start or chunk
                size += len(chunk)
                if size > limits.size:
                    megabytes = limits.size // 1024**2
                    raise ImportRefusedError(
                        path.name, _("plus de {limit} Mo").format(limit=megabytes)
                    )
                if is_zip and size > max(zipped_size, CHUNK) * limits.ratio:
                    raise ImportRefusedError(
                        path.name, _("le zip gonfle anormalement : il n’est pas lu")
                    )
                hasher.update(chunk)
                utf8.feed(chunk)
    except (OSError, EOFError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ImportRefusedError(path.name, _("illisible : {error}").format(error=error)) from error
    if start.startswith(_ZIP):
        raise ImportRefusedError(path.name, _("un zip dans un zip : déposez le fichier XML"))
    encoding, remark = _choose_encoding(path.name, start, utf8)
    return Source(path, size, hasher.hexdigest(), encoding, remark)


class _Utf8Check:
    """Whether bytes given piece by piece are UTF-8, and more than ASCII."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.is_valid = True
        self.is_ascii = True
        self.has_lost_characters = False

    def feed(self, chunk: bytes) -> None:
        if self.is_ascii and chunk.isascii():
            return
        self.is_ascii = False
        self.has_lost_characters = self.has_lost_characters or _REPLACEMENT in chunk
        if self.is_valid:
            try:
                self._decoder.decode(chunk)
            except UnicodeDecodeError:
                self.is_valid = False


def _choose_encoding(name: str, start: bytes, utf8: _Utf8Check) -> tuple[str | None, str]:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ImportRefusedError(name, _("encodage UTF-16 : attendu ISO-8859-15 ou UTF-8"))
    found = _DECLARED.match(start.removeprefix(codecs.BOM_UTF8))
    declared = found.group(1).decode() if found else "utf-8"
    try:
        codec = codecs.lookup(declared).name
    except LookupError:
        codec = declared
    if codec not in _ENCODINGS:
        reason = _("encodage {encoding} : attendu ISO-8859-15 ou UTF-8")
        raise ImportRefusedError(name, reason.format(encoding=declared), line=1)
    if utf8.is_ascii:
        return None, ""
    if codec in {"utf-8", "ascii"}:
        if not utf8.is_valid:
            return "iso-8859-15", _("annoncé en {encoding}, lu en ISO-8859-15").format(
                encoding=declared
            )
    elif utf8.is_valid:
        # Accented Latin text is never valid UTF-8 from end to end by chance.
        lost = _("annoncé en {encoding}, lu en UTF-8").format(encoding=declared)
        if utf8.has_lost_characters:
            lost += _(" ; des accents étaient déjà perdus : refaites l’export")
        return "utf-8", lost
    return None, ""


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        is_zip = file.read(4) == _ZIP
        if not is_zip:
            file.seek(0)
            yield file
            return
        _check_directory(path.name, file)
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) != 1 or members[0].is_dir():
                raise ImportRefusedError(path.name, _ONE_FILE())
            if members[0].flag_bits & 1:
                raise ImportRefusedError(path.name, _("le zip est protégé par un mot de passe"))
            if members[0].compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise ImportRefusedError(path.name, _("mode de compression inconnu"))
            with archive.open(members[0]) as stream:
                yield stream


def _check_directory(name: str, file: IO[bytes]) -> None:
    # zipfile reads the whole directory before telling how long it is, and a
    # million entries take a gigabyte: the end of the file says it first.
    size = file.seek(0, SEEK_END)
    file.seek(max(0, size - 66_000))
    tail = file.read()
    at = tail.rfind(_END_OF_DIRECTORY)
    if at < 0:
        raise ImportRefusedError(name, _("le zip est incomplet"))
    entries = int.from_bytes(tail[at + 10 : at + 12], "little")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    if entries != 1 or directory > CHUNK or _ZIP64 in tail[max(0, at - 20) : at]:
        raise ImportRefusedError(name, _ONE_FILE())


def _ONE_FILE() -> str:  # noqa: N802 - a sentence, translated when it is said
    return _("le zip doit contenir un fichier XML et un seul")
