"""The block ``collectors.mailblocklist`` as an operator writes it, and the page it gives."""

from __future__ import annotations

import ipaddress
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from exporters.mailqueue.blocklist.board import Known
from exporters.mailqueue.blocklist.metrics import families
from exporters.mailqueue.blocklist.settings import BlocklistSettings, ListEntry
from exporters.toolkit.config import load_exporter_config
from inventory.config import ConfigurationError

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "collectors" / "mailblocklist.md"
GOOD = """\
    addresses: [192.0.2.25, "2001:db8::25"]
    lists:
      - {name: both, zone: bl.test, ipv6: true}
      - {name: keyed, zone: dq.test, key_file: list.key, error_answers: [127.0.1.0/24]}
    resolvers: ["127.0.0.1:53", "[::1]:5353"]
"""
BAD = """\
    addresses: [192.168.1.2, mx1, "fe80::1"]
    interval: 1m
    timeout: 1h
    lists:
      - {name: Zen, zone: "http://bl", key_file: absent.key, error_answers: [10.0.0.1, x]}
    resolvers: [dns.test, "127.0.0.1:0"]
"""
SENSELESS = """\
    addresses: [192.0.2.25, "2001:db8::25", 192.0.2.25]
    lists:
      - {name: one, zone: bl.test}
      - {name: one, zone: other.test, ipv4: false}
"""


@pytest.fixture
def load(tmp_path):
    shutil.copy(str(files("inventory") / "example.yml"), tmp_path / "inventory.yml")
    key = tmp_path / "list.key"
    key.touch(mode=0o600)
    key.write_text("key\n")

    def read(block):
        path = tmp_path / "exporter.yml"
        path.write_text(
            f"inventory: inventory.yml\ncollectors:\n  mailblocklist:\n{block}", encoding="utf-8"
        )
        return load_exporter_config(path)

    return read


@pytest.fixture
def told(load):
    def read(block):
        with pytest.raises(ConfigurationError) as refused:
            load(block)
        return "\n".join(str(fault) for fault in refused.value.faults)

    return read


def test_a_good_block_is_taken_with_its_defaults(load):
    (enabled,) = (one for one in load(GOOD).collectors if one.plugin.name == "mailblocklist")
    settings = enabled.settings
    assert settings.interval.total_seconds() == 3600
    assert settings.lists[0].error_answers == (ipaddress.ip_network("127.0.0.1/32"),)
    assert settings.lists[0].self_test
    assert not settings.lists[1].ipv6
    assert settings.resolvers[1].port == 5353


def test_no_list_is_asked_unless_it_is_written(told):
    assert "lists" in told("    addresses: [192.0.2.25]\n")


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            BAD,
            [
                "192.168.1.2 n'est pas une adresse publique",
                "« mx1 » n'est pas une adresse IP",
                "fe80::1 n'est pas une adresse publique",
                "60 s, hors limites ; attendu : de 10m à 24h",
                "3600 s, hors limites ; attendu : de 1s à 20s",
                "« Zen » n'est pas un identifiant",
                "« http://bl » n'est pas un nom de domaine",
                "secret illisible",
                "« 10.0.0.1 » n'est pas une réponse de liste",
                "« x » n'est pas une réponse de liste",
                "« dns.test » n'est pas un résolveur ; attendu : adresse:port",
                "« 127.0.0.1:0 » n'est pas un résolveur",
            ],
        ),
        (
            SENSELESS,
            [
                "adresse 192.0.2.25 déjà citée",
                "nom « one » déjà pris",
                "la liste one ne concerne aucune des adresses",
                "aucune liste n'est interrogée sur 2001:db8::25",
            ],
        ),
    ],
    ids=["bad", "senseless"],
)
def test_every_fault_is_told_at_once_with_what_would_be_right(told, block, expected):
    found = told(block)
    for words in expected:
        assert words in found, (words, found)


def test_the_series_are_bounded(told):
    addresses = ", ".join(f"192.0.2.{n}" for n in range(1, 21))
    lists = "".join(f"      - {{name: l{n}, zone: l{n}.test}}\n" for n in range(11))
    found = told(f"    addresses: [{addresses}]\n    lists:\n{lists}")
    assert "220 couples adresse-liste ; attendu : 200 au plus" in found


@pytest.fixture
def text(page):
    """Two addresses: one listed, one unknown since the second list is broken."""
    mx, mx6 = ipaddress.ip_address("192.0.2.25"), ipaddress.ip_address("2001:db8::25")
    known = {
        (mx, "zen"): Known(True, 1_795_528_000.0),
        (mx6, "zen"): Known(False, 1_795_528_000.0),
        (mx, "gone"): Known(None, 0.0, "liste hors service"),
    }
    return page(families(known, {"zen": True, "gone": False}, 1_795_528_010.0))


def test_the_page_is_the_golden_one(golden, text):
    assert text == (golden / "mailblocklist" / "two_lists.prom").read_text(encoding="utf-8")


def test_promtool_has_nothing_to_say(text):
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    command = ["promtool", "check", "metrics"]
    checked = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_before_the_first_round_there_is_no_series(page):
    lines = page(families({}, {}, None)).splitlines()
    assert all(line.startswith("#") for line in lines)


def test_the_reference_names_every_metric_and_every_setting(text):
    written = REFERENCE.read_text(encoding="utf-8")
    exported = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert set(re.findall(r"^\| `(mailqueue_\w+)`", written, re.MULTILINE)) == exported
    for model in (BlocklistSettings, ListEntry):
        for key in model.model_fields:
            assert re.search(rf"\b{key}:", written), key
