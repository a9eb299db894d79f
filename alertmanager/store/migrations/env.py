"""Runs the migrations on the connection that `alertmanager.store.migrate` gives."""

from alembic import context

from alertmanager.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
# The caller began the transaction and commits it: all migrations or none.
context.run_migrations()
