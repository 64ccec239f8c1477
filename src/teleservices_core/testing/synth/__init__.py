"""A made-up académie: families, schools, SIECLE exports and marks that belong to nobody.

Nothing here is a real person or school: names are drawn from common ones,
communes are invented, numbers come from ranges kept for fiction, and every
identifier has a valid key. The same arguments give the same bytes.
"""

from teleservices_core.testing.synth.academy import AcademySummary, write_academy
from teleservices_core.testing.synth.dialects import Dialect
from teleservices_core.testing.synth.faults import Fault, write_faults
from teleservices_core.testing.synth.memory import export_time, households, synth_school
from teleservices_core.testing.synth.model import (
    SynthAddress,
    SynthAdult,
    SynthHousehold,
    SynthLastYear,
    SynthLink,
    SynthOption,
    SynthSchool,
    SynthStudent,
)
from teleservices_core.testing.synth.personas import Persona
from teleservices_core.testing.synth.siecle import Header, SiecleWriter, write_siecle

__all__ = [
    "AcademySummary",
    "Dialect",
    "Fault",
    "Header",
    "Persona",
    "SiecleWriter",
    "SynthAddress",
    "SynthAdult",
    "SynthHousehold",
    "SynthLastYear",
    "SynthLink",
    "SynthOption",
    "SynthSchool",
    "SynthStudent",
    "export_time",
    "households",
    "synth_school",
    "write_academy",
    "write_faults",
    "write_siecle",
]
