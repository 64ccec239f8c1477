"""The file of a backup: a ZIP of a manifest and of the database, for the owner only."""

from __future__ import annotations

import hmac
import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from attrs import asdict, evolve, field, frozen

from teleservices_core.errors import RefusedError
from teleservices_core.files import private_file
from teleservices_core.hashing import keyed
from teleservices_core.settings import Settings

FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_DATABASE: Final = "database"
_CHUNK: Final = 1 << 20
_LONGEST_MANIFEST: Final = 1 << 20
_UNREADABLE: Final = (
    OSError,
    BadZipFile,
    EOFError,
    KeyError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What a ZIP with a wrong byte somewhere may raise."""


@frozen
class Manifest:
    """What a backup is."""

    engine: str
    """``sqlite`` or ``postgresql``."""
    site_id: UUID
    academie: str
    """Its code."""
    base_url: str
    taken_at: datetime
    epoch: int
    revisions: Mapping[str, str]
    """The schema of each distribution, by prefix."""
    rows: Mapping[str, int]
    """By table."""
    size: int = 0
    """Of the database in the file, in bytes."""
    sha256: str = ""
    format: int = FORMAT
    mac: str = field(default="", repr=False)

    def authenticated(self, key: str) -> Manifest:
        """With its MAC under a key of the site."""
        return evolve(self, mac=keyed(key, "backup", self._payload()))

    def is_made_with(self, key: str) -> bool:
        """Whether that key authenticated it."""
        return hmac.compare_digest(self.authenticated(key).mac, self.mac)

    def _payload(self) -> str:
        return json.dumps({**self.to_json(), "mac": ""}, sort_keys=True)

    def to_json(self) -> dict[str, Any]:
        """As the file has it."""
        plain = {"site_id": str(self.site_id), "taken_at": self.taken_at.isoformat()}
        return {**asdict(self), **plain}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Manifest:
        """As the file has it."""
        return cls(
            **{
                **content,
                "site_id": UUID(content["site_id"]),
                "taken_at": datetime.fromisoformat(content["taken_at"]),
            }
        )


def pack(settings: Settings, path: Path, manifest: Manifest, database: Path) -> Manifest:
    """Write a backup from the database's own file; returns the manifest, complete."""
    digest = sha256()
    with private_file(path) as file, ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        with (
            database.open("rb") as source,
            archive.open(_DATABASE, "w", force_zip64=True) as entry,
        ):
            while piece := source.read(_CHUNK):
                digest.update(piece)
                entry.write(piece)
        size = database.stat().st_size
        made = evolve(manifest, size=size, sha256=digest.hexdigest())
        made = made.authenticated(settings.secret_key)
        archive.writestr(_MANIFEST, json.dumps(made.to_json(), ensure_ascii=False, indent=2))
    return made


def read_manifest(settings: Settings, path: Path) -> Manifest:
    """What a file is, without its database.

    Raises :exc:`RefusedError`: ``not_a_backup``, ``other_format`` for one of a later
    program, ``other_key`` for one that no key of the site authenticates.
    """
    try:
        with ZipFile(path) as archive, archive.open(_MANIFEST) as entry:
            content = json.loads(entry.read(_LONGEST_MANIFEST))
        if content["format"] != FORMAT:
            raise RefusedError("other_format", path=path)
        manifest = Manifest.from_json(content)
    except (*_UNREADABLE, TypeError, AttributeError):
        raise RefusedError("not_a_backup", path=path) from None
    keys = (settings.secret_key, *settings.former_secret_keys)
    if not any(manifest.is_made_with(key) for key in keys):
        raise RefusedError("other_key", path=path)
    return manifest


def verify(path: Path, manifest: Manifest) -> None:
    """Read the database of a backup through. Raises :exc:`RefusedError` ``damaged``."""
    for _piece in _pieces(path, manifest):
        pass


def unpack(path: Path, manifest: Manifest, to: Path) -> None:
    """Write the database of a backup. Raises :exc:`RefusedError` ``damaged``, :exc:`OSError`."""
    with private_file(to) as file:
        file.writelines(_pieces(path, manifest))


def _pieces(path: Path, manifest: Manifest) -> Iterator[bytes]:
    digest = sha256()
    try:
        with ZipFile(path) as archive, archive.open(_DATABASE) as entry:
            while piece := entry.read(_CHUNK):
                digest.update(piece)
                yield piece
    except _UNREADABLE:
        raise RefusedError("damaged", path=path) from None
    if digest.hexdigest() != manifest.sha256:
        raise RefusedError("damaged", path=path)
