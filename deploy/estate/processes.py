"""Vigie's own processes, as a site runs them."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from deploy.estate.child import Child, start_child
from deploy.estate.monitoring import answers
from deploy.estate.ports import Ports

PROCESSES = ("exporter", "webhook", "sentinel", "status")


class VigieProcess:
    """``vigie-NAME`` for one of `PROCESSES`, with its file in `settings`."""

    def __init__(
        self,
        name: str,
        settings: Path,
        logs: Path,
        ports: Ports,
        clock_start: datetime | None = None,
    ) -> None:
        self.name, self.settings, self.logs, self.ports = name, settings, logs, ports
        self.clock_start = clock_start
        self.child: Child | None = None

    def start(self) -> None:
        """Start it; return once it says it is ready. Raise EstateError with its log otherwise."""
        # The program of this very environment, whatever PATH says.
        command: list[str | Path] = [Path(sys.executable).with_name(f"vigie-{self.name}")]
        command += ["--config", self.settings / f"{self.name}.yml"]
        if self.clock_start is not None:
            command += ["--clock.start", self.clock_start.isoformat()]
        self.child = start_child(f"vigie-{self.name}", command, self.logs / f"{self.name}.log")
        self.child.wait_ready(answers(f"{self.ports.url(self.name)}/-/ready"), 30)

    def alive(self) -> bool:
        """Whether it runs."""
        return self.child is not None and self.child.alive()

    def stop(self) -> None:
        """Stop it as systemd would: SIGTERM, and SIGKILL after ten seconds."""
        if self.child:
            self.child.stop()
