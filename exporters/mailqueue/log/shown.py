"""Which accounts have series of their own: a bounded number, whatever a log says. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from exporters.mailqueue.log.windows import Totals

if TYPE_CHECKING:
    from exporters.mailqueue.detector import Standing

COMPROMISED_LIMIT = 100
"""Compromised accounts named at most; with an attack on more the list is no use to anybody."""

Recent = Mapping[str, Mapping[str, Totals]]
"""The accounts of each window, by the window's label."""


class Floor(NamedTuple):
    """An account is shown from so many recipients or addresses in a window, or such a score, on;
    with all its series at most `top` accounts.
    """

    recipients: int
    addresses: int
    score: float
    top: int


@dataclass(frozen=True)
class Shown:
    """`full`: with all their series; `bare`: only that they are compromised; `hidden`: above a
    floor, but not shown.
    """

    full: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)


def choose(recent: Recent, standing: Iterable[Standing], floor: Floor) -> Shown:
    """Compromised accounts first, then the highest score, then the most mail."""
    heights: dict[str, float] = {}
    for totals in recent.values():
        for account, total in totals.items():
            # A message has a recipient at least, even while a jam hides how many.
            sent = max(total.messages, total.recipients)
            height = max(sent / floor.recipients, len(total.places) / floor.addresses)
            if height >= 1:
                heights[account] = max(height, heights.get(account, 0))
    scores = {one.account: one.score for one in standing if one.score >= floor.score}
    compromised = {one.account for one in standing if one.compromised_since is not None}
    order = sorted(
        {*heights, *scores, *compromised},
        key=lambda account: (
            account not in compromised,
            -scores.get(account, 0),
            -heights.get(account, 0),
            account,
        ),
    )
    rest = order[floor.top :]
    bare = [account for account in rest if account in compromised]
    bare = bare[: max(0, COMPROMISED_LIMIT - floor.top)]
    return Shown(order[: floor.top], bare, rest[len(bare) :])
