"""Runs each query of a dashboard against a Prometheus and names those that show nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from dashboards.grafana.queries import EVERYTHING, panel_queries, variable_queries

TIMEOUT = (2.0, 10.0)  # seconds to connect, to wait for bytes


def _fault(session: requests.Session, url: str, expr: str) -> str | None:
    """Why the query shows nothing; None if it shows something."""
    try:
        answer = session.post(f"{url}/api/v1/query", data={"query": expr}, timeout=TIMEOUT)
        body = answer.json()
    except requests.RequestException as error:
        return f"Prometheus injoignable ({type(error).__name__})"
    if body.get("status") != "success":
        return f"requête refusée : {body.get('error', answer.status_code)}"
    values = [float(sample["value"][1]) for sample in body["data"]["result"]]
    if not values:
        return "aucune série"
    return "rien que des NaN" if all(math.isnan(value) for value in values) else None


def _asked(dashboard: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, expr in variable_queries(dashboard):
        yield f"variable {name}", expr
    for query in panel_queries(dashboard, values):
        yield f"{query.panel} [{query.ref}]", query.expr


def empty_panels(
    prometheus_url: str,
    dashboard: Mapping[str, Any],
    values: Mapping[str, str] = EVERYTHING,
) -> list[str]:
    """``title [ref] : reason`` for each query of a panel, or of a variable, that is empty.

    `values` replaces the dashboard's variables. An empty list: everything shows.
    """
    url = prometheus_url.rstrip("/")
    found = []
    with requests.Session() as session:
        session.trust_env = False  # the Prometheus of the site, never through a proxy
        for title, expr in _asked(dashboard, values):
            fault = _fault(session, url, expr)
            if fault is not None:
                found.append(f"{title} : {fault}")
    return found
