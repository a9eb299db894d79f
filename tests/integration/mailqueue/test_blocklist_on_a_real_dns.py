"""Our addresses on the lists of a real rbldnsd: listed, not listed, refused, silent, dead."""

from __future__ import annotations

import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.estate.block_list import BlockListServer
from deploy.estate.child import wait_until
from deploy.estate.ports import LOOPBACK
from exporters.mailqueue.blocklist.asking import Asking
from exporters.mailqueue.blocklist.metrics import families
from exporters.mailqueue.blocklist.rounds import Rounds
from exporters.mailqueue.blocklist.settings import BlocklistSettings
from exporters.mailqueue.blocklist_collector import PLUGIN
from exporters.toolkit.collector import Context, Deadline
from inventory.process import system_clock

OURS, OTHER, OURS_V6, OTHER_V6 = "192.0.2.25", "192.0.2.26", "2001:db8::25", "2001:db8::26"
GOOD = ":127.0.0.2:Listed, see https://list.test/$\n127.0.0.2\n192.0.2.25\n"
GOOD_V6 = ":127.0.0.3:Listed\n::ffff:7f00:2\n2001:db8::25\n"
EVERYBODY = "127.0.0.0/8"
ZONES = {
    "good.test": [("ip4trie", GOOD), ("ip6trie", GOOD_V6)],
    "limit.test": [("ip4trie", GOOD), ("acl", f"{EVERYBODY} :127.255.255.254:Open resolver\n")],
    "own-error.test": [("ip4trie", GOOD), ("acl", f"{EVERYBODY} :127.0.1.255:Over limit\n")],
    "hijacked.test": [("ip4trie", GOOD), ("acl", f"{EVERYBODY} :10.9.8.7:Search here\n")],
    "everything.test": [("ip4trie", GOOD), ("acl", f"{EVERYBODY} :127.0.0.2:Closed down\n")],
    "nothing.test": [("ip4trie", GOOD), ("acl", f"{EVERYBODY} :empty\n")],
    "refused.test": [("ip4trie", GOOD), ("acl", f"{EVERYBODY} :refuse\n")],
    "silent.test": [("ip4trie", GOOD), ("acl", f"{EVERYBODY} :ignore\n")],
    "secretkey.keyed.test": [("ip4trie", GOOD)],
}


@pytest.fixture(scope="module")
def dns(tmp_path_factory):
    folder = Path(tmp_path_factory.mktemp("lists"))
    for parent in (folder, folder.parent):
        parent.chmod(0o755)
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    server = BlockListServer(folder / "zones", port, ZONES)
    server.start()
    yield server
    server.stop()


def readings(port, *lists, addresses=(OURS, OTHER), rounds=1):
    """What is shown after a round over these lists."""
    settings = BlocklistSettings.model_validate(
        {
            "addresses": addresses,
            "lists": [{"name": one["zone"], **one} for one in lists],
            "resolvers": [f"{LOOPBACK}:{port}"],
            "timeout": "1s",
        }
    )
    asked = Rounds(settings, system_clock, lambda: 0.0)
    for _ in range(rounds):
        asked.once()
    return {
        (sample.name.removeprefix("mailqueue_blocklist_"), *sample.labels.values()): sample.value
        for family in families(*asked.state())
        for sample in family.samples
    }


def test_a_listed_address_is_told_from_one_that_is_not(dns, caplog):
    both = {"zone": "good.test", "ipv6": True}
    found = readings(dns.port, both, addresses=(OURS, OTHER, OURS_V6, OTHER_V6))
    assert found["listed", OURS, "good.test"] == 1
    assert found["listed", OTHER, "good.test"] == 0
    assert found["listed", OURS_V6, "good.test"] == 1
    assert found["listed", OTHER_V6, "good.test"] == 0
    assert all(found["check_success", address, "good.test"] for address in (OURS, OTHER_V6))
    assert found["self_test_success", "good.test"] == 1
    assert time.time() - found["last_check_timestamp_seconds",] < 60
    told = [r.vigie_fields for r in caplog.records if r.message == "adresse sur une liste noire"]
    assert {fields["address"] for fields in told} == {OURS, OURS_V6}
    assert "https://list.test/192.0.2.25" in told[0]["reason"]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"zone": "limit.test"}, "refuse de répondre (127.255.255.254)"),
        ({"zone": "own-error.test", "error_answers": ["127.0.1.255"]}, "127.0.1.255"),
        ({"zone": "hijacked.test"}, "résolveur détourné"),
        ({"zone": "everything.test"}, "127.0.0.1 y est, elle répond oui à tout"),
        ({"zone": "nothing.test"}, "127.0.0.2 n'y est pas"),
        ({"zone": "refused.test"}, "REFUSED"),
        ({"zone": "silent.test"}, "pas de réponse en 1 s"),
        ({"zone": "nobody.test"}, "REFUSED"),
    ],
    ids=lambda value: value.get("zone") if isinstance(value, dict) else "",
)
def test_what_is_no_answer_is_never_a_listing(dns, caplog, entry, why):
    found = readings(dns.port, entry)
    assert found["self_test_success", entry["zone"]] == 0
    for address in (OURS, OTHER):
        assert found["check_success", address, entry["zone"]] == 0
        assert ("listed", address, entry["zone"]) not in found
    told = {r.vigie_fields["error"] for r in caplog.records if r.levelname == "WARNING"}
    assert len(told) == 1
    assert why in told.pop()


def test_without_its_self_test_an_error_answer_is_no_listing_either(dns):
    found = readings(dns.port, {"zone": "limit.test", "self_test": False})
    assert ("listed", OURS, "limit.test") not in found
    assert found["check_success", OURS, "limit.test"] == 0


