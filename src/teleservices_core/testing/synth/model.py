"""A made-up school as the school base knows it: what the writers take, what tests compare.

These values follow the SIECLE exports rather than the domain: identifiers are
those of the files (``ELEVE_ID``, ``PERSONNE_ID``), and links may be as odd as
in real files. Nothing is validated here beyond what the types say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from attrs import frozen

from teleservices_core.domain.establishments import Establishment, PostalAddress
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Kinship, Level, Sex
from teleservices_core.domain.values import Ine, Mef, Uai

FRANCE = "100"
"""INSEE code of the country, as SIECLE writes it."""


@frozen
class SynthAddress:
    """An ADRESSE record; several persons may share one."""

    id: int
    postal: PostalAddress
    country_code: str = FRANCE
    insee_code: str = ""
    """INSEE code of the commune; empty abroad."""


@frozen
class SynthOption:
    """A subject taken beside the common core, and by which kind of choice."""

    subject: str
    """Six characters, as MATIERES lists them."""
    modality: str = "O"
    """S common core, O compulsory option, F free option."""


@frozen(cache_hash=True)
class SynthLastYear:
    """Where a student was the year before."""

    uai: Uai
    name: str
    town: str
    mef: Mef | None = None
    class_group: str = ""


@frozen
class SynthStudent:
    """An ELEVE record with its options and structures."""

    id: int
    """ELEVE_ID."""
    last_name: str
    first_name: str
    born_on: date
    file_number: int = 0
    """ELENOET, the number inside the establishment."""
    ine: Ine | None = None
    old_ine: Ine | None = None
    """INE-BEA, when the student was known before 2018."""
    usage_name: str = ""
    other_first_names: tuple[str, ...] = ()
    sex: Sex = Sex.UNKNOWN
    birth_country: str = FRANCE
    birth_town: str = ""
    """Written for births abroad only."""
    birth_insee: str = ""
    """INSEE code of the commune of birth, in France."""
    nationality: str = FRANCE
    repeats: bool = False
    boarding: str = "2"
    status: str = "ST"
    mef: Mef | None = None
    class_group: str = ""
    """Code of the division, spaces kept; empty when not yet assigned."""
    groups: tuple[str, ...] = ()
    options: tuple[SynthOption, ...] = ()
    entered_on: date | None = None
    left_on: date | None = None
    exit_reason: str = ""
    email: str = ""
    mobile: str = ""
    address: SynthAddress | None = None
    """Where the student lives: often the very record of an adult who lodges him."""
    last_year: SynthLastYear | None = None


@frozen
class SynthAdult:
    """A PERSONNE record: a parent, a relative, or a service without title."""

    id: int
    """PERSONNE_ID."""
    last_name: str
    first_name: str = ""
    title: str = ""
    """"M.", "MME" or empty."""
    usage_name: str = ""
    phone: str = ""
    mobile: str = ""
    work_phone: str = ""
    accepts_sms: bool = False
    email: str = ""
    shares_address: bool = False
    """COMMUNICATION_ADRESSE: agrees to give it to parents' associations."""
    address: SynthAddress | None = None
    occupation: str = "99"


@frozen
class SynthLink:
    """A RESPONSABLE_ELEVE record."""

    student_id: int
    adult_id: int
    level: Level
    kinship: Kinship = Kinship.OTHER
    pays_fees: bool = False
    receives_aid: bool = False
    lodges: bool = False
    contact_first: bool = False


@frozen
class SynthHousehold:
    """The students of one family in one establishment, and the adults around them."""

    students: tuple[SynthStudent, ...]
    adults: tuple[SynthAdult, ...]
    links: tuple[SynthLink, ...]

    @property
    def addresses(self) -> Iterable[SynthAddress]:
        """Each address of the adults once, in order of first use."""
        return {adult.address.id: adult.address for adult in self.adults if adult.address}.values()


@frozen
class SynthSchool:
    """An establishment's base at the instant of its export."""

    establishment: Establishment
    school_year: SchoolYear
    exported_at: datetime
    """Aware; the files show it in its own zone."""
    households: tuple[SynthHousehold, ...] = ()

    @property
    def students(self) -> Iterator[SynthStudent]:
        """All students, household by household."""
        return (student for household in self.households for student in household.students)

    @property
    def adults(self) -> Iterator[SynthAdult]:
        """All adults, household by household."""
        return (adult for household in self.households for adult in household.adults)

    @property
    def links(self) -> Iterator[SynthLink]:
        """All links, household by household."""
        return (link for household in self.households for link in household.links)
