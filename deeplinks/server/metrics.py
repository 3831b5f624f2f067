"""Figures for Prometheus: requests as they are answered, and how pool, subscriptions and statements stand when it asks.

The server. It counts what it is told and looks at an engine; the library is loaded where it is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from deeplinks.server.observing import Answered

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from deeplinks.server.engine import Engine

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Meter:
    """The figures of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "deeplinks_requests", "Requests answered.", ("kind", "role", "code"), registry=self._registry
        )
        self._rows = Counter("deeplinks_rows", "Rows shown or changed.", ("kind",), registry=self._registry)
        self._seconds = Histogram(
            "deeplinks_request_seconds", "Time to answer.", ("kind",), buckets=BUCKETS, registry=self._registry
        )
        self._registry.register(_Standing(engine))

    def observe(self, answered: Answered) -> None:
        """Count a request."""
        self._requests.labels(answered.kind, answered.role, answered.code or "").inc()
        self._rows.labels(answered.kind).inc(answered.rows)
        self._seconds.labels(answered.kind).observe(answered.seconds)

    def told(self) -> bytes:
        """All figures, in Prometheus's text."""
        return generate_latest(self._registry)


class _Standing:
    """What is looked at when it is asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment."""
        engine = self._engine
        yield CounterMetricFamily("deeplinks_statements", "Statements sent.", value=engine.database.statements)
        yield GaugeMetricFamily("deeplinks_documents", "Documents kept, prepared.", value=len(engine.documents))
        yield GaugeMetricFamily("deeplinks_live_queries", "Live queries, each once.", value=engine.hub.watching)
        yield GaugeMetricFamily("deeplinks_subscriptions", "Subscriptions.", value=engine.hub.reading)
        yield CounterMetricFamily("deeplinks_looks", "Looks at where spaces stand.", value=engine.hub.looks)
        yield from self._pool()

    def _pool(self) -> Iterator[Metric]:
        stats = self._engine.database.pool.get_stats()
        connections = GaugeMetricFamily("deeplinks_pool_connections", "Connections to PostgreSQL.", labels=["state"])
        idle = stats.get("pool_available", 0)
        connections.add_metric(["idle"], idle)
        connections.add_metric(["used"], stats.get("pool_size", 0) - idle)
        yield connections
        waiting = stats.get("requests_waiting", 0)
        yield GaugeMetricFamily("deeplinks_pool_waiting", "Requests that wait for a connection.", value=waiting)
        yield CounterMetricFamily(
            "deeplinks_pool_refused", "Who waited in vain.", value=stats.get("requests_errors", 0)
        )
