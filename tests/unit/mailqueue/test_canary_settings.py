"""The block ``collectors.mailcanary`` as an operator writes it, right and wrong."""

from __future__ import annotations

import shutil
from importlib.resources import files

import pytest

from exporters.mailqueue.canary.settings import CanarySettings, faults
from exporters.toolkit.config import load_exporter_config
from inventory.config import ConfigurationError

GOOD = """\
inventory: inventory.yml
collectors:
  mailcanary:
    smtp:
      server: mx1.deux-rives.test:587
      username: canari@deux-rives.test
      password_file: smtp.password
      sender: canari@deux-rives.test
    lmtp_listen: 127.0.0.1:17424
    canaries:
      - member: valmont
        address: canari@ville-valmont.test
        imap: {server: "imap.deux-rives.test:993", username: canari, password_file: imap.password}
      - {member: brecourt, address: canari@brecourt.test}
"""
BAD = """\
inventory: inventory.yml
collectors:
  mailcanary:
    interval: 5s
    lost_after: bientôt
    smtp:
      server: mx1.deux-rives.test
      security: none
      username: canari@deux-rives.test
      password_file: absent.password
      sender: canari
    lmtp_listen: 0.0.0.0:17424
    canaries:
      - member: valmont
        address: canari@ville-valmont.test
        imap: {server: "imap:993", security: ssl, username: canari, password_file: open.password,
               ca_file: imap.password, folder: "IN\\r\\nBOX", password: hidden-in-yaml}
"""
SENSELESS = """\
inventory: inventory.yml
collectors:
  mailcanary:
    smtp: {server: "mx1.deux-rives.test:25", security: none, sender: canari@deux-rives.test}
    canaries:
      - {member: atlantis, address: canari@atlantis.test}
      - {member: valmont, address: canari@brecourt.test}
      - member: brecourt
        address: Canari@brecourt.test
        imap: {server: "imap:993", username: canari, password_file: imap.password}
"""


@pytest.fixture
def folder(tmp_path):
    shutil.copy(str(files("inventory") / "example.yml"), tmp_path / "inventory.yml")
    for name, mode in (("smtp", 0o600), ("imap", 0o600), ("open", 0o644)):
        path = tmp_path / f"{name}.password"
        path.touch()
        path.chmod(mode)
        path.write_text("s3cret-word\n")
    return tmp_path


@pytest.fixture
def load(folder):
    def read(text):
        path = folder / "exporter.yml"
        path.write_text(text, encoding="utf-8")
        return load_exporter_config(path)

    return read


@pytest.fixture
def told(load):
    def read(text):
        with pytest.raises(ConfigurationError) as refused:
            load(text)
        return "\n".join(str(fault) for fault in refused.value.faults)

    return read


def test_a_good_block_is_taken_with_its_defaults(load):
    (enabled,) = (one for one in load(GOOD).collectors if one.plugin.name == "mailcanary")
    settings = enabled.settings
    assert settings.interval == settings.lost_after
    assert settings.interval.total_seconds() == 300
    assert settings.smtp.security == "starttls"
    assert settings.smtp.null_sender
    assert settings.canaries[0].imap.security == "tls"
    assert settings.canaries[1].imap is None


def test_every_fault_is_told_at_once_with_what_would_be_right(told):
    everything = told(BAD)
    for words in (
        "5 s, hors limites ; attendu : de 30s à 1h",
        "« bientôt » n'est pas une durée",
        "attendu : hôte:port, par exemple mx1.ville-exemple.test:587",
        "secret illisible dans",
        "« canari » n'est pas une adresse de messagerie",
        "« 0.0.0.0:17424 » serait ouvert à d'autres machines",
        "secret lisible par tous",
        "attendu : un fichier PEM d'autorités",
        "n'est pas un nom de dossier IMAP",
        "collectors.mailcanary.canaries[0].imap.security",
        "collectors.mailcanary.canaries[0].imap.password",
    ):
        assert words in everything, (words, everything)
    assert "s3cret-word" not in everything
    assert "hidden-in-yaml" not in everything


def test_what_does_not_fit_the_inventory_is_told(told):
    everything = told(SENSELESS)
    for words in (
        "« atlantis » n'est pas dans l'inventaire",
        "canari@brecourt.test n'est pas une adresse de valmont",
        "un de ses domaines (ville-valmont.test, ccas-valmont.test)",
        "Canari@brecourt.test a déjà un canari",
        "le canari canari@atlantis.test n'a pas où arriver",
    ):
        assert words in everything, (words, everything)


def test_a_listener_nobody_uses_is_told(told):
    lonely = GOOD.replace("      - {member: brecourt, address: canari@brecourt.test}\n", "")
    assert "sans canari qui arrive par là" in told(lonely)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"security": "none"}, "le mot de passe irait en clair à mx1.deux-rives.test:587"),
        ({"username": ""}, "password_file sans username ; attendu : les deux, ou aucun"),
        ({"password_file": None}, "username sans password_file ; attendu : les deux, ou aucun"),
    ],
)
def test_a_password_goes_with_a_name_and_never_in_clear(folder, change, words):
    smtp = {
        "server": "mx1.deux-rives.test:587",
        "username": "canari@deux-rives.test",
        "password_file": folder / "smtp.password",
        "sender": "canari@deux-rives.test",
        **change,
    }
    canaries = [{"member": "brecourt", "address": "canari@brecourt.test"}]
    with pytest.raises(ValueError, match=words):
        CanarySettings.model_validate({"smtp": smtp, "canaries": canaries})


def test_every_member_may_have_several_canaries(example_inventory, folder):
    imap = {"server": "imap:993", "username": "c", "password_file": folder / "imap.password"}
    addresses = ("canari@ville-valmont.test", "canari@ccas-valmont.test")
    settings = CanarySettings.model_validate(
        {
            "smtp": {"server": "mx:25", "sender": "canari@deux-rives.test"},
            "canaries": [
                {"member": "valmont", "address": address, "imap": imap} for address in addresses
            ],
        }
    )
    assert list(faults(settings, example_inventory)) == []
