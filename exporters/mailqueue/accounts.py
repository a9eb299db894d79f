"""Names that are safe as labels: the account, the place a client sends from."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

INVALID = "invalid"
"""Stands for every account whose name is not address-like."""

_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._%+'=-]{0,63}(?:@[a-z0-9](?:[a-z0-9.-]{0,252}))?")


@lru_cache(maxsize=16384)
def account_label(raw: bytes) -> str:
    """A SASL user name, lower-cased, if it is an address or a login; else ``invalid``."""
    try:
        text = raw.decode("ascii").lower()
    except UnicodeDecodeError:
        return INVALID
    return text if _ACCOUNT.fullmatch(text) else INVALID


@lru_cache(maxsize=16384)
def client_place(raw: bytes) -> str:
    """A client address for counting: IPv4 as it is, IPv6 by its /64.

    One computer changes its IPv6 address daily inside its /64 (RFC 8981). Empty
    when it is no address (``unknown``).
    """
    text = raw.decode("ascii", "replace").removeprefix("IPv6:")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((address, 64), strict=False).network_address)
    return str(address)
