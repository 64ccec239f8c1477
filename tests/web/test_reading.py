"""Numbers and days that a person or a machine typed."""

import ast
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import teleservices_core.web
import teleservices_fiche.pages
import teleservices_notes.pages
from teleservices_core.web.reading import (
    MOST,
    read_day,
    read_moment,
    read_version,
    whole_number,
)

PAGES = (teleservices_core.web, teleservices_fiche.pages, teleservices_notes.pages)
FORBIDDEN = {"int", "fromisoformat", "strptime"}


@given(st.integers(0, MOST))
def test_every_number_a_column_holds(number):
    """It reads back, with spaces around."""
    assert whole_number(f" {number} ") == read_version(str(number)) == number


@pytest.mark.parametrize(
    "text", ["", "-1", "1.0", "1_0", "٣", "²", "0x1", "1e3", str(MOST + 1), "9" * 10_000, "one"]
)
def test_all_else_is_no_number(text):
    """Not even what Python would take for one."""
    assert whole_number(text) is None
    assert read_version(text) == -1


def test_a_bound_of_its_own():
    """The greatest is a number, the next is none."""
    assert (whole_number("60", most=60), whole_number("61", most=60)) == (60, None)


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_days_both_ways(day):
    """As browsers send them, and as people type them."""
    assert read_day(day.isoformat()) == read_day(f" {day:%d/%m/%Y} ") == day


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-02-30", "1899-12-31", "2101-01-01", "0001-01-01", "9999-12-31", "10000-01-01"),
        *("20261130", "2026-W01-1", "31/12/9999", "30/11", "30/11/26", "٣٠/11/2026", "x" * 9_000),
        *("2026-11-30T00:00", "1/1/1/1", "-1/1/2026", "9" * 9_000 + "/1/2026"),
    ],
)
def test_no_day(text):
    """Nothing that a calendar could not add a year to."""
    assert read_day(text) is None


def test_moments():
    """To the minute, local, without a zone."""
    assert read_moment("2026-11-30", "14:30:59") == datetime(2026, 11, 30, 14, 30)
    for hour in ("", "24:00", "14:30Z", "14:30+01", "99:99"):
        assert read_moment("2026-11-30", hour) is None
    assert read_moment("0001-01-01", "14:30") is None


@given(st.text(max_size=20))
def test_any_text_is_answered(text):
    """Nothing raises."""
    assert whole_number(text) is None or 0 <= int(text) <= MOST
    assert read_day(text) is None or read_day(text).year in range(1900, 2101)
    assert read_moment(text, text) is None


def test_pages_read_numbers_here_only():
    """No page makes a number or a day of a text by itself."""
    found = []
    for package in PAGES:
        for path in Path(package.__file__).parent.rglob("*.py"):
            if path.name == "reading.py":
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    if called in FORBIDDEN and node.args and not _is_known(node.args[0]):
                        found.append(f"{path.name}:{node.lineno} {called}")
    assert found == []


def _is_known(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Constant)
