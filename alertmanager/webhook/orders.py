"""What an operator may ask for, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from alertmanager.webhook.views import View

# Nothing invisible: it is shown on pages, in SMS and in the journal.
_VISIBLE = r"^[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+$"
Line = Annotated[str, Field(min_length=1, max_length=500, pattern=_VISIBLE)]
PersonId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", examples=["nadia.benali"])]
_A_WEEK = 7 * 24 * 60


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AcknowledgeOrder(_Order):
    """`person` of the rosters takes the incident."""

    person: PersonId


class SnoozeOrder(_Order):
    """`person` puts the incident off, `until` an instant or for some `minutes`: one of the two."""

    person: PersonId
    until: AwareDatetime | None = None
    minutes: Annotated[int, Field(ge=1, le=_A_WEEK)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.until is None) == (self.minutes is None):
            raise ValueError("until or minutes, one of them")
        return self


class ResolveOrder(_Order):
    """`person` says that it is over. What still fires then pages again when it is repeated."""

    person: PersonId
    reason: Line


class EscalateOrder(_Order):
    """`person` asks for the next step of the escalation at once."""

    person: PersonId
    reason: Line


class NoteOrder(_Order):
    """A line for the journal of the incident."""

    person: PersonId
    text: Line


class MaintenanceOrder(_Order):
    """Work over ``starts_at <= t < ends_at`` on all that has these labels."""

    person: PersonId
    title: Line
    labels: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]{0,99}$")], Line],
        Field(min_length=1, max_length=20),
    ]
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class CancelOrder(_Order):
    """`person` calls the work off."""

    person: PersonId


class Outcome(View):
    """The incident after what was asked."""

    id: str
    code: str
    state: str
    acknowledged_by: str | None
    acknowledged_until: datetime | None
    snoozed_by: str | None
    snoozed_until: datetime | None
    resolved_at: datetime | None


class MaintenanceView(View):
    """Announced work."""

    id: int
    title: str
    labels: dict[str, str]
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    created_by: str
    cancelled_at: datetime | None


class MaintenanceList(View):
    """Announced work, the latest start first."""

    generated_at: datetime
    maintenances: list[MaintenanceView]
