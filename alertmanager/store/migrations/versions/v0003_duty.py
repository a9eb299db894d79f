"""The duty: changes of the rosters, leave, swaps, personal links, what people were told of it."""

import hashlib

import sqlalchemy as sa
from alembic import op

from alertmanager.store.types import UtcDateTime

revision = "0003"
down_revision = "0002"

_LONGEST_KEY = 400  # characters; see `incidents.urgency`
_KINDS = "'override', 'swap', 'temporary'"
_STATES = "'offered', 'taken', 'approved', 'refused', 'withdrawn'"


def upgrade() -> None:
    """Add the tables; keys of incidents that are too long for an index become their digests."""
    _changes_and_leaves()
    _swaps()
    _links_and_notices()
    _long_keys()


def _long_keys() -> None:
    incidents = sa.table("incidents", sa.column("id"), sa.column("group_key"))
    connection = op.get_bind()
    long = sa.select(incidents.c.id, incidents.c.group_key).where(
        sa.func.length(incidents.c.group_key) > _LONGEST_KEY
    )
    for identifier, key in connection.execute(long).all():
        digest = f"sha256\x1e{hashlib.sha256(key.encode()).hexdigest()}"
        connection.execute(
            incidents.update().where(incidents.c.id == identifier).values(group_key=digest)
        )


def _changes_and_leaves() -> None:
    op.create_table(
        "roster_changes",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("roster", sa.String(64), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("instead_of", sa.String(64)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("cancelled_at", UtcDateTime()),
        sa.Column("cancelled_by", sa.Text()),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_roster_changes_kind")),
    )
    op.create_index(
        "ix_roster_changes_cancelled_at_ends_at", "roster_changes", ["cancelled_at", "ends_at"]
    )
    op.create_table(
        "roster_leaves",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("source", sa.String(160), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("cancelled_at", UtcDateTime()),
    )
    op.create_index("ix_roster_leaves_person", "roster_leaves", ["person"])
    op.create_index(
        "ix_roster_leaves_cancelled_at_ends_at", "roster_leaves", ["cancelled_at", "ends_at"]
    )


def _swaps() -> None:
    op.create_table(
        "roster_swaps",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("roster", sa.String(64), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("offered_by", sa.String(64), nullable=False),
        sa.Column("offered_to", sa.String(64)),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("held_seconds", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("taken_by", sa.String(64)),
        sa.Column("taken_at", UtcDateTime()),
        sa.Column("decided_by", sa.String(64)),
        sa.Column("decided_at", UtcDateTime()),
        sa.Column("cost", sa.JSON(), nullable=False),
        sa.Column("change_id", sa.String(32), sa.ForeignKey("roster_changes.id")),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_roster_swaps_state")),
    )
    op.create_index("ix_roster_swaps_state", "roster_swaps", ["state"])


def _links_and_notices() -> None:
    op.create_table(
        "personal_links",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime()),
    )
    op.create_index("ix_personal_links_person", "personal_links", ["person"])
    op.create_table(
        "duty_notices",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("roster", sa.String(64), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("message_id", sa.Integer(), sa.ForeignKey("messages.id")),
        sa.Column("answered_at", UtcDateTime()),
        sa.Column("escalated_at", UtcDateTime()),
    )
    op.create_index("ix_duty_notices_message_id", "duty_notices", ["message_id"])
    op.create_index("ix_duty_notices_person_kind", "duty_notices", ["person", "kind"])
    op.create_table(
        "duty_snapshots",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("shifts", sa.JSON(), nullable=False),
    )
