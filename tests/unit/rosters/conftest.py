from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import alertmanager.rosters
from alertmanager.rosters import RosterBook, load_rosters

EXAMPLE = Path(alertmanager.rosters.__file__).with_name("example.yml")
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(scope="session")
def example() -> Path:
    return EXAMPLE


@pytest.fixture(scope="session")
def book() -> RosterBook:
    """The shipped example."""
    return load_rosters(EXAMPLE)


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], RosterBook]:
    """The book of a file with this text."""

    def from_text(text: str) -> RosterBook:
        path = tmp_path / "rosters.yml"
        path.write_text(text, encoding="utf-8")
        return load_rosters(path)

    return from_text


@pytest.fixture(scope="session")
def paris() -> Callable[..., datetime]:
    """An instant by the clocks of Paris: paris(2026, 5, 1, 7, 12)."""
    return lambda *parts, fold=0: datetime(*parts, tzinfo=PARIS, fold=fold)
