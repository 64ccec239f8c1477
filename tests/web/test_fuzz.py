"""Whatever is sent, nobody is answered by a fault: numbers, dates, lists, Unicode and sizes.

Addresses, visitors and the world are those of the matrix; commands run and are
rolled back. A form starts from what its page holds and has one or two fields
replaced; names asked of the address are learned from the handlers themselves.
"""

from __future__ import annotations

import os
import random
import time
from collections import defaultdict
from typing import Any, ClassVar, Final

import pytest
from attrs import define, field
from werkzeug import Request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.test import Client, TestResponse

from teleservices_core.contributions import Route
from teleservices_core.testing.browsing import Browser
from teleservices_core.web import csrf

from .matrix import MATRIX, VISITORS, Place
from .test_matrix import _VARIABLE, Stage, places, stage  # noqa: F401 - a fixture

REQUESTS: Final = int(os.environ.get("FUZZ_REQUESTS", "1500"))
"""For each database; 12,500 in the thorough run."""
SLOWEST: Final = 2.0
"""Seconds that no answer may take, whatever is sent."""

STRANGE: Final = (
    *("", " ", "0", "-1", "1", "7", "٣", "²", "1e999", "0x10", "NaN", "Infinity", "-0", "1_000"),
    *(str(2**31 - 1), str(2**31), str(2**63), "99999999999999999999", "9" * 5_000, "1.5", "1,5"),
    *("0001-01-01", "9999-12-31", "10000-01-01", "2026-02-30", "2026-W01-1", "20261130"),
    *("2026-11-30T25:00", "9999-12-31T23:59", "0001-01-01T00:00", "31/12/9999", "01/01/1"),
    *("24:00", "23:59:60", "99:99", "2026", "9999", "0", "2026-2027", "9999-10000"),
    *("\0", "a\0b", "\r\nX: y", "\u202e", "\ufffe", "é" * 300, "😀" * 80, "İ", "ﬁ", "%", "_", "\\"),
    *("'", '"', "<b>", "{{ 7*7 }}", "{name}", "%s", "../../etc", "//evil.example", "null", "on"),
    *("00000000-0000-0000-0000-000000000000", "zz", "notes", "guardian", "open", "x" * 70_000),
)
RAW: Final = (
    "%ff",
    "%c0%af",
    "%00",
    "%0d%0a",
    "%2e%2e%2f",
    "%d9%a3",
    "9" * 25,
    "-1",
    "%20",
    "a" * 900,
)
"""Parts of an address, as bytes that need not be text."""
AGENTS: Final = ("", "x" * 9_000, "\xff\xfe", "Mozilla/5.0", "'; --")


class Spied(ImmutableMultiDict[str, str]):
    """The fields of a request, which note what they were asked for."""

    asked: ClassVar[set[str]] = set()

    def get(self, key: Any, *rest: Any, **options: Any) -> Any:
        self.asked.add(key)
        return super().get(key, *rest, **options)

    def getlist(self, key: Any, *rest: Any, **options: Any) -> Any:
        self.asked.add(key)
        return super().getlist(key, *rest, **options)


