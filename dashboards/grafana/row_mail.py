"""Mail on the overview: the queue against its limit, and who stands out. `mail.py` has it all."""

from __future__ import annotations

from dashboards.grafana.panels import Panel
from dashboards.grafana.row_mail_accounts import standing_out
from dashboards.grafana.row_mail_queues import against_the_limit

TITLE = "Messagerie"


def panels() -> list[Panel]:
    """Queues against their limit, ages, accounts, volume by member."""
    return [*against_the_limit(), *standing_out()]
