"""Guests on the page: the golden page, no duplicates, the inventory's word on who should run."""

from __future__ import annotations

import re
from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from exporters.hypervisor.metrics import declared_machines, families
from exporters.hypervisor.stats import guest_from


def test_the_page_of_four_recorded_guests_is_the_golden_one(
    golden, page, qemu_guests, example_inventory
):
    text = page(families({"hv1": qemu_guests, "hv2": None}, declared_machines(example_inventory)))
    assert text == (golden / "qemu_guests.prom").read_text(encoding="utf-8")


def test_a_machine_declared_and_defined_nowhere_is_on_the_page(page, example_inventory):
    text = page(families({"hv1": ()}, declared_machines(example_inventory)))
    labels = 'domain="valmont-web",member="valmont",service="hebergement"'
    assert f"hypervisor_inventory_domain_info{{{labels}}} 1.0" in text
    assert 'hypervisor_domain_state{domain="valmont-web"' not in text


def test_a_machine_declared_to_stay_off_is_not_expected_anywhere(page, example_inventory):
    text = page(families({"hv1": ()}, declared_machines(example_inventory)))
    assert 'hypervisor_inventory_domain_info{domain="banc-essai"' not in text


def _should_run(text):
    found = {}
    for family in text_string_to_metric_families(text):
        if family.name == "hypervisor_domain_should_run":
            found = {s.labels["domain"]: s.value for s in family.samples}
    return found


def test_the_inventory_decides_who_should_run_and_autostart_only_for_the_others(
    page, example_inventory
):
    guests = [
        guest_from(name, name, {"state.state": 1}) for name in ("banc-essai", "mx1", "lab", "vieux")
    ]
    guests = [replace(g, autostart=g.name != "vieux") for g in guests]
    text = page(families({"hv1": tuple(guests)}, declared_machines(example_inventory)))
    assert _should_run(text) == {"banc-essai": 0, "mx1": 1, "lab": 1, "vieux": 0}


def test_a_guest_nobody_declared_belongs_to_nobody_and_unknown_autostart_gives_no_sample(
    page, example_inventory
):
    text = page(
        families(
            {"hv1": (guest_from("lab", "u", {"state.state": 1}),)},
            declared_machines(example_inventory),
        )
    )
    assert (
        'hypervisor_domain_info{domain="lab",hypervisor="hv1",member="",service="",uuid="u"} 1.0'
        in text
    )
    assert _should_run(text) == {}


def test_the_same_guest_on_two_hypervisors_during_a_migration_stays_two_series(
    page, example_inventory
):
    here = guest_from("mx1", "u", {"state.state": 1, "state.reason": 1})
    there = guest_from("mx1", "u", {"state.state": 3, "state.reason": 2})
    text = page(families({"hv1": (here,), "hv2": (there,)}, declared_machines(example_inventory)))
    states = re.findall(
        r'state\{domain="mx1",hypervisor="(.+?)",reason="(.+?)",state="(.+?)"', text
    )
    assert states == [("hv1", "booted", "running"), ("hv2", "migration", "paused")]
