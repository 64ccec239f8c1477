"""Security keys: one answer to one question, for this site, by a key that is still there."""

from __future__ import annotations

from datetime import date

import pytest
from attrs import evolve

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.second_factor import period_of
from teleservices_core.domain.staff import Role
from teleservices_core.errors import ConflictError, NotAllowedError, NotFoundError, RefusedError
from teleservices_core.one_time_codes import code_of
from teleservices_core.settings import SecondFactorSettings
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.races import only_winner, race
from teleservices_core.testing.security_keys import SoftKey
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.factor_proof import Given
from teleservices_core.usecases.lost_factors import reset_factor
from teleservices_core.usecases.second_factor import (
    enter,
    my_factor,
    proposed_secret,
    remove,
    remove_telephone,
    renew_codes,
    set_up,
)
from teleservices_core.usecases.security_keys import (
    add_key,
    my_key,
    question,
    question_for_new,
    remove_key,
)
from teleservices_core.usecases.signing_in import resume, sign_in
from teleservices_core.usecases.steps import open_step

ON_POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"])


@pytest.fixture
def person(services):
    """Somebody of the académie."""
    return World(services).staff(Role.ACADEMY_ADMIN, email="claude@example.org")


def session(services, account):
    """Sign in by the password."""
    done = sign_in(services.site, account.login_name, PASSWORD, source="192.0.2.1")
    return resume(services.site, done.secret)


def added(services, viewer, key, name="bleue"):
    """Add a key; the viewer that goes on, and recovery codes."""
    answer = key.make(question_for_new(services.site, viewer))
    done, codes = add_key(services.site, viewer, name, answer, PASSWORD)
    return resume(services.site, done.secret), codes


def with_telephone(services, viewer):
    """Set a telephone up; the viewer that goes on."""
    secret = proposed_secret(services.site, viewer.session)
    typed = code_of(secret, period_of(services.site.now()))
    done, _codes = set_up(services.site, viewer, typed, PASSWORD)
    return resume(services.site, done.secret)


def owing(services, account):
    """A session that has yet to give something."""
    viewer = session(services, account)
    step = open_step(services.site, viewer)
    assert step.name == "core.enter_factor"
    return evolve(viewer, step=step.name)


def entered(services, viewer, answer):
    """Whether an answer lets a session go on."""
    return resume(services.site, enter(services.site, viewer, Given(answer=answer)).secret)


def refused(act, *arguments):
    """The code of a refusal."""
    with pytest.raises(RefusedError) as found:
        act(*arguments)
    return found.value.code


def kinds(services, account):
    """Of the mails about an account."""
    with services.site.database.reading() as tx:
        return [each.kind for each in tx.outbox.of_account(account.id)]


def acts(services, account):
    """Of the journal about an account."""
    with services.site.database.reading() as tx:
        return [each.action for each in tx.audit.about(account.id)]


def test_a_key_stands_beside_the_password(services, person):
    """The first comes with codes on paper; signed by it, the next session goes on."""
    key = SoftKey()
    viewer, codes = added(services, session(services, person), key)
    assert len(codes) == 10
    assert open_step(services.site, viewer) is None
    waiting = owing(services, person)
    assert not waiting.is_academy
    passed = entered(services, waiting, key.sign(question(services.site, waiting)))
    assert open_step(services.site, passed) is None
    assert passed.session.id_hash != waiting.session.id_hash
    (kept,) = my_factor(services.site, passed).keys
    assert (kept.name, kept.signatures, kept.used_at) == ("bleue", 2, services.site.now())
    assert "core.key_added" in kinds(services, person)
    assert "account.key_added" in acts(services, person)
    enter(services.site, owing(services, person), Given(codes[0]))


def test_another_key(services, person):
    """No other codes then; either opens, and no other session goes on."""
    one, other = SoftKey(), SoftKey()
    viewer, _codes = added(services, session(services, person), one)
    elsewhere = owing(services, person)
    viewer, codes = added(services, viewer, other, "rouge")
    assert codes == []
    with services.site.database.reading() as tx:
        assert tx.sessions.find(elsewhere.session.id_hash, services.site.now()) is None
    for key in (one, other):
        waiting = owing(services, person)
        entered(services, waiting, key.sign(question(services.site, waiting)))


