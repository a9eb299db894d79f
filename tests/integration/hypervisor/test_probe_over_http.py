"""Several hypervisors from one process: ``/probe`` reads one and waits for no other."""

from __future__ import annotations

import os
import signal
import time

import pytest
import requests

from deploy.estate.exporters import start_vigie_exporter
from deploy.estate.hypervisor import TestHypervisor


@pytest.fixture
def estates(tmp_path, example_inventory):
    made = [TestHypervisor(tmp_path / name, example_inventory) for name in ("hv1", "hv2")]
    for estate in made:
        estate.start()
    yield made
    for estate in made:
        os.kill(estate.libvirtd.child.pid, signal.SIGCONT)
        estate.stop()


@pytest.fixture
def exporter(tmp_path, estates):
    uris = {f"hv{number}": estate.uri for number, estate in enumerate(estates, 1)}
    exporter = start_vigie_exporter(tmp_path / "exporter", uris)
    yield exporter
    exporter.stop()


def _probe(exporter, query):
    return requests.get(f"{exporter.url}/probe?{query}", timeout=10)


def test_a_target_is_read_alone_and_one_that_is_frozen_delays_no_other(exporter, estates):
    exporter.scrape()
    page = _probe(exporter, "target=hv2").text
    assert 'hypervisor_up{hypervisor="hv2"} 1' in page
    assert 'hypervisor="hv1"' not in page
    os.kill(estates[0].libvirtd.child.pid, signal.SIGSTOP)
    start = time.monotonic()
    assert (
        'hypervisor_up{hypervisor="hv2"} 1' in _probe(exporter, "target=hv2&module=hypervisor").text
    )
    assert time.monotonic() - start < 2
    assert 'hypervisor_up{hypervisor="hv1"} 0' in _probe(exporter, "target=hv1").text


def test_a_target_the_configuration_does_not_name_is_refused(exporter):
    for query in ("target=qemu:///system", "target=hv3", "", "target=hv1&module=host"):
        answer = _probe(exporter, query)
        assert answer.status_code == 400, query
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert "hv1, hv2" in _probe(exporter, "target=hv3").json()["detail"]
