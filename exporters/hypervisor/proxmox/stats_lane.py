"""The one call of each scrape, ``/cluster/resources``: in its own thread, never two at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from exporters.hypervisor.lane import LaneStatus
from exporters.hypervisor.proxmox.client import Client, rows
from exporters.hypervisor.proxmox.errors import ProxmoxError
from exporters.toolkit.collector import Deadline
from inventory.process.logs import get_logger

MARGIN_SECONDS = 0.15
LONGEST_SECONDS = 30.0
Rows = list[dict[str, Any]]
_log = get_logger("vigie.hypervisor")


class Call:
    """One call under way."""

    def __init__(self) -> None:
        self.began = monotonic()
        self.done = threading.Event()
        self.rows: Rows | None = None


class StatsLane:
    """Asks when a scrape wants it. A call that is still out is waited for, not repeated."""

    def __init__(self, name: str, client: Client, wall_clock: Callable[[], float]) -> None:
        self._name, self._client, self._wall = name, client, wall_clock
        self._call: Call | None = None
        self._up, self._failures = False, 0
        self._succeeded_at: float | None = None
        self._duration: float | None = None
        self._complaint = ""

    def read(self, deadline: Deadline) -> Rows | None:
        """The rows, or None when the API did not answer in time or not usably."""
        call = self._call
        if call is None or call.done.is_set():
            call = self._call = Call()
            seconds = min(LONGEST_SECONDS, max(0.1, deadline.remaining() - MARGIN_SECONDS))
            arguments = (call, seconds)
            name = f"stats-{self._name}"[:15]
            threading.Thread(target=self._run, args=arguments, name=name, daemon=True).start()
        call.done.wait(max(0.0, deadline.remaining() - MARGIN_SECONDS))
        if not call.done.is_set():
            self._up = False
            return None
        return call.rows

    @property
    def outstanding(self) -> int:
        """Calls that have not returned: 0 or 1."""
        call = self._call
        return int(call is not None and not call.done.is_set())

    def status(self) -> LaneStatus:
        """How it does, like any lane."""
        call = self._call
        busy = 0.0 if call is None or call.done.is_set() else monotonic() - call.began
        return LaneStatus(
            "stats", self._up, self._succeeded_at, self._duration, busy, self._failures
        )

    def close(self) -> None:
        """Let the connection go, unless a call still hangs on it."""
        if not self.outstanding:
            self._client.close()

    def _run(self, call: Call, seconds: float) -> None:
        try:
            call.rows = rows(
                self._client.get("cluster", "resources", seconds=seconds), "/cluster/resources"
            )
            self._up, self._succeeded_at = True, self._wall()
            self._tell("")
        except ProxmoxError as error:
            self._up, self._failures = False, self._failures + 1
            self._tell(str(error))
        finally:
            self._duration = monotonic() - call.began
            call.done.set()

    def _tell(self, complaint: str) -> None:
        if complaint != self._complaint:
            self._complaint = complaint
            if complaint:
                _log.warning("hyperviseur muet", hypervisor=self._name, error=complaint)
            else:
                _log.info("hyperviseur de retour", hypervisor=self._name)