def test_a_question_is_answered_once(services, person):
    """Not again, not in another session, not after another question, not late."""
    key = SoftKey(counts=False)
    added(services, session(services, person), key)
    waiting, other = owing(services, person), owing(services, person)
    answer = key.sign(question(services.site, waiting))
    assert refused(entered, services, other, answer) == "wrong_key"
    entered(services, waiting, answer)
    assert refused(entered, services, other, answer) == "wrong_key"
    again = owing(services, person)
    first = key.sign(question(services.site, again))
    question(services.site, again)
    assert refused(entered, services, again, first) == "wrong_key"


def test_a_wrong_answer_uses_the_question_up(services, person):
    """What is right afterwards is right to nothing."""
    key = SoftKey()
    added(services, session(services, person), key)
    waiting = owing(services, person)
    answer = key.sign(question(services.site, waiting))
    assert refused(entered, services, waiting, "{}") == "wrong_key"
    assert refused(entered, services, waiting, answer) == "wrong_key"


@pytest.mark.parametrize(("seconds", "is_good"), [(299, True), (300, False), (3_000, False)])
def test_a_question_is_answered_soon(services, person, clock, seconds, is_good):
    """Within five minutes."""
    key = SoftKey()
    added(services, session(services, person), key)
    waiting = owing(services, person)
    answer = key.sign(question(services.site, waiting))
    clock.advance(seconds=seconds)
    if is_good:
        entered(services, waiting, answer)
    else:
        assert refused(entered, services, waiting, answer) == "wrong_key"


def test_what_is_no_answer(services, person):
    """Of another site, or nonsense: told alike, and nothing is kept of it."""
    key = SoftKey()
    viewer = session(services, person)
    asked = question_for_new(services.site, viewer)
    for answer in ("{}", SoftKey(origin="https://tele-services.example").make(asked)):
        assert refused(add_key, services.site, viewer, "bleue", answer, PASSWORD) == "wrong_key"
    assert my_factor(services.site, viewer).keys == ()
    assert kinds(services, person) == []
    added(services, viewer, key)
    waiting = owing(services, person)
    asked = question(services.site, waiting)
    answer = evolve(key, origin="https://tele-services.example").sign(asked)
    assert refused(entered, services, waiting, answer) == "wrong_key"


def test_a_copy_is_told(services, person):
    """Who counts less than before is refused; the owner has a mail, the journal keeps it."""
    key = SoftKey()
    added(services, session(services, person), key)
    copy = evolve(key)
    for _time in range(2):
        waiting = owing(services, person)
        entered(services, waiting, key.sign(question(services.site, waiting)))
    waiting = owing(services, person)
    answer = copy.sign(question(services.site, waiting))
    assert refused(entered, services, waiting, answer) == "key_copied"
    assert "core.key_copied" in kinds(services, person)
    assert "account.key_copied" in acts(services, person)


def test_keys_that_do_not_count(services, person):
    """Those that are kept in several devices say zero always."""
    key = SoftKey(counts=False)
    added(services, session(services, person), key)
    for _time in range(3):
        waiting = owing(services, person)
        entered(services, waiting, key.sign(question(services.site, waiting)))


def test_tries_are_counted_like_codes(services, person, clock):
    """Whichever is tried: the sixth waits, though it is right."""
    key = SoftKey()
    _viewer, codes = added(services, session(services, person), key)
    waiting = owing(services, person)
    for number in range(5):
        given = Given(answer="{}") if number % 2 else Given("000000")
        with pytest.raises(RefusedError, match="wrong"):
            enter(services.site, waiting, given)
    answer = key.sign(question(services.site, waiting))
    assert refused(entered, services, waiting, answer) == "throttled"
    assert refused(enter, services.site, waiting, Given(codes[0])) == "throttled"
    clock.advance(minutes=30)
    waiting = owing(services, person)
    entered(services, waiting, key.sign(question(services.site, waiting)))


def test_a_key_of_somebody_else(services, person):
    """It opens no other account, and is not added to two."""
    key = SoftKey()
    added(services, session(services, person), key)
    other = World(services).staff(Role.HOTLINE)
    viewer = session(services, other)
    answer = key.make(question_for_new(services.site, viewer))
    assert refused(add_key, services.site, viewer, "à moi", answer, PASSWORD) == "known_key"
    added(services, viewer, SoftKey())
    waiting = owing(services, other)
    asked = question(services.site, waiting)
    assert refused(entered, services, waiting, key.sign(asked)) == "wrong_key"


