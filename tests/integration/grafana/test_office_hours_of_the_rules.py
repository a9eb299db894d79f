"""The office hours of the rules on a real Prometheus, hour by hour, against the zone database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import requests
import yaml

PARIS = ZoneInfo("Europe/Paris")
YEARS = range(2026, 2037)


def record(name: str) -> str:
    text = (files("alertmanager") / "rules/mail_records.yml").read_text("utf-8")
    rules = yaml.safe_load(text)["groups"][0]["rules"]
    expr: str = next(rule["expr"] for rule in rules if rule["record"] == name)
    return expr


def ranged(site, expr: str, start: datetime, end: datetime, step: int) -> dict[datetime, float]:
    """The values of `expr` from `start` to `end`, every `step` seconds."""
    asked = {"query": expr, "start": start.timestamp(), "end": end.timestamp(), "step": step}
    answer = requests.post(f"{site.url}/api/v1/query_range", data=asked, timeout=20).json()
    assert answer["status"] == "success", answer
    (series,) = answer["data"]["result"]
    return {datetime.fromtimestamp(at, UTC): float(value) for at, value in series["values"]}


def test_summer_time_changes_at_the_second_of_the_law_for_years(site) -> None:
    expr = record("paris:summer_time:bool")
    for year in YEARS:
        start = datetime(year, 1, 1, tzinfo=UTC)
        found = ranged(site, expr, start, start + timedelta(days=365), 3600)
        wrong = {
            at: value
            for at, value in found.items()
            if value != (at.astimezone(PARIS).dst() != timedelta())
        }
        assert not wrong
        assert set(found.values()) == {0, 1}


def test_office_hours_are_eight_to_seven_in_paris_on_week_days(site) -> None:
    expr = record("paris:office_hours:bool").replace(
        "paris:summer_time:bool", f"({record('paris:summer_time:bool')})"
    )
    for year in YEARS:
        for month in (1, 3, 7, 10):  # the two changes among them
            start = datetime(year, month, 15, tzinfo=UTC)
            found = ranged(site, expr, start, start + timedelta(days=20), 1800)
            for at, value in found.items():
                local = at.astimezone(PARIS)
                assert value == (local.weekday() < 5 and 8 <= local.hour < 19), local
