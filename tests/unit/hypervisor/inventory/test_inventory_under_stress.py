"""One domain that fails, connections given up, domains that come and go, floods of events."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import libvirt

from exporters.hypervisor.identity import Judgement
from exporters.hypervisor.libvirtd import domain_reader, qemu_processes
from exporters.hypervisor.libvirtd.chronicle import Chronicle
from exporters.hypervisor.libvirtd.domain_reader import DomainReader, DomainReading
from exporters.hypervisor.libvirtd.events import lifecycle
from exporters.hypervisor.libvirtd.subscription import Subscription
from exporters.hypervisor.metrics.facts import lines_of
from exporters.hypervisor.model import DomainFacts, Identity, NicFacts

UUIDS = [str(UUID(int=number)) for number in range(1, 4)]
DEFINED, STARTED, STOPPED = (0, 0), (2, 0), (5, 0)


class _Error(libvirt.libvirtError):
    def __init__(self, code: int) -> None:
        Exception.__init__(self, f"code {code}")
        self.code = code

    def get_error_code(self) -> int:
        return self.code


class _Connection:
    def __init__(self, *domains: Any) -> None:
        self.domains, self.alive = domains, True
        for domain in domains:
            domain.connection = self

    def isAlive(self) -> int:  # noqa: N802  # libvirt's name
        return int(self.alive)

    def listAllDomains(self, _flags: int = 0) -> list[Any]:  # noqa: N802
        return list(self.domains)


class _Domain:
    connection: _Connection

    def __init__(self, uuid: str, name: str, error: int | None = None) -> None:
        self.uuid, self._name, self.error = uuid, name, error

    def connect(self) -> _Connection:
        return self.connection

    def UUIDString(self) -> str:  # noqa: N802
        return self.uuid

    def name(self) -> str:
        return self._name

    def ID(self) -> int:  # noqa: N802
        return 7

    def state(self, _flags: int) -> tuple[int, int]:
        return 1, 1

    def XMLDesc(self, _flags: int) -> str:  # noqa: N802
        if self.error is not None:
            raise _Error(self.error)
        return f"<domain><uuid>{self.uuid}</uuid><name>{self._name}</name></domain>"


def _reader(*, local: bool = False) -> DomainReader:
    return DomainReader("hv1", local, lambda _uuid, _run: None)


def test_one_domain_libvirt_cannot_describe_does_not_hide_the_others():
    internal = libvirt.VIR_ERR_INTERNAL_ERROR
    connection = _Connection(_Domain(UUIDS[0], "odd", internal), _Domain(UUIDS[1], "web"))
    found = {one.facts.name: one for one in _reader().all(connection)}
    assert found.keys() == {"odd", "web"}
    assert (found["odd"].state, found["odd"].facts.autostart) == (1, True)
    assert found["odd"].facts.drift is None


def test_a_domain_that_went_is_left_out_and_a_dead_connection_ends_the_reading():
    gone = _Connection(_Domain(UUIDS[0], "odd", libvirt.VIR_ERR_NO_DOMAIN))
    assert list(_reader().all(gone)) == []
    dead = _Connection(_Domain(UUIDS[0], "odd", libvirt.VIR_ERR_INTERNAL_ERROR))
    dead.alive = False
    try:
        list(_reader().all(dead))
    except libvirt.libvirtError:
        return
    raise AssertionError("a dead connection passed for one domain's fault")


def test_processes_are_looked_through_once_for_a_run_not_once_an_event(monkeypatch):
    looked = []
    monkeypatch.setattr(
        qemu_processes, "started_at", lambda: looked.append(1) or {UUIDS[0]: 1000.0}
    )
    assert domain_reader.qemu_processes is qemu_processes
    connection = _Connection(_Domain(UUIDS[0], "web"))
    connection.lookupByUUIDString = lambda _uuid: connection.domains[0]  # type: ignore[attr-defined]  # a call of libvirt's, made up
    connection.domains[0].autostart = lambda: 1
    connection.domains[0].isPersistent = lambda: 0
    connection.domains[0].hasManagedSaveImage = lambda _flags: 0
    reader = _reader(local=True)
    for _ in range(5):
        (one,) = reader.some(connection, [UUIDS[0]])
        assert one.facts.started_at == 1000.0
    assert len(looked) == 1
    list(reader.all(connection))  # libvirt's ids may begin anew with its daemon
    assert len(looked) == 2


def test_a_connection_given_up_tells_no_event_twice():
    told: list[Any] = []
    subscription = Subscription(None, told.append, lambda: None, lambda: 1.0)
    subscription._on_lifecycle(None, _Domain(UUIDS[0], "web"), *STARTED, "")
    subscription.alive = False
    subscription._on_lifecycle(None, _Domain(UUIDS[0], "web"), *STARTED, "")
    subscription._on_other(None, _Domain(UUIDS[0], "web"), "WATCHDOG")
    assert len(told) == 1


def test_domains_that_come_and_go_leave_nothing_behind_but_their_history():
    chronicle = Chronicle("hv1", None, lambda: 1000.0)
    for number in range(500):
        uuid = str(UUID(int=number + 1))
        chronicle.record(lifecycle(uuid, f"ci-{number}", 1000.0, *STARTED))
        if number % 2:
            chronicle.gone(uuid)
    chronicle.exist([])
    assert (chronicle._told, chronicle._started, chronicle._starts) == (set(), {}, {})


def test_a_start_that_was_heard_is_kept_while_the_domain_exists():
    chronicle = Chronicle("hv1", None, lambda: 1000.0)
    chronicle.record(lifecycle(UUIDS[0], "web", 990.0, *STARTED))
    chronicle.exist([UUIDS[0]])
    assert chronicle.start_of(UUIDS[0], 7) == 990.0
    chronicle.exist([UUIDS[0]])
    assert chronicle.start_of(UUIDS[0], 7) == 990.0


def test_a_guest_undefined_and_defined_again_under_another_uuid_has_one_series_an_event():
    chronicle = Chronicle("hv1", None, lambda: 1000.0)
    for uuid in UUIDS:  # as after a swap of names, all three may be alive for a moment
        chronicle.record(lifecycle(uuid, "web", 1000.0, *DEFINED))
        chronicle.record(lifecycle(uuid, "web", 1000.0, *STOPPED))
    for last in UUIDS:
        chronicle.render()
        samples = [
            (sample.name, tuple(sorted(sample.labels.items())))
            for family in chronicle.families
            for sample in family.samples
        ]
        assert len(set(samples)) == len(samples)
        chronicle.gone(last)
    reading = DomainReading(DomainFacts(UUIDS[0], "web"), 5, -1)
    chronicle.saw(reading)
    chronicle.render()
    assert sum("web" in family.text for family in chronicle.families) == 2


def test_an_interface_without_a_name_is_called_by_its_mac_as_in_its_statistics():
    macs = ["52:54:00:00:00:01", "52:54:00:00:00:01", ""]
    facts = DomainFacts(UUIDS[0], "web", nics=tuple(NicFacts(mac=mac) for mac in macs))
    lines = lines_of("hv1", facts, Judgement(Identity()))[
        "hypervisor_domain_network_info"
    ].splitlines()
    devices = [line.split('device="')[1].split('"')[0] for line in lines]
    assert devices == [macs[0], f"{macs[0]}#1", "net2"]
