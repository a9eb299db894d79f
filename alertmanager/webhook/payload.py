"""Alertmanager's webhook payload, version 4. Keys we do not know are ignored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic_core import from_json

from alertmanager.incidents.received import ReceivedAlert


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
    # What follows only helps to find what is missing: whatever its type, the alerts are taken.
    receiver: Any = ""
    group_key: Any = Field("", alias="groupKey")
    group_labels: Any = Field({}, alias="groupLabels")


def read_payload(body: bytes) -> tuple[Payload | None, str]:
    """(what can be read of the body, what is wrong with it in French, or nothing).

    One alert that cannot be read does not hide the others: they are taken without it.
    """
    try:
        return Payload.model_validate_json(body), ""
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
    first = faults[0]
    if first["type"] == "json_invalid":
        return None, "ce n'est pas du JSON"
    place = ".".join(str(step) for step in first["loc"]) or "corps"
    problem = f"ce n'est pas un envoi d'Alertmanager version 4, voir « {place} »"
    unreadable = {fault["loc"][1] for fault in faults if len(fault["loc"]) > 1}
    if any(fault["loc"][:1] != ("alerts",) or len(fault["loc"]) < 2 for fault in faults):
        return None, problem
    data = from_json(body)
    kept = [alert for at, alert in enumerate(data["alerts"]) if at not in unreadable]
    if not kept:
        return None, problem
    count = len(unreadable)
    problem = f"{count} alerte{'s' if count > 1 else ''} sur {count + len(kept)}, voir « {place} »"
    return Payload.model_validate(data | {"alerts": kept}), problem
