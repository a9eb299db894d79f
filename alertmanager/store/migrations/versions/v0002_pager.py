"""Snoozing, maintenance, digests, links, late alerts; the journal chained and closed to changes."""

from datetime import UTC

import sqlalchemy as sa
from alembic import op

from alertmanager.store.journal import line_hash
from alertmanager.store.types import UtcDateTime

revision = "0002"
down_revision = "0001"

_STATES = "'open', 'paging', 'acknowledged', 'snoozed', 'suppressed', 'resolved', 'closed'"


def upgrade() -> None:
    """Change the tables, then chain what the journal already has."""
    _new_tables()
    _incidents()
    _pages_and_messages()
    _journal()


def _new_tables() -> None:
    op.create_table(
        "maintenances",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("cancelled_at", UtcDateTime()),
    )
    op.create_table(
        "late_alerts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("integration", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("alert", sa.JSON(), nullable=False),
        sa.Column("settled_at", UtcDateTime()),
    )
    op.create_index("ix_late_alerts_settled_at", "late_alerts", ["settled_at"])
    op.create_table(
        "kept_answers",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
    )
    op.create_index("ix_kept_answers_created_at", "kept_answers", ["created_at"])
    op.create_table(
        "links",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("message_id", sa.Integer(), sa.ForeignKey("messages.id"), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime()),
    )
    op.create_index("ix_links_message_id", "links", ["message_id"])
    op.create_table(
        "message_pages",
        sa.Column("message_id", sa.Integer(), sa.ForeignKey("messages.id"), primary_key=True),
        sa.Column("page_id", sa.Integer(), sa.ForeignKey("pages.id"), primary_key=True),
    )
    op.create_index("ix_message_pages_page_id", "message_pages", ["page_id"])


def _incidents() -> None:
    with op.batch_alter_table("incidents") as table:
        table.drop_constraint(op.f("ck_incidents_state"), type_="check")
        table.create_check_constraint("state", f"state IN ({_STATES})")
        for name in ("acknowledged_until", "snoozed_until", "closed_at"):
            table.add_column(sa.Column(name, UtcDateTime()))
        table.add_column(sa.Column("snoozed_by", sa.Text()))
        table.add_column(sa.Column("maintenance_id", sa.Integer()))
        table.create_foreign_key(
            op.f("fk_incidents_maintenance_id"), "maintenances", ["maintenance_id"], ["id"]
        )


def _pages_and_messages() -> None:
    with op.batch_alter_table("messages") as table:
        table.add_column(sa.Column("provider", sa.String(64)))
        table.add_column(sa.Column("code", sa.String(4)))
        table.alter_column("address", type_=sa.String(255), existing_nullable=False)
        table.drop_index(op.f("ix_messages_address"))
        table.create_index(op.f("ix_messages_code"), ["code"])
        table.create_index("ix_messages_address_created_at", ["address", "created_at"])
    op.execute("UPDATE messages SET provider = channel")
    op.execute(
        "INSERT INTO message_pages (message_id, page_id)"
        " SELECT id, page_id FROM messages WHERE page_id IS NOT NULL"
    )
    with op.batch_alter_table("pages") as table:
        table.add_column(sa.Column("target", sa.String(80), nullable=False, server_default=""))
        table.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("addresses", sa.JSON(), nullable=False, server_default="{}"))
    pages = sa.table(
        "pages", sa.column("id"), sa.column("address"), sa.column("addresses", sa.JSON)
    )
    connection = op.get_bind()
    for identifier, address in connection.execute(sa.select(pages.c.id, pages.c.address)).all():
        connection.execute(
            sa.update(pages).where(pages.c.id == identifier).values(addresses={"phone": address})
        )
    with op.batch_alter_table("pages") as table:
        table.drop_column("address")
    with op.batch_alter_table("inbound") as table:
        table.add_column(
            sa.Column("raw", sa.LargeBinary(), nullable=False, server_default=sa.text("''"))
        )


def _journal() -> None:
    op.add_column("journal", sa.Column("hash", sa.String(64)))
    connection = op.get_bind()
    table = sa.table(
        "journal",
        sa.column("id", sa.Integer),
        sa.column("at", UtcDateTime),
        sa.column("incident_id", sa.String),
        sa.column("event", sa.String),
        sa.column("detail", sa.JSON),
        sa.column("hash", sa.String),
    )
    previous = ""
    # Old lines have the numbers their database gave them; from here on there are no holes.
    rows = connection.execute(sa.select(table).order_by(table.c.id)).all()
    for number, row in enumerate(rows, 1):
        content = (row.at.astimezone(UTC), row.incident_id, row.event, row.detail)
        previous = line_hash(previous, number, content)
        connection.execute(
            sa.update(table).where(table.c.id == row.id).values(id=number, hash=previous)
        )
    with op.batch_alter_table("journal") as batch:
        batch.alter_column("hash", existing_type=sa.String(64), nullable=False)
    _forbid_changes(connection.dialect.name)


def _forbid_changes(dialect: str) -> None:
    reason = "the journal is only ever added to"
    if dialect == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER journal_no_{change.lower()} BEFORE {change} ON journal"
                f" BEGIN SELECT RAISE(ABORT, '{reason}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION journal_only_grows() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{reason}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER journal_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON journal"
        " FOR EACH STATEMENT EXECUTE FUNCTION journal_only_grows()"
    )
