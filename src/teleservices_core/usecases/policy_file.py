"""The rectorat's policy as a file: read, compared with what is recorded, applied whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from attrs import evolve, field, frozen, validators
from cattrs import Converter

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.changes import Change, effective
from teleservices_core.domain.consequences import Consequence, Landscape, consequence
from teleservices_core.domain.localtime import SchoolYear, Window
from teleservices_core.domain.policy import Campaign, Opening, Policy, Stance
from teleservices_core.domain.scopes import Rank, Scope
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import RefusedError, SettingsError
from teleservices_core.settings import read_toml, strict_converter, structure
from teleservices_core.usecases.campaigns import round_window, write_round
from teleservices_core.usecases.opening import record_changes, tell_plugins
from teleservices_core.usecases.plans import landscape
from teleservices_core.usecases.rights import require_academy
from teleservices_core.usecases.site import Site
from teleservices_core.words.academy import departement_code, show_departement

_MINUTE: Final = timedelta(minutes=1)


@frozen
class DecisionEntry:
    """``[[decisions]]``: what the rectorat decides about a module somewhere."""

    module: str
    decision: Stance
    audiences: tuple[Audience, ...] = ()
    """Those of the module by default."""
    departement: str = ""
    """"21", "2A"; the whole académie without it."""
    establishment: Uai | None = None


@frozen
class RoundEntry:
    """``[[rounds]]``: one round of a campaign, in local time to the minute, both included."""

    module: str
    title: str = field(validator=validators.min_len(1))
    """Of rounds with the same title, the first to open is the first, and so on."""
    opens: datetime
    closes: datetime
    establishment: Uai | None = None


@frozen
class PolicyFile:
    """Everything that the rectorat decides for a school year; what is not there is undone."""

    year: SchoolYear
    decisions: tuple[DecisionEntry, ...] = ()
    rounds: tuple[RoundEntry, ...] = ()


def _converter() -> Converter:
    converter = strict_converter()
    converter.register_structure_hook(Uai, lambda value, _kind: Uai(value))
    converter.register_structure_hook(SchoolYear, lambda value, _kind: SchoolYear.parse(value))
    converter.register_structure_hook(datetime, _local)
    return converter


def _local(value: Any, _kind: object) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(found, datetime):
        raise TypeError("expected a local time such as 2027-06-29T14:30:00")
    if found.tzinfo is not None:
        raise ValueError("expected the académie's local time, without offset")
    return found.replace(second=0, microsecond=0)


def read_policy(path: Path | str) -> PolicyFile:
    """Read a policy. Raises :exc:`SettingsError` naming the file and every faulty key."""
    return structure(read_toml(path), PolicyFile, str(path), _converter())


@frozen
class RoundChange:
    """A round to add (no ``before``), to change, or to cancel (no ``after``)."""

    before: Campaign | None
    after: Campaign | None


@frozen
class PolicyPlan:
    """What applying a file changes."""

    school_year: SchoolYear
    changes: tuple[Change, ...]
    rounds: tuple[RoundChange, ...]
    consequence: Consequence
    upon: Landscape

    @property
    def changes_nothing(self) -> bool:
        """Whether what is recorded is already what the file says."""
        return not self.changes and not self.rounds


def plan_policy(site: Site, wanted: PolicyFile, source: str) -> PolicyPlan:
    """Compare a file with what is recorded: two statements.

    Raises :exc:`SettingsError` naming every entry that cannot be.
    """
    with site.database.reading() as tx:
        place = landscape(site, tx, wanted.year)
    return _plan(site, place, wanted, source)


def apply_policy(site: Site, viewer: Viewer | None, wanted: PolicyFile, source: str) -> PolicyPlan:
    """Make what is recorded what the file says, in one transaction; returns what changed.

    Decisions of heads are never touched, nor those about modules that are not
    installed. Raises as :func:`plan_policy` and :func:`.opening.set_openings`.
    """
    with site.database.writing() as tx:
        if viewer is not None:
            require_academy(site, tx, viewer.account)
        plan = _plan(site, landscape(site, tx, wanted.year), wanted, source)
        openings = record_changes(site, tx, viewer, plan.changes, wanted.year)
        for change in plan.rounds:
            write_round(site, tx, viewer, change.before, change.after)
    tell_plugins(site, openings)
    return plan


def _plan(site: Site, place: Landscape, wanted: PolicyFile, source: str) -> PolicyPlan:
    problems: list[str] = []
    decided = _decided(site, place, wanted, problems)
    rounds = _rounds(site, place, wanted, problems)
    if problems:
        raise SettingsError(problems, source)
    year, known = wanted.year, site.catalogue.by_id
    kept = [o for o in place.policy.openings if not o.scope.rank.is_heads and o.module_id in known]
    undone = (Change(o.scope, o.module_id, o.audience, None) for o in kept)
    changes = effective(
        [c for c in undone if _key(c) not in decided]
        + [Change(*key, stance) for key, stance in decided.items()],
        place.policy,
        year,
    )
    moved = tuple(_moved(site, place.policy, rounds, year))
    policy = _after(place.policy, changes, moved, year)
    told = consequence(
        place, evolve(place, policy=policy), site.catalogue.modules, site.catalogue.rules
    )
    return PolicyPlan(year, changes, moved, told, place)


_Key = tuple[Scope, str, Audience]


def _key(change: Change) -> _Key:
    return change.scope, change.module_id, change.audience


def _decided(
    site: Site, place: Landscape, wanted: PolicyFile, problems: list[str]
) -> dict[_Key, Stance]:
    found: dict[_Key, Stance] = {}
    for number, entry in enumerate(wanted.decisions):
        where = f"decisions[{number}]"
        module = site.catalogue.by_id.get(entry.module)
        if module is None:
            problems.append(f"no module {entry.module!r} @ {where}.module")
            continue
        if strange := set(entry.audiences) - module.audiences:
            problems.append(f"{module.id} is not for {min(strange)} @ {where}.audiences")
        scope = _scope(place, entry.departement, entry.establishment, where, problems)
        for audience in entry.audiences or sorted(module.audiences):
            key = (scope, module.id, audience)
            if found.setdefault(key, entry.decision) is not entry.decision:
                problems.append(f"decided otherwise above @ {where}.decision")
    return found


def _scope(
    place: Landscape, departement: str, uai: Uai | None, where: str, problems: list[str]
) -> Scope:
    if departement and uai is not None:
        problems.append(f"either a département or an establishment @ {where}")
    if uai is not None:
        if all(each.uai != uai for each in place.establishments):
            problems.append(f"no establishment {uai} @ {where}.establishment")
        return Scope.named(uai)
    if not departement:
        return Scope.academie()
    code = departement_code(departement)
    if all(each.uai.departement != code for each in place.establishments):
        problems.append(f"no establishment in {departement!r} @ {where}.departement")
    return Scope.departement(code)


_Name = tuple[str, Uai | None, str]


def _rounds(
    site: Site, place: Landscape, wanted: PolicyFile, problems: list[str]
) -> dict[_Name, list[Window]]:
    found: dict[_Name, list[Window]] = {}
    for number, entry in enumerate(wanted.rounds):
        where = f"rounds[{number}]"
        if entry.module not in site.catalogue.by_id:
            problems.append(f"no module {entry.module!r} @ {where}.module")
        _scope(place, "", entry.establishment, where, problems)
        try:
            window = round_window(site, entry.opens, entry.closes)
        except RefusedError as refused:
            key = "opens" if refused.code == "opens_skipped" else "closes"
            problems.append(f"{_REFUSED[refused.code]} @ {where}.{key}")
        else:
            name = (entry.module, entry.establishment, entry.title)
            found.setdefault(name, []).append(window)
    return found


_REFUSED: Final = {
    "opens_skipped": "this local time does not exist that night",
    "closes_skipped": "this local time does not exist that night",
    "ends_before": "it closes before it opens",
}


def _moved(
    site: Site, policy: Policy, wanted: Mapping[_Name, list[Window]], year: SchoolYear
) -> Iterator[RoundChange]:
    present: dict[_Name, list[Campaign]] = {}
    for module in site.catalogue.modules:
        for each in policy.rounds(module.id, year):
            present.setdefault((each.module_id, each.uai, each.title), []).append(each)
    for name in sorted({*present, *wanted}, key=lambda n: (n[0], str(n[1] or ""), n[2])):
        windows = sorted(wanted.get(name, ()), key=lambda w: (w.from_at, w.until_at))
        for old, window in zip_longest(present.get(name, ()), windows):
            if window is None:
                yield RoundChange(old, None)
            elif old is None:
                module_id, uai, title = name
                new = Campaign(module_id, year, window, uai, title, site.new_id())
                yield RoundChange(None, new)
            elif window != old.window:
                yield RoundChange(old, evolve(old, window=window))


def _after(
    policy: Policy, changes: tuple[Change, ...], moved: tuple[RoundChange, ...], year: SchoolYear
) -> Policy:
    gone = {change.before for change in moved}
    rounds = [c for c in policy.campaigns if c not in gone]
    rounds += [change.after for change in moved if change.after is not None]
    after = Policy.of(policy.openings, rounds)
    for change in changes:
        after = change.applied(after, year)
    return after


def policy_toml(site: Site, year: SchoolYear) -> str:
    """What the rectorat has decided for a year, as a file that :func:`read_policy` reads."""
    with site.database.reading() as tx:
        policy = tx.policy.whole(year)
    lines = [f'year = "{year}"']
    for (scope, module_id, stance), audiences in _grouped(site, policy).items():
        lines += ["", "[[decisions]]", f"module = {_quoted(module_id)}"]
        lines += [f'decision = "{stance}"']
        module = site.catalogue.by_id.get(module_id)
        if module is None or set(audiences) != module.audiences:
            lines += [f"audiences = [{', '.join(_quoted(each) for each in audiences)}]"]
        if scope.rank is Rank.DEPARTEMENT:
            lines += [f'departement = "{show_departement(scope.place)}"']
        if scope.rank is Rank.NAMED:
            lines += [f'establishment = "{scope.place}"']
    for each in sorted(policy.campaigns, key=lambda c: (c.module_id, str(c.uai or ""), c.title)):
        lines += ["", "[[rounds]]", f"module = {_quoted(each.module_id)}"]
        lines += [f"title = {_quoted(each.title)}", *_times(site, each)]
        if each.uai is not None:
            lines += [f'establishment = "{each.uai}"']
    return "\n".join(lines) + "\n"


def _grouped(site: Site, policy: Policy) -> dict[tuple[Scope, str, Stance], list[Audience]]:
    found: dict[tuple[Scope, str, Stance], list[Audience]] = {}
    mine: list[Opening] = [o for o in policy.openings if not o.scope.rank.is_heads]
    for each in sorted(mine, key=lambda o: (o.scope, o.module_id, o.audience)):
        if each.module_id in site.catalogue.by_id:
            found.setdefault((each.scope, each.module_id, each.stance), []).append(each.audience)
    return found


def _times(site: Site, campaign: Campaign) -> list[str]:
    zone, window = site.academie.zone, campaign.window
    opens = window.from_at.astimezone(zone) if window.from_at else None
    closes = (window.until_at - _MINUTE).astimezone(zone) if window.until_at else None
    return [
        f"{name} = {at.replace(tzinfo=None).isoformat(timespec='seconds')}"
        for name, at in (("opens", opens), ("closes", closes))
        if at is not None
    ]


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    kept = (c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped)
    return f'"{"".join(kept)}"'
