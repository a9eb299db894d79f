"""What all dashboards share: variables, marks of alerts, links to each other, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import count
from types import ModuleType

from grafana_foundation_sdk.builders import dashboard, prometheus
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableRefresh,
    VariableSort,
)

from dashboards.grafana.panels import PROMETHEUS

# Members are read where each is sure to appear: what it owns, and what it sends.
_MEMBERS = (
    "query_result(count by (member) ("
    "hypervisor_domain_info or backup_policy_max_age_seconds"
    " or mailqueue_submitted_messages_total))"
)
LINKS = {
    "Vue d’ensemble": "/d/vigie-overview",
    "Messagerie": "/d/vigie-mail",
    "Compte de messagerie": "/d/vigie-mail-account",
}


def choice(name: str, label: str, query: str, *, several: bool = True) -> dashboard.QueryVariable:
    """A variable asked of Prometheus; one or `several` of its values, or all."""
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(PROMETHEUS)
        .query({"query": query, "refId": name})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(several)
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


def build(
    uid: str,
    title: str,
    description: str,
    rows: Iterable[ModuleType],
    *variables: dashboard.QueryVariable,
) -> dashboard.Dashboard:
    """A dashboard, its panels numbered from 1 in reading order."""
    board = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
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
            choice("instance", "Hôte", 'label_values(up{job="vigie-exporter"}, instance)')
        )
        .with_variable(choice("member", "Membre", _MEMBERS).regex('/member="([^"]+)"/'))
        .annotation(_firing())
    )
    for variable in variables:
        board.with_variable(variable)
    for name, url in LINKS.items():
        if not url.endswith(f"/{uid}"):
            link = dashboard.DashboardLink(name).type(DashboardLinkType.LINK).url(url)
            board.link(link.keep_time(True))
    numbers = count(1)
    for row in rows:
        board.with_row(dashboard.Row(row.TITLE).id(next(numbers)))
        for panel in row.panels():
            board.with_panel(panel.id(next(numbers)))
    return board


def as_json(board: dashboard.Dashboard) -> str:
    """The dashboard as the JSON that Grafana provisions; sorted keys keep differences small."""
    raw = json.loads(json.dumps(board.build(), cls=JSONEncoder))
    return json.dumps(raw, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
