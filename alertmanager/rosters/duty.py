"""What the engine answers with.

RosterError            a question the book cannot answer
└── UnknownName        no roster or no person has that id
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


class RosterError(Exception):
    """The book of rosters cannot answer. The message is French."""


class UnknownName(RosterError, LookupError):
    """No roster, or no person, has that id."""


@dataclass(frozen=True)
class Person:
    """Someone who can be on duty; `phone` is E.164 (``+33639980001``), `email` may be empty."""

    id: str
    name: str
    phone: str
    email: str = ""

    @property
    def addresses(self) -> Mapping[str, str]:
        """Where they can be reached, by kind."""
        known = {"phone": self.phone, "email": self.email}
        return {kind: address for kind, address in known.items() if address}


@dataclass(frozen=True)
class Duty:
    """Who answers for a roster at one instant, and why (a French sentence).

    `people` is empty and `layer` None when nobody does. The answer holds for
    ``starts <= instant < ends`` (aware, UTC); None is unbounded on that side. `shadow` are those
    who only watch: never paged, and nobody's replacement.
    """

    people: tuple[Person, ...]
    why: str
    layer: str | None
    starts: datetime | None
    ends: datetime | None
    shadow: tuple[Person, ...] = ()


@dataclass(frozen=True)
class Shift:
    """The same people on duty for ``start <= t < end`` (aware, UTC), cut at the span asked for.

    `why` is true of the whole shift, so it says nothing of one day's holiday.
    """

    start: datetime
    end: datetime
    people: tuple[Person, ...]
    layer: str
    why: str
    shadow: tuple[Person, ...] = ()


@dataclass(frozen=True)
class Gap:
    """Nobody on duty for ``start <= t < end`` (aware, UTC)."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Verdict:
    """What one layer, or one change, has to do with the answer at an instant. `why` is French.

    `layer_id` is ``change:ID`` for a change. At most one of a roster `answers`.
    """

    layer_id: str
    layer_name: str
    answers: bool
    why: str
