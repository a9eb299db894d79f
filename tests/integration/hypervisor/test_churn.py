"""Scrapes while guests are defined, renamed, started, destroyed and moved between two hosts."""

from __future__ import annotations

import contextlib
import random
import re
import threading
import time
import traceback
from dataclasses import dataclass, field

import libvirt
import pytest

from deploy.estate.exporters import start_vigie_exporter
from deploy.estate.qemu import QemuGuest, QemuHypervisor

STILL = ("still1", "still2", "still3")
MOVING = "moving"
CAME_AND_WENT = re.compile(r"gone\d+")
_LINE = re.compile(
    r'(?P<key>(?P<name>\w+)\{hypervisor="(?P<host>\w+)",domain="(?P<domain>[^"]+)".*)'
)


@dataclass
class Guest:
    """What we know is true. `run` grows at every start and move; `busy` while we change it."""

    hosts: frozenset[str]
    active: bool
    run: int = 0
    busy: bool = False
    changed: float = field(default_factory=time.monotonic)


class Truth:
    """Which guests there are, kept by who changes them."""

    def __init__(self):
        self._lock = threading.Lock()
        self.guests = {}
        self.done = {}

    def before(self):
        with self._lock:
            return {
                name: (g.hosts, g.active, g.run) for name, g in self.guests.items() if not g.busy
            }

    def undisturbed(self, known, since):
        """Those of `known` that nobody touched since."""
        with self._lock:
            return {
                name: what
                for name, what in known.items()
                if (guest := self.guests.get(name)) and not guest.busy and guest.changed < since
            }

    @contextlib.contextmanager
    def change(self, what, *names, **new):
        """`new`: name -> (hosts, active) afterwards, None when it is gone."""
        with self._lock:
            for name in names:
                guest = self.guests.setdefault(name, Guest(frozenset(), active=False))
                guest.busy = True
        yield
        with self._lock:
            self.done[what] = self.done.get(what, 0) + 1
            for name in names:
                guest = self.guests[name]
                hosts, active = new.get(name) or ((), False)
                if active and (not guest.active or frozenset(hosts) != guest.hosts):
                    guest.run += 1
                guest.hosts, guest.active = frozenset(hosts), active
                guest.busy, guest.changed = False, time.monotonic()
                if not hosts:
                    del self.guests[name]


class Actor(threading.Thread):
    """Changes something all the time, in an order that the seed decides."""

    def __init__(self, hypervisors, truth, seed):
        super().__init__(daemon=True)
        self._hosts, self._truth = hypervisors, truth
        self._random = random.Random(seed)
        self._number = 0
        self.over = threading.Event()
        self.error = None

    def run(self):
        acts = (self._come_and_go, self._rename, self._restart, self._move)
        try:
            while not self.over.is_set():
                for act in self._random.sample(acts, len(acts)):
                    if not self.over.is_set():
                        act()
        except Exception as error:  # noqa: BLE001 - told by the test, whatever it is
            self.error = "".join(traceback.format_exception(error))

    def _domain(self, host, name):
        return self._hosts[host].machine(name)

    def _come_and_go(self):
        self._number += 1
        name = f"gone{self._number}"
        with self._truth.change("defined", name, **{name: (("a",), False)}):
            self._hosts["a"].add(QemuGuest(name, "off", shares_images=True))
        self.over.wait(self._random.random() / 2)
        with self._truth.change("undefined", name):
            self._domain("a", name).undefine()

    def _rename(self):
        for old, new in (("before", "after"), ("after", "before")):
            with self._truth.change("renamed", old, new, **{new: (("a",), False)}):
                self._domain("a", old).rename(new)
            self.over.wait(self._random.random() / 4)

    def _restart(self):
        with self._truth.change("destroyed", "restless", restless=(("a",), False)):
            self._domain("a", "restless").destroy()
        self.over.wait(self._random.random() / 4)
        with self._truth.change("started", "restless", restless=(("a",), True)):
            self._domain("a", "restless").createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)

    def _move(self):
        (source,) = self._truth.guests[MOVING].hosts
        target = "b" if source == "a" else "a"
        flags = (
            libvirt.VIR_MIGRATE_LIVE
            | libvirt.VIR_MIGRATE_PERSIST_DEST
            | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
            | libvirt.VIR_MIGRATE_UNSAFE  # both see the same files: no storage to agree upon
        )
        socket = f"unix:{self._hosts[target].libvirtd.run}/migration"
        there = libvirt.open(self._hosts[target].uri)
        try:
            with self._truth.change("moved", MOVING, **{MOVING: ((target,), True)}):
                self._domain(source, MOVING).migrate3(
                    there, {libvirt.VIR_MIGRATE_PARAM_URI: socket}, flags
                )
        finally:
            there.close()


