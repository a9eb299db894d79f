"""The estate's canaries: a small mail to each town every half minute, delivered to our exporter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.estate.ports import LOOPBACK, Ports
from inventory import Inventory

SENDER = "canari@deux-rives.test"
"""The account that canaries are submitted with. It is of nobody: no other mail is its own."""
PASSWORD = "canary.password"  # noqa: S105 - the name of a file
INTERVAL_SECONDS = 30
CEILING = 40_000
"""Recipients a day that are the canaries' own: eight towns, twice a minute, and some."""


def addresses(inventory: Inventory) -> Iterator[tuple[str, str]]:
    """(member, address of its canary) of every town."""
    for member in inventory.members:
        yield member.id, f"canari@{member.mail_domains[0]}"


def canary_settings(inventory: Inventory, ports: Ports) -> dict[str, Any]:
    """The block ``collectors.mailcanary``; the password's file lies beside exporter.yml."""
    return {
        "interval": f"{INTERVAL_SECONDS}s",
        "smtp": {
            "server": f"{LOOPBACK}:{ports['submission']}",
            "security": "none",
            "username": SENDER,
            "password_file": PASSWORD,
            "sender": SENDER,
        },
        "lmtp_listen": f"{LOOPBACK}:{ports['canary_lmtp']}",
        "canaries": [
            {"member": member, "address": address} for member, address in addresses(inventory)
        ],
    }
