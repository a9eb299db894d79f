"""Guests on the page: the golden page, who should run, sums, the hypervisor as a whole."""

from __future__ import annotations

import re

import pytest

from exporters.hypervisor.collector import expected_machines
from exporters.hypervisor.identity import Register
from exporters.hypervisor.metrics.fleet import silent
from exporters.hypervisor.metrics.guests import GuestMetrics
from exporters.hypervisor.model import DomainFacts, GuestStats, Identity
from exporters.hypervisor.reading import Reading

P = "hypervisor_domain_"
RUNNING, OFF = {"state.state": 1, "state.reason": 1}, {"state.state": 5}
NOBODY = Identity()


def _guest(name, raw, **more):
    return GuestStats(name, name, 1, raw, **more)


@pytest.fixture
def identity(example_inventory):
    known = Register(example_inventory).machines
    return lambda name, _uuid: known.get(name, NOBODY)


def test_the_page_of_four_recorded_guests_is_the_golden_one(
    golden, page, qemu_guests, example_inventory, identity
):
    facts = {g.uuid: DomainFacts(g.uuid, g.name, autostart=True) for g in qemu_guests}
    metrics = GuestMetrics("hv1", identity)
    text = page(
        [
            expected_machines(example_inventory),
            *metrics.families(Reading(qemu_guests), facts),
            *silent("hv2"),
        ]
    )
    assert text == (golden / "qemu_guests.prom").read_text(encoding="utf-8")


def test_a_machine_declared_and_defined_nowhere_is_on_the_page(page, example_inventory):
    text = page([expected_machines(example_inventory)])
    labels = 'domain="valmont-web",member="valmont",service="hebergement"'
    assert f"hypervisor_inventory_domain_info{{{labels}}} 1\n" in text
    assert 'domain="banc-essai"' not in text  # declared to stay off


def test_the_inventory_decides_who_should_run_and_autostart_only_for_the_others(rendered, identity):
    names = ("banc-essai", "mx1", "lab", "vieux", "neuf")
    facts = {name: DomainFacts(name, name, autostart=name != "vieux") for name in names[:4]}
    found = rendered(*(_guest(name, RUNNING) for name in names), facts=facts, identity=identity)
    told = {labels[0][1]: value for labels, value in found[P + "should_run"].items()}
    assert told == {"banc-essai": 0, "mx1": 1, "lab": 1, "vieux": 0}


def test_guests_that_belong_to_nobody_are_counted(rendered, identity):
    found = rendered(
        *(_guest(name, RUNNING) for name in ("mx1", "lab", "vieux")), identity=identity
    )
    assert found["hypervisor_domains_without_member"] == {(): 2}
    (lab,) = [dict(labels) for labels in found[P + "info"] if ("domain", "lab") in labels]
    assert (lab["member"], lab["service"]) == ("", "")


def test_every_state_is_counted_those_nobody_is_in_too(rendered):
    found = rendered(_guest("a", RUNNING), _guest("b", RUNNING), _guest("c", {"state.state": 42}))
    counted = {labels[0][1]: value for labels, value in found["hypervisor_domains"].items()}
    assert counted == {
        **dict.fromkeys(
            ("nostate", "blocked", "paused", "shutdown", "shutoff", "crashed", "pmsuspended"), 0
        ),
        "running": 2,
        "state_42": 1,
    }


def test_the_same_guest_on_two_hypervisors_during_a_migration_stays_two_series(page):
    text = page(
        family
        for hypervisor, state in (("hv1", (1, 1)), ("hv2", (3, 2)))
        for family in GuestMetrics(hypervisor, lambda *_: NOBODY).families(
            Reading([_guest("mx1", {"state.state": state[0], "state.reason": state[1]})]), {}
        )
    )
    states = re.findall(
        r'state\{hypervisor="(.+?)",domain="mx1",state="(.+?)",reason="(.+?)"', text
    )
    assert states == [("hv1", "running", "booted"), ("hv2", "paused", "migration")]


def _sized(name, raw, vcpus, mebibytes):
    size = {"vcpu.current": vcpus, "vcpu.maximum": vcpus, "balloon.maximum": mebibytes * 1024}
    return _guest(name, {**raw, **size})


def test_what_is_assigned_is_summed_as_it_runs_and_as_if_all_that_start_by_themselves_ran(rendered):
    guests = [_sized("a", RUNNING, 2, 100), _sized("b", OFF, 4, 200), _sized("c", OFF, 8, 400)]
    facts = {name: DomainFacts(name, name, autostart=name == "b") for name in "abc"}
    found = rendered(*guests, facts=facts)
    assert found["hypervisor_assigned_vcpus"] == {
        (("scope", "running"),): 2,
        (("scope", "autostart"),): 6,
    }
    assert found["hypervisor_assigned_memory_bytes"] == {
        (("scope", "running"),): 100 * 1024**2,
        (("scope", "autostart"),): 300 * 1024**2,
    }


def test_half_a_sum_is_no_sum(rendered):
    guests = [_sized("a", RUNNING, 2, 100), _sized("b", OFF, 4, 200)]
    found = rendered(*guests)  # nobody knows whether b starts by itself
    assert set(found["hypervisor_assigned_vcpus"]) == {(("scope", "running"),)}
    found = rendered(*guests, _guest("busy", RUNNING))  # nobody knows how large it is
    assert "hypervisor_assigned_memory_bytes" not in found
    facts = {"busy": DomainFacts("busy", "busy", vcpus=1, memory_bytes=2**20)}
    found = rendered(*guests, _guest("busy", RUNNING), facts=facts)
    assert found["hypervisor_assigned_memory_bytes"][(("scope", "running"),)] == 101 * 1024**2


def test_a_hypervisor_that_does_not_answer_says_so_and_no_old_figure(rendered):
    metrics = GuestMetrics("hv1", lambda *_: NOBODY)
    rendered(_guest("a", RUNNING), metrics=metrics)
    found = {
        family.name: family.text
        for family in metrics.families(Reading(None, vanished=3, outstanding=1), {})
    }
    assert found == {
        "hypervisor_up": 'hypervisor_up{hypervisor="hv1"} 0\n',
        "hypervisor_calls_outstanding": 'hypervisor_calls_outstanding{hypervisor="hv1"} 1\n',
        "hypervisor_domains_vanished": 'hypervisor_domains_vanished_total{hypervisor="hv1"} 3\n',
    }


def test_guests_that_are_gone_are_forgotten(rendered):
    metrics = GuestMetrics("hv1", lambda *_: NOBODY)
    rendered(_guest("a", RUNNING), _guest("b", RUNNING), metrics=metrics)
    found = rendered(_guest("b", RUNNING), metrics=metrics)
    assert {dict(labels)["domain"] for labels in found[P + "state"]} == {"b"}
    assert list(metrics._kept) == ["b"]
