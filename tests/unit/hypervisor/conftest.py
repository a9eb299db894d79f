"""Guests recorded in the shape libvirt documents, and a way to see families as a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest

from exporters.hypervisor.stats import Guest, guest_from

GOLDEN = Path(__file__).parents[2] / "golden" / "hypervisor"


@pytest.fixture
def golden() -> Path:
    return GOLDEN


@pytest.fixture
def qemu_guests() -> tuple[Guest, ...]:
    recorded = json.loads((GOLDEN / "qemu_stats.json").read_text(encoding="utf-8"))
    return tuple(guest_from(one["name"], one["uuid"], one["stats"], True) for one in recorded)


@pytest.fixture
def page() -> Callable[[Iterable[Metric]], str]:
    def render(families: Iterable[Metric]) -> str:
        kept = list(families)
        return generate_latest(SimpleNamespace(collect=lambda: kept)).decode()  # type: ignore[arg-type]

    return render
