"""What an establishment has barred, no later file undoes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from teleservices_core.app import Teleservices
from teleservices_core.domain.attachments import barred
from teleservices_core.domain.establishments import Establishment, EstablishmentKind
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Kinship, Level
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.importing import ImportReport, import_siecle
from teleservices_core.storage import tables as t
from teleservices_core.testing.meanwhile import meanwhile
from teleservices_core.testing.synth import (
    SynthAdult,
    SynthHousehold,
    SynthLink,
    SynthSchool,
    SynthStudent,
    write_siecle,
)
from teleservices_core.testing.synth.memory import export_time

YEAR = SchoolYear(2026)
TODAY = date(2026, 11, 24)
COLLEGE = Establishment(Uai.from_digits("0219001"), "Collège Un", EstablishmentKind.COLLEGE)
ZOE = SynthStudent(1, "MARTIN", "Zoé", date(2013, 2, 1), ine=Ine.rnie(1), class_group="6 A")
MOTHER, HOMONYM = SynthAdult(10, "MARTIN", "Ève", "MME"), SynthAdult(11, "DURAND", "Luc", "M.")
LINKS = (
    SynthLink(1, 10, Level.LEGAL, Kinship.MOTHER),
    SynthLink(1, 11, Level.LEGAL, Kinship.FATHER),
)
FAMILY = SynthHousehold((ZOE,), (MOTHER, HOMONYM), LINKS)
Run = Callable[..., ImportReport]


@pytest.fixture
def run(services: Teleservices, tmp_path: Path) -> Run:
    """Import the family as it is described."""
    with services.site.database.writing() as tx:
        tx.roster.save_establishments([COLLEGE])

    def run(family: SynthHousehold = FAMILY, **options: Any) -> ImportReport:
        folder = tmp_path / f"exports{len(list(tmp_path.iterdir()))}"
        write_siecle(folder, SynthSchool(COLLEGE, YEAR, export_time(YEAR), (family,)))
        return import_siecle(services.site, COLLEGE.uai, sorted(folder.glob("*.xml")), **options)

    return run


def bar(services: Teleservices) -> None:
    """Bar Luc Durand's link."""
    with services.site.database.writing() as tx:
        adult_id = tx.roster.by_siecle_id(COLLEGE.uai, "adult", "11")
        student_id = tx.roster.by_siecle_id(COLLEGE.uai, "student", "1")
        (link,) = tx.attachments.links(student_id, [adult_id])
        tx.attachments.replace(link, barred(link, TODAY))


def barred_link(services: Teleservices) -> Any:
    """It, as it is now."""
    with services.engine.connect() as connection:
        found = connection.execute(
            select(t.responsibilities).where(t.responsibilities.c.is_barred)
        ).all()
    (row,) = found
    return row


def test_it_stays_ended_and_is_told(services: Teleservices, run: Run) -> None:
    """The alert says where the file still describes it; nothing else changes."""
    run()
    bar(services)
    for dry_run in (True, False):
        report = run(dry_run=dry_run)
        assert report.changes_nothing
        (alert,) = report.alerts
        assert alert.reason == (
            "Luc DURAND → Zoé MARTIN : lien écarté par l’établissement, "
            "encore décrit par le fichier"
        ).replace(" :", "\u00a0:")
        assert (alert.element, alert.key) == ("RESPONSABLE_ELEVE", "1/11")
        assert alert.line
        assert barred_link(services).until_on == TODAY


def test_changes_of_it_are_not_heeded(services: Teleservices, run: Run) -> None:
    """Not even a new level; and once the file is corrected, nothing is left to say."""
    run()
    bar(services)
    stronger = evolve(LINKS[1], level=Level.IN_CHARGE, pays_fees=True)
    assert run(evolve(FAMILY, links=(LINKS[0], stronger))).changes_nothing
    assert barred_link(services).level == Level.LEGAL
    report = run(evolve(FAMILY, adults=(MOTHER,), links=LINKS[:1]))
    assert report.changes_nothing
    assert not report.alerts
    assert barred_link(services).until_on == TODAY


@settings(max_examples=10)
@given(
    st.lists(st.tuples(st.sampled_from(Level), st.sampled_from(Kinship), st.booleans()), max_size=3)
)
def test_whatever_the_files_say(
    services: Teleservices, run: Run, files: list[tuple[Level, Kinship, bool]]
) -> None:
    """No sequence of files ever makes it hold again."""
    run()
    with services.engine.begin() as connection:
        connection.execute(update(t.responsibilities).values(is_barred=False, until_on=None))
    bar(services)
    for level, kinship, is_there in files:
        links = (LINKS[0], evolve(LINKS[1], level=level, kinship=kinship))
        run(FAMILY if is_there else evolve(FAMILY, links=links))
        row = barred_link(services)
        assert row.until_on == TODAY
        assert (row.level, row.kinship) == (Level.LEGAL, Kinship.FATHER)


def test_barred_while_an_import_runs(services: Teleservices, run: Run) -> None:
    """Barred after the import has read the links and before it writes them."""
    run()
    with services.engine.begin() as connection:
        connection.execute(update(t.responsibilities).values(until_on=TODAY - timedelta(1)))
    with meanwhile(lambda: bar(services)) as done:
        run()
    assert done
    assert barred_link(services).until_on == TODAY - timedelta(1)
