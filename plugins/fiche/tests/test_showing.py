"""Values of the sheet in words."""

from __future__ import annotations

import pytest

from teleservices_fiche.model import PersonKind
from teleservices_fiche.showing import show_value


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Valmont", "Valmont"),
        ("21231", "commune de code Insee 21231"),
        ("2A004", "commune de code Insee 2A004"),
        ("", ""),
    ],
)
def test_birth_place(said, shown):
    """A bare code is said to be one: the school base has no name for towns of France."""
    assert show_value(PersonKind.STUDENT, "birth_place", said) == shown
