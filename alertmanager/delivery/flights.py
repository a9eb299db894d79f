"""What this process is sending at the moment, so that its leases are renewed. No I/O."""

from __future__ import annotations

import threading

from alertmanager.delivery.leases import LEASE, Lease

_RENEW_AFTER = LEASE.total_seconds() / 3


class Flights:
    """Leases under way, from the claim to the outcome on disk. Instants are monotonic seconds.

    A send that lasts longer than `longest` seconds is taken for dead: its lease is not renewed,
    so that another sender may take the message. Used by several threads.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._lock = threading.Lock()
        self._since: dict[Lease, float] = {}
        self._renewed: dict[Lease, float] = {}

    def __len__(self) -> int:
        with self._lock:
            return len(self._since)

    def add(self, lease: Lease, now: float) -> None:
        """It was claimed."""
        with self._lock:
            self._since[lease] = self._renewed[lease] = now

    def remove(self, lease: Lease) -> None:
        """It is over, and written down if it could be."""
        with self._lock:
            self._since.pop(lease, None)
            self._renewed.pop(lease, None)

    def alive(self, now: float) -> list[Lease]:
        """Those whose leases are to last."""
        with self._lock:
            return [lease for lease, since in self._since.items() if now - since < self._longest]

    def to_renew(self, now: float) -> bool:
        """Whether one of them should be renewed by now."""
        return any(now - self._renewed.get(lease, now) >= _RENEW_AFTER for lease in self.alive(now))

    def renewed(self, now: float) -> None:
        """They were."""
        with self._lock:
            self._renewed = dict.fromkeys(self._since, now)

    def any_younger(self, now: float, span: float) -> bool:
        """Whether one of them was claimed less than that many seconds ago."""
        with self._lock:
            return any(now - since < span for since in self._since.values())

    def stuck(self, now: float, span: float) -> bool:
        """Whether one lasts longer than that many seconds."""
        with self._lock:
            return any(now - since > span for since in self._since.values())
