"""One look at the webhook: whether it is ready, and its figures. Bounded in time and size."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from alertmanager.sentinel.findings import Canary, Figures
from inventory.process.cut import cut_after

_SECONDS = 5.0
_MOST_READ = 4 * 1024 * 1024
_PREFIX = "vigie_webhook_"


@dataclass(frozen=True)
class Look:
    """What one look saw. `reason` (French) says why it is not ready."""

    ready: bool
    reason: str
    figures: Figures | None


def look(url: str, heartbeat: str) -> Look:
    """Ask the webhook at `url`; it never raises: silence is what we look for."""
    try:
        status, _ = _get(url, "/-/ready")
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        # http.client raises nearly anything for an answer that is no HTTP.
        return Look(False, "ne répond pas", None)
    ready, reason = status == 200, "" if status == 200 else f"réponse {status}"
    try:
        status, body = _get(url, "/metrics")
        figures = read_figures(body.decode("utf-8"), heartbeat) if status == 200 else None
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        figures = None
    if ready and figures is None:
        # Half blind is not well: what waits, and the beats, are in there.
        return Look(False, "métriques illisibles", None)
    return Look(ready, reason, figures)


def _get(url: str, path: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
    end = time.monotonic() + _SECONDS
    try:
        with cut_after(_SECONDS, lambda: connection.sock):
            connection.request("GET", parts.path.rstrip("/") + path)
            answer = connection.getresponse()
            read = b""
            while len(read) < _MOST_READ and (more := answer.read1(65536)):
                read += more
                if time.monotonic() > end:
                    raise TimeoutError("too slow")
            return answer.status, read
    finally:
        connection.close()


def read_figures(text: str, heartbeat: str) -> Figures:
    """The figures in an exposition. Raise ValueError if it is none."""
    values: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name.startswith(_PREFIX):
                name = sample.name.removeprefix(_PREFIX)
                values.setdefault(name, []).append((sample.labels, sample.value))
    beats = [
        value
        for labels, value in values.get("heartbeat_timestamp_seconds", ())
        if labels.get("integration") == heartbeat
    ]
    ages = [value for _, value in values.get("oldest_pending_message_age_seconds", ())]
    return Figures(
        _instant(max(beats)) if beats else None,
        timedelta(seconds=max(ages)) if ages else None,
        _canary(values),
    )


def _canary(values: dict[str, list[tuple[dict[str, str], float]]]) -> Canary | None:
    due = [value for _, value in values.get("canary_due_timestamp_seconds", ())]
    slow = [value for _, value in values.get("canary_slow_after_seconds", ())]
    if not due or not slow:
        return None
    took = {
        labels.get("provider", ""): value
        for labels, value in values.get("canary_delivery_seconds", ())
    }
    arrived = {
        labels.get("provider", ""): value
        for labels, value in values.get("canary_delivered_timestamp_seconds", ())
    }
    return Canary(
        _instant(due[0]),
        timedelta(seconds=slow[0]),
        {
            name: (_instant(at), timedelta(seconds=took.get(name, 0.0)))
            for name, at in arrived.items()
            if at > 0
        },
        frozenset(arrived),
    )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
