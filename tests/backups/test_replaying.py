"""What was ended since a backup is ended again; what people must do again is told."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.backups.making import make_backup
from teleservices_core.backups.restoring import restore
from teleservices_core.doctor import examine
from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.diagnosis import Remedy
from teleservices_core.domain.incidents import Population
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.second_factor import period_of
from teleservices_core.domain.staff import Role
from teleservices_core.one_time_codes import code_of
from teleservices_core.testing.builders import (
    COLLEGE,
    a_link,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.security_keys import SoftKey
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases import replaying
from teleservices_core.usecases.corrections import end_link, report_wrong_link, restore_link
from teleservices_core.usecases.cut_offs import cut_off, known_cut_offs
from teleservices_core.usecases.cut_offs import restore as put_back
from teleservices_core.usecases.delegations import delegate, end_delegation
from teleservices_core.usecases.directory import STAFF_COLUMNS, import_staff
from teleservices_core.usecases.factor_proof import Given
from teleservices_core.usecases.grouping import group, undo
from teleservices_core.usecases.hotline_acts import help_account
from teleservices_core.usecases.incidents import force_renewal
from teleservices_core.usecases.lost_factors import reset_factor
from teleservices_core.usecases.noted_acts import NotedAct
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.restoring import lost_acts
from teleservices_core.usecases.second_factor import (
    enter,
    proposed_secret,
    remove_telephone,
    set_up,
)
from teleservices_core.usecases.security_keys import add_key, question_for_new, remove_key
from teleservices_core.usecases.signing_in import resume, sign_in
from teleservices_core.words.reasons import AUDIT_WORDS

HARMLESS = {
    "account.email_given": "an address that waits for its link, which ends",
    "account.email_skipped": "the account of the backup waits at the same step",
    "account.gathered": "the other side of account.grouped",
    "account.gathering_undone": "the other side of account.ungrouped",
    "account.password_ended": "by a restore: what it followed is done again",
    "account.link_resent": "the link ends",
    "account.password_reset": "of earlier versions: account.password_renewed follows",
    "account.renewal_opened": "the link ends; account.password_renewed follows",
    "account.reset_asked": "the link ends",
    "account.session_closed": "every session ends",
    "account.key_added": "added again",
    "account.key_copied": "told again by its next answer",
    "account.sessions_closed": "every session ends",
    "account.signed_in": "every session ends",
    "account.warned": "warned again",
    "data.given": "nothing changed",
    "data.left_exported": "nothing changed",
    "hotline.resend": "the link ends",
    "hotline.reset": "the link ends",
    "hotline.viewed": "nothing changed",
    "identity.linked": "linked again at the next sign-in by the host",
    "incident.sessions_closed": "every session ends",
    "job.asked": "open works end",
    "job.done": "asked again",
    "job.failed": "open works end",
    "job.fetched": "results are gone",
    "job.refused": "nothing changed",
    "job.resumed": "open works end",
    "job.stopped": "open works end",
    "journal.erased": "erased again by the next daily run",
    "letters.handed": "the letters end",
    "letters.taken_back": "the letters end",
    "match.postponed": "asked again",
    "match.reopened": "the answer that it took back is told, or not in the backup either",
    "site.many_failures": "nothing changed",
    "site.restored": "counted by the epoch",
}
"""What brings nothing back to life by not having happened, and why."""


# What differs from one database to the other is in the drill.
ON_ONE = pytest.mark.parametrize("backend", ["sqlite"])


def test_every_act_is_thought_of():
    """Done again, told, or harmless: an act that is added to the journal must say which."""
    noted = set(replaying.NOTED) - {replaying.RESTORED}
    assert not noted & HARMLESS.keys()
    # Who read a page changed nothing.
    acts = {action for action in AUDIT_WORDS if not action.startswith("consulted.")}
    assert noted | HARMLESS.keys() == acts


@pytest.fixture
def family(site):
    """Two children, their mother with two accounts, a stranger, and who works for them."""
    world = World(site)
    world.establishment()
    child, other = a_student(), a_student(first_name="Zoé")
    mother, again, stranger = an_adult(), an_adult(), an_adult(first_name="Paul")
    for student in (child, other):
        world.student(student, a_schooling(student.id))
    world.adult(mother, a_link(child.id, mother.id))
    world.adult(again, a_link(other.id, again.id))
    world.adult(stranger, a_link(child.id, stranger.id), a_link(other.id, stranger.id))
    made = {
        name: world.account(adult, Audience.GUARDIAN, login_name=name, email=f"{name}@x.org")
        for name, adult in {"mother": mother, "again": again, "stranger": stranger}.items()
    }
    roles = {"head": Role.HEAD, "office": Role.SCHOOL_OFFICE}
    staff = {name: world.staff(role, COLLEGE, login_name=name) for name, role in roles.items()}
    hotline = world.staff(Role.HOTLINE, login_name="hotline")
    return {**made, **staff, "hotline": hotline, "child": child, "other": other}


def viewer(services, name):
    """Somebody signed in."""
    return resume(services.site, sign_in(services.site, name, PASSWORD, source=name).secret)


def account(services, name):
    """As it stands."""
    with services.site.database.reading() as tx:
        return tx.accounts.by_login(name)


def lock(services, family, *remedies):
    """The help line, several times."""
    for remedy in remedies:
        help_account(
            services.site, viewer(services, "hotline"), family["mother"].id, remedy, "vol", "Anne"
        )


@pytest.fixture
def back(site, family, tmp_path, clock):
    """Save, let something happen, and bring back."""

    def go(happens):
        clock.advance(minutes=1)
        make_backup(site, tmp_path / "site.zip")
        clock.advance(hours=1)
        happens()
        clock.advance(hours=1)
        return restore(site, tmp_path / "site.zip")[1]

    return go


@ON_ONE
def test_locked(site, family, back):
    """An account locked since is locked, unless it was unlocked after."""
    back(lambda: lock(site, family, Remedy.LOCK))
    assert account(site, "mother").state is AccountState.LOCKED


@ON_ONE
def test_unlocked(site, family, back):
    """The last act counts."""
    back(lambda: lock(site, family, Remedy.LOCK, Remedy.UNLOCK))
    assert account(site, "mother").state is AccountState.ACTIVE


def links(services, family):
    """The children whom the stranger is barred from."""
    with services.site.database.reading() as tx:
        return {
            name
            for name in ("child", "other")
            for link in tx.attachments.links(family[name].id, family["stranger"].holder_ids)
            if link.is_barred
        }


def telephone(site, name):
    """Set a second factor up; the codes on paper."""
    mine = viewer(site, name)
    secret = proposed_secret(site.site, mine.session)
    typed = code_of(secret, period_of(site.site.now()))
    return set_up(site.site, mine, typed, PASSWORD)[1]


@ON_ONE
def test_a_telephone_taken_away(site, family, back):
    """It does not live again: it may be a thief's by now."""
    telephone(site, "head")
    back(lambda: reset_factor(site.site, None, "head", "perdu"))
    assert account(site, "head").factor_since is None
    with site.site.database.reading() as tx:
        assert tx.factors.get(family["head"].id) is None


