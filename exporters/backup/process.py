"""Backup tools as processes: one at a time, out of the way of others, never for too long."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from exporters.backup.errors import Unreadable

_ONE_AT_A_TIME = Lock()
"""Shared by every tool: each process takes a core and up to 100 MB while it derives its key."""

KILL_SECONDS = 2.0


_OURS = ("RESTIC_PASSWORD", "RESTIC_REPOSITORY", "BORG_PASS", "BORG_REPO", "BORG_DISPLAY")
"""Variables that the settings decide; one left over from a shell would win or leak."""


def inherited_environment() -> dict[str, str]:
    """Our environment for a tool: credentials of remote storage stay, passwords go."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


@dataclass(frozen=True, slots=True)
class Finished:
    """How a tool ended and what it wrote."""

    status: int
    output: str
    errors: str


def _kill_group(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class ToolProcess:
    """Runs a tool with its lowest priority, in a process group of its own."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: subprocess.Popen[str] | None = None
        self._stopped = False

    def run(self, command: Sequence[str], env: Mapping[str, str], seconds: float) -> Finished:
        """Run `command` with exactly the environment `env`, killing its group after `seconds`.

        Raise Unreadable: ``tool_missing`` if there is no such program, ``timeout`` if it
        had to be killed.
        """
        program = shutil.which(command[0], path=env.get("PATH"))
        if program is None:
            raise Unreadable("tool_missing", f"aucun programme nommé {command[0]}")
        with _ONE_AT_A_TIME:
            process = self._start(["nice", "-n", "19", program, *command[1:]], env)
            try:
                output, errors = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                raise Unreadable("timeout", f"pas de réponse en {seconds:.0f} s") from None
            finally:
                self._end(process)
        return Finished(process.returncode, output, errors)

    def _end(self, process: subprocess.Popen[str]) -> None:
        """Kill what is left of it. A process stuck in the kernel (NFS) is left to the kernel."""
        with self._lock:
            self._running = None
            if process.returncode is None:  # not reaped: its id is still its own
                _kill_group(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(KILL_SECONDS)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    def stop(self) -> None:
        """Kill what runs; start nothing more."""
        with self._lock:
            self._stopped = True
            if self._running is not None and self._running.returncode is None:
                _kill_group(self._running)

    def _start(self, command: list[str], env: Mapping[str, str]) -> subprocess.Popen[str]:
        with self._lock:
            if self._stopped:
                raise Unreadable("timeout", "arrêt en cours")
            self._running = subprocess.Popen(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
            return self._running
