"""Where each honest account sends from: a loopback address of its own, in the house's network."""

from __future__ import annotations

from collections.abc import Iterable


def homes(accounts: Iterable[str]) -> dict[str, str]:
    """Account to address."""
    return {
        account: f"127.0.{10 + number // 200}.{1 + number % 200}"
        for number, account in enumerate(accounts)
    }
