"""Levels of the classes, read from the code of the formation (MEF)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from teleservices_core.domain.values import Mef


class ClassLevel(StrEnum):
    """A year of study of the second degree, whatever the options."""

    SIXIEME = "6e"
    CINQUIEME = "5e"
    QUATRIEME = "4e"
    TROISIEME = "3e"
    SECONDE = "2de"
    PREMIERE = "1re"
    TERMINALE = "tle"
    SECONDE_PRO = "2de_pro"
    PREMIERE_PRO = "1re_pro"
    TERMINALE_PRO = "tle_pro"
    CAP_1 = "cap_1"
    CAP_2 = "cap_2"

    @property
    def label(self) -> str:
        """As schools write it: "6e", "Tle", "2de pro", "CAP 1re année"."""
        return _LABELS.get(self, self.value)

    @property
    def is_lycee(self) -> bool:
        """Whether it is a year of a lycée."""
        return self not in COLLEGE_LEVELS


COLLEGE_LEVELS: Final = frozenset(
    {ClassLevel.SIXIEME, ClassLevel.CINQUIEME, ClassLevel.QUATRIEME, ClassLevel.TROISIEME}
)
LYCEE_LEVELS: Final = frozenset(ClassLevel) - COLLEGE_LEVELS

_LABELS: Final = {
    ClassLevel.TERMINALE: "Tle",
    ClassLevel.SECONDE_PRO: "2de pro",
    ClassLevel.PREMIERE_PRO: "1re pro",
    ClassLevel.TERMINALE_PRO: "Tle pro",
    ClassLevel.CAP_1: "CAP 1re année",
    ClassLevel.CAP_2: "CAP 2e année",
}

# The first three characters of a MEF are its dispositif. Where one dispositif
# covers a whole cycle, the tenth character is the year in the cycle.
_BY_DISPOSITIF: Final = {
    "100": ClassLevel.SIXIEME,
    "101": ClassLevel.CINQUIEME,
    "102": ClassLevel.QUATRIEME,
    "103": ClassLevel.TROISIEME,
    **dict.fromkeys(("200", "210", "220"), ClassLevel.SECONDE),
    **dict.fromkeys(("201", "211", "221"), ClassLevel.PREMIERE),
    **dict.fromkeys(("202", "212", "222"), ClassLevel.TERMINALE),
}
_BY_YEAR: Final = {
    "240": (ClassLevel.CAP_1,),
    "241": (ClassLevel.CAP_1, ClassLevel.CAP_2),
    "247": (ClassLevel.SECONDE_PRO, ClassLevel.PREMIERE_PRO, ClassLevel.TERMINALE_PRO),
}


def class_level(mef: Mef | None) -> ClassLevel | None:
    """The level of a formation; None when it is unknown or none of these.

    >>> class_level(Mef("10010012110")).label
    '6e'
    """
    if mef is None:
        return None
    dispositif, year = mef.code[:3], mef.code[9]
    cycle = _BY_YEAR.get(dispositif)
    if cycle is None:
        return _BY_DISPOSITIF.get(dispositif)
    return cycle[int(year) - 1] if year.isdigit() and 0 < int(year) <= len(cycle) else None
