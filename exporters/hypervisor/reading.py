"""What one scrape of one hypervisor found out. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exporters.hypervisor.model import GuestStats


@dataclass(frozen=True, slots=True)
class Reading:
    """`guests` is None when the hypervisor did not answer; no two have one name or one uuid.

    `partial`: statistics of some guest are missing although it is not named stuck.
    `vanished` counts, since the exporter started, guests that went between the listing and
    their statistics. `outstanding` is how many calls had not returned when the answer was made.
    """

    guests: Sequence[GuestStats] | None
    partial: bool = False
    vanished: int = 0
    outstanding: int = 0
