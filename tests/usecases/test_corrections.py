"""Wrong attachments: denied by the adult, answered or corrected by the school."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from attrs import evolve
from uuid6 import uuid7

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.attachments import ReportState, barred, restored
from teleservices_core.domain.roster import Level
from teleservices_core.domain.staff import Role
from teleservices_core.errors import ConflictError, NotAllowedError, NotFoundError, RefusedError
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.races import TRIALS, only_winner, race
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.corrections import (
    attachments_of,
    child_seen,
    children_seen,
    end_link,
    look_for,
    report_wrong_link,
    restore_link,
)
from teleservices_core.usecases.grouping import group
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.signing_in import resume, sign_in

TODAY = date(2026, 11, 24)


@pytest.fixture
def world(services):
    """A collège and a lycée."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    return world


@pytest.fixture
def child(world):
    """Camille, in 6 B."""
    child = a_student()
    return world.student(child, a_schooling(child.id))


@pytest.fixture
def mother(world, child):
    """Rightly responsible for Camille."""
    adult = an_adult()
    world.adult(adult, a_link(child.id, adult.id))
    return world.account(adult, Audience.GUARDIAN, email="anne@example.org")


@pytest.fixture
def stranger(world, child):
    """Attached to Camille by mistake, and rightly to Tom."""
    adult, own = an_adult(first_name="Paul", last_name="DURAND"), a_student(first_name="Tom")
    world.student(own, a_schooling(own.id))
    world.adult(adult, a_link(child.id, adult.id), a_link(own.id, adult.id))
    return world.account(adult, Audience.GUARDIAN, email="paul@example.org")


@pytest.fixture
def office(world):
    """The secretariat of the collège."""
    return world.staff(Role.SCHOOL_OFFICE, COLLEGE)


def entered(services, account):
    """A viewer signed in."""
    done = sign_in(services.site, account.login_name, PASSWORD, source="home")
    return resume(services.site, done.secret)


def seen(services, account):
    """First names of the children of an account."""
    children = children_seen(services.site, entered(services, account))
    return sorted(child.student.first_name for child in children)


def person(account):
    """The adult of an account."""
    return account.holder_ids[0]


def told(services):
    """The mails about attachments so far, the newest first: (address, text)."""
    deliver(services.site, services.mailer)
    return [
        (str(mail["To"]), mail.get_content())
        for mail in services.mailer.messages()
        if "rattach" in str(mail["Subject"])
    ]


def refusal(act, *arguments):
    """The code of a refusal."""
    with pytest.raises(RefusedError) as refused:
        act(*arguments)
    return refused.value.code


def test_denied_at_once(services, child, mother, stranger):
    """The child disappears for who denies him, and for nobody else; the school is asked."""
    report_wrong_link(services.site, entered(services, stranger), child.id)
    assert seen(services, stranger) == ["Tom"]
    assert seen(services, mother) == ["Camille"]
    (asked,) = look_for(services.site, COLLEGE, "").reported
    assert (asked.pupil.id, asked.adult_name) == (child.id, "Paul DURAND")
    assert asked.reported_at == services.site.now()
    assert not look_for(services.site, LYCEE, "").reported
    assert report_wrong_link(services.site, entered(services, stranger), child.id) is None
    assert len(look_for(services.site, COLLEGE, "").reported) == 1, "twice is once"


def test_the_school_confirms(services, child, stranger, office):
    """The link stays barred, the guardian learns it, no mail names the child."""
    report_wrong_link(services.site, entered(services, stranger), child.id)
    viewer = entered(services, office)
    end_link(services.site, viewer, COLLEGE, child.id, person(stranger))
    assert seen(services, stranger) == ["Tom"]
    assert not look_for(services.site, COLLEGE, "").reported
    ((address, text),) = told(services)
    assert address == "paul@example.org"
    assert "par erreur" in text
    assert child.first_name not in text
    assert child.last_name not in text
    with services.site.database.reading() as tx:
        (report,) = tx.attachments.reports(stranger.id)
    assert (report.state, report.handled_by) == (ReportState.WRONG, office.display_name)
    again = refusal(end_link, services.site, viewer, COLLEGE, child.id, person(stranger))
    assert again == "already_so"


