"""An ASGI request as WSGI wants it."""

from __future__ import annotations

import io
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def environ(scope: Scope) -> WSGIEnvironment:
    """The WSGI environ of a request without its body; the scope stays in it, as ``asgi.scope``."""
    script_name, path = split_path(scope)
    name, port = scope.get("server") or ("localhost", 80)
    found: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        # WSGI paths are bytes dressed as Latin-1.
        "SCRIPT_NAME": script_name.encode().decode("latin-1"),
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_NAME": name,
        "SERVER_PORT": str(port or 0),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "asgi.scope": scope,
    }
    for raw_name, raw_value in scope.get("headers", ()):
        if b"_" in raw_name:
            # X_Forwarded_For would pass for X-Forwarded-For, behind the proxy's back.
            continue
        key = raw_name.decode("latin-1").upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        value = raw_value.decode("latin-1")
        if key in found:
            value = found[key] + ("; " if key == "HTTP_COOKIE" else ",") + value
        found[key] = value
    return found


def split_path(scope: Scope) -> tuple[str, str]:
    """SCRIPT_NAME and PATH_INFO.

    The path starts with the root path, says ASGI. Behind a proxy that cuts its
    own prefix off, it starts with what was mounted since: Starlette keeps the
    proxy's part in ``app_root_path``.
    """
    root, path = scope.get("root_path", "").rstrip("/"), scope["path"]
    outer = scope.get("app_root_path", "").rstrip("/")
    for prefix in (root, root.removeprefix(outer)):
        if path == prefix or path.startswith(f"{prefix}/"):
            return root, path[len(prefix) :]
    return root, path
