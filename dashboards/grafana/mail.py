"""The dashboard « Messagerie » as code."""

from __future__ import annotations

from types import ModuleType

from grafana_foundation_sdk.builders import dashboard

from dashboards.grafana import (
    row_mail_accounts,
    row_mail_delivery,
    row_mail_filters,
    row_mail_log,
    row_mail_queues,
    row_mail_reputation,
)
from dashboards.grafana.board import build

UID = "vigie-mail"
ROWS: tuple[ModuleType, ...] = (
    row_mail_accounts,
    row_mail_queues,
    row_mail_delivery,
    row_mail_reputation,
    row_mail_filters,
    row_mail_log,
)


def board() -> dashboard.Dashboard:
    """Who sends, what waits, what gets through, what others think of us."""
    return build(
        UID,
        "Vigie – messagerie",
        "Qui envoie, ce qui attend, ce qui passe, et ce que les autres pensent de nous.",
        ROWS,
    )
