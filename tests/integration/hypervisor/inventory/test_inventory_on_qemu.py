"""The inventory lane on real QEMU guests: what events it counts and what facts it tells."""

from __future__ import annotations

import time

import libvirt
import psutil
import pytest

from deploy.estate.child import wait_until
from exporters.hypervisor.libvirtd import domain_reader

P = "hypervisor_domain_"
METADATA = libvirt.VIR_DOMAIN_METADATA_ELEMENT
BOTH = libvirt.VIR_DOMAIN_AFFECT_LIVE | libvirt.VIR_DOMAIN_AFFECT_CONFIG
NAMESPACE = "urn:vigie:domain:1"


def test_starts_stops_and_pauses_are_counted_from_zero(qemu, follow, fresh):
    domain = fresh("compte", "off")
    told = follow(qemu.uri)
    standing = ("started", "stopped", "crashed", "panicked", "io_error", "watchdog")
    assert {event: told.count("compte", event) for event in standing} == dict.fromkeys(standing, 0)
    domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    domain.resume()
    domain.suspend()
    domain.reset()
    domain.destroy()
    told.until_counted("compte", "stopped")
    counts = told.counts("compte")
    assert counts.pop("suspended") in (1, 2)  # libvirt also tells the pause it starts in
    counts.pop("control_error", None)  # libvirt sometimes speaks to a QEMU it is ending
    assert counts == {"started": 1, "resumed": 1, "rebooted": 1, "stopped": 1}


def test_a_qemu_that_dies_is_a_crash(qemu, follow, fresh):
    domain = fresh("tombe")
    told = follow(qemu.uri)
    before = time.time()
    qemu.process("tombe").kill()
    told.until_counted("tombe", "crashed")
    assert domain.state() == [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_CRASHED]
    assert told.count("tombe", "stopped") == 0
    at = told.value(f"{P}state_changed_timestamp_seconds", "tombe")
    assert before <= at <= time.time()
    told.until(lambda: told.value(f"{P}start_time_seconds", "tombe") is None, "plus de QEMU")


def test_the_start_is_that_of_the_process(qemu, follow):
    told = follow(qemu.uri)
    for name in ("valmont-web", "mx1"):
        process = qemu.process(name)
        assert told.value(f"{P}start_time_seconds", name) == process.create_time()
        assert told.value(f"{P}qemu_outdated", name) == 0
    assert told.value(f"{P}start_time_seconds", "banc-essai") is None
    assert told.value(f"{P}qemu_outdated", "banc-essai") is None


def test_a_qemu_installed_since_makes_the_running_one_outdated(qemu, follow, monkeypatch):
    later = qemu.process("mx1").create_time() + 1
    monkeypatch.setattr(domain_reader.qemu_processes, "installed_at", lambda _: later)
    assert follow(qemu.uri).value(f"{P}qemu_outdated", "mx1") == 1


def test_managed_save_autostart_and_persistence_follow_their_changes(qemu, follow, fresh):
    domain = fresh("sauve")
    told = follow(qemu.uri)
    assert told.value(f"{P}persistent", "sauve") == 1
    assert told.value(f"{P}managed_save", "sauve") == 0
    domain.managedSave(0)
    told.until_counted("sauve", "saved")
    told.until(lambda: told.value(f"{P}managed_save", "sauve") == 1, "l'image", 5)
    domain.create()
    told.until_counted("sauve", "restored")
    told.until(lambda: told.value(f"{P}managed_save", "sauve") == 0, "plus d'image", 5)
    domain.undefine()
    told.until(lambda: told.value(f"{P}persistent", "sauve") == 0, "transitoire", 5)
    domain.destroy()
    told.until(lambda: told.value(f"{P}persistent", "sauve") is None, "disparue", 5)
    assert told.count("sauve", "undefined") == 1


def test_drift_between_the_running_and_the_stored_configuration(qemu, follow, fresh):
    domain = fresh("derive")
    told = follow(qemu.uri)
    assert told.value(f"{P}config_drift", "derive") == 0
    stored = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    domain.connect().defineXML(stored.replace(">16384<", ">32768<"))
    told.until(lambda: told.value(f"{P}config_drift", "derive") == 1, "la dérive", 5)
    domain.connect().defineXML(stored)
    told.until(lambda: told.value(f"{P}config_drift", "derive") == 0, "plus de dérive", 5)


