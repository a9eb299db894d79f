"""Whose a domain is: the inventory first, checked metadata else, and nothing from elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.hypervisor.identity import Register
from exporters.hypervisor.model import Identity


@pytest.fixture(scope="session")
def register(example_inventory):
    return Register(example_inventory)


def test_metadata_names_the_owner_of_a_machine_the_inventory_does_not_declare(register):
    judged = register.judge("libre", {"member": "valmont", "service": "messagerie"}, True)
    assert judged.identity == Identity("valmont", "messagerie", True)
    assert judged.rejected == ()


def test_the_inventory_wins_for_a_machine_it_declares(register):
    declared = register.machines["valmont-web"]
    judged = register.judge("valmont-web", {"member": "syndicat"}, False)
    assert judged.identity is declared
    assert judged.rejected == ("conflict",)
    assert register.judge("valmont-web", {"member": declared.member}, None).rejected == ()


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ({"member": "atlantide"}, "unknown_member"),
        ({"service": "atlantide"}, "unknown_service"),
        ({"member": "x" * 65}, "too_long"),
        ({"member": 'val"mont'}, "characters"),
        ({"member": "Valmont"}, "characters"),
        ({"member": "valmont\n"}, "characters"),
        ({"member": "νalmont"}, "characters"),
        ({"member": ""}, "malformed"),
        ({"member": "<>"}, "malformed"),
        ({"membre": "valmont"}, "malformed"),
        ({"member+": "valmont"}, "malformed"),
    ],
)
def test_what_is_not_used_has_its_reason(register, written, reason):
    judged = register.judge("libre", written, None)
    assert judged.identity == Identity()
    assert judged.rejected == (reason,)


def test_one_bad_key_does_not_spoil_the_other(register):
    judged = register.judge("libre", {"member": "valmont", "service": "?"}, None)
    assert judged.identity == Identity("valmont")
    assert judged.rejected == ("characters",)


_KEYS = st.sampled_from(["member", "service", "member+", "x"]) | st.text(max_size=10)
_VALUES = st.sampled_from(["valmont", "messagerie", "syndicat"]) | st.text(max_size=80)


@given(written=st.dictionaries(_KEYS, _VALUES, max_size=8))
def test_no_label_value_comes_from_metadata(register, written):
    judged = register.judge("libre", written, None)
    identity = judged.identity
    # The very objects of the inventory, not strings that look like them.
    assert identity.member == "" or identity.member is register.members[identity.member]
    assert identity.service == "" or identity.service is register.services[identity.service]
    assert len(set(judged.rejected)) == len(judged.rejected) <= 6
