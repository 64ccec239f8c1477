"""Every route, method, visitor and place of :mod:`matrix`, through the real application."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from attrs import evolve, frozen
from uuid6 import uuid7
from werkzeug.test import Client

from teleservices_core.app import Teleservices
from teleservices_core.contributions import Access, Route
from teleservices_core.domain.accounts import Account, AccountState, Audience, SessionPurpose
from teleservices_core.domain.delegations import Delegation
from teleservices_core.domain.localtime import Window
from teleservices_core.domain.policy import Campaign, Stance
from teleservices_core.domain.roster import Level
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Assignment, Role, StaffMember
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, NotAllowedError, NotFoundError
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.storage.engine import make_engine
from teleservices_core.storage.unit_of_work import SqlDatabase, SqlTransaction
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    YEAR,
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.world import World, person_id
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.signing_in import open_session
from teleservices_core.web import csrf
from teleservices_core.web.application import Application
from teleservices_core.web.cookies import Cookies

from .matrix import MATRIX, VISITORS, Group, Place, Row

ABROAD = Uai.from_digits("0719001")
IN, OUT, REFUSED, MISSING = "in", "out", "refused", "missing"
_VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")
_OF_A_PLACE = {"uai", "student_id", "account_id", "delegation_id", "campaign_id"}


@frozen
class DryDatabase(SqlDatabase):
    """Commands run to their end, and leave nothing behind."""

    @contextmanager
    def writing(self, *, waits: bool = True) -> Iterator[SqlTransaction]:
        with self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                # The driver begins nothing by itself: each statement would stay.
                connection.exec_driver_sql("BEGIN")
            yield SqlTransaction(connection)
            connection.rollback()


@frozen
class Stage:
    """A site with people on it, whose handlers report what became of them."""

    services: Teleservices
    application: Application
    browsers: dict[str, tuple[str, str]]
    """The cookie of each visitor, the same at every request, and the token of its forms."""
    addresses: dict[Place, dict[str, str]]
    reached: list[str]

    def outcome(self, who: str, method: str, path: str, form: dict[str, str]) -> str:
        """What became of one request."""
        self.reached.clear()
        cookie, token = self.browsers[who]
        answer = Client(self.application, use_cookies=False).open(
            path,
            method=method,
            base_url="http://localhost",
            headers={"Cookie": cookie},
            data={**form, csrf.FIELD: token} if method == "POST" else None,
        )
        assert answer.status_code < 500, (who, method, path, answer.status_code)
        if self.reached and answer.status_code == 403:
            return REFUSED
        return self.reached[0] if self.reached else OUT


def a_place(services: Teleservices, uai: Uai) -> tuple[dict[str, str], dict[str, Account]]:
    """An establishment with a family, a head, a delegation and a campaign."""
    world = World(services)
    world.establishment(an_establishment(uai, name=f"Établissement {uai}"))
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id, uai))
    world.adult(mother, a_link(child.id, mother.id))
    accounts = {
        "guardian": world.account(mother, Audience.GUARDIAN),
        "student": world.account(child, Audience.STUDENT),
        "head": world.staff(Role.HEAD, uai),
        "teacher": world.staff(Role.TEACHER, uai),
        "delegate": world.staff(Role.SCHOOL_OFFICE, uai),
    }
    now = services.site.now()
    window = Window(now - timedelta(days=1), now + timedelta(days=1))
    campaign = Campaign("notes", YEAR, window, uai, id=uuid7())
    delegation = a_delegation(services, accounts["delegate"], uai)
    with services.site.database.writing() as tx:
        tx.policy.add_campaign(campaign)
        tx.delegations.add(delegation)
    for audience in (Audience.GUARDIAN, Audience.STUDENT):
        scope = Scope.establishment(uai)
        set_opening(services.site, None, scope, "notes", audience, Stance.OPEN)
    address = {
        "uai": uai.code,
        "student_id": str(child.id),
        "account_id": str(accounts["guardian"].id),
        "delegation_id": str(delegation.id),
        "campaign_id": str(campaign.id),
    }
    return address, accounts


def a_delegation(services: Teleservices, account: Account, uai: Uai) -> Delegation:
    """« Notes », entrusted for the whole year."""
    return Delegation(
        id=uuid7(),
        uai=uai,
        module_id="notes",
        staff_id=person_id(account),
        from_on=date(2026, 9, 1),
        until_on=date(2027, 6, 30),
        given_by="",
        given_at=services.site.now(),
    )


def others(services: Teleservices, student_id: UUID) -> dict[str, Account]:
    """Those who have no right on the child any more, or not yet."""
    world = World(services)
    yesterday = services.site.academie.today(services.site.now()) - timedelta(days=1)
    former, contact = an_adult(first_name="Ex"), an_adult(first_name="Voisine")
    world.adult(former, a_link(student_id, former.id, until_on=yesterday))
    world.adult(contact, a_link(student_id, contact.id, level=Level.CONTACT))
    left = StaffMember(uuid7(), "PARTIE", "Dominique", "partie@example.org")
    moved = StaffMember(uuid7(), "MUTÉE", "Camille", "mutee@example.org")
    clerk = world.staff(Role.SCHOOL_OFFICE, COLLEGE)
    ended = evolve(a_delegation(services, clerk, COLLEGE), until_on=yesterday)
    with services.site.database.writing() as tx:
        tx.staff.save(left, [Assignment(left.id, Role.HEAD, COLLEGE, until_on=yesterday)])
        tx.staff.save(moved, [Assignment(moved.id, Role.TEACHER, COLLEGE, until_on=yesterday)])
        tx.delegations.add(ended)
    return {
        "former_guardian": world.account(former, Audience.GUARDIAN),
        "contact": world.account(contact, Audience.GUARDIAN),
        "deputy": world.staff(Role.DEPUTY, COLLEGE),
        "office": world.staff(Role.SCHOOL_OFFICE, COLLEGE),
        "former_delegate": clerk,
        "former_head": world.account(left, Audience.STAFF),
        "former_teacher": world.account(moved, Audience.STAFF),
        "academy": world.staff(Role.ACADEMY_ADMIN),
        "hotline": world.staff(Role.HOTLINE),
        "first_login": world.account(
            world.adult(an_adult(first_name="Neuve")),
            Audience.GUARDIAN,
            state=AccountState.CLAIMED,
            email=None,
        ),
        "renewal": world.account(
            world.adult(an_adult(first_name="Distraite")), Audience.GUARDIAN, must_renew=True
        ),
    }


_PURPOSES = {"first_login": SessionPurpose.FIRST_LOGIN, "renewal": SessionPurpose.RENEWAL}


def a_session(services: Teleservices, account: Account, who: str) -> str:
    """The secret of a session of an account."""
    purpose = _PURPOSES.get(who, SessionPurpose.FULL)
    with services.site.database.writing() as tx:
        return open_session(services.site, tx, account, purpose).secret


def spying(route: Route, reached: list[str]) -> Route:
    """A route whose handler notes that it ran, and whether it refused."""

    def handler(context: Any, **values: Any) -> Any:
        reached.append(IN)
        try:
            return route.handler(context, **values)
        except NotFoundError:
            reached[0] = MISSING
            raise
        except (NotAllowedError, ConflictError):
            reached[0] = REFUSED
            raise

    return evolve(route, handler=handler)


@pytest.fixture
def stage(
    services: Teleservices, backend: str, make_database: Callable[[str], str]
) -> Iterator[Stage]:
    """Two académies in one process; everybody is signed in where they belong."""
    own, accounts = a_place(services, COLLEGE)
    other, elsewhere = a_place(services, LYCEE)
    accounts |= others(services, UUID(own["student_id"]))
    accounts |= {f"other_{who}": elsewhere[who] for who in ("guardian", "head", "teacher")}
    neighbour_engine = make_engine(make_database(backend))
    neighbour = Teleservices(
        services.settings,
        engine=neighbour_engine,
        clock=services.site.clock,
        hasher=Argon2Hasher.cheapest(),
    )
    abroad, foreigners = a_place(neighbour, ABROAD)
    secrets = {name: a_session(services, account, name) for name, account in accounts.items()}
    # The same cookie name and the same key: nothing but the database tells them apart.
    secrets["stranger"] = a_session(neighbour, foreigners["head"], "stranger")
    nowhere = {name: str(uuid4()) for name in own} | {"uai": Uai.from_digits("0890001").code}
    shared = {
        "secret": "x",
        "subject": "020700",
        "identity": "0" * 64,
        "module_id": "notes",
        "assessment_id": str(uuid4()),
        "import_id": str(uuid4()),
        "reader_id": str(uuid4()),
        "match_id": str(uuid4()),
        "job_id": str(uuid4()),
        "key_id": str(uuid4()),
        "proposal_id": str(uuid4()),
        "step": "eleve",
        "person": "student",
        "code": "last_name",
        "number": "23456789AB",
        "report_id": str(uuid4()),
        "batch": "7",
        "kind": "csv",
    }
    reached: list[str] = []
    dry = evolve(services.site, database=DryDatabase(services.engine))
    application = Application(dry)
    application._routes = {
        name: spying(route, reached) for name, route in application._routes.items()
    }
    yield Stage(
        services=services,
        application=application,
        browsers={who: a_browser(services, secrets.get(who)) for who in VISITORS},
        addresses={
            Place.OWN: {**shared, **own},
            Place.OTHER: {**shared, **other},
            Place.CROSSED: {**shared, **other, "uai": own["uai"]},
            Place.ABROAD: {**shared, **abroad},
            Place.NOWHERE: {**shared, **nowhere},
        },
        reached=reached,
    )
    neighbour_engine.dispose()


def a_browser(services: Teleservices, secret: str | None) -> tuple[str, str]:
    """A cookie of a session, or of a visit without one, and the token of its forms."""
    name = Cookies(services.settings, "/").name("session" if secret else "visit")
    value = secret or "a-visit"
    return f"{name}={value}", csrf.token(services.settings, value)


def places(route: Route) -> list[Place]:
    """The places that a route's address can name."""
    named = set(_VARIABLE.findall(route.rule)) & _OF_A_PLACE
    if not named:
        return [Place.OWN]
    crossed = [Place.CROSSED] if "uai" in named and len(named) > 1 else []
    return [Place.OWN, Place.OTHER, *crossed, Place.ABROAD, Place.NOWHERE]


