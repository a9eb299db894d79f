"""A moment of 1 May 2026, the example inventory, and what was known then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from dashboards.status.model import Incident, Knowledge
from dashboards.status.site import Site
from inventory import Inventory, load_inventory

NOW = datetime(2026, 5, 1, 5, 16, 20, tzinfo=UTC)
KEY = b"a key of the tests, forty characters...."


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def towns() -> Inventory:
    return load_inventory(Path(str(files("inventory").joinpath("example.yml"))))


@pytest.fixture(scope="session")
def site(towns: Inventory) -> Site:
    return Site(towns, KEY, base="https://etat.deux-rives.test/")


@pytest.fixture
def attack() -> Incident:
    return Incident(
        "7f1a", "messagerie", "service", None, "degraded", NOW - timedelta(minutes=3, seconds=15)
    )


@pytest.fixture
def down() -> Incident:
    start = NOW - timedelta(minutes=40)
    return Incident("9c2b", "hebergement", "member", "valmont", "outage", start)


@pytest.fixture
def over() -> Incident:
    start = NOW - timedelta(days=2, hours=3)
    return Incident(
        "1d44", "hebergement", "service", None, "outage", start,
        start + timedelta(minutes=10), start + timedelta(hours=1, minutes=52),
    )  # fmt: skip


Knowing = Callable[..., Knowledge]


@pytest.fixture
def knowing(towns: Inventory) -> Knowing:
    """Knowledge of some incidents, everything read `age` ago."""

    def make(*incidents: Incident, age: float = 2, watch_age: float | None = None) -> Knowledge:
        read = NOW - timedelta(seconds=age)
        watched = read if watch_age is None else NOW - timedelta(seconds=watch_age)
        return Knowledge(
            NOW - timedelta(hours=5), incidents, read, {s.id: watched for s in towns.services}
        )

    return make
