"""The operators' overview as code."""

from __future__ import annotations

from types import ModuleType

from grafana_foundation_sdk.builders import dashboard

from dashboards.grafana import (
    row_backups,
    row_capacity,
    row_guests,
    row_hosts,
    row_machines,
    row_mail,
    row_storage,
    row_triage,
    row_vigie,
)
from dashboards.grafana.board import build

UID = "vigie-overview"
ROWS: tuple[ModuleType, ...] = (
    row_triage,
    row_mail,
    row_machines,
    row_guests,
    row_capacity,
    row_storage,
    row_backups,
    row_hosts,
    row_vigie,
)


def board() -> dashboard.Dashboard:
    """What is wrong, and whose is it?"""
    return build(
        UID,
        "Vigie – vue d’ensemble",
        "Qu’est-ce qui ne va pas, et à qui est-ce ? Du plus général au plus précis.",
        ROWS,
    )
