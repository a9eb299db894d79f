"""The DNS name under which a block list tells of an address (RFC 5782). Pure."""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

TEST_LISTED = {
    4: ipaddress.ip_address("127.0.0.2"),
    6: ipaddress.ip_address("::ffff:7f00:2"),
}
"""By IP version, the address every working list has (RFC 5782, section 5)."""

TEST_NOT_LISTED = {
    4: ipaddress.ip_address("127.0.0.1"),
    6: ipaddress.ip_address("::ffff:7f00:1"),
}
"""The address no working list has."""


def query_name(address: Address, zone: str) -> str:
    """``25.2.0.192.zone.`` for 192.0.2.25; the 32 nibbles in reverse for an IPv6 address."""
    if address.version == 4:
        parts = str(address).split(".")
    else:
        parts = list(address.exploded.replace(":", ""))
    return f"{'.'.join(reversed(parts))}.{zone}."
