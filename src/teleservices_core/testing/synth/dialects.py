"""The two generations of SIECLE exports that importers must read.

Names changed in the summer of 2016 (NOM became NOM_DE_FAMILLE and NOM_USAGE),
guardians' fields about 2018 (RESP_LEGAL became NIVEAU_RESPONSABILITE).
"""

from __future__ import annotations

from typing import Final, Literal

from attrs import frozen

from teleservices_core.domain.roster import Kinship

Dialect = Literal["2015", "2019"]
"""Named by a year in which schools exported so."""


@frozen
class Style:
    """What a dialect writes.

    Versions 1.7, 1.9, 2.1, 3.0 and 3.1 were seen in files; the others are
    likely ones, which importers do not read.
    """

    encoding: str
    eleves_version: str
    responsables_version: str
    nomenclatures_version: str
    structures_version: str
    is_old: bool


STYLES: Final[dict[Dialect, Style]] = {
    "2015": Style("ISO-8859-1", "1.7", "1.5", "1.9", "1.3", is_old=True),
    "2019": Style("ISO-8859-15", "3.0", "2.1", "3.1", "2.0", is_old=False),
}

OLD_KINSHIP: Final = {
    Kinship.FATHER: "1",
    Kinship.MOTHER: "2",
    Kinship.TUTOR: "3",
    Kinship.SIBLING: "4",
    Kinship.ASCENDANT: "4",
    Kinship.RELATIVE: "4",
    Kinship.CHILD_WELFARE: "5",
    Kinship.EDUCATOR: "6",
    Kinship.FOSTER_CARER: "6",
    Kinship.OTHER: "6",
    Kinship.SELF: "7",
}
"""CODE_PARENTE before 2018: fewer codes, so reading them back loses some."""
