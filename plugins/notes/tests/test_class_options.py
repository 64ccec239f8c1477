"""The head says whether families may compare, and from how many marks on."""

from __future__ import annotations

import pytest

from teleservices_core.domain.staff import Role
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.world import PASSWORD, World

PAGE = f"/ecole/{COLLEGE}/modules/notes/options"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("4", "Ce nombre n’est pas dans les limites indiquées."),
        ("31", "Ce nombre n’est pas dans les limites indiquées."),
        ("beaucoup", "Écrivez un nombre entier."),
        ("", "Écrivez un nombre entier."),
    ],
)
def test_a_floor_that_is_none(school, shown, typed, said):
    """Said beside the field, in words; what was typed is still there."""
    head = Browser(school.services)
    head.sign_in(World(school.services).staff(Role.HEAD, COLLEGE).login_name, PASSWORD)
    head.get(PAGE)
    page = head.submit("options", class_figures="on", class_floor=typed)
    assert page.status_code == 422
    assert said in shown(page)
    assert "must be" not in page.text
    assert f'value="{typed}"' in page.text or not typed
    page = head.submit("options", class_figures="on", class_floor="6")
    assert "Les options sont enregistrées." in shown(page)