def test_a_snapshot_adds_a_layer_and_a_limit_shows(qemu, follow, fresh):
    domain = fresh("couches")
    told = follow(qemu.uri)
    assert told.value(f"{P}block_chain_depth", "vdb", "couches") == 0
    assert told.series(f"{P}block_limit_bytes_per_second") == {}
    domain.snapshotCreateXML(
        "<domainsnapshot><disks><disk name='vda' snapshot='no'/></disks></domainsnapshot>",
        libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY
        | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA,
    )
    domain.setBlockIoTune("vda", {"read_bytes_sec": 4096, "total_iops_sec": 50})
    told.until(lambda: told.series(f"{P}block_limit_bytes_per_second"), "la limite", 5)
    assert told.series(f"{P}block_limit_bytes_per_second") == {
        ("no", "vda", "read", "couches"): 4096
    }
    assert told.series(f"{P}block_limit_requests_per_second") == {
        ("no", "vda", "total", "couches"): 50
    }
    assert told.value(f"{P}block_chain_depth", "vdb", "couches") == 1
    assert told.value(f"{P}block_chain_depth", "vda", "couches") == 0


def test_a_disk_filled_up_to_its_threshold_is_counted(qemu, follow, fresh):
    domain, told = fresh("seuil"), follow(qemu.uri)
    domain.setBlockThreshold("vdb", 1)
    domain.resume()  # its boot sector writes there
    told.until_counted("seuil", "block_threshold")


def test_a_disk_plugged_into_a_running_guest_is_told_and_is_a_drift(qemu, follow, fresh):
    domain, told = fresh("branche"), follow(qemu.uri)
    key = qemu.libvirtd.run / "cle.raw"
    key.write_bytes(bytes(1024**2))
    key.chmod(0o666)
    domain.attachDeviceFlags(
        f"<disk type='file'><driver name='qemu' type='raw'/><source file='{key}'/>"
        "<target dev='sda' bus='usb'/></disk>",
        libvirt.VIR_DOMAIN_AFFECT_LIVE,
    )
    told.until_counted("branche", "device_added")
    about = ("usb", "sda", "branche", "raw", "file", str(key))
    told.until(lambda: told.value(f"{P}block_info", *about) == 1, "le disque", 5)
    assert told.value(f"{P}config_drift", "branche") == 1


def test_the_member_written_in_the_metadata_is_believed_once_checked(qemu, follow, fresh):
    domain, told = fresh("libre"), follow(qemu.uri)
    uuid = domain.UUIDString()

    def write(member, service):
        text = f"<domain><member>{member}</member><service>{service}</service></domain>"
        domain.setMetadata(METADATA, text, "vigie", NAMESPACE, BOTH)

    def whose():
        identity = told.lane.identity("libre", uuid)
        return identity.member, identity.service

    assert whose() == ("", "")
    write("valmont", "messagerie")
    told.until(lambda: whose() == ("valmont", "messagerie"), "le membre", 5)
    assert told.series(f"{P}metadata_rejected") == {}
    write("atlantide", "messagerie")
    told.until(lambda: whose() == ("", "messagerie"), "le refus", 5)
    assert told.series(f"{P}metadata_rejected") == {("libre", "unknown_member"): 1}


def test_a_renamed_domain_keeps_its_counters(qemu, follow, fresh):
    domain = fresh("avant", "off")
    told = follow(qemu.uri)
    domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    domain.destroy()
    told.until_counted("avant", "stopped")
    domain.rename("apres")
    told.until(lambda: told.count("apres", "stopped") == 1, "le nouveau nom", 5)
    assert told.count("avant", "stopped") is None
    assert told.count("apres", "renamed") == 1
    domain.rename("avant")
    told.until(lambda: told.count("avant", "renamed") == 2, "l'ancien nom", 5)


@pytest.mark.parametrize("held", [False, True], ids=["alone", "beside a call that hangs"])
def test_a_stuck_guest_does_not_hold_the_lane(qemu, follow, fresh, held):
    domain = fresh("coince", "running")
    process = qemu.process("coince")
    process.suspend()
    call = None
    try:
        if held:
            call = psutil.Popen(
                ["virsh", "-c", qemu.uri, "domstats", "coince"], stdout=-3, stderr=-3
            )
            wait_until(lambda: domain.controlInfo()[0] == 2, "l'appel pendu", 10)
        start = time.monotonic()
        told = follow(qemu.uri, tick=0.2, resync=0.2)
        qemu.machine("mx1").resume()
        told.until_counted("mx1", "resumed")
        begun = time.time()
        told.until(lambda: told.lane.status().succeeded_at > begun + 1, "d'autres tours", 5)
        assert time.monotonic() - start < 5
        assert told.value(f"{P}persistent", "coince") == 1
    finally:
        process.resume()
        qemu.machine("mx1").suspend()
        if call is not None:
            call.wait(20)