def test_who_adds_no_key(services, person):
    """Neither who owes a factor, nor without the password, nor without a name, nor a family."""
    key = SoftKey()
    viewer, _codes = added(services, session(services, person), key)
    waiting = owing(services, person)
    with pytest.raises(NotAllowedError):
        question_for_new(services.site, waiting)
    asked = question(services.site, waiting)
    answer = SoftKey().make({"rp": {"id": "localhost"}, "challenge": asked["challenge"]})
    with pytest.raises(NotAllowedError):
        add_key(services.site, waiting, "rouge", answer, PASSWORD)
    fresh = SoftKey()
    answer = fresh.make(question_for_new(services.site, viewer))
    for name, password, no in (
        ("rouge", "faux", "wrong_password"),
        (" ", PASSWORD, "no_name"),
        ("Bleue", PASSWORD, "name_taken"),
    ):
        assert refused(add_key, services.site, viewer, name, answer, password) == no
    # None of this has used the question up.
    add_key(services.site, viewer, "rouge", answer, PASSWORD)
    mother = World(services).account(World(services).adult(an_adult()), Audience.GUARDIAN)
    with pytest.raises(NotAllowedError):
        question_for_new(services.site, session(services, mother))


def test_no_more_than_ten_keys(services, person):
    """The eleventh is refused before the browser's answer is looked at."""
    viewer = session(services, person)
    for number in range(10):
        viewer, _codes = added(services, viewer, SoftKey(), f"clé {number}")
    assert refused(add_key, services.site, viewer, "encore", "{}", PASSWORD) == "too_many"


def test_a_key_taken_away(services, person):
    """It opens nothing from then on; its owner is told; the last one stays."""
    one, other = SoftKey(), SoftKey()
    viewer, _codes = added(services, session(services, person), one)
    viewer, _codes = added(services, viewer, other, "rouge")
    bleue, rouge = my_factor(services.site, viewer).keys
    asked_before = owing(services, person)
    answer = one.sign(question(services.site, asked_before))
    assert refused(remove_key, services.site, viewer, bleue.id, "faux") == "wrong_password"
    remove_key(services.site, viewer, bleue.id, PASSWORD)
    assert refused(entered, services, asked_before, answer) == "wrong_key"
    assert refused(remove_key, services.site, viewer, rouge.id, PASSWORD) == "last_factor"
    with pytest.raises(NotFoundError):
        remove_key(services.site, viewer, bleue.id, PASSWORD)
    assert "core.key_removed" in kinds(services, person)
    assert "account.key_removed" in acts(services, person)
    assert open_step(services.site, session(services, person)) is not None


