"""A delta goes to a school base, which exports again: the real import says what was accepted."""

from __future__ import annotations

import tempfile
import unicodedata
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from teleservices_core.app import Teleservices
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.importing import import_siecle
from teleservices_core.storage import tables as core
from teleservices_core.testing.clock import FixedClock
from teleservices_core.testing.fixtures import make_settings
from teleservices_core.testing.synth import write_siecle
from teleservices_core.testing.synth.memory import synth_school
from teleservices_core.testing.synth.model import FRANCE, SynthAddress
from teleservices_fiche.exchange.delta_xml import delta_xml
from teleservices_fiche.model import Person, PersonKind, ProposalState, canonical
from teleservices_fiche.rules.merging import in_force
from teleservices_fiche.rules.reconciling import as_read
from teleservices_fiche.store import FicheStore
from teleservices_fiche.store import tables as t
from teleservices_fiche.store.school import FicheSchoolStore
from teleservices_fiche.testing import HOME, a_maker, a_proposal, addresses
from teleservices_fiche.usecases.deciding import decide_many
from teleservices_fiche.usecases.exporting import open_delta, read_delta

SCHOOL = synth_school(11, pupils=8)
"""Made up, as a school base exports it: siblings, two homes, old formats of telephones."""


def folded(text):
    """As school bases write: capitals without accents."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).upper()


class Base:
    """The school base: it takes deltas in, and the site imports its exports."""

    def __init__(self, services):
        self.services = services
        self.school = SCHOOL
        self.numbers = iter(range(900_000, 999_999))
        with services.site.database.writing() as tx:
            tx.roster.save_establishments([SCHOOL.establishment])
        self.export()

    def export(self):
        """Export, and the real import of what was exported."""
        at = self.school.exported_at + timedelta(days=1)
        self.school = evolve(self.school, exported_at=at)
        self.services.site.clock.set(at + timedelta(hours=1))
        with tempfile.TemporaryDirectory() as folder:
            write_siecle(Path(folder), self.school)
            import_siecle(self.services.site, SCHOOL.establishment.uai, [Path(folder)])

    def take_in(self, root):
        """What it does with a delta: it looks for the persons, and writes what the file says."""
        people = {
            (each.findtext("NOM_DE_FAMILLE"), each.findtext("PRENOM")): each
            for each in root.iterfind(".//PERSONNE")
        }
        pupils = {each.findtext("ID_NATIONAL"): each for each in root.iterfind(".//ELEVE")}
        self.school = evolve(
            self.school,
            households=tuple(
                evolve(
                    household,
                    adults=tuple(
                        self._adult(each, people.get((each.last_name, each.first_name)))
                        for each in household.adults
                    ),
                    students=tuple(
                        self._student(each, pupils.get(each.ine.code if each.ine else ""))
                        for each in household.students
                    ),
                )
                for household in self.school.households
            ),
        )

    def _adult(self, adult, said):
        if said is None:
            return adult
        return evolve(
            adult,
            phone=said.findtext("TEL_PERSONNEL") or "",
            mobile=said.findtext("TEL_PORTABLE") or "",
            work_phone=said.findtext("TEL_PROFESSIONNEL") or "",
            accepts_sms=said.findtext("ACCEPTE_SMS") == "1",
            email=said.findtext("EMAIL") or "",
            shares_address=said.findtext("COMMUNICATION_ADRESSE") == "1",
            address=self._address(said),
            occupation=said.findtext("CODE_PROFESSION"),
        )

    def _student(self, student, said):
        if said is None:
            return student
        return evolve(
            student,
            mobile=said.findtext("TEL_PORTABLE") or "",
            email=said.findtext("EMAIL") or "",
            address=self._address(said),
        )

    def _address(self, said):
        home = said.find("ADRESSE")
        if home is None:
            return None
        lines = [home.findtext(f"LIGNE{rank}_ADRESSE") for rank in range(1, 5)]
        town = home.findtext("LL_POSTAL") or home.findtext("COMMUNE_ETRANGERE")
        country = home.findtext("CODE_PAYS")
        postal = PostalAddress(
            tuple(folded(line) for line in lines if line),
            home.findtext("CODE_POSTAL") or "",
            folded(town),
            "" if country == FRANCE else "AILLEURS",
            "" if country == FRANCE else country,
        )
        return SynthAddress(next(self.numbers), postal, country)


@pytest.fixture
def base(databases):
    """Make a site beside a school base."""

    @contextmanager
    def make():
        clock, hasher = FixedClock(SCHOOL.exported_at), Argon2Hasher.cheapest()
        with databases.lent("sqlite") as engine:
            settings = make_settings("sqlite://")
            yield Base(Teleservices(settings, engine=engine, clock=clock, hasher=hasher))

    return make


PHONES = st.sampled_from(("+33639980007", "+33353019909", "+262639123456", "+3225550123"))
ASKED = {
    PersonKind.GUARDIAN: {
        "phone_mobile": st.none() | PHONES,
        "phone_home": st.none() | PHONES,
        "phone_work": st.none() | PHONES,
        "email": st.none() | st.sampled_from(("neuve@example.org", "Élise@example.org")),
        "accepts_sms": st.booleans(),
        "shares_contact": st.booleans(),
        "profession": st.sampled_from((None, "21", "42")),
        "address": st.just(HOME) | addresses(),
    },
    PersonKind.STUDENT: {
        "phone_mobile": st.none() | PHONES,
        "email": st.none() | st.just("eleve@example.org"),
        "address": st.none() | addresses(),
    },
}
NOT_EXPORTED = {(PersonKind.STUDENT, "accepts_sms")}
"""What the writer of made-up exports derives from the rest."""


def _who(known):
    person, values = known
    return person.kind, values["last_name"] or "", values["first_name"] or ""


class Sheets:
    """The sheets of the school's pupils, read as the plugin does."""

    def __init__(self, services):
        self.services = services
        with services.engine.connect() as connection:
            self.links = connection.execute(select(core.responsibilities)).all()
        self.children = {link.student_id for link in self.links}
        self.child_of = {link.adult_id: link.student_id for link in self.links}

    def read(self):
        """What the base says, and what is in force."""
        uai, year = SCHOOL.establishment.uai, SCHOOL.school_year
        with self.services.site.database.reading() as tx:
            store = FicheStore(tx.connection)
            found = store.base.students(self.children, uai, year)
            self.shown = {}
            for id_, guardians in store.base.guardians(self.children).items():
                child = Person(PersonKind.STUDENT, id_)
                self.shown |= guardians | as_read({child: found[child]}, guardians.values())
                found |= guardians
            ids = [person.id for person in found]
            open_ = store.proposals.open_about(ids, uai)
        return found, in_force(found, open_)

    def named_in(self, root):
        """The persons that a file carries."""
        people = {
            (each.findtext("NOM_DE_FAMILLE"), each.findtext("PRENOM"))
            for each in root.iterfind(".//PERSONNE")
        }
        pupils = {each.findtext("ID_NATIONAL") for each in root.iterfind(".//ELEVE")}
        a, s = core.adults.c, core.students.c
        with self.services.engine.connect() as connection:
            adults = connection.execute(select(a.id, a.last_name, a.first_name)).all()
            students = connection.execute(select(s.id, s.ine)).all()
        return {id_ for id_, *name in adults if tuple(name) in people} | {
            id_ for id_, ine in students if ine in pupils
        }

    def ask(self, draw):
        """Changes of some fields of some persons, accepted by the school."""
        proposals = []
        self.read()
        # In an order of their own, so that what is drawn is drawn again.
        for person, values in sorted(self.shown.items(), key=_who):
            asked = draw(st.fixed_dictionaries({}, optional=ASKED[person.kind]))
            proposals += [
                a_proposal(
                    value,
                    uai=SCHOOL.establishment.uai,
                    school_year=SCHOOL.school_year,
                    person=person,
                    student_id=self.child_of.get(person.id, person.id),
                    field=field,
                    seen=values[field],
                    maker=a_maker(person.id, person=Person(person.kind, person.id)),
                    made_at=self.services.site.now(),
                )
                for field, value in asked.items()
                if canonical(value) != canonical(values[field])
            ]
        with self.services.site.database.writing() as tx:
            FicheStore(tx.connection).proposals.add("R", proposals)
        for start in range(0, len(proposals), 100):
            picked = {each.id: each.version for each in proposals[start : start + 100]}
            site, uai = self.services.site, SCHOOL.establishment.uai
            done = decide_many(site, None, uai, picked, accept=True, opens=FicheSchoolStore)
            assert done.done == len(picked)
        return proposals


