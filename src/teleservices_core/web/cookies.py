"""Our cookies: named for the site, scoped to the mount point, never the host's."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from attrs import field, frozen
from werkzeug import Request, Response

from teleservices_core.hashing import keyed
from teleservices_core.settings import Settings


@frozen
class Notice:
    """A message shown once, on the page after a form."""

    kind: str
    """``success``, ``info``, ``warning`` or ``error``."""
    text: str


@frozen
class Cookies:
    """Reads and writes the site's cookies on a mount point."""

    settings: Settings
    mount: str
    """``/`` or ``/prefix``."""
    _suffix: str = field(init=False)

    @_suffix.default
    def _name_suffix(self) -> str:
        return sha256(f"{self.settings.base_url} {self.mount}".encode()).hexdigest()[:8]

    def name(self, name: str) -> str:
        """As browsers know the cookie."""
        prefix = ""
        if self.settings.is_secure:
            prefix = "__Host-" if self.mount == "/" else "__Secure-"
        return f"{prefix}teleservices-{name}-{self._suffix}"

    def get(self, request: Request, name: str) -> str | None:
        """The value, or None; a cookie sent twice counts for nothing."""
        values = request.cookies.getlist(self.name(name))
        return values[0] if len(values) == 1 else None

    def set(
        self, response: Response, name: str, value: str, *, life: timedelta | None = None
    ) -> None:
        """Set for a time, or until the browser is closed."""
        response.set_cookie(
            self.name(name),
            value,
            max_age=life,
            path=self.mount,
            secure=self.settings.is_secure,
            httponly=True,
            samesite="Lax",
        )

    def delete(self, response: Response, name: str) -> None:
        """Remove."""
        response.delete_cookie(
            self.name(name),
            path=self.mount,
            secure=self.settings.is_secure,
            httponly=True,
            samesite="Lax",
        )

    def seal(self, purpose: str, data: Any) -> str:
        """Data as a cookie value that nobody else can write, for one purpose."""
        body = urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")
        return f"{body}.{keyed(self.settings.secret_key, purpose, body)}"

    def unseal(self, purpose: str, value: str | None) -> Any:
        """The data of a cookie; None when it was not written here."""
        body, _, mac = (value or "").partition(".")
        expected = keyed(self.settings.secret_key, purpose, body)
        if not body or not compare_digest(mac.encode(), expected.encode()):
            return None
        return json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))

    def pack(self, notices: list[Notice]) -> str:
        """Notices as a cookie value."""
        return self.seal("notice", [[notice.kind, notice.text] for notice in notices])

    def unpack(self, value: str | None) -> list[Notice]:
        """The notices of a cookie; none when it was not written here."""
        return [Notice(kind, said) for kind, said in self.unseal("notice", value) or ()]
