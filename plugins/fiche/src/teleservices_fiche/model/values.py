"""What a field of the sheet holds. Values are plain, so that they can be kept as JSON."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from attrs import asdict, field, frozen

from teleservices_core.errors import InvalidValueError

LINES: Final = 4
LINE_LENGTH: Final = 38
"""Of a line of an address in the school base's files."""
TOWN_LENGTH: Final = 32
FRANCE: Final = "100"
"""CODE_PAYS of the school base."""


def _tuple(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(lines)


@frozen
class Address:
    """A postal address as the school base takes it: French, or foreign."""

    lines: tuple[str, ...] = field(converter=_tuple)
    """One to four, without a blank one."""
    postal_code: str = ""
    """Five digits in France; empty abroad."""
    town: str = ""
    """Postal label in France, town abroad."""
    country: str = FRANCE

    @lines.validator
    def _validate_lines(self, _attribute: object, lines: tuple[str, ...]) -> None:
        if not 1 <= len(lines) <= LINES or any(
            not line.strip() or len(line) > LINE_LENGTH for line in lines
        ):
            raise InvalidValueError("address", lines, "expected one to four lines of 38 at most")

    def __attrs_post_init__(self) -> None:
        if not self.town or len(self.town) > TOWN_LENGTH:
            raise InvalidValueError("address", self.town, "expected a town of 32 at most")
        if self.is_french is not (len(self.postal_code) == 5 and self.postal_code.isdigit()):
            raise InvalidValueError("address", self.postal_code, "does not go with the country")

    @property
    def is_french(self) -> bool:
        """Whether it has a French postal code."""
        return self.country == FRANCE


Value: TypeAlias = str | bool | Address | None
"""None: nothing is said. Telephones are in E.164 where they can be read, choices by their code."""


def canonical(value: Value) -> object:
    """What two writings of one value share: the school base writes in capitals without accents."""
    if isinstance(value, Address):
        lines = " ".join(value.lines)
        return _folded(lines), value.postal_code, _folded(value.town), value.country
    return _folded(value) if isinstance(value, str) else value


def _folded(text: str) -> str:
    letters = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter)
    )
    return " ".join(re.sub(r"[,'’-]", " ", letters).split())


def plain(value: Value) -> Any:
    """A value in JSON's types."""
    return asdict(value) | {"lines": list(value.lines)} if isinstance(value, Address) else value


def from_plain(found: Any) -> Value:
    """The value of :func:`plain`."""
    return Address(**found) if isinstance(found, Mapping) else found
