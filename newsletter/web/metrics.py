"""Metrics for Prometheus; the one door of its library, imported only where METRICS_KEY is set."""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.errors import StoreError
from newsletter.model.clock import Clock
from newsletter.model.gauges import Gauges
from newsletter.web.accesslog import Answered
from newsletter.web.limits import SignUpLimits
from newsletter.web.security import bears

log = logging.getLogger(__name__)

#: How long the store may take to be counted, in seconds; below Prometheus's own limit of ten.
_STORE_SECONDS = 8.0

#: Seconds that answers are sorted by: a page takes milliseconds, a slow visitor's form half a minute.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counts requests, and tells how everything stands.

    Args:
        app: What it tells of.
        key: What whoever reads must bear.
        limits: Count the sign-ups; None where there are no pages.
        clock: Returns the time, UTC.
    """

    def __init__(self, app: App, *, key: str, limits: SignUpLimits | None, clock: Clock) -> None:
        self._app = app
        self._key = key.encode("utf-8")
        self._clock = clock
        self._limits = limits
        self._registry = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            "newsletter_requests",
            "Requests by route and status",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "newsletter_request_duration_seconds",
            "Seconds from a request's header to the end of its answer",
            ["route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )

    def count(self, answered: Answered) -> None:
        """Count a request."""
        self._requests.labels(answered.method, answered.route, answered.status).inc()
        self._seconds.labels(answered.route).observe(answered.seconds)

    def routes(self) -> list[Route]:
        """Return the route that Prometheus asks."""
        return [Route("/metrics", self._show, methods=["GET"])]

    async def _show(self, request: Request) -> Response:
        if not bears(request.headers, self._key):
            raise HTTPException(
                401,
                "not authenticated: send Authorization: Bearer METRICS_KEY",
                headers={"WWW-Authenticate": "Bearer"},
            )
        gauges = await self._gauges()
        text = generate_latest(_Moment([*self._registry.collect(), *self._sign_ups(), *_families(gauges)]))
        return Response(text, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4, "Cache-Control": "no-store"})

    async def _gauges(self) -> Gauges | None:
        """Return how the store stands; None if it does not answer: the other metrics tell so."""
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                return await self._app.apart(partial(self._app.gauges, now=self._clock()))
        except (StoreError, TimeoutError) as error:
            log.warning("metrics without the store: %s", type(error).__name__)
            return None

    def _sign_ups(self) -> Iterator[Metric]:
        if self._limits is None:
            return
        family = CounterMetricFamily(
            "newsletter_sign_ups", "Sign-ups asked for, taken or held back by the limits", labels=["outcome"]
        )
        family.add_metric(["taken"], self._limits.allowed)
        family.add_metric(["limited"], self._limits.refused)
        yield family


class _Moment(Collector):
    """Metrics as they stand at one moment."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """Return the metrics, as the library asks for them."""
        return self._families


def _families(gauges: Gauges | None) -> Iterator[Metric]:
    yield _gauge("store_up", "Whether the store has answered", [((), float(gauges is not None))])
    if gauges is None:
        return
    of_state = ("list", "state")
    yield _gauge("subscriptions", "By list and state", gauges.subscriptions.items(), of_state)
    yield _gauge("deliveries", "Of each list's latest edition", gauges.deliveries.items(), of_state)
    yield _gauge("deliveries_due", "Deliveries that may be sent now", [((), gauges.due_deliveries)])
    yield _gauge("letters_due", "Sign-ups whose letter is due", [((), gauges.due_letters)])
    yield _gauge("documents", "Documents, older versions included", [((), gauges.documents)])
    moments = [((name,), moment.timestamp()) for name, moment in gauges.latest_editions.items()]
    yield _gauge("latest_edition_timestamp_seconds", "When it was published", moments, ("list",))


def _gauge(
    name: str, words: str, values: Iterable[tuple[tuple[str, ...], float]], labels: tuple[str, ...] = ()
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"newsletter_{name}", words, labels=labels)
    for found, value in values:
        family.add_metric([str(label) for label in found], value)
    return family