def test_the_school_restores(services, child, mother, office):
    """A link denied by mistake gives its rights again."""
    report_wrong_link(services.site, entered(services, mother), child.id)
    assert seen(services, mother) == []
    restore_link(services.site, entered(services, office), COLLEGE, child.id, person(mother))
    assert seen(services, mother) == ["Camille"]
    assert "vous êtes bien responsable" in told(services)[0][1]
    report_wrong_link(services.site, entered(services, mother), child.id)
    assert seen(services, mother) == [], "denied again, asked again"
    assert len(look_for(services.site, COLLEGE, "").reported) == 1


def test_the_school_by_itself(services, child, stranger, office):
    """With a reason, kept in the journal; and back again."""
    viewer = entered(services, office)
    arguments = (services.site, viewer, COLLEGE, child.id, person(stranger))
    assert refusal(end_link, *arguments) == "reason_needed"
    assert refusal(end_link, *arguments, "  ") == "reason_needed"
    assert refusal(restore_link, *arguments) == "already_so"
    assert seen(services, stranger) == ["Camille", "Tom"]
    end_link(*arguments, "homonyme")
    assert seen(services, stranger) == ["Tom"]
    with services.site.database.reading() as tx:
        (entry,) = [e for e in tx.audit.latest(9) if e.action == "link.ended"]
    assert entry.subject_id == stranger.id
    assert entry.detail == {
        "reason": "homonyme",
        "student": str(child.id),
        "adult": str(person(stranger)),
    }
    restore_link(*arguments)
    assert seen(services, stranger) == ["Camille", "Tom"]


def test_rights(services, world, child, mother, stranger, office):
    """The office of that school, for the students it has today; and nobody else."""
    elsewhere = entered(services, world.staff(Role.HEAD, LYCEE))
    arguments = (child.id, person(stranger), "homonyme")
    with pytest.raises(NotAllowedError):
        end_link(services.site, elsewhere, COLLEGE, *arguments)
    with pytest.raises(NotFoundError):
        end_link(services.site, elsewhere, LYCEE, *arguments)
    with pytest.raises(NotFoundError):
        attachments_of(services.site, LYCEE, child.id)
    with pytest.raises(NotAllowedError):
        end_link(services.site, entered(services, mother), COLLEGE, *arguments)
    gone = a_student(first_name="Parti")
    world.student(gone, a_schooling(gone.id, left_on=TODAY))
    adult = an_adult(first_name="Eve")
    world.adult(adult, a_link(gone.id, adult.id))
    viewer = entered(services, office)
    with pytest.raises(NotFoundError):
        end_link(services.site, viewer, COLLEGE, gone.id, adult.id, "homonyme")
    with pytest.raises(NotFoundError):
        end_link(services.site, viewer, COLLEGE, child.id, uuid7(), "homonyme")
    assert seen(services, stranger) == ["Camille", "Tom"]


def test_another_s_child(services, world, mother, stranger):
    """One denies one's own links only, and pupils deny none."""
    other = a_student(first_name="Zoé")
    world.student(other, a_schooling(other.id))
    for student_id in (other.id, uuid7()):
        with pytest.raises(NotFoundError):
            report_wrong_link(services.site, entered(services, mother), student_id)
    pupil = entered(services, world.account(other, Audience.STUDENT))
    assert children_seen(services.site, pupil) == []
    with pytest.raises(NotFoundError):
        child_seen(services.site, pupil, other.id)


def test_at_first_login(services, child, world, stranger):
    """Before any password is chosen, whoever holds the letter can say it is not for him."""
    with services.site.database.writing() as tx:
        stored = tx.accounts.get(stranger.id)
        tx.accounts.replace(stored, evolve(stored, state=AccountState.CLAIMED))
    viewer = entered(services, stranger)
    assert not viewer.in_full
    report_wrong_link(services.site, viewer, child.id)
    assert seen(services, stranger) == ["Tom"]


def test_a_moved_student(services, world, child, stranger, clock):
    """The school where the student is today is asked, even if another one was at first."""
    report_wrong_link(services.site, entered(services, stranger), child.id)
    with services.site.database.writing() as tx:
        tx.connection.execute(
            t.schoolings.update().where(t.schoolings.c.student_id == child.id).values(left_on=TODAY)
        )
    world.schooling(a_schooling(child.id, LYCEE))
    assert not look_for(services.site, COLLEGE, "").reported
    (asked,) = look_for(services.site, LYCEE, "").reported
    head = entered(services, world.staff(Role.HEAD, LYCEE))
    restore_link(services.site, head, LYCEE, child.id, asked.link.adult_id)
    assert "Camille" in seen(services, stranger)