def differences(one, other):
    """What two writings do not say alike of a person."""
    return {k: (v, other[k]) for k, v in one.items() if canonical(v) != canonical(other[k])}


@settings(max_examples=8)
@given(data=st.data())
def test_export_then_import_equals_acceptance(base, data):
    """Through the file, the base and its real import: what was in force is what the base says."""
    with base() as here:
        site, uai = here.services.site, SCHOOL.establishment.uai
        sheets = Sheets(here.services)
        proposals = sheets.ask(data.draw)
        before, wanted = sheets.read()
        batch = open_delta(site, None, uai, FicheSchoolStore)
        pieces = None
        if batch is not None:
            delta = read_delta(site, None, uai, batch.number, FicheSchoolStore)
            pieces = delta_xml(site, delta, FicheSchoolStore)
        gone = set()
        if pieces is not None:
            root = ET.fromstring(b"".join(pieces))
            gone = sheets.named_in(root)
            here.take_in(root)
        here.export()
        after, still = sheets.read()
        for person, values in wanted.items():
            told = {k: v for k, v in still[person].items() if (person.kind, k) not in NOT_EXPORTED}
            assert not differences(told, values), "left or not, nothing accepted is lost"
        with here.services.engine.connect() as connection:
            states = dict(connection.execute(select(t.proposals.c.id, t.proposals.c.state)).all())
        for each in proposals:
            has_left = each.person.id in gone
            state = ProposalState.RECONCILED if has_left else ProposalState.ACCEPTED
            assert states[each.id] == state, each
        for person, values in after.items():
            told = {k: v for k, v in values.items() if (person.kind, k) not in NOT_EXPORTED}
            assert not differences(told, (wanted if person.id in gone else before)[person])