@ON_ONE
def test_a_code_on_paper_used(site, family, back):
    """None of its sheet is good any more; the telephone still is."""
    codes = telephone(site, "head")
    back(lambda: enter(site.site, viewer(site, "head"), Given(codes[0])))
    assert account(site, "head").factor_since is not None
    with site.site.database.reading() as tx:
        assert tx.factors.get(family["head"].id) is not None
        assert tx.factors.codes_left(family["head"].id) == 0


def with_keys(site, *names):
    """Add keys."""
    for name in names:
        mine = viewer(site, "head")
        # As though one had just been given.
        mine = evolve(mine, session=evolve(mine.session, factor_at=site.site.now()))
        answer = SoftKey().make(question_for_new(site.site, mine))
        add_key(site.site, mine, name, answer, PASSWORD)


def without_key(site, name):
    """Take one away."""
    mine = viewer(site, "head")
    mine = evolve(mine, session=evolve(mine.session, factor_at=site.site.now()))
    (key,) = (each for each in kept(site) if each.name == name)
    remove_key(site.site, mine, key.id, PASSWORD)


def kept(site):
    """The keys that are there."""
    with site.site.database.reading() as tx:
        return tx.factors.keys(account(site, "head").id)


@ON_ONE
def test_a_key_taken_away(site, family, back):
    """It alone does not live again: the others still stand beside the password."""
    with_keys(site, "bleue", "rouge")
    back(lambda: without_key(site, "bleue"))
    assert [key.name for key in kept(site)] == ["rouge"]
    assert account(site, "head").factor_since is not None


@ON_ONE
def test_the_only_key_taken_away(site, family, back):
    """It does not live again either, though what took its place is lost."""
    with_keys(site, "bleue")

    def change():
        with_keys(site, "rouge")
        without_key(site, "bleue")

    back(change)
    assert kept(site) == []
    assert account(site, "head").factor_since is None


@ON_ONE
def test_a_telephone_taken_away_beside_keys(site, family, back):
    """They stay; nothing does once the académie has taken all away."""
    telephone(site, "head")
    with_keys(site, "bleue")

    def change():
        mine = viewer(site, "head")
        mine = evolve(mine, session=evolve(mine.session, factor_at=site.site.now()))
        remove_telephone(site.site, mine, PASSWORD)

    back(change)
    with site.site.database.reading() as tx:
        assert tx.factors.get(family["head"].id) is None
    assert [key.name for key in kept(site)] == ["bleue"]
    assert account(site, "head").factor_since is not None


@ON_ONE
def test_keys_that_the_academy_took_away(site, family, back):
    """None lives again."""
    with_keys(site, "bleue")
    back(lambda: reset_factor(site.site, None, "head", "perdue"))
    assert kept(site) == []
    assert account(site, "head").factor_since is None


@ON_ONE
def test_barred(site, family, back):
    """By the school or by himself; not where the school found it right after all."""
    stranger, office = viewer(site, "stranger"), viewer(site, "office")
    adult = family["stranger"].holder_ids[0]

    def happens():
        report_wrong_link(site.site, stranger, family["child"].id)
        end_link(site.site, office, COLLEGE, family["other"].id, adult, "jugement")

    assert back(happens).counts["links_ended"] == 2
    assert links(site, family) == {"child", "other"}


