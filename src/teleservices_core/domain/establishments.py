"""Académies and the establishments they hold."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from attrs import field, frozen

from teleservices_core.domain.localtime import SchoolYear, Window, local_date, midnight
from teleservices_core.domain.values import Uai


class EstablishmentKind(StrEnum):
    """Kinds that the téléservices know; names stay French where English misleads."""

    COLLEGE = "college"
    LYCEE = "lycee"
    LYCEE_PRO = "lycee_pro"
    LYCEE_POLYVALENT = "lycee_polyvalent"
    EREA = "erea"

    @property
    def is_lycee(self) -> bool:
        """Whether lycée classes are taught there."""
        return self is not EstablishmentKind.COLLEGE


@frozen
class Academie:
    """A site: one académie, its clock and its calendar."""

    code: str
    """Its official number: ``07``."""
    name: str
    """Without « académie de »: ``Dijon``."""
    zone: ZoneInfo = field(default=ZoneInfo("Europe/Paris"))
    """In which days begin and campaigns open."""
    year_starts: tuple[int, int] = (9, 1)
    """Month and day from which a new school year is the current one."""

    @property
    def full_name(self) -> str:
        """The name in a sentence: "académie de Dijon", "académie d’Orléans-Tours"."""
        elided = self.name[:1].upper() in "AÀÂÉEÈIÎOÔUH"
        return f"académie d’{self.name}" if elided else f"académie de {self.name}"

    def today(self, at: datetime) -> date:
        """The académie's civil date at an instant."""
        return local_date(at, self.zone)

    def school_year(self, at: datetime) -> SchoolYear:
        """The school year under way at an instant."""
        return SchoolYear.on(self.today(at), starts=self.year_starts)

    def span(self, year: SchoolYear) -> Window:
        """A school year, from its first local midnight to that of the next."""
        first, last = (date(y.start, *self.year_starts) for y in (year, year.next))
        return Window(midnight(first, self.zone), midnight(last, self.zone))


@frozen
class PostalAddress:
    """An address as SIECLE writes it: up to four lines, postal code, town."""

    lines: tuple[str, ...] = ()
    postal_code: str = ""
    town: str = ""
    country: str = ""
    """Empty in France, else the country's name."""
    country_code: str = ""
    """Empty in France, else the country's INSEE code."""

    def __bool__(self) -> bool:
        return bool(self.lines or self.town)

    def label(self) -> tuple[str, ...]:
        """The lines to print under the name."""
        last = f"{self.postal_code} {self.town}".strip()
        return tuple(line for line in (*self.lines, last, self.country.upper()) if line)


@frozen
class Establishment:
    """A collège or lycée, with what families need to reach its office."""

    uai: Uai
    name: str
    kind: EstablishmentKind
    town: str = ""
    address: PostalAddress = PostalAddress()
    phone: str = ""
    email: str = ""
    takes_part: bool = True
    """Whether the establishment has joined the téléservices (F41)."""
    office_hours: str = ""
    """When its office answers, in words."""
    welcome: str = ""
    """What it says to its families on their first page."""