@pytest.fixture
def hosts(tmp_path):
    still = {"a": STILL[:2], "b": STILL[2:]}
    made = {
        host: QemuHypervisor(tmp_path / host, [QemuGuest(name) for name in names])
        for host, names in still.items()
    }
    try:
        for hypervisor in made.values():
            hypervisor.start()
        made["a"].add(
            QemuGuest("restless"),
            QemuGuest(MOVING, "running"),
            QemuGuest("before", "off", shares_images=True),
        )
        yield made
    finally:
        # The one that moved may run on the other's behalf: each ends those of its own.
        for hypervisor in made.values():
            hypervisor.stop()


def _samples(page):
    """Series -> (name, host, domain, value). No series comes twice."""
    found = {}
    for line in page.splitlines():
        if line.startswith("#"):
            continue
        key, _, value = line.rpartition(" ")
        assert key not in found, f"twice: {key}"
        match = _LINE.fullmatch(key)
        owner = (match["host"], match["domain"]) if match else ("", "")
        found[key] = (key.partition("{")[0], *owner, float(value))
    return found


def _watched(samples):
    """What an active guest must have: (host, guest) -> its series of devices and times."""
    found = {}
    for key, (name, host, domain, _) in samples.items():
        if re.match(r"hypervisor_domain_(block_.*_total|network_.*_total|cpu_seconds_total)", name):
            found.setdefault((host, domain), set()).add(key)
    return found


@pytest.mark.series
@pytest.mark.timeout(1800)
def test_no_other_is_missing_no_series_comes_twice_and_no_counter_falls(
    tmp_path, hosts, long, record_property
):
    truth = Truth()
    for name, host in (
        *((n, "a") for n in STILL[:2]),
        (STILL[2], "b"),
        ("restless", "a"),
        (MOVING, "a"),
    ):
        with truth.change("made", name, **{name: ((host,), True)}):
            pass
    with truth.change("made", "before", before=(("a",), False)):
        pass
    uris = {host: hypervisor.uri for host, hypervisor in hosts.items()}
    exporter = start_vigie_exporter(tmp_path / "exporter", uris)
    seed = random.randrange(10**6)
    actor = Actor(hosts, truth, seed)
    try:
        complete = _watched(_samples(exporter.scrape().page))
        actor.start()
        judge = Judge(complete)
        scrapes = 1000 if long else 150
        for _ in range(scrapes):
            began, known = time.monotonic(), truth.before()
            page = exporter.scrape(10).page
            judge.hear(_samples(page), known, truth.undisturbed(known, began))
            assert actor.error is None, f"seed {seed}: {actor.error}"
            time.sleep(0.05)
    finally:
        actor.over.set()
        if actor.is_alive():
            actor.join(60)
        exporter.stop()
    del truth.done["made"]
    done = ", ".join(f"{count} {what}" for what, count in sorted(truth.done.items()))
    record_property(
        "series",
        f"churn: {scrapes} scrapes while {done}; {judge.others} looks at guests nobody touched,"
        f" {judge.counters} comparisons of counters (seed {seed})",
    )
    assert min(truth.done[what] for what in ("defined", "renamed", "started", "moved")) >= 3
    assert judge.others > 3 * scrapes


class Judge:
    """Compares each page with what is true and with the pages before."""

    def __init__(self, complete):
        self._complete, self._last = complete, {}
        self.others = self.counters = 0

    def hear(self, samples, known, undisturbed):
        for host in "ab":
            assert samples[f'hypervisor_up{{hypervisor="{host}"}}'][3] == 1
        states, watched = {}, _watched(samples)
        for name, host, domain, _ in samples.values():
            if name == "hypervisor_domain_state":
                states.setdefault(domain, []).append(host)
        for domain, (on, active, _) in undisturbed.items():
            self.others += 1
            assert sorted(states.get(domain, ())) == sorted(on), domain
            (host,) = on
            if active and domain in STILL:
                missing = self._complete[host, domain] - watched.get((host, domain), set())
                assert not missing, self._about(samples, host, domain)
            elif active:
                assert watched.get((host, domain)), self._about(samples, host, domain)
        runs = {domain: (run, on) for domain, (on, _, run) in undisturbed.items()}
        for key, (name, _, domain, value) in samples.items():
            if not name.endswith("_total") or (domain and domain not in runs):
                continue
            run = runs.get(domain)
            before = self._last.get(key)
            if before is not None and before[0] == run:
                self.counters += 1
                assert value >= before[1], f"{key} fell from {before[1]} to {value}"
            self._last[key] = (run, value)

    def _about(self, samples, host, domain):
        """What else the page says of a guest that is incomplete, and of its hypervisor."""
        wanted = ("_partial", "_outstanding", "_responsive", "_stuck_seconds", "_duration_seconds")
        told = [
            f"{key} {value}"
            for key, (name, _, _, value) in samples.items()
            if name.endswith(wanted) and f'"{host}"' in key
        ]
        return "\n".join([f"{domain} on {host}", *told])