@ON_ONE
def test_barred_and_restored(site, family, back, clock):
    """The last word is the school's."""
    stranger, office = viewer(site, "stranger"), viewer(site, "office")

    def happens():
        report_wrong_link(site.site, stranger, family["child"].id)
        clock.advance(minutes=1)
        adult = family["stranger"].holder_ids[0]
        restore_link(site.site, office, COLLEGE, family["child"].id, adult)

    assert "links_ended" not in back(happens).counts
    assert links(site, family) == set()


@ON_ONE
def test_given_back(site, family, back):
    """A grouping undone since is undone: who took another's children has them no longer."""
    group(site.site, viewer(site, "mother"), "again", PASSWORD, PASSWORD, source="x")
    with site.site.database.reading() as tx:
        (grouping,) = tx.groupings.into(family["mother"].id)
    mother = viewer(site, "mother")
    assert back(lambda: undo(site.site, mother, grouping.id)).counts["ungrouped"] == 1
    assert account(site, "mother").holder_ids == family["mother"].holder_ids
    assert account(site, "again").holder_ids == family["again"].holder_ids


@ON_ONE
def test_grouped(site, family, back):
    """An account that gave its persons since: its password, maybe known to others, is dead."""
    mother = viewer(site, "mother")
    done = back(lambda: group(site.site, mother, "again", PASSWORD, PASSWORD, source="x"))
    assert done.counts["passwords"] == 1
    assert not site.site.hasher.check(
        PASSWORD, password_hash=account(site, "again").password_hash
    ).password


@ON_ONE
def test_withdrawn(site, family, back, clock):
    """A delegation taken back since."""
    head, today = viewer(site, "head"), clock.now().date()
    until = today + timedelta(days=30)
    office = family["office"].holder_ids[0]
    given = delegate(site.site, head, COLLEGE, "notes", office, today, until)
    done = back(lambda: end_delegation(site.site, head, COLLEGE, given.id))
    assert done.counts["delegations"] == 1
    with site.site.database.reading() as tx:
        assert tx.delegations.held([office], COLLEGE, today) == frozenset()


@ON_ONE
def test_renewal(site, family, back):
    """Passwords that were out when the académie had them renewed are still to be renewed."""
    guardians = Population(audience=Audience.GUARDIAN)
    assert back(lambda: force_renewal(site.site, None, guardians)).counts["to_renew"] == 3
    assert account(site, "mother").must_renew
    assert not account(site, "head").must_renew


@ON_ONE
def test_cut(site, family, back):
    """A plugin switched off since is off; one switched on again as well, until somebody decides."""

    def happens():
        cut_off(site.site, None, "notes", "une faille")
        cut_off(site.site, None, "fiche", "une panne")
        put_back(site.site, None, "fiche")

    assert back(happens).counts["plugins"] == 1
    assert set(known_cut_offs(site.site)) == {"notes"}


@ON_ONE
def test_told(site, family, back, tmp_path):
    """What schools and the académie did, with the schools, in doctor."""
    head = viewer(site, "head")
    listed = tmp_path / "personnels.csv"
    listed.write_text(";".join(STAFF_COLUMNS), encoding="utf-8")

    def happens():
        for stance in (Stance.OPEN, Stance.CLOSED):
            set_opening(
                site.site, head, Scope.establishment(COLLEGE), "notes", Audience.GUARDIAN, stance
            )
        import_staff(site.site, listed)

    done = back(happens)
    assert done.lost == {"module.open": 1, "module.closed": 1, "staff.imported": 1}
    assert done.schools == (COLLEGE.code,)
    (finding,) = [each for each in examine(site) if each.check == "restored"]
    for said in ("Module fermé", "Personnels importés", COLLEGE.code, "Avant de rouvrir"):
        assert said in finding.next_step


START = datetime(2026, 11, 24, 12, tzinfo=UTC)
acts = st.lists(
    st.builds(
        NotedAct,
        action=st.sampled_from(["account.closed", "data.erased", replaying.RESTORED]),
        id=st.integers(1, 40).map(lambda n: UUID(int=n)),
        at=st.integers(-4000, 100).map(lambda n: START + timedelta(minutes=n)),
    ),
    unique_by=lambda act: act.id,
)


@given(acts=acts, there=st.sets(st.integers(1, 40).map(lambda n: UUID(int=n))))
def test_what_is_lost(acts, there):
    """Whatever was noted: nothing the backup knows, nothing an earlier restore did, all else."""
    lost = lost_acts(acts, START, lambda ids: there.intersection(ids))
    assert lost == sorted(lost, key=lambda act: (act.at, act.id))
    done = [n for n, act in enumerate(acts) if act.action == replaying.RESTORED and act.id in there]
    since = done[-1] + 1 if done else 0
    assert {act.id for act in lost} == {
        act.id
        for act in itertools.islice(acts, since, None)
        if act.id not in there
        and act.action != replaying.RESTORED
        and act.at >= START - timedelta(days=1)
    }
