"""What a host's claims prove, and what they do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.identities import (
    ExternalIdentity,
    SiecleKey,
    Vector,
    VectorKind,
    contradicts,
    guardian_of,
    is_named,
    parse_key,
    parse_vector,
    read_keys,
)
from teleservices_core.errors import InvalidValueError
from teleservices_core.testing.builders import COLLEGE, LYCEE, a_student, an_adult

PART = st.text(st.characters(exclude_characters="|", exclude_categories=["Cs"]), max_size=30)


def a_vector(last_name="MARTIN", first_name="Anne", kind="2", siecle_id="12345", uai=COLLEGE):
    """As a host writes it."""
    return f"{kind}|{last_name}|{first_name}|{siecle_id}|{uai}"


def test_a_vector_is_read():
    """Five parts between bars; the identifier is the student's even for a guardian."""
    assert parse_vector(" 2 | MARTIN|Anne |12345|0219999e ") == Vector(
        VectorKind.GUARDIAN, "MARTIN", "Anne", SiecleKey(COLLEGE, "12345")
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2|MARTIN|Anne|12345",
        "2|MARTIN|Anne|12345|0219999E|",
        "5|MARTIN|Anne|12345|0219999E",
        "2|MARTIN|Anne||0219999E",
        "2|MARTIN|Anne|123456789012345678901|0219999E",
        "2|MARTIN|Anne|12345|0219999A",
        "2|MARTIN|Anne|12345|",
    ],
)
def test_an_odd_vector_is_refused(text):
    """Parts missing or too many, unknown kind, no identifier, wrong UAI."""
    with pytest.raises(InvalidValueError):
        parse_vector(text)


@given(st.lists(PART, max_size=7))
def test_any_text_is_read_or_refused(parts):
    """No other error, whatever a host sends; and claims of such texts prove nothing wrong."""
    text = "|".join(parts)
    try:
        read = parse_vector(text)
    except InvalidValueError:
        read = None
    keys = read_keys({"FrEduVecteur": [text, None, 3, {}], "student_keys": text})
    assert keys.vectors == tuple(
        each for each in [read] if each and each.kind in {VectorKind.GUARDIAN, VectorKind.STUDENT}
    )


@pytest.mark.parametrize("text", ["", "12345", "|12345", "0219999E|", "0219999E| ", "0219999A|1"])
def test_an_odd_key_is_refused(text):
    """A UAI, a bar, an identifier."""
    with pytest.raises(InvalidValueError):
        parse_key(text)


def test_claims_are_read_each_by_itself():
    """One odd child does not lock a family out; the first degree is elsewhere."""
    keys = read_keys(
        {
            "student_keys": "0219999E|1",
            "adult_keys": ["0219999E|2", f"{LYCEE}|3", "nonsense", 4],
            "FrEduVecteur": (a_vector(), a_vector(kind="1"), "2|x", a_vector(kind="4")),
            "email": "anne@example.org",
        }
    )
    assert keys.students == {SiecleKey(COLLEGE, "1")}
    assert keys.adults == {SiecleKey(COLLEGE, "2"), SiecleKey(LYCEE, "3")}
    assert [each.kind for each in keys.vectors] == [VectorKind.GUARDIAN, VectorKind.STUDENT]
    assert keys


@pytest.mark.parametrize("claims", [{}, {"email": "a@b.fr", "name": "Anne"}, {"adult_keys": 3}])
def test_nothing_else_proves_anything(claims):
    """Neither an address nor a name."""
    assert not read_keys(claims)


@pytest.mark.parametrize(
    ("last_name", "first_name", "same"),
    [
        ("MARTIN", "Anne", True),
        ("Martin", "anne", True),
        ("LE GOFF-MARTIN", "Anne", False),
        ("Lefèvre d’Été", "Anne", True),
        ("lefevre-dete", "Anne-Lise", False),
        ("MARTIN", "Anne Lise", True),
        ("MARTIN", "Anne, Lise", True),
        ("MARTIN", "Lise", False),
        ("MARTIN", "", False),
        ("", "Anne", False),
    ],
)
def test_names_are_compared_with_tolerance(last_name, first_name, same):
    """Accents, case, hyphens, name of use, first of several first names."""
    adult = an_adult(last_name="MARTIN", first_name="Anne", usage_name="Lefèvre d'Été")
    vector = Vector(VectorKind.GUARDIAN, last_name, first_name, SiecleKey(COLLEGE, "1"))
    assert is_named(vector, adult) is same


def test_a_guardian_is_the_only_one_named():
    """Two of the same name, or none: no link."""
    vector = parse_vector(a_vector())
    anne, other = an_adult(), an_adult(first_name="Paul")
    assert guardian_of(vector, [anne, other]) == anne
    assert guardian_of(vector, [anne, an_adult()]) is None
    assert guardian_of(vector, [other]) is None
    assert guardian_of(vector, []) is None


@pytest.mark.parametrize(
    ("last_name", "first_name", "contradicted"),
    [
        ("MARTIN", "Camille", False),
        ("MARTIN", "Autre", False),
        ("AUTRE", "Camille", False),
        ("AUTRE", "Autre", True),
    ],
)
def test_a_key_given_to_somebody_else(last_name, first_name, contradicted):
    """A student's name only speaks against the key, when nothing of it agrees."""
    vector = Vector(VectorKind.STUDENT, last_name, first_name, SiecleKey(COLLEGE, "1"))
    assert contradicts(vector, a_student()) is contradicted


def test_issuer_and_subject_are_told_apart():
    """The pair is the key: neither half, nor the two run together, stands for another."""
    pairs = [("a", "bc"), ("ab", "c"), ("a", "b"), ("b", "bc")]
    assert len({ExternalIdentity(*pair).digest for pair in pairs}) == 4
    assert ExternalIdentity("a", "b", {"name": "x"}) == ExternalIdentity("a", "b")
    for issuer, subject in (("", "s"), ("i", ""), ("i" * 256, "s"), ("i", "s" * 256), ("i", "\0")):
        with pytest.raises(ValueError, match="must match"):
            ExternalIdentity(issuer, subject)
    assert "Anne" not in repr(ExternalIdentity("i", "s", {"name": "Anne"}))
