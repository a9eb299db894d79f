"""One round over one list: first whether it works at all, then what it says of our addresses.

A list that has died answers nothing, or everything; either would be taken for news of us.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from exporters.mailqueue.blocklist.names import TEST_LISTED, TEST_NOT_LISTED, Address
from exporters.mailqueue.blocklist.settings import ListEntry
from exporters.mailqueue.blocklist.verdict import Verdict


class Questions(Protocol):
    """What is asked of a list: see `asking.Asking`."""

    def about(self, address: Address, block_list: ListEntry) -> Verdict:
        """What the list says of the address."""
        ...


@dataclass(frozen=True)
class Findings:
    """What one round over one list found. `broken`: why it is no good (French), or empty."""

    broken: str = ""
    verdicts: dict[Address, Verdict] = field(default_factory=dict)


def check(
    ask: Questions, block_list: ListEntry, addresses: Iterable[Address], seconds: float
) -> Findings:
    """Ask the list about those addresses it takes; after `seconds` the rest are errors."""
    ours = [address for address in addresses if block_list.takes(address)]
    end = monotonic() + seconds
    broken = ""
    if block_list.self_test:
        versions = sorted({address.version for address in ours})
        broken = next(filter(None, (_defect(ask, block_list, each) for each in versions)), "")
    verdicts = {}
    for address in ours:
        if broken:
            verdicts[address] = Verdict("error", broken)
        elif monotonic() > end:
            verdicts[address] = Verdict("error", "liste trop lente, adresse non demandée")
        else:
            verdicts[address] = ask.about(address, block_list)
    return Findings(broken, verdicts)


def _defect(ask: Questions, block_list: ListEntry, version: int) -> str:
    listed, other = TEST_LISTED[version], TEST_NOT_LISTED[version]
    found = ask.about(listed, block_list)
    if found.state == "error":
        return found.why
    if found.state == "clean":
        return f"liste hors service : {listed} n'y est pas, or toute liste en marche l'a"
    found = ask.about(other, block_list)
    if found.state == "error":
        return found.why
    if found.state == "listed":
        return f"liste hors service : {other} y est, elle répond oui à tout"
    return ""