def test_one_dead_list_hides_no_other(dns):
    found = readings(dns.port, {"zone": "silent.test"}, {"zone": "good.test"})
    assert found["listed", OURS, "good.test"] == 1
    assert found["check_success", OURS, "silent.test"] == 0


def test_a_key_is_asked_with_and_never_shown(dns, tmp_path, caplog):
    caplog.set_level("DEBUG")
    key = tmp_path / "list.key"
    key.touch(mode=0o600)
    key.write_text("secretkey\n")
    listed = readings(dns.port, {"zone": "keyed.test", "key_file": key})
    assert listed["listed", OURS, "keyed.test"] == 1
    key.write_text("anotherkey\n")
    refused = readings(dns.port, {"zone": "keyed.test", "key_file": key})
    assert refused["check_success", OURS, "keyed.test"] == 0
    shown = f"{listed} {refused} " + " ".join(
        f"{r.getMessage()} {r.vigie_fields}" for r in caplog.records
    )
    assert "secretkey" not in shown
    assert "anotherkey" not in shown


def test_a_listing_is_remembered_while_the_resolver_is_away_and_said_to_be_old(tmp_path, dns):
    settings = BlocklistSettings.model_validate(
        {
            "addresses": [OURS],
            "lists": [{"name": "good", "zone": "good.test"}],
            "resolvers": [f"{LOOPBACK}:{dns.port}"],
            "timeout": "1s",
        }
    )
    asked = Rounds(settings, system_clock, lambda: 0.0)
    asked.once()
    dns.stop()
    try:
        asked.once()
        values = {s.name: s.value for f in families(*asked.state()) for s in f.samples}
        assert values["mailqueue_blocklist_listed"] == 1
        assert values["mailqueue_blocklist_check_success"] == 0
    finally:
        dns.start()
    asked.once()
    values = {s.name: s.value for f in families(*asked.state()) for s in f.samples}
    assert values["mailqueue_blocklist_check_success"] == 1


def test_a_delisting_is_told(dns, tmp_path, caplog):
    caplog.set_level("INFO")
    settings = BlocklistSettings.model_validate(
        {
            "addresses": [OURS],
            "lists": [{"name": "good", "zone": "good.test"}],
            "resolvers": [f"{LOOPBACK}:{dns.port}"],
        }
    )
    asked = Rounds(settings, system_clock, lambda: 0.0)
    asked.once()
    dns.stop()
    without = {**ZONES, "good.test": [("ip4trie", GOOD.replace(f"{OURS}\n", ""))]}
    later = BlockListServer(dns.folder, dns.port, without)
    later.start()
    try:
        asked.once()
    finally:
        later.stop()
        dns.start()
    values = {s.name: s.value for f in families(*asked.state()) for s in f.samples}
    assert values["mailqueue_blocklist_listed"] == 0
    assert caplog.messages == ["adresse sur une liste noire", "adresse retirée de la liste noire"]


@pytest.mark.parametrize(
    ("text", "why"),
    [("k" * 70, "question DNS impossible"), (None, "secret illisible")],
    ids=["no-dns-label", "gone"],
)
def test_a_key_that_cannot_be_used_is_an_error(dns, tmp_path, caplog, text, why):
    key = tmp_path / "list.key"
    key.touch(mode=0o600)
    key.write_text("secretkey\n")
    settings = BlocklistSettings.model_validate(
        {
            "addresses": [OURS],
            "lists": [{"name": "keyed", "zone": "keyed.test", "key_file": key}],
            "resolvers": [f"{LOOPBACK}:{dns.port}"],
        }
    )
    if text is None:
        key.unlink()
    else:
        key.write_text(text)
    asked = Rounds(settings, system_clock, lambda: 0.0)
    asked.once()
    (record,) = caplog.records
    assert why in record.vigie_fields["error"]
    assert "kkkk" not in record.vigie_fields["error"]


def test_the_collector_asks_by_itself_and_a_scrape_waits_for_nothing(
    dns, example_inventory, monkeypatch
):
    monkeypatch.setattr("exporters.mailqueue.blocklist_collector.random.random", lambda: 0.01)
    settings = BlocklistSettings.model_validate(
        {
            "addresses": [OURS],
            "lists": [{"name": "good", "zone": "good.test"}],
            "resolvers": [f"{LOOPBACK}:{dns.port}"],
        }
    )
    collector = PLUGIN.build(settings, Context(example_inventory, system_clock))

    def samples():
        families = collector.collect(Deadline.after(1))
        return {s.name: s.value for family in families for s in family.samples}

    try:
        assert samples() == {}, "nothing is known yet, and nothing is said"
        wait_until(lambda: "mailqueue_blocklist_last_check_timestamp_seconds" in samples(), "round")
        assert samples()["mailqueue_blocklist_listed"] == 1
    finally:
        collector.close()


def test_rounds_follow_each_other_and_outlive_what_nobody_foresaw(dns, caplog, monkeypatch):
    settings = BlocklistSettings.model_validate(
        {
            "addresses": [OURS],
            "lists": [{"name": "good", "zone": "good.test"}],
            "resolvers": [f"{LOOPBACK}:{dns.port}"],
        }
    ).model_copy(update={"interval": timedelta(seconds=0.1)})
    real, calls = Asking.about, []

    def about(self, *what):
        calls.append(what)
        if len(calls) == 1:
            raise RuntimeError("unforeseen")
        return real(self, *what)

    monkeypatch.setattr(Asking, "about", about)
    asked = Rounds(settings, system_clock, lambda: 0.0)
    asked.start()
    try:
        wait_until(lambda: len(calls) >= 7, "three rounds", every=0.02)
    finally:
        asked.stop()
    assert asked.state()[1] == {"good": True}
    assert "tour des listes noires interrompu" in caplog.messages
