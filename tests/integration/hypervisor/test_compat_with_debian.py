"""``--compat=libvirt_exporter`` beside Debian's exporter: same guests, same libvirtd, one run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.estate.exporters import ExporterProcess, start_debian_exporter, start_vigie_exporter
from deploy.estate.qemu import QemuGuest, QemuHypervisor

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]

GUESTS = (
    QemuGuest("pausee", start="paused", nic="vgcompat0"),
    QemuGuest("en-marche", start="running"),
    QemuGuest("reseau", start="paused", nic="user"),
    QemuGuest("eteinte", start="off"),
)

WHILE_OFF = {
    "libvirt_domain_state_code",
    "libvirt_domain_info_maximum_memory_bytes",
    "libvirt_domain_info_virtual_cpus",
}
"""What we tell of a guest that is off in families where Debian's exporter does not see it."""


def series_of(exporter: ExporterProcess) -> Series:
    page = "\n".join(exporter.scrape().lines("libvirt_")) + "\n"
    found: Series = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found
            found[key] = sample.value
    return found


@pytest.fixture(scope="module")
def hypervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QemuHypervisor]:
    one = QemuHypervisor(tmp_path_factory.mktemp("compat"), GUESTS)
    one.start()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def readings(
    hypervisor: QemuHypervisor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Series, Series, Series]]:
    """Ours, then Debian's, then ours again."""
    folder: Path = tmp_path_factory.mktemp("exporters")
    started: list[ExporterProcess] = []
    try:
        flags = ["--compat=libvirt_exporter"]
        ours = start_vigie_exporter(folder, {"hv1": hypervisor.uri}, flags=flags)
        started.append(ours)
        debian = start_debian_exporter(folder, hypervisor.uri)
        started.append(debian)
        series_of(ours)
        yield series_of(ours), series_of(debian), series_of(ours)
    finally:
        for exporter in started:
            exporter.stop()


def test_every_series_of_debians_exporter_is_there_with_its_value(
    readings: tuple[Series, Series, Series],
) -> None:
    before, theirs, after = readings
    assert len({name for name, _ in theirs}) == 19
    missing = [key for key in theirs if key not in before or key not in after]
    assert missing == []
    # A counter moves; Debian's value was read between two of ours.
    wrong = {
        key: (before[key], value, after[key])
        for key, value in theirs.items()
        if not before[key] <= value <= after[key]
    }
    assert wrong == {}
    moved = [key for key in theirs if before[key] != after[key]]
    assert all(name.endswith("_total") for name, _ in moved)


def test_no_series_is_told_of_a_running_guest_that_debians_exporter_does_not_tell(
    readings: tuple[Series, Series, Series],
) -> None:
    before, theirs, _ = readings
    families = {name for name, _ in theirs}
    more = [key for key in before if key[0] in families and key not in theirs]
    assert {dict(labels)["domain"] for _, labels in more} == {"eteinte"}
    assert {name for name, _ in more} == WHILE_OFF


def test_the_names_of_the_other_two_exporters_are_told_of_the_same_guests(
    readings: tuple[Series, Series, Series],
) -> None:
    before, _, _ = readings
    names = {name for name, _ in before}
    assert names >= {
        "libvirt_domain_info_vstate",
        "libvirt_domain_info_meta",
        "libvirt_domain_vcpu_delay_seconds_total",
        "libvirt_domain_block_stats_read_time_seconds_total",
        "libvirt_domain_block_stats_allocation",
        "libvirt_domain_memory_stats_rss_bytes",
        "libvirt_domains",
        "libvirt_domain_info_state",
        "libvirt_domain_vcpu_current",
    }
    assert {dict(labels)["domain"] for name, labels in before if "vstate" in name} == {
        guest.name for guest in GUESTS
    }
