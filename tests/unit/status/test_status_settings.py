"""status.yml: what is accepted, and every fault with its line."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from dashboards.status.settings import load_status_config
from inventory.config import ConfigurationError

GOOD = """\
inventory: inventory.yml
webhook:
  url: http://127.0.0.1:17430/
  token_file: token
prometheus:
  url: http://127.0.0.1:17490
member_link_key_file: key
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    example = files("inventory").joinpath("example.yml").read_text("utf-8")
    (tmp_path / "inventory.yml").write_text(example, "utf-8")
    for name, secret in (("token", "lecteur"), ("key", "k" * 44)):
        (tmp_path / name).write_text(secret + "\n")
        (tmp_path / name).chmod(0o600)
    return tmp_path


def load(folder: Path, text: str):
    path = folder / "status.yml"
    path.write_text(text, "utf-8")
    return load_status_config(path)


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        load(folder, text)
    return [str(f).replace(f"{folder}/", "") for f in refused.value.faults]


def test_a_short_file_is_enough_and_the_rest_has_defaults(folder):
    config = load(folder, GOOD)
    assert str(config.web.listen_address) == "127.0.0.1:17431"
    assert config.refresh_interval.total_seconds() == 5
    assert config.unknown_after.total_seconds() == 60
    assert config.webhook.url == "http://127.0.0.1:17430"
    assert config.base_url() == "http://127.0.0.1:17431/"
    assert config.link_key() == b"k" * 44


def test_every_fault_is_told_at_once_with_its_line(folder):
    text = (
        GOOD.replace("http://127.0.0.1:17430/", "http://lecteur:secret@127.0.0.1:17430")
        + "web: {listen_address: 127.0.0.1}\ncontact: {email: accueil, phone: appelez-nous}\n"
        + "refresh: 5s\n"
    )
    found = faults(folder, text)
    assert [f.split(": ")[0] + ": " + f.split(": ")[1] for f in found] == [
        "status.yml:3: webhook.url",
        "status.yml:8: web.listen_address",
        "status.yml:9: contact.email",
        "status.yml:9: contact.phone",
        "status.yml:10: refresh",
    ]
    assert "secret@" not in "".join(found)
    assert all("attendu : " in fault for fault in found)


def test_a_service_or_a_member_that_the_inventory_does_not_have_is_a_fault(folder):
    text = GOOD + "member_link_versions: {atlantis: 2}\n"
    text = text.replace("17490\n", "17490\n  services: {telephonie: up}\n")
    found = faults(folder, text)
    assert found[0].startswith("status.yml:7: prometheus.services.telephonie: ")
    assert "service « telephonie » inconnu" in found[0]
    assert found[1].startswith("status.yml:9: member_link_versions.atlantis: ")


def test_a_faulty_inventory_is_told_with_its_own_lines(folder):
    (folder / "inventory.yml").write_text("syndicate: {id: s, name: S}\n")
    assert any(f.startswith("inventory.yml:1: services: ") for f in faults(folder, GOOD))


def test_a_short_key_or_a_secret_that_all_can_read_is_refused(folder):
    (folder / "key").write_text("courte\n")
    (folder / "token").chmod(0o644)
    text = " ".join(faults(folder, GOOD))
    assert "clé trop courte" in text
    assert "secret lisible par tous" in text
    assert "courte\n" not in text


def test_a_page_that_would_be_unknown_between_two_readings_is_refused(folder):
    found = faults(folder, GOOD + "refresh_interval: 60s\nunknown_after: 60s\n")
    assert [f.split(":")[2].strip() for f in found] == ["unknown_after"]
