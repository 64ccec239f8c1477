"""Files of establishments: what they change, and what the console has decided for good."""

from __future__ import annotations

import pytest

from teleservices_core.testing.builders import COLLEGE, LYCEE
from teleservices_core.usecases.directory import ESTABLISHMENT_COLUMNS, import_establishments
from teleservices_core.usecases.participation import set_participation


@pytest.fixture
def load(services, clock, tmp_path):
    """Import a file that says who takes part, a minute after what came before."""

    def load(**joins):
        clock.advance(minutes=1)
        lines = [";".join(ESTABLISHMENT_COLUMNS)]
        for name, joined in joins.items():
            uai, kind = {"college": (COLLEGE, "college"), "lycee": (LYCEE, "lycee")}[name]
            lines.append(f"{uai};Nom {name};{kind};1 rue;;21000;Valmont;;;{joined}")
        path = tmp_path / "etablissements.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        return import_establishments(services.site, path)

    return load


def taking_part(services):
    """The codes of the establishments that take part."""
    with services.site.database.reading() as tx:
        return {each.uai for each in tx.roster.establishments() if each.takes_part}


def test_the_file_decides_until_the_console_does(services, clock, load):
    """Then the console's choice stays, whatever the file says, and the report names it."""
    assert load(college="oui", lycee="oui").number == 2
    done = load(college="non", lycee="oui")
    assert [each.uai for each in done.left] == [COLLEGE]
    assert taking_part(services) == {LYCEE}
    clock.advance(minutes=1)
    set_participation(services.site, None, [COLLEGE], takes_part=True)
    done = load(college="non", lycee="non")
    assert [each.uai for each in done.kept] == [COLLEGE]
    assert [each.uai for each in done.left] == [LYCEE]
    assert taking_part(services) == {COLLEGE}
    done = load(college="oui", lycee="oui")
    assert not done.kept, "the file now says the same"
    assert [each.uai for each in done.joined] == [LYCEE]
    with services.site.database.reading() as tx:
        acts = [e.action for e in tx.audit.latest(20, uai=LYCEE)]
    assert acts == ["establishment.joined", "establishment.left"]


def test_the_rest_of_the_file_counts(services, load):
    """A kept participation keeps nothing else: names and addresses are the file's."""
    load(college="oui")
    set_participation(services.site, None, [COLLEGE], takes_part=False)
    load(college="oui")
    with services.site.database.reading() as tx:
        (college,) = tx.roster.named([COLLEGE])
    assert college.name == "Nom college"
    assert not college.takes_part
