"""The collector ``backup_coverage``: which machines are to be backed up, and who is exempt.

Whether they are is joined by the rules, not here: the repositories that hold their copies, and
the hypervisors that know machines nobody declared, may be watched by other exporters.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from prometheus_client.core import GaugeMetricFamily, Metric
from pydantic import BaseModel, ConfigDict

from exporters.toolkit.collector import Collector, CollectorPlugin, Context, Deadline
from inventory import Inventory


class Settings(BaseModel):
    """The block ``collectors.backup_coverage``: all is in the inventory."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def families(inventory: Inventory, now: datetime) -> Iterator[Metric]:
    """The machines, the exemptions, and how many copies are wanted. Pure."""
    hosts = GaugeMetricFamily(
        "backup_inventory_host_info",
        "A machine that is to be backed up, as the inventory declares.",
        labels=["host", "member"],
    )
    for owner, name in inventory.backup_hosts():
        hosts.add_metric([name, owner], 1.0)
    exempt = GaugeMetricFamily(
        "backup_host_exempt",
        "Whether the machine is exempt from backups today, by a declared exemption.",
        labels=["host"],
    )
    until = GaugeMetricFamily(
        "backup_host_exempt_until_timestamp_seconds",
        "When the declared exemption of the machine ends: the end of its last day.",
        labels=["host"],
    )
    zone = ZoneInfo(inventory.syndicate.timezone)
    for exemption in inventory.backup_exemptions:
        ends = datetime.combine(exemption.until + timedelta(days=1), time(), zone)
        exempt.add_metric([exemption.host], now < ends)
        until.add_metric([exemption.host], ends.timestamp())
    yield from (hosts, exempt, until)
    wanted = inventory.backup_copies
    for name, text, number in (
        ("copies", "Repositories that must hold a fresh copy of each machine.", wanted.copies),
        ("offsite_copies", "Of these, how many off site or off line.", wanted.offsite),
        (
            "immutable_copies",
            "Of these, how many from which nothing can be removed.",
            wanted.immutable,
        ),
    ):
        yield GaugeMetricFamily(f"backup_policy_required_{name}", text, value=number)


class CoverageCollector:
    """Tells the inventory, as of today."""

    def __init__(self, context: Context) -> None:
        self._inventory, self._clock = context.inventory, context.clock

    def collect(self, deadline: Deadline) -> Iterator[Metric]:
        """See `families`; nothing is waited for."""
        del deadline
        return families(self._inventory, self._clock())

    def close(self) -> None:
        """Nothing is held."""


def _build(_: Settings, context: Context) -> Collector:
    return CoverageCollector(context)


PLUGIN = CollectorPlugin(
    name="backup_coverage",
    summary="machines à sauvegarder et exemptions",
    settings=Settings,
    build=_build,
)
