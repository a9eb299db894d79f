"""A private PostgreSQL in a folder, on loopback, without a Unix socket: real, and gone afterwards.

Debian's server refuses to run as root; started by root it runs as the package's user.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import psutil
import psycopg
from psycopg import sql

from deploy.estate.child import Child, EstateError, start_child
from deploy.estate.ports import LOOPBACK

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
SYSTEM_USER = "postgres"
ROLE = "vigie"


class PostgresServer:
    """One cluster in `folder`, which that system user must be able to traverse.

    The role `vigie` owns it and needs no password on loopback. `durable`: commits are on disk
    before they are answered; without it, a cluster to throw away is several times as quick.
    `settings` of ``postgresql.conf`` go before ours.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        durable: bool = True,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.folder, self.port = folder, port
        self._durable, self._settings = durable, settings
        self._data = folder / "data"
        self._child: Child | None = None

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of a database of the cluster."""
        return f"postgresql+psycopg://{ROLE}@{LOOPBACK}:{self.port}/{database}"

    def start(self) -> None:
        """Start it, after creating the cluster the first time. Raise EstateError."""
        if not self._data.exists():
            self._create()
        on = "on" if self._durable else "off"
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": on,
            "full_page_writes": on,
            "synchronous_commit": on,
            "max_connections": "60",
            "shared_buffers": "32MB",
            "timezone": "UTC",
            **self._settings,
        }
        command = [*_as_user(), str(PROGRAMS / "postgres"), "-D", str(self._data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._child = start_child("postgres", command, self.folder / "postgres.log")
        self._child.wait_ready(self.ready)

    def ready(self) -> bool:
        """Whether it takes connections."""
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self, name: str, template: str = "template1") -> str:
        """A new database, a copy of `template`, to which nobody may be connected; its URL."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
        self._run(statement)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, and whoever is still connected to it."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        self._run(statement)

    def stop(self) -> None:
        """Break the connections, write everything down, end (PostgreSQL's "fast" shutdown)."""
        if self._child is not None:
            self._child.process.send_signal(signal.SIGINT)
            self._wait(self._child)

    def kill(self) -> None:
        """SIGKILL to the server and to each of its processes, as a machine that loses power."""
        if self._child is None:
            return
        server = psutil.Process(self._child.pid)
        for process in [server, *server.children(recursive=True)]:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self._wait(self._child)

    def restart(self) -> None:
        """Stop and start, as an upgrade does. Raise EstateError."""
        self.stop()
        self.start()

    def _wait(self, child: Child) -> None:
        try:
            child.process.wait(20)
        except subprocess.TimeoutExpired:
            child.stop()
        self._child = None

    def _create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(self._data, SYSTEM_USER, SYSTEM_USER)
        command = [
            *(*_as_user(), str(PROGRAMS / "initdb"), "-D", str(self._data), "-U", ROLE),
            *("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        if done.returncode != 0:
            raise EstateError(f"initdb a échoué :\n{done.stderr[-1000:]}")

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=LOOPBACK, port=self.port, user=ROLE, dbname=database, autocommit=True
        )

    def _run(self, statement: sql.Composed) -> None:
        with self._connect("postgres") as connection:
            connection.execute(statement)


def _as_user() -> tuple[str, ...]:
    """What makes a command run as the package's user when we are root."""
    if os.geteuid() != 0:
        return ()
    user = (f"--reuid={SYSTEM_USER}", f"--regid={SYSTEM_USER}", "--clear-groups")
    return ("/usr/bin/setpriv", *user)