def test_the_answer_follows_a_grouped_account(services, world, child, office):
    """A guardian who has grouped his accounts is told where he is now."""
    one, two = an_adult(), an_adult()
    world.adult(one)
    world.adult(two, a_link(child.id, two.id))
    kept = world.account(one, Audience.GUARDIAN, email="garde@example.org")
    gone = world.account(two, Audience.GUARDIAN, email="ancien@example.org")
    group(
        services.site, entered(services, kept), gone.login_name, PASSWORD, PASSWORD, source="home"
    )
    report_wrong_link(services.site, entered(services, kept), child.id)
    end_link(services.site, entered(services, office), COLLEGE, child.id, two.id)
    assert [address for address, _text in told(services)] == ["garde@example.org"]


@pytest.mark.parametrize("words", ["camille", "MARTIN cam", "  câmille "])
def test_search(services, child, words):
    """By a part of the name, with or without accents."""
    found = look_for(services.site, COLLEGE, words)
    assert [pupil.id for pupil in found.found] == [child.id]
    assert not look_for(services.site, LYCEE, words).found
    assert not look_for(services.site, COLLEGE, "   ").found


def test_a_common_name(services, world):
    """A long answer is cut, and says so."""
    for n in range(21):
        student = a_student(first_name=f"Élève{n}")
        world.student(student, a_schooling(student.id))
    found = look_for(services.site, COLLEGE, "eleve")
    assert (len(found.found), found.too_many) == (20, True)


def test_statements(services, child, mother, stranger):
    """Two statements for the list with a search, two for a student, whatever their number."""
    report_wrong_link(services.site, entered(services, stranger), child.id)
    with counted(services.engine) as seen_statements:
        look_for(services.site, COLLEGE, "cam")
    assert len(seen_statements) == 2
    with counted(services.engine) as seen_statements:
        _pupil, links = attachments_of(services.site, COLLEGE, child.id)
    assert len(seen_statements) == 2
    assert {each.adult_name for each in links} == {"Anne MARTIN", "Paul DURAND"}


@pytest.mark.parametrize("until_on", [None, TODAY + timedelta(9), TODAY - timedelta(9)])
def test_bar_and_restore(until_on):
    """A barred link never holds, whatever its dates; restored, it holds again."""
    link = a_link(uuid7(), uuid7(), level=Level.LEGAL, until_on=until_on)
    away = barred(link, TODAY)
    assert not any(away.holds_on(TODAY + timedelta(n)) for n in range(20))
    assert away.until_on == min(TODAY, until_on or TODAY)
    assert restored(away).holds_on(TODAY)


@pytest.mark.parametrize("backend", ["postgresql"])
def test_two_answers_at_once(services, world, child, mother, stranger):
    """Of two members of staff who answer differently, one is heard; report and link agree."""
    one, two = (entered(services, world.staff(Role.SCHOOL_OFFICE, COLLEGE)) for _n in range(2))
    site, adult_id = services.site, person(stranger)
    denying = entered(services, stranger)

    def trials():
        for _n in range(TRIALS // 5):
            with site.database.reading() as tx:
                (link,) = tx.attachments.links(child.id, [adult_id])
            if link.is_barred:
                restore_link(site, one, COLLEGE, child.id, adult_id)
            report_wrong_link(site, denying, child.id)
            yield [
                lambda: restore_link(site, one, COLLEGE, child.id, adult_id),
                lambda: end_link(site, two, COLLEGE, child.id, adult_id, "homonyme"),
            ]

    before = ["UPDATE core_responsibilities", "UPDATE core_link_reports"]
    for outcome in race(services.engine, trials(), before=before):
        only_winner(outcome, RefusedError, ConflictError)
        with site.database.reading() as tx:
            (link,) = tx.attachments.links(child.id, [adult_id])
            last = tx.attachments.reports(stranger.id)[-1]
        assert (last.state is ReportState.RIGHT) is not link.is_barred
