"""A collector over a log of one's own, at an instant one chooses, and its page as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest

from exporters.mailqueue.log.settings import LogSettings
from exporters.mailqueue.log_collector import LogCollector
from exporters.toolkit.collector import Context
from inventory import Inventory


@pytest.fixture
def golden() -> Path:
    return Path(__file__).parents[2] / "golden"


@pytest.fixture
def page() -> Callable[[Iterable[Metric]], str]:
    def render(families: Iterable[Metric]) -> str:
        kept = list(families)
        return generate_latest(SimpleNamespace(collect=lambda: kept)).decode()  # type: ignore[arg-type]

    return render


class Watch:
    """A clock that shows what it is told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 14, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Watch:
    return Watch()


@pytest.fixture
def collector_of(
    example_inventory: Inventory, clock: Watch
) -> Iterator[Callable[..., LogCollector]]:
    built: list[LogCollector] = []

    def build(path: Path, state: Path | None = None, **options: object) -> LogCollector:
        settings = LogSettings.model_validate({"path": path, "timezone": "UTC", **options})
        built.append(LogCollector(settings, Context(example_inventory, clock, state)))
        return built[-1]

    yield build
    for collector in built:
        collector.close()
