"""The schema, brought to the present version when the process starts."""

from __future__ import annotations

import logging

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from alertmanager.store.database import Store, StoreTooNew, StoreUnavailable
from alertmanager.store.duty_tables import Base  # with the tables of the duty beside the others


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", "alertmanager.store:migrations")
    return configuration


def migrate(store: Store) -> None:
    """Apply the migrations that miss, in one transaction.

    Raise StoreTooNew if the database is ahead of this version, StoreUnavailable
    if it cannot be opened or written, or lacks a table.
    """
    # It tells the name of its database driver at each start, several times.
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
    configuration = _configuration()
    known = {
        script.revision for script in ScriptDirectory.from_config(configuration).walk_revisions()
    }
    with store.migrating() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        if present is not None and present not in known:
            raise StoreTooNew(
                f"la base est à la version {present}, plus récente que ce programme ;"
                " attendu : la version de Vigie qui l'a écrite, ou une plus récente"
            )
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        missing = sorted(set(Base.metadata.tables) - set(inspect(connection).get_table_names()))
        if missing:
            raise StoreUnavailable(
                f"base incomplète, il y manque {', '.join(missing)} ;"
                " attendu : une base que Vigie a créée, ou une sauvegarde entière"
            )


__all__ = ["StoreTooNew", "StoreUnavailable", "migrate"]
