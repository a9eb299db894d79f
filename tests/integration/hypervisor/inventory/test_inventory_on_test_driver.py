"""The inventory lane on libvirt's test driver: states, many domains, one that cannot be read."""

from __future__ import annotations

import time

import libvirt
import pytest

from exporters.hypervisor.libvirtd import domain_reader

P = "hypervisor_domain_"


def test_events_metadata_and_states_over_a_real_daemon(estate, follow):
    told = follow(estate.uri)
    assert told.value("hypervisor_events_connected") == 1
    estate.shut_off("mx1")
    told.until_counted("mx1", "stopped")
    estate.boot("mx1")
    told.until_counted("mx1", "started")
    estate.pause("mx1")
    told.until_counted("mx1", "suspended")
    estate.remove("mx1")
    told.until_counted("mx1", "undefined")
    told.until(lambda: told.value(f"{P}persistent", "mx1") is None, "disparue", 5)
    assert told.value(f"{P}start_time_seconds", "mx1") is None
    assert told.value(f"{P}persistent", "imap1") == 1


def test_the_start_on_another_machine_is_that_of_its_event(estate, follow):
    told = follow(estate.uri)
    assert told.value(f"{P}start_time_seconds", "mx1") is None  # it ran before we came
    before = time.time()
    estate.shut_off("mx1")
    estate.boot("mx1")
    told.until(lambda: told.value(f"{P}start_time_seconds", "mx1") is not None, "le départ", 5)
    assert before <= told.value(f"{P}start_time_seconds", "mx1") <= time.time()
    assert told.value(f"{P}qemu_outdated", "mx1") is None


def test_a_domain_that_cannot_be_read_costs_only_itself(estate, follow, monkeypatch):
    real = domain_reader.read_domain

    def broken(xml):
        return real("<!DOCTYPE d>" + xml if "<name>mx1</name>" in xml else xml)

    monkeypatch.setattr(domain_reader, "read_domain", broken)
    told = follow(estate.uri)
    assert told.value(f"{P}persistent", "mx1") == 1  # libvirt's flags are not in the XML
    devices = {key for key in told.series(f"{P}block_info") if "vda" in key}
    assert not any("mx1" in key for key in devices)
    assert any("imap1" in key for key in devices)


def test_domains_that_come_and_go_meanwhile_spoil_nothing(estate, follow):
    told = follow(estate.uri, tick=0.01, resync=0.0)
    others = {key for key in told.series(f"{P}persistent") if key != ("mx1",)}
    connection = libvirt.open(estate.uri)
    inside = "<name>passant</name><memory>1</memory><os><type>hvm</type></os>"
    xml = f"<domain type='test'>{inside}</domain>"
    end = time.monotonic() + 4
    while time.monotonic() < end:
        domain = connection.defineXML(xml)
        domain.create()
        domain.destroy()
        domain.undefine()
        found = told.series(f"{P}persistent")  # asserts that no two are the same
        assert others <= found.keys()
    connection.close()
    status = told.lane.status()
    assert (status.up, status.failures) == (True, 0)
    told.until(lambda: not told.lane._events, "les derniers événements", 5)
    assert told.value("hypervisor_event_gaps_total") == 0


@pytest.fixture
def many(tmp_path):
    """A test driver's file of a thousand domains, some running."""
    states = (1, 3, 5, 6, 7)
    domains = "".join(
        f"<domain type='test'><name>d{n}</name><memory>1024</memory><os><type>hvm</type></os>"
        f"<devices><disk type='file'><source file='/i/{n}'/><target dev='vda'/></disk></devices>"
        f"<test:runstate>{states[n % 5]}</test:runstate></domain>"
        for n in range(1000)
    )
    file = tmp_path / "node.xml"
    file.write_text(
        "<node xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>" + domains + "</node>"
    )
    return f"test://{file}"


def test_a_thousand_domains_are_read_in_a_moment_and_none_twice(many, follow):
    told = follow(many)
    assert len(told.series(f"{P}persistent")) == 1000
    assert len(told.series(f"{P}block_info")) == 1000
    assert told.lane.status().duration < 5
