"""The reference pages of the collectors name every metric they export, and none they do not."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exporters.backup.metrics import families as of_backups
from exporters.host.collector import HostCollector
from exporters.hypervisor.measures import BLOCK, GUEST, NET, VCPU
from exporters.hypervisor.metrics import families as of_guests
from exporters.toolkit.collector import Deadline

PAGES = Path(__file__).parents[3] / "docs" / "reference" / "collectors"


def _name(kind: str, name: str) -> str:
    return f"{name}_total" if kind == "counter" else name


def _hypervisor() -> set[str]:
    measured = {_name(m.kind, m.metric) for table in (GUEST, VCPU, BLOCK, NET) for m in table}
    return measured | {family.name for family in of_guests({"h": ()}, {})}


def _backups() -> set[str]:
    families = of_backups("restic", [], {}, datetime.now(UTC), timedelta(hours=2))
    return {family.name for family in families}


def _host() -> set[str]:
    return {_name(f.type, f.name) for f in HostCollector().collect(Deadline.after(5))}


@pytest.mark.parametrize(
    ("page", "exported", "prefix"),
    [
        ("hypervisor", _hypervisor, "hypervisor_"),
        ("restic", _backups, "backup_"),
        ("borg", _backups, "backup_"),
        ("host", _host, "vigie_host_"),
    ],
)
def test_the_page_of_a_collector_names_exactly_its_metrics(page, exported, prefix):
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    rows = "\n".join(
        line.rpartition(" | ")[0] for line in text.splitlines() if line.startswith("|")
    )
    named = set(re.findall(rf"`({prefix}\w+)`", rows))
    assert named == exported()
