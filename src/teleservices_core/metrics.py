"""Figures of a site for Prometheus: what its processes counted, and how the database stands.

No label names a person: routes by their name, statuses, plugins. The library is imported only
where somebody has set a token to read them by.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from teleservices_core.errors import MissingExtraError

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes of a server add up what they count; ``teleservices serve`` sets it."""
_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts answers and failures of plugins. Raises :exc:`MissingExtraError`."""

    def __init__(self) -> None:
        try:
            from prometheus_client import CollectorRegistry, Counter, Histogram
        except ImportError:
            raise MissingExtraError("serve", "showing figures to Prometheus") from None
        self._own: CollectorRegistry = CollectorRegistry()
        self._answers = Histogram(
            "teleservices_answer_seconds",
            "Time from a request that is read to its answer.",
            ("route", "status"),
            buckets=_SECONDS,
            registry=self._own,
        )
        self._failures = Counter(
            "teleservices_plugin_failures",
            "Failures of plugins, slow calls among them.",
            ("plugin",),
            registry=self._own,
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answer; ``route`` is empty for an address that there is not."""
        self._answers.labels(route or "none", str(status)).observe(seconds)

    def failed(self, plugin: str) -> None:
        """Count a failure of a plugin."""
        self._failures.labels(plugin).inc()

    def text(self, stored: Mapping[str, Any]) -> bytes:
        """All of it as text; ``stored`` is what ``usecases.watching.details`` gives."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        counted = self._own
        if os.environ.get(SHARED):
            counted = CollectorRegistry()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        asked = CollectorRegistry()
        asked.register(_Asked(stored))
        return generate_latest(counted) + generate_latest(asked)


class _Asked:
    """What the database says, asked at most once in a few seconds."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self._stored = stored

    def collect(self) -> Iterable[Any]:
        from prometheus_client.core import GaugeMetricFamily

        def gauge(name: str, text: str, value: float) -> Any:
            return GaugeMetricFamily(f"teleservices_{name}", text, value=value)

        stored = self._stored
        yield gauge("database_up", "Whether the database answers.", stored["database"])
        if not stored["database"]:
            return
        pending, outbox = stored["pending_migrations"], stored["outbox"]
        yield gauge("pending_migrations", "Migrations that this version lacks.", pending)
        yield gauge("outbox_mails", "Mails that have yet to leave.", outbox["mails"])
        yield gauge(
            "outbox_oldest_due_seconds",
            "Since when the oldest mail should have left.",
            outbox["oldest_due_seconds"],
        )
        jobs, silent = stored["jobs"], stored["worker_silent_seconds"]
        yield gauge("jobs_open", "Works asked for and not over.", jobs["open"])
        yield gauge(
            "jobs_oldest_seconds", "How long ago the oldest was asked for.", jobs["oldest_seconds"]
        )
        if silent is not None:
            yield gauge("worker_silent_seconds", "Since a worker last gave a sign of life.", silent)
        runs = GaugeMetricFamily(
            "teleservices_last_run_timestamp_seconds",
            "When a regular work was last done.",
            labels=["work"],
        )
        for name, at in stored["last_runs"].items():
            runs.add_metric([name], datetime.fromisoformat(at).timestamp())
        yield runs
