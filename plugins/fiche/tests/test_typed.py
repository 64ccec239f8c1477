"""From what people type to values, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_fiche.model import Address, PersonKind
from teleservices_fiche.rules.catalogue import catalogue, field_of
from teleservices_fiche.rules.typed import (
    Untyped,
    controls,
    phone,
    read,
    show_number,
    stored_phone,
    write,
)
from teleservices_fiche.testing import addresses

ADDRESS = field_of(PersonKind.GUARDIAN, "address")
PHONE = field_of(PersonKind.GUARDIAN, "phone_mobile")
EMAIL = field_of(PersonKind.GUARDIAN, "email")
SMS = field_of(PersonKind.GUARDIAN, "accepts_sms")
PROFESSION = field_of(PersonKind.GUARDIAN, "profession")
NAME = field_of(PersonKind.STUDENT, "emergency_name")
OWN_ADDRESS = field_of(PersonKind.STUDENT, "address")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("06 39 98 12 34", "+33639981234"),
        ("06.12.34.56.78", "+33612345678"),
        ("0692 12 34 56", "+262692123456"),
        ("0690-12-34-56", "+590690123456"),
        ("0696123456", "+596696123456"),
        ("0694 12 34 56", "+594694123456"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("+49 30 901820", "+4930901820"),
        ("00 352 26 12 34 56", "+35226123456"),
    ],
)
def test_telephones(typed, expected):
    assert read(PHONE, {"phone_mobile": typed}) == expected


@pytest.mark.parametrize("typed", ["12", "061234567", "06123456789", "+", "+33 12", "abc", "0012"])
def test_what_is_no_telephone(typed):
    with pytest.raises(Untyped) as refused:
        read(PHONE, {"phone_mobile": typed})
    assert set(refused.value.errors) == {"phone_mobile"}


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+33639981234", "06 39 98 12 34"),
        ("+262692123456", "06 92 12 34 56"),
        ("+4930901820", "+49 30 901820"),
        ("poste 12", "poste 12"),
        ("+1", "+1"),
    ],
)
def test_telephones_are_shown_as_they_are_dialed(number, shown):
    assert show_number(number).replace("\u00a0", " ") == shown


@given(st.from_regex(r"\A0[1-9][0-9]{8}\Z"))
def test_a_telephone_shown_is_the_same_when_typed_again(typed):
    """Every national number survives being shown in a form and sent back."""
    number = phone(typed)
    assert phone(show_number(number)) == number == stored_phone(typed)


def test_a_telephone_of_the_base_that_nobody_can_read():
    assert stored_phone(" poste  12 ") == "poste 12"
    assert stored_phone(" ") is None


@given(addresses())
def test_an_address_survives_its_form(address):
    assert read(ADDRESS, write(ADDRESS, address)) == address


@pytest.mark.parametrize(
    ("typed", "faulty"),
    [
        ({"postal_code": "21000", "town": "Dijon"}, {"line1"}),
        ({"line1": "1 rue", "postal_code": "2100", "town": "Dijon"}, {"postal_code"}),
        ({"line1": "1 rue", "postal_code": "٢١٠٠٠", "town": "Dijon"}, {"postal_code"}),
        ({"line1": "1 rue", "postal_code": "21000"}, {"town"}),
        ({"line1": "x" * 39, "postal_code": "21000", "town": "Dijon"}, {"line1"}),
        ({"line1": "1 rue", "town": "Bonn", "country": "109"}, set()),
        (
            {"line1": "1 rue", "postal_code": "53111", "town": "Bonn", "country": "109"},
            {"postal_code"},
        ),
        ({"line1": "1 rue", "town": "Bonn", "country": "zzz"}, {"country"}),
        ({"line1": "1 rue", "town": "T" * 33, "country": "109"}, {"town"}),
    ],
)
def test_addresses_that_are_not(typed, faulty):
    """Each error is on the control that is wrong."""
    said = {f"address_{part}": text for part, text in typed.items()}
    if not faulty:
        assert read(ADDRESS, said) == Address(("1 rue",), "", "Bonn", "109")
        return
    with pytest.raises(Untyped) as refused:
        read(ADDRESS, said)
    assert set(refused.value.errors) == {f"address_{part}" for part in faulty}


def test_nothing_typed():
    """Empties what may be empty; a guardian's address may not."""
    assert read(OWN_ADDRESS, {"address_country": "100"}) is None
    assert read(PHONE, {"phone_mobile": "  "}) is None
    assert read(SMS, {}) is None
    with pytest.raises(Untyped):
        read(ADDRESS, {})


def test_the_other_kinds():
    assert read(EMAIL, {"email": " anne@Example.org "}) == "anne@example.org"
    assert read(SMS, {"accepts_sms": "1"}) is True
    assert read(SMS, {"accepts_sms": "0"}) is False
    assert read(PROFESSION, {"profession": "34"}) == "34"
    assert read(NAME, {"emergency_name": "  Léa   DUPONT "}) == "Léa DUPONT"


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        (EMAIL, "anne"),
        (EMAIL, "anne@"),
        (SMS, "oui"),
        (PROFESSION, "00"),
        (NAME, "x" * 81),
    ],
)
def test_texts_that_are_no_values(field, typed):
    with pytest.raises(Untyped) as refused:
        read(field, {field.code: typed})
    assert typed not in refused.value.errors[field.code]


@given(st.data())
def test_no_text_breaks_a_form(data):
    """Whatever is typed, there is a value or an error in words on one of its controls."""
    field = data.draw(st.sampled_from([f for f in catalogue().fields if f.edited_by]))
    typed = {name: data.draw(st.text(max_size=60)) for name in controls(field)}
    value, errors = None, {}
    try:
        value = read(field, typed)
    except Untyped as refused:
        errors = refused.errors
    assert errors.keys() <= set(controls(field))
    assert all(errors.values())
    if not errors:
        assert read(field, write(field, value)) == value
