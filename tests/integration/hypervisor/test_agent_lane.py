"""The agent lane on a real guest: Debian's kernel, its qemu-ga, a real file system."""

from __future__ import annotations

import contextlib
import os
import shutil
import time

import libvirt
import pytest

from deploy.estate.agent_guest import DISK_BYTES, MOUNTPOINT, AgentGuest
from deploy.estate.child import wait_until
from deploy.estate.libvirtd import NOBODY
from deploy.estate.qemu import QemuGuest
from exporters.hypervisor.libvirtd import agent_round
from exporters.hypervisor.libvirtd.agent_lane import AgentLane
from exporters.hypervisor.libvirtd.agent_round import AgentRound
from exporters.hypervisor.libvirtd.breaker import FIRST_PAUSE
from exporters.hypervisor.libvirtd.site import site_of
from exporters.hypervisor.settings import HypervisorEntry, Settings
from exporters.toolkit.collector import Context
from inventory.process import system_clock

GUESTS = (QemuGuest("sans-agent"),)


@pytest.fixture(scope="module")
def guest(qemu, connection):
    with _booted(connection, AgentGuest("avec-agent", qemu.libvirtd.run / "agent")) as (made, _):
        yield made


@contextlib.contextmanager
def _booted(connection, made):
    made.folder.mkdir()
    xml = made.make()
    for path in (made.folder, *made.folder.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    domain = connection.createXML(xml)
    try:
        made.await_boot()
        wait_until(lambda: _connected(domain), "l'agent", 20)
        yield made, domain
    finally:
        domain.destroy()
        shutil.rmtree(made.folder)


@pytest.fixture
def domain(connection, guest):
    return connection.lookupByName(guest.name)


@pytest.fixture
def hung(guest, domain):
    guest.stop_agent()
    yield guest
    guest.resume_agent()
    wait_until(lambda: _answers(domain), "l'agent", 20)


class FakeTime:
    """A clock that may be put forward; it runs with the real one."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.monotonic() + self.ahead


def _connected(domain):
    return "state='connected'" in domain.XMLDesc()


def _answers(domain):
    try:
        return bool(domain.fsInfo())
    except libvirt.libvirtError:
        return False


def _timed(work):
    began = time.monotonic()
    return work(), time.monotonic() - began


def test_the_file_systems_of_a_guest_are_those_its_kernel_has_mounted(
    qemu, guest, domain, example_inventory
):
    entry = HypervisorEntry(name="hv1", uri=qemu.uri, agent=True)
    settings = Settings(hypervisors=(entry,))
    lane = AgentLane(site_of(entry, settings, Context(example_inventory, system_clock)))
    lane.start()
    wait_until(lambda: bool(lane.families), "la voie", 10)
    found = {
        sample.name.removeprefix("hypervisor_domain_"): sample
        for family in lane.families
        for sample in family.samples
    }
    lane.stop()
    assert set(found) == {"agent_responsive", "filesystem_size_bytes", "filesystem_used_bytes"}
    assert found["agent_responsive"].labels == {"hypervisor": "hv1", "domain": "avec-agent"}
    size, used = found["filesystem_size_bytes"], found["filesystem_used_bytes"]
    assert size.labels["mountpoint"] == used.labels["mountpoint"] == MOUNTPOINT
    assert size.labels["filesystem_type"] == "ext4"
    assert 0.5 * DISK_BYTES < size.value < DISK_BYTES
    assert 0 < used.value < size.value


def test_an_agent_that_hangs_costs_seconds_three_times_then_nothing_and_comes_back(
    connection, hung
):
    clock = FakeTime()
    asking = AgentRound(lambda _: False, clock)
    for _ in range(3):
        answers, seconds = _timed(lambda: asking.read(connection))
        assert [(one.domain, one.responsive) for one in answers] == [("avec-agent", False)]
        assert 1.5 < seconds < 6
    answers, seconds = _timed(lambda: asking.read(connection))
    assert [one.responsive for one in answers] == [False]
    assert seconds < 1.2  # open: it was not asked
    clock.ahead += FIRST_PAUSE
    _, seconds = _timed(lambda: asking.read(connection))
    assert seconds > 1.5  # half-open: one attempt, in vain
    _, seconds = _timed(lambda: asking.read(connection))
    assert seconds < 1.2
    hung.resume_agent()
    clock.ahead += 2 * FIRST_PAUSE

    def back():
        (answer,) = asking.read(connection)
        clock.ahead += 4 * FIRST_PAUSE
        return answer.responsive

    wait_until(back, "l'agent", 20)


def test_the_deadline_is_put_back_for_whoever_needs_longer(connection, domain, hung):
    (answer,) = AgentRound(lambda _: False, time.monotonic).read(connection)
    assert not answer.responsive
    # libvirt's own patience with an agent that does not even greet is five seconds.
    answered, seconds = _timed(lambda: _answers(domain))
    assert not answered
    assert seconds > 4


def test_a_guest_whose_monitor_is_stuck_is_not_asked(connection, domain, hung):
    uuid = domain.UUIDString()
    answers, seconds = _timed(lambda: AgentRound(uuid.__eq__, time.monotonic).read(connection))
    assert answers == []
    assert seconds < 1.2


def test_a_round_that_takes_too_long_leaves_the_rest_to_the_next(connection, hung, monkeypatch):
    monkeypatch.setattr(agent_round, "ROUND_SECONDS", -1)
    answers, seconds = _timed(lambda: AgentRound(lambda _: False, time.monotonic).read(connection))
    assert (answers, seconds < 1.2) == ([], True)


def test_an_agent_that_refuses_to_tell_is_responsive_and_has_no_file_systems(qemu, connection):
    folder = qemu.libvirtd.run / "refuses"
    with _booted(connection, AgentGuest("refuse", folder)) as (made, domain):
        made.restart_agent_without_file_systems()
        asking = AgentRound(lambda _: False, time.monotonic)

        def refused():
            answers = [one for one in asking.read(connection) if one.domain == "refuse"]
            return [(one.responsive, one.file_systems) for one in answers] == [(True, ())]

        wait_until(refused, "le refus", 15)
        _, seconds = _timed(lambda: asking.read(connection))
        assert seconds < 1
        assert not _answers(domain)


def test_on_a_driver_without_deadlines_only_the_answer_counts():
    connection = libvirt.open("test:///default")
    try:
        test = connection.lookupByName("test")
        found, dropped = agent_round._file_systems(test)
    finally:
        connection.close()
    assert [(one.mountpoint, one.type) for one in found] == [("/", "ext4"), ("/boot", "ext4")]
    assert (found[0].size, dropped) == (None, 0)
