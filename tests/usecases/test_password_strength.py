"""What a password is worth: what weighing costs, what is refused, what is not."""

from __future__ import annotations

import random
import string
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zxcvbn import matching

from teleservices_core import password_strength
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.credentials import PASSWORD_MAX, password_problem
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.errors import BusyError
from teleservices_core.password_strength import weakness
from teleservices_core.queues import ShortQueue
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.passwords import own_words

OWN = ("camille", "martin", "dijon") * 20
CALLS = 100_000
"""What the dearest text may take of the interpreter; a usual one takes a tenth."""
SIGNS = "4@8({[<369}]1!|0$5+7%2"
DEAR = (
    SIGNS,
    SIGNS + "abcdef",
    "17|!il",
    "4@aàáâ",
    "01",
    string.digits,
    string.digits + "/.-",
    "ab",
    "aabbcc",
    "asinthe",
    "azertyuiopqsdfghjklm",
    string.ascii_lowercase,
    string.printable[:95],
    "&é\"'(-è_çà)=",
    "абвгд",
    "ﷺ㌖",
)
"""Alphabets each of which makes some part of the estimator work."""


def work(password):
    """How many functions are called to weigh a password: time, without the machine."""
    calls = 0

    def count(frame, event, arg):
        nonlocal calls
        calls += event.endswith("call")

    weakness("known words are read once")
    sys.setprofile(count)
    try:
        weakness(password, OWN)
    finally:
        sys.setprofile(None)
    return calls


@given(st.sampled_from(DEAR).flatmap(lambda signs: st.text(signs, min_size=1, max_size=128)))
def test_no_text_is_dear(password):
    """Whatever is typed costs a bounded work."""
    assert work(password) < CALLS


@pytest.mark.parametrize(
    "password",
    [
        "4@8({[</369|1!|17|0$5+7%2z" * 2,
        "4({369!70$%2x" * 3,
        "aabbccddeeffgghhiijjkkllmmnnoopp",
        "38/74.4-/655.6-7610289..786-765..6673102",
        "1" * PASSWORD_MAX,
        "ab" * (PASSWORD_MAX // 2),
        "abababababaab" * 9,
        "01/02/2012-03.04.2011 05 06 2010 1111222",
        "azertyuiopmlkjhgfdsqwxcvbn,;:!" * 4,
        "isita" * 25,
        "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * PASSWORD_MAX,
    ],
)
def test_texts_made_to_be_dear_are_not(password):
    """Signs for letters, repetitions, dates and walks over the keys cost no more than others."""
    assert work(password) < CALLS


def test_a_text_is_looked_at_a_few_times(monkeypatch):
    """As typed, joined, and for each of two letters; not for each way to put letters for signs."""
    looked_at = set()
    cut_up = matching.dictionary_match

    def count(password, *args, **options):
        looked_at.update({password, password[::-1]} if len(password) > 9 else ())
        return cut_up(password, *args, **options)

    monkeypatch.setattr(matching, "dictionary_match", count)
    weakness(SIGNS, OWN)
    assert len(looked_at) <= 2 * 4, "forward and backward"


@pytest.mark.parametrize("waiting", [0, 1])
def test_who_finds_others_waiting_is_told(services, monkeypatch, waiting):
    """A page where passwords are chosen turns people away, and no other page does."""
    queue = ShortQueue(cores=1, waiting=waiting, patience=0.01)
    monkeypatch.setattr(password_strength, "_ONE_AT_A_TIME", queue)
    account = World(services).account(an_adult(), Audience.GUARDIAN)
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    browser.get("/compte/mot-de-passe")
    new = "quatre chats sur le toit"
    with queue.turn():
        with pytest.raises(BusyError):
            weakness(new)
        page = browser.submit("mot-de-passe", current=PASSWORD, password=new, again=new)
        assert page.status_code == 503
        assert int(page.headers["Retry-After"]) > 0
        assert browser.get("/compte/mot-de-passe").status_code == 200
        assert Browser(services).sign_in(account.login_name, PASSWORD).status_code == 200
    page = browser.submit("mot-de-passe", current=PASSWORD, password=new, again=new)
    assert "Votre mot de passe est changé" in page.text


@pytest.mark.parametrize(
    "alphabet",
    [
        string.ascii_lowercase + string.digits,
        string.ascii_letters + string.digits,
        string.ascii_letters + string.digits + "!@#$%^&*",
        string.ascii_letters + string.digits + string.punctuation,
        string.digits + SIGNS + "abcdefghijk",
        string.punctuation,
        "éèàùçâêîôû" + string.ascii_lowercase,
    ],
)
def test_what_a_password_manager_draws_passes(alphabet):
    """Sixteen characters drawn at random of any usual alphabet are never refused."""
    draw = random.Random(alphabet)
    for _ in range(60):
        password = "".join(draw.choices(alphabet, k=16))
        assert password_problem(password, weakness=weakness, personal=OWN) is None, password


@pytest.mark.parametrize(
    "password",
    [
        "Liberté Égalité Fraternité",
        "libertéégalitéfraternité",
        "allezlesbleus2026",
        "notrepèrequiesauxcieux",
        "Un pour tous, tous pour un !",
        "il etait une fois",
        "salutcava2026",
        "correct horse battery staple",
        "Lycée du Grand-Chêne 2026",
        "lyceedugrandchene",
        "21992brevigny",
        "brevigny les forges",
    ],
)
def test_what_many_know_by_heart_and_what_neighbors_know(services, password):
    """Sayings, the school and its town, whatever stands between the words."""
    world = World(services)
    school = an_establishment(
        name="Lycée du Grand-Chêne",
        town="Brévigny-les-Forges",
        address=PostalAddress(postal_code="21992", town="BREVIGNY LES FORGES"),
    )
    world.establishment(school)
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id, school.uai))
    world.adult(mother, a_link(child.id, mother.id))
    account = world.account(mother, Audience.GUARDIAN)
    assert weakness(password, [*own_words(services.site, account)]) is not None


@pytest.mark.parametrize(
    "password",
    ["trois petits chats verts", "cafetière violon brouette", "la lune mange des tuiles"],
)
def test_words_that_nobody_puts_together(password):
    """They are what is advised."""
    assert weakness(password, OWN) is None
