"""Forms as they come, bounded before anything is made of them, however they are written.

Werkzeug bounds the parts of ``multipart/form-data``; of the other kind it reads whatever
comes, and ten megabytes of it make two million objects.
"""

from __future__ import annotations

from io import BytesIO
from typing import IO, Any, Final

from werkzeug import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

_URLENCODED: Final = "application/x-www-form-urlencoded"
_ESCAPE: Final = len("%2F")
MOST_FIELDS: Final = 5_000
"""Of a form without files. A page of marks has a dozen for each student of a class."""


class _BoundedParser(FormDataParser):
    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Any:
        if mimetype == _URLENCODED and self.max_form_memory_size is not None:
            # As much as the texts of a form with files may take.
            body = stream.read(self.max_form_memory_size + 1)
            if len(body) > self.max_form_memory_size or body.count(b"&") >= MOST_FIELDS:
                raise RequestEntityTooLarge
            if body.count(b"%") * _ESCAPE > len(body):
                # Each would be an object, and none says anything.
                raise BadRequest("signs that are no escapes")
            stream = BytesIO(body)
        return super().parse(stream, mimetype, content_length, options)


class BoundedRequest(Request):
    """A request whose form is refused (413) as soon as it is too long."""

    form_data_parser_class = _BoundedParser
