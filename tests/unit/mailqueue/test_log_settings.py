from __future__ import annotations

from importlib.resources import files

import pytest
from pydantic import ValidationError

from exporters.mailqueue.log.settings import LogSettings
from exporters.toolkit.bootstrap import main

INVENTORY = files("inventory") / "example.yml"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"windows": ["soon"]}, "n'est pas une durée"),
        ({"windows": ["10s"]}, "de 1m à 24h"),
        ({"timezone": "Europe/Lys"}, "n'est pas un fuseau horaire"),
        ({"chemin": "/x"}, "Extra inputs"),
        ({"account_labels": "keyed"}, "sans label_key_file ; attendu : une clé à soi : "),
        ({"source": "journal", "also": ["/var/log/dovecot.log"]}, "also avec source: journal"),
        ({"also": ["/var/log/../log/mail.log"]}, "also nomme deux fois le même journal ; attendu"),
        ({"also": ["/var/log/a.log", "/var/log/a.log"]}, "deux fois le même journal"),
        ({"country_database": "/nowhere.mmdb"}, r"base de pays /nowhere\.mmdb illisible"),
        ({"label_key_file": "/nowhere.key"}, r"openssl rand -base64 32 > /nowhere\.key"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_would_be_right(settings, says):
    with pytest.raises(ValidationError, match=says):
        LogSettings.model_validate(settings)


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        ("", 0o600, "secret vide.*openssl rand"),
        ("short", 0o600, "clé trop courte.*5 caractères.*16 au moins"),
        ("0123456789abcdef", 0o604, "lisible par tous.*chmod 0600"),
    ],
)
def test_a_key_that_protects_nothing_is_refused_and_not_shown(tmp_path, content, mode, says):
    key = tmp_path / "labels.key"
    key.write_text(content)
    key.chmod(mode)
    with pytest.raises(ValidationError, match=says) as refused:
        LogSettings(account_labels="keyed", label_key_file=key)
    assert not content or content not in str(refused.value.errors(include_input=False))


@pytest.fixture
def configuration(tmp_path):
    """An exporter.yml whose maillog has these lines of settings; and what its check says."""

    def check(capsys, *settings):
        lines = "".join(f"    {line}\n" for line in settings)
        path = tmp_path / "exporter.yml"
        path.write_text(f"inventory: {INVENTORY}\ncollectors:\n  maillog:\n{lines}")
        try:
            status = main(["--config", str(path), "--config.check", "--collector.disable-defaults"])
        except SystemExit as stopped:
            status = stopped.code
        return status, capsys.readouterr().err

    return check


def test_faults_of_the_allow_list_are_told_with_their_lines(tmp_path, configuration, capsys):
    (tmp_path / "bulk.yml").write_text(
        "bulk_senders:\n"
        "  - account: lettre@ville-valmont.test\n"
        "    ceiling: 0\n"
        "    expires: 2027-01-01\n"
        "    reason: lettre\n"
        "  - account: pas un compte\n"
        "    ceiling: 10\n"
        "    expires: bientôt\n"
        "    reason: lettre\n"
    )
    status, said = configuration(capsys, "bulk_senders_file: bulk.yml")
    assert status == 2
    for place in ("bulk.yml:3: bulk_senders[0].ceiling", "bulk.yml:6:", "bulk.yml:8:"):
        assert place in said


def test_a_valid_allow_list_passes_the_check(tmp_path, configuration, capsys):
    (tmp_path / "bulk.yml").write_text("bulk_senders: []\n")
    assert configuration(capsys, "bulk_senders_file: bulk.yml") == (0, "")


def test_an_absent_allow_list_is_a_fault(configuration, capsys):
    status, said = configuration(capsys, "bulk_senders_file: absent.yml")
    assert status == 2
    assert "absent.yml" in said
