"""A second factor: each code once, tries counted, whatever is stolen beside it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from attrs import evolve
from sqlalchemy import insert, select

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.identities import ExternalIdentity
from teleservices_core.domain.second_factor import period_of
from teleservices_core.domain.staff import Role
from teleservices_core.errors import ConflictError, NotAllowedError, RefusedError
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.one_time_codes import code_of
from teleservices_core.settings import SecondFactorSettings
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.races import TRIALS, only_winner, race
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases import second_factor
from teleservices_core.usecases.factor_proof import Given
from teleservices_core.usecases.identities import link_by_secret, sign_in_by_identity
from teleservices_core.usecases.lost_factors import reset_factor
from teleservices_core.usecases.second_factor import my_factor, proposed_secret, set_up
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


def code(services, secret, *, ahead=0):
    """What the telephone shows."""
    return code_of(secret, period_of(services.site.now()) + ahead)


def installed(services, account):
    """Set a telephone up; the viewer that goes on, its secret and the codes on paper."""
    viewer = session(services, account)
    secret = proposed_secret(services.site, viewer.session)
    done, codes = set_up(services.site, viewer, code(services, secret), PASSWORD)
    return resume(services.site, done.secret), secret, codes


def owing(services, account):
    """A session that has yet to give a code."""
    viewer = session(services, account)
    step = open_step(services.site, viewer)
    assert step is not None
    return evolve(viewer, step=step.name)


def enter(site, viewer, typed):
    """Give a code."""
    return second_factor.enter(site, viewer, Given(typed))


def renew_codes(site, viewer, typed, password):
    """Ask for other codes, with one of before."""
    return second_factor.renew_codes(site, viewer, Given(typed), password)


def remove(site, viewer, typed, password):
    """Take it away, with a code."""
    second_factor.remove(site, viewer, Given(typed), password)


def refused(act, *arguments):
    """The code of a refusal."""
    with pytest.raises(RefusedError) as found:
        act(*arguments)
    return found.value.code


def test_a_password_is_not_enough_any_more(services, person, clock):
    """The session does nothing before a code, which lets it go on under another secret."""
    viewer, secret, _codes = installed(services, person)
    assert open_step(services.site, viewer) is None
    waiting = owing(services, person)
    assert not waiting.is_academy
    clock.advance(seconds=30)
    done = enter(services.site, waiting, code(services, secret))
    passed = resume(services.site, done.secret)
    assert open_step(services.site, passed) is None
    assert passed.is_academy
    assert done.session.id_hash != waiting.session.id_hash
    with services.site.database.reading() as tx:
        assert tx.sessions.find(waiting.session.id_hash, clock.now()) is None


def test_a_code_serves_once(services, person, clock):
    """Neither again, nor after a later one, nor the one that set the telephone up."""
    _viewer, secret, _codes = installed(services, person)
    assert refused(enter, services.site, owing(services, person), code(services, secret)) == (
        "wrong_code"
    )
    clock.advance(seconds=60)
    late = code(services, secret, ahead=-1)
    enter(services.site, owing(services, person), code(services, secret))
    for typed in (code(services, secret), late):
        assert refused(enter, services.site, owing(services, person), typed) == "wrong_code"


def test_a_code_on_paper_serves_once(services, person):
    """Typed in small letters without dashes too; its owner is told, and how many are left."""
    *_rest, codes = installed(services, person)
    enter(services.site, owing(services, person), codes[3].replace("-", " ").lower())
    assert refused(enter, services.site, owing(services, person), codes[3]) == "wrong_code"
    viewer = resume(services.site, enter(services.site, owing(services, person), codes[4]).secret)
    assert my_factor(services.site, viewer).codes_left == 8
    with services.site.database.reading() as tx:
        kinds = [each.kind for each in tx.outbox.of_account(person.id)]
    assert kinds.count("core.recovery_code_used") == 2


def test_new_codes_end_the_old_ones(services, person):
    """And it takes a code to have them."""
    viewer, _secret, codes = installed(services, person)
    assert refused(renew_codes, services.site, viewer, "000000", PASSWORD) == "wrong_code"
    assert refused(renew_codes, services.site, viewer, codes[0], "faux") == "wrong_password"
    fresh = renew_codes(services.site, viewer, codes[0], PASSWORD)
    assert refused(enter, services.site, owing(services, person), codes[1]) == "wrong_code"
    enter(services.site, owing(services, person), fresh[1])


def test_tries_are_counted_for_the_account(services, person, clock):
    """Whatever the session: the sixth waits, though it is right; a new password lifts that."""
    _viewer, secret, codes = installed(services, person)
    clock.advance(seconds=60)
    for _try in range(5):
        assert refused(enter, services.site, owing(services, person), "000000") == "wrong_code"
    waiting = owing(services, person)
    with pytest.raises(RefusedError, match="throttled") as found:
        enter(services.site, waiting, code(services, secret))
    assert found.value.detail["until"] > clock.now()
    with services.site.database.writing() as tx:
        account = tx.accounts.get(person.id)
        tx.accounts.replace(account, evolve(account, epoch=account.epoch + 1))
    enter(services.site, owing(services, person), codes[0])


def test_a_day_of_guessing(services, person, clock):
    """No more than 25 codes are compared in any day."""
    installed(services, person)
    waiting, compared, start = owing(services, person), 0, clock.now()
    while clock.now() < start + timedelta(days=1):
        try:
            enter(services.site, waiting, "abc")
        except RefusedError as no:
            compared += no.code == "wrong_code"
        clock.advance(minutes=5)
    assert compared <= 25


def test_what_is_stored_opens_nothing(services, person):
    """Neither the secret nor a code stands in the database, and a row serves no other account."""
    _viewer, secret, codes = installed(services, person)
    other = World(services).staff(Role.HOTLINE)
    installed(services, other)
    with services.engine.begin() as connection:
        rows = connection.execute(select(t.authenticators)).all()
        stored = repr([*rows, *connection.execute(select(t.recovery_codes)).all()])
        mine = next(row for row in rows if row.account_id == person.id)
        table = t.authenticators
        connection.execute(
            table.update().where(table.c.account_id == other.id).values(secret=mine.secret)
        )
    assert secret not in stored
    assert not any(each in stored or each.replace("-", "") in stored for each in codes)
    typed = code(services, secret, ahead=1)
    assert refused(enter, services.site, owing(services, other), typed) == "wrong_code"


def test_another_key_of_the_site(services, person, clock):
    """What the former key sealed is read while it is named, and sealed anew by the present one."""
    _viewer, secret, codes = installed(services, person)
    changed = evolve(
        services.settings,
        secret_key="une-autre-cle-tiree-au-hasard-0123456789",
        former_secret_keys=(services.settings.secret_key,),
    )
    later = Teleservices(
        changed, engine=services.engine, clock=clock, hasher=Argon2Hasher.cheapest()
    )
    clock.advance(seconds=60)
    enter(later.site, owing(later, person), code(services, secret))
    enter(later.site, owing(later, person), codes[0])
    forgotten = Teleservices(
        evolve(changed, former_secret_keys=()),
        engine=services.engine,
        clock=clock,
        hasher=Argon2Hasher.cheapest(),
    )
    clock.advance(seconds=60)
    enter(forgotten.site, owing(forgotten, person), code(services, secret))


def test_another_telephone(services, person):
    """It takes the place of the first, whose codes end with every other session."""
    viewer, secret, codes = installed(services, person)
    elsewhere = session(services, person)
    assert elsewhere is not None
    again = proposed_secret(services.site, viewer.session)
    assert again != secret
    done, _fresh = set_up(services.site, viewer, code(services, again), PASSWORD)
    with services.site.database.reading() as tx:
        left = tx.sessions.of_account(person.id, services.site.now())
    assert [each.id_hash for each in left] == [done.session.id_hash]
    for typed in (code(services, secret, ahead=1), codes[0]):
        assert refused(enter, services.site, owing(services, person), typed) == "wrong_code"


def test_who_owes_a_code_sets_nothing_up(services, person):
    """A stolen password does not put another telephone in the place of the owner's."""
    installed(services, person)
    waiting = owing(services, person)
    secret = proposed_secret(services.site, waiting.session)
    with pytest.raises(NotAllowedError):
        set_up(services.site, waiting, code(services, secret), PASSWORD)


