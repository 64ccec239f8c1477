"""Hypothesis strategies for the values of the core, for its tests and those of plugins.

Every value is valid, and odd as far as validity allows: leap days, zones a day
apart, names with apostrophes and ligatures, links of any kind.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from teleservices_core.domain.establishments import (
    Establishment,
    EstablishmentKind,
    PostalAddress,
)
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Kinship, Level, Sex, Student
from teleservices_core.domain.values import Ine, Mef, Uai
from teleservices_core.testing.synth.memory import export_time
from teleservices_core.testing.synth.model import (
    SynthAddress,
    SynthAdult,
    SynthHousehold,
    SynthLink,
    SynthOption,
    SynthSchool,
    SynthStudent,
)

METROPOLE: Final = "Europe/Paris"
OVERSEAS: Final = (
    "America/Guadeloupe",
    "America/Martinique",
    "America/Cayenne",
    "America/Miquelon",
    "Indian/Reunion",
    "Indian/Mayotte",
    "Pacific/Noumea",
    "Pacific/Tahiti",
    "Pacific/Wallis",
)
"""Zones of the académies and vice-rectorats overseas."""
_SCHOOL_PREFIXES: Final = ("0219", "0589", "0719", "0899")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzàâäçéèêëîïôöœùûüÿæñ"
_MEFS: Final = ("10010012110", "10310019110", "20010019110", "24122129210")
_CLASSES: Final = ("", "3 A", "3 B", "6 C", "2DE 1", "TSTMG 12")


def uais() -> SearchStrategy[Uai]:
    """Codes of establishments, any number with its check letter."""
    return st.integers(0, 9_999_999).map(lambda number: Uai.from_digits(f"{number:07d}"))


def ines() -> SearchStrategy[Ine]:
    """National identifiers of both generations in use, with their keys."""
    rnie = st.integers(0, 999_999_999).map(Ine.rnie)
    return rnie | st.integers(0, 9_999_999_999).map(Ine.bea)


def school_years() -> SearchStrategy[SchoolYear]:
    """School years of this generation."""
    return st.integers(2000, 2060).map(SchoolYear)


def zones() -> SearchStrategy[ZoneInfo]:
    """Time zones of académies; the metropole first, then up to half a day away."""
    return st.sampled_from((METROPOLE, *OVERSEAS)).map(ZoneInfo)


def instants(
    earliest: datetime = datetime(2015, 1, 1, tzinfo=UTC),
    latest: datetime = datetime(2040, 1, 1, tzinfo=UTC),
) -> SearchStrategy[datetime]:
    """Aware instants in UTC, to the microsecond. Bounds must be aware."""
    first, last = (one.astimezone(UTC).replace(tzinfo=None) for one in (earliest, latest))
    return st.datetimes(first, last, timezones=st.just(UTC))


def birth_dates() -> SearchStrategy[date]:
    """Births of students, 29 February among them more often than by chance."""
    return st.dates(date(1998, 1, 1), date(2018, 12, 31)) | st.sampled_from(
        (date(2004, 2, 29), date(2008, 2, 29), date(2012, 2, 29))
    )


def names() -> SearchStrategy[str]:
    """Names of up to three words with accents, hyphens, apostrophes and particles."""
    word = st.text(_LETTERS, min_size=1, max_size=10).map(str.capitalize)
    return st.builds(
        lambda words, joint: joint.join(words),
        st.lists(word, min_size=1, max_size=3),
        st.sampled_from(("-", " ", "'", "' ", "-d'")),
    )


def students() -> SearchStrategy[Student]:
    """Students of the domain, minors and adults."""
    return st.builds(
        Student,
        id=st.uuids(),
        last_name=names(),
        first_name=names(),
        born_on=birth_dates(),
        usage_name=st.just("") | names(),
        sex=st.sampled_from(Sex),
        ine=st.none() | ines(),
    )


def addresses(identifiers: SearchStrategy[int]) -> SearchStrategy[SynthAddress]:
    """Homes in France and abroad."""
    line = st.tuples(st.integers(1, 999), names()).map(
        lambda pair: f"{pair[0]} rue {pair[1]}"[:38].strip()
    )
    lines = st.lists(line, max_size=3).map(tuple)
    france = st.builds(
        SynthAddress,
        id=identifiers,
        postal=st.builds(
            PostalAddress, lines, st.sampled_from(("21990", "58991", "97490")), names()
        ),
        insee_code=st.just("21990"),
    )
    abroad = st.builds(
        SynthAddress,
        id=identifiers,
        postal=st.builds(PostalAddress, lines, st.just(""), names(), st.just("Belgique")),
        country_code=st.just("131"),
    )
    return france | abroad


@st.composite
def households(
    draw: DrawFn, *, most_students: int = 3, start: int = 1, guarded: bool = False
) -> SynthHousehold:
    """Students and adults of one establishment, with any links between them.

    Unlike the generator's, a household may have adults without a child,
    children without a guardian (unless ``guarded``), three legal guardians
    or a contact only. Identifiers count from ``start``: give households of
    one school ranges apart (:func:`schools` does).
    """
    children = draw(st.lists(_children(), min_size=1, max_size=most_students))
    known = draw(st.lists(_adults(), min_size=1 if guarded else 0, max_size=4))
    places = draw(st.lists(addresses(st.just(0)), max_size=2))
    homes = [evolve(place, id=start + rank) for rank, place in enumerate(places)]
    home = st.sampled_from((None, *homes))
    enrolled = tuple(
        evolve(
            child,
            id=start + rank,
            file_number=start + rank,
            ine=draw(_ine_of(start + rank)),
            address=draw(home),
        )
        for rank, child in enumerate(children)
    )
    adults = tuple(
        evolve(adult, id=start + rank, address=draw(home)) for rank, adult in enumerate(known)
    )
    pairs = [(student.id, adult.id) for student in enrolled for adult in adults]
    links = [draw(_link(pair)) for pair in pairs if draw(st.booleans())]
    if guarded:
        linked = {link.student_id for link in links if link.level is Level.LEGAL}
        orphans = [student.id for student in enrolled if student.id not in linked]
        links = [link for link in links if link.student_id not in orphans]
        links += [SynthLink(orphan, adults[0].id, Level.LEGAL) for orphan in orphans]
    return SynthHousehold(enrolled, adults, tuple(links))


@st.composite
def schools(draw: DrawFn, *, most_students: int = 6, guarded: bool = False) -> SynthSchool:
    """A small school of one to six students, for whole imports in a property test.

    Identifiers and INE are unique inside the school.
    """
    year = draw(school_years())
    kind = draw(st.sampled_from(EstablishmentKind))
    prefix, rank = draw(st.sampled_from(_SCHOOL_PREFIXES)), draw(st.integers(0, 999))
    settled: list[SynthHousehold] = []
    left = draw(st.integers(1, most_students))
    while left:
        household = draw(
            households(most_students=min(3, left), start=1 + 100 * len(settled), guarded=guarded)
        )
        settled.append(household)
        left -= len(household.students)
    return SynthSchool(
        establishment=Establishment(
            Uai.from_digits(f"{prefix}{rank:03d}"), f"Établissement {draw(names())}", kind
        ),
        school_year=year,
        exported_at=export_time(year),
        households=tuple(settled),
    )


def _children() -> SearchStrategy[SynthStudent]:
    return st.builds(
        SynthStudent,
        id=st.just(0),
        last_name=names().map(str.upper),
        first_name=names(),
        born_on=birth_dates(),
        usage_name=st.just("") | names().map(str.upper),
        other_first_names=st.lists(names(), max_size=2).map(tuple),
        sex=st.sampled_from((Sex.FEMALE, Sex.MALE)),
        boarding=st.sampled_from(("0", "2", "24", "35")),
        mef=st.none() | st.sampled_from(_MEFS).map(Mef),
        class_group=st.sampled_from(_CLASSES),
        groups=st.lists(st.sampled_from(("3ESP1", "3LAT1")), unique=True).map(tuple),
        options=st.lists(
            st.builds(
                SynthOption,
                st.sampled_from(("030201", "030602", "030C09")),
                st.sampled_from("SOF"),
            ),
            max_size=3,
        ).map(tuple),
        entered_on=st.none() | st.dates(date(2015, 9, 1), date(2026, 11, 1)),
        email=_emails(),
        mobile=_mobiles(),
        birth_country=st.sampled_from(("", "100", "139")),
        birth_town=st.sampled_from(("", "Braga")),
        birth_insee=st.sampled_from(("", "21231")),
        nationality=st.sampled_from(("", "100", "139")),
    )


def _adults() -> SearchStrategy[SynthAdult]:
    return st.builds(
        SynthAdult,
        id=st.just(0),
        last_name=names().map(str.upper),
        first_name=st.just("") | names(),
        title=st.sampled_from(("", "M.", "MME")),
        usage_name=st.just("") | names().map(str.upper),
        phone=st.sampled_from(("", "0199000001", "+33353010002")),
        mobile=_mobiles(),
        accepts_sms=st.booleans(),
        email=_emails(),
        shares_address=st.booleans(),
        work_phone=st.sampled_from(("", "0199000003")),
        occupation=st.sampled_from(("", "42", "99")),
    )


def _link(pair: tuple[int, int]) -> SearchStrategy[SynthLink]:
    student_id, adult_id = pair
    return st.builds(
        SynthLink,
        student_id=st.just(student_id),
        adult_id=st.just(adult_id),
        level=st.sampled_from(Level),
        kinship=st.sampled_from(Kinship),
        pays_fees=st.booleans(),
        receives_aid=st.booleans(),
        lodges=st.booleans(),
        contact_first=st.booleans(),
    )


def _ine_of(identifier: int) -> SearchStrategy[Ine | None]:
    """None, or the student's own, so that no two share one."""
    return st.sampled_from((None, Ine.rnie(900_000_000 + identifier)))


def _emails() -> SearchStrategy[str]:
    return st.sampled_from(("", "a.b@example.org", "c.d@example.org", "e'f@example.org"))


def _mobiles() -> SearchStrategy[str]:
    return st.sampled_from(("", "0639980001", "06 39 98 00 02", "+33639980003"))


@st.composite
def corrected(draw: DrawFn, school: SynthSchool) -> SynthSchool:
    """The same families, with some corrections, some gone, and numbers that changed hands."""
    households = []
    for household in school.households:
        if not draw(st.integers(0, 4)):
            continue
        students = tuple(
            evolve(
                student,
                first_name=draw(st.sampled_from([student.first_name, "Autre"])),
                class_group=draw(st.sampled_from([student.class_group, "4 Z"])),
                ine=draw(st.sampled_from([student.ine, household.students[0].ine])),
            )
            for student in household.students
        )
        links = tuple(link for link in household.links if draw(st.integers(0, 4)))
        households.append(evolve(household, students=students, links=links))
    return evolve(school, households=tuple(households))
