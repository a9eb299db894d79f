"""Guests recorded in the shape libvirt documents, and a way to see families as a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from exporters.hypervisor.libvirtd.statistics import Statistics
from exporters.hypervisor.metrics.guests import GuestMetrics
from exporters.hypervisor.model import DomainFacts, GuestStats, Identity
from exporters.hypervisor.reading import Reading
from exporters.hypervisor.settings import DEFAULT_GROUPS
from exporters.toolkit.text_family import TextFamily, merged

GOLDEN = Path(__file__).parents[2] / "golden" / "hypervisor"


def guest(name: str, raw: dict[str, Any], **more: Any) -> GuestStats:
    """A guest whose uuid is its name unless told otherwise."""
    active = raw.get("state.state", 0) not in (5, 6)
    return GuestStats(name, more.pop("uuid", name), 1 if active else -1, raw, **more)


@pytest.fixture
def golden() -> Path:
    return GOLDEN


@pytest.fixture
def qemu_guests() -> tuple[GuestStats, ...]:
    recorded = json.loads((GOLDEN / "qemu_stats.json").read_text(encoding="utf-8"))
    answered = Statistics(DEFAULT_GROUPS).answered
    return tuple(
        guest(
            one["name"],
            one["stats"],
            uuid=one["uuid"],
            responsive=answered(one["stats"]) if one["stats"]["state.state"] != 5 else None,
        )
        for one in recorded
    )


@pytest.fixture
def page() -> Callable[[Iterable[TextFamily]], str]:
    def render(families: Iterable[TextFamily]) -> str:
        return "".join(
            f"# HELP {one.sample_name} {one.documentation}\n# TYPE {one.sample_name} {one.type}\n"
            f"{one.text}"
            for one in merged(families)
        )

    return render


Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


@pytest.fixture
def rendered() -> Callable[..., Samples]:
    """Guests -> metric -> labels -> value; a label set that comes twice is a failure."""

    def render(
        *guests: GuestStats,
        facts: dict[str, DomainFacts] | None = None,
        identity: Callable[[str, str], Identity] = lambda _name, _uuid: Identity(),
        metrics: GuestMetrics | None = None,
        **reading: Any,
    ) -> Samples:
        metrics = metrics or GuestMetrics("hv1", identity)
        found: Samples = {}
        for family in metrics.families(Reading(guests, **reading), facts or {}):
            series = found.setdefault(family.name, {})
            assert family.series == len(family.samples)
            for sample in family.samples:
                labels = {k: v for k, v in sample.labels.items() if k != "hypervisor"}
                key = tuple(labels.items())
                assert key not in series, f"twice: {sample}"
                series[key] = sample.value
        return found

    return render
