"""The reference pages of the collectors name every metric they export, and none they do not."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exporters.backup.coverage import families as of_coverage
from exporters.backup.families import families as of_backups
from exporters.backup.families.view import View
from exporters.host.collector import HostCollector
from exporters.hypervisor.metrics.fleet import FLEET
from exporters.hypervisor.metrics.guests import MEASURES, SAID
from exporters.hypervisor.proxmox.usage import NAME as CPU_USAGE
from exporters.toolkit.collector import Deadline
from inventory import Inventory

PAGES = Path(__file__).parents[3] / "docs" / "reference"


def _name(kind: str, name: str) -> str:
    return f"{name}_total" if kind == "counter" else name


def _hypervisor(_: Inventory) -> set[str]:
    measured = {_name(m.kind, m.metric) for m in MEASURES}
    whole = {_name(kind, name) for name, (kind, _) in FLEET.items()}
    return measured | whole | SAID.keys() | {CPU_USAGE, "hypervisor_inventory_domain_info"}


def _backups(inventory: Inventory) -> set[str]:
    view = View("restic", inventory, (), {}, datetime.now(UTC), timedelta(hours=2))
    return {_name(family.type, family.name) for family in of_backups(view)}


def _coverage(inventory: Inventory) -> set[str]:
    return {family.name for family in of_coverage(inventory, datetime.now(UTC))}


def _host(_: Inventory) -> set[str]:
    return {_name(f.type, f.name) for f in HostCollector().collect(Deadline.after(5))}


@pytest.mark.parametrize(
    ("page", "exported", "prefix"),
    [
        ("collectors/hypervisor", _hypervisor, "hypervisor_"),
        ("backup-metrics", _backups, "backup_"),
        ("collectors/backup_coverage", _coverage, "backup_"),
        ("collectors/host", _host, "vigie_host_"),
    ],
)
def test_the_page_of_a_collector_names_exactly_its_metrics(
    page, exported, prefix, example_inventory
):
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    # What the lanes of a hypervisor tell has sections of its own.
    text = text.partition("\n## Metrics\n")[2].partition("\n## ")[0] or text
    rows = "\n".join(
        line.rpartition(" | ")[0] for line in text.splitlines() if line.startswith("|")
    )
    named = set(re.findall(rf"`({prefix}\w+)`", rows))
    assert named == exported(example_inventory)
