"""The fields of the sheet: whose they are, who sees them and who may change them.

The list is that of the order of 15 November 2013, kept as configuration
(``catalogue.toml``) because the order changes: each proposal keeps the version
it was made under.
"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from attrs import frozen


class PersonKind(StrEnum):
    """Whose data a field holds."""

    STUDENT = "student"
    GUARDIAN = "guardian"


@frozen(order=True)
class Person:
    """Somebody of the core's roster."""

    kind: PersonKind
    id: UUID


class Standing(StrEnum):
    """Who reads or writes, with regard to the person of a field."""

    LEGAL_SELF = "legal_self"
    """A legal guardian about himself."""
    LEGAL_CHILD = "legal_child"
    """A legal guardian about the minor student."""
    IN_CHARGE_SELF = "in_charge_self"
    IN_CHARGE_CHILD = "in_charge_child"
    """A person in charge about the student; any guardian, once the student is of age."""
    MINOR_SELF = "minor_self"
    ADULT_SELF = "adult_self"
    SCHOOL = "school"


class FieldKind(StrEnum):
    """How a field is asked and written."""

    TEXT = "text"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    CHOICE = "choice"
    """A code of the list named by the field."""
    BOOLEAN = "boolean"
    DATE = "date"
    """Shown only."""
    TOWN = "town"
    """Shown only: a name, or the INSEE code where the school base has no name."""


class Section(StrEnum):
    """A step of the form, and a part of the page."""

    IDENTITY = "identity"
    CONTACT = "contact"
    SITUATION = "situation"
    EMERGENCY = "emergency"


class Group(StrEnum):
    """Fields that an establishment may let go straight through, together."""

    NONE = "none"
    """Never without a member of the school's staff."""
    PHONES = "phones"
    EMAIL = "email"
    ADDRESS = "address"
    SITUATION = "situation"
    EMERGENCY = "emergency"


class Asked(StrEnum):
    """A field that is asked only where the establishment chose so."""

    ALWAYS = "always"
    IMAGE = "image"
    ASSOCIATIONS = "associations"


@frozen
class FieldDef:
    """A field of the sheet."""

    code: str
    person: PersonKind
    section: Section
    kind: FieldKind
    seen_by: frozenset[Standing]
    edited_by: frozenset[Standing] = frozenset()
    """Empty: read-only. Who sees it may then report an error."""
    group: Group = Group.NONE
    required: bool = False
    """May be changed, not emptied."""
    choices: str = ""
    """The list of a CHOICE."""
    asked: Asked = Asked.ALWAYS
    in_base: bool = True
    """False: the school base has no such field, the plugin alone keeps it."""
    since: int = 1
    """Version of the catalogue that brought it."""

    @property
    def key(self) -> tuple[PersonKind, str]:
        """What tells it from the others."""
        return self.person, self.code


@frozen
class Catalogue:
    """The fields in force at a version, in the order of the pages."""

    version: int
    fields: tuple[FieldDef, ...]

    def get(self, person: PersonKind, code: str) -> FieldDef | None:
        """One field."""
        return next((each for each in self.fields if each.key == (person, code)), None)

    def seen_by(self, person: PersonKind, standing: Standing) -> tuple[FieldDef, ...]:
        """What somebody may see of a person."""
        return tuple(e for e in self.fields if e.person is person and standing in e.seen_by)
