"""Students, adults and the link between them, which carries the rights."""

from __future__ import annotations

from datetime import date, datetime
from enum import IntEnum, StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from attrs import Factory, frozen

from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.localtime import SchoolYear, birthday, midnight
from teleservices_core.domain.values import Ine, Mef, Uai


class Level(IntEnum):
    """NIVEAU_RESPONSABILITE of SIECLE: what the adult is to the student."""

    LEGAL = 1
    IN_CHARGE = 2
    CONTACT = 3


class Kinship(StrEnum):
    """CODE_PARENTE of SIECLE, present list."""

    MOTHER = "10"
    FATHER = "20"
    SIBLING = "37"
    ASCENDANT = "38"
    RELATIVE = "39"
    EDUCATOR = "41"
    FOSTER_CARER = "42"
    TUTOR = "50"
    CHILD_WELFARE = "51"
    SELF = "70"
    OTHER = "90"


class Sex(StrEnum):
    """CODE_SEXE of SIECLE."""

    MALE = "1"
    FEMALE = "2"
    UNKNOWN = ""


@frozen
class Student:
    """A student; national identity comes from the school base and is read-only."""

    id: UUID
    last_name: str
    first_name: str
    born_on: date
    usage_name: str = ""
    sex: Sex = Sex.UNKNOWN
    ine: Ine | None = None

    @property
    def full_name(self) -> str:
        """The name to show: first name, then the usage or family name."""
        return f"{self.first_name} {self.usage_name or self.last_name}"

    def adult_at(self, zone: ZoneInfo) -> datetime:
        """Local midnight of the eighteenth birthday, from when the student decides."""
        return midnight(birthday(self.born_on, 18), zone)

    def is_adult(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether the student is of age at an instant (F61)."""
        return at >= self.adult_at(zone)


@frozen
class StudentDetails:
    """What a school keeps of a student beside identity; pages that show it ask for it.

    Most students have no address, number or e-mail of their own.
    """

    address: PostalAddress = Factory(PostalAddress)
    """Where the student lives: often that of one of the adults."""
    phone: str = ""
    mobile: str = ""
    work_phone: str = ""
    accepts_sms: bool = False
    email: str = ""
    birth_country: str = ""
    """INSEE code, "100" for France; empty when not known."""
    birth_town: str = ""
    """Of a birth abroad."""
    birth_insee: str = ""
    """INSEE code of the commune, of a birth in France."""
    nationality: str = ""
    """INSEE code of the country."""


@frozen
class Adult:
    """A person linked to students: guardian, person in charge or contact."""

    id: UUID
    last_name: str
    first_name: str
    title: str = ""
    """"M." or "MME", as the school base writes it; empty for a service."""
    usage_name: str = ""
    email: str = ""
    """Known by the school; not the confirmed address of an account."""
    mobile: str = ""
    phone: str = ""
    """At home."""
    address: PostalAddress = Factory(PostalAddress)
    work_phone: str = ""
    accepts_sms: bool = False
    shares_contact: bool = False
    """Agrees that parents' associations be given the address."""
    occupation: str = ""
    """CODE_PROFESSION of SIECLE; "99" for not known."""

    @property
    def full_name(self) -> str:
        """The name to show."""
        return f"{self.first_name} {self.usage_name or self.last_name}".strip()


@frozen
class Responsibility:
    """The link between an adult and a student. Rights hang on it, dated."""

    student_id: UUID
    adult_id: UUID
    level: Level
    kinship: Kinship = Kinship.OTHER
    pays_fees: bool = False
    receives_aid: bool = False
    lodges: bool = False
    contact_first: bool = False
    from_on: date | None = None
    until_on: date | None = None
    """First day on which the link no longer holds."""
    is_barred: bool = False
    """Ended by a decision of the school, which no later import undoes."""

    def holds_on(self, day: date) -> bool:
        """Whether the link is in force on a local day."""
        return (
            not self.is_barred
            and (self.from_on is None or self.from_on <= day)
            and (self.until_on is None or day < self.until_on)
        )


@frozen
class SchoolClass:
    """A class of an establishment in a school year."""

    code: str
    """With its spaces, "3 A"."""
    level: ClassLevel | None
    """That of most of its students."""
    students: int


@frozen
class FormerSchooling:
    """Where a student was the year before, as the school base says it."""

    uai: str = ""
    """CODE_RNE, of any country's school: not checked."""
    mef: str = ""
    class_group: str = ""
    origin: str = ""
    """CODE_PROVENANCE: "1" for a public school of the académie."""


@frozen
class Schooling:
    """A student in an establishment for a school year."""

    student_id: UUID
    uai: Uai
    school_year: SchoolYear
    class_group: str = ""
    """Code of the division, spaces kept ("3 A"); empty when not yet assigned."""
    mef: Mef | None = None
    status: str = "ST"
    boarding: str = ""
    from_on: date | None = None
    left_on: date | None = None
    """First day on which the student is no longer there."""
    repeats: bool = False
    uses_transport: bool = False
    former: FormerSchooling = Factory(FormerSchooling)