def test_families_are_not_asked(services):
    """Neither offered nor taken."""
    mother = World(services).account(World(services).adult(an_adult()), Audience.GUARDIAN)
    viewer = session(services, mother)
    assert open_step(services.site, viewer) is None
    secret = proposed_secret(services.site, viewer.session)
    with pytest.raises(NotAllowedError):
        set_up(services.site, viewer, code(services, secret), PASSWORD)


def test_without_it_again(services, person):
    """A code and the password take it away; its owner is told."""
    viewer, _secret, codes = installed(services, person)
    assert refused(remove, services.site, viewer, codes[0], "faux") == "wrong_password"
    remove(services.site, viewer, codes[0], PASSWORD)
    assert open_step(services.site, session(services, person)) is None
    with services.site.database.reading() as tx:
        assert tx.factors.get(person.id) is None
        assert tx.factors.codes_left(person.id) == 0
        assert "core.factor_removed" in {each.kind for each in tx.outbox.of_account(person.id)}


@ON_POSTGRESQL
@pytest.mark.parametrize("kind", ["telephone", "paper"])
def test_one_code_at_two_workers(services, person, kind):
    """Both stand before their write at once: exactly one is taken."""
    site, account = services.site, person
    installed(services, account)
    trials = min(TRIALS, 50)

    def take(number):
        def act():
            with site.database.writing() as tx:
                taken = (
                    tx.factors.take(account.id, 10**8 + number)
                    if kind == "telephone"
                    else tx.factors.use_code(account.id, [f"code {number}"], site.now())
                )
                if not taken:
                    raise RefusedError("wrong_code")

        return act

    with services.engine.begin() as connection:
        connection.execute(
            insert(t.recovery_codes),
            [
                {"account_id": account.id, "digest": f"code {number}", "made_at": site.now()}
                for number in range(trials)
            ],
        )
    before = ["UPDATE core_authenticators", "UPDATE core_recovery_codes"]
    outcomes = race(
        services.engine, ((take(number), take(number)) for number in range(trials)), before=before
    )
    for outcome in outcomes:
        only_winner(outcome, RefusedError)
        assert outcome.met


