"""What departs from the file: overrides, swaps, temporary schedules, people on leave. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ChangeKind = Literal["override", "swap", "temporary"]


@dataclass(frozen=True)
class Change:
    """`people` answer for `roster` over ``start <= t < end`` (aware, UTC), whatever the file says.

    `instead_of`: only where that person is on duty. Of two changes the one created last wins.
    """

    id: str
    roster: str
    start: datetime
    end: datetime
    people: tuple[str, ...]
    kind: ChangeKind
    instead_of: str | None
    created_at: datetime
    reason: str = ""


@dataclass(frozen=True)
class Leave:
    """A person who is away for ``start <= t < end`` (aware, UTC). `source`: who or what said so."""

    id: str
    person: str
    start: datetime
    end: datetime
    source: str
    note: str = ""
