"""Statements made from a few shifts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from duty_month import PARIS, ruled

from alertmanager.rosters import Shift
from alertmanager.rosters.settings import HolidaySettings
from alertmanager.statement import (
    DayCalendar,
    Intervention,
    Period,
    RateBook,
    Statement,
    StatementFile,
    Told,
    load_rates,
    load_statement_rules,
    make_statement,
)


@pytest.fixture(scope="session")
def rates() -> RateBook:
    return load_rates()


@pytest.fixture(scope="session")
def make(rates: RateBook) -> Callable[..., Statement]:
    """The statement of a month from shifts of the roster « astreinte »."""

    def made(
        shifts: Sequence[Shift] | dict[str, Sequence[Shift]] = (),
        interventions: Sequence[Intervention] = (),
        notices: Sequence[Told] = (),
        *,
        month: str | Period,
        rules: StatementFile | None = None,
        holidays: HolidaySettings | None = None,
        **more: Any,
    ) -> Statement:
        return make_statement(
            shifts if isinstance(shifts, dict) else {"astreinte": list(shifts)},
            interventions,
            notices,
            rules=rules or ruled(),
            rates=rates,
            calendar=DayCalendar(PARIS, holidays or HolidaySettings()),
            period=month if isinstance(month, Period) else Period.month(month),
            **more,
        )

    return made


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], StatementFile]:
    """The rules of a file with this text."""

    def from_text(text: str) -> StatementFile:
        path = tmp_path / "statement.yml"
        path.write_text(text, encoding="utf-8")
        return load_statement_rules(path)[0]

    return from_text
