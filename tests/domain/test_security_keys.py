"""Which site keys answer to, and when one has counted on."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.security_keys import (
    RelyingParty,
    SecurityKey,
    has_gone_on,
    name_of_key,
    relying_party,
)
from teleservices_core.errors import RefusedError
from teleservices_core.security_keys import credential_in, new_question, read_new, signatures_in
from teleservices_core.testing.security_keys import SoftKey

COUNTS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize(
    ("address", "host", "origin"),
    [
        ("https://services.example.fr", "services.example.fr", "https://services.example.fr"),
        ("https://example.fr/mes/services/", "example.fr", "https://example.fr"),
        ("https://Example.FR:443/x", "example.fr", "https://example.fr"),
        ("https://example.fr:8443", "example.fr", "https://example.fr:8443"),
        ("https://académie.example", "xn--acadmie-eya.example", None),
        ("http://localhost:8000/x", "localhost", "http://localhost:8000"),
        ("http://essai.localhost", "essai.localhost", "http://essai.localhost"),
    ],
)
def test_the_address_as_browsers_write_it(address, host, origin):
    """Host without port; scheme, host and a port of its own."""
    assert relying_party(address) == RelyingParty(host, origin or f"https://{host}")


@pytest.mark.parametrize(
    "address",
    [
        "http://services.example.fr",
        "https://192.0.2.7",
        "https://192.0.2.7:8443/x",
        "https://[2001:db8::1]",
        "http://127.0.0.1:8000",
        "http://localhost.example.fr",
        "https://example.fr:99999999",
        "https://:443",
        f"https://{'a' * 64}.fr",
    ],
)
def test_where_browsers_let_no_key_answer(address):
    """Without TLS, at an IP address, or at what is no host."""
    assert relying_party(address) is None


@given(COUNTS, COUNTS)
def test_a_key_counts_on(before, now):
    """More than before; or never at all."""
    assert has_gone_on(now, before) is (now > before or now == before == 0)


@given(COUNTS, COUNTS)
def test_of_two_that_count_one_is_refused(one, other):
    """Whatever a copy says after the first: not both in turn, unless neither counts."""
    if has_gone_on(one, other) and has_gone_on(other, one):
        assert one == other == 0


def a_key(name):
    """A key of that name."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return SecurityKey(UUID(int=1), UUID(int=2), name, "x", b"", b"", 0, at)


@pytest.mark.parametrize("typed", ["", "   ", "\t\n"])
def test_a_key_has_a_name(typed):
    """White space is none."""
    with pytest.raises(RefusedError, match="no_name"):
        name_of_key(typed, [])


@pytest.mark.parametrize("typed", ["Bleue", "bleue ", "BLEUE", " ble\nue".replace("\n", "")])
def test_no_two_keys_have_one_name(typed):
    """Whatever the capitals and the spaces."""
    with pytest.raises(RefusedError, match="name_taken"):
        name_of_key(typed, [a_key("bleue")])


@given(st.text(max_size=200))
def test_names_fit(typed):
    """As stored: short, in one line, and the same if typed again."""
    try:
        name = name_of_key(typed, [])
    except RefusedError:
        assert not typed.strip()
    else:
        assert 0 < len(name) <= 60
        assert name_of_key(name, []) == name


SITE = RelyingParty("localhost", "http://localhost")
CHALLENGE = "c" * 43


def key_question():
    """What was asked, in bytes."""
    return urlsafe_b64decode(CHALLENGE + "=")


def key_made(key):
    """The same key, as it is kept."""
    asked = {"rp": {"id": SITE.id}, "challenge": CHALLENGE}
    return read_new(SITE, key_question(), key.make(asked))


def elsewhere(**changes):
    """What a key says on another site, or when nobody touches it."""
    return lambda key, asked: evolve(key, **changes).sign(asked)


def forged(key, asked):
    """The same credential, signed by another key."""
    return SoftKey(credential=key.credential).sign(asked)


def changed(name, value):
    """A good answer with another part."""

    def make(key, asked):
        answer = json.loads(key.sign(asked))
        if name in answer:
            answer[name] = value
        else:
            answer["response"][name] = value
        return json.dumps(answer)

    return make


@pytest.mark.parametrize(
    "answered",
    [
        elsewhere(origin="https://tele-services.example"),
        elsewhere(origin="http://localhost:8000"),
        elsewhere(origin="https://localhost"),
        elsewhere(origin="http://localhost."),
        elsewhere(flags=0),
        lambda key, asked: key.sign(asked, site_id="example.org"),
        lambda key, asked: key.sign({**asked, "challenge": "AAAA"}),
        lambda key, asked: key.make({"rp": {"id": SITE.id}, "challenge": CHALLENGE}),
        forged,
        lambda _key, asked: SoftKey().sign(asked),
        changed("type", "password"),
        changed("id", "AAAA"),
        changed("rawId", "AAAA"),
        changed("rawId", 3),
        changed("rawId", None),
        changed("response", {}),
        changed("response", None),
        changed("signature", ""),
        changed("signature", "é"),
        changed("authenticatorData", "AA"),
        changed("clientDataJSON", "bnVsbA"),
        changed("clientDataJSON", "W10"),
        lambda _key, _asked: "null",
        lambda _key, _asked: "[]",
        lambda _key, _asked: "x",
        lambda _key, _asked: '"rawId"',
        lambda _key, _asked: "[" * 15_000,
        lambda _key, _asked: '{"rawId": "' + "A" * 20_000 + '"}',
        lambda _key, _asked: "\udcff",
    ],
)
def test_what_is_no_answer(answered):
    """Of another site, not touched, forged, cut, or nonsense: no answer, and nothing breaks."""
    key = SoftKey()
    asked = {"rpId": SITE.id, "challenge": CHALLENGE}
    question, made = key_question(), key_made(key)
    assert signatures_in(SITE, question, key.sign(asked), made.public_key) == key.signatures
    answer = answered(key, asked)
    is_of_key = credential_in(answer) == key.credential
    assert not is_of_key or signatures_in(SITE, question, answer, made.public_key) is None


@pytest.mark.parametrize(
    "made",
    [
        lambda asked: SoftKey(origin="https://tele-services.example").make(asked),
        lambda asked: SoftKey(flags=0).make(asked),
        lambda asked: SoftKey().make(asked, site_id="example.org"),
        lambda asked: SoftKey().make({**asked, "challenge": "AAAA"}),
        lambda asked: SoftKey().sign({"rpId": SITE.id, "challenge": CHALLENGE}),
        lambda asked: SoftKey(credential=b"").make(asked),
        lambda asked: SoftKey(credential=b"x" * 1_024).make(asked),
        lambda _asked: "",
        lambda _asked: "{}",
        lambda _asked: "[" * 15_000,
        lambda asked: SoftKey().make(asked) + " " * 16_000,
    ],
)
def test_what_is_no_new_key(made):
    """Likewise."""
    answer = made({"rp": {"id": SITE.id}, "challenge": CHALLENGE})
    assert read_new(SITE, key_question(), answer) is None


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda each: each.decode("latin-1")))
def test_nonsense_breaks_nothing(answer):
    """Whatever is sent in the place of an answer."""
    assert read_new(SITE, key_question(), answer) is None
    assert signatures_in(SITE, key_question(), answer, b"") is None
    assert credential_in(answer) is None


def test_questions_are_never_the_same():
    """Nor short."""
    drawn = {new_question() for _time in range(100)}
    assert len(drawn) == 100
    assert {len(each) for each in drawn} == {64}
