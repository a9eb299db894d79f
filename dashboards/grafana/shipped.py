"""The dashboards that come with Vigie, as data; the SDK is not needed to read them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def overview() -> dict[str, Any]:
    """The operators' overview, as Grafana's JSON."""
    text = files("dashboards.grafana").joinpath("overview.json").read_text("utf-8")
    dashboard: dict[str, Any] = json.loads(text)
    return dashboard
