"""What the inventory lane keeps when libvirtd dies, hangs, or when the exporter restarts."""

from __future__ import annotations

import gc
import threading

import libvirt
import psutil
import pytest

from deploy.estate.qemu import QemuGuest, QemuHypervisor
from exporters.hypervisor.libvirtd.inventory_lane import InventoryLane

P = "hypervisor_domain_"
CONNECTED, GAPS = "hypervisor_events_connected", "hypervisor_event_gaps_total"


@pytest.fixture
def own(tmp_path):
    """A hypervisor of its own: its daemon will be killed."""
    hypervisor = QemuHypervisor(tmp_path, [QemuGuest("mx1"), QemuGuest("imap1")])
    hypervisor.start()
    yield hypervisor
    hypervisor.stop()


def _kill(hypervisor):
    hypervisor.libvirtd.child.process.kill()
    hypervisor.libvirtd.child.process.wait(5)


def _resume_and_pause(hypervisor, name):
    hypervisor.machine(name).resume()
    hypervisor.machine(name).suspend()


def test_a_libvirtd_killed_and_back_costs_a_gap_and_no_count(own, follow):
    told = follow(own.uri)
    _resume_and_pause(own, "mx1")
    told.until_counted("mx1", "resumed")
    _kill(own)
    told.until(lambda: told.value(CONNECTED) == 0, "la coupure", 5)
    assert told.count("mx1", "resumed") == 1
    assert told.value(f"{P}persistent", "mx1") == 1
    own.process("imap1").kill()  # nobody hears of it
    own.restarted()
    told.until(lambda: told.value(CONNECTED) == 1, "le retour", 10)
    assert told.value(GAPS) == 1
    told.until(lambda: told.value(f"{P}start_time_seconds", "imap1") is None, "la relecture", 5)
    assert told.value(f"{P}state_changed_timestamp_seconds", "imap1") is not None
    _resume_and_pause(own, "mx1")
    told.until_counted("mx1", "resumed", 2)


def test_a_frozen_libvirtd_is_noticed_and_events_come_again(own, follow):
    told = follow(own.uri, tick=0.5, resync=0.5)
    daemon = psutil.Process(own.libvirtd.child.pid)
    daemon.suspend()
    try:
        told.until(lambda: told.value(CONNECTED) == 0, "le gel", 20)
        assert told.lane.status().up is False
    finally:
        daemon.resume()
    told.until(lambda: told.value(CONNECTED) == 1, "le retour", 30)
    assert told.value(GAPS) == 1
    _resume_and_pause(own, "mx1")
    told.until_counted("mx1", "resumed")


def test_counters_go_on_where_an_earlier_exporter_left_them(own, follow, tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    first = follow(own.uri, folder)
    _resume_and_pause(own, "mx1")
    first.until_counted("mx1", "resumed")
    first.until_counted("mx1", "suspended")
    changed = first.value(f"{P}state_changed_timestamp_seconds", "mx1")
    first.lane.stop()
    second = follow(own.uri, folder)
    assert second.value(GAPS) == 1
    assert second.count("mx1", "resumed") == 1
    assert second.value(f"{P}state_changed_timestamp_seconds", "mx1") == changed
    _resume_and_pause(own, "mx1")
    second.until_counted("mx1", "resumed", 2)


def test_counters_of_an_exporter_that_is_killed_were_written_down(own, follow, tmp_path):
    told = follow(own.uri, tmp_path, tick=0.5)
    for number in (1, 2):
        _resume_and_pause(own, "mx1")
        told.until_counted("mx1", "resumed", number)
    file = tmp_path / "events-hv1.json"
    told.until(lambda: '"resumed":2' in file.read_text(encoding="utf-8"), "l'écriture", 10)


def test_no_thread_nor_connection_remains_of_lanes_that_ended(own, follow):
    def open_files():
        gc.collect()
        return psutil.Process().num_fds(), threading.active_count()

    follow(own.uri).lane.stop()
    told = follow(own.uri)
    told.until(lambda: told.value(CONNECTED) == 1, "les événements")
    before = open_files()
    for _ in range(5):
        told.lane.stop()
        told = follow(own.uri)
    told.until(lambda: open_files() <= before, "plus rien", 10)


def test_a_daemon_that_is_not_there_yet_is_found_later(tmp_path, site_of):
    lane = InventoryLane(site_of(f"qemu+unix:///session?socket={tmp_path}/absent"))
    lane.start()
    try:
        names = [family.name for family in lane.families]
        assert names == [CONNECTED, "hypervisor_event_gaps"]
        assert lane.facts == {}
        assert lane.identity("valmont-web", "u").member == "valmont"
    finally:
        lane.stop()


def test_registrations_do_not_pile_up(own, follow):
    """Each reconnection registers each kind once: one event is counted once."""
    told = follow(own.uri)
    for _ in range(2):
        _kill(own)
        told.until(lambda: told.value(CONNECTED) == 0, "la coupure", 5)
        own.restarted()
        told.until(lambda: told.value(CONNECTED) == 1, "le retour", 10)
    own.machine("mx1").destroy()
    own.machine("mx1").createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    told.until_counted("mx1", "started")
    assert told.count("mx1", "stopped") == 1
    assert told.value(GAPS) == 2
