"""What a plugin declares, checked before anything of it is shown: alone, then with the others.

A plugin that does not pass is set aside whole. Who comes first changes nothing: of two that
declare the same, the one that it is named after stays, or neither.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from types import SimpleNamespace, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from attrs import NOTHING, astuple, fields, has

from teleservices_core import contributions
from teleservices_core.catalogue import BUILTIN, Catalogue, Declared
from teleservices_core.contributions import Access, Banner, BannerLink, Message, Route, Words
from teleservices_core.errors import PluginError, WrongValueError
from teleservices_core.failures import contained
from teleservices_core.failures import kind as kind_of
from teleservices_core.plain import text


def check(name: str, declared: Declared) -> None:
    """Refuse what is wrong whoever else is there. Raises :exc:`PluginError`."""
    for values in astuple(declared, recurse=False):
        _typed(name, values if isinstance(values, tuple) else ())
    for what, values in _named(declared):
        if len(set(values)) < len(values):
            twice = next(each for each in values if values.count(each) > 1)
            raise PluginError(name, f"{what} {twice!r} is declared twice")
    for route in declared.routes:
        _answering(name, route)
    _well_described(name, declared)
    _reachable(name, declared)
    _passable(name, declared)
    _unguarded(name, declared)
    _with_their_files(name, declared)
    if name != BUILTIN:
        _under_its_name(name, declared)
    _worded(name, declared)


def check_together(declared: Mapping[str, Declared]) -> Mapping[str, str]:
    """Why some plugins, each sound in itself, do not go with the others: a reason for each.

    The core stays. Several rounds: what leaned on a plugin that goes must go too.
    """
    kept, refused = dict(declared), dict[str, str]()
    while found := {
        name: reason
        for name, each in kept.items()
        if name != BUILTIN and (reason := _misfit(name, each, kept))
    }:
        refused |= found
        kept = {name: each for name, each in kept.items() if name not in found}
    return refused


def _misfit(name: str, declared: Declared, kept: Mapping[str, Declared]) -> str:
    others = {other: each for other, each in kept.items() if other != name}
    taken = {
        (what, value): other
        for other, each in sorted(others.items())
        for what, values in _named(each)
        for value in values
    }
    for what, values in _named(declared):
        for value in values:
            # What bears a plugin's own name is nobody else's.
            if value != name and (what, value) in taken:
                return f"{what} {value!r} is declared by {taken[what, value]} too"
    return _unknown(declared, Catalogue(kept)) or _circle(declared, Catalogue(kept))


def _named(declared: Declared) -> Iterator[tuple[str, list[Any]]]:
    """What must be unique in a site, by kind."""
    yield "module", [each.id for each in declared.modules]
    yield "route", [each.name for each in declared.routes]
    yield "address", [(each.rule, method) for each in declared.routes for method in each.methods]
    yield "rule", [each.rule.name for each in declared.rules]
    yield "mail", [each.kind for each in declared.mails]
    yield "job", [each.name for each in declared.jobs]
    yield "step", [each.name for each in declared.steps]
    yield "options of", [each.module_id for each in declared.options]
    yield "personal data", [each.id for each in declared.personal_data]
    yield "help entry", [each.id for each in declared.help_entries]


def _unknown(declared: Declared, catalogue: Catalogue) -> str:
    """What it refers to and nobody declares."""
    routes = {route.name for route in catalogue.routes}
    plain = {route.name for route in catalogue.routes if not variables(route.rule)}
    for route in declared.routes:
        if route.module_id is not None and route.module_id not in catalogue.by_id:
            return f"route {route.name}: unknown module {route.module_id}"
    for data in declared.personal_data:
        if data.module_id is not None and data.module_id not in catalogue.by_id:
            return f"personal data {data.id}: unknown module {data.module_id}"
    for item in declared.navigation:
        if item.route not in routes:
            return f"navigation: unknown route {item.route}"
    for entry in declared.help_entries:
        if entry.link is not None and entry.link.route not in plain:
            return f"help entry {entry.id}: no page without variables is {entry.link.route}"
    return ""


def _circle(declared: Declared, catalogue: Catalogue) -> str:
    """The way from a module of its own back to it, if there is one."""
    for module in declared.modules:
        ways: list[tuple[str, ...]] = [(module.id,)]
        while ways:
            way = ways.pop()
            known = catalogue.by_id.get(way[-1])
            for required in known.requires if known else ():
                if required == module.id:
                    return f"modules require each other: {' > '.join((*way, required))}"
                if required not in way:
                    ways.append((*way, required))
    return ""


# --- One declaration ---------------------------------------------------------------------


def _typed(name: str, values: Iterable[Any]) -> None:
    """Whether each attribute is of its type: the classes themselves do not check it."""
    for value in values:
        kind: Any = type(value)
        for attribute, expected in _types(kind).items():
            found = getattr(value, attribute)
            if not _fits(found, expected):
                where = f"{kind.__name__}.{attribute}"
                raise PluginError(name, f"{where} cannot be of type {type(found).__name__}")
            _typed(name, (found,))


@lru_cache
def _types(kind: Any) -> Mapping[str, Any]:
    """Of the attributes of a declaration; nothing for any other value."""
    if not isinstance(kind, type) or kind.__module__ != contributions.__name__ or not has(kind):
        return {}
    # Read apart from the class, whose own attributes are called « type » and the like.
    annotations = SimpleNamespace(__annotations__=kind.__annotations__)
    return get_type_hints(annotations, vars(contributions))


def _fits(value: Any, expected: Any) -> bool:
    origin, inner = get_origin(expected), get_args(expected)
    if expected is Any:
        return True
    if origin in {Union, UnionType}:
        return any(_fits(value, each) for each in inner)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(each, inner[0]) for each in value)
    if origin is frozenset:
        return isinstance(value, frozenset) and all(_fits(each, inner[0]) for each in value)
    if origin is Callable or expected is Callable:
        return callable(value)
    if origin is not None:
        return not isinstance(origin, type) or isinstance(value, origin)
    return isinstance(value, expected) and (expected is bool or type(value) is not bool)


def _said(name: str, where: str, message: Message) -> None:
    """A text that fails or is none would fail on the page too."""
    try:
        contained(lambda: text(message()))
    except WrongValueError as error:
        raise PluginError(name, f"{where}: expected a text") from error
    except Exception as error:
        raise PluginError(name, f"{where}: its text fails ({kind_of(error)})") from error


def _answering(name: str, route: Route) -> None:
    """Whether its address is one, and its handler takes what the address names."""
    where = f"route {route.name}"
    if not _RULE.fullmatch(route.rule):
        raise PluginError(name, f"{where}: {route.rule!r} is no address")
    names = variables(route.rule)
    if len(set(names)) < len(names):
        raise PluginError(name, f"{where}: {route.rule!r} names a variable twice")
    if not route.methods or not set(route.methods) <= _METHODS:
        raise PluginError(name, f"{where}: unknown methods {', '.join(route.methods)}")
    if route.max_body < 1:
        raise PluginError(name, f"{where}: max_body must be positive")
    if route.module_id is not None and route.access is not Access.CHILD:
        raise PluginError(name, f"{where}: a module's page is about a child")
    if route.access is Access.CHILD and "student_id" not in names:
        raise PluginError(name, f"{where}: its address names no student_id")
    if route.access in _OF_STAFF and "uai" not in names:
        raise PluginError(name, f"{where}: its address names no uai")
    try:
        inspect.signature(route.handler).bind(None, **dict.fromkeys(names))
    except (TypeError, ValueError) as error:
        raise PluginError(name, f"{where}: its handler does not take {route.rule!r}") from error


def variables(rule: str) -> list[str]:
    """The names in an address, in order."""
    return _VARIABLES.findall(rule)


def _worded(name: str, declared: Declared) -> None:
    """Whether every text is one, and what a page is called in the journal is known."""
    for where, message in _texts(declared):
        _said(name, where, message)
    for rule in declared.rules:
        if not all(isinstance(words, Words) for words in rule.words.values()):
            raise PluginError(name, f"rule {rule.rule.name}: each reason needs Words")
    for route in declared.routes:
        if route.consults and route.consults not in declared.audit_words:
            raise PluginError(name, f"route {route.name}: no words for {route.consults}")


def _texts(declared: Declared) -> Iterator[tuple[str, Message]]:
    """What takes nothing and gives a text: it can be tried at once."""
    for item in declared.navigation:
        yield f"navigation to {item.route}", item.label
    for page in declared.staff_pages:
        yield f"staff page {page.route}", page.title
        yield f"staff page {page.route}", page.summary
    for job in declared.jobs:
        yield f"job {job.name}", job.label
    for step in declared.steps:
        yield f"step {step.name}", step.label
    for entry in declared.help_entries:
        yield f"help entry {entry.id}", entry.question
        if entry.link is not None:
            yield f"help entry {entry.id}", entry.link.label
    for data in declared.personal_data:
        yield f"personal data {data.id}", data.title
    for action, message in declared.audit_words.items():
        yield f"audit action {action}", message


def _well_described(name: str, declared: Declared) -> None:
    own = {module.id for module in declared.modules}
    for options in declared.options:
        if options.module_id not in own:
            raise PluginError(name, f"options of {options.module_id}: not a module of its own")
        for attribute in fields(options.type):
            where = f"option {options.type.__name__}.{attribute.name}"
            if attribute.default is NOTHING or "label" not in attribute.metadata:
                raise PluginError(name, f"{where}: needs a default and a label")
            for message in _words_of(attribute.metadata):
                _said(name, where, message)
    for data in declared.personal_data:
        if data.keep_days is not None and (data.keep_days < 0 or data.erase is None):
            raise PluginError(name, f"personal data {data.id}: keep_days needs a way to erase")


def _words_of(metadata: Mapping[Any, Any]) -> Iterator[Message]:
    """Every text of an option: its label, its hint and what its choices are called."""
    yield metadata["label"]
    if "hint" in metadata:
        yield metadata["hint"]
    yield from metadata.get("choices", {}).values()


def _reachable(name: str, declared: Declared) -> None:
    """Whether its staff pages are of its own modules, with an address that a UAI fills in."""
    own = {module.id for module in declared.modules}
    routes = {route.name: route for route in declared.routes}
    for page in declared.staff_pages:
        route = routes.get(page.route)
        if page.module_id not in own or route is None:
            raise PluginError(name, f"staff page {page.route}: not of its own module and routes")
        if route.access not in _OF_STAFF or _VARIABLES.findall(route.rule) != ["uai"]:
            raise PluginError(name, f"staff page {page.route}: its route is not for such staff")


def _passable(name: str, declared: Declared) -> None:
    """Whether who stands before a step of its own can reach its pages."""
    own = {route.name: route for route in declared.routes if route.access is Access.SIGNED_IN}
    for step in declared.steps:
        where = f"step {step.name}"
        if not step.routes <= own.keys():
            raise PluginError(name, f"{where}: its routes must be its own, and SIGNED_IN")
        first = own[step.route]
        if "GET" not in first.methods or variables(first.rule):
            raise PluginError(name, f"{where}: {step.route} is no page that opens by itself")


def _unguarded(name: str, declared: Declared) -> None:
    """Whether what is answered to monitors, before any guard, is open to all and only read."""
    for route in declared.routes:
        is_open = route.access is Access.PUBLIC and set(route.methods) <= {"GET", "HEAD"}
        if route.is_for_monitors and not is_open:
            raise PluginError(name, f"route {route.name}: for monitors, so PUBLIC, and GET only")


def _with_their_files(name: str, declared: Declared) -> None:
    """Whether its folders came with the distribution: data files are easily left out of one."""
    for kind, pattern, sources in (
        ("revisions", "*.py", declared.migrations),
        ("templates", "**/*.*", declared.templates),
    ):
        for source in sources:
            if not any(source.folder.glob(pattern)):
                raise PluginError(name, f"folder of {kind} missing or empty: {source.folder}")


_OF_STAFF: Final = frozenset({Access.TEACHER, Access.SCHOOL, Access.HEAD})
_OF_OTHERS: Final = frozenset({"alembic_", "pg_", "sqlite_"})
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NAME: Final = r"[A-Za-z_]\w*"
_RULE: Final = re.compile(
    rf"/(?:[^<>{{}}\s?#]|<(?:(?:string|int|float|path|uuid)(?:\([\w=., -]*\))?:)?{_NAME}>)*"
)
"""Werkzeug's syntax, with the converters that it has by itself."""
_VARIABLES: Final = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")


