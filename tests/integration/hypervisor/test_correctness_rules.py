"""The ten rules of correctness, each on real QEMU guests behind a private libvirtd."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from pathlib import Path

import libvirt
import pytest

from deploy.estate.child import wait_until
from deploy.estate.qemu import DISKS, MEMORY, QemuGuest, QemuHypervisor
from exporters.hypervisor.libvirtd.crew import LIMIT, Outcome
from exporters.hypervisor.libvirtd.site import site_of
from exporters.hypervisor.libvirtd.stats_lane import StatsLane
from exporters.hypervisor.settings import HypervisorEntry, Settings
from exporters.toolkit.collector import Context, Deadline
from inventory.process import system_clock

P = "hypervisor_domain_"
RUNS, OTHER, OFF = "valmont-web", "mx1", "banc-essai"
GUESTS = (QemuGuest(RUNS, "running", "user"), QemuGuest(OTHER), QemuGuest(OFF, "off"))
ACTIVE = {RUNS, OTHER}


@pytest.fixture
def settled(build, scrape):
    """A collector by whose scrapes all guests that run are complete."""

    def on(uri, active=ACTIVE):
        collector = build(hv1=uri)

        def complete():
            found = scrape(collector)
            return {key[-2] for key in found.get(P + "block_reads_total", {})} == set(active)

        wait_until(complete, "les machines répondent", 15)
        return collector

    return on


@contextlib.contextmanager
def _stopped(qemu, *names):
    processes = [qemu.process(name) for name in names]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


def _metrics(found, domain):
    """The metrics that have a series of this guest (labels in alphabetical order of names)."""
    return {
        name
        for name, series in found.items()
        if name.startswith(P) and any(domain in key for key in series)
    }


def test_rule_01_a_missing_field_gives_no_sample(qemu, settled, scrape):
    collector = settled(qemu.uri)
    whole = _metrics(scrape(collector), OTHER)
    with _stopped(qemu, OTHER):
        for _ in range(3):
            found = scrape(collector, seconds=2)
            lost = whole - _metrics(found, OTHER)
            assert {P + "memory_resident_bytes", P + "block_reads_total"} <= lost
            assert found[P + "monitor_responsive"][(OTHER, "hv1")] == 0
            assert P + "state" in _metrics(found, OTHER)
        assert all(value == value for series in found.values() for value in series.values())
    assert P + "memory_usable_bytes" not in found  # no balloon driver ever spoke
    assert P + "swap_in_bytes_total" not in found


def test_rule_02_a_guest_that_does_not_run_has_its_configuration_and_no_use(qemu, settled, scrape):
    found = scrape(settled(qemu.uri))
    metrics = _metrics(found, OFF)
    assert found[P + "memory_configured_bytes"][(OFF, "hv1")] == MEMORY
    assert found[P + "vcpus_configured"][(OFF, "hv1")] == 1
    assert found[P + "autostart"][(OFF, "hv1")] == 0
    for device, size in DISKS.items():
        assert found[P + "block_capacity_bytes"][(device, OFF, "hv1")] == size
    # Events are counted for guests that do not run too; nothing else of theirs grows.
    assert {name for name in metrics if name.endswith("_total")} <= {P + "events_total"}
    assert not {P + name for name in ("memory_bytes", "memory_resident_bytes", "vcpus")} & metrics
    assert found["hypervisor_assigned_vcpus"][("hv1", "running")] == len(ACTIVE)


def test_rule_03_counters_end_in_total_and_units_are_seconds_and_bytes(qemu, settled, scrape):
    collector = settled(qemu.uri)
    process = qemu.process(RUNS)
    before = sum(process.cpu_times()[:2])
    found = scrape(collector)
    after = sum(process.cpu_times()[:2])
    assert before - 0.02 <= found[P + "cpu_seconds_total"][(RUNS, "hv1")] <= after + 0.02
    resident = process.memory_info().rss
    assert found[P + "memory_resident_bytes"][(RUNS, "hv1")] == pytest.approx(resident, rel=0.1)
    assert found[P + "memory_bytes"][(RUNS, "hv1")] == MEMORY

    def has_read():  # its BIOS looks at the disk a moment after it began
        found.update(scrape(collector))
        return found[P + "block_reads_total"][("vda", RUNS, "hv1")] > 0

    wait_until(has_read, "la machine lit son disque", 60)
    reads = found[P + "block_reads_total"][("vda", RUNS, "hv1")]
    assert found[P + "block_read_bytes_total"][("vda", RUNS, "hv1")] == 512 * reads
    assert 0 < found[P + "block_read_seconds_total"][("vda", RUNS, "hv1")] < 10


def test_rule_04_a_counter_falls_only_when_the_guest_began_anew(qemu, settled, scrape):
    collector = settled(qemu.uri)
    key = (RUNS, "hv1")

    def read():
        found = scrape(collector)
        return found[P + "cpu_seconds_total"].get(key), found[P + "start_time_seconds"].get(key)

    used, began = read()
    assert began == pytest.approx(qemu.process(RUNS).create_time(), abs=0.02)
    for _ in range(20):
        more, still = read()
        assert more >= used
        assert still == began
        used = more
    machine = qemu.machine(RUNS)
    machine.destroy()
    machine.create()
    wait_until(lambda: (read()[1] or 0) > began, "la nouvelle vie", 10)
    assert read()[1] == pytest.approx(qemu.process(RUNS).create_time(), abs=0.02)


def test_rule_05_a_guest_that_arrives_is_paused_by_its_migration(two_hosts, move, build, scrape):
    source, target = two_hosts
    collector = build(hv1=source.uri, hv2=target.uri)
    scrape(collector)
    thread = threading.Thread(target=move, args=(source, target))
    thread.start()
    seen = set()
    while thread.is_alive():
        found = scrape(collector)
        states = {key[1:] for key in found[P + "state"]}  # one series a host, by `scrape`
        seen.update(states)
        assert len(states) == len({state[0] for state in states})
    thread.join()
    last = {key[1:] for key in scrape(collector)[P + "state"]}
    # In alphabetical order of the labels: hypervisor, reason, state.
    assert {state for state in seen if state[0] == "hv2"} >= {("hv2", "migration", "paused")}
    assert ("hv1", "booted", "running") in seen
    assert {state[0] for state in last} == {"hv2"}


_ODD = """
<domain type='qemu'><name>{name}</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>
<os><type machine='pc'>hvm</type></os><devices>
 <interface type='user'><mac address='52:54:00:aa:00:01'/></interface>
 <interface type='user'><mac address='52:54:00:aa:00:02'/></interface>
 <disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>
 <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{image}'/>
  <target dev='sdb' bus='sata'/></disk>
