"""The dashboards that come with Vigie, as data; the SDK is not needed to read them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

NAMES = ("overview", "mail", "mail_account")


def shipped(name: str) -> dict[str, Any]:
    """One of `NAMES`, as Grafana's JSON."""
    text = files("dashboards.grafana").joinpath(f"{name}.json").read_text("utf-8")
    dashboard: dict[str, Any] = json.loads(text)
    return dashboard


def overview() -> dict[str, Any]:
    """The operators' overview."""
    return shipped("overview")
