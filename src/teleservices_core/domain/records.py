"""What the school base says, record by record, before it meets what is known.

Identifiers are those of the files (``ELEVE_ID``, ``PERSONNE_ID``): they mean
something inside one establishment only.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.roster import Kinship, Level, Sex
from teleservices_core.domain.values import Ine, Mef


@frozen
class Issue:
    """Something to look at in a file: where, about what, and what it is."""

    file: str
    line: int | None
    element: str
    """The record's tag, such as ``ELEVE``; empty for the file as a whole."""
    key: str
    """The record's identifier in the file; empty when it has none that can be read."""
    reason: str
    """In the reader's language, with what to do."""


@frozen
class Rejected(Issue):
    """A record set aside: it changes nothing, and what it is about stays as it was."""


@frozen
class Alert(Issue):
    """A record taken all the same, that somebody should look at."""


@frozen
class StudentRecord:
    """An ELEVE of BEE_ELEVES, with the division that STRUCTURES_ELEVE gives."""

    siecle_id: str
    last_name: str
    first_name: str
    born_on: date
    usage_name: str = ""
    sex: Sex = Sex.UNKNOWN
    ine: Ine | None = None
    former_ine: Ine | None = None
    """Another national identifier of the same student, from before 2018."""
    mef: Mef | None = None
    status: str = "ST"
    boarding: str = ""
    entered_on: date | None = None
    left_on: date | None = None
    class_group: str | None = None
    """Empty when the student has none yet; None when the file says nothing of classes."""
    address_id: str = ""
    address: PostalAddress | None = None
    """None when the file says nothing of addresses: what is known stays."""
    phone: str = ""
    mobile: str = ""
    work_phone: str = ""
    accepts_sms: bool = False
    email: str = ""
    birth_country: str = ""
    birth_town: str = ""
    birth_insee: str = ""
    nationality: str = ""
    repeats: bool = False
    uses_transport: bool = False
    origin: str = ""
    former_uai: str = ""
    former_mef: str = ""
    former_class_group: str = ""
    file: str = ""
    line: int = 0


@frozen
class StructureRecord:
    """A STRUCTURES_ELEVE: the division and the groups of a student."""

    student_id: str
    class_group: str = ""
    extra: str = ""
    """A second division, which a student should not have."""
    file: str = ""
    line: int = 0


@frozen
class AddressRecord:
    """An ADRESSE of BEE_RESPONSABLES; several persons may share one."""

    siecle_id: str
    address: PostalAddress
    file: str = ""
    line: int = 0


@frozen
class StudentAddressRecord(AddressRecord):
    """An ADRESSE of BEE_ELEVES, which numbers its own."""


@frozen
class AdultRecord:
    """A PERSONNE of BEE_RESPONSABLES."""

    siecle_id: str
    last_name: str
    first_name: str = ""
    title: str = ""
    usage_name: str = ""
    email: str = ""
    mobile: str = ""
    phone: str = ""
    address_id: str = ""
    address: PostalAddress | None = None
    """None when the file says nothing of addresses: what is known stays."""
    work_phone: str = ""
    accepts_sms: bool = False
    shares_contact: bool = False
    occupation: str = ""
    file: str = ""
    line: int = 0


@frozen
class LinkRecord:
    """A RESPONSABLE_ELEVE: what an adult is to a student."""

    student_id: str
    adult_id: str
    level: Level
    kinship: Kinship = Kinship.OTHER
    pays_fees: bool = False
    receives_aid: bool = False
    lodges: bool = False
    contact_first: bool = False
    file: str = ""
    line: int = 0


@frozen
class ClassGroupRecord:
    """A DIVISION or GROUPE of BEE_STRUCTURES."""

    code: str
    kind: str
    """``division`` or ``group``."""
    label: str = ""
    mef: str = ""
    file: str = ""
    line: int = 0


@frozen
class NomenclatureRecord:
    """A code of BEE_NOMENCLATURES with its labels."""

    kind: str
    """The section it comes from, such as ``MEFS`` or ``MATIERES``."""
    code: str
    short_label: str = ""
    long_label: str = ""
    file: str = ""
    line: int = 0


Record = (
    StudentRecord
    | StructureRecord
    | AddressRecord
    | StudentAddressRecord
    | AdultRecord
    | LinkRecord
    | ClassGroupRecord
    | NomenclatureRecord
)


@frozen
class ImportedFile:
    """A file that an import took, as the journal keeps it."""

    name: str
    kind: str
    digest: str
    """SHA-256 of the XML, unzipped."""
    size: int
    exported_on: date | None = None


@frozen
class Identified:
    """The person that a record is about."""

    siecle_id: str
    entity_id: UUID
    is_known: bool
    """Whether the person was there before this import."""


@frozen
class IdentifiedStudent(Identified):
    """The student that a record is about."""

    has_ine: bool = False
    """Whether a national identifier vouches for the identity."""
    is_present: bool = True
    """Whether the student attends the establishment on the day of the import."""
    name: str = ""
    takes_ine: bool = True
    """Whether the record's national identifier is nobody else's."""


@frozen
class Enrolled:
    """A student whom the establishment had before the import."""

    student_id: UUID
    siecle_id: str = ""
    ine: str = ""
    name: str = ""


@frozen
class Family:
    """A student with the adults that the file gives him."""

    student: IdentifiedStudent
    links: tuple[tuple[LinkRecord, UUID, str], ...]
    """Each link, with the adult it leads to and the adult's name."""
    is_unsure: bool = False
    """Whether a record about him was set aside, so that an absent link proves nothing."""
