"""A family whose every text is unlike any other, as the files of its school have it."""

from __future__ import annotations

from datetime import date
from typing import Final

from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.roster import Kinship, Level
from teleservices_core.domain.values import Ine
from teleservices_core.testing.builders import COLLEGE, YEAR, an_establishment
from teleservices_core.testing.synth import (
    SynthAdult,
    SynthHousehold,
    SynthLink,
    SynthSchool,
    SynthStudent,
)
from teleservices_core.testing.synth.memory import export_time
from teleservices_core.testing.synth.model import SynthAddress

INE: Final = Ine.rnie(918273645)
CHOSEN: Final = "quatre chats sur le toit"
MARKS: Final = f"/ecole/{COLLEGE}/notes/imports/"
COLUMNS: Final = (
    "classe;matiere;libelle_matiere;enseignant;evaluation;date;sur;coefficient;ine;note;"
    "saisie_le;appreciation"
)
ROW: Final = "6 B;MATHS;Maths;Mme Petit;Contrôle;05/10/2026;20;1;{};{};07/10/2026 18:20;{}"

CHILD_SAYS: Final = {
    *("ZQNOMENF", "ZQUSAGEENF", "Zqprenomenf", "zqecoleenf", "0611223391", "611223391"),
    *("ZQRUEENF", "ZQVILLEENF", INE.code, "zqappreciation", "zqsaisieenf", "zqsignalement"),
}
"""Of the student, in files of the school and in what was typed about him."""
MOTHER_SAYS: Final = {
    *("ZQNOMMERE", "ZQUSAGEMERE", "Zqprenommere", "zqecolemere", "611223392", "611223393"),
    *("611223394", "ZQRUEMERE", "zqchoisie", "zqattente", "611223395", "zqbrouillon"),
}
MARKERS: Final = CHILD_SAYS | MOTHER_SAYS


def a_home(number: int, name: str) -> SynthAddress:
    return SynthAddress(number, PostalAddress((f"7 RUE {name}",), "21000", "DIJON"))


CHILD: Final = SynthStudent(
    *(1, "ZQNOMENF", "Zqprenomenf", date(2014, 5, 12)),
    ine=INE, usage_name="ZQUSAGEENF", birth_country="109", birth_town="ZQVILLEENF",
    class_group="6 B", email="zqecoleenf@example.org", mobile="0611223391",
    address=a_home(1, "ZQRUEENF"),
)  # fmt: skip
MOTHER: Final = SynthAdult(
    *(11, "ZQNOMMERE", "Zqprenommere", "MME", "ZQUSAGEMERE"),
    phone="0611223392", mobile="0611223393", work_phone="0611223394",
    email="zqecolemere@example.org", address=a_home(2, "ZQRUEMERE"),
)  # fmt: skip
OTHERS: Final = SynthHousehold(
    (SynthStudent(2, "DURAND", "Zoé", date(2014, 6, 13), ine=Ine.rnie(222), class_group="6 B"),),
    (SynthAdult(12, "DURAND", "Luc", "M."),),
    (SynthLink(2, 12, Level.LEGAL, Kinship.FATHER),),
)


NEIGHBOURS: Final = SynthHousehold(
    (SynthStudent(3, "LEROY", "Ève", date(2014, 7, 14), ine=Ine.rnie(111), class_group="6 B"),),
    (),
    (),
)


def a_school(*households: SynthHousehold) -> SynthSchool:
    return SynthSchool(an_establishment(), YEAR, export_time(YEAR), (*households, OTHERS))


FAMILY: Final = SynthHousehold(
    (CHILD,), (MOTHER,), (SynthLink(1, 11, Level.LEGAL, Kinship.MOTHER, lodges=True),)
)
