"""The PromQL of a dashboard, as Grafana would send it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

EVERYTHING: Mapping[str, str] = {
    "instance": ".*",
    "member": ".*",
    "account": ".*",
    "__rate_interval": "1m",
    "__interval": "15s",
    "__range": "3h",
}
"""Values of the variables with « All » chosen, for a scrape interval of 15 s."""

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")


@dataclass(frozen=True)
class PanelQuery:
    """One query of a panel, its variables replaced."""

    panel: str
    ref: str
    expr: str


def substitute(expr: str, values: Mapping[str, str]) -> str:
    """`expr` with each ``$name`` and ``${name}`` replaced. Raise KeyError for an unknown name."""
    return _VARIABLE.sub(lambda match: values[match[1] or match[2]], expr)


def panels(dashboard: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every panel that asks something, those of folded rows included."""
    for panel in dashboard.get("panels", ()):
        if panel.get("type") == "row":
            yield from panel.get("panels", ())
        elif panel.get("type") != "text":
            yield panel


def panel_queries(
    dashboard: Mapping[str, Any], values: Mapping[str, str] = EVERYTHING
) -> Iterator[PanelQuery]:
    """Every query of every panel, in reading order."""
    for panel in panels(dashboard):
        for target in panel.get("targets", ()):
            expr = substitute(target["expr"], values)
            yield PanelQuery(panel["title"], target.get("refId", "A"), expr)


def variable_queries(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(name, PromQL) of each query variable: an expression whose result must not be empty."""
    for variable in dashboard.get("templating", {}).get("list", ()):
        if variable.get("type") != "query":
            continue
        query = variable["query"]
        text = query["query"] if isinstance(query, Mapping) else query
        if inner := re.fullmatch(r"label_values\((.+), *(\w+)\)", text):
            yield variable["name"], f"count by ({inner[2]}) ({inner[1]})"
        elif inner := re.fullmatch(r"query_result\((.+)\)", text):
            yield variable["name"], inner[1]
