"""What a preview announces is what happens, against a slow reference."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import decide
from teleservices_core.domain.changes import Change, effective, fingerprint, present_state
from teleservices_core.domain.consequences import Landscape, consequence, establishments_of
from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.localtime import Window
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.policy import Campaign, Opening, Policy, Stance
from teleservices_core.domain.rules import CORE_RULES
from teleservices_core.domain.scopes import Rank, Scope, chain
from teleservices_core.domain.values import Uai
from teleservices_core.testing.builders import DIJON, YEAR, a_module, an_establishment
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_core.testing.reaching import often, reached

DIGITS = ("0211000", "0212000", "0581000")
SCHOOLS = tuple(an_establishment(Uai.from_digits(d), name=d) for d in DIGITS)
LYCEE = an_establishment(Uai.from_digits("0219000"), kind=EstablishmentKind.LYCEE, name="Lycée")
ALL = (*SCHOOLS, LYCEE)
MODULES = (
    a_module("notes"),
    a_module("bulletins", requires=("notes",), opening_mode=OpeningMode.AUTOMATIC),
    a_module("fiche", opening_mode=OpeningMode.DEFAULT_OPEN),
    a_module("lycee", kinds=frozenset({EstablishmentKind.LYCEE})),
    a_module("campagne", opening_mode=OpeningMode.AUTOMATIC, has_campaign=True),
)
SCOPES = (
    Scope.academie(),
    Scope.departement("021"),
    Scope.departement("058"),
    *(Scope.named(e.uai) for e in ALL),
    *(Scope.establishment(e.uai) for e in ALL),
    *(Scope.level(e.uai, ClassLevel.SIXIEME) for e in ALL),
    *(Scope.division(e.uai, "6 B") for e in ALL),
)
BOTH = (Audience.GUARDIAN, Audience.STUDENT)


def landscape(policy, establishments=ALL):
    """These establishments on a school day."""
    return Landscape(establishments, policy, YEAR, A_TUESDAY, DIJON.zone)


@st.composite
def changes(draw):
    """A choice at some scope."""
    return Change(
        draw(st.sampled_from(SCOPES)),
        draw(st.sampled_from(MODULES)).id,
        draw(st.sampled_from(BOTH)),
        draw(st.sampled_from([None, *Stance])),
    )


def after(policy, made):
    """The policy after some changes."""
    for change in made:
        policy = change.applied(policy, YEAR)
    return policy


policies = st.lists(changes(), max_size=12).map(lambda made: after(Policy.of(), made))
joined = st.lists(st.booleans(), min_size=4, max_size=4).map(
    lambda said: tuple(evolve(e, takes_part=t) for e, t in zip(ALL, said, strict=True))
)


def states(place):
    """Whether each module is open, asked one by one: whole establishments and parts."""
    catalogue = {module.id: module for module in MODULES}
    found = {}
    for each in place.establishments:
        parts = (None, *(s for s in SCOPES if s.part and s.uai == each.uai))
        for module in MODULES:
            for audience in BOTH:
                for part in parts:
                    question = place.question(each, audience, part)
                    found[each.uai, module.id, audience, part] = decide(
                        module, question, CORE_RULES, catalogue
                    ).is_open
    return found


@often(0.2)
@given(policies, st.lists(changes(), max_size=4), joined, joined)
def test_the_preview_is_what_happens(policy, made, first, then):
    """Every difference is announced, and nothing else is."""
    before, later = landscape(policy, first), landscape(after(policy, made), then)
    told = consequence(before, later, MODULES, CORE_RULES)
    old, new = states(before), states(later)
    turned = {key: new[key] for key in new if new[key] is not old[key]}
    whole = {k: v for k, v in turned.items() if k[3] is None}
    announced = {
        (f.establishment.uai, f.module.id, f.audience, None): f.opens
        for f in told.flips
        if not f.parts
    }
    reached(bool(turned))
    assert announced == whole
    recorded = {o.scope for p in (policy, later.policy) for o in p.openings}
    for flip in told.flips:
        for part in flip.parts:
            assert turned[flip.establishment.uai, flip.module.id, flip.audience, part] is flip.opens
    for (uai, module_id, audience, part), opens in turned.items():
        alone = part in recorded and whole.get((uai, module_id, audience, None)) is not opens
        said = any(
            part in f.parts
            for f in told.flips
            if (f.establishment.uai, f.module.id, f.audience) == (uai, module_id, audience)
        )
        if part is not None:
            assert said is alone or part not in recorded


@st.composite
def overruling(draw):
    """A policy in which heads have spoken, and final words of the rectorat over some of them."""
    policy = after(draw(policies), draw(st.lists(_of_heads(), min_size=1, max_size=4)))
    spoken = [o for o in policy.openings if o.scope.rank.is_heads]
    chosen = draw(st.lists(st.sampled_from(spoken), min_size=1, max_size=3))
    final = st.sampled_from([Stance.IMPOSED, Stance.FORBIDDEN])
    made = [
        Change(draw(st.sampled_from([Scope.academie(), Scope.named(o.scope.uai)])), *what)
        for o in chosen
        for what in [(o.module_id, o.audience, draw(final))]
    ]
    return policy, made


def _of_heads():
    scopes = st.sampled_from([scope for scope in SCOPES if scope.rank.is_heads])
    module_ids = st.sampled_from(["notes", "notes", "fiche"])
    return st.builds(
        Change,
        scopes,
        module_ids,
        st.sampled_from(BOTH),
        st.sampled_from([Stance.OPEN, Stance.CLOSED]),
    )


@often(0.2)
@given(overruling())
def test_overruled_choices_do_not_count(drawn):
    """A choice that is announced lost no longer makes the decision, and was kept as it is."""
    policy, made = drawn
    later = after(policy, made)
    told = consequence(landscape(policy), landscape(later), MODULES, CORE_RULES)
    reached(bool(told.overruled))
    for opening in told.overruled:
        assert opening.scope.rank.is_heads
        assert opening in later.openings, "what a head replaces or takes back is not lost"
        flipped = later.with_opening(
            evolve(
                opening,
                stance=Stance.CLOSED if opening.stance is Stance.OPEN else Stance.OPEN,
            )
        )
        nothing = consequence(landscape(later), landscape(flipped), MODULES, CORE_RULES)
        assert not nothing.flips


def test_what_waits_is_said():
    """Opened by the settings, closed by the absence of a campaign or of adherence."""
    out = tuple(evolve(e, takes_part=e is not SCHOOLS[0]) for e in ALL)
    opened = Change(Scope.academie(), "notes", Audience.GUARDIAN, Stance.OPEN)
    policy = opened.applied(Policy.of(), YEAR)
    told = consequence(landscape(Policy.of(), out), landscape(policy, out), MODULES, CORE_RULES)
    assert [f.establishment.name for f in told.waiting if f.module.id == "notes"] == ["0211000"]
    assert SCHOOLS[0].uai not in {e.uai for e in establishments_of(told.opened)}


def test_a_round_opens_where_it_holds():
    """A round for one establishment changes that one; one for all, all."""
    window = Window(A_TUESDAY, A_TUESDAY + timedelta(days=1))
    for uai, number in ((LYCEE.uai, 1), (None, 4)):
        later = Policy.of([], [Campaign("campagne", YEAR, window, uai)])
        told = consequence(landscape(Policy.of()), landscape(later), MODULES, CORE_RULES)
        assert len(establishments_of(told.opened)) == number


def test_a_class_that_differs_is_named():
    """Imposed, a class that was closed apart opens: the establishment itself does not change."""
    uai = SCHOOLS[0].uai
    policy = Policy.of(
        [
            Opening("notes", YEAR, Audience.GUARDIAN, Stance.OPEN, Scope.establishment(uai)),
            Opening("notes", YEAR, Audience.GUARDIAN, Stance.CLOSED, Scope.division(uai, "6 B")),
        ]
    )
    imposed = Change(Scope.named(uai), "notes", Audience.GUARDIAN, Stance.IMPOSED)
    later = imposed.applied(policy, YEAR)
    told = consequence(landscape(policy), landscape(later), MODULES, CORE_RULES)
    notes = [flip for flip in told.flips if flip.module.id == "notes"]
    assert [flip.parts for flip in notes] == [(Scope.division(uai, "6 B"),)]
    assert [o.scope for o in told.overruled] == [Scope.division(uai, "6 B")]


@often(0.2)
@given(policies, st.lists(changes(), max_size=6))
def test_effective_changes(policy, made):
    """Only what differs is kept, and applying twice leaves nothing to do."""
    found = effective(made, policy, YEAR)
    for change in found:
        assert change.before(policy, YEAR) is not change.stance
    once = len({(c.scope, c.module_id, c.audience) for c in found}) == len(found)
    if reached(bool(found) and once):
        assert effective(found, after(policy, found), YEAR) == ()


@given(policies, st.lists(changes(), min_size=1, max_size=4), changes())
def test_fingerprints(policy, made, other):
    """The same state has the same digest, in any order; another choice there changes it."""
    assert present_state(made, policy, YEAR) == present_state(reversed(made), policy, YEAR)
    later = other.applied(policy, YEAR)
    here = {(c.scope, c.module_id, c.audience) for c in made}
    touched = (other.scope, other.module_id, other.audience) in here
    same = present_state(made, policy, YEAR) == present_state(made, later, YEAR)
    assert same is not (touched and other.before(policy, YEAR) is not other.stance)
    assert fingerprint([(made[0], None)]) != fingerprint([(made[0], Stance.OPEN)])


@pytest.mark.parametrize("scope", SCOPES)
def test_paths(scope):
    """A path ends with its scope, and passes through the wider ones that concern it."""
    path = scope.path
    assert path[-1] == scope
    assert path[0] == Scope.academie()
    assert list(path) == sorted(path)
    if scope.uai is not None:
        assert scope.covers(scope.uai)
        assert set(path[:-1]) <= set(chain(scope.uai))
        assert Rank.NAMED in {each.rank for each in path}