@ON_POSTGRESQL
def test_one_code_typed_in_two_sessions_at_once(services, person, clock):
    """Through the whole use case: one goes on, the other is told that the code does not fit."""
    _viewer, secret, _codes = installed(services, person)

    def trials():
        for _number in range(10):
            clock.advance(seconds=90)
            typed = code(services, secret)
            both = owing(services, person), owing(services, person)
            yield [lambda v=each, c=typed: enter(services.site, v, c) for each in both]

    for outcome in race(services.engine, trials(), before=["INSERT INTO core_throttles"]):
        only_winner(outcome, RefusedError, ConflictError)


def test_somebody_else_takes_a_lost_telephone_away(services, person):
    """Sessions, devices and codes end, the owner has a mail, the journal keeps the reason."""
    _viewer, secret, codes = installed(services, person)
    other = session(services, World(services).staff(Role.ACADEMY_ADMIN))
    assert refused(reset_factor, services.site, other, person.login_name, " x ") == "no_reason"
    reset_factor(services.site, other, f" {person.login_name.upper()} ", "rappelé au bureau")
    with services.site.database.reading() as tx:
        assert tx.sessions.of_account(person.id, services.site.now()) == []
        assert tx.devices.of_account(person.id) == []
        assert tx.factors.get(person.id) is None
        assert tx.factors.codes_left(person.id) == 0
        assert "core.factor_reset" in {each.kind for each in tx.outbox.of_account(person.id)}
        act = next(x for x in tx.audit.about(person.id) if x.action == "account.factor_reset")
        journal = repr(list(tx.audit.about(person.id)))
    assert (act.actor_id, act.detail["reason"]) == (other.account.id, "rappelé au bureau")
    assert secret not in journal
    assert not any(each in journal for each in codes)
    assert open_step(services.site, session(services, person)) is None


def test_who_may_not_take_it_away(services, person):
    """Neither oneself, nor who is not of the académie, nor who owes a code; nor for a family."""
    viewer, _secret, _codes = installed(services, person)
    site, login = services.site, person.login_name
    assert refused(reset_factor, site, viewer, login, "parce que") == "oneself"
    hotline = session(services, World(services).staff(Role.HOTLINE))
    with pytest.raises(NotAllowedError):
        reset_factor(site, hotline, login, "parce que")
    colleague = World(services).staff(Role.ACADEMY_ADMIN)
    installed(services, colleague)
    with pytest.raises(NotAllowedError):
        reset_factor(site, owing(services, colleague), login, "parce que")
    mother = World(services).account(World(services).adult(an_adult()), Audience.GUARDIAN)
    for name, no in ((mother.login_name, "unknown"), ("personne", "unknown")):
        assert refused(reset_factor, site, None, name, "parce que") == no
    assert refused(reset_factor, site, None, hotline.account.login_name, "oui") == "no_factor"


def test_who_lacks_one(services, person):
    """By function held today, active accounts only; none once it is installed."""
    day = services.site.academie.today(services.site.now())
    World(services).staff(Role.HOTLINE)
    with services.site.database.reading() as tx:
        (lacking,) = tx.factors.without(Role.ACADEMY_ADMIN, day)
    assert lacking.login_name == person.login_name
    installed(services, person)
    with services.site.database.reading() as tx:
        assert tx.factors.without(Role.ACADEMY_ADMIN, day) == []


@pytest.mark.parametrize(
    ("claims", "is_trusted"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"amr": "mfa"}, True),
        ({"acr": "mfa"}, True),
        ({"amr": ["pwd"]}, False),
        ({"amr": {"mfa": 1}}, False),
        ({"amr": [["mfa"], 7, None], "acr": 3}, False),
        ({}, False),
    ],
)
def test_the_second_factor_of_the_host(services, person, clock, claims, is_trusted):
    """It stands for one that is imposed, where the settings trust it; never for one of ours."""
    asked = SecondFactorSettings(
        imposed_on=(Role.ACADEMY_ADMIN,), since=date(2026, 1, 1), grace_days=0, trusted=("mfa",)
    )
    site = evolve(services.site, settings=evolve(services.settings, second_factor=asked))
    identity = ExternalIdentity("https://ent.example", "claude", claims)
    link_by_secret(site, identity, person.login_name, PASSWORD, source="x")
    viewer = resume(site, sign_in_by_identity(site, identity).secret)
    assert (open_step(site, viewer) is None) is is_trusted
    installed(services, person)
    again = resume(site, sign_in_by_identity(site, identity).secret)
    assert open_step(site, again).name == "core.enter_factor"