@define
class Fuzzer:
    """Sends requests that nobody meant, and keeps what was wrong with the answers."""

    stage: Stage
    draw: random.Random
    names: dict[str, set[str]] = field(factory=lambda: defaultdict(set))
    """What the handler of each route asked for."""
    forms: dict[str, list[dict[str, Any]]] = field(factory=lambda: defaultdict(list))
    """The forms that the page of each route shows."""
    wrong: list[str] = field(factory=list)
    reached: set[str] = field(factory=set)
    """Routes whose handler ran."""

    def learn(self) -> None:
        """Open each page once as who may, so that forms and names are known."""
        routes = self.stage.services.site.catalogue.routes
        for route in routes:
            row = MATRIX[route.name]
            if row.get is None:
                self.forms[route.name].append(dict(row.form))
                continue
            who = self._somebody(row.get.own)
            page = self._send(route, who, "GET", self._path(route, Place.OWN), {}, {})
            if page.mimetype != "text/html":
                continue
            browser = Browser(self.stage.application)
            browser.page = page
            for action, fields in browser.forms():
                target = self._route_of(action or page.request.path)
                if target:
                    self.forms[target].append(fields)

    def _somebody(self, allowed: frozenset[str]) -> str:
        return self.draw.choice(sorted(allowed)) if allowed else "nobody"

    def _route_of(self, action: str) -> str:
        adapter = self.stage.application._map.bind("localhost")
        try:
            return str(adapter.match(action.partition("?")[0], method="POST")[0])
        except Exception:  # noqa: BLE001 - another site's
            return ""

    def _path(self, route: Route, place: Place) -> str:
        address = self.stage.addresses[place]
        return _VARIABLE.sub(lambda found: address[found[1]], route.rule)

    def go(self) -> None:
        """Send one request more."""
        draw, routes = self.draw, self.stage.services.site.catalogue.routes
        route = draw.choice(routes)
        row = MATRIX[route.name]
        group = row.post if draw.random() < 0.6 and row.post else row.get or row.post
        assert group is not None
        method = "POST" if group is row.post else "GET"
        allowed = draw.random() < 0.85
        who = self._somebody(group.own) if allowed else draw.choice(VISITORS)
        place = Place.OWN if draw.random() < 0.85 else draw.choice(places(route))
        path = self._path(route, place)
        if draw.random() < 0.08:
            parts = path.split("/")
            parts[draw.randrange(len(parts))] = draw.choice(RAW)
            path = "/".join(parts)
        names = sorted(self.names[route.name] | {"page", "q", "annee"})
        query = (
            self._replaced({}, names) if draw.random() < (0.8 if method == "GET" else 0.1) else {}
        )
        form: dict[str, Any] = {}
        if method == "POST":
            form = dict(draw.choice(self.forms[route.name] or [dict(row.form)]))
            known = sorted({*form, *self.names[route.name]} - {csrf.FIELD})
            form = self._replaced(form, known)
        self._send(route, who, method, path, query, form)

    def _replaced(self, fields: dict[str, Any], names: list[str]) -> dict[str, Any]:
        fields = dict(fields)
        for _ in range(self.draw.choice((1, 1, 2, 3))):
            if names:
                strange = self.draw.choice(STRANGE)
                several = self.draw.random() < 0.1
                fields[self.draw.choice(names)] = [strange, "1"] * 3 if several else strange
        return fields

    def _send(
        self, route: Route, who: str, method: str, path: str, query: Any, form: Any
    ) -> TestResponse:
        cookie, token = self.stage.browsers[who]
        self.stage.reached.clear()
        Spied.asked = set()
        started = time.perf_counter()
        answer = Client(self.stage.application, use_cookies=False).open(
            path,
            method=method,
            base_url="http://localhost",
            headers={"Cookie": cookie, "User-Agent": self.draw.choice(AGENTS)},
            query_string=query,
            data={**form, csrf.FIELD: token} if method == "POST" else None,
        )
        self._judge(f"{method} {route.name} {path} {query} {form}", answer, started)
        if self.stage.reached:
            self.reached.add(route.name)
            self.names[route.name] |= Spied.asked - {csrf.FIELD}
        return answer

    def _judge(self, sent: str, answer: TestResponse, started: float) -> None:
        said = [f"{time.perf_counter() - started:.1f} s"] if _took(started) > SLOWEST else []
        if answer.status_code >= 500:
            said.append(str(answer.status_code))
        if b"Traceback" in answer.data:
            said.append("a traceback")
        if said:
            self.wrong.append(f"{', '.join(said)}: {sent[:600]}")


def _took(started: float) -> float:
    return time.perf_counter() - started


@pytest.fixture
def fuzzer(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Fuzzer:  # noqa: F811
    """One that knows every page."""
    monkeypatch.setattr(Request, "parameter_storage_class", Spied)
    fuzzer = Fuzzer(stage, random.Random(os.environ.get("FUZZ_SEED", "2026")))
    fuzzer.learn()
    return fuzzer


def test_no_request_is_answered_by_a_fault(fuzzer):
    """No 5xx, no traceback and nothing that takes long, over all routes, roles and values."""
    for _ in range(REQUESTS):
        fuzzer.go()
    assert not fuzzer.wrong, "\n" + "\n".join(sorted(set(fuzzer.wrong))[:40])
    routes = {route.name for route in fuzzer.stage.services.site.catalogue.routes}
    assert len(fuzzer.reached) > 0.8 * len(routes), sorted(routes - fuzzer.reached)