def expected(row: Row, group: Group, who: str, place: Place) -> set[str]:
    """The outcomes that are right."""
    may = {Place.OWN: group.own, Place.OTHER: group.other}.get(place, frozenset())
    if who in may:
        return {MISSING} if row.finds_nothing else {IN}
    if row.finds_nothing and who not in group.own | group.other:
        return {OUT, REFUSED}
    return {OUT, REFUSED, MISSING}


def test_every_route_has_a_row(services):
    """A new route says who may reach it, by which method, before it is merged."""
    methods = {
        (route.name, method) for route in services.site.catalogue.routes for method in route.methods
    }
    said = {
        (name, method)
        for name, row in MATRIX.items()
        for method, group in (("GET", row.get), ("POST", row.post))
        if group is not None
    }
    forgotten = sorted(f"{method} {name}" for name, method in methods - said)
    assert not forgotten, f"say in tests/web/matrix.py who may reach: {', '.join(forgotten)}"
    gone = sorted(f"{method} {name}" for name, method in said - methods)
    assert not gone, f"tests/web/matrix.py speaks of what is no route: {', '.join(gone)}"


def trial(stage: Stage, route: Route) -> list[str]:
    """Try a route by each method, about each place, as each visitor; what went wrong."""
    wrong, row = [], MATRIX[route.name]
    for method, group in (("GET", row.get), ("POST", row.post)):
        for place in places(route) if group else ():
            address = stage.addresses[place]
            path = _VARIABLE.sub(lambda found, a=address: a[found[1]], route.rule)
            for who in VISITORS:
                outcome = stage.outcome(who, method, path, dict(row.form))
                if outcome not in expected(row, group, who, place):
                    wrong.append(f"{method} {route.name}, {place}, {who}: {outcome}")
    return wrong


def test_matrix(stage):
    """Who may gets in, and nobody else, wherever the address leads."""
    routes = stage.services.site.catalogue.routes
    wrong = [line for route in routes for line in trial(stage, route)]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", ["core.hotline", "core.school"])
def test_a_loose_guard_is_seen(stage, name):
    """A route that lets everybody signed in pass does not go unseen."""
    route = stage.application._routes[name]
    stage.application._routes[name] = evolve(route, access=Access.SIGNED_IN)
    assert any("former_head: in" in line for line in trial(stage, route))


def test_nothing_was_written(stage):
    """The trial itself commits nothing, so that no request changes what the next one meets."""
    form = {"module_id": "notes", "audience": "guardian", "stance": "closed", "seen": "open"}
    assert stage.outcome("head", "POST", f"/ecole/{COLLEGE}/modules", form) == IN
    with stage.services.site.database.reading() as tx:
        policy = tx.policy.policy([COLLEGE], YEAR)
    assert {opening.stance for opening in policy.openings} == {Stance.OPEN}