def _under_its_name(name: str, declared: Declared) -> None:
    for what, values in (
        ("route", [each.name for each in declared.routes]),
        ("job", [each.name for each in declared.jobs]),
        ("step", [each.name for each in declared.steps]),
        ("personal data", [each.id for each in declared.personal_data]),
        ("audit action", declared.audit_words),
        ("rule", [each.rule.name for each in declared.rules]),
        ("reason", [code for each in declared.rules for code in each.words]),
        ("mail", [each.kind for each in declared.mails]),
        ("help entry", [each.id for each in declared.help_entries]),
    ):
        for value in values:
            if not value.startswith(f"{name}."):
                raise PluginError(name, f"{what} {value}: must start with {name}.")
    for source in declared.migrations:
        if source.prefix != f"{name}_":
            raise PluginError(name, f"migrations must have the prefix {name}_")
        if source.prefix in _OF_OTHERS:
            raise PluginError(name, f"the prefix {source.prefix} is of others: take another name")


def banner_fault(banner: Banner, catalogue: Catalogue) -> str:
    """What is wrong with a bar that a plugin gives while a page is made; empty for nothing."""
    if not isinstance(banner.text, str) or not isinstance(banner.links, tuple):
        return "not a text and links"
    plain = {route.name for route in catalogue.routes if not variables(route.rule)}
    for link in banner.links:
        if not isinstance(link, BannerLink) or not isinstance(link.label, str):
            return "a link that is none"
        if link.route not in plain:
            return f"no page without variables is {link.route}"
    return ""
