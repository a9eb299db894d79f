"""What the API of Proxmox VE says, in the words of the model."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.hypervisor.proxmox.client import answer_of
from exporters.hypervisor.proxmox.configuration import configuration_of, written
from exporters.hypervisor.proxmox.errors import BadAnswer
from exporters.hypervisor.proxmox.guests import listed, statistics
from exporters.hypervisor.proxmox.holdings import capacity, pool, snapshots
from exporters.hypervisor.proxmox.states import state_of
from exporters.hypervisor.proxmox.values import properties, size, whole
from exporters.hypervisor.states import reason_word, state_word

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
# fmt: off
KEYS = st.sampled_from([
    "vmid", "name", "node", "type", "status", "template", "cpu", "maxcpu", "cpus", "mem",
    "maxmem", "memhost", "balloon", "lock", "qmpstatus", "pid", "uptime", "tags", "blockstat",
    "nics", "ballooninfo", "scsi0", "ide2", "net0", "rootfs", "memory", "cores", "sockets",
    "smbios1", "onboot", "machine", "arch",
])
# fmt: on


@pytest.mark.parametrize(
    ("status", "qemu", "lock", "words"),
    [
        ("running", "running", "", ("running", "unknown")),
        ("running", "running", "backup", ("running", "unknown")),
        ("running", "paused", "", ("paused", "user")),
        ("running", "paused", "migrate", ("paused", "migration")),
        ("running", "paused", "suspending", ("paused", "save")),
        ("running", "prelaunch", "backup", ("paused", "starting_up")),
        ("running", "io-error", "", ("paused", "ioerror")),
        ("running", "guest-panicked", "", ("crashed", "panicked")),
        ("running", "suspended", "", ("pmsuspended", "unknown")),
        ("running", "a-word-of-tomorrow", "", ("running", "unknown")),
        ("stopped", "", "", ("shutoff", "unknown")),
        ("stopped", "", "suspended", ("shutoff", "saved")),
        ("unknown", "", "", ("nostate", "unknown")),
        ("", "", "", ("nostate", "unknown")),
    ],
)
def test_states_are_those_libvirt_makes_of_the_same_words(
    status: str, qemu: str, lock: str, words: tuple[str, str]
) -> None:
    state, reason = state_of(status, qemu, lock)
    assert (state_word(state), reason_word(state, reason)) == words


def test_sizes_and_property_strings_are_read_as_proxmox_writes_them() -> None:
    assert [size(text) for text in ("32G", "528K", "51404M", "1.5T", "4096", "", "big")] == [
        32 * 1024**3,
        528 * 1024,
        51404 * 1024**2,
        int(1.5 * 1024**4),
        4096,
        None,
        None,
    ]
    assert properties("local:vm-1-disk-0,size=3G,ssd=1") == (
        "local:vm-1-disk-0",
        {"size": "3G", "ssd": "1"},
    )
    assert [whole({"n": n}, "n") for n in ("12", 12.9, True, -1, "x", None, "1e400", [])] == [
        12, 12, 1, None, None, None, None, None,
    ]  # fmt: skip


def test_our_tags_are_read_and_one_written_twice_counts_for_none() -> None:
    assert written("prod;vigie-member-la-roche;vigie-service-web") == {
        "member": "la-roche",
        "service": "web",
    }
    assert written("vigie-member-a vigie-member-b") == {"member+": "b"}
    assert written("vigie-member-a;vigie-member-b;vigie-member-a") == {"member+": "a"}
    assert written("vigie-colour-red") == {"colour": "red"}
    assert written("") == {}


def test_a_detail_from_before_the_guest_was_stopped_is_not_used() -> None:
    (guest,) = listed([{"type": "qemu", "node": "n", "vmid": 1, "status": "stopped"}], "n")
    detail = {"vmid": 1, "status": "running", "balloon": 1024, "uptime": 50}
    stats = statistics(guest, detail, None)
    assert (stats.run, stats.responsive) == (-1, None)
    assert "balloon.current" not in stats.raw


def test_a_guest_just_started_is_not_called_stuck() -> None:
    (guest,) = listed([{"type": "qemu", "node": "n", "vmid": 1, "status": "running"}], "n")
    young = {"vmid": 1, "status": "running", "qmpstatus": "running", "uptime": 3}
    assert statistics(guest, young, None).responsive is None
    assert statistics(guest, {**young, "uptime": 60}, None).responsive is False
    assert statistics(guest, {**young, "running-qemu": "9.2.0"}, None).responsive is True


def test_no_two_guests_of_a_node_share_a_name_whatever_they_are_called() -> None:
    named = [("qemu", 1, "a"), ("qemu", 2, "a"), ("qemu", 3, "a (1)"), ("lxc", 1, "a")]
    told = [{"type": k, "vmid": vmid, "name": name, "node": "n"} for k, vmid, name in named]
    names = [one.name for one in listed(told, "n")]
    assert len(set(names)) == len(names)
    assert names[2] == "a (1)"  # who has a name of its own keeps it


@pytest.mark.parametrize("written_size", ["9" * 400 + "G", "\u0663G", "9" * 300])
def test_a_size_no_disk_can_have_is_none(written_size: str) -> None:
    assert size(written_size) is None


def test_half_a_surrogate_pair_in_an_answer_can_still_be_sent_as_a_page() -> None:
    told = answer_of(b'{"data": [{"name": "caf\\u00e9 \\ud83d\\ude00 \\uD800"}]}', "/x")
    assert told == [{"name": "caf\u00e9 \U0001f600 ?"}]
    with pytest.raises(BadAnswer):
        answer_of(b"[" * 200_000, "/x")


def test_a_pool_whose_volumes_were_not_all_seen_has_no_sum_of_them() -> None:
    storage = {"storage": "s", "type": "dir", "active": 1, "content": "images"}
    content = [{"content": "images", "size": 5}, {"content": "images", "size": 6}]
    whole_pool, cut = pool(storage, content, 2), pool(storage, content, 1)
    assert whole_pool is not None
    assert cut is not None
    assert (whole_pool.provisioned, whole_pool.skipped) == (11, 0)
    assert (cut.provisioned, cut.skipped) == (None, 1)


@given(row=st.dictionaries(KEYS, ANYTHING), config=st.dictionaries(KEYS, ANYTHING))
def test_no_answer_whatever_it_holds_makes_the_reader_fail(
    row: dict[str, Any], config: dict[str, Any]
) -> None:
    for kind in ("qemu", "lxc"):
        base = {"type": kind, "node": "n", "vmid": 7}
        for guest in listed([row | base, base | row], "n"):
            known = configuration_of(kind, guest.vmid, guest.name, config, row)
            stats = statistics(guest, row, known)
            assert all(isinstance(v, (int, str)) for v in stats.raw.values())
    pool(row, [config], 5)
    snapshots("d", [row, config])
    capacity(config)


def test_a_process_without_proxmox_does_not_pay_for_its_client() -> None:
    words = "import sys, exporters.hypervisor.collector; print('requests' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