def test_keys_of_others_are_not_there(services, person):
    """Neither seen nor taken away."""
    viewer, _codes = added(services, session(services, person), SoftKey())
    (mine,) = my_factor(services.site, viewer).keys
    other = World(services).staff(Role.ACADEMY_ADMIN)
    theirs, _codes = added(services, session(services, other), SoftKey())
    theirs, _codes = added(services, theirs, SoftKey(), "rouge")
    for act in (
        lambda: my_key(services.site, theirs, mine.id),
        lambda: remove_key(services.site, theirs, mine.id, PASSWORD),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_the_telephone_beside_keys(services, person):
    """Either may go, not both; without telephone its codes are nothing."""
    key = SoftKey()
    viewer = with_telephone(services, session(services, person))
    assert refused(remove_telephone, services.site, viewer, PASSWORD) == "last_factor"
    viewer, codes = added(services, viewer, key)
    assert codes == []
    assert refused(remove_telephone, services.site, viewer, "faux") == "wrong_password"
    (kept,) = my_factor(services.site, viewer).keys
    remove_telephone(services.site, viewer, PASSWORD)
    assert my_factor(services.site, viewer).telephone_since is None
    assert refused(remove_key, services.site, viewer, kept.id, PASSWORD) == "last_factor"
    viewer = with_telephone(services, viewer)
    remove_key(services.site, viewer, kept.id, PASSWORD)
    assert my_factor(services.site, viewer).keys == ()
    assert open_step(services.site, session(services, person)) is not None


def test_a_key_proves_who_changes_things(services, person):
    """Other codes, and doing without again: signed by a key, in the place of a code."""
    key = SoftKey()
    viewer, codes = added(services, session(services, person), key)
    answer = key.sign(question(services.site, viewer))
    fresh = renew_codes(services.site, viewer, Given(answer=answer), PASSWORD)
    assert not set(fresh) & set(codes)
    given = Given(answer=answer)
    assert refused(remove, services.site, viewer, given, PASSWORD) == "wrong_key"
    given = Given(answer=key.sign(question(services.site, viewer)))
    remove(services.site, viewer, given, PASSWORD)
    assert open_step(services.site, session(services, person)) is None
    with services.site.database.reading() as tx:
        assert tx.factors.keys(person.id) == []


def test_a_key_is_the_second_factor_that_is_imposed(services, person):
    """And is not taken away where it is the only one."""
    asked = SecondFactorSettings(
        imposed_on=(Role.ACADEMY_ADMIN,), since=date(2026, 1, 1), grace_days=0
    )
    site = evolve(services.site, settings=evolve(services.settings, second_factor=asked))
    viewer = session(services, person)
    assert open_step(site, viewer).name == "core.set_up_factor"
    key = SoftKey()
    done, codes = add_key(site, viewer, "bleue", key.make(question_for_new(site, viewer)), PASSWORD)
    viewer = resume(site, done.secret)
    assert open_step(site, viewer) is None
    (kept,) = my_factor(site, viewer).keys
    assert refused(remove_key, site, viewer, kept.id, PASSWORD) == "last_factor"
    with pytest.raises(NotAllowedError):
        remove(site, viewer, Given(codes[0]), PASSWORD)


def test_lost_with_the_telephone(services, person):
    """The académie takes the keys away too; so does the closing of the account."""
    key = SoftKey()
    added(services, session(services, person), key)
    reset_factor(services.site, None, person.login_name, "rappelé au bureau")
    with services.site.database.reading() as tx:
        assert tx.factors.keys(person.id) == []
    assert open_step(services.site, session(services, person)) is None
    # And may be added again: it is nobody's.
    added(services, session(services, person), key)


def test_at_another_address_of_the_site(services, person):
    """A key made for the former one is not asked, and does not stand for a factor."""
    key = SoftKey()
    viewer, _codes = added(services, session(services, person), key)
    moved = evolve(services.settings, base_url="https://services.example.fr/x")
    site = evolve(services.site, settings=moved)
    factor = my_factor(site, viewer)
    assert (len(factor.keys), factor.live_keys, factor.takes_keys) == (1, (), True)
    waiting = owing(services, person)
    with pytest.raises(NotFoundError):
        question(site, waiting)
    answer = evolve(key, origin="https://services.example.fr").sign(
        question(services.site, waiting), site_id="services.example.fr"
    )
    assert refused(enter, site, waiting, Given(answer=answer)) == "wrong_key"
    viewer = with_telephone(services, viewer)
    assert refused(remove_telephone, site, viewer, PASSWORD) == "last_factor"


def test_where_no_key_answers(services, person):
    """At an IP address, browsers let none: none is asked."""
    site = evolve(services.site, settings=evolve(services.settings, base_url="https://192.0.2.7"))
    viewer = session(services, person)
    assert not my_factor(site, viewer).takes_keys
    with pytest.raises(NotAllowedError):
        question_for_new(site, viewer)


@ON_POSTGRESQL
def test_one_answer_in_two_requests_at_once(services, person):
    """Both stand before they take the question: one goes on."""
    key = SoftKey(counts=False)
    added(services, session(services, person), key)

    def trials():
        for _number in range(10):
            waiting = owing(services, person)
            answer = key.sign(question(services.site, waiting))
            yield [lambda v=waiting, a=answer: entered(services, v, a)] * 2

    before = ["INSERT INTO core_throttles"]
    for outcome in race(services.engine, trials(), before=before):
        only_winner(outcome, RefusedError, ConflictError)
        assert outcome.met


@ON_POSTGRESQL
def test_the_two_last_keys_taken_away_at_once(services, person):
    """One stays."""

    def trials():
        viewer = session(services, person)
        if viewer.account.factor_since is None:
            viewer, _codes = added(services, viewer, SoftKey(), "reste")
        for number in range(5):
            viewer, _codes = added(services, viewer, SoftKey(), f"autre {number}")
            both = [key.id for key in my_factor(services.site, viewer).keys]
            assert len(both) == 2
            yield [
                lambda v=viewer, k=each: remove_key(services.site, v, k, PASSWORD) for each in both
            ]

    before = ["INSERT INTO core_throttles"]
    for outcome in race(services.engine, trials(), before=before):
        only_winner(outcome, RefusedError, ConflictError)
        assert outcome.met
