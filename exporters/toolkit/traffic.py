"""What the server itself was asked, counted for the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

# There before they happen, so that the first one is an increase and not a new series.
_USUAL = (200, 400, 401, 404, 405, 500, 503)


class Traffic:
    """Counts requests. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._codes = Counter(dict.fromkeys(_USUAL, 0))
        self._in_flight = 0
        self._refused = 0

    @contextmanager
    def request(self) -> Iterator[Callable[[int], None]]:
        """A request being answered; call what it gives with the status of the answer."""
        with self._lock:
            self._in_flight += 1
        try:
            yield self._answered
        finally:
            with self._lock:
                self._in_flight -= 1

    def _answered(self, code: int) -> None:
        with self._lock:
            self._codes[code] += 1

    def refused(self) -> None:
        """Count a scrape turned away because too many were running."""
        with self._lock:
            self._refused += 1

    def collect(self) -> Iterable[Metric]:
        """The families, with what holds now; the scrape that reads them is in flight itself."""
        requests = CounterMetricFamily(
            "vigie_exporter_http_requests",
            "HTTP requests answered, by status code.",
            labels=["code"],
        )
        with self._lock:
            for code, count in sorted(self._codes.items()):
                requests.add_metric([str(code)], count)
            in_flight, refused = self._in_flight, self._refused
        yield requests
        yield GaugeMetricFamily(
            "vigie_exporter_http_requests_in_flight",
            "HTTP requests being answered now, this scrape included.",
            value=in_flight,
        )
        yield CounterMetricFamily(
            "vigie_exporter_scrapes_refused",
            "Scrapes answered 503 because as many as --web.max-requests allows were running.",
            value=refused,
        )


def shared(counts: Iterable[tuple[str, int]]) -> Metric:
    """How often a scrape joined a call in progress, from (collector, count)."""
    family = CounterMetricFamily(
        "vigie_exporter_scrapes_shared",
        "Scrapes that joined a call of the collector already in progress for another scrape.",
        labels=["collector"],
    )
    for collector, count in counts:
        family.add_metric([collector], count)
    return family
