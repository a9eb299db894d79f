"""A Proxmox VE node on the metric model of libvirt hypervisors."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from exporters.hypervisor.proxmox.host import ProxmoxHost
from exporters.toolkit.collector import Deadline
from exporters.toolkit.text_family import TextFamily

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]
EASY = 4.0


def told(families: Iterable[TextFamily]) -> Samples:
    found: Samples = {}
    for family in families:
        for sample in family.samples:
            labels = {k: v for k, v in sample.labels.items() if k != "hypervisor"}
            series = found.setdefault(sample.name.removeprefix("hypervisor_"), {})
            assert tuple(sorted(labels.items())) not in series
            series[tuple(sorted(labels.items()))] = sample.value
    return found


def settled(host: ProxmoxHost) -> Samples:
    """A scrape once every lane has gone round."""
    end = time.monotonic() + EASY
    while time.monotonic() < end:
        if all(lane.status().succeeded_at is not None for lane in host.lanes):
            break
        time.sleep(0.02)
    return told(host.read(Deadline.after(EASY)))


def of(samples: Samples, name: str, **labels: str) -> float:
    return samples[name][tuple(sorted(labels.items()))]


@pytest.fixture
def samples(host: Callable[..., ProxmoxHost]) -> Samples:
    return settled(host())


def test_guests_have_the_states_libvirt_would_give_them(samples: Samples) -> None:
    assert samples["up"] == {(): 1.0}
    states = {
        dict(labels)["domain"]: (dict(labels)["state"], dict(labels)["reason"])
        for labels in samples["domain_state"]
    }
    assert states == {
        "valmont-web": ("running", "unknown"),
        "etat-civil": ("shutoff", "saved"),
        "messagerie": ("paused", "ioerror"),
        "bloquee": ("running", "unknown"),
        "relais": ("running", "unknown"),
    }
    assert of(samples, "domains", state="running") == 3.0


def test_a_guest_whose_monitor_did_not_answer_its_node_is_named(samples: Samples) -> None:
    assert {dict(k)["domain"]: v for k, v in samples["domain_monitor_responsive"].items()} == {
        "valmont-web": 1.0,
        "messagerie": 1.0,
        "bloquee": 0.0,
    }


def test_statistics_are_in_the_units_of_the_libvirt_back_end(samples: Samples) -> None:
    web = {"domain": "valmont-web"}
    disk = {**web, "device": "scsi0"}
    assert of(samples, "domain_block_read_bytes_total", **disk) == 649448960.0
    assert of(samples, "domain_block_read_seconds_total", **disk) == 7.089432813
    assert of(samples, "domain_block_capacity_bytes", **disk) == 32.0 * 1024**3
    assert of(samples, "domain_block_allocation_bytes", **disk) == 2808696832.0
    assert of(samples, "domain_memory_bytes", **web) == 2147483648.0
    assert of(samples, "domain_memory_resident_bytes", **web) == 1500000256.0
    assert of(samples, "domain_swap_out_bytes_total", **web) == 8192.0
    assert of(samples, "domain_cpu_usage_ratio", **web) == 0.0112815646165076
    nic = {**web, "device": "tap100i0"}
    assert of(samples, "domain_network_receive_bytes_total", **nic) == 547369168.0
    # The drive holds a medium: no disk of the guest.
    devices = {dict(k)["device"] for k in samples["domain_block_read_bytes_total"]}
    assert devices == {"scsi0"}


def test_what_the_api_does_not_give_has_no_series(samples: Samples) -> None:
    for name in (
        "domain_cpu_seconds_total",
        "domain_vcpu_seconds_total",
        "domain_network_receive_packets_total",
        "domain_memory_usable_bytes",
        "domain_persistent",
        "domain_config_drift",
        "pool_orphan_volumes",
        "host_pressure_waiting_seconds_total",
    ):
        assert name not in samples
    assert not any(dict(k)["domain"] == "etat-civil" for k in samples["domain_memory_bytes"])


def test_facts_come_from_the_configuration(samples: Samples) -> None:
    uuid = "0f1c7a1e-5b7d-4e0e-9b39-0c6e3a1b2c3d"
    infos = {dict(k)["domain"]: dict(k) for k in samples["domain_info"]}
    assert infos["valmont-web"]["uuid"] == uuid
    assert infos["valmont-web"]["member"] == "valmont"
    assert infos["relais"]["uuid"] == "lxc/110"
    assert of(samples, "domain_autostart", domain="valmont-web") == 1.0
    assert of(samples, "domain_managed_save", domain="etat-civil") == 1.0
    assert of(samples, "domain_memory_configured_bytes", domain="etat-civil") == 8388608000.0
    limit = {"domain": "valmont-web", "device": "scsi0"}
    rate = "domain_block_limit_bytes_per_second"
    assert of(samples, rate, direction="read", burst="no", **limit) == 10.0 * 1024**2
    requests = "domain_block_limit_requests_per_second"
    assert of(samples, requests, direction="write", burst="yes", **limit) == 500.0
    nic = next(dict(k) for k in samples["domain_network_info"] if dict(k)["device"] == "tap100i0")
    assert (nic["mac"], nic["source"], nic["model"]) == ("bc:24:11:2e:c5:4a", "vmbr0", "virtio")
    started = of(samples, "domain_start_time_seconds", domain="valmont-web")
    assert abs(time.time() - 170815 - started) < 10


def test_a_lock_is_a_job(samples: Samples) -> None:
    assert samples["domain_job_active"] == {
        (("domain", "messagerie"), ("operation", "backup")): 1.0
    }


def test_tags_are_judged_like_any_metadata(samples: Samples) -> None:
    infos = {dict(k)["domain"]: dict(k) for k in samples["domain_info"]}
    assert infos["messagerie"]["member"] == ""
    rejected = {(dict(k)["domain"], dict(k)["reason"]) for k in samples["domain_metadata_rejected"]}
    assert ("messagerie", "unknown_member") in rejected


def test_storages_snapshots_certificates_and_the_node_are_told(samples: Samples) -> None:
    assert of(samples, "pool_capacity_bytes", pool="local-lvm") == 120000000000.0
    assert of(samples, "pool_provisioned_bytes", pool="local-lvm") == 40.0 * 1024**3
    assert of(samples, "pool_state", pool="nas", state="inactive") == 1.0
    assert (("pool", "nas"),) not in samples["pool_capacity_bytes"]
    assert of(samples, "domain_snapshots", domain="valmont-web") == 2.0
    oldest = "domain_snapshot_oldest_timestamp_seconds"
    assert of(samples, oldest, domain="valmont-web") == 1693252591.0
    assert of(samples, "domain_snapshots", domain="relais") == 0.0
    end = "certificate_not_after_timestamp_seconds"
    assert of(samples, end, certificate="pve-ssl.pem") == 1735689600.0
    assert samples["host_cpus"] == {(): 8.0}
    assert samples["host_memory_available_bytes"] == {(): 6400000000.0}
    assert samples["host_load5"] == {(): 0.25}
    assert next(dict(k) for k in samples["info"])["daemon_version"] == "8.4-1"


def test_a_scrape_costs_one_call_whatever_the_number_of_guests(
    host: Callable[..., ProxmoxHost], api: Any
) -> None:
    one = host()
    settled(one)
    before = list(api.calls)
    for _ in range(3):
        one.read(Deadline.after(EASY))
    assert [call for call in api.calls[len(before) :] if "full" not in call] == (
        ["/api2/json/cluster/resources"] * 3
    )


def test_five_hundred_guests_are_all_there(host: Callable[..., ProxmoxHost], api: Any) -> None:
    row = next(r for r in api.answers["cluster/resources"] if r.get("vmid") == 100)
    detail = api.answers["nodes/pve1/qemu"][0]
    config = api.answers["nodes/pve1/qemu/100/config"]
    many = range(1000, 1500)
    api.answers["cluster/resources"] = [
        {**row, "vmid": n, "id": f"qemu/{n}", "name": f"vm{n}", "tags": ""} for n in many
    ]
    api.answers["nodes/pve1/qemu"] = [{**detail, "vmid": n, "name": f"vm{n}"} for n in many]
    for n in many:
        uuid = f"uuid=00000000-0000-0000-0000-{n:012d}"
        api.answers[f"nodes/pve1/qemu/{n}/config"] = {**config, "smbios1": uuid, "tags": ""}
        api.answers[f"nodes/pve1/qemu/{n}/snapshot"] = []
    one = host()
    end = time.monotonic() + 25
    while len(one.inventory.facts) < 500 and time.monotonic() < end:
        time.sleep(0.1)
    samples = told(one.read(Deadline.after(EASY)))
    assert len(samples["domain_state"]) == 500
    assert len({dict(k)["uuid"] for k in samples["domain_info"]}) == 500
    assert len(samples["domain_block_read_bytes_total"]) == 500


def test_two_guests_of_one_name_and_one_uuid_are_told_apart(
    host: Callable[..., ProxmoxHost], api: Any
) -> None:
    row = next(r for r in api.answers["cluster/resources"] if r.get("vmid") == 100)
    api.answers["cluster/resources"].append({**row, "vmid": 105, "id": "qemu/105"})
    api.answers["nodes/pve1/qemu/105/config"] = api.answers["nodes/pve1/qemu/100/config"]
    samples = settled(host())
    infos = {dict(k)["domain"]: dict(k)["uuid"] for k in samples["domain_info"]}
    assert infos["valmont-web (105)"] == "qemu/105"
    assert infos["valmont-web (100)"] == "0f1c7a1e-5b7d-4e0e-9b39-0c6e3a1b2c3d"


def test_rows_with_missing_or_absurd_fields_harm_nobody_else(
    host: Callable[..., ProxmoxHost], api: Any
) -> None:
    api.answers["cluster/resources"] += [
        None,
        "row",
        {"type": "qemu", "node": "pve1"},
        {"type": "qemu", "node": "pve1", "vmid": "abc", "status": "running"},
        {"type": "qemu", "node": "pve1", "vmid": 300},
        {"type": "qemu", "node": "pve1", "vmid": 301, "status": "running", "cpu": "NaN"},
        {"type": "lxc", "node": "pve1", "vmid": 302, "status": "stopped", "maxmem": -5},
    ]
    api.answers["nodes/pve1/qemu"].append(
        {"vmid": 301, "status": "running", "blockstat": [], "nics": 3, "ballooninfo": "x"}
    )
    api.answers["nodes/pve1/qemu/301/config"] = {"scsi0": 3, "net0": None, "memory": "a lot"}
    samples = settled(host())
    assert {dict(k)["domain"] for k in samples["domain_state"]} >= {"valmont-web", "VM 300"}
    assert of(samples, "domain_state", domain="VM 300", state="nostate", reason="unknown") == 1.0
    assert not any(dict(k)["domain"] == "VM 301" for k in samples["domain_cpu_usage_ratio"])


def test_a_guest_destroyed_between_list_and_configuration_is_passed_over(
    host: Callable[..., ProxmoxHost], api: Any
) -> None:
    del api.answers["nodes/pve1/qemu/104/config"]
    samples = settled(host())
    assert of(samples, "lane_up", lane="inventory") == 1.0
    assert of(samples, "domain_autostart", domain="valmont-web") == 1.0
