"""Runs ``journalctl``, which knows the file format of every version of systemd."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from exporters.mailqueue.log.journal_export import FIELDS, Entry, ExportReader
from exporters.toolkit.collector import CollectorError
from inventory.config import reason
from inventory.process.logs import get_logger

# Mail by its facility; and what these services say without one, or under another.
_UNITS = ("postfix.service", "postfix@-.service", "dovecot.service", "exim4.service")
_MATCHES = " + ".join(["SYSLOG_FACILITY=2", *(f"_SYSTEMD_UNIT={unit}" for unit in _UNITS)]).split()
_PIECE = 1 << 20
_BASES = (Path("/var/log/journal"), Path("/run/log/journal"))
_MACHINE = Path("/etc/machine-id")
_RIGHT = "attendu : le compte de l'exporteur dans le groupe systemd-journal (ou adm)"
_log = get_logger("vigie.maillog")


class NoJournal(CollectorError):
    """There is none, not even one we may not read."""


class Journalctl:
    """The journal of this machine, or the one in `directory`.

    An answer that pauses for more than `patience` seconds is given up.
    """

    def __init__(
        self, directory: Path | None, command: str = "journalctl", patience: float = 10.0
    ) -> None:
        self._directory = directory
        self._patience = patience
        self._command = [command, "--no-pager", "--quiet", "--output=export"]
        self._command += [f"--output-fields={','.join(FIELDS)}"]
        self._command += [f"--directory={directory}"] if directory else []
        self._complaint = ""

    def entries(self, *options: str) -> Generator[list[Entry], None, None]:
        """The entries of mail, some at a time. Raise CollectorError (NoJournal).

        Left half way, the command and all it started are killed.
        """
        reader = ExportReader()
        with contextlib.closing(self._export(options)) as pieces:
            for piece in pieces:
                try:
                    yield reader.read(piece)
                except ValueError as error:
                    raise CollectorError(
                        f"{self._command[0]} : réponse incomprise ({error}) ;"
                        " attendu : son format export"
                    ) from None

    def _export(self, options: Sequence[str]) -> Generator[bytes, None, None]:
        self._check_readable()
        with TemporaryFile() as complaints:
            try:
                child = subprocess.Popen(
                    [*self._command, *options, *_MATCHES],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                    start_new_session=True,
                    env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
                )
            except OSError as error:
                raise CollectorError(
                    f"{self._command[0]} : {reason(error)} ; attendu : le paquet systemd"
                ) from None
            try:
                yield from self._pieces(child)
                code = child.wait(self._patience)
            except subprocess.TimeoutExpired:
                raise self._silent() from None
            finally:
                _end(child)
            self._judge(code, complaints)

    def _pieces(self, child: subprocess.Popen[bytes]) -> Iterator[bytes]:
        if child.stdout is None:
            return
        with child.stdout as output:
            with contextlib.suppress(OSError):  # only so that it seldom waits for us
                fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, _PIECE)
            ready = select.poll()
            ready.register(output, select.POLLIN)
            while ready.poll(self._patience * 1000):
                data = os.read(output.fileno(), _PIECE)
                if not data:
                    return
                yield data
        raise self._silent()

    def _judge(self, code: int, complaints: IO[bytes]) -> None:
        complaints.seek(0)
        lines = complaints.read(_PIECE).decode(errors="replace").split("\n")
        said = next((line for line in reversed(lines) if line.strip()), "")[:200]
        if code:
            right = _RIGHT if "ermission" in said else "attendu : un journal lisible"
            raise CollectorError(f"journal de systemd illisible ({said or code}) ; {right}")
        if said and said != self._complaint:
            _log.warning("journal de systemd lu en partie", reason=said)
        self._complaint = said

    def _silent(self) -> CollectorError:
        return CollectorError(
            f"{self._command[0]} muet depuis {self._patience:g} s ;"
            " attendu : une réponse (le disque du journal est-il bloqué ?)"
        )

    def _check_readable(self) -> None:
        """Raise CollectorError where the command itself would just say nothing."""
        folders = self._folders()
        where = " ni ".join(str(folder) for folder in folders)
        try:
            files = [file for folder in folders for file in _journals(folder)]
            if self._directory:
                files += [f for sub in self._directory.iterdir() for f in _journals(sub)]
        except PermissionError:
            raise CollectorError(f"journal de systemd illisible ({where}) ; {_RIGHT}") from None
        except FileNotFoundError:
            files = []
        if not files:
            raise NoJournal(
                f"pas de journal de systemd dans {where} ;"
                " attendu : systemd-journald en marche, ou journal_directory"
            )
        current = [file for file in files if file.name == "system.journal"] or files
        if any(not os.access(file, os.R_OK) and file.exists() for file in current):
            raise CollectorError(f"journal de systemd illisible ({where}) ; {_RIGHT}")

    def _folders(self) -> Sequence[Path]:
        if self._directory:
            return [self._directory]
        # A cloned machine may still have the journals of its model beside its own.
        machine = _MACHINE.read_text().strip() if _MACHINE.exists() else "*"
        return [base / machine for base in _BASES]


def _journals(folder: Path) -> list[Path]:
    """The journal files in a folder that may not be there. Raise PermissionError."""
    try:
        return [file for file in folder.iterdir() if file.suffix == ".journal"]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the disk: it ends later
            child.wait(1)
