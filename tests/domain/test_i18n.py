"""French as it is printed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from teleservices_core.i18n import (
    dial,
    ngettext,
    of_name,
    show_age,
    show_date,
    show_day,
    show_instant,
    show_phone,
    show_wait,
    typeset,
)


def test_dates():
    """Dates in words, the first of the month as one says it."""
    assert show_date(date(2026, 9, 1)) == "1er septembre 2026"
    assert show_day(date(2026, 11, 24)) == "mardi 24 novembre 2026"
    at = datetime(2018, 6, 29, 12, 30, tzinfo=UTC)
    assert show_instant(at, ZoneInfo("Europe/Paris")) == "vendredi 29 juin 2018 à 14\u00a0h\u00a030"
    assert (
        show_instant(at, ZoneInfo("Pacific/Noumea")) == "vendredi 29 juin 2018 à 23\u00a0h\u00a030"
    )


@pytest.mark.parametrize(
    ("plain", "set_"),
    [
        ("Vraiment ?", "Vraiment\u00a0?"),
        ("« Notes » : ouvert", "«\u00a0Notes\u00a0»\u00a0: ouvert"),
        ("http://localhost:8000/?a=b", "http://localhost:8000/?a=b"),
        ("Bonjour %(name)s", "Bonjour %(name)s"),
        ("12 %", "12\u00a0%"),
    ],
)
def test_spaces_that_do_not_break(plain, set_):
    """Authors type plain spaces; nothing inside an address or a placeholder changes."""
    assert typeset(plain) == set_


def test_plural():
    """Zero and one are singular in French."""
    said = [ngettext("{n} note", "{n} notes", n).format(n=n) for n in (0, 1, 2)]
    assert said == ["0 note", "1 note", "2 notes"]


@pytest.mark.parametrize("written", ["0380448809", "03.80.44.88.09", "03 80 44 88 09"])
def test_phones(written):
    """A French number shows by pairs, whatever its spelling; a foreign one is left alone."""
    assert show_phone(written) == "03\u00a080\u00a044\u00a088\u00a009"
    assert dial(written) == "0380448809"
    assert show_phone("+49 30 1234") == "+49 30 1234"
    assert dial("+49 30 1234") == "+49301234"


@pytest.mark.parametrize(
    ("seconds", "wait", "age"),
    [
        (0, "1 minute", "à l’instant"),
        (59, "1 minute", "à l’instant"),
        (61, "2 minutes", "il y a 1 minute"),
        (4 * 60, "4 minutes", "il y a 4 minutes"),
        (3600, "1\u00a0h", "il y a 1 heure"),
        (3661, "1\u00a0h\u00a002", "il y a 1 heure"),
        (24 * 3600, "24\u00a0h", "il y a 1 jour"),
        (3 * 24 * 3600, "72\u00a0h", "il y a 3 jours"),
    ],
)
def test_durations(seconds, wait, age):
    """A wait is rounded up, an age down."""
    assert show_wait(timedelta(seconds=seconds)) == wait
    assert show_age(timedelta(seconds=seconds)) == age


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Zoé", "de Zoé"),
        ("Anne MARTIN", "d’Anne MARTIN"),
        ("Élodie", "d’Élodie"),
        ("Œdipe", "d’Œdipe"),
        ("Yves", "d’Yves"),
        ("Yann", "de Yann"),
        ("Hugo", "de Hugo"),
        ("A", "d’A"),
        ("", "de "),
    ],
)
def test_a_name_after_its_preposition(name, said):
    """As people say it."""
    assert of_name(name) == said