</devices></domain>"""


def test_rule_06_no_two_series_have_the_same_labels_whatever_the_xml(qemu, settled, scrape):
    collector = settled(qemu.uri)
    connection = libvirt.open(qemu.uri)
    image = qemu.libvirtd.run / f"{OFF}-vdb.qcow2"
    names = ['à "guillemets"', "avec \\ et {accolades}", "日本", "a,b=c"]
    made = []
    try:
        for name in names:
            escaped = name.replace('"', "&quot;")
            made.append(connection.defineXML(_ODD.format(name=escaped, image=image)))
        # `scrape` itself fails on labels that come twice.
        wait_until(
            lambda: set(names) <= {key[0] for key in scrape(collector).get(P + "autostart", {})},
            "les définitions",
            10,
        )
        found = scrape(collector)
        for name in names:
            capacities = {k[0] for k in found[P + "block_capacity_bytes"] if k[1] == name}
            assert capacities == {"sdb"}  # the empty drive is none of them
    finally:
        for domain in made:
            domain.undefine()
        connection.close()


def test_rule_07_metadata_never_becomes_a_label_the_inventory_does_not_know(qemu, settled, scrape):
    collector = settled(qemu.uri)
    connection = libvirt.open(qemu.uri)
    names = [f"locataire-{number}" for number in range(5)]
    try:
        for number, name in enumerate(names):
            evil = "x" * 10_000 if number else "ville&quot;inconnue"
            xml = (
                f"<domain type='qemu'><name>{name}</name><memory>1024</memory><vcpu>1</vcpu>"
                f"<metadata><v:owner xmlns:v='https://vigie.invalid/domain/1'><v:member>{evil}"
                f"{number}</v:member></v:owner></metadata><os><type>hvm</type></os></domain>"
            )
            connection.defineXML(xml)
        wait_until(
            lambda: set(names) <= {key[0] for key in scrape(collector).get(P + "info", {})},
            "les définitions",
            10,
        )
        found = scrape(collector)
        members = {key[2] for key in found[P + "info"] if key[0] in names}
        assert members == {""}
        assert found["hypervisor_domains_without_member"][("hv1",)] == len(names)
    finally:
        for name in names:
            with contextlib.suppress(libvirt.libvirtError):
                connection.lookupByName(name).undefine()
        connection.close()


def test_rule_08_a_guest_that_goes_between_list_and_statistics_is_skipped_and_counted(
    qemu, settled, scrape, monkeypatch
):
    collector = settled(qemu.uri)
    before = scrape(collector)["hypervisor_domains_vanished_total"][("hv1",)]
    connection = libvirt.open(qemu.uri)
    xml = "<domain type='qemu'><name>{}</name><memory>1024</memory><vcpu>1</vcpu>"
    xml += "<os><type>hvm</type></os></domain>"
    fleeting = connection.defineXML(xml.format("fugace"))
    renamed = connection.defineXML(xml.format("avant"))
    stats = collector._stations["hv1"].host.stats
    read = stats._crew.read

    def meanwhile(*arguments):
        monkeypatch.undo()
        fleeting.undefine()
        renamed.rename("apres")
        return read(*arguments)

    try:
        # Guests that do not run are asked when they are first seen, later in turns.
        monkeypatch.setattr(stats._crew, "read", meanwhile)
        found = scrape(collector)
        names = {key[0] for key in found[P + "state"]}
        assert names == {*ACTIVE, OFF, "apres"}
        assert found["hypervisor_domains_vanished_total"][("hv1",)] == before + 1
        assert found["hypervisor_scrape_partial"][("hv1",)] == 0
        assert {key[-2] for key in found[P + "block_reads_total"]} == ACTIVE
    finally:
        connection.lookupByName("apres").undefine()
        connection.close()


@pytest.mark.parametrize("seconds", [0.5, 1, 2])
def test_rule_09_a_scrape_never_takes_longer_than_its_budget(qemu, settled, scrape, seconds):
    collector = settled(qemu.uri)
    with _stopped(qemu, OTHER, RUNS):
        for _ in range(4):
            start = time.monotonic()
            found = scrape(collector, seconds=seconds)
            assert time.monotonic() - start < seconds
            assert {key[0] for key in found[P + "state"]} == {*ACTIVE, OFF}
    wait_until(
        lambda: {k[-2] for k in scrape(collector).get(P + "block_reads_total", {})} == ACTIVE,
        "les machines répondent",
        15,
    )


def test_rule_09_what_could_not_be_read_in_time_is_said_to_be_missing(
    qemu, settled, scrape, monkeypatch
):
    collector = settled(qemu.uri)
    stats = collector._stations["hv1"].host.stats
    monkeypatch.setattr(stats._crew, "read", lambda work, _patience, _end: _nothing(work))
    found = scrape(collector, seconds=1)
    assert found["hypervisor_scrape_partial"] == {("hv1",): 1}
    assert found["hypervisor_up"] == {("hv1",): 1}
    assert {key[0] for key in found[P + "state"]} == {*ACTIVE, OFF}


def _nothing(work):
    return Outcome(uuid for batch in work for uuid in batch.uuids)


FUTEX = "202"


class Workers:
    """libvirtd's workers, watched in the kernel: one that is idle waits where all idle ones do."""

    def __init__(self, qemu):
        self._tasks = Path(f"/proc/{qemu.libvirtd.child.pid}/task")
        self._idle_at = min(int(where, 16) for call, where in self._seen() if call == FUTEX)
        self.samples = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def busy(self):
        """How many work or wait for a guest now."""
        idle = range(self._idle_at - 64, self._idle_at + 64)  # a condition has two futexes
        return sum(call != FUTEX or int(where, 16) not in idle for call, where in self._seen())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _seen(self):
        """(system call, its first argument) of each worker."""
        for task in self._tasks.iterdir():
            if (task / "comm").read_text().startswith("rpc-libvirtd"):
                yield (*(task / "syscall").read_text().split(), "0", "0")[:2]

    def _watch(self):
        while not self._ended.wait(0.001):
            self.samples.append(self.busy())


