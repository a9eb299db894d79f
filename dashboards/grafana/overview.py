"""The operators' overview as code; ``python -m dashboards.grafana.overview`` writes its JSON."""

from __future__ import annotations

import json
import sys
from itertools import count
from pathlib import Path
from types import ModuleType

from grafana_foundation_sdk.builders import dashboard, prometheus
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    VariableRefresh,
    VariableSort,
)

from dashboards.grafana import row_backups, row_hosts, row_machines, row_mail, row_triage, row_vigie
from dashboards.grafana.panels import PROMETHEUS

UID = "vigie-overview"  # the alerts' dashboard_url names it
FILE = Path(__file__).with_name("overview.json")
ROWS: tuple[ModuleType, ...] = (
    row_triage,
    row_mail,
    row_machines,
    row_backups,
    row_hosts,
    row_vigie,
)

# Members are read where each is sure to appear: what it owns, and what it sends.
_MEMBERS = (
    "query_result(count by (member) ("
    "hypervisor_domain_info or backup_policy_max_age_seconds"
    " or mailqueue_submitted_messages_total))"
)


def _choice(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(PROMETHEUS)
        .query({"query": query, "refId": name})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
    )


def _firing() -> dashboard.AnnotationQuery:
    """A mark on every curve where an alert of the chosen members begins."""
    return (
        dashboard.AnnotationQuery()
        .name("Alertes")
        .datasource(PROMETHEUS)
        .enable(True)
        .icon_color("red")
        .target(
            prometheus.Dataquery()
            .expr('ALERTS{alertstate="firing",severity="critical",member=~"$member"}')
            .ref_id("Alertes")
        )
    )


def build() -> dashboard.Dashboard:
    """The dashboard, its panels numbered from 1 in reading order."""
    board = (
        dashboard.Dashboard("Vigie – vue d’ensemble")
        .uid(UID)
        .description("Qu’est-ce qui ne va pas, et à qui est-ce ? Du plus général au plus précis.")
        .tags(["vigie"])
        .readonly()
        .refresh("1m")
        .time("now-3h", "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(
            dashboard.DatasourceVariable("datasource").label("Source").type("prometheus")
        )
        .with_variable(
            _choice("instance", "Hôte", 'label_values(up{job="vigie-exporter"}, instance)')
        )
        .with_variable(_choice("member", "Membre", _MEMBERS).regex('/member="([^"]+)"/'))
        .annotation(_firing())
    )
    numbers = count(1)
    for row in ROWS:
        board.with_row(dashboard.Row(row.TITLE).id(next(numbers)))
        for panel in row.panels():
            board.with_panel(panel.id(next(numbers)))
    return board


def text() -> str:
    """The dashboard as the JSON that Grafana provisions; sorted keys keep differences small."""
    raw = json.loads(json.dumps(build().build(), cls=JSONEncoder))
    return json.dumps(raw, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main() -> int:
    """Write overview.json beside this file."""
    FILE.write_text(text(), encoding="utf-8")
    print(FILE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
