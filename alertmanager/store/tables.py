"""The rows of the pager. What a state may become is in `incidents.machine`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from alertmanager.store.types import UtcDateTime

INCIDENT_STATES = (
    "open",
    "paging",
    "acknowledged",
    "snoozed",
    "suppressed",
    "resolved",
    "closed",
)
MESSAGE_STATES = (
    "pending",
    "leased",
    "accepted",
    "delivered",
    "failed",
    "unconfirmed",
    "cancelled",
)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can change it on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy reads it once, on the class)
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        dict[str, str]: JSON,
    }


class Receipt(Base):
    """One body posted to us, as it came."""

    __tablename__ = "receipts"

    id: Mapped[int] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    integration: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    outcome: Mapped[str] = mapped_column(String(16))


class Incident(Base):
    """Alerts that people treat as one thing. `generation` outdates older timers."""

    __tablename__ = "incidents"
    __table_args__ = (
        CheckConstraint(_one_of("state", INCIDENT_STATES), name="state"),
        Index("ix_incidents_group_key_opened_at", "group_key", "opened_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(4), index=True)
    group_key: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(Text)
    member: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(String(16))
    impact: Mapped[str] = mapped_column(String(16))
    severity: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), index=True)
    generation: Mapped[int] = mapped_column(default=0)
    step: Mapped[int] = mapped_column(default=0)
    reopened: Mapped[int] = mapped_column(default=0)
    policy: Mapped[dict[str, Any]]
    started_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(Text)
    acknowledged_until: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    snoozed_by: Mapped[str | None] = mapped_column(Text)
    maintenance_id: Mapped[int | None] = mapped_column(ForeignKey("maintenances.id"))
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    alerts: Mapped[list[Alert]] = relationship(back_populates="incident", order_by="Alert.id")
    pages: Mapped[list[Page]] = relationship(back_populates="incident", order_by="Page.id")
    messages: Mapped[list[Message]] = relationship(back_populates="incident", order_by="Message.id")
    journal: Mapped[list[JournalLine]] = relationship(order_by="JournalLine.id")


class LateAlert(Base):
    """A firing that came just after its own "resolved": Alertmanager is asked which is true."""

    __tablename__ = "late_alerts"
    __table_args__ = (Index("ix_late_alerts_settled_at", "settled_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    integration: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]
    alert: Mapped[dict[str, Any]]
    settled_at: Mapped[datetime | None]


class Alert(Base):
    """One episode of an alert: from the first firing to its resolution."""

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("integration", "fingerprint", "episode"),
        CheckConstraint(_one_of("status", ("firing", "resolved")), name="status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    integration: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64))
    episode: Mapped[int]
    status: Mapped[str] = mapped_column(String(16))
    labels: Mapped[dict[str, str]]
    annotations: Mapped[dict[str, str]]
    generator_url: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.id"), index=True)

    incident: Mapped[Incident] = relationship(back_populates="alerts")


class Page(Base):
    """One attempt to reach one person for an incident at one escalation step.

    `target` is whom the step named: ``roster:astreinte``, ``person:claire.fontaine``,
    ``team:reseau``, ``duty_phone:astreinte`` or ``last_resort``. `addresses` are theirs at that
    moment, by kind (``phone``, ``email``, ``url``). `note` says in a word why they are
    paged again.
    """

    __tablename__ = "pages"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.id"), index=True)
    generation: Mapped[int]
    step: Mapped[int]
    roster: Mapped[str | None] = mapped_column(String(64))
    person: Mapped[str] = mapped_column(String(64))
    person_name: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(String(80), default="")
    addresses: Mapped[dict[str, str]]
    why: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]

    incident: Mapped[Incident] = relationship(back_populates="pages")
    messages: Mapped[list[Message]] = relationship(back_populates="page", order_by="Message.id")


class MessagePage(Base):
    """A page that a message carries: one for a page's own message, many for a digest."""

    __tablename__ = "message_pages"

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"), primary_key=True, index=True)


class Message(Base):
    """The outbox: one text to one address by one channel. `key` makes it unique, `token` public.

    `channel` is a channel of the configuration, `provider` the notifier of it that took
    the message, or will be tried next. `page_id` and `incident_id` are null for a digest, whose
    pages are in `message_pages`; `code` is what to answer to a digest.
    """

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint(_one_of("state", MESSAGE_STATES), name="state"),
        Index("ix_messages_state_next_attempt_at", "state", "next_attempt_at"),
        Index("ix_messages_address_created_at", "address", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    incident_id: Mapped[str | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    page_id: Mapped[int | None] = mapped_column(ForeignKey("pages.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(64))
    provider: Mapped[str | None] = mapped_column(String(64))
    recipient: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(255))
    code: Mapped[str | None] = mapped_column(String(4), index=True)
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(default=0)
    maybe_sent: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    provider_id: Mapped[str | None] = mapped_column(Text)
    accepted_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)

    incident: Mapped[Incident | None] = relationship(back_populates="messages")
    page: Mapped[Page | None] = relationship(back_populates="messages")


class Timer(Base):
    """Something to do for an incident at an instant, unless its generation has passed."""

    __tablename__ = "timers"
    __table_args__ = (Index("ix_timers_done_at_due_at", "done_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    generation: Mapped[int]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Inbound(Base):
    """One message that somebody sent us, as it came, and what became of it."""

    __tablename__ = "inbound"

    id: Mapped[int] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]
    channel: Mapped[str] = mapped_column(String(64))
    provider_key: Mapped[str | None] = mapped_column(String(160), unique=True)
    sender: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    raw: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    outcome: Mapped[str] = mapped_column(String(32))
    incident_id: Mapped[str | None] = mapped_column(ForeignKey("incidents.id"), index=True)


class Link(Base):
    """A link that answers one message: shown by GET, used once by POST. Only its digest is kept."""

    __tablename__ = "links"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Maintenance(Base):
    """Announced work: incidents whose labels equal every one of `labels` page nobody meanwhile."""

    __tablename__ = "maintenances"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    labels: Mapped[dict[str, str]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(Text)
    cancelled_at: Mapped[datetime | None]


class KeptAnswer(Base):
    """The answer to a request of an operator that bore an Idempotency-Key, for its repeats."""

    __tablename__ = "kept_answers"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    request: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(index=True)
    answer: Mapped[dict[str, Any]]


class Heartbeat(Base):
    """The last beat of a heartbeat integration."""

    __tablename__ = "heartbeats"

    integration: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_at: Mapped[datetime]


class JournalLine(Base):
    """What happened, in order; never changed. Without incident when it concerns none.

    `hash` chains it to the line before it: see `store.journal`.
    """

    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    incident_id: Mapped[str | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    event: Mapped[str] = mapped_column(String(32))
    detail: Mapped[dict[str, Any]]
    hash: Mapped[str] = mapped_column(String(64))
