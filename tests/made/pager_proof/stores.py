"""Empty, migrated databases, as many as there are trials: files to copy, or a template."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Protocol

from alertmanager.store.database import Store, sqlite_url
from alertmanager.store.migrate import migrate
from deploy.estate.postgres import PostgresServer


class Stores(Protocol):
    """Where trials get a database of their own."""

    def new(self) -> str:
        """The URL of an empty, migrated database."""
        ...

    def drop(self, url: str) -> None:
        """Remove it."""
        ...


def _migrated(url: str) -> None:
    store = Store(url)
    migrate(store)
    store.close()


class SqliteStores:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._numbers = folder, itertools.count()
        folder.mkdir(parents=True, exist_ok=True)
        self._model = folder / "model.sqlite3"
        _migrated(str(sqlite_url(self._model)))

    def new(self) -> str:
        path = self._folder / f"{next(self._numbers)}.sqlite3"
        shutil.copy(self._model, path)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(url.removeprefix("sqlite:///") + suffix).unlink(missing_ok=True)


class PostgresStores:
    """Databases of one server."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self._server, self._name, self._numbers = server, name, itertools.count()
        _migrated(server.create_database(f"{name}_model"))

    def new(self) -> str:
        return self._server.create_database(
            f"{self._name}_{next(self._numbers)}", f"{self._name}_model"
        )

    def drop(self, url: str) -> None:
        self._server.drop_database(url.rpartition("/")[2])
