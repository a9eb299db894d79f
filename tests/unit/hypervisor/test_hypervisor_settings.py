"""The block ``collectors.hypervisor``, and what the operator reads when it is wrong."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from exporters.hypervisor.collector import PLUGIN
from exporters.hypervisor.settings import Settings


def test_without_settings_the_machines_own_libvirtd_is_read():
    assert [(h.name, h.uri) for h in Settings().hypervisors] == [("local", "qemu:///system")]
    assert PLUGIN.enabled is False


@pytest.mark.parametrize(
    "uri", ["qemu:///system", "test:///default", "qemu+tls://hv1.test/system", "xen:/"]
)
def test_what_libvirt_takes_is_taken(uri):
    assert (
        Settings.model_validate({"hypervisors": [{"name": "a", "uri": uri}]}).hypervisors[0].uri
        == uri
    )


@pytest.mark.parametrize("uri", ["", "hv1", "://", "/var/run/libvirt"])
def test_what_is_no_uri_is_refused_in_french(uri):
    with pytest.raises(ValidationError, match="n'est pas une URI libvirt ; attendu"):
        Settings.model_validate({"hypervisors": [{"name": "a", "uri": uri}]})


@pytest.mark.parametrize(
    "entries",
    [
        [{"name": "a", "uri": "test:///1"}, {"name": "a", "uri": "test:///2"}],
        [{"name": "a", "uri": "test:///1"}, {"name": "b", "uri": "test:///1"}],
    ],
)
def test_two_hypervisors_never_share_a_name_or_a_uri(entries):
    with pytest.raises(ValidationError, match="déclaré deux fois ; attendu"):
        Settings.model_validate({"hypervisors": entries})


def test_an_empty_list_is_refused():
    with pytest.raises(ValidationError):
        Settings.model_validate({"hypervisors": []})
