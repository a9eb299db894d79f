"""Child processes: started in a session of their own, logged to a file, stopped by id."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class EstateError(Exception):
    """A server of the estate could not be started or stopped. The message (French) says which."""


def wait_until(
    check: Callable[[], bool], what: str, seconds: float = 20.0, every: float = 0.1
) -> None:
    """Return once `check` is true. Raise EstateError naming `what` after `seconds`."""
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise EstateError(f"{what} : pas prêt après {seconds:.0f} s")
        time.sleep(every)


def stop_group(pid: int, gone: Callable[[], bool], seconds: float = 10.0) -> None:
    """SIGTERM the process group `pid` leads; SIGKILL if it is not `gone` after `seconds`."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if gone():
                return
            time.sleep(0.05)


@dataclass
class Child:
    """A running child process and where its output goes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def stop(self, seconds: float = 10.0) -> None:
        """End it and what it started, politely first."""
        stop_group(self.pid, lambda: not self.alive(), seconds)

    def wait_ready(self, check: Callable[[], bool], seconds: float = 20.0) -> None:
        """Return once `check` is true. Raise EstateError with the end of its log otherwise."""

        def ready() -> bool:
            if not self.alive():
                raise EstateError(f"{self.name} s'est arrêté au démarrage :\n{self.tail()}")
            return check()

        try:
            wait_until(ready, self.name, seconds)
        except EstateError as error:
            raise EstateError(f"{error}\n{self.tail()}") from None

    def tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def start_child(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Child:
    """Start `command` in its own session with output appended to `log`; `env` adds to ours.

    Raise EstateError if the program does not exist.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **(env or {})},
                cwd=cwd,
            )
        except FileNotFoundError:
            raise EstateError(f"{name} : programme absent ({command[0]})") from None
    return Child(name, process, log)
