"""The collector ``host``: the machine the exporter runs on, in the few figures everybody needs.

Not a replacement of node_exporter: enough to tell a jammed queue from a machine out of
memory, disk or CPU when nothing else is installed there. Values come from psutil, which
reads /proc and statvfs(3); no privilege is needed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import psutil
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from pydantic import BaseModel, ConfigDict

from exporters.host.filesystems import file_systems
from exporters.toolkit.collector import Collector, CollectorPlugin, Context, Deadline

MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_NETWORK = (
    ("receive_bytes", "bytes_recv", "Bytes received on an interface"),
    ("receive_packets", "packets_recv", "Packets received on an interface"),
    ("receive_errors", "errin", "Receive errors of an interface"),
    ("receive_drops", "dropin", "Received packets an interface dropped"),
    ("transmit_bytes", "bytes_sent", "Bytes sent on an interface"),
    ("transmit_packets", "packets_sent", "Packets sent on an interface"),
    ("transmit_errors", "errout", "Transmit errors of an interface"),
    ("transmit_drops", "dropout", "Packets to send that an interface dropped"),
)
_OTHERS = ("lo", "vnet", "tap", "macvtap", "veth")
"""Loopback, and the host's end of guests' interfaces, which the hypervisor collector shows."""


class Settings(BaseModel):
    """The block ``collectors.host``: nothing to set."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"vigie_host_{name}", text, value=value)


def _processors() -> Iterator[Metric]:
    seconds = CounterMetricFamily(
        "vigie_host_cpu_seconds",
        "CPU time of all processors by mode, guests counted in user and nice (/proc/stat).",
        labels=["mode"],
    )
    times = psutil.cpu_times()
    for mode in MODES:
        if hasattr(times, mode):
            seconds.add_metric([mode], getattr(times, mode))
    yield seconds
    yield _gauge("cpus", "Logical processors online (/proc/stat).", psutil.cpu_count() or 0)
    for minutes, value in zip((1, 5, 15), os.getloadavg(), strict=True):
        text = f"Load average over {minutes} min (getloadavg(3))."
        yield _gauge(f"load{minutes}", text, value)


def _memory() -> Iterator[Metric]:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    yield _gauge(
        "memory_size_bytes", "Memory of the machine (/proc/meminfo MemTotal).", memory.total
    )
    yield _gauge(
        "memory_available_bytes",
        "Memory one can use without swapping (/proc/meminfo MemAvailable).",
        memory.available,
    )
    yield _gauge("swap_size_bytes", "Swap of the machine (/proc/meminfo SwapTotal).", swap.total)
    yield _gauge("swap_free_bytes", "Swap not in use (/proc/meminfo SwapFree).", swap.free)


def _network() -> Iterator[Metric]:
    families = {
        field: CounterMetricFamily(
            f"vigie_host_network_{name}", f"{text} (/proc/net/dev).", labels=["device"]
        )
        for name, field, text in _NETWORK
    }
    for device, counters in psutil.net_io_counters(pernic=True, nowrap=False).items():
        if not device.startswith(_OTHERS):
            for field, family in families.items():
                family.add_metric([device], getattr(counters, field))
    yield from families.values()


class HostCollector:
    """Reads the machine afresh at each scrape."""

    def collect(self, deadline: Deadline) -> Iterable[Metric]:
        """Processors, memory, network, file systems and the boot time."""
        yield from _processors()
        yield from _memory()
        yield from _network()
        yield _gauge(
            "boot_time_seconds",
            "When the machine started, in seconds since the epoch (/proc/stat btime).",
            psutil.boot_time(),
        )
        # Last: statvfs(3) may hang on a network file system, and nothing else should wait.
        yield from file_systems(deadline)

    def close(self) -> None:
        """Nothing is held."""


def _build(settings: Settings, context: Context) -> Collector:  # noqa: ARG001  # the contract's signature
    return HostCollector()


PLUGIN = CollectorPlugin(
    name="host",
    summary="processeur, mémoire, disques et réseau de la machine",
    settings=Settings,
    build=_build,
    enabled=True,
)
