"""Records of an XML file one by one, whatever its size, and nothing but records.

expat is driven directly: it tells the line of each record, which iterparse
does not, and it can be stopped at the first document type declaration. Such a
declaration is refused *as such*: without it there are no entities to expand,
no external file to fetch and no billion laughs.

A file has the form of SIECLE's exports: ``/ROOT/PARAMETRES`` and
``/ROOT/DONNEES/SECTION/RECORD``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, Final
from xml.parsers import expat

from teleservices_core.errors import ImportRefusedError
from teleservices_core.exchange.sources import CHUNK, Limits, Source
from teleservices_core.i18n import _

HEADER: Final = "PARAMETRES"
_DATA: Final = "DONNEES"
_RECORD_DEPTH: Final = 4


class Element:
    """A record: its line, attributes, plain children by name, and composed children."""

    __slots__ = ("attributes", "line", "parts", "path", "tag", "values")

    def __init__(self, path: str, tag: str, line: int, attributes: dict[str, str]) -> None:
        self.path = path
        """``SECTION/TAG`` for a record, the root's name for the header."""
        self.tag = tag
        self.line = line
        self.attributes = attributes
        self.values: dict[str, str] = {}
        self.parts: list[Element] = []

    def get(self, name: str) -> str:
        """The text of an attribute or plain child, without outer spaces; empty if none."""
        return (self.attributes.get(name) or self.values.get(name) or "").strip()

    def __repr__(self) -> str:
        return f"<{self.path} line {self.line}>"


def read_elements(
    source: Source,
    wanted: Callable[[str], Collection[str]],
    *,
    limits: Limits | None = None,
    on_bytes: Callable[[int], None] = lambda _count: None,
) -> Iterator[Element]:
    """Yield the header, then each record of the paths wanted, in the order of the file.

    ``wanted`` receives the root's name and returns paths such as
    ``"ELEVES/ELEVE"``. ``on_bytes`` receives the number of bytes of each piece
    read. Raises :exc:`ImportRefusedError` with the line.
    """
    builder = _Builder(source, limits or Limits(), wanted)
    with source.open() as stream:
        yield from builder.run(stream, on_bytes)


class _Builder:
    """expat's handlers. Keeps one record at a time."""

    def __init__(
        self, source: Source, limits: Limits, wanted: Callable[[str], Collection[str]]
    ) -> None:
        self.name = source.name
        self.limits = limits
        self.wanted = wanted
        self.paths: Collection[str] = ()
        self.root = ""
        self.section = ""
        self.in_data = False
        self.depth = 0
        self.stack: list[Element] = []
        self.field: str | None = None
        """The tag of the plain field that is open."""
        self.field_attributes: dict[str, str] = {}
        self.text: list[str] = []
        self.characters = 0
        self.elements = 0
        self.ready: list[Element] = []
        # An encoding given here wins over the one declared in the file.
        self.names: dict[str, str] = {}
        parser: Any = expat.ParserCreate(source.encoding, intern=self.names)
        parser.buffer_text = True
        parser.buffer_size = 16 * 1024
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.data
        parser.StartDoctypeDeclHandler = self.doctype
        parser.EntityDeclHandler = self.doctype
        parser.ExternalEntityRefHandler = self.doctype
        self.parser = parser

    def run(self, stream: Any, on_bytes: Callable[[int], None]) -> Iterator[Element]:
        """Feed the parser piece by piece."""
        fed = 0
        while True:
            chunk: bytes = stream.read(CHUNK)
            fed += len(chunk)
            try:
                self.parser.Parse(chunk, not chunk)
            except expat.ExpatError as error:
                reason = _("XML mal formé : {error}").format(error=expat.ErrorString(error.code))
                raise self.refused(reason, error.lineno) from error
            except UnicodeError as error:
                raise self.refused(_("encodage illisible")) from error
            # A tag or attribute that never ends would be kept whole in memory.
            if fed - self.parser.CurrentByteIndex > self.limits.token_bytes + CHUNK:
                raise self.refused(_("une balise est démesurée"))
            if len(self.names) > self.limits.names:
                raise self.refused(_("trop de balises différentes"))
            yield from self.ready
            self.ready.clear()
            on_bytes(len(chunk))
            if not chunk:
                return

    def refused(self, reason: str, line: int | None = None) -> ImportRefusedError:
        """The error to raise, at the line being read."""
        return ImportRefusedError(self.name, reason, line=line or self.parser.CurrentLineNumber)

    def doctype(self, *_declared: object) -> int:
        """Refuse any document type or entity declaration."""
        reason = _("déclaration DOCTYPE ou ENTITY refusée : un export de SIECLE n’en contient pas")
        raise self.refused(reason)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An opening tag."""
        self.depth += 1
        if len(tag) > self.limits.name_characters or (attributes and self.is_huge(attributes)):
            raise self.refused(_("une balise est démesurée"))
        if self.stack:
            self.open_inside(tag, attributes)
        elif self.depth == _RECORD_DEPTH:
            path = f"{self.section}/{tag}"
            if self.in_data and path in self.paths:
                self.open_record(path, tag, attributes)
        elif self.depth > self.limits.depth:
            raise self.refused(_("balises imbriquées trop profondément"))
        elif self.depth < _RECORD_DEPTH:
            self.open_outside(tag, attributes)

    def is_huge(self, attributes: dict[str, str]) -> bool:
        """Whether attributes hold more than a field may: a record may have a thousand such."""
        most = self.limits.field_characters
        return sum(len(name) + len(value) for name, value in attributes.items()) > most

    def open_outside(self, tag: str, attributes: dict[str, str]) -> None:
        """The root, the header, DONNEES or one of its sections."""
        match self.depth:
            case 1:
                self.root = tag
                self.paths = self.wanted(tag)
            case 2:
                self.in_data = tag == _DATA
                if tag == HEADER:
                    self.open_record(self.root, tag, attributes)
            case _:
                self.section = tag

    def open_record(self, path: str, tag: str, attributes: dict[str, str]) -> None:
        """Begin to keep."""
        self.elements = 0
        self.stack.append(Element(path, tag, self.parser.CurrentLineNumber, attributes))

    def open_inside(self, tag: str, attributes: dict[str, str]) -> None:
        """A child of a record, at any depth: a plain field until it has children."""
        self.elements += 1
        if self.elements > self.limits.record_elements:
            raise self.refused(_("un enregistrement est démesuré"))
        if self.depth > self.limits.depth:
            raise self.refused(_("balises imbriquées trop profondément"))
        if self.field is not None:
            self.compose()
        self.field = tag
        self.field_attributes = attributes
        self.text = []
        self.characters = 0

    def compose(self) -> None:
        """Make of the field that is open an element with children."""
        if self.field is not None:
            inner = Element(self.field, self.field, self.stack[0].line, self.field_attributes)
            self.stack[-1].parts.append(inner)
            self.stack.append(inner)
            self.field = None

    def data(self, text: str) -> None:
        """Text of a field; between tags it is only layout."""
        if self.field is not None:
            self.characters += len(text)
            if self.characters > self.limits.field_characters:
                raise self.refused(_("un champ est démesuré"))
            self.text.append(text)

    def end(self, tag: str) -> None:
        """A closing tag."""
        self.depth -= 1
        if self.field is not None:
            if self.field_attributes:
                self.compose()
                self.stack.pop()
            else:
                self.stack[-1].values.setdefault(tag, "".join(self.text))
                self.field = None
        elif self.stack:
            element = self.stack.pop()
            if not self.stack:
                self.ready.append(element)
