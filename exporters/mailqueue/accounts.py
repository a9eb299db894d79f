"""Names that are safe as labels: the account, the place a client sends from."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache

INVALID = "invalid"
"""Stands for every account whose name is not address-like."""
OTHER = "other"
"""Stands in the label `account` for all accounts that are not shown one by one."""

_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._%+'=-]{0,63}(?:@[a-z0-9](?:[a-z0-9.-]{0,252}))?")


@lru_cache(maxsize=8192)
def account_label(raw: bytes) -> str:
    """A SASL user name, lower-cased, if it is an address or a login; else ``invalid``."""
    try:
        text = raw.decode("ascii").lower()
    except UnicodeDecodeError:
        return INVALID
    return text if _ACCOUNT.fullmatch(text) else INVALID


def clear_label(account: str) -> str:
    """The account itself; one that is called ``other`` with the ``@`` of a name without domain."""
    return f"{account}@" if account == OTHER else account


def keyed_label(key: bytes) -> Callable[[str], str]:
    """What turns an account into ``a:`` and 12 hexadecimal digits that only the key's owner can
    compute (HMAC-SHA256). ``invalid`` is nobody's name and stays.
    """

    @lru_cache(maxsize=1024)
    def label(account: str) -> str:
        if account == INVALID:
            return account
        return f"a:{hmac.new(key, account.encode(), hashlib.sha256).hexdigest()[:12]}"

    return label


def client_address(raw: bytes) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in a log or queue file, an IPv4 mapped into IPv6 as IPv4; None if it is none."""
    try:
        address = ipaddress.ip_address(raw.decode("ascii", "replace").removeprefix("IPv6:"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=4096)
def client_place(raw: bytes) -> str:
    """A client address for counting: IPv4 as it is, IPv6 by its /64.

    One computer changes its IPv6 address daily inside its /64 (RFC 8981). Empty
    when it is no address (``unknown``).
    """
    address = client_address(raw)
    if address is None:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((address, 64), strict=False).network_address)
    return str(address)
