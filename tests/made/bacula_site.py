"""A Bacula of one's own on loopback: director, storage and file daemon, with a SQLite catalogue.

Its programs are Debian's; started by root they stay root. A closing brace after a time value on
the same line is swallowed by its parser, so each has its own.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

from deploy.estate.child import Child, start_child
from deploy.estate.ports import LOOPBACK, free_base, is_free

_SBIN = Path("/usr/sbin")
_DIRECTOR = """\
Director {{
  Name = dir
  DirAddress = {host}
  DirPort = {dir}
  QueryFile = "{folder}/query.sql"
  WorkingDirectory = "{folder}/work"
  PidDirectory = "{folder}"
  Maximum Concurrent Jobs = 3
  FD Connect Timeout = 6
  Password = "secret"
  Messages = Daemon
}}
Catalog {{
  Name = Catalogue
  dbname = "bacula"
  dbuser = ""
  dbpassword = ""
}}
Client {{
  Name = {client}
  Address = {host}
  FDPort = {fd}
  Catalog = Catalogue
  Password = "secret"
}}
Client {{
  Name = mort-fd
  Address = {host}
  FDPort = {dead}
  Catalog = Catalogue
  Password = "secret"
}}
Storage {{
  Name = Disque
  Address = {host}
  SDPort = {sd}
  Password = "secret"
  Device = Dossier
  Media Type = File
}}
Pool {{
  Name = Default
  Pool Type = Backup
  Label Format = "Vol-"
  Maximum Volumes = 20
}}
FileSet {{
  Name = Tout
  Include {{
    Options {{
      signature = MD5
    }}
    File = "{folder}/source"
  }}
}}
FileSet {{
  Name = Rien
  Include {{
    Options {{
      signature = MD5
    }}
    File = "{folder}/absent"
  }}
}}
JobDefs {{
  Name = Nuit
  Type = Backup
  Level = Incremental
  Client = {client}
  FileSet = Tout
  Storage = Disque
  Pool = Default
  Messages = Standard
  Priority = 10
}}
Job {{
  Name = Sauvegarde-imap1
  JobDefs = Nuit
}}
Job {{
  Name = Sauvegarde-vide
  JobDefs = Nuit
  FileSet = Rien
}}
Job {{
  Name = Sauvegarde-mort
  JobDefs = Nuit
  Client = mort-fd
}}
Job {{
  Name = Restauration
  Type = Restore
  Client = {client}
  FileSet = Tout
  Storage = Disque
  Pool = Default
  Messages = Standard
  Where = "{folder}/restored"
}}
Messages {{
  Name = Standard
  append = "{folder}/jobs.log" = all, !skipped
  catalog = all
}}
Messages {{
  Name = Daemon
  append = "{folder}/dir.log" = all, !skipped
}}
"""
_STORAGE = """\
Storage {{
  Name = sd
  SDAddress = {host}
  SDPort = {sd}
  WorkingDirectory = "{folder}/work-sd"
  Pid Directory = "{folder}"
  Maximum Concurrent Jobs = 3
}}
Director {{
  Name = dir
  Password = "secret"
}}
Device {{
  Name = Dossier
  Media Type = File
  Archive Device = "{folder}/volumes"
  LabelMedia = yes
  Random Access = yes
  AutomaticMount = yes
  RemovableMedia = no
  AlwaysOpen = no
}}
Messages {{
  Name = Standard
  director = dir = all
}}
"""
_FILE = """\
Director {{
  Name = dir
  Password = "secret"
}}
FileDaemon {{
  Name = {client}
  FDAddress = {host}
  FDPort = {fd}
  WorkingDirectory = "{folder}/work-fd"
  Pid Directory = "{folder}"
  Maximum Concurrent Jobs = 3
}}
Messages {{
  Name = Standard
  director = dir = all, !skipped, !restored
}}
"""
_CONSOLE = """\
Director {{
  Name = dir
  DirPort = {dir}
  Address = {host}
  Password = "secret"
}}
"""


class BaculaSite:
    """Three daemons and what they keep, under `folder`; `source` holds what is backed up."""

    client = "imap1-fd"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        base = free_base()
        self._values = {
            "host": LOOPBACK,
            "folder": folder,
            "client": self.client,
            **{name: base + at for at, name in enumerate(("dir", "fd", "sd", "dead"))},
        }
        self._children: list[Child] = []
        self.catalogue = folder / "work" / "bacula.db"
        self.source = folder / "source"

    def start(self) -> None:
        """Create what is missing, and start. Raise EstateError."""
        for name in ("work", "work-sd", "work-fd", "volumes", "source", "restored"):
            (self.folder / name).mkdir(exist_ok=True)
        (self.folder / "query.sql").touch()
        if not self.catalogue.exists():
            shutil.copy("/var/lib/bacula/bacula.db", self.catalogue)
        for name, text in (
            ("dir", _DIRECTOR),
            ("sd", _STORAGE),
            ("fd", _FILE),
            ("bconsole", _CONSOLE),
        ):
            path = self.folder / f"{name}.conf"
            path.write_text(text.format(**self._values), encoding="utf-8")
            path.chmod(0o600)
        for name in ("sd", "fd", "dir"):
            program = _SBIN / f"bacula-{name}"
            command = [program, "-f", "-c", self.folder / f"{name}.conf"]
            child = start_child(program.name, command, self.folder / f"{name}.out")
            self._children.append(child)
            port = self._values[name]
            child.wait_ready(lambda port=port: not is_free(port))  # type: ignore[misc]

    def stop(self) -> None:
        """End all three."""
        while self._children:
            self._children.pop().stop()

    def console(self, *commands: str) -> str:
        """What ``bconsole`` answers."""
        done = subprocess.run(
            [_SBIN / "bconsole", "-n", "-c", self.folder / "bconsole.conf"],
            input="".join(f"{command}\n" for command in (*commands, "quit")),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout

    def run(self, job: str, level: str = "Full", *, wait: bool = True) -> None:
        """Run a job, to its end if it is to be waited for."""
        self.console(f"run job={job} level={level} yes", *(["wait"] if wait else []))

    def until(self, condition: str, seconds: float = 30) -> None:
        """Wait until the catalogue has a job of which that is true."""
        end = time.monotonic() + seconds
        while not self.count(condition):
            assert time.monotonic() < end, (condition, self.rows())
            time.sleep(0.1)

    def count(self, condition: str) -> int:
        """Jobs in the catalogue of which that is true."""
        with sqlite3.connect(f"file:{self.catalogue}?mode=ro", uri=True, timeout=5) as database:
            (number,) = database.execute(f"SELECT count(*) FROM Job WHERE {condition}").fetchone()
        return int(number)

    def rows(self) -> list[tuple[object, ...]]:
        """The jobs, for an error message."""
        with sqlite3.connect(f"file:{self.catalogue}?mode=ro", uri=True, timeout=5) as database:
            return database.execute(
                "SELECT JobId, Name, Type, Level, JobStatus, StartTime, EndTime, JobFiles FROM Job"
            ).fetchall()
