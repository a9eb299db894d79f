"""Alertmanager's webhook payload, version 4. Keys we do not know are ignored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from alertmanager.incidents.intake import ReceivedAlert


def _storable(value: str) -> str:
    # PostgreSQL refuses it, and no label has a use for it.
    return value.replace("\x00", "")


Text = Annotated[str, AfterValidator(_storable)]


class PayloadAlert(BaseModel):
    """One alert."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    status: Literal["firing", "resolved"]
    labels: dict[Text, Text] = {}
    annotations: dict[Text, Text] = {}
    starts_at: AwareDatetime = Field(alias="startsAt")
    generator_url: Text = Field("", alias="generatorURL")
    fingerprint: Text = Field(min_length=1, max_length=64)

    def received(self, now: datetime) -> ReceivedAlert:
        """As the incidents take it."""
        return ReceivedAlert(
            fingerprint=self.fingerprint,
            firing=self.status == "firing",
            labels=self.labels,
            annotations=self.annotations,
            starts_at=_sane(self.starts_at, now),
            generator_url=self.generator_url,
        )


def _sane(instant: datetime, now: datetime) -> datetime:
    """In UTC; an instant at the edge of what datetimes can hold is no start of anything."""
    if not 1970 < instant.year < 9000:
        return now
    return instant.astimezone(UTC)


class Payload(BaseModel):
    """The body of one POST."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    version: Literal["4"] = "4"
    alerts: list[PayloadAlert]
    truncated_alerts: int = Field(0, alias="truncatedAlerts", ge=0)