def test_rule_10_a_hundred_scrapes_with_a_stuck_guest_leave_libvirtd_its_workers(
    tmp_path, example_inventory, record_property
):
    hypervisor = QemuHypervisor(tmp_path, [QemuGuest(f"g{number}") for number in range(4)])
    hypervisor.start()
    try:
        entry = HypervisorEntry(name="hv1", uri=hypervisor.uri)
        lane = StatsLane(site_of(entry, Settings(), Context(example_inventory, system_clock)))
        told = {}

        def scrape():
            guests = lane.read(Deadline.after(1)).guests or ()
            told.update((guest.name, guest.responsive) for guest in guests)
            return all(told.get(f"g{number}") for number in range(4))

        wait_until(scrape, "les machines répondent", 15)
        workers = Workers(hypervisor)
        # Whoever has just answered is still on its way back.
        wait_until(lambda: workers.busy() == 0, "les travailleurs au repos", 5)
        with _stopped(hypervisor, "g1"), workers:
            for _ in range(100):
                scrape()
                assert told == {"g0": True, "g1": False, "g2": True, "g3": True}
                assert lane.outstanding == 1
                assert workers.busy() >= 1  # the call that waits for the stuck guest
        lane.close()
    finally:
        hypervisor.stop()
    counted = Counter(workers.samples)
    record_property(
        "series",
        "100 scrapes with a stuck guest: libvirtd's busy workers and how often seen so:"
        f" {dict(sorted(counted.items()))}",
    )
    assert counted[1] > 0
    # A worker that has answered is still on its way back when the next call is taken up.
    assert sum(n for busy, n in counted.items() if busy > LIMIT) <= 0.03 * len(workers.samples)
    assert max(counted) <= LIMIT + 1
