"""The duty as JSON: turns, changes, leave and swaps. No telephone number is in any of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alertmanager.webhook.orders import Line, PersonId
from alertmanager.webhook.views import PersonView, View

RosterId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", examples=["astreinte"])]
Note = Annotated[str, Field(max_length=300)] | Line


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChangeOrder(_Order):
    """`people` answer for `roster` over ``starts_at <= t < ends_at``; `person` decides so.

    `instead_of`: only where that person is on duty.
    """

    person: PersonId
    roster: RosterId
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    people: Annotated[list[PersonId], Field(min_length=1, max_length=20)]
    kind: Literal["override", "temporary"] = "override"
    instead_of: PersonId | None = None
    reason: Line | None = None


class LeaveOrder(_Order):
    """`away` is on leave over ``starts_at <= t < ends_at``; `person` says so."""

    person: PersonId
    away: PersonId
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    note: Line | None = None


class OfferOrder(_Order):
    """`person` offers their turn over the span, `to` somebody or to all."""

    person: PersonId
    roster: RosterId
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    to: PersonId | None = None
    note: Line | None = None


class ByOrder(_Order):
    """`person` does so."""

    person: PersonId


class ShiftView(View):
    """The same people on duty over ``start <= t < end``; `layer` is ``change:ID`` of a change."""

    start: datetime
    end: datetime
    people: list[PersonView]
    layer: str
    why: str


class ShiftList(View):
    """The turns of a roster over a span, in order, cut at both ends; where nobody is, none is."""

    roster: str
    starts_at: datetime
    ends_at: datetime
    shifts: list[ShiftView]


class HoleView(View):
    """Something wrong with a roster over ``start <= t < end``, and why (French)."""

    kind: str
    roster: str
    start: datetime
    end: datetime
    person: str | None
    why: str


class HoleList(View):
    """The holes of the coming 400 days, the first one first. `looked_at`: None before a look."""

    generated_at: datetime
    looked_at: datetime | None
    holes: list[HoleView]


class ChangeView(View):
    """One change of the rosters."""

    id: str
    roster: str
    starts_at: datetime
    ends_at: datetime
    people: list[str]
    kind: str
    instead_of: str | None
    reason: str
    created_at: datetime
    created_by: str
    cancelled_at: datetime | None
    cancelled_by: str | None


class ChangeList(View):
    """Changes, the latest first."""

    generated_at: datetime
    changes: list[ChangeView]


class LeaveView(View):
    """One leave."""

    id: str
    person: str
    starts_at: datetime
    ends_at: datetime
    source: str
    note: str
    created_at: datetime
    created_by: str
    cancelled_at: datetime | None


class LeaveList(View):
    """Leave, the latest first."""

    generated_at: datetime
    leaves: list[LeaveView]


class SwapView(View):
    """One swap; `cost` is what whoever took it was shown."""

    id: str
    roster: str
    starts_at: datetime
    ends_at: datetime
    offered_by: str
    offered_to: str | None
    note: str
    state: str
    created_at: datetime
    taken_by: str | None
    taken_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    cost: dict[str, Any]
    change_id: str | None


class SwapList(View):
    """Swaps, the latest first."""

    generated_at: datetime
    swaps: list[SwapView]
