"""Addresses as people type them, and as servers take them."""

import re
from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.errors import RefusedError
from teleservices_core.mail_addresses import mail_address
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import World
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.mailing import deliver
from teleservices_core.words.addresses import tell_bad_address


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" Jean@Exemple.FR ", "jean@exemple.fr"),
        ("jean@école-test.fr", "jean@xn--cole-test-93a.fr"),
        ("jean@пример.рф", "jean@xn--e1afmkfd.xn--p1ai"),
        ("o'neill@exemple.fr", "o'neill@exemple.fr"),
        ("jean\u200b@exemple.fr", "jean@exemple.fr"),
        ("\u202ajean@exemple.fr\u202c", "jean@exemple.fr"),
        ("jean@exemple\u3002fr", "jean@exemple.fr"),
    ],
)
def test_stored(typed, stored):
    """In lower case, without what nobody sees, the domain in ASCII."""
    assert mail_address(typed) == stored


@pytest.mark.parametrize(
    ("typed", "why", "words"),
    [
        ("hélène@exemple.fr", "accent", "\N{NO-BREAK SPACE}é\N{NO-BREAK SPACE}"),
        ("jean°@exemple.fr", "accent", "\N{NO-BREAK SPACE}°\N{NO-BREAK SPACE}"),
        ("o’neill@exemple.fr", "apostrophe", "o'neill@exemple.fr"),
        ("jean@exemple", "form", "prenom@exemple.fr"),
        ("jean@exemple.f", "form", "prenom@exemple.fr"),
        ("jean.exemple.fr", "form", "prenom@exemple.fr"),
        ("jean@a.fr;marie@a.fr", "form", "prenom@exemple.fr"),
        (f"{'x' * 65}@exemple.fr", "form", "prenom@exemple.fr"),
        ("", "form", "prenom@exemple.fr"),
    ],
)
def test_refused_with_words(typed, why, words):
    """What no server takes is refused at once, and the sentence says what to write."""
    with pytest.raises(RefusedError) as refused:
        mail_address(typed)
    assert (refused.value.code, refused.value.detail["why"]) == ("bad_email", why)
    assert words in tell_bad_address(refused.value)


@given(st.text(max_size=30), st.from_regex(r"[a-zé0-9-]{1,12}\.(fr|com|рф)", fullmatch=True))
def test_what_is_stored_can_leave(local, domain):
    """Whatever is typed is refused, or stored in ASCII, once and for all."""
    with suppress(RefusedError):
        stored = mail_address(f"{local}@{domain}")
        assert stored.isascii()
        assert mail_address(stored) == stored


@given(st.from_regex(r"[a-z0-9.'+-]{1,30}@[a-zé]{1,12}\.(fr|com|рф)", fullmatch=True))
def test_usual_ones_are_stored(typed):
    """What a mail program shows as an address is mostly one: the property above is not empty."""
    assume(not re.search(r"\.\.|^\.|\.@", typed))
    assert mail_address(typed).isascii()


@pytest.mark.parametrize(
    ("address", "leaves_for"),
    [("hélène@exemple.fr", None), ("jean@école-test.fr", "jean@xn--cole-test-93a.fr")],
)
def test_an_address_kept_from_before(services, address, leaves_for):
    """One that can leave in ASCII does; one that never can is given up at the first try."""
    account = World(services).account(an_adult(), Audience.GUARDIAN, email=address)
    sent = []
    services.mailer = type("Kept", (), {"send": lambda _self, message: sent.append(message)})()
    with services.site.database.writing() as tx:
        send_mail(services.site, tx, "core.password_changed", address, account=account, name="X")
    delivered = deliver(services.site, services.mailer)
    assert [message["To"] for message in sent] == ([leaves_for] if leaves_for else [])
    assert (delivered.sent, delivered.failed) == ((1, 0) if leaves_for else (0, 1))
