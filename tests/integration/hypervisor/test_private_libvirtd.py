"""The collector against a real libvirtd: what changes shows, what dies or hangs is survived."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import libvirt
import pytest

from deploy.estate.child import EstateError
from deploy.estate.hypervisor import TestHypervisor

STATE = "hypervisor_domain_state"


def _connections(collector):
    """The open ones of the stats lane, the scout's first."""
    stats = collector._stations["hv1"].host.stats
    callers = [stats._scout, *stats._crew._callers]
    return [caller._link.connection for caller in callers if caller._link is not None]


def _state(found, name):
    return [(labels[3], labels[2]) for labels in found[STATE] if labels[0] == name]


def test_the_machines_of_the_inventory_run_and_the_one_declared_off_does_not(estate, build, scrape):
    found = scrape(build(hv1=estate.uri))
    assert found["hypervisor_up"] == {("hv1",): 1}
    states = {labels[0]: labels[3] for labels in found[STATE]}
    assert len(states) == 13
    assert {name for name, state in states.items() if state != "running"} == {"banc-essai"}
    owners = {labels[0]: labels[2] for labels in found["hypervisor_domain_info"]}
    assert (owners["valmont-web"], owners["mx1"]) == ("valmont", "syndicat")


def test_a_machine_that_is_shut_off_is_seen_at_the_next_scrape_and_again_when_it_is_back(
    estate, build, scrape
):
    collector = build(hv1=estate.uri)
    assert _state(scrape(collector), "mx1") == [("running", "booted")]
    estate.shut_off("mx1")
    found = scrape(collector)
    assert _state(found, "mx1") == [("shutoff", "destroyed")]
    assert found["hypervisor_domain_should_run"][("mx1", "hv1")] == 1
    assert ("mx1", "hv1") not in found["hypervisor_domain_cpu_seconds_total"]
    estate.pause("imap1")
    assert _state(scrape(collector), "imap1") == [("paused", "user")]
    estate.boot("mx1")
    assert _state(scrape(collector), "mx1") == [("running", "booted")]


def test_a_machine_that_no_hypervisor_has_is_still_expected(estate, build, scrape):
    estate.remove("valmont-web")
    found = scrape(build(hv1=estate.uri))
    assert _state(found, "valmont-web") == []
    assert ("valmont-web", "valmont", "hebergement") in found["hypervisor_inventory_domain_info"]


def test_the_connection_is_read_only(estate, build, scrape):
    collector = build(hv1=estate.uri)
    scrape(collector)
    connection = _connections(collector)[-1]
    with pytest.raises(libvirt.libvirtError, match="read only"):
        connection.lookupByName("mx1").destroy()


def test_the_connection_is_kept_between_scrapes(estate, build, scrape):
    collector = build(hv1=estate.uri)
    scrape(collector)
    first = _connections(collector)
    scrape(collector)
    after = _connections(collector)
    assert after[0] is first[0]
    assert len(after) <= 3


def test_a_libvirtd_that_restarts_costs_no_more_than_the_scrapes_it_missed(estate, build, scrape):
    collector = build(hv1=estate.uri)
    scrape(collector)
    os.kill(estate.libvirtd.child.pid, signal.SIGKILL)
    estate.libvirtd.child.process.wait(5)
    assert scrape(collector)["hypervisor_up"] == {("hv1",): 0}
    estate.libvirtd.launch()
    end = time.monotonic() + 10
    while scrape(collector)["hypervisor_up"] != {("hv1",): 1}:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_frozen_libvirtd_hides_no_other_and_is_read_again_when_it_thaws(estate, build, scrape):
    collector = build(hv1=estate.uri, d="test:///default")
    assert scrape(collector)["hypervisor_up"] == {("hv1",): 1, ("d",): 1}
    os.kill(estate.libvirtd.child.pid, signal.SIGSTOP)
    try:
        for _ in range(3):
            start = time.monotonic()
            found = scrape(collector, seconds=1)
            assert time.monotonic() - start < 3  # libvirt's own patience is ten times that
            assert found["hypervisor_up"] == {("hv1",): 0, ("d",): 1}
            assert _state(found, "test") == [("running", "unknown")]
        assert found["hypervisor_calls_outstanding"][("hv1",)] == 1
        assert sum(thread.name == "hv-hv1" for thread in threading.enumerate()) <= 3
    finally:
        os.kill(estate.libvirtd.child.pid, signal.SIGCONT)
    end = time.monotonic() + 10
    while scrape(collector)["hypervisor_up"] != {("hv1",): 1, ("d",): 1}:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_keepalive_gives_up_a_libvirtd_that_stays_frozen(estate, build, scrape, monkeypatch):
    monkeypatch.setattr("exporters.hypervisor.libvirtd.connection.KEEPALIVE_SECONDS", 1)
    monkeypatch.setattr("exporters.hypervisor.libvirtd.connection.KEEPALIVE_PROBES", 1)
    collector = build(hv1=estate.uri)
    scrape(collector)
    connection = _connections(collector)[0]
    os.kill(estate.libvirtd.child.pid, signal.SIGSTOP)
    try:
        end = time.monotonic() + 10
        while connection.isAlive():
            assert time.monotonic() < end
            time.sleep(0.1)
    finally:
        os.kill(estate.libvirtd.child.pid, signal.SIGCONT)


def test_scrapes_of_a_frozen_libvirtd_are_told_at_once_that_it_does_not_answer(
    estate, build, scrape
):
    collector = build(hv1=estate.uri)
    scrape(collector)
    os.kill(estate.libvirtd.child.pid, signal.SIGSTOP)
    try:
        took = []
        for _ in range(6):
            start = time.monotonic()
            assert scrape(collector, seconds=5)["hypervisor_up"] == {("hv1",): 0}
            took.append(time.monotonic() - start)
        assert took[0] < 5
        assert max(took[1:]) < 1  # of five, on a machine that may be busy
    finally:
        os.kill(estate.libvirtd.child.pid, signal.SIGCONT)


def test_a_libvirtd_frozen_then_killed_is_read_again_within_five_seconds_of_its_return(
    estate, build, scrape
):
    collector = build(hv1=estate.uri)
    before = scrape(collector)
    process = estate.libvirtd.child.process
    os.kill(process.pid, signal.SIGSTOP)
    for _ in range(3):
        scrape(collector, seconds=1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(5)
    estate.libvirtd.launch()
    start = time.monotonic()
    while scrape(collector, seconds=1)["hypervisor_up"] != {("hv1",): 1}:
        assert time.monotonic() - start < 5
        time.sleep(0.1)
    # The driver forgot who ran; none of its guests is missing.
    assert len(scrape(collector)[STATE]) <= len(before[STATE])


def test_two_estates_run_side_by_side_and_leave_nothing_behind(estate, tmp_path, example_inventory):
    other = TestHypervisor(tmp_path / "other", example_inventory)
    other.start()
    run = other.uri.partition("socket=")[2].rpartition("/")[0]
    other.shut_off("mx1")
    there = libvirt.openReadOnly(estate.uri).lookupByName("mx1")
    assert there.isActive()
    child = other.libvirtd.child
    other.stop()
    assert not Path(run).exists()
    assert not child.alive()
    with pytest.raises(EstateError, match="pas démarré"):
        _ = other.uri
