"""One hypervisor in the settings: each fault in French, no secret in any of them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from exporters.hypervisor.settings import DEFAULT_GROUPS, Settings


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text("tres-secret\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def _one(**entry):
    return Settings.model_validate({"hypervisors": [{"name": "hv1", **entry}]}).hypervisors[0]


def test_sizes_are_bytes_or_with_a_unit():
    for written, expected in ((0, 0), ("2GiB", 2 * 1024**3), ("512 MiB", 2**29), ("7", 7)):
        assert _one(uri="test:///1", memory_reserved=written).memory_reserved == expected


@pytest.mark.parametrize("written", ["2GB", "beaucoup", -1, True, "1.5GiB"])
def test_what_is_no_size_is_refused(written):
    with pytest.raises(ValidationError, match="n'est pas une taille ; attendu"):
        _one(uri="test:///1", memory_reserved=written)


def test_a_password_goes_with_a_name_and_stays_out_of_sight(secret):
    entry = _one(uri="qemu+tcp://h/system", username="vigie", password_file=str(secret))
    assert "tres-secret" not in repr(entry)
    for half in ({"username": "vigie"}, {"password_file": str(secret)}):
        with pytest.raises(ValidationError, match=r"sans .* ; attendu : les deux, ou aucun"):
            _one(uri="qemu+tcp://h/system", **half)


def test_a_secret_that_everyone_may_read_is_refused(secret):
    secret.chmod(0o644)
    with pytest.raises(ValidationError, match="lisible par tous") as caught:
        _one(uri="qemu+tcp://h/system", username="vigie", password_file=str(secret))
    assert "tres-secret" not in str(caught.value)


def test_a_hypervisor_is_reached_in_one_way(secret):
    proxmox = {
        "url": "https://pve1.exemple.test:8006",
        "node": "pve1",
        "token_id": "supervision@pve!vigie",
        "token_file": str(secret),
    }
    assert _one(proxmox=proxmox).place == "https://pve1.exemple.test:8006 pve1"
    with pytest.raises(ValidationError, match="ni uri ni proxmox ; attendu"):
        _one()
    with pytest.raises(ValidationError, match="uri et proxmox à la fois ; attendu"):
        _one(uri="test:///1", proxmox=proxmox)
    with pytest.raises(ValidationError, match="agent n'a de sens qu'avec uri ; attendu"):
        _one(proxmox=proxmox, agent=True)


def test_groups_are_libvirt_s_and_each_is_named_once():
    assert Settings().groups == DEFAULT_GROUPS
    with pytest.raises(ValidationError, match="« cpu » écrit 2 fois ; attendu"):
        Settings.model_validate({"groups": ["cpu", "cpu"]})
    with pytest.raises(ValidationError):
        Settings.model_validate({"groups": ["vm"]})


@pytest.mark.parametrize("written", ["0s", "2m"])
def test_the_patience_has_limits(written):
    with pytest.raises(ValidationError, match="stuck_after hors limites ; attendu : de 1s à 1m"):
        Settings.model_validate({"stuck_after": written})


def test_every_hypervisor_may_be_probed_and_nothing_else():
    settings = Settings.model_validate(
        {"hypervisors": [{"name": "a", "uri": "test:///1"}, {"name": "b", "uri": "test:///2"}]}
    )
    assert list(settings.targets()) == ["a", "b"]
