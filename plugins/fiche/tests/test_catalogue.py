"""The catalogue says who sees and who edits, field by field."""

from __future__ import annotations

import pytest

from teleservices_fiche.model import FicheOptions, FieldKind, Group, PersonKind, Standing
from teleservices_fiche.rules.catalogue import catalogue, choices, field_of
from teleservices_fiche.words import FIELD_WORDS, OWN_LISTS, SECTION_WORDS

FIELDS = catalogue().fields
ABOUT_A_GUARDIAN = {Standing.LEGAL_SELF, Standing.IN_CHARGE_SELF, Standing.SCHOOL}


@pytest.mark.parametrize("field", FIELDS, ids=lambda f: f"{f.person}.{f.code}")
def test_each_field_is_whole(field):
    """Words, a section, a list for a choice; who edits sees, and the school sees all."""
    assert FIELD_WORDS[field.key]()
    assert SECTION_WORDS[field.person, field.section]()
    assert (field.kind is FieldKind.CHOICE) is bool(field.choices)
    if field.choices:
        assert choices(field.choices) or OWN_LISTS[field.choices]
        assert not field.edited_by or choices(field.choices)
    assert field.edited_by <= field.seen_by
    assert Standing.SCHOOL in field.seen_by
    assert Standing.SCHOOL not in field.edited_by


def test_nobody_sees_another_guardians_data():
    """A guardian's fields are for himself and the school: no other standing exists for them."""
    for field in FIELDS:
        if field.person is PersonKind.GUARDIAN:
            assert field.seen_by <= ABOUT_A_GUARDIAN


def test_identity_is_read_only():
    """The national identity comes from the school base (6.2 of the field's rules)."""
    read_only = {f.code for f in FIELDS if f.person is PersonKind.STUDENT and not f.edited_by}
    assert read_only == {
        *("last_name", "usage_name", "first_name", "sex", "born_on", "birth_place"),
        *("nationality", "class_group", "boarding"),
    }


def test_no_code_twice():
    """A person's field has one definition."""
    assert len({field.key for field in FIELDS}) == len(FIELDS)


def test_versions():
    """The first publication of the order had no nationality."""
    assert catalogue(1).get(PersonKind.STUDENT, "nationality") is None
    assert catalogue(2).get(PersonKind.STUDENT, "nationality") is not None
    assert catalogue() == catalogue(2)


@pytest.mark.parametrize("group", Group)
def test_nothing_goes_straight_through_by_default(group):
    """Nor ever a field of no group, such as the image."""
    fields = [f for f in FIELDS if f.group is group]
    assert not any(FicheOptions().lets_through(f) for f in fields)
    everything = FicheOptions(True, True, True, True, True, True, True)
    expected = group is not Group.NONE
    assert all(everything.lets_through(f) is expected for f in fields)


def test_what_a_school_does_not_ask():
    """Image and associations are on the sheet where the school chose so."""
    image = field_of(PersonKind.STUDENT, "image_consent")
    associations = field_of(PersonKind.GUARDIAN, "shares_contact")
    assert [FicheOptions().asks(f) for f in (image, associations)] == [False, True]
    other = FicheOptions(asks_image=True, asks_associations=False)
    assert [other.asks(f) for f in (image, associations)] == [True, False]
