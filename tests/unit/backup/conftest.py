"""Recorded answers of the tools, and a way to see families as a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest


@pytest.fixture
def golden() -> Path:
    return Path(__file__).parents[2] / "golden" / "backup"


@pytest.fixture
def page() -> Callable[[Iterable[Metric]], str]:
    def render(families: Iterable[Metric]) -> str:
        kept = list(families)
        return generate_latest(SimpleNamespace(collect=lambda: kept)).decode()  # type: ignore[arg-type]

    return render
