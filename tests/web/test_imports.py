"""« Importations »: what each import changed, and « Annuler cet import » after a preview."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from teleservices_core.app import Teleservices
from teleservices_core.domain.roster import Kinship, Level
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Uai
from teleservices_core.importing import import_siecle
from teleservices_core.storage import tables as t
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, an_establishment
from teleservices_core.testing.synth import (
    SynthAdult,
    SynthHousehold,
    SynthLink,
    SynthSchool,
    SynthStudent,
    write_siecle,
)
from teleservices_core.testing.synth.memory import export_time
from teleservices_core.testing.world import PASSWORD, World


@pytest.fixture
def imported(services: Teleservices, tmp_path: Path) -> Teleservices:
    """A school with a family."""
    World(services).establishment()
    zoe = SynthStudent(1, "MARTIN", "Zoé", date(2013, 2, 1))
    home = SynthHousehold(
        (zoe,),
        (SynthAdult(10, "MARTIN", "Ève", "MME"),),
        (SynthLink(1, 10, Level.LEGAL, Kinship.MOTHER),),
    )
    year = services.site.school_year()
    school = SynthSchool(an_establishment(COLLEGE), year, export_time(year), (home,))
    write_siecle(tmp_path, school)
    import_siecle(services.site, COLLEGE, [tmp_path])
    return services


def signed_in(world: World, role: Role, uai: Uai | None = None) -> Browser:
    browser = Browser(world.services)
    browser.sign_in(world.staff(role, uai).login_name, PASSWORD)
    return browser


@pytest.mark.parametrize(
    ("role", "address"),
    [(Role.HEAD, f"/ecole/{COLLEGE}/importations"), (Role.ACADEMY_ADMIN, "/academie/importations")],
)
def test_told_then_undone(imported: Teleservices, role: Role, address: str) -> None:
    browser = signed_in(World(imported), role, None if role is Role.ACADEMY_ADMIN else COLLEGE)
    listed = browser.get(address)
    assert "Peut être annulée" in listed.text
    with imported.engine.connect() as connection:
        (run,) = connection.scalars(select(t.imports.c.id))
    told = browser.get(f"{address}/{run}")
    assert "élèves ajoutés, à retirer : 1" in told.text
    browser.get(f"{address}/{run}")
    browser.submit(f"{address}/{run}/annuler")
    assert "Annulée" in browser.get(address).text
    with imported.engine.connect() as connection:
        assert not connection.scalars(select(t.students.c.id)).all()
